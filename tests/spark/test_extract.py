"""Bronze keeps every line: what fits as columns, what does not as its text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from toolkit.errors import DataError
from toolkit.etl.extract import CORRUPT, read_csv, read_json, with_origin

SCHEMA = "id STRING, place STRING"
Rows = list[tuple[Any, ...]]


def rows(df: DataFrame) -> Rows:
    return [tuple(row) for row in df.collect()]


@pytest.fixture
def csv(spark: SparkSession, tmp_path: Path) -> Callable[[bytes], Rows]:
    """Reads bytes as a CSV file."""

    def read(content: bytes) -> Rows:
        (tmp_path / "in.csv").write_bytes(content)
        return rows(read_csv(spark, tmp_path / "in.csv", SCHEMA))

    return read


@pytest.fixture
def json(spark: SparkSession, tmp_path: Path) -> Callable[[bytes], Rows]:
    """Reads bytes as a file of JSON lines."""

    def read(content: bytes) -> Rows:
        (tmp_path / "in.json").write_bytes(content)
        return rows(read_json(spark, tmp_path / "in.json", "id INT, tags ARRAY<STRING>"))

    return read


def test_csv_is_read_as_other_programs_write_it(csv: Callable[[bytes], Rows]) -> None:
    lines = ["id,place", '1,"Köln, am ""Dom"""', "2,", '3,""', "4, b ", "5,a\\b"]
    assert csv("\n".join(lines).encode()) == [
        ("1", 'Köln, am "Dom"', None),
        ("2", None, None),
        ("3", None, None),
        ("4", " b ", None),
        ("5", "a\\b", None),
    ]


def test_csv_from_windows_is_the_same(csv: Callable[[bytes], Rows]) -> None:
    assert csv(b"\xef\xbb\xbfid,place\r\n1,x\r\n2,y\r\n") == [("1", "x", None), ("2", "y", None)]


@pytest.mark.parametrize("line", ["2,y,too much", "2", "2,y,"])
def test_a_csv_line_of_another_length_keeps_its_text(csv: Callable[[bytes], Rows], line: str) -> None:
    good, bad = csv(f"id,place\n1,x\n{line}\n".encode())
    assert good == ("1", "x", None)
    assert bad[-1] == line


@pytest.mark.parametrize("content", [b"", b"id,place", b"id,place\n", b"\xef\xbb\xbfid,place\r\n", b"\n\n"])
def test_a_csv_file_without_lines_has_no_rows(csv: Callable[[bytes], Rows], content: bytes) -> None:
    assert csv(content) == []


@pytest.mark.parametrize("header", ["id,plaice", "id", "id,place,more", "1,x"])
def test_a_csv_file_with_another_header_is_refused(csv: Callable[[bytes], Rows], header: str) -> None:
    with pytest.raises(DataError, match=r"in\.csv has the columns .*; expected are id, place"):
        csv(f"{header}\n1,x\n".encode())


def test_one_file_of_several_with_another_header_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,place\n1,x\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("place,no\nx,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"b\.csv has the columns place, no"):
        read_csv(spark, tmp_path / "*.csv", SCHEMA)


def test_json_is_read_with_nested_values(json: Callable[[bytes], Rows]) -> None:
    assert json('{"id": 1, "tags": ["ä", null]}\n{"id": null}\n{}\n'.encode()) == [
        (1, ["ä", None], None),
        (None, None, None),
        (None, None, None),
    ]


@pytest.mark.parametrize("line", ['{"id": 2, "ta', "not json", '{"id": "two"}', "[1]x", '{"id": 99999999999}'])
def test_a_json_line_that_does_not_fit_keeps_its_text(json: Callable[[bytes], Rows], line: str) -> None:
    good, bad = json(f'{{"id": 1}}\n{line}\n'.encode())
    assert good == (1, None, None)
    assert bad[-1] == line


def test_the_last_json_line_may_be_cut_in_the_middle_of_a_character(json: Callable[[bytes], Rows]) -> None:
    good, bad = json('{"id": 1}\n{"tags": ["ä'.encode()[:-1])
    assert good[0] == 1
    assert bad[-1].startswith('{"tags": ["')


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n\n"])
def test_a_json_file_without_lines_has_no_rows(json: Callable[[bytes], Rows], content: bytes) -> None:
    assert json(content) == []


def test_a_byte_order_mark_does_not_cost_the_first_json_line(json: Callable[[bytes], Rows]) -> None:
    assert json(b'\xef\xbb\xbf{"id": 1}\n{"id": 2}\n') == [(1, None, None), (2, None, None)]


def test_fields_that_the_schema_does_not_name_are_left_out(json: Callable[[bytes], Rows]) -> None:
    assert json(b'{"id": 1, "more": true}\n') == [(1, None, None)]


@pytest.mark.parametrize("read", [read_csv, read_json])
@pytest.mark.parametrize("name", ["none.csv", "*.csv", "no/folder/x.csv"])
def test_a_missing_file_is_refused_before_spark_looks(
    spark: SparkSession, tmp_path: Path, read: Callable[..., DataFrame], name: str
) -> None:
    with pytest.raises(DataError, match="There is no file"):
        read(spark, tmp_path / name, SCHEMA)


def test_the_origin_names_file_row_run_and_time(spark: SparkSession, tmp_path: Path) -> None:
    root = tmp_path / "größe=1 & my data"
    (root / "day one").mkdir(parents=True)
    for name in ("a b.json", "50%+1.json"):
        (root / "day one" / name).write_text('{"id": 1}\n{"id": 2}\n', encoding="utf-8")
    at = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
    found = with_origin(read_json(spark, root / "*" / "*.json", "id INT"), root, "run-1", at)
    assert found.columns == ["id", CORRUPT, "_source", "_row", "_ingested_at", "_run_id"]
    seen = found.collect()
    assert {row["_source"] for row in seen} == {"day one/a b.json", "day one/50%+1.json"}
    assert len({row["_row"] for row in seen}) == 4
    assert {(row["_run_id"], row["_ingested_at"].timestamp()) for row in seen} == {("run-1", at.timestamp())}


def test_rows_are_numbered_in_the_order_of_a_files_lines(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,place\n" + "".join(f"{i},x\n" for i in range(50)), encoding="utf-8")
    found = with_origin(read_csv(spark, tmp_path / "in.csv", SCHEMA), tmp_path, "r", datetime.now(UTC))
    assert [row["id"] for row in found.orderBy("_row").collect()] == [str(i) for i in range(50)]
