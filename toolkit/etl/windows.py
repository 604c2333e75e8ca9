"""What a row is among its neighbours: the newest of its key, in which session, in which run of days, at which place.

Each returns a function for `DataFrame.transform`, but the calendar, which begins one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import UsageError

Transform = Callable[[DataFrame], DataFrame]
How = Literal["sum", "min", "max", "avg", "count"]
_AGGREGATES = {"sum": F.sum, "min": F.min, "max": F.max, "avg": F.avg, "count": F.count}


def latest(keys: Sequence[str], by: Sequence[str]) -> Transform:
    """One row for each key: the greatest in `by`; for tables of any size, of which each row is sent around once.

    `by` has to order the rows of a key fully, or which of several equal ones stays is not promised. Rows without a key are
    those of one key, null. Where few keys are repeated and they fit in memory, `transform.latest_marked` sends only those.
    """

    def transform(df: DataFrame) -> DataFrame:
        order = Window.partitionBy(*cols(keys)).orderBy(*[F.desc_nulls_last(quoted(name)) for name in by])
        return df.withColumn("_rank", F.row_number().over(order)).where("_rank = 1").drop("_rank")

    return transform


def sessions(keys: Sequence[str], time: str, gap: str, name: str = "session") -> Transform:
    """Add the number of the session that a row is in, from 1 for each key: a new one begins after a gap.

    Args:
        keys: whose sessions.
        time: when a row happened; a row without is in none.
        gap: an interval such as `30 minutes`: a row that comes later than that after the one before begins a session.
        name: of the column that is added.
    """

    def transform(df: DataFrame) -> DataFrame:
        order = Window.partitionBy(*cols(keys)).orderBy(F.asc_nulls_first(quoted(time)))
        at = F.col(quoted(time))
        begins = F.lag(at).over(order).isNull() | (at > F.lag(at).over(order) + F.expr(f"INTERVAL {gap}"))
        begun = df.withColumn("_begins", (at.isNotNull() & begins).cast("int"))
        number = F.sum("_begins").over(order.rowsBetween(Window.unboundedPreceding, Window.currentRow))
        return begun.withColumn(name, F.when(at.isNotNull(), number)).drop("_begins")

    return transform


def islands(keys: Sequence[str], day: str) -> Transform:
    """The unbroken runs of days of each key: `first_day`, `last_day` and `days`, one row for a run.

    A day that comes several times counts once; rows without a day are left out.

    Args:
        keys: whose days.
        day: a column of type DATE.
    """

    def transform(df: DataFrame) -> DataFrame:
        days = df.select(*cols(keys), F.col(quoted(day)).alias("_day")).where("_day IS NOT NULL").distinct()
        order = Window.partitionBy(*cols(keys)).orderBy("_day")
        # Within a run, a day and its place differ by the same number.
        runs = days.withColumn("_run", F.date_sub("_day", F.row_number().over(order)))
        return (
            runs.groupBy(*cols(keys), "_run")
            .agg(F.min("_day").alias("first_day"), F.max("_day").alias("last_day"), F.count("*").alias("days"))
            .drop("_run")
        )

    return transform


def gaps(keys: Sequence[str], day: str) -> Transform:
    """The days that are missing between the first and the last of each key: `first_day`, `last_day` and `days` of each gap.

    Args:
        keys: whose days.
        day: a column of type DATE.
    """

    def transform(df: DataFrame) -> DataFrame:
        following = F.lead("first_day").over(Window.partitionBy(*cols(keys)).orderBy("first_day"))
        between: list[Column] = [
            F.date_add("last_day", 1).alias("first_day"),
            F.date_sub("_next", 1).alias("last_day"),
            (F.datediff("_next", "last_day") - 1).alias("days"),
        ]
        runs = df.transform(islands(keys, day)).withColumn("_next", following)
        return runs.where("_next IS NOT NULL").select(*cols(keys), *between)

    return transform


def date_spine(spark: SparkSession, first: date, last: date, name: str = "day") -> DataFrame:
    """One row for each day from `first` to `last`, both among them.

    Raises:
        UsageError: the last day is before the first.
    """
    if last < first:
        raise UsageError(f"{last} is before {first}.", cure="Give the first day first.")
    days = F.sequence(F.lit(first), F.lit(last))
    return spark.range(1).select(F.explode(days).alias(name))


def running(
    keys: Sequence[str], by: str, of: str, name: str, *, how: How = "sum", rows: int = 0, within: str = ""
) -> Transform:
    """Add what is made of a value and those before it, of the same key: a running total, a moving average.

    Without `rows` all rows up to the time of this one count, those of the very same time among them, so that equal times have
    equal totals. With `rows` it is a number of rows, and of those with equal times it is not promised which come first. A row
    without a time has null, and counts for no other.

    Args:
        keys: whose values.
        by: when a row happened.
        of: the value; null counts for nothing.
        name: of the column that is added.
        how: `sum`, `min`, `max`, `avg` or `count`.
        rows: this row and those before it, so many in all.
        within: an interval such as `7 days`: rows that are older than that, seen from this one, do not count; those of just
            that age do. For a column of type DATE or TIMESTAMP.

    Raises:
        UsageError: both `rows` and `within` are given, or fewer than one row; or nothing of that name can be made of values.
    """
    aggregate(how)
    if (rows and within) or rows < 0:
        raise UsageError("A frame is a number of rows, from 1, or an interval.", cure="Give rows=… or within=….")
    beside = ", ".join(map(quoted, keys))
    frame = f"ROWS BETWEEN {rows - 1} PRECEDING AND CURRENT ROW" if rows else _range(within)
    over = f"OVER ({f'PARTITION BY {beside} ' if keys else ''}ORDER BY {quoted(by)} {frame})"

    def transform(df: DataFrame) -> DataFrame:
        # As SQL: a frame of an interval is not to be had of the other window functions.
        timed = f"CASE WHEN {quoted(by)} IS NOT NULL THEN {quoted(of)} END"
        value = F.when(F.col(quoted(by)).isNotNull(), F.expr(f"{how}({timed}) {over}"))
        return df.withColumn(name, value)

    return transform


def aggregate(how: str) -> Callable[[Column], Column]:
    """What makes one value of several.

    Raises:
        UsageError: there is no such way.
    """
    if how not in _AGGREGATES:
        raise UsageError.unknown("way to put values together", how, _AGGREGATES)
    return _AGGREGATES[how]


def _range(within: str) -> str:
    return f"RANGE BETWEEN {f'INTERVAL {within}' if within else 'UNBOUNDED'} PRECEDING AND CURRENT ROW"


def ranked(
    keys: Sequence[str],
    by: Sequence[str],
    *,
    how: Literal["row_number", "rank", "dense_rank"] = "rank",
    name: str = "rank",
    top: int = 0,
) -> Transform:
    """Add the place of a row among those of its key, the greatest in `by` first, nulls last.

    Args:
        keys: among which rows.
        by: what is compared, the first column first.
        how: equal rows share a place, and the next one is as many further (`rank`: 1, 1, 3) or one further (`dense_rank`:
            1, 1, 2); or each has one of its own (`row_number`), and which of them is first is not promised.
        name: of the column that is added.
        top: only places up to this. With `rank` that may be more rows than that, since none of those that share the last one is
            left out; with `dense_rank` still more; with `row_number` just so many.
    """

    def transform(df: DataFrame) -> DataFrame:
        order = Window.partitionBy(*cols(keys)).orderBy(*[F.desc_nulls_last(quoted(one)) for one in by])
        places = {"row_number": F.row_number, "rank": F.rank, "dense_rank": F.dense_rank}
        placed = df.withColumn(name, places[how]().over(order))
        return placed.where(F.col(quoted(name)) <= top) if top else placed

    return transform
