"""Transformations on frames made by hand: ties, nulls, gaps and garbage."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from toolkit.etl.transform import filled_forward, latest_marked, trimmed, typed


def test_trimmed_takes_spaces_away_and_makes_empty_text_null(spark: SparkSession) -> None:
    given = spark.createDataFrame(
        [("  a b ", " WEB "), ("", "   "), (None, None), ("é", "ÄÖ"), (" \t", "\t")], "name STRING, channel STRING"
    )
    found = [tuple(row) for row in given.transform(trimmed("name", lower=["channel"])).collect()]
    assert found == [("a b", "web"), (None, None), (None, None), ("é", "äö"), ("\t", "\t")]


@pytest.mark.parametrize(
    ("to", "text", "value"),
    [
        ("INT", "12", "12"),
        ("INT", " 12 ", "12"),
        ("INT", "12abc", None),
        ("INT", "", None),
        ("INT", "99999999999", None),
        ("INT", None, None),
        ("INT", "1.0", None),
        ("INT", "1.5", None),
        ("INT", "1e2", None),
        ("DOUBLE", "1e999", None),
        ("DOUBLE", "-1e999", None),
        ("DOUBLE", "1e-999", None),
        ("DOUBLE", "0e-999", "0.0"),
        ("DOUBLE", "1d", None),
        ("DOUBLE", "-Infinity", "-Infinity"),
        ("DOUBLE", "NaN", "NaN"),
        ("DOUBLE", " 1.5e3 ", "1500.0"),
        ("FLOAT", "1e39", None),
        ("FLOAT", "1e-50", None),
        ("VARCHAR(3)", "abcd", None),
        ("VARCHAR(3)", "abc", "abc"),
        ("DECIMAL(5,2)", "1.239", None),
        ("DECIMAL(5,2)", "1.2300", "1.23"),
        ("DECIMAL(5,2)", "12345.6", None),
        ("DECIMAL(8,2)", "10.005", None),
        ("DECIMAL(8,2)", "0.004", None),
        ("DECIMAL(8,2)", " +1e2 ", "100.00"),
        ("DECIMAL(8,2)", "1.2345e2", "123.45"),
        ("DECIMAL(8,2)", "1.23456e2", None),
        ("DECIMAL(8,2)", "1e-3", None),
        ("DECIMAL(8,2)", "1e-999", None),
        ("DECIMAL(8,2)", "0e-999", "0.00"),
        ("DECIMAL(8,2)", "1e-99999999999", None),
        ("DECIMAL(8,0)", "1200e-2", "12"),
        ("DECIMAL(8,2)", "-0.00", "0.00"),
        ("DECIMAL(8,2)", ".5", "0.50"),
        ("DECIMAL(8,2)", "5.", "5.00"),
        ("DECIMAL(8,2)", "\u0663", None),
        ("DECIMAL(8,2)", "NaN", None),
        ("DECIMAL(38,18)", "0." + "0" * 40 + "1", None),
        ("DECIMAL(38,18)", "0." + "1" * 18 + "0" * 30, "0." + "1" * 18),
        ("DEC(5,2)", "1.239", None),
        ("NUMERIC(5)", "1.5", None),
        ("DECIMAL(5,2)", "1,5", None),
        ("DATE", "2026-02-28", "2026-02-28"),
        ("DATE", "2026-02-30", None),
        ("DATE", "28.02.2026", None),
        ("DATE", "2026-2-3", "2026-02-03"),
        ("DATE", "2026", None),
        ("DATE", "2026-02", None),
        ("DATE", "2026-02-28 junk", None),
        ("DATE", "2026-02-28 10:00:00", None),
        ("DATE", "2026-02-28T00:00:00.000", "2026-02-28"),
        ("DATE", "+20224-02-06", None),
        ("DATE", "20224-02-06", None),
        ("DATE", "0000-01-01", None),
        ("DATE", "9999-12-31", "9999-12-31"),
        ("TIMESTAMP", "10:00", None),
        ("TIMESTAMP", "20224-02-06 10:00", None),
        ("TIMESTAMP", "2026-03-01 10:15:00.1234567", None),
        ("TIMESTAMP", "2026-03-01 10:15:00.1234560", "2026-03-01 10:15:00.123456"),
        ("TIMESTAMP", "2026-03-01T10:15:00+02:00", "2026-03-01 08:15:00"),
        ("TIMESTAMP", "2026-03-01 10:15:00 Europe/Berlin", "2026-03-01 09:15:00"),
        ("TIMESTAMP", "2026-03-01", "2026-03-01 00:00:00"),
        ("TIMESTAMP_NTZ", "2026-03-01T10:15:00+02:00", None),
        ("TIMESTAMP_NTZ", "2026-03-01T10:15:00", "2026-03-01 10:15:00"),
        ("TIMESTAMP", "2026-03-01T10:15:00Z", "2026-03-01 10:15:00"),
        ("TIMESTAMP", "yesterday-ish", None),
        ("BOOLEAN", "true", "true"),
        ("BOOLEAN", "maybe", None),
    ],
)
def test_typed_gives_types_and_nulls_for_garbage(
    spark: SparkSession, to: str, text: str | None, value: str | None
) -> None:
    found = spark.createDataFrame([(text,)], "c STRING").transform(typed(c=to))
    stored = {"dec(5,2)": "decimal(5,2)", "numeric(5)": "decimal(5,0)", "varchar(3)": "string"}
    assert found.dtypes == [("c", stored.get(to.lower(), to.lower()))]
    (row,) = found.select(F.col("c").cast("string")).collect()
    assert row["c"] == value


@pytest.mark.parametrize(
    ("given", "to", "value"),
    [
        ("CAST(1.5 AS DOUBLE)", "INT", None),
        ("CAST(2 AS DOUBLE)", "INT", "2"),
        ("CAST(10.005 AS DECIMAL(8,3))", "DECIMAL(8,2)", None),
        ("CAST(10.500 AS DECIMAL(8,3))", "DECIMAL(8,2)", "10.50"),
        ("CAST(300 AS INT)", "TINYINT", None),
        ("TIMESTAMP '2026-03-01 10:00:00'", "DATE", None),
        ("TIMESTAMP '2026-03-01 00:00:00'", "DATE", "2026-03-01"),
        ("CAST(NULL AS INT)", "BIGINT", None),
        ("CAST('NaN' AS DOUBLE)", "FLOAT", "NaN"),
        ("12", "STRING", "12"),
    ],
)
def test_typed_changes_no_value_that_has_a_type_already(
    spark: SparkSession, given: str, to: str, value: str | None
) -> None:
    found = spark.range(1).selectExpr(f"{given} AS c").transform(typed(c=to))
    (row,) = found.select(F.col("c").cast("string")).collect()
    assert row["c"] == value


# the latest row of each key

ROWS = "id STRING, at INT, _row INT"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([("a", 1, 0), ("a", 2, 1)], [False, True]),
        ([("a", 2, 0), ("a", 1, 1)], [True, False]),
        ([("a", 1, 0), ("a", 1, 1), ("a", 1, 2)], [False, False, True]),
        ([("a", None, 5), ("a", 1, 0)], [False, True]),
        ([("a", None, 0), ("a", None, 1)], [False, True]),
        ([(None, 1, 0), (None, 2, 1)], [True, True]),
        ([("a", 1, 0), ("A", 2, 1), ("", 3, 2), ("b", 1, 3)], [True, True, True, True]),
        ([("a", 1, 0), ("a", 1, 0)], [True, True]),
        ([], []),
    ],
    ids=[
        "newer last",
        "newer first",
        "tie",
        "null is oldest",
        "all null",
        "no key",
        "other keys",
        "equal in all",
        "empty",
    ],
)
def test_the_latest_row_of_a_key_is_marked(spark: SparkSession, given: list[Any], expected: list[bool]) -> None:
    found = spark.createDataFrame([(*row, i) for i, row in enumerate(given)], f"{ROWS}, n INT").transform(
        latest_marked("id", "at", "_row")
    )
    assert found.columns == ["id", "at", "_row", "n", "_is_latest"]
    assert [row["_is_latest"] for row in found.orderBy("n").collect()] == expected


def test_no_row_is_lost_or_doubled_by_marking(spark: SparkSession) -> None:
    given = spark.range(1000).selectExpr("CAST(id % 300 AS STRING) AS id", "id % 7 AS at", "id AS _row")
    found = given.transform(latest_marked("id", "at", "_row"))
    assert (found.count(), found.where("_is_latest").count()) == (1000, 300)


# days between

RATES = "currency STRING, day DATE, rate INT"


def rate(currency: str | None, day: int | None, value: int) -> tuple[Any, ...]:
    return (currency, None if day is None else date(2026, 3, day), value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            [rate("USD", 1, 10), rate("USD", 4, 40)],
            [("USD", d, 10) for d in (1, 2, 3)] + [("USD", d, 40) for d in (4, 5)],
        ),
        ([rate("USD", 5, 50)], [("USD", 5, 50)]),
        ([rate("USD", 9, 90)], [("USD", 9, 90)]),
        ([rate("A", 4, 1), rate("B", 5, 2)], [("A", 4, 1), ("A", 5, 1), ("B", 5, 2)]),
        ([rate("USD", None, 1), rate("USD", 5, 2)], [("USD", 5, 2)]),
        ([rate(None, 5, 1)], [(None, 5, 1)]),
        ([], []),
    ],
    ids=["gap", "one", "after the end", "two keys", "no date", "no key", "empty"],
)
def test_each_row_holds_until_the_next(spark: SparkSession, given: list[Any], expected: list[Any]) -> None:
    until = F.lit(date(2026, 3, 5))
    found = spark.createDataFrame(given, RATES).transform(filled_forward("currency", "day", until)).collect()
    assert sorted((str(r["currency"]), r["day"].day, r["rate"]) for r in found) == [
        (str(c), d, v) for c, d, v in expected
    ]


def test_two_rows_of_one_day_leave_one_row_a_day(spark: SparkSession) -> None:
    given = [rate("USD", 1, 10), rate("USD", 3, 30), rate("USD", 3, 31)]
    found = (
        spark.createDataFrame(given, RATES)
        .transform(filled_forward("currency", "day", F.lit(date(2026, 3, 4))))
        .collect()
    )
    assert sorted(r["day"].day for r in found) == [1, 2, 3, 4]
