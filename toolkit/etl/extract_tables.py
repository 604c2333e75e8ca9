"""Reading what has types of its own: Parquet and Avro files, and Delta tables as they were.

Schemas are given here, too, and checked against what each file says of itself before a row is read. Text files are read in
`etl.extract`.
"""

from __future__ import annotations

from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from toolkit.errors import DataError, UsageError
from toolkit.etl import typed_files, typed_rows
from toolkit.etl.files import Files, files_meant, spark_paths
from toolkit.etl.schemas import Extra, Missing, expected
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store import unreadable
from toolkit.store.delta_log import DeltaLog, Version
from toolkit.store.location import Location


def read_parquet(
    spark: SparkSession, files: Files, schema: str, *, extra: Extra = "fail", missing: Missing = "fail"
) -> DataFrame:
    """Rows of Parquet files whose columns are those declared, or hold less: an INT fits a BIGINT, not the other way round.

    Columns are found by name, whatever their order and the case of their letters. Each file's footer is read first.
    Fields within a STRUCT have to be those declared, whatever was said of others.

    Args:
        spark: the session.
        files: a file, or a pattern such as `folder/*.parquet`; see `etl.files`.
        schema: DDL. A time that the file has without a zone is TIMESTAMP_NTZ, INT96 is TIMESTAMP.
        extra: of columns that the schema does not have: `fail`; `rescue`, which keeps their values as a JSON object in
            `_rescued_data` (null where there are none); or `ignore`.
        missing: of columns that a file does not have: `fail`, or `null`.

    Raises:
        DataError: no such file; or one that is empty, cut off, or no Parquet; or one that has other columns, names twice, or a
            type whose values the declared one would change. The message names the file and the column.
        UsageError: the schema is none, or an option is none that can be.
    """
    columns, found = expected(schema, extra=extra, missing=missing), files_meant(files)
    return typed_rows.read(spark, "parquet", found, [typed_files.parquet_fields(file) for file in found], columns)


def read_avro(
    spark: SparkSession, files: Files, schema: str, *, extra: Extra = "fail", missing: Missing = "fail"
) -> DataFrame:
    """Rows of Avro files whose columns are those declared, or hold less.

    Each file is gone through from block to block first, without unpacking, so that one that is cut is known before any is read.

    Args:
        spark: the session, with the Avro package that the toolkit starts Spark with.
        files: a file, or a pattern such as `folder/*.avro`; see `etl.files`.
        schema: DDL, in which types are as Spark has those of Avro: an enum is STRING, a union of several a STRUCT.
        extra: of columns that the schema does not have; see `read_parquet`.
        missing: of columns that a file does not have: `fail`, or `null`.

    Raises:
        DataError: as of `read_parquet`.
        UsageError: the schema is none, or an option is none that can be.
    """
    columns, found = expected(schema, extra=extra, missing=missing), files_meant(files)
    texts = [typed_files.avro_schema(file) for file in found]
    kinds = {text: _of_avro(spark, file) for text, file in dict(zip(texts, found, strict=True)).items()}
    return typed_rows.read(spark, "avro", found, [kinds[text] for text in texts], columns)


def _of_avro(spark: SparkSession, file: Location) -> StructType:
    """What Spark makes of the schema of an Avro file."""
    try:
        return spark.read.format("avro").load(spark_paths([file])).schema
    except Exception as problem:
        # Spark has no one kind of error for a schema that it does not read.
        said = shown(str(problem).strip().splitlines()[0])
        raise DataError(
            f"Spark does not read the schema of {shown(file, LONGEST_PATH)}: {said}", cure="Have it written otherwise."
        ) from problem


def read_delta(
    spark: SparkSession, table: Location, *, version: int | None = None, at: datetime | str | None = None
) -> DataFrame:
    """A Delta table as it is, as it was at a version, or as it was at a moment.

    Which commit was the last at a moment is decided by the times that the commits themselves give, not by those of their files:
    a copy of the table answers as the table does. A moment after the last commit means the last one.

    Args:
        spark: the session.
        table: its folder, or its place in a store.
        version: the newest when None.
        at: a moment with its zone, such as `2026-02-28T10:00:00+01:00`.

    Raises:
        DataError: there is no such table, or no commit says when it was made.
        UsageError: there is no such version any more, or the moment is before the first commit; the message says what there is.
    """
    if version is not None and at is not None:
        raise UsageError("A version and a moment cannot both be asked for.", cure="Leave out one of them.")
    log = DeltaLog(table)
    if log.newest is None:
        raise DataError(f"There is no Delta table in {shown(table, LONGEST_PATH)}.", cure="`toolkit tables` lists all.")
    chosen = _version_at(table, log, _moment(at)) if at is not None else version
    if chosen is None:
        return spark.read.format("delta").load(str(table))
    if chosen not in log.versions():
        raise unreadable.version_gone(table.name, chosen, log)
    return spark.read.format("delta").option("versionAsOf", chosen).load(str(table))


def _moment(at: datetime | str) -> datetime:
    cure = "It looks like: 2026-02-28T10:00:00+01:00."
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError as problem:
        raise UsageError(f"{at!r} is no moment.", cure=cure) from problem
    if moment.tzinfo is None:
        raise UsageError(f"{moment.isoformat()} has no zone, so it is no moment.", cure=cure)
    return moment


def _version_at(table: Location, log: DeltaLog, at: datetime) -> int:
    """The last version that was there at a moment."""
    described = set(log.versions())
    history = [version for version in log.history(log.newest or 0) if version.version in described]
    timed = [version for version in history if version.at is not None]
    if not timed:
        raise DataError(f"No commit of {table.name} says when it was made.", cure="Ask for a version.")
    before = [version.version for version in timed if version.at is not None and version.at <= at]
    if not before:
        raise UsageError(
            f"{table.name} has no version at {at.isoformat()}: its first is {_said(timed[-1])}, its last {_said(timed[0])}.",
            cure="Ask for a later moment, or for a version.",
        )
    return max(before)


def _said(version: Version) -> str:
    moment = version.at.isoformat(timespec="milliseconds") if version.at else ""
    return f"version {version.version} of {moment}"
