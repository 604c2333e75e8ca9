"""MERGE into a Delta table, as SQL: the same on a cluster, in another's platform and over Spark Connect.

Owns the reading of what a merge did. Must not decide which rows go where.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from toolkit.columns import quoted
from toolkit.store.commits import PLAIN, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader
from toolkit.store.sql import as_view, noted, table_name


@dataclass(frozen=True)
class Merged:
    """What a merge did to its table.

    Attributes:
        version: that it made.
        source: rows that came.
        inserted: rows.
        updated: rows.
        deleted: rows.
        files: data files that it added.
        bytes: of those files.
    """

    version: int
    source: int
    inserted: int
    updated: int
    deleted: int
    files: int
    bytes: int


def same_key(names: Iterable[str]) -> str:
    """The condition that a row of the source, `s`, and one of the table, `t`, are equal in these columns."""
    return " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in names)


def merge(
    source: DataFrame,
    path: Location,
    condition: str,
    clauses: Sequence[str],
    way: Way = PLAIN,
) -> Merged | None:
    """Merge rows into a table, in one commit; None where a merge of that name was done before.

    Args:
        source: the rows, called `s`.
        path: of the table, called `t`.
        condition: when a row of the one is a row of the other.
        clauses: `WHEN MATCHED THEN UPDATE SET *` and its like, in order.
        way: who does it, under which name, and whether columns that the table does not have are added to it.
    """
    before, evolution = DeltaLog(path).newest, "WITH SCHEMA EVOLUTION " if way.evolution != "refuse" else ""
    with as_view(source) as view, noted(source.sparkSession, way):
        text = f"MERGE {evolution}INTO {table_name(path)} t USING {view} s ON {condition} {' '.join(clauses)}"
        source.sparkSession.sql(text)
        if way.observer:
            way.observer.statement(source.sparkSession, text, path)
    return None if DeltaLog(path).newest == before else _merged(path)


def _merged(path: Location) -> Merged:
    newest = DeltaReader(path, path.name).history(1)[0]

    def metric(name: str) -> int:
        return int(newest.metrics.get(name, 0))

    return Merged(
        newest.version,
        metric("numSourceRows"),
        metric("numTargetRowsInserted"),
        metric("numTargetRowsUpdated"),
        metric("numTargetRowsDeleted"),
        metric("numTargetFilesAdded"),
        metric("numTargetBytesAdded"),
    )
