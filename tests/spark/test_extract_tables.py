"""Parquet, Avro and Delta: what the files say of themselves is what was declared, or they are refused before a row is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import DataFrame, SparkSession

from tests.unit.delta_tables import Action, edited
from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.etl.extract import with_origin
from toolkit.etl.extract_tables import read_avro, read_delta, read_parquet
from toolkit.etl.technical import RESCUED

READERS = {"parquet": read_parquet, "avro": read_avro}
Read = Callable[..., DataFrame]
Write = Callable[..., None]


def rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in df.collect()), key=str)


@pytest.fixture(params=["parquet", "avro"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def write(spark: SparkSession, tmp_path: Path, kind: str) -> Write:
    """Writes what a SELECT gives as one file of that name."""

    def write(name: str, select: str) -> None:
        spark.sql(f"SELECT {select}").coalesce(1).write.format(kind).mode("overwrite").save(str(tmp_path / "_" / name))
        (tmp_path / "in").mkdir(exist_ok=True)
        next((tmp_path / "_" / name).glob(f"part*.{kind}")).rename(tmp_path / "in" / f"{name}.{kind}")

    return write


@pytest.fixture
def read(spark: SparkSession, tmp_path: Path, kind: str) -> Read:
    """Reads all files that were written."""

    def read(schema: str, **options: Any) -> DataFrame:
        return READERS[kind](spark, tmp_path / "in" / f"*.{kind}", schema, **options)

    return read


def test_files_are_read_by_name_whatever_the_order_and_case(read: Read, write: Write) -> None:
    write("a", "1 AS id, 'x' AS place")
    write("b", "'y' AS Place, 2 AS ID")
    assert rows(read("id INT, place STRING")) == [(1, "x"), (2, "y")]


def test_a_declared_type_may_hold_more_than_that_of_a_file(read: Read, write: Write) -> None:
    write("a", "1 AS id, CAST(1.50 AS DECIMAL(8,2)) AS d, CAST(0.5 AS FLOAT) AS f")
    write("b", "2L AS id, CAST(1.505 AS DECIMAL(10,3)) AS d, 0.25D AS f")
    df = read("id BIGINT, d DECIMAL(12,4), f DOUBLE")
    assert rows(df) == [(1, Decimal("1.5000"), 0.5), (2, Decimal("1.5050"), 0.25)]


@pytest.mark.parametrize(
    ("select", "schema", "message"),
    [
        ("1L AS id", "id INT", "id is BIGINT in .*; INT is declared"),
        ("1 AS id", "id STRING", "id is INT in"),
        ("'1' AS id", "id INT", "id is STRING in"),
        ("CAST(1 AS DECIMAL(8,2)) AS d", "d DECIMAL(8,1)", r"d is DECIMAL\(8,2\)"),
        ("CAST(1 AS DECIMAL(8,2)) AS d", "d DECIMAL(8,3)", r"DECIMAL\(8,3\) is declared"),
        ("CAST(1 AS DECIMAL(8,2)) AS d", "d DOUBLE", "DOUBLE is declared"),
        ("DATE'2026-01-01' AS t", "t TIMESTAMP", "t is DATE"),
        ("TIMESTAMP_NTZ'2026-01-01' AS t", "t TIMESTAMP", "t is TIMESTAMP_NTZ"),
        ("named_struct('a', 1, 'b', 2) AS s", "s STRUCT<a: INT>", "s.b is INT in .*; nothing is declared"),
        ("named_struct('a', 1) AS s", "s STRUCT<a: INT, b: INT>", "s.b is not there"),
        ("array(named_struct('a', 1L)) AS s", "s ARRAY<STRUCT<a: INT>>", r"s\[\]\.a is BIGINT"),
        ("map('k', 1L) AS m", "m MAP<STRING, INT>", "m.value is BIGINT"),
        ("array(1) AS s", "s STRING", "s is ARRAY<INT>"),
    ],
)
def test_a_type_that_would_change_values_is_refused(
    read: Read, write: Write, select: str, schema: str, message: str
) -> None:
    write("a", select)
    with pytest.raises(DataError, match=message):
        read(schema)


def test_other_columns_are_refused_kept_or_left_out(read: Read, write: Write) -> None:
    write("a", "1 AS id, CAST(1.50 AS DECIMAL(4,2)) AS price, 'é' AS place")
    write("b", "2 AS id, CAST(NULL AS INT) AS n")
    for options, message in (({}, "extra='rescue'"), ({"extra": "ignore"}, "missing='null'")):
        with pytest.raises(DataError, match=message):
            read("id INT, place STRING", **options)
    assert rows(read("id INT, place STRING", extra="ignore", missing="null")) == [(1, "é"), (2, None)]
    kept = read("id INT, none DATE", extra="rescue", missing="null")
    assert kept.columns == ["id", "none", RESCUED]
    assert rows(kept) == [(1, None, '{"price":1.50,"place":"é"}'), (2, None, None)]


def test_what_is_rescued_takes_the_wider_type_and_no_two(read: Read, write: Write) -> None:
    write("a", "1 AS id, 5 AS n")
    write("b", "2 AS id, 50000000000L AS N")
    assert rows(read("id INT", extra="rescue")) == [(1, '{"n":5}'), (2, '{"n":50000000000}')]
    write("c", "3 AS id, 'x' AS n")
    with pytest.raises(DataError, match=r"n of .*c\.\w+ is there twice, or of another type"):
        read("id INT", extra="rescue")


def test_a_file_that_is_cut_is_refused_before_any_is_read(read: Read, write: Write, tmp_path: Path, kind: str) -> None:
    write("a", "1 AS id")
    write("b", "2 AS id")
    file = tmp_path / "in" / f"b.{kind}"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(DataError, match=rf"b\.{kind} is cut off: .* Land it again"):
        read("id INT")


def test_each_row_has_its_origin(read: Read, write: Write, tmp_path: Path, kind: str) -> None:
    write("a", "1 AS id, 1 AS x")
    write("b", "2 AS id")
    found = with_origin(read("id INT", extra="rescue"), tmp_path / "in", "r", datetime.now(UTC))
    assert {(row["id"], row["_source"]) for row in found.collect()} == {(1, f"a.{kind}"), (2, f"b.{kind}")}


def test_names_with_special_characters_are_read(spark: SparkSession, tmp_path: Path) -> None:
    spark.sql("SELECT 1 AS `a.b`, 2 AS `c d`, 3 AS `e``f`").coalesce(1).write.parquet(str(tmp_path / "x"))
    df = read_parquet(spark, tmp_path / "x" / "*.parquet", "`a.b` INT, `e``f` INT", extra="rescue")
    assert rows(df) == [(1, 3, '{"c d":2}')]


def test_times_of_hive_and_of_early_years_are_as_they_were_written(spark: SparkSession, tmp_path: Path) -> None:
    old = spark.sql(
        "SELECT TIMESTAMP'0001-01-01 00:00:00Z' AS t UNION ALL SELECT TIMESTAMP'9999-12-31 23:59:59.999999Z'"
    )
    old.coalesce(1).write.parquet(str(tmp_path / "x"))
    times = read_parquet(spark, tmp_path / "x" / "*.parquet", "t TIMESTAMP").selectExpr("string(t)")
    assert rows(times) == [("0001-01-01 00:00:00",), ("9999-12-31 23:59:59.999999",)]


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Path:
    """A Delta table of three versions, made at noon, at one and at two."""
    place = tmp_path / "orders"
    for n in range(3):
        write_deltalake(place, pa.table({"id": [n]}), mode="append")
        edited(place, n, _made(datetime(2026, 2, 28, 12 + n, tzinfo=UTC)))
    return place


def _made(at: datetime) -> Callable[[Action], Action]:
    """Says when a commit was made."""
    told = {"operation": "WRITE", "timestamp": int(at.timestamp() * 1000)}
    return lambda action: {"commitInfo": told} if "commitInfo" in action else action


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [0, 1, 2]),
        ({"version": 0}, [0]),
        ({"version": 1}, [0, 1]),
        ({"at": "2026-02-28T12:00:00Z"}, [0]),
        ({"at": "2026-02-28T13:59:59+00:00"}, [0, 1]),
        ({"at": "2026-02-28T13:59:59+01:00"}, [0]),
        ({"at": datetime(2030, 1, 1, tzinfo=UTC)}, [0, 1, 2]),
    ],
)
def test_a_table_is_read_as_it_was(spark: SparkSession, table: Path, asked: dict[str, Any], ids: list[int]) -> None:
    assert rows(read_delta(spark, table, **asked)) == [(n,) for n in ids]
    found = with_origin(read_delta(spark, table, **asked), table, "r", datetime.now(UTC))
    assert all(row["_source"].endswith(".parquet") for row in found.collect())


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"version": 3}, UsageError, r"orders has no version 3\. Valid choices: 0 to 2"),
        ({"version": -1}, UsageError, "has no version -1"),
        (
            {"at": "2026-02-28T11:59:59Z"},
            UsageError,
            r"its first is version 0 of 2026-02-28T12:00:00\.000\+00:00, its last version 2 of 2026-02-28T14:00",
        ),
        ({"at": "2026-02-28T12:00:00"}, UsageError, "has no zone"),
        ({"at": "yesterday"}, UsageError, "'yesterday' is no moment"),
        ({"at": "2026-02-28T12:00:00Z", "version": 1}, UsageError, "cannot both be asked for"),
    ],
)
def test_a_version_or_a_moment_that_there_is_not_is_refused(
    spark: SparkSession, table: Path, asked: dict[str, Any], error: type[ToolkitError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read_delta(spark, table, **asked)


def test_a_table_or_a_version_that_is_gone_is_named(spark: SparkSession, table: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no Delta table in .*none"):
        read_delta(spark, tmp_path / "none")
    (table / "_delta_log" / f"{0:020}.json").unlink()
    with pytest.raises(UsageError, match="can no longer be read at version 0"):
        read_delta(spark, table, version=0)
