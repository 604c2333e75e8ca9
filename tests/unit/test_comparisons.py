"""Conditions mean here what they mean to Spark: numbers with a point, doubles, text and times that meet in a comparison."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.unit.delta_tables import written_by_spark
from toolkit.comparisons import as_spark, doubtful
from toolkit.errors import UsageError
from toolkit.store.reader import DeltaReader

TYPES = {
    "a": "Decimal128(10, 2)",
    "d": "Float64",
    "i": "Int64",
    "s": "Utf8View",
    "at": 'Timestamp(µs, "UTC")',
    "naive": "Timestamp(µs)",
    "day": "Date32",
    "`d`": "Float64",
    "now()": "Timestamp(ns)",
    "a * 1.1": "Decimal128(13, 3)",
    "coalesce(d, CAST(0.5 AS DOUBLE))": "Float64",
}
MICROS = "'Timestamp(Microsecond, Some(\"UTC\"))'"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("a = 8.89", "a = 8.89"),
        ("d = 8.89", "d = CAST(8.89 AS DOUBLE)"),
        ("8.89=d", "CAST(8.89 AS DOUBLE)=d"),
        ("d > 1e-8", "d > CAST('1e-8' AS DOUBLE)"),
        ("a < 1E3", "CAST(a AS DOUBLE) < CAST('1E3' AS DOUBLE)"),
        ("a = d", "CAST(a AS DOUBLE) = d"),
        ("a * 1.1 > d", "CAST(a * 1.1 AS DOUBLE) > d"),
        ("d IN (1, 8.89, 2.5)", "d IN (1, CAST(8.89 AS DOUBLE), CAST(2.5 AS DOUBLE))"),
        ("d NOT IN (8.89)", "d NOT IN (CAST(8.89 AS DOUBLE))"),
        ("d BETWEEN 0.5 AND 8.89", "d BETWEEN CAST(0.5 AS DOUBLE) AND CAST(8.89 AS DOUBLE)"),
        ("i > 1 AND d NOT BETWEEN 0.5 AND 2", "i > 1 AND d NOT BETWEEN CAST(0.5 AS DOUBLE) AND 2"),
        ("d IS NOT DISTINCT FROM 0.5", "d IS NOT DISTINCT FROM CAST(0.5 AS DOUBLE)"),
        ("coalesce(d, 0.5) = 8.89", "coalesce(d, CAST(0.5 AS DOUBLE)) = CAST(8.89 AS DOUBLE)"),
        ("CASE WHEN i > 1 THEN d ELSE 0.5 END > 0", "CASE WHEN i > 1 THEN d ELSE CAST(0.5 AS DOUBLE) END > 0"),
        ("CASE d WHEN 0.5 THEN 1 END = 1", "CASE d WHEN CAST(0.5 AS DOUBLE) THEN 1 END = 1"),
        ("a = '8.894'", "CAST(a AS DOUBLE) = '8.894'"),
        ("s = 8.9", "s = CAST(8.9 AS DOUBLE)"),
        ("NOT (i = 2 OR d = 0.5)", "NOT (i = 2 OR d = CAST(0.5 AS DOUBLE))"),
        ("d = 0.5 -- half", "d = CAST(0.5 AS DOUBLE) -- half"),
        ("at >= '9999-01-01'", f"at >= arrow_cast('9999-01-01', {MICROS})"),
        ("naive < '1600-01-01'", "naive < arrow_cast('1600-01-01', 'Timestamp(Microsecond, None)')"),
        ("at > day", "at > CAST(day AS TIMESTAMP(6))"),
        ("at > now()", "at > CAST(now() AS TIMESTAMP(6))"),
        ("x > TIMESTAMP '9999-01-01'", "x > TIMESTAMP(6) '9999-01-01'"),
        ("x > CAST(s AS timestamp)", "x > CAST(s AS TIMESTAMP(6))"),
        ("x > s::timestamp", "x > s::TIMESTAMP(6)"),
        ("day = '20224-02-06'", "day = '+20224-02-06'"),
        ("i IN (SELECT i FROM t WHERE d = 0.5)", "i IN (SELECT i FROM t WHERE d = CAST(0.5 AS DOUBLE))"),
        ("`d` = .5", "`d` = CAST(.5 AS DOUBLE)"),
        ("d = -- much\n 1e3", "d = -- much\n CAST('1e3' AS DOUBLE)"),
        ("a < +1e3", "CAST(a AS DOUBLE) < CAST('+1e3' AS DOUBLE)"),
        ("i = 1.e3", "i = CAST('1.e3' AS DOUBLE)"),
        ("nvl(d, 0.5)", "nvl(d, CAST(0.5 AS DOUBLE))"),
        ("SELECT 1.e3", "SELECT CAST('1.e3' AS DOUBLE)"),
        ("d IS DISTINCT--\nFROM 0.5", "d IS DISTINCT--\nFROM CAST(0.5 AS DOUBLE)"),
        ("d = .5e3", "d = CAST('.5e3' AS DOUBLE)"),
        ("d = 0.5 IS NOT TRUE", "d = CAST(0.5 AS DOUBLE) IS NOT TRUE"),
        ("a/* of */ =\t/* it */ d", "CAST(a AS DOUBLE)/* of */ =\t/* it */ d"),
        ("CAST(at AS\nTIMESTAMP WITH TIME ZONE) = at", "CAST(at AS\nTIMESTAMP(6) WITH TIME ZONE) = at"),
        ("SELECT i FROM t WHERE d = 0.5", "SELECT i FROM t WHERE d = CAST(0.5 AS DOUBLE)"),
    ],
)
def test_sides_of_two_kinds_get_casts(typed: str, expected: str) -> None:
    assert as_spark(typed, lambda expression: TYPES.get(expression, "")) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "i > 5",
        "s = 'd = 0.5'",
        "s = 'it''s' AND \"d = 0.5\" = 1",
        "i = 1 -- d = 0.5",
        "/* d = 0.5 */ i = 1",
        "timestamp > 5",
        "d LIKE 'x'",
        "unknown = 0.5",
        # another scope: what is called d there may be anything
        "i IN (SELECT o.d FROM others AS o WHERE d = 0.5)",
        "SELECT d FROM other.t WHERE d = 0.5",
        "SELECT d FROM t JOIN t AS u ON t.i = u.i WHERE d = 0.5",
        "WITH u AS (SELECT s AS d FROM t) SELECT * FROM u WHERE d = 0.5",
        # not to be taken apart for certain
        "s = E'it\\'s d' AND d = 0.5",
        "/* a /* b */ d = 0.5 */ i = 1",
        "d = 0.5) OR (1 = 1",
        "(d = 0.5",
        "d = 0.5 END",
        "CASE d = 0.5",
        "d = 0.5 ; SELECT 1",
        "WITH t AS (SELECT s AS d FROM others) SELECT * FROM t WHERE d IN (SELECT d FROM t WHERE d = 0.5)",
        "d = $1 OR d = 0.5",
        "x = X'0a' AND d = 0.5",
        "x = CAST(x AS TIMESTAMP(3))",
        "x = CAST(s AS TIMESTAMPTZ) OR timestamp = i",
        "a > 1 AND b IS NOT NULL",
        "d = 'open",
        "💥",
    ],
)
def test_what_needs_no_cast_or_is_not_certain_stays_as_it_was_typed(typed: str) -> None:
    assert as_spark(typed, lambda expression: TYPES.get(expression, "")) == typed


@pytest.fixture
def numbers(tmp_path: Path) -> DeltaReader:
    """0.00 to 9.99 as decimals, doubles and text."""
    cents = range(1000)
    exact = pa.array([Decimal(n) / 100 for n in cents], pa.decimal128(10, 2))
    rows = {"i": list(cents), "a": exact, "d": [n / 100 for n in cents], "s": [f"{n / 100:.2f}" for n in cents]}
    write_deltalake(tmp_path / "t", pa.table(rows))
    return DeltaReader(tmp_path / "t", "silver.t")


def test_every_price_is_found_by_the_number_that_it_is(numbers: DeltaReader) -> None:
    listed = ", ".join(f"{n / 100:.2f}" for n in range(1000))
    for column in ("a", "d"):
        assert numbers.count(f"{column} IN ({listed})") == 1000
    for n in (7, 110, 889, 999):
        assert [numbers.count(f"{column} = {n / 100}") for column in ("a", "d", "s")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("a * 1.1 = 9.779", 1),
        ("a = 8.89e0", 1),
        ("a = d", 1000),
        ("a < 1e40 AND d < 1e300", 1000),
        ("d > 1e-300", 999),
        ("round(a, 1) = 8.9", 10),
        ("coalesce(d, 0.5) = 8.89", 1),
        ("a = 8.8900000000000000000000000000000000", 1),
        ("a > 123456789012345678901234567890.12", 0),
        ("a = '8.894'", 0),
        ("i / 3 = 1", 1),
        ("i / 2 / 2 = 0.75", 1),
        ("1 + i * 2 / 4 - 1 = 1.5", 1),
        ("a / 2 = 4.445", 1),
        ("`d` = 8.89", 1),
        ("a = '8.894' IS TRUE", 0),
        ("(i + 1) / (2) = 1.5", 1),
        ("5 / 2 = 2.5", 1000),
    ],
)
def test_a_comparison_counts_what_is_so(numbers: DeltaReader, where: str, expected: int) -> None:
    assert numbers.count(where) == len(numbers.page(where=where, limit=2000).rows) == expected
    assert numbers.sql(f"SELECT count(*) FROM t WHERE {where}").rows == [(expected,)]
    # What was rewritten may be part of a larger query, which is rewritten again.
    assert numbers.sql(f"SELECT count(*) FROM t{numbers.condition(where)}").rows == [(expected,)]


def test_a_double_that_still_meets_a_decimal_is_refused_in_one_line(numbers: DeltaReader) -> None:
    for where in ("d IN (SELECT a FROM t)", "EXISTS (SELECT 1 FROM t AS u WHERE u.d = 8.89)", "[d, 0.5][1] = 8.89"):
        with pytest.raises(UsageError, match="a double and a decimal meet") as refused:
            numbers.count(where)
        assert "CAST(… AS DOUBLE)" in refused.value.cure
    with pytest.raises(UsageError, match="a double and a decimal meet"):
        numbers.sql("SELECT count(*) FROM t JOIN t AS u ON t.i = u.i WHERE u.d = 8.89")
    assert numbers.count("CAST(d AS DECIMAL(10, 2)) = 8.89") == 1


LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
TIMES = [
    datetime(2024, 1, 5, 10, tzinfo=UTC),
    LAST,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(2262, 4, 12, tzinfo=UTC),
    datetime(1600, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 5, 10, 0, 0, 123_456, tzinfo=UTC),
    None,
]


@pytest.fixture(params=["96 bits", "64 bits"])
def times(request: pytest.FixtureRequest, tmp_path: Path) -> DeltaReader:
    """The same times as Spark wrote them of old, and as everybody does; statistics as Spark's are, cut to milliseconds."""
    rows = pa.table({"id": range(len(TIMES)), "at": pa.array(TIMES, pa.timestamp("us", "UTC")), "day": TIMES_DAYS})
    if request.param == "64 bits":
        write_deltalake(tmp_path / "t", rows)
    else:
        ends = {"minValues": {"at": "0001-01-01T00:00:00.000Z"}, "maxValues": {"at": "9999-12-31T23:59:59.000Z"}}
        written_by_spark(tmp_path / "t", rows, ends)
    return DeltaReader(tmp_path / "t", "silver.t")


