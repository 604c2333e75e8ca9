"""A table's quarantine by reason."""

from __future__ import annotations

from toolkit.quality.quarantine import quarantine_name
from toolkit.quality.records import RELEASES
from toolkit.quality.rejected import Reason, open_quarantine, reasons, released
from toolkit.quality.views.naming import OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import plural, when


def _quarantine(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    table = parameters.table
    name = quarantine_name(table)
    left = released(table, lakehouse)
    notes = [f"{plural(left, 'row')} left it so far: toolkit tables show {RELEASES}"] if left else []
    if not lakehouse.exists(name):
        lakehouse.open(table)
        return Result((), (f"{table} has no quarantine.", *notes))
    reader = open_quarantine(table, lakehouse)
    total = reader.count()
    here = f"{plural(total, 'row')} in {name}, version {reader.version}; a row may have several reasons."
    return Result([_row(reason, total) for reason in reasons(reader)], (here, *notes))


def _row(reason: Reason, total: int) -> Row:
    return {
        "rule": reason.rule,
        "rows": reason.rows,
        "share": reason.rows / total if total else None,
        "first_came": reason.first,
        "source": reason.source or None,
        "sources": reason.sources,
    }


def _sentence(row: Row) -> str:
    parts = [f"{plural(row['rows'], 'row')} broke {row['rule']}"]
    if row["first_came"]:
        parts.append(f"the first came on {when(row['first_came'])[:16]}")
    if row["source"]:
        others = row["sources"] - 1
        more = f" and {plural(others, 'other file')}" if others else ""
        parts.append(f"from {row['source']}{more}")
    return ", ".join(parts) + "."


QUARANTINE = View(
    "quarantine",
    "Quarantine",
    "How many rows did each rule send to quarantine, since when, and from which files?",
    _quarantine,
    (
        Column("rule", "name", "reason"),
        Column("rows", "count"),
        Column("share", "share", "of all", shown="wide"),
        Column("first_came", "moment", shown="wide"),
        Column("source", "text", "from", shown="wide"),
        Column("sources", "count", "files", shown="wide"),
    ),
    OfTable,
    sentence=_sentence,
    links=(
        Link(
            "enter", "Rows", "quality.rejected", "Show the rows with their reasons.", {"table": "table", "rule": "rule"}
        ),
        Link(
            "r",
            "Release",
            "quality.release",
            "Repair the rows of this reason with SQL, check them again and release them.",
            {"table": "table", "rule": "rule"},
        ),
        Link("v", "All rows", "quality.rejected", "Show every row of the quarantine.", {"table": "table"}),
    ),
    empty="Nothing is in quarantine.",
)
