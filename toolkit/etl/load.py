"""Rows loaded into a Delta table: added, put in place of a part, merged by key, or made all that the table has.

Each load says what it did, and refuses before it writes: a key that comes twice, rows outside the part that they replace, other
columns than the table has. Done again under the same name it is left out. Owns what is refused; how a commit is signed is
`store.write`'s and `store.merge`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StructType, VariantType

from toolkit.columns import cols, quoted
from toolkit.errors import DataError, UsageError
from toolkit.session import explained
from toolkit.store.commits import PLAIN, Way, written
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.merge import merge, same_key
from toolkit.store.reader import DeltaReader
from toolkit.store.reuse import persisted
from toolkit.store.sql import table_name
from toolkit.store.write import write_frame

SHOWN = 5
"""Keys in an error."""


@dataclass(frozen=True)
class Loaded:
    """What a load did.

    Attributes:
        inserted: rows.
        updated: rows.
        deleted: rows.
        unchanged: rows that came and that the table had already.
        version: of the table; None where there is none.
        files: data files that were added to it.
        bytes: of those files.
        skipped: a load of that name and number was done before, so nothing was.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    version: int | None = None
    files: int = 0
    bytes: int = 0
    skipped: bool = False


@explained()
def append(target: Location, source: DataFrame, way: Way = PLAIN) -> Loaded:
    """Add rows.

    Args:
        target: the table; it is made if it is not there.
        source: the rows.
        way: how it is written.

    Raises:
        DataError: the table has other columns.
    """
    before = _refuse_other_columns(target, source, way)
    _write(source, target, "append", way.noted("append"))
    return _written(target, before)


@explained()
def overwrite_part(target: Location, source: DataFrame, condition: str, way: Way = PLAIN) -> Loaded:
    """Put rows in place of those that meet a condition; one commit, in which the others stay.

    Args:
        target: the table; it is made if it is not there.
        source: the rows, which have to meet the condition themselves.
        condition: SQL over the table's columns, such as `day = '2026-11-28'`.
        way: how it is written.

    Raises:
        UsageError: the condition is none.
        DataError: some rows do not meet it, or the table has other columns. Nothing was written.
    """
    before = _refuse_other_columns(target, source, way)
    try:
        outside = source.where(f"NOT coalesce({condition}, false)").limit(SHOWN).collect()
    except (AnalysisException, ParseException) as problem:
        why = next((line for line in str(problem).splitlines() if line.strip()), "Spark does not say why")
        raise UsageError(f"{condition!r} is no condition on the rows: {why}", choices=source.columns) from problem
    if outside:
        raise DataError(
            f"Rows lie outside the part that they replace ({condition}), such as {'; '.join(map(shown, outside))}. "
            "Nothing was written.",
            cure="Leave those rows out, or widen the condition.",
        )
    _write(source, target, "overwrite", way.noted("overwrite_part"), replaceWhere=condition)
    return _written(target, before)


@explained()
def empty(target: Location, spark: SparkSession, way: Way = PLAIN, *, columns_of: DataFrame | None = None) -> Loaded:
    """Take all rows out of a table, whose versions stay; nothing is done where there is none.

    Args:
        target: the table.
        spark: the session.
        way: how it is written.
        columns_of: the frame whose columns the table is to have then; it keeps its own unless given.
    """
    before = DeltaLog(target).newest
    if before is None:
        return Loaded()
    rows = DeltaReader(target, target.name).count()
    signed = way.noted("empty")
    if columns_of is None:
        nothing = spark.read.format("delta").load(str(target)).limit(0)
        done = overwrite_part(target, nothing, "true", signed)
    else:
        parted = spark.sql(f"DESCRIBE DETAIL {table_name(target)}").collect()[0]["partitionColumns"]
        kept = signed.partition_by or tuple(name for name in parted if name in columns_of.columns)
        emptied = replace(signed, partition_by=kept)
        _write(columns_of.limit(0), target, "overwrite", emptied, overwriteSchema="true")
        done = _written(target, before)
    return replace(done, deleted=rows)


def upsert(target: Location, source: DataFrame, keys: Sequence[str], way: Way = PLAIN) -> Loaded:
    """Insert rows with a key that the table does not have, and update those with one that it has, where they differ.

    Args:
        target: the table; it is made if it is not there.
        source: the rows; no key twice, none null.
        keys: columns that tell rows apart.
        way: how it is written.

    Raises:
        UsageError: a key is no column.
        DataError: a key comes twice, or is null, or the table has other columns. Nothing was written.
    """
    return _by_key(target, source, keys, way.noted("upsert"), _UPDATE, _INSERT)


