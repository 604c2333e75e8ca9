"""Profiling 60 columns: at most twice one `summary()` of the same table."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ratios import Choices, NotComparable, Ratio, alternated, median, timed
from toolkit import session
from toolkit.quality.profiling import profile
from toolkit.settings import current

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ROWS = 500_000
REPEAT = 3
COLUMNS = 60
MOST = 2.0


def measure(choices: Choices) -> Iterator[Ratio]:
    """Profile and summarise in turns, `REPEAT` times each, in one session, after one unmeasured turn."""
    rows = choices.rows or ROWS
    with tempfile.TemporaryDirectory(prefix="bench-profile-") as scratch:
        spark = session.start(current(), name="bench-profile", log=Path(scratch) / "spark.txt")
        try:
            choices.tell(f"  writing {rows:,} rows of {COLUMNS} columns")
            table = written(spark, Path(scratch) / "wide", rows)
            sides = {"ours": timed(lambda: ours(table, rows)), "summary": timed(lambda: summarised(table))}
            alternated(sides, 1, choices.tell)
            found = alternated(sides, choices.repeat or REPEAT, choices.tell)
        finally:
            session.stop(spark)
    yield Ratio(
        f"{rows:,} rows of {COLUMNS} columns",
        median(found["ours"]),
        median(found["summary"]),
        MOST,
        "s",
        "`profile(df)` of a Parquet folder with numbers, decimals, texts, dates, times and booleans; medians of "
        f"{len(found['ours'])}; floor: `df.summary().collect()`, which looks at numbers and texts only.",
    )


def ours(table: DataFrame, rows: int) -> None:
    """The whole profile."""
    found = profile(table)
    if (found.rows, len(found.columns)) != (rows, COLUMNS):
        raise NotComparable(f"the profile has {found.rows} rows and {len(found.columns)} columns")


def summarised(table: DataFrame) -> None:
    """Spark's own summary: count, mean, stddev, min, quartiles and max."""
    table.summary().collect()


def written(spark: SparkSession, folder: Path, rows: int) -> DataFrame:
    """The table, read back from files, so that making it is not measured."""
    spark.range(0, rows, 1, 4).select(*columns()).write.parquet(str(folder))
    return spark.read.parquet(str(folder))


def columns() -> list[Column]:
    """A key, 20 whole numbers, 10 fractions with nulls, 5 decimals, 8 categories, 6 codes, 4 dates, 3 times, 3 booleans."""
    from pyspark.sql import functions as F

    states = F.array(*[F.lit(state) for state in ("placed", "shipped", "delivered", "cancelled")])

    def upto(most: float, seed: int) -> Column:
        return F.floor(F.rand(seed) * most)

    return [
        F.col("id").alias("key"),
        *[upto(10 ** (1 + i % 6), i).cast("int" if i % 2 else "long").alias(f"whole_{i}") for i in range(20)],
        *[F.when(F.rand(100 + i) > 0.1, F.randn(200 + i) * 100).alias(f"fraction_{i}") for i in range(10)],
        *[(F.rand(300 + i) * 10_000).cast("decimal(12,2)").alias(f"money_{i}") for i in range(5)],
        *[F.element_at(states, (upto(4, 400 + i) + 1).cast("int")).alias(f"state_{i}") for i in range(8)],
        *[F.concat(F.lit("AB-"), upto(100_000, 500 + i).cast("string")).alias(f"code_{i}") for i in range(6)],
        *[
            F.date_add(F.lit("2024-01-01").cast("date"), upto(700, 600 + i).cast("int")).alias(f"day_{i}")
            for i in range(4)
        ],
        *[F.timestamp_seconds(upto(1e7, 700 + i) + 1_700_000_000).alias(f"time_{i}") for i in range(3)],
        *[(F.rand(800 + i) > 0.3).alias(f"flag_{i}") for i in range(3)],
    ]
