"""Writing Delta tables: whole, described, and signed by the run that wrote them.

A writer refuses before it writes: a frame whose columns are not those that its table declares never reaches the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pyspark.sql import DataFrame, DataFrameWriter
from pyspark.sql import functions as F

from toolkit.scenario import Table
from toolkit.store.commits import Mode, Written, refuse_other_columns, written
from toolkit.store.location import Location

Evolution = Literal["refuse", "add", "widen"]


class Once(NamedTuple):
    """A load that is done once: its name, and a number that grows from one load of that name to the next.

    A load with the number of one that was done, or a smaller one, is left out. So a retry is harmless, and a name is never
    used for two sequences: derive it from what the numbers belong to.
    """

    name: str
    number: int


@dataclass(frozen=True)
class Way:
    """How a load is written.

    Attributes:
        signature: who does it and from what; kept in the commit.
        once: its name and number, so that a retry is left out.
        evolution: what becomes of columns that the table does not have: they are refused, or added; or added, and types
            of columns made wider where Delta can do it without a change of values.
        partition_by: columns that part the folder of a table that is made now.
        cluster_by: columns that a table that is made now is clustered by (liquid clustering); not together with partitions.
    """

    signature: Mapping[str, str] | None = None
    once: Once | None = None
    evolution: Evolution = "refuse"
    partition_by: Sequence[str] = ()
    cluster_by: Sequence[str] = ()


PLAIN = Way()


def write_table(
    df: DataFrame,
    path: Location,
    declared: Table,
    *,
    mode: Mode = "overwrite",
    signature: Mapping[str, str] | None = None,
    once: str = "",
) -> Written:
    """Write `df` as the table that `declared` describes, in one commit.

    Args:
        df: has the declared columns, in any order.
        path: the table's folder.
        declared: names and comments of the columns.
        mode: replace the content, or add to it.
        signature: who wrote it and from what; kept in the commit.
        once: a name for this write; a second write of the same name to the same table is left out.

    Raises:
        DataError: columns are missing, or there are some that the table does not declare.
    """
    described = _described(df, declared)
    writer = _writer(described, mode, signature)
    # A table that was begun before one of its columns was declared gets it when it is added to, too.
    writer = writer.option("overwriteSchema" if mode == "overwrite" else "mergeSchema", True)
    if once:
        writer = writer.option("txnAppId", once).option("txnVersion", 1)
    writer.save(str(path))
    return written(path, declared.name)


def write_frame(
    df: DataFrame, path: Location, way: Way = PLAIN, *, mode: Literal["error", "append", "overwrite"], **options: str
) -> None:
    """Write `df` to a table that nothing declares but the frame itself, in one commit.

    Args:
        df: its rows.
        path: the table's folder.
        way: how it is written.
        mode: it has not to be there yet; or add to it, or replace its content; or make it.
        options: of Delta's writer.
    """
    writer = _writer(df, mode, way.signature).options(**options)
    if way.evolution != "refuse":
        writer = writer.option("mergeSchema", True)
    if way.once:
        writer = writer.option("txnAppId", way.once.name).option("txnVersion", way.once.number)
    if way.partition_by:
        writer = writer.partitionBy(*way.partition_by)
    if way.cluster_by:
        writer = writer.clusterBy(*way.cluster_by)
    writer.save(str(path))


def _writer(df: DataFrame, mode: str, signature: Mapping[str, str] | None) -> DataFrameWriter:
    return df.write.format("delta").mode(mode).option("userMetadata", json.dumps(dict(signature or {})))


def export(df: DataFrame, folder: Location, form: Literal["parquet", "avro"]) -> None:
    """Write `df` as one Parquet or Avro file in `folder`, in place of what was there."""
    df.coalesce(1).write.format(form).mode("overwrite").save(str(folder))


def _described(df: DataFrame, declared: Table) -> DataFrame:
    refuse_other_columns(declared, df.columns)
    return df.select(*[F.col(name).alias(name, metadata={"comment": text}) for name, text in declared.columns.items()])
