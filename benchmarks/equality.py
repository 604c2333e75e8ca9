"""Whether two lakehouses hold the same: a ratio between programs that did different things means nothing.

Rows are compared by a hash that does not depend on their order, batch by batch, without a JVM.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
from deltalake import DeltaTable

from benchmarks.ratios import NotComparable
from toolkit.store.query_engine import query_engine

TECHNICAL = ("_ingested_at", "_run_id", "_row")
"""Columns that differ from one load to the next, and say nothing of the content."""


@dataclass(frozen=True)
class Content:
    """What a table holds: its columns with their types, its number of rows, and a sum over all of them."""

    types: dict[str, str]
    rows: int
    whole: int
    by_column: dict[str, int]


def refuse_unequal(ours: Path, theirs: Path, tables: Iterable[str]) -> None:
    """Compare tables of two lakehouses.

    Args:
        ours: root of one.
        theirs: root of the other.
        tables: `layer.name` of each table.

    Raises:
        NotComparable: some differ; says which, and in what.
    """
    different = {
        table: difference(*(content(r.joinpath(*table.split("."))) for r in (ours, theirs))) for table in tables
    }
    told = [f"{table}: {why}" for table, why in different.items() if why]
    if told:
        raise NotComparable(f"The tables are not equal, so nothing is compared. {'; '.join(told)}.")


def difference(ours: Content, theirs: Content) -> str:
    """In what two tables differ, in words; empty when they are equal."""
    if ours.types != theirs.types:
        odd = sorted(dict(ours.types.items() ^ theirs.types.items()))
        return f"columns or types differ: {', '.join(odd)}"
    if ours.rows != theirs.rows:
        return f"{ours.rows:,} rows against {theirs.rows:,}"
    if ours.whole == theirs.whole:
        return ""
    odd = [name for name, value in ours.by_column.items() if value != theirs.by_column[name]]
    return f"values differ in {', '.join(odd) or 'how columns are paired'}"


def content(path: Path) -> Content:
    """Hash a table."""
    table = DeltaTable(str(path))
    types = {f["name"]: json.dumps(f["type"]) for f in json.loads(table.schema().to_json())["fields"]}
    kept = {name: kind for name, kind in sorted(types.items()) if name not in TECHNICAL}
    columns = ", ".join(f'"{name}"' for name in kept)
    rows, whole, by_column = 0, 0, dict.fromkeys(kept, 0)
    for batch in query_engine(table).execute(f"SELECT {columns} FROM t"):
        frame = _frame(batch)
        rows += frame.height
        whole += _sum(frame)
        for name in kept:
            by_column[name] += _sum(frame.select(name))
    return Content(kept, rows, whole, by_column)


def _frame(batch: Any) -> pl.DataFrame:
    """One batch, with nested values as their text: polars hashes those only in part."""
    arrow = pa.record_batch(batch)
    columns = {
        name: pl.Series(map(repr, column.to_pylist())) if pa.types.is_nested(column.type) else pl.from_arrow(column)
        for name, column in zip(arrow.schema.names, arrow.columns, strict=True)
    }
    return pl.DataFrame(columns)


def _sum(frame: pl.DataFrame) -> int:
    """The sum of all rows' hashes, exactly: equal for the same rows in any order, and unlike XOR not blind to pairs."""
    return sum(frame.hash_rows(seed=1).to_list())