TIMES_DAYS = pa.array([one and one.date() for one in TIMES], pa.date32())


def test_times_of_any_year_are_read_as_they_were_written(times: DeltaReader) -> None:
    assert [row[1] for row in times.page(order_by="id").rows] == TIMES
    assert [row[0] for row in times.page(order_by="at").rows] == [2, 4, 0, 5, 3, 1, 6]
    assert times.sql("SELECT min(at), max(at) FROM t").rows == [(TIMES[2], LAST)]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("at = '9999-12-31 23:59:59'", [1]),
        ("at >= '9999-01-01'", [1]),
        ("at < '9999-12-31'", [0, 2, 3, 4, 5]),
        ("at = TIMESTAMP '9999-12-31 23:59:59'", [1]),
        ("at > CAST('9999-01-01' AS TIMESTAMP)", [1]),
        ("at > DATE '9999-01-01'", [1]),
        ("at BETWEEN '0001-01-01' AND '1677-01-01'", [2, 4]),
        ("at IN ('1600-01-01', '9999-12-31 23:59:59')", [1, 4]),
        ("at > now()", [1, 3]),
        ("at < '1900-01-01'", [2, 4]),
        ("at = '2024-01-05T10:00:00Z' OR at = '2024-01-05 11:00:00.123456+01:00'", [0, 5]),
        ("at > '2024-01-05 10:00:00.1234' AND at < '2025-01-01'", [5]),
        ("day > '9999-01-01'", [1]),
        ("day < at", [0, 1, 5]),
        ("CAST(at AS DATE) = day", [0, 1, 2, 3, 4, 5]),
        ("coalesce(at, '9999-12-31') >= '9999-12-31'", [1, 6]),
        ("at IS NULL", [6]),
    ],
)
def test_a_time_is_compared_in_any_year(times: DeltaReader, where: str, expected: list[int]) -> None:
    assert [row[0] for row in times.page(where=where, order_by="id").rows] == expected
    assert times.count(where) == len(expected)


