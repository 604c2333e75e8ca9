"""The floor: the bad rows of the 24 rules counted in one pass as one would write it by hand, and an unchecked write."""

from __future__ import annotations

from by_hand import bad_rows
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from shared import Counts, Order, clear, tell, timed, write


def counted(df: DataFrame) -> Counts:
    """The one aggregate."""
    row = df.agg(*[F.count_if(bad).alias(rule) for rule, bad in bad_rows().items()]).first()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    return row.asDict()


def main() -> None:
    """Count, and if there is a place for it, write unchecked."""
    order = Order.read()
    spark = order.spark()
    df = spark.read.parquet(order.flights)
    seconds, counts = timed(lambda: counted(df), order.repeat)
    unchecked: list[float] = []
    if order.scratch:
        scratch = order.scratch
        unchecked, _ = timed(lambda: write(df, scratch, "unchecked"), order.repeat, lambda: clear(scratch))
    tell(version=spark.version, seconds=seconds, counts=counts, unchecked_seconds=unchecked)
    spark.stop()


if __name__ == "__main__":
    main()
