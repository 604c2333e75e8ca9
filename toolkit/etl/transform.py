"""Transformations: `DataFrame` in, `DataFrame` out, nothing read, written or counted.

Each returns a function for `DataFrame.transform`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

Transform = Callable[[DataFrame], DataFrame]


def trimmed(*columns: str, lower: Sequence[str] = ()) -> Transform:
    """Text without spaces around it; those in `lower` in small letters; empty text becomes null."""

    def transform(df: DataFrame) -> DataFrame:
        tidy = {name: F.nullif(F.trim(F.col(name)), F.lit("")) for name in (*columns, *lower)}
        return df.withColumns({**tidy, **{name: F.lower(tidy[name]) for name in lower}})

    return transform


def typed(**types: str) -> Transform:
    """Text cast to the given types; what cannot be cast becomes null, for a rule to find."""

    def transform(df: DataFrame) -> DataFrame:
        return df.withColumns({name: F.col(name).try_cast(to) for name, to in types.items()})

    return transform


def latest_marked(key: str, *by: str) -> Transform:
    """Add `_is_latest`: false for a row whose `key` has a row that is greater in `by`.

    Rows without a key are all latest. `by` has to order the rows of a key fully: end it with `_row`. Only keys that occur
    twice are sent around, so a table without duplicates is not shuffled; they have to fit in memory.
    """

    def transform(df: DataFrame) -> DataFrame:
        order = F.struct(*by)
        newest = (
            df.where(F.col(key).isNotNull())
            .groupBy(F.col(key).alias("_key"))
            .agg(F.max(order).alias("_newest"), F.count("*").alias("_rows"))
            .where("_rows > 1")
            .select("_key", "_newest")
        )
        joined = df.join(F.broadcast(newest), F.col(key) == F.col("_key"), "left")
        superseded = F.col("_newest").isNotNull() & (order < F.col("_newest"))
        return joined.withColumn("_is_latest", ~superseded).drop("_key", "_newest")

    return transform


def filled_forward(key: str, date: str, until: Column) -> Transform:
    """One row per `key` and day: each row holds from its `date` until the next row of its key, the last to `until`.

    Of several rows of one key and day one stays; which one is not promised. Rows without a date are left out.
    """

    def transform(df: DataFrame) -> DataFrame:
        following = F.lead(date).over(Window.partitionBy(key).orderBy(date))
        last_day = F.coalesce(F.date_sub(following, 1), F.greatest(until, F.col(date)))
        lasting = df.withColumn("_last_day", last_day).where(F.col(date) <= F.col("_last_day"))
        return lasting.withColumn(date, F.explode(F.sequence(F.col(date), F.col("_last_day")))).drop("_last_day")

    return transform
