"""The keys of a history, and the intervals of one of them, drawn in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from toolkit.errors import UsageError
from toolkit.etl.views.naming import SHOWN, OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.query_engine import literal, quoted
from toolkit.store.reader import DeltaReader
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import NOT_TOLD, plural, when

START, END = "_start_at", "_end_at"
LINE, CHANGED_COLUMNS = "_line", "_changed"
MOST_KEYS = 1000


class OfKey(OfTable):
    """One key of a table."""

    key: str = Field(description="The value of its key column.")
    by: str = Field("", description="The key column; the one that its changes were applied by when left out.")


def _key_column(reader: DeltaReader, asked: str) -> str:
    """The column that is asked for, or the first one that changes were applied by.

    Raises:
        UsageError: the table has no such column, or no intervals.
    """
    names = [column.name for column in reader.columns()]
    if START not in names or END not in names:
        raise UsageError(
            f"{reader.name} keeps no history: it has no {START} and {END}.",
            cure="See which tables do: toolkit etl changes",
        )
    if asked and asked not in names:
        raise UsageError.unknown("column", asked, names)
    keys = (str(version.user_metadata.get("keys", "")) for version in reader.history())
    found = next((key.split(",")[0] for key in keys if key), "")
    return asked or (found if found in names else names[0])


def _keys(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    reader = lakehouse.open(parameters.table)
    column = _key_column(reader, "")
    key = quoted(column)
    page = reader.sql(
        f"SELECT CAST({key} AS VARCHAR) AS name, count(*), min({START}), max({START}), count(*) - count({END}) FROM t "  # noqa: S608 - names are quoted
        f"GROUP BY {key} ORDER BY count(*) DESC, name LIMIT {MOST_KEYS + 1}",
        as_it_stands=True,
    )
    names = ("key", "intervals", "first", "last")
    rows: list[Row] = [
        {**dict(zip(names, row, strict=False)), "state": "current" if row[-1] else "ended", "by": column}
        for row in page.rows[:MOST_KEYS]
    ]
    more = len(page.rows) > MOST_KEYS
    return Result(rows, (f"The {MOST_KEYS:,} keys with the most intervals; there are more.",) if more else ())


KEYS = View(
    "keys",
    "Keys",
    "Which keys of a table have the longest histories?",
    _keys,
    (
        Column("key", "name"),
        Column("intervals", "count"),
        Column("state", "name"),
        Column("first", "stored", shown="wide"),
        Column("last", "stored", shown="wide"),
        Column("by", "name", shown="asked"),
    ),
    OfTable,
    sentence=lambda row: f"{row['by']} {row['key']}: {plural(row['intervals'], 'interval')}, {row['state']}.",
    links=(
        Link(
            "enter",
            "History",
            "etl.history",
            "Draw the history of this key.",
            {"table": "table", "key": "key", "by": "by"},
        ),
    ),
    empty="The table has no row.",
    limit=SHOWN,
)


def _history(lakehouse: Lakehouse, parameters: OfKey) -> Result:
    reader = lakehouse.open(parameters.table)
    column = _key_column(reader, parameters.by)
    page = reader.sql(
        f"SELECT * FROM t WHERE CAST({quoted(column)} AS VARCHAR) = {literal(parameters.key)} ORDER BY {START}",  # noqa: S608 - both are quoted
        as_it_stands=True,
    )
    rows = page.named()
    low, high = _span(rows)
    found: list[Row] = []
    for row, before in zip(rows, [None, *rows], strict=False):
        changed = [name for name in row if before and name[0] != "_" and row[name] != before[name]]
        line = (row[START], row[END], low, high) if low is not None else None
        found.append({**row, LINE: line, CHANGED_COLUMNS: changed or None})
    first = (
        Column(START, "stored", "from"),
        Column(END, "stored", "until"),
        Column(LINE, "interval", "in time"),
        Column(CHANGED_COLUMNS, "names", "changed"),
    )
    others = [name for name in page.columns if name not in (START, END)]
    note = f"{column} {parameters.key}: {plural(len(rows), 'interval')}."
    return Result(
        found, (note,) if rows else (), (*first, *(Column(name, "stored", name, shown="wide") for name in others))
    )


def _span(rows: Sequence[Row]) -> tuple[Any, Any]:
    """The first and the last moment that the rows name; None where they have none."""
    ends = [row[name] for row in rows for name in (START, END) if row[name] is not None]
    return (min(ends), max(ends)) if ends else (None, None)


def _interval_sentence(row: Row) -> str:
    until = "and lasts" if row[END] is None else f"until {_moment(row[END])}"
    values = ", ".join(f"{name} = {value}" for name, value in row.items() if name[0] != "_")
    return f"From {_moment(row[START])} {until}: {values}."


def _moment(value: Any) -> str:
    return when(value) if isinstance(value, datetime) else NOT_TOLD if value is None else str(value)


HISTORY = View(
    "history",
    "History",
    "What was a key at which time? Each interval, drawn in time.",
    _history,
    (Column(START, "stored", "from"), Column(END, "stored", "until"), Column(LINE, "interval", "in time")),
    OfKey,
    key=(START,),
    sentence=_interval_sentence,
    empty="The table has no such key. See which it has: toolkit etl keys TABLE",
)