def insert_only(target: Location, source: DataFrame, keys: Sequence[str], way: Way = PLAIN) -> Loaded:
    """Insert rows with a key that the table does not have; the others are left as they are. Else as `upsert`."""
    return _by_key(target, source, keys, way.noted("insert_only"), _INSERT)


def sync(
    target: Location, source: DataFrame, keys: Sequence[str], way: Way = PLAIN, *, empty_is_meant: bool = False
) -> Loaded:
    """Make the table what the source is: insert, update where rows differ, delete what the source does not have.

    Args:
        target: the table; it is made if it is not there.
        source: all rows; no key twice, none null.
        keys: columns that tell rows apart.
        way: how it is written.
        empty_is_meant: an empty source empties the table; else it is an error, since it is mostly a source that failed.

    Raises:
        UsageError: a key is no column.
        DataError: a key comes twice, or is null, or there are no rows, or the table has other columns. Nothing was written.
    """
    if not empty_is_meant and source.isEmpty():
        raise DataError(
            f"No rows came, and {target.name} would be emptied. Nothing was written.",
            cure="See why the source is empty; if it is meant, say empty_is_meant=True.",
        )
    return _by_key(target, source, keys, way.noted("sync"), _UPDATE, _INSERT, _DELETE)


def sync_keys(target: Location, source: DataFrame, keys: Sequence[str], among: DataFrame, way: Way = PLAIN) -> Loaded:
    """Make the rows of some keys what the source is; rows of other keys are left as they are.

    It is how a table is kept up that follows from another one: `among` are the keys of which something changed there, and the
    source is what follows for those keys now. A key of which nothing follows any more is deleted.

    Args:
        target: the table; it is made if it is not there.
        source: the rows of those keys; no key twice, none null.
        keys: columns that tell rows apart.
        among: has the key columns; keys may come several times.
        way: how it is written.

    Raises:
        UsageError: a key is no column.
        DataError: a key comes twice, or is null, or the table has other columns. Nothing was written.
    """
    signed = way.noted("sync_keys")
    if DeltaLog(target).newest is None:
        return _by_key(target, source, keys, signed)
    came = source.withColumn(_CAME, F.lit(True))
    both = among.select(*cols(keys)).distinct().join(came, list(keys), "full")
    both = both.select(*cols(source.columns), F.coalesce(_CAME, F.lit(False)).alias(_CAME))
    with persisted(both):
        rows = both.where(_CAME).drop(_CAME)
        return _by_key(target, rows, keys, signed, _GONE, _CHANGED, _CAME_NEW, merged=both)


_CAME = "_came"
_GONE = f"WHEN MATCHED AND NOT s.{_CAME} THEN DELETE"
_CHANGED = "WHEN MATCHED AND NOT ({same}) THEN UPDATE SET {sets}"
_CAME_NEW = f"WHEN NOT MATCHED AND s.{_CAME} THEN INSERT ({{names}}) VALUES ({{values}})"  # noqa: S608 - names are quoted
_UPDATE = "WHEN MATCHED AND NOT ({same}) THEN UPDATE SET *"
_INSERT = "WHEN NOT MATCHED THEN INSERT *"
_DELETE = "WHEN NOT MATCHED BY SOURCE THEN DELETE"


@explained()
def _by_key(
    target: Location,
    source: DataFrame,
    keys: Sequence[str],
    way: Way,
    *clauses: str,
    merged: DataFrame | None = None,
) -> Loaded:
    """Merge the source, or what was made of it for the merge."""
    rows = refuse_repeated_keys(source, keys)
    before = _refuse_other_columns(target, source, way)
    if before is None:
        _write(source, target, "error", way)
        return _written(target, None)
    others = [field.name for field in source.schema if field.name not in keys and is_comparable(field.dataType)]
    uncomparable = [field.name for field in source.schema if not is_comparable(field.dataType)]
    there = source.sparkSession.read.format("delta").load(str(target)).columns
    same = " AND ".join(f"t.{quoted(n)} <=> s.{quoted(n)}" for n in others if n in there) or "true"
    # What cannot be compared, or is a column that comes now, may differ.
    same = "false" if uncomparable or any(name not in there for name in others) else same
    names = [quoted(name) for name in source.columns]
    said = {
        "same": same,
        "sets": ", ".join(f"{name} = s.{name}" for name in names),
        "names": ", ".join(names),
        "values": ", ".join(f"s.{name}" for name in names),
    }
    done = merge(
        source if merged is None else merged,
        target,
        same_key(keys),
        [clause.format(**said) for clause in clauses],
        way,
    )
    if done is None:
        return Loaded(version=before, skipped=True)
    return Loaded(
        done.inserted,
        done.updated,
        done.deleted,
        rows - done.inserted - done.updated,
        done.version,
        done.files,
        done.bytes,
    )


