"""The same condition counts the same rows without a JVM and in Spark, and the same values are read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from toolkit.store.reader import DeltaReader

CONDITIONS = (
    *(
        "a = 8.89",
        "a IN (8.89, 1.1)",
        "a BETWEEN 1.1 AND 8.89",
        "a >= 8.89",
        "a * 1.1 = 9.779",
        "-a = -8.89",
        "a % 1.5 = 0",
    ),
    *("d = 8.89", "d IN (8.89, 1.1)", "d BETWEEN 1.1 AND 8.89", "d NOT IN (8.89)", "d * 1.1 > 9.779", "d = -0.0"),
    *("f = 8.89", "f = CAST(8.89 AS FLOAT)", "a = d", "d = a", "a = f", "a < d + 0.005", "NOT (d <= 0.5 OR a = 8.89)"),
    *(
        "a > 1e-8",
        "a = 8.89e0",
        "a = 889e-2",
        "a < 1e40",
        "d < 1e300",
        "d > 1e-300",
        "a > 123456789012345678901234567890.12",
    ),
    *("i > 8.5", "i = 8.0", "i * 0.1 = 0.8", "i / 3 = 1", "i / 2.0 = 1.5", "a / 3.0 > 1.1", "i / 2 / 2 = 0.75"),
    *(
        "a = '8.89'",
        "a = '8.894'",
        "s = 8.89",
        "s = 8.9",
        "round(a, 1) = 8.9",
        "round(d, 1) = 8.9",
        "abs(a - 8.89) < 0.001",
    ),
    *("coalesce(a, 0.0) = 8.89", "coalesce(d, 0.5) = 8.89", "nullif(d, 8.89) IS NULL", "greatest(d, 1.5) = 1.5"),
    *("CASE WHEN d > 1.5 THEN d ELSE 0.25 END = 1.6", "CASE d WHEN 8.89 THEN true ELSE false END"),
    *("d = (SELECT max(d) FROM t WHERE d < 8.895)", "s BETWEEN 1.5 AND 1.75"),
)
TIMES = (
    *("2024-01-05 10:00:00", "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00", "2262-04-12 00:00:00"),
    *("1600-01-01 00:00:00", "2024-01-05 10:00:00.123456", "1969-12-31 23:59:59.5"),
)
OF_TIMES = (
    *(
        "at >= '9999-01-01'",
        "at = '9999-12-31 23:59:59.999999'",
        "at < '9999-12-31'",
        "at < '1900-01-01'",
        "at > now()",
    ),
    *("at > TIMESTAMP '9999-01-01'", "at > CAST('9999-01-01' AS TIMESTAMP)", "at > DATE '9999-01-01'", "day < at"),
    *("at BETWEEN '0001-01-01' AND '1677-01-01'", "at IN ('1600-01-01', '2262-04-12')", "day >= '9999-12-31'"),
    *(
        "at > '2024-01-05 10:00:00.1234' AND at < '2025-01-01'",
        "CAST(at AS DATE) = day",
        "at = '2024-01-05 11:00:00+01:00'",
    ),
)


@pytest.fixture
def numbers(spark: SparkSession, tmp_path: Path) -> tuple[DataFrame, DeltaReader]:
    """0.00 to 9.99 as decimals, doubles, floats and text."""
    path = tmp_path / "t"
    df = spark.range(1000).selectExpr(
        "id AS i",
        "CAST(id / 100 AS DECIMAL(10, 2)) AS a",
        "id / CAST(100 AS DOUBLE) AS d",
        "CAST(id / CAST(100 AS DOUBLE) AS FLOAT) AS f",
        "CAST(CAST(id / 100 AS DECIMAL(10, 2)) AS STRING) AS s",
    )
    df.coalesce(1).write.format("delta").save(str(path))
    return spark.read.format("delta").load(str(path)), DeltaReader(path, "silver.numbers")


def test_a_condition_on_numbers_counts_the_same_as_in_spark(numbers: tuple[DataFrame, DeltaReader]) -> None:
    df, reader = numbers
    df.createOrReplaceTempView("t")
    counted = df.selectExpr(*(f"count_if({where}) AS c{i}" for i, where in enumerate(CONDITIONS))).first()
    assert counted is not None
    assert {where: reader.count(where) for where in CONDITIONS} == dict(zip(CONDITIONS, counted, strict=True))


@pytest.mark.parametrize("kind", ["INT96", "TIMESTAMP_MICROS"])
def test_times_of_any_year_are_read_and_compared_as_in_spark(spark: SparkSession, tmp_path: Path, kind: str) -> None:
    path, before = str(tmp_path / "t"), spark.conf.get("spark.sql.parquet.outputTimestampType")
    spark.conf.set("spark.sql.parquet.outputTimestampType", kind)
    try:
        rows = [(i, text, text[:10]) for i, text in enumerate(TIMES)]
        df = spark.createDataFrame(rows, "id INT, at STRING, day STRING")
        df = df.selectExpr("id", "CAST(at AS TIMESTAMP) AS at", "CAST(day AS DATE) AS day")
        # A file each, so that a filter that skips files by their statistics has some to skip.
        df.repartition(len(TIMES), "id").write.format("delta").save(path)
    finally:
        spark.conf.set("spark.sql.parquet.outputTimestampType", before)
    reader, stored = DeltaReader(tmp_path / "t", "silver.t"), spark.read.format("delta").load(path)
    expected = [datetime.fromisoformat(f"{text}00000" if text.endswith(".5") else text) for text in TIMES]
    assert [row[1] for row in reader.page(order_by="id").rows] == [at.replace(tzinfo=UTC) for at in expected]
    found = stored.selectExpr(
        *(f"array_sort(collect_list(id) FILTER (WHERE {w})) AS c{i}" for i, w in enumerate(OF_TIMES))
    )
    by_spark = dict(zip(OF_TIMES, found.first() or (), strict=True))
    assert {w: [row[0] for row in reader.page(where=w, order_by="id").rows] for w in OF_TIMES} == by_spark


def test_our_session_writes_times_of_64_bits(spark: SparkSession, tmp_path: Path) -> None:
    spark.sql("SELECT TIMESTAMP'9999-12-31 23:59:59' AS at").coalesce(1).write.format("delta").save(str(tmp_path / "t"))
    (file,) = (tmp_path / "t").glob("*.parquet")
    assert pq.ParquetFile(file).schema.column(0).physical_type == "INT64"


def test_values_past_the_years_of_python_are_text_as_spark_casts_them(spark: SparkSession, tmp_path: Path) -> None:
    texts = ["+20224-02-06", "-0044-03-15", "0000-01-01", "2024-02-06"]
    df = spark.createDataFrame([(i, text) for i, text in enumerate(texts)], "id INT, text STRING")
    df.selectExpr("id", "CAST(text AS DATE) AS day").write.format("delta").save(str(tmp_path / "t"))
    reader = DeltaReader(tmp_path / "t", "silver.t")
    shown = [str(row[1]) for row in reader.page(order_by="id").rows]
    assert shown == [text.lstrip("+") for text in texts]
    stored = spark.read.format("delta").load(str(tmp_path / "t"))
    assert reader.count("day = '20224-02-06'") == stored.where("day = '+20224-02-06'").count() == 1