def test_a_filter_skips_no_file_whose_statistics_were_cut_to_milliseconds(tmp_path: Path) -> None:
    rows = pa.table({"at": pa.array([TIMES[5]], pa.timestamp("us", "UTC"))})
    ends = {"minValues": {"at": "2024-01-05T10:00:00.123Z"}, "maxValues": {"at": "2024-01-05T10:00:00.123Z"}}
    written_by_spark(tmp_path / "t", rows, ends)
    found = DeltaReader(tmp_path / "t", "silver.t")
    assert found.count("at > '2024-01-05 10:00:00.1234'") == found.count("at = '2024-01-05 10:00:00.123456'") == 1


def test_a_partition_may_be_a_time_of_any_year(tmp_path: Path) -> None:
    write_deltalake(
        tmp_path / "t",
        pa.table({"id": range(len(TIMES)), "at": pa.array(TIMES, pa.timestamp("us", "UTC"))}),
        partition_by=["at"],
    )
    found = DeltaReader(tmp_path / "t", "silver.t")
    assert [found.count(w) for w in ("at >= '9999-01-01'", "at < '1677-01-01'", "at IS NULL", "at > now()")] == [
        1,
        2,
        1,
        2,
    ]


def test_a_date_past_the_year_9999_is_found_by_the_text_that_is_shown(tmp_path: Path) -> None:
    days = pa.array([6_666_666, 19_800], pa.int32()).cast(pa.date32())
    write_deltalake(tmp_path / "t", pa.table({"id": [1, 2], "day": days}))
    found = DeltaReader(tmp_path / "t", "silver.t")
    assert found.page(where="day = '20222-09-18'").rows == [(1, "20222-09-18")]
    assert [found.count(w) for w in ("day > '9999-12-31'", "day > now()", f"day < '{date(9999, 1, 1)}'")] == [1, 1, 1]