def refuse_repeated_keys(source: DataFrame, keys: Sequence[str]) -> int:
    """Raise unless each row has a key, and a key of its own; returns how many rows there are.

    Raises:
        UsageError: a key is no column.
        DataError: some have none, or one that another row has.
    """
    if not keys:
        raise UsageError("No key is named.", choices=source.columns, cure="Name the columns that tell rows apart.")
    for name in keys:
        if name not in source.columns:
            raise UsageError.unknown("column", name, source.columns)
    lacking = cols(keys)[0].isNull()
    for column in cols(keys)[1:]:
        lacking = lacking | column.isNull()
    counted = source.groupBy(*cols(keys)).count()
    bad = (F.col("count") > 1) | lacking
    (sums,) = counted.agg(F.sum("count").alias("rows"), F.count_if(bad).alias("bad")).collect()
    if sums["bad"]:
        examples = counted.where(bad).limit(SHOWN).collect()
        raise DataError(
            f"Keys come more than once, or are null: {'; '.join(map(shown, examples))}. Nothing was written.",
            cure="Keep one row for each key first, such as the newest: toolkit.etl.windows.latest.",
        )
    return int(sums["rows"] or 0)


def is_comparable(kind: DataType) -> bool:
    """Whether two values of a type can be compared: maps and variants cannot."""
    if isinstance(kind, StructType):
        return all(is_comparable(field.dataType) for field in kind)
    if isinstance(kind, ArrayType):
        return is_comparable(kind.elementType)
    return not isinstance(kind, MapType | VariantType)


def _refuse_other_columns(target: Location, source: DataFrame, way: Way) -> int | None:
    """The table's version, or None where there is none.

    Raises:
        DataError: the table has other columns, and they are not to be added or changed.
    """
    version = DeltaLog(target).newest
    if version is None or way.evolution == "widen":
        return version
    there = dict(source.sparkSession.read.format("delta").load(str(target)).dtypes)
    came = dict(source.dtypes)
    missing = [name for name in there if name not in came]
    extra = [name for name in came if name not in there] if way.evolution == "refuse" else []
    changed = [
        f"{name} is {there[name]} there and {came[name]} here"
        for name in there
        if came.get(name) not in (None, there[name])
    ]
    if missing or extra or changed:
        said = [
            f"missing are {', '.join(missing)}" if missing else "",
            f"new are {', '.join(extra)}" if extra else "",
            "; ".join(changed),
        ]
        raise DataError(
            f"The rows have other columns than {target.name}: {'; '.join(filter(None, said))}. Nothing was written.",
            cure="Select and cast the columns as the table has them, or let it change: evolution='add' or 'widen'.",
        )
    return version


def _write(
    source: DataFrame, target: Location, mode: Literal["error", "append", "overwrite"], way: Way, **options: str
) -> None:
    if way.partition_by and way.cluster_by:
        raise UsageError("A table is parted or clustered, not both.", cure="Name partition_by or cluster_by.")
    for name in (*way.partition_by, *way.cluster_by):
        if name not in source.columns:
            raise UsageError.unknown(
                "column", name, source.columns, cure="A table is parted by columns that its rows have."
            )
    write_frame(source, target, way, mode=mode, **options)


def _written(target: Location, before: int | None) -> Loaded:
    done = written(target, target.name)
    if done.version == before:
        return Loaded(version=before, skipped=True)
    return Loaded(inserted=done.rows, deleted=done.deleted, version=done.version, files=done.files, bytes=done.bytes)


def shown(row: Row) -> str:
    """A row in an error: its names and values, without how often it came."""
    return ", ".join(f"{name}={value}" for name, value in row.asDict().items() if name != "count")
