"""The steps of who can see what. The attempts are in `attempts.py`, the members in `members.py`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from scenarios.who_can_see_what.attempts import ATTEMPTS, Known, outcome
from scenarios.who_can_see_what.members import members
from scenarios.who_can_see_what.scenario import ATTEMPTS as ATTEMPTS_TABLE
from scenarios.who_can_see_what.scenario import MEMBERS, SIGHTS, TAMPERINGS
from toolkit.governance.audit import Head, verdict_of
from toolkit.governance.granting import Limits
from toolkit.governance.records import AuditEntry
from toolkit.platform import DataPlatform
from toolkit.words import plural

LOOKS = (("root of it all", ""), ("anna", ""), ("bruno", ""), ("frida", ""), ("frida", "fraud"), ("partner", ""))
"""Who looks, and what for; the first stands for who runs the scenario."""
LOOKED_AT = 0
"""The member whose row is shown as an example, where it is seen."""
Entries = Sequence[AuditEntry]


def fill(platform: DataPlatform) -> None:
    """Members of three countries."""
    rows = list(members(platform.parameters.customers, platform.parameters.seed))
    types = {"member_id": pa.int64(), "birth_date": pa.date32(), "income": pa.float64()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in rows[0]])
    platform.write_rows(MEMBERS, pa.Table.from_pylist(rows, schema=schema))


def protect(platform: DataPlatform) -> None:
    """Classes, masks, and the row filter."""
    governance = platform.governance
    governance.take_in()
    governance.suggest(MEMBERS)
    governance.confirm(MEMBERS, ["member_id", "country", "city"], "internal")
    governance.confirm(MEMBERS, ["name", "email", "birth_date"], "confidential")
    governance.confirm(MEMBERS, ["card", "income"], "restricted")
    governance.mask(MEMBERS, "email", "hash")
    governance.mask(MEMBERS, "name", "partial", "1,0")
    governance.mask(MEMBERS, "birth_date", "generalise", "year")
    governance.mask(MEMBERS, "card", "partial", "0,4")
    governance.enroll("directors", "group")
    governance.enroll("auditors", "group")
    seen_whole = ["directors", "auditors", governance.steward.principal]
    governance.filter_rows(MEMBERS, "country = attribute('country')", seen_whole)


def permit(platform: DataPlatform) -> None:
    """People and groups, and what they may."""
    governance, catalog = platform.governance, platform.governance.steward.catalog
    governance.enroll("analysts", "group")
    governance.enroll("anna", "user", ["analysts"], ["country=DE"])
    governance.enroll("bruno", "user", ["analysts"], ["country=FR", "country=ES"])
    governance.enroll("frida", "user", ["analysts", "auditors"])
    governance.enroll("partner", "recipient", [], ["country=ES"])
    for privilege, securable in (("use_catalog", catalog), ("use_schema", "silver"), ("select", MEMBERS)):
        governance.grant("analysts", privilege, securable)
        governance.grant("partner", privilege, securable)
    governance.grant("frida", "unmask", MEMBERS, limits=Limits(tag="class=restricted", purpose="fraud"))


def look(platform: DataPlatform) -> None:
    """The table through the eyes of each."""
    rows: list[dict[str, Any]] = []
    for name, purpose in LOOKS:
        principal = platform.governance.steward.principal if name == LOOKS[0][0] else name
        lake = platform.governance.as_seen_by(principal, purpose)
        frame = lake.table(MEMBERS)
        first = frame.orderBy("member_id").first()
        sight = lake.sight(MEMBERS)
        count = frame.count()
        for column in frame.columns:
            mask = sight.masks.get(column)
            rows.append(
                {
                    "principal": name,
                    "purpose": purpose,
                    "rows": count,
                    "column_name": column,
                    "sees": mask.words if mask else "as it is",
                    "example": None if first is None or first[column] is None else str(first[column]),
                    "reason": sight.reason,
                }
            )
    schema = pa.schema(
        [(name, pa.int64() if name == "rows" else pa.string()) for name in platform.declared(SIGHTS).columns]
    )
    platform.write_rows(SIGHTS, pa.Table.from_pylist(rows, schema=schema))


def attempt(platform: DataPlatform) -> None:
    """Everything that Anna can think of."""
    reader = platform.reader(MEMBERS)
    email = reader.page(where="country = 'FR'", limit=1).named()[0]["email"]
    card = reader.page(where="country = 'DE'", limit=1).named()[0]["card"]
    lake = platform.governance.as_seen_by("anna")
    known = Known(platform, lake, email, card, str(platform.lakehouse.path(MEMBERS)))
    found = [(name, "anna", *outcome(one, known)) for name, one in ATTEMPTS.items()]
    holes = [name for name, _, result, _ in found if result not in ("refused", "nothing")]
    if holes:
        platform.alert(f"There is a hole, or whether there is one is not known: {', '.join(holes)}.", "error")
    platform.metric("attempts", len(found), "attempts")
    platform.metric("holes", len(holes), "attempts")
    platform.write_rows(ATTEMPTS_TABLE, _texts(platform, ATTEMPTS_TABLE, found))


def _texts(platform: DataPlatform, table: str, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    names = list(platform.declared(table).columns)
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows])


def _edited(entries: Entries) -> Entries:
    return [dataclasses.replace(one, is_allowed=True) if not one.is_allowed else one for one in entries]


def _reordered(entries: Entries) -> Entries:
    first, second = entries[-2], entries[-1]
    swapped = [
        dataclasses.replace(second, sequence=first.sequence),
        dataclasses.replace(first, sequence=second.sequence),
    ]
    return [*entries[:-2], *swapped]


WAYS: dict[str, Callable[[Entries], Entries]] = {
    "left as it is": lambda entries: entries,
    "refusals edited to permissions": _edited,
    "one entry taken out": lambda entries: [one for one in entries if one is not entries[len(entries) // 2]],
    "the last entries cut off": lambda entries: entries[:-5],
    "the last two reordered": _reordered,
    "an entry put in twice": lambda entries: [*entries, entries[-1]],
    "all of it emptied": lambda entries: entries[:0],
}
"""What is done to a copy of the trail."""


def audit(platform: DataPlatform) -> None:
    """Verify the trail, and copies of it that were tampered with."""
    trail = platform.governance.trail
    entries, head = trail.entries(), trail.head()
    rows = [(name, *_noticed(way(entries), head)) for name, way in WAYS.items()]
    platform.metric("entries of the audit trail", len(entries), "entries")
    platform.write_rows(TAMPERINGS, _texts(platform, TAMPERINGS, rows))


def _noticed(entries: Entries, head: Head | None) -> tuple[bool, str]:
    verdict = verdict_of(entries, head)
    return verdict.state == "broken", " ".join(verdict.problems[:2]) or verdict.state


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    tried, refused, nothing = platform.sql(
        ATTEMPTS_TABLE,
        "SELECT count(*), count(*) FILTER (WHERE outcome = 'refused'), count(*) FILTER (WHERE outcome = 'nothing') FROM t",
    )
    (missed,) = platform.sql(
        TAMPERINGS,
        f"SELECT count(*) FROM t WHERE noticed = (tampering = '{next(iter(WAYS))}')",  # noqa: S608 - ours
    )
    (anna,) = platform.sql(SIGHTS, "SELECT max(rows) FROM t WHERE principal = 'anna'")
    (every,) = platform.sql(MEMBERS, "SELECT count(*) FROM t")
    holes = tried - refused - nothing
    if holes or missed:
        return (
            f"Not as it should be: {holes} of {plural(tried, 'attempt')} saw something, or it is not known; of what was done "
            f"to the audit trail {missed} went unnoticed."
        )
    return (
        f"Anna sees {anna:,} of {plural(every, 'member')}, masked. Of {plural(tried, 'attempt')} to see more {refused} were "
        f"refused and {nothing} found nothing; all that was done to the audit trail was noticed. Who has the files is not held."
    )
