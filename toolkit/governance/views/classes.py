"""How sensitive columns are: suggested, confirmed, or not known; and what is shown of them to those who may not see them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from toolkit.errors import ToolkitError
from toolkit.governance.access import is_open, mask_of
from toolkit.governance.names import full_name
from toolkit.governance.policies import Policies
from toolkit.governance.views.naming import EMPTY, SHOWN, TO_ACCESS, OfAnyTable, require_visible, state_of
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.store.records import without_content
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import share


class Classes(OfAnyTable):
    """Which columns."""

    sensitivity: Literal["", "public", "internal", "confidential", "restricted", "unknown"] = Field(
        "", description="Only those of this class."
    )


def _classes(lakehouse: Lakehouse, parameters: Classes) -> Result:
    state = state_of(lakehouse)
    if not state.catalog:
        return Result([])
    if parameters.table:
        require_visible(lakehouse, parameters.table)
    tables = (
        [parameters.table] if parameters.table else [one for one in lakehouse.tables() if not one.startswith("ops.")]
    )
    rows: list[Row] = []
    problems: list[str] = []
    for table in tables:
        try:
            types = {one.name: one.type for one in DeltaReader(lakehouse.path(table), table).columns()}
        except ToolkitError as problem:
            problems.append(problem.what)
            continue
        rows += [_row(state, table, name, kind) for name, kind in types.items()]
    wanted = parameters.sensitivity
    return Result(
        [row for row in rows if not wanted or (row["sensitivity"] or "unknown") == wanted], problems=tuple(problems)
    )


def _row(state: Policies, table: str, column: str, kind: str) -> Row:
    securable = full_name(table, state.catalog)
    one = state.class_of(securable, column)
    known = column in without_content(table)
    return {
        "table": table,
        "column": column,
        "type": kind,
        "sensitivity": "internal" if known else one.sensitivity if one else None,
        "kind": (one.kind or None) if one else None,
        "state": "confirmed" if known else one.state if one else "unknown",
        "mask": "as it is" if known or is_open(one) else mask_of(state, securable, column, kind).words,
        "confidence": one.confidence if one else None,
        "reason": "A table of this program, and no content of others." if known else one.reason if one else None,
        "source": one.source if one else None,
        "reviewer": one.changed_by if one and one.state == "confirmed" else None,
        "at": one.changed_at if one else None,
        "address": f"{table}.{column}",
    }


def _sentence(row: Row) -> str:
    if row["state"] == "unknown":
        return "Nobody has looked at it, so nothing of it is shown. toolkit governance classify " + str(row["table"])
    sure = f", with a confidence of {share(row['confidence'])}" if row["confidence"] is not None else ""
    who = f", confirmed by {row['reviewer']}" if row["reviewer"] else ""
    return f"{row['sensitivity'] or 'Of no known class'}{sure}{who}: {row['reason'] or 'no reason was given'}"


CLASSES = View(
    "classes",
    "Columns by class",
    "How sensitive is each column, who says so, and what do others see of it?",
    _classes,
    (
        Column("table", "name"),
        Column("column", "name"),
        Column("sensitivity", "name", "class"),
        Column("state", "state"),
        Column("kind", "name", shown="wide"),
        Column("mask", "name", "others see", shown="wide"),
        Column("confidence", "share", shown="wide"),
        Column("type", "name", shown="asked"),
        Column("reason", "text", shown="asked"),
        Column("source", "text", shown="asked"),
        Column("reviewer", "name", shown="asked"),
        Column("at", "moment", shown="asked"),
        Column("address", "name", shown="asked"),
    ),
    Classes,
    key=("table", "column"),
    sentence=_sentence,
    links=(
        TO_ACCESS,
        Link("c", "Confirm", "governance.confirm", "Say that its class is right, or which is.", {"table": "table"}),
        Link("m", "Mask", "governance.mask", "Choose what others see of it.", {"table": "table", "column": "column"}),
        Link("l", "Lineage", "governance.lineage", "Show where the column comes from.", {"column": "address"}),
        Link("k", "Classify", "governance.classify", "Look at the content of the table again.", {"table": "table"}),
    ),
    empty=EMPTY,
    limit=SHOWN,
)
