"""The rows that break a rule, and those that lie in quarantine, each with its reasons first."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pydantic import Field

from toolkit.errors import ToolkitError
from toolkit.quality.actions import takes_out
from toolkit.quality.failing import newest as newest_of
from toolkit.quality.kept import FoundRows, read_rows
from toolkit.quality.quarantine import RULES, WARNINGS
from toolkit.quality.records import Measurement
from toolkit.quality.rejected import chosen, explanation, open_quarantine, reason_text
from toolkit.quality.run_results import newest_judging
from toolkit.quality.verdicts import Judged, by_table, failing_rows
from toolkit.quality.views.advice import advice_on
from toolkit.quality.views.measured import of_table
from toolkit.quality.views.naming import TO_MEASUREMENTS, TO_QUARANTINE, OfRule, OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader, Page
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import plural, when

MOST_ROWS = 10_000
SHOWN = 20
"""Rows that a command prints unless asked for more."""
REASONS = Column("_reasons", "text", "reasons")
NUMBER = Column("_number", "count", "number", shown="asked")
"""Of the row among those shown: a table's own columns need not tell two rows apart."""


def stored_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of a table as a view shows them, the reasons first; technical ones are left to who asks for them."""
    own = [name for name in names if not name.startswith("_")]
    technical = [name for name in names if name.startswith("_")]
    return (
        REASONS,
        *(Column(name, "stored", shown="wide" if position else "always") for position, name in enumerate(own)),
        *(Column(name, "stored", shown="asked") for name in technical),
        NUMBER,
    )


def stored_rows(page: Page) -> list[Row]:
    """The rows of a page with their reasons."""
    return [{**row, REASONS.name: reason_text(row), NUMBER.name: number} for number, row in enumerate(page.named(), 1)]


def _result(page: Page, notes: Sequence[str]) -> Result:
    more = [f"Only the first {MOST_ROWS:,} are shown."] if (page.total or 0) > MOST_ROWS else []
    return Result(stored_rows(page), (*notes, *more), stored_columns(page.columns))


def _rows(lakehouse: Lakehouse, parameters: OfRule) -> Result:
    newest = newest_of(lakehouse, parameters.table, parameters.rule) or _in_newest_run(parameters)
    if newest and newest.population != "stored":
        return _marked(lakehouse, newest)
    found = read_rows(parameters.table, parameters.rule)
    if found:
        lakehouse.refuse_partly_seen(parameters.table, "What Spark found")
        return _asked(lakehouse, found)
    if newest is None:
        of_table(lakehouse, parameters.table, parameters.rule)
    return Result((), (_how_to_ask(lakehouse, parameters, newest), *_advice(lakehouse, parameters)))


def _in_newest_run(parameters: OfRule) -> Judged | None:
    """What the newest run says that judged the table, which may be at work and have recorded nothing yet."""
    judging = newest_judging(parameters.table)
    tables = by_table(judging[1]) if judging else []
    found = (one for table in tables if table.table == parameters.table for one in table.verdicts)
    return next((one for one in found if one.rule == parameters.rule), None)


def _marked(lakehouse: Lakehouse, newest: Judged) -> Result:
    """The rows that were marked when they came in."""
    place = failing_rows(newest)
    advice = _advice(lakehouse, OfRule(table=newest.table, rule=newest.rule))
    if not lakehouse.exists(place.table):
        return Result((), (_why_none(newest), *advice))
    reader = lakehouse.open(place.table)
    mark = RULES if takes_out(newest.action) else WARNINGS
    if mark not in {column.name for column in reader.columns()}:
        return Result((), (f"{place.table} does not mark its rows.", *advice))
    page = reader.page(limit=MOST_ROWS, where=place.where, counted=True)
    total = page.total or 0
    if not total:
        return Result((), (_why_none(newest), *advice))
    notes = [f"{plural(total, 'row')} of {place.table}, version {reader.version}, {_break(total)} {newest.rule}."]
    elsewhere = 0 if takes_out(newest.action) else newest.failed - total
    if elsewhere > 0:
        notes.append(
            f"{plural(elsewhere, 'more row')} broke it when they came in, and lie in quarantine for another rule: "
            f"toolkit quality quarantine {newest.table}"
        )
    return _result(page, [*notes, *advice])


def _break(rows: int) -> str:
    return "breaks" if rows == 1 else "break"


def _why_none(newest: Judged) -> str:
    """What to say where no row is found."""
    at = when(newest.at)[:16] if isinstance(newest, Measurement) else ""
    if newest.failed:
        return (
            f"{plural(newest.failed, 'row')} broke {newest.rule} when it was measured{f' on {at}' if at else ''}; none is "
            "here now. They were released, or a later load took their place."
        )
    if not newest.passed:
        return f"{newest.rule} is about the table as a whole: no single row breaks it."
    return f"No row breaks {newest.rule} in the newest run{f', of {at}' if at else ''}."


def _advice(lakehouse: Lakehouse, parameters: OfRule) -> list[str]:
    """The likely cause, as far as it can be told."""
    with suppress(ToolkitError):
        # Whoever reads this sees the rows already.
        found = advice_on(lakehouse, parameters.table, parameters.rule)
        return [text for text in found if not text.startswith("→ See the rows")]
    return []


def _ask(parameters: OfRule) -> str:
    return f"toolkit quality ask {parameters.table} {parameters.rule}"


def _how_to_ask(lakehouse: Lakehouse, parameters: OfRule, newest: Judged | None) -> str:
    """What is known of rows that are not marked, and how they are found."""
    if newest is None:
        return f"{parameters.rule} judges loads. Which rows of the table break it, Spark finds: {_ask(parameters)}"
    if not newest.failed:
        return _why_none(newest)
    version = newest.version if isinstance(newest, Measurement) else None
    at = "" if version is None else f" at version {version}"
    return (
        f"{plural(newest.failed, 'row')} of {newest.table} broke {newest.rule} when it was judged{at}."
        f"{_changed(lakehouse, newest.table, version)} They are in the table, without a mark. Spark finds them: "
        f"{_ask(parameters)}"
    )


def _changed(lakehouse: Lakehouse, table: str, version: int | None) -> str:
    now = lakehouse.open(table).version if lakehouse.exists(table) else None
    return "" if version is None or now in {version, None} else f" It is at version {now} now: other rows may break it."


def _asked(lakehouse: Lakehouse, found: FoundRows) -> Result:
    """The rows that Spark found last."""
    asked = OfRule(table=found.table, rule=found.rule)
    shown = "" if len(found.rows) == found.total else f"{len(found.rows):,} of "
    notes = [
        f"{shown}{plural(found.total, 'row')} of {found.table}, version {found.version}, {_break(found.total)} {found.rule}, "
        f"as Spark found on {when(found.asked_at)[:16]}."
    ]
    if found.judged_at is not None and found.judged_at != found.version:
        notes.append(f"The table had changed since it was judged at version {found.judged_at}.")
    if changed := _changed(lakehouse, found.table, found.version):
        notes.append(f"{changed.strip()} Ask again: {_ask(asked)}")
    columns = [column for column in stored_columns(found.columns) if column != REASONS]
    rows = [{**row, NUMBER.name: number} for number, row in enumerate(found.rows, 1)]
    return Result(rows, (*notes, *_advice(lakehouse, asked)), tuple(columns))


ROWS = View(
    "rows",
    "Failing rows",
    "Which rows break a rule, and why?",
    _rows,
    (REASONS, NUMBER),
    OfRule,
    key=(NUMBER.name,),
    sentence=explanation,
    links=(
        TO_MEASUREMENTS,
        TO_QUARANTINE,
        Link(
            "f",
            "Find",
            "quality.ask",
            "Ask Spark for the rows, where nothing marks them.",
            {"table": "table", "rule": "rule"},
        ),
    ),
    empty="No row is shown: the lines below say why.",
    limit=SHOWN,
)


class Chosen(OfTable):
    """Rows of a table's quarantine."""

    rule: str = Field("", description="Only rows that this rule sent there.")
    where: str = Field("", description="Only rows that meet this SQL condition.")


def _rejected(lakehouse: Lakehouse, parameters: Chosen) -> Result:
    reader = open_quarantine(parameters.table, lakehouse)
    conditions = chosen(reader, parameters.rule, parameters.where)
    page = reader.page(limit=MOST_ROWS, where=conditions, counted=True)
    return _result(page, [_how_many(reader, page, parameters)])


def _how_many(reader: DeltaReader, page: Page, parameters: Chosen) -> str:
    total = page.total or 0
    if not any((parameters.rule, parameters.where)):
        return f"{plural(total, 'row')} of {reader.name}, version {reader.version}."
    return f"The condition is met by {total:,} of {plural(reader.count(), 'row')} of {reader.name}, version {reader.version}."


REJECTED = View(
    "rejected",
    "Rows in quarantine",
    "Which rows wait in quarantine, and for what reasons?",
    _rejected,
    (REASONS, NUMBER),
    Chosen,
    key=(NUMBER.name,),
    sentence=explanation,
    links=(
        Link(
            "r",
            "Release",
            "quality.release",
            "Repair these rows with SQL, check them again and release them.",
            {"table": "table", "rule": "rule", "where": "where"},
        ),
    ),
    empty="No row of the quarantine meets that.",
    limit=SHOWN,
)
