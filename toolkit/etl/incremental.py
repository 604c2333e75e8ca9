"""Only what is new: rows above a high-water mark, and the changes of a Delta table since they were last followed.

The state of each lies in the target, and comes into it in the commit that brings the data: there is no file beside it that
a crash could part from it. Must not decide how rows are loaded; that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.columns import quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.load import Loaded, overwrite_part
from toolkit.store import query_engine
from toolkit.store.commits import PLAIN, Once, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader, done

T = TypeVar("T")
CHANGE_TYPE, COMMIT_VERSION = "_change_type", "_commit_version"
PREIMAGE, DELETE = "update_preimage", "delete"
FEED_ORDER = (COMMIT_VERSION, f"if({CHANGE_TYPE} = '{DELETE}', 0, 1)")
"""Orders the changes of a feed: a commit may delete a key and insert it again."""


def newer_than(source: DataFrame, target: Location, column: str, *, overlap: str = "") -> DataFrame:
    """Rows of the source above the highest value that the target has; all of them where there is no target.

    The mark is the target's own greatest value, so it is never ahead of the rows. What comes late, with a value below it, is
    missed, but for what lies within the overlap: load by key (`load.upsert`), so that rows that come again change nothing.

    Args:
        source: the rows; those without a value are never taken.
        target: the table that they are loaded into; it keeps the column.
        column: what grows: a time of change, a number.
        overlap: an interval such as `2 days`, or a number such as `1000`, by which the mark is set back.

    Raises:
        UsageError: the source or the target has no such column, or the overlap is none.
    """
    if column not in source.columns:
        raise UsageError.unknown("column", column, source.columns)
    mark = _mark(target, column)
    above = F.col(quoted(column))
    if mark is None:
        return source.where(above.isNotNull())
    kind = source.schema[column].dataType.simpleString()
    bound = F.lit(mark).cast(kind)
    if not overlap:
        return source.where(above > bound)
    try:
        back = float(overlap) if overlap.replace(".", "", 1).isdigit() else None
        lowered = bound - back if back is not None else bound - F.expr(f"INTERVAL {overlap}")
        return source.where(above >= lowered.cast(kind))
    except PySparkException as problem:
        raise UsageError(
            f"{overlap!r} cannot be taken from {column}, which is {kind}.", cure="Give an interval, such as '2 days'."
        ) from problem


def _mark(target: Location, column: str) -> Any:
    if DeltaLog(target).newest is None:
        return None
    reader = DeltaReader(target, target.name)
    names = [one.name for one in reader.columns()]
    if column not in names:
        raise UsageError.unknown("column", column, names)
    return reader.sql(f"SELECT max({query_engine.quoted(column)}) FROM t").rows[0][0]  # noqa: S608 - the name is quoted


Mark = date | datetime | int
"""Where a window begins or ends: a day, a time, a whole number."""


def backfill(target: Location, source: DataFrame, column: str, since: Mark, until: Mark, way: Way = PLAIN) -> Loaded:
    """Make the rows of a past window what the source has for it, beside a job that goes on loading newer ones.

    The window is from `since` up to, and without, `until`; rows of the source that lie outside are left out, those of the
    table stay. The job that uses `newer_than` is not disturbed: the window ends at its mark at the latest.

    Args:
        target: the table.
        source: the rows; it has the columns of the target.
        column: a day, a time or a whole number, by which the window is meant.
        since: the first value of the window; a time without a zone is in UTC.
        until: the first value after it.
        way: how it is written.

    Raises:
        UsageError: there is no such column, or the window is none, or reaches beyond what the target has.
        DataError: there is no target, the source has nothing in the window, or other columns. Nothing was written.
    """
    for names in (source.columns, [one.name for one in DeltaReader(target, target.name).columns()]):
        if column not in names:
            raise UsageError.unknown("column", column, names)
    if type(since) is not type(until) or not _in_utc(since) < _in_utc(until):
        raise UsageError(
            f"From {since} to {until} is no window.", cure="Name its first value, then the first one after it."
        )
    place, first, end = quoted(column), _as_sql(since), _as_sql(until)
    window = f"{place} >= {first} AND {place} < {end}"
    there = source.sparkSession.read.format("delta").load(str(target))
    try:
        (row,) = there.agg(
            F.max(place).alias("mark"), F.bool_or(F.expr(f"{place} >= {end}")).alias("goes_on")
        ).collect()
        rows = source.where(window)
        is_empty = rows.isEmpty()
    except AnalysisException as problem:
        raise UsageError(
            f"{column} is no column of days, times or whole numbers that {since!r} is one of.",
            cure="Give values of the column's own type.",
        ) from problem
    if not row["goes_on"]:
        raise UsageError(
            f"The window reaches to {until}, and {target.name} to {row['mark']}: what loads newer rows would miss some.",
            cure="End the window there at the latest.",
        )
    if is_empty:
        raise DataError(
            f"The source has no row from {since} to {until}; those of {target.name} would be lost. Nothing was written.",
            cure="See why, or take the rows out yourself: overwrite_part.",
        )
    return overwrite_part(target, rows, window, way.noted("backfill"))


def _in_utc(value: Mark) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _as_sql(value: Mark) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{_in_utc(value).isoformat(' ', 'microseconds')}'"
    return f"DATE '{value.isoformat()}'" if isinstance(value, date) else str(int(value))


@dataclass(frozen=True)
class Followed:
    """The changes of a table that a target has not had yet.

    Attributes:
        changes: rows with `_change_type` (insert, update_postimage, delete) and `_commit_version`; what rows were before an
            update is left out. Ordered by `FEED_ORDER`.
        since: the version that the target has; None where it has none, and all rows are inserts.
        until: the version that it has when they are loaded.
        way: how they have to be loaded, so that the target knows: `Way` with the name and the version.
    """

    changes: DataFrame
    since: int | None
    until: int
    way: Way


def follow(
    spark: SparkSession, source: Location, target: Location, name: str, load: Callable[[Followed], T]
) -> T | None:
    """Load what changed in a Delta table since the target last followed it; None where nothing did.

    Where the target has not followed it yet, all rows of the newest version are inserts. Which version the target has lies in
    the target, in the commit of the load: a load that was killed is made again, and one that was done is not.

    Args:
        spark: the session.
        source: a table with `delta.enableChangeDataFeed`.
        target: the table that is loaded.
        name: of this flow, within the target.
        load: loads the changes, in one commit, the way that it is told: `lambda new: upsert(target, …, way=new.way)`.

    Raises:
        DataError: the source keeps no change feed, or its versions since then are not all there any more: rows would be missed.
        UsageError: there is no source.
    """
    newest = DeltaReader(source, source.name)
    since = done(target, f"{name}:{newest.id}")
    if since == newest.version:
        return None
    way = Way(once=Once(f"{name}:{newest.id}", newest.version))
    if since is None:
        rows = spark.read.format("delta").option("versionAsOf", newest.version).load(str(source))
        inserted = rows.withColumns({CHANGE_TYPE: F.lit("insert"), COMMIT_VERSION: F.lit(newest.version).cast("long")})
        return load(Followed(inserted, None, newest.version, way))
    missing = [version for version in range(since + 1, newest.version + 1) if version not in DeltaLog(source).commits]
    if missing:
        raise _gap(source, f"its log has no version {missing[0]} any more")
    reader = spark.read.format("delta").option("readChangeFeed", True)
    try:
        feed = reader.option("startingVersion", since + 1).option("endingVersion", newest.version).load(str(source))
        changes = feed.where(F.col(CHANGE_TYPE) != PREIMAGE)
        return load(Followed(changes, since, newest.version, way))
    except Exception as problem:
        # What a task meets comes as an error of Java's; a load says what it means to it, and gives that as its cause.
        raise _unreadable(source, f"{problem} {problem.__cause__}") or problem from problem


def _unreadable(source: Location, said: str) -> DataError | None:
    if "DELTA_MISSING_CHANGE_DATA" in said or "DELTA_CHANGE_TABLE_FEED_DISABLED" in said:
        return DataError(
            f"{source.name} keeps no change feed, or did not at all those versions.",
            cure="Set delta.enableChangeDataFeed on it, and load it anew under another name.",
        )
    if "FILE_NOT_EXIST" in said or "FileNotFoundException" in said or "FAILED_READ_FILE" in said:
        return _gap(source, "files of them were removed by VACUUM")
    return None


def _gap(source: Location, why: str) -> DataError:
    return DataError(
        f"The changes of {source.name} since they were last followed are not all there: {why}. Nothing was loaded.",
        cure="Compare the whole tables (compare_snapshots), or load the source anew under another name.",
    )