@pytest.mark.parametrize("where", ["at > to_timestamp('9999-01-01')", "at - now() > interval '1 day'"])
def test_what_is_computed_in_nanoseconds_says_why_it_cannot_be(times: DeltaReader, where: str) -> None:
    with pytest.raises(UsageError, match="times before 1677-09-21 or after 2262-04-11") as refused:
        times.count(where)
    assert "'9999-12-31'" in refused.value.cure


def test_decimals_of_any_two_sizes_may_meet(tmp_path: Path) -> None:
    sizes = {"x": pa.decimal128(18, 3), "y": pa.decimal128(20, 15)}
    write_deltalake(tmp_path / "t", pa.table({name: pa.array([Decimal("8.89")], kind) for name, kind in sizes.items()}))
    assert DeltaReader(tmp_path / "t", "silver.t").count("x = y AND x = 8.89 AND y = 8.89") == 1


def test_a_condition_of_great_depth_or_length_is_answered_or_refused(numbers: DeltaReader) -> None:
    assert numbers.count(f"d IN ({', '.join(f'{n}.5' for n in range(5000))})") == 10
    assert numbers.count(" OR ".join(f"(d = {n / 100})" for n in range(200))) == 200
    deep = f"{'(' * 2000}d = 0.5{')' * 2000}"
    assert as_spark(deep, lambda _: "Float64") in (deep, deep.replace("0.5", "CAST(0.5 AS DOUBLE)"))
    long = f"d = 0.5 AND i{' * 1' * 2000} / 2 = 1"
    assert as_spark(long, lambda _: "Float64") in (long, long.replace("0.5", "CAST(0.5 AS DOUBLE)"))


def test_a_condition_four_times_as_long_takes_about_four_times_as_long() -> None:
    def seconds(n: int) -> float:
        typed = " OR ".join(f"(d = {i}.5 AND s = 'x{i}')" for i in range(n))
        began = time.perf_counter()
        assert as_spark(typed, lambda expression: TYPES.get(expression, "")).count("CAST(") == n
        return time.perf_counter() - began

    # Sixteen times, if each comparison looked at all others.
    assert min(seconds(1200) for _ in range(3)) < 10 * min(seconds(300) for _ in range(3))


@pytest.mark.parametrize(
    ("sql", "doubt"),
    [
        ("", ""),
        ("a = 8.89 AND (b IN (1, 2) OR NOT (lower(s) = 'x('))", ""),
        ("s = 'concat(a)' AND \"odd(name)\" = 1 -- substr(s)", ""),
        ("concat(s, 'x') IS NULL", "concat(…)"),
        ("CAST(a AS INT) = 8", "CAST(…)"),
        ("li[1] = 10", "[…]"),
        ("s NOT IN ('abc', NULL)", "a list with NULL"),
        ("s IN ('NULL')", ""),
    ],
)
def test_what_may_mean_something_else_to_spark_is_named(sql: str, doubt: str) -> None:
    assert doubtful(sql) == doubt
