"""What was done and refused, by whom, and what of it is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import Field

from toolkit.governance.audit import Trail
from toolkit.governance.records import AuditEntry
from toolkit.governance.views.naming import EMPTY, SHOWN, looker, may, short, state_of
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View

REFUSALS = 3
"""Of one principal within an hour, from which on they are unusual: somebody may be trying doors."""
USUAL_DAYS = 30
"""What a principal has not read for so long is unusual for it."""


class OfTrail(Parameters):
    """Which entries."""

    principal: str = Field("", description="Only what this one did.")
    table: str = Field("", description="Only what was done on this table, such as silver.customers.")
    days: int = Field(30, ge=1, le=36_500, description="Of so many days, up to now.")
    sensitive: bool = Field(False, description="Only reads that showed sensitive columns as they are.")
    unusual: bool = Field(False, description="Only what is unusual.")


def _audit(lakehouse: Lakehouse, parameters: OfTrail) -> Result:
    state = state_of(lakehouse)
    if not state.catalog:
        return Result([])
    entries = Trail(Lakehouse(lakehouse.root)).entries()
    notes: tuple[str, ...] = ()
    if not may(lakehouse, "manage", state.catalog):
        # Whoever does not manage the catalog sees what it did itself.
        entries = [one for one in entries if one.principal == looker(lakehouse).principal]
        notes = ("Only what you did yourself: the rest is for who manages the catalog.",)
    since = datetime.now(UTC) - timedelta(days=parameters.days)
    odd = unusual(entries)
    rows = [_row(one, odd.get(one.sequence, "")) for one in reversed(entries) if one.at >= since]
    return Result([row for row in rows if _is_wanted(row, parameters)], notes)


def _is_wanted(row: Row, parameters: OfTrail) -> bool:
    return (
        (not parameters.principal or row["principal"] == parameters.principal)
        and (not parameters.table or row["securable"] == parameters.table)
        and (not parameters.sensitive or bool(row["columns"]))
        and (not parameters.unusual or bool(row["unusual"]))
    )


def _row(one: AuditEntry, odd: str) -> Row:
    return {
        "sequence": one.sequence,
        "at": one.at,
        "principal": one.principal,
        "action": one.action,
        "securable": short(one.securable),
        "state": "allowed" if one.is_allowed else "refused",
        "columns": one.columns,
        "unusual": odd or None,
        "purpose": one.purpose or None,
        "detail": one.detail or None,
        "reason": one.reason or None,
        "run": one.run_id or None,
        "digest": one.digest,
    }


def unusual(entries: Sequence[AuditEntry]) -> dict[int, str]:
    """Why entries are unusual, by their numbers; the others are not in it.

    Args:
        entries: the oldest first.
    """
    found: dict[int, str] = {}
    seen: dict[tuple[str, str, tuple[str, ...]], datetime] = {}
    refused: dict[str, list[datetime]] = {}
    for one in entries:
        if one.action == "break glass":
            found[one.sequence] = "the glass was broken"
        elif not one.is_allowed:
            recent = [at for at in refused.get(one.principal, []) if one.at - at <= timedelta(hours=1)]
            refused[one.principal] = [*recent, one.at]
            if len(recent) + 1 >= REFUSALS:
                found[one.sequence] = f"refused {len(recent) + 1} times within an hour"
        elif one.action == "export":
            found[one.sequence] = "rows left the lakehouse"
        elif one.columns:
            what = (one.principal, one.securable, one.columns)
            last = seen.get(what)
            if last is None or one.at - last > timedelta(days=USUAL_DAYS):
                found[one.sequence] = "sensitive columns that it had not read before, or for a month"
            seen[what] = one.at
    return found


def _sentence(row: Row) -> str:
    parts = [row["reason"], row["detail"], f"Purpose: {row['purpose']}" if row["purpose"] else None]
    shown = f"Sensitive columns shown as they are: {', '.join(row['columns'])}." if row["columns"] else None
    return "\n".join(str(part) for part in (*parts, shown, row["unusual"]) if part) or "Nothing more was noted."


AUDIT = View(
    "audit",
    "Audit trail",
    "Who did what, who was refused, and what of it is unusual?",
    _audit,
    (
        Column("at", "moment"),
        Column("principal", "name"),
        Column("action", "name"),
        Column("securable", "name", "on"),
        Column("state", "state"),
        Column("unusual", "text", shown="wide"),
        Column("columns", "names", "shown as they are", shown="wide"),
        Column("detail", "text", shown="wide"),
        Column("sequence", "version", shown="asked"),
        Column("purpose", "text", shown="asked"),
        Column("reason", "text", shown="asked"),
        Column("run", "name", shown="asked"),
        Column("digest", "name", shown="asked"),
    ),
    OfTrail,
    key=("sequence",),
    sentence=_sentence,
    links=(
        Link("u", "Run", "runs.show", "Show the run that it was part of.", {"run": "run"}),
        Link("v", "Verify", "governance.verify_audit", "Hold the trail against its hashes and its head.", {}),
    ),
    empty=EMPTY,
    limit=SHOWN,
)
