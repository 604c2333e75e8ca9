"""Where a column comes from, and what depends on it."""

from __future__ import annotations

from pydantic import Field

from toolkit.governance.lineage.graph import LineageGraph, Reached
from toolkit.governance.lineage.model import Source
from toolkit.governance.tracing import graph, table
from toolkit.governance.views.naming import SHOWN, OfColumn, asked_column
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import plural

_EMPTY = (
    "Nothing is known of where it comes from. Lineage is kept of what runs write once the lakehouse is governed: "
    "toolkit governance take_in"
)
_LONGEST = 12
"""Steps of a way that are drawn; a longer one is cut."""


class Traced(OfColumn):
    """A column, and how far to look."""

    steps: int = Field(50, ge=1, le=1_000, description="Writes from it at most.")


def _lineage(lakehouse: Lakehouse, parameters: Traced) -> Result:
    name, column = asked_column(lakehouse, parameters.column)
    known = _graph(lakehouse)
    if known is None:
        return Result([])
    found = known.provenance(table(name), column)
    rows = [_row(one, lakehouse) for one in found.columns if one.steps <= parameters.steps]
    notes = [f"{name}: {'; '.join(reasons)}." for name, reasons in found.unknown.items()]
    runs = [f"Written by {', '.join(found.runs)}."] if found.runs else []
    return Result(rows, (*runs, *(f"Not wholly known: {one}" for one in notes)))


def _impact(lakehouse: Lakehouse, parameters: Traced) -> Result:
    name, column = asked_column(lakehouse, parameters.column)
    known = _graph(lakehouse)
    if known is None:
        return Result([])
    return Result([_row(one, lakehouse) for one in known.impact(table(name), column) if one.steps <= parameters.steps])


def _graph(lakehouse: Lakehouse) -> LineageGraph | None:
    from toolkit.governance.records import LINEAGE

    return graph(Lakehouse(lakehouse.root)) if lakehouse.has_version(LINEAGE) else None


def _row(one: Reached, lakehouse: Lakehouse) -> Row:
    seen = one.source.kind != "table" or "/" in one.source.name or one.source.name in lakehouse.tables()
    name = _called(one.source) if seen else "a table that you may not see"
    return {
        "steps": one.steps,
        "way": f"{'  ' * min(one.steps - 1, _LONGEST)}└─ {name}.{one.column if seen else '…'}",
        "source": one.source.name if seen else name,
        "column": one.column if seen else None,
        "kind": one.source.kind,
        "how": "unknown" if one.unknown else "its value" if one.direct else "which rows or value",
        "state": "unknown" if one.unknown else "ok",
        "masked": one.masked,
        "reason": "; ".join(one.unknown) or None,
        "address": f"{name}.{one.column}" if seen and one.source.kind == "table" and "/" not in name else None,
    }


def _called(source: Source) -> str:
    """What a source is called where there is little room: of files their number and folder, in place of all their paths."""
    if source.kind != "file":
        return source.name
    files = source.name.split(",")
    *_, folder, name = ["", *files[0].rstrip("/").split("/")]
    return f"{folder}/{name}" if len(files) == 1 else f"{len(files)} files in {folder}"


def _sentence(row: Row) -> str:
    if row["reason"]:
        return f"Not certain: {row['reason']}"
    hidden = " Every way hides the value." if row["masked"] else ""
    gives = "Its value is handed on" if row["how"] == "its value" else "It decides which rows or values there are"
    return f"{gives}, over {plural(row['steps'], 'write')}.{hidden}"


_COLUMNS = (
    Column("way", "text", "column"),
    Column("how", "name", "gives"),
    Column("steps", "count", "writes"),
    Column("masked", "yes", "hidden", shown="wide"),
    Column("state", "state", shown="wide"),
    Column("source", "name", shown="asked"),
    Column("column", "name", shown="asked"),
    Column("kind", "name", shown="asked"),
    Column("reason", "text", shown="asked"),
    Column("address", "name", shown="asked"),
)
_LINKS = (
    Link("enter", "Lineage", "governance.lineage", "Show where that column comes from.", {"column": "address"}),
    Link("i", "Impact", "governance.impact", "Show what depends on that column.", {"column": "address"}),
    Link("a", "Access", "governance.access", "Show who can see that column.", {"column": "address"}),
)
LINEAGE = View(
    "lineage",
    "Lineage of a column",
    "Which columns does this one come from, through which writes, and what of that is not known?",
    _lineage,
    _COLUMNS,
    Traced,
    key=("source", "column"),
    sentence=_sentence,
    links=_LINKS,
    empty=_EMPTY,
    limit=SHOWN,
)
IMPACT = View(
    "impact",
    "Impact",
    "What would break, or change, if this column did?",
    _impact,
    _COLUMNS,
    Traced,
    key=("source", "column"),
    sentence=_sentence,
    links=_LINKS,
    empty=f"Nothing that was written depends on it. {_EMPTY}",
    limit=SHOWN,
)
