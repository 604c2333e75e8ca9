"""Joins that equality of columns does not say: the row that was in force at a time, and rows within an interval.

Each returns a function for `DataFrame.transform`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import UsageError

Transform = Callable[[DataFrame], DataFrame]
_SIDE, _TIME, _LEFT, _RIGHT = "_side", "_time", "_left", "_right"


def as_of(
    right: DataFrame,
    *,
    keys: Sequence[str],
    left_time: str,
    right_time: str,
    within: str = "",
    before: bool = False,
) -> Transform:
    """Beside each row the newest row of `right` that is not younger, of the same key; nulls where there is none.

    No row is lost or repeated. Each side is sorted once by key and time, so the price does not depend on how many rows of
    `right` are older. Of several rows of `right` with one key and time, one is taken; which one is not promised.

    Args:
        right: what was in force: prices, rates, segments. Rows without a key or time are never taken.
        keys: columns of both.
        left_time: when something happened.
        right_time: since when a row is in force; of the same type.
        within: an interval such as `2 days`: what is older is not taken.
        before: a row of the very same time is not taken.

    Raises:
        UsageError: columns beside the keys have the same name on both sides.
    """
    values = [name for name in right.columns if name not in keys]

    def transform(df: DataFrame) -> DataFrame:
        _refuse_common(df, values)
        usable = right.dropna(subset=[*keys, right_time])
        null = F.lit(None)
        left_rows = df.select(
            *cols(keys),
            F.col(quoted(left_time)).alias(_TIME),
            F.lit(0 if before else 1).alias(_SIDE),
            F.struct(*cols(df.columns)).alias(_LEFT),
            null.cast(usable.select(F.struct(*cols(values))).schema[0].dataType).alias(_RIGHT),
        )
        right_rows = usable.select(
            *cols(keys),
            F.col(quoted(right_time)).alias(_TIME),
            F.lit(1 if before else 0).alias(_SIDE),
            null.cast(df.select(F.struct(*cols(df.columns))).schema[0].dataType).alias(_LEFT),
            F.struct(*cols(values)).alias(_RIGHT),
        )
        order = Window.partitionBy(*cols(keys)).orderBy(F.asc_nulls_first(_TIME), _SIDE)
        so_far = order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
        both = left_rows.unionByName(right_rows).withColumn(_RIGHT, F.last(_RIGHT, ignorenulls=True).over(so_far))
        if within:
            age = F.col(_TIME) - F.expr(f"INTERVAL {within}")
            both = both.withColumn(_RIGHT, F.when(F.col(_RIGHT)[right_time] >= age, F.col(_RIGHT)))
        rows = both.where(F.col(_LEFT).isNotNull())
        return rows.select(f"{_LEFT}.*", *[F.col(_RIGHT)[name].alias(name) for name in values])

    return transform


def within(right: DataFrame, *, keys: Sequence[str], time: str, start: str, end: str, how: str = "left") -> Transform:
    """Beside each row those of `right` in whose interval its time lies: from `start` up to, and without, `end`.

    A row of which several intervals hold is repeated; `how="inner"` drops those of which none does. An `end` of null lasts.
    All intervals of a key are looked at for each of its rows: where they do not overlap, `as_of` is quicker.

    Args:
        right: the intervals, such as those of a history: `_start_at`, `_end_at`.
        keys: columns of both.
        time: of the rows.
        start: of the intervals.
        end: of the intervals.
        how: `left` or `inner`.

    Raises:
        UsageError: columns beside the keys have the same name on both sides.
    """

    def transform(df: DataFrame) -> DataFrame:
        _refuse_common(df, [name for name in right.columns if name not in keys])
        left_rows, intervals = df.alias("l"), right.alias("r")
        matches = F.lit(True)
        for name in keys:
            matches = matches & (F.col(f"l.{quoted(name)}") == F.col(f"r.{quoted(name)}"))
        at = F.col(f"l.{quoted(time)}")
        begun = F.col(f"r.{quoted(start)}") <= at
        lasts = F.col(f"r.{quoted(end)}").isNull() | (at < F.col(f"r.{quoted(end)}"))
        others = [F.col(f"r.{quoted(name)}") for name in right.columns if name not in keys]
        return left_rows.join(intervals, matches & begun & lasts, how).select("l.*", *others)

    return transform


def _refuse_common(df: DataFrame, names: Sequence[str]) -> None:
    if common := [name for name in names if name in df.columns]:
        raise UsageError(
            f"Both sides have a column {common[0]}.", cure="Rename one of them, or leave it out, before the join."
        )
