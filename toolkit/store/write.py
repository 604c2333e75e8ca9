"""Writing Delta tables: whole, described, and signed by the run that wrote them.

A writer refuses before it writes: a frame whose columns are not those that its table declares never reaches the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from pyspark.sql import DataFrame, DataFrameWriter
from pyspark.sql import functions as F

from toolkit.columns import quoted
from toolkit.scenario import Table
from toolkit.store.commits import PLAIN, Mode, Way, Written, refuse_other_columns, written
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.observer import Observer
from toolkit.store.sql import as_view, noted, table_name, text_of


def write_table(
    df: DataFrame,
    path: Location,
    declared: Table,
    *,
    mode: Mode = "overwrite",
    signature: Mapping[str, str] | None = None,
    once: str = "",
    observer: Observer | None = None,
) -> Written:
    """Write `df` as the table that `declared` describes, in one commit.

    Args:
        df: has the declared columns, in any order.
        path: the table's folder.
        declared: names and comments of the columns.
        mode: replace the content, or add to it.
        signature: who wrote it and from what; kept in the commit.
        once: a name for this write; a second write of the same name to the same table is left out.
        observer: is told what was written from what.

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
    if observer:
        observer.frame(described, path)
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
    if way.declared:
        df = _described(df, way.declared)
    writer = _writer(df, mode, way.signature).options(**options)
    if DeltaLog(path).newest is None:
        writer = writer.options(**way.properties)
    if way.evolution != "refuse":
        writer = writer.option("mergeSchema", True)
    if way.once:
        writer = writer.option("txnAppId", way.once.name).option("txnVersion", way.once.number)
    if way.partition_by:
        writer = writer.partitionBy(*way.partition_by)
    if way.cluster_by and DeltaLog(path).newest is None:
        _make_clustered(df, path, way)
    else:
        writer.save(str(path))
    if way.observer:
        way.observer.frame(df, path)


def _make_clustered(df: DataFrame, path: Location, way: Way) -> None:
    """Spark's writer leaves clustering out without a word where a table has a path and no name."""
    columns = ", ".join(map(quoted, way.cluster_by))
    with as_view(df) as view, noted(df.sparkSession, way):
        texts = ", ".join(f"{text_of(name)} = {text_of(value)}" for name, value in way.properties.items())
        properties = f"TBLPROPERTIES ({texts}) " if texts else ""
        make = f"CREATE TABLE {table_name(path)} USING delta CLUSTER BY ({columns}) {properties}AS SELECT * FROM {view}"  # noqa: S608
        df.sparkSession.sql(make)


def _writer(df: DataFrame, mode: str, signature: Mapping[str, str] | None) -> DataFrameWriter:
    writer = df.write.format("delta").mode(mode)
    # An empty one would win over the signature that a session carries.
    return writer.option("userMetadata", json.dumps(dict(signature))) if signature else writer


def export(df: DataFrame, folder: Location, form: Literal["parquet", "avro"]) -> None:
    """Write `df` as one Parquet or Avro file in `folder`, in place of what was there."""
    df.coalesce(1).write.format(form).mode("overwrite").save(str(folder))


def _described(df: DataFrame, declared: Table) -> DataFrame:
    refuse_other_columns(declared, df.columns)
    return df.select(*[F.col(name).alias(name, metadata={"comment": text}) for name, text in declared.columns.items()])
