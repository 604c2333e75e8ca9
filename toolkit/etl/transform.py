"""Transformations: `DataFrame` in, `DataFrame` out, nothing read, written or counted.

Each returns a function for `DataFrame.transform`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from toolkit import casts

Transform = Callable[[DataFrame], DataFrame]


def trimmed(*columns: str, lower: Sequence[str] = ()) -> Transform:
    """Text without spaces around it; those in `lower` in small letters; empty text becomes null."""

    def transform(df: DataFrame) -> DataFrame:
        tidy = {name: F.nullif(F.trim(F.col(name)), F.lit("")) for name in (*columns, *lower)}
        return df.withColumns({**tidy, **{name: F.lower(tidy[name]) for name in lower}})

    return transform


def typed(**types: str) -> Transform:
    """Values of the given types; what the type does not hold without change becomes null, for a rule to find.

    Text is read as `casts.exactly` says: `10.005` is no `DECIMAL(8,2)`, and `2026-02-28 10:00` no `DATE`. A value of
    another type has to come back as it was when it is cast back.
    """

    def transform(df: DataFrame) -> DataFrame:
        given = {name.lower(): type_ for name, type_ in df.dtypes}
        # A name that is not there is for Spark to refuse.
        old = {name: given.get(name.lower(), "string") for name in types}
        return df.withColumns({name: casts.unchanged(F.col(name), old[name], to) for name, to in types.items()})

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
