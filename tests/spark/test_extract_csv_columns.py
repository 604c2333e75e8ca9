"""CSV with other separators and quotes, without a header, and with columns that stand elsewhere, are missing, or are new."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.columns import quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.extract import CORRUPT, read_csv, with_origin
from toolkit.etl.technical import RESCUED

Rows = list[tuple[Any, ...]]
Reader = Callable[..., Rows]
SCHEMA = "id STRING, place STRING"


def rows(df: DataFrame) -> Rows:
    return [tuple(row) for row in df.collect()]


@pytest.fixture(params=[True, False], ids=["in parts", "whole"])
def csv(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> Reader:
    """Reads texts as CSV files, in parts where that is safe, and whole; rows in the order of the files."""

    def read(*contents: str, schema: str = SCHEMA, **options: Any) -> Rows:
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.csv").write_text(content, encoding=options.get("encoding", "utf-8"), newline="")
        df = read_csv(spark, tmp_path / "*.csv", schema, split_files=request.param, **options)
        return rows(df.orderBy("_metadata.file_path", "_metadata.file_block_start"))

    return read


@pytest.mark.parametrize("separator", ["\t", ";", "|", "^", " ", "\x01", ".", "§", "]", "-"])
def test_any_character_can_separate_values(csv: Reader, separator: str) -> None:
    text = 'id,place\n1,"a,""b"\n2,\n,x\n3,y,z\n'.replace(",", separator)
    assert csv(text, separator=separator) == [
        ("1", f'a{separator}"b', None),
        ("2", None, None),
        (None, "x", None),
        ("3", "y", f"3{separator}y{separator}z"),
    ]


def test_a_separator_is_the_character_of_its_encoding(csv: Reader) -> None:
    # In windows-1252 the euro is a byte that is a control character in Latin-1.
    assert csv("id€place\n1€é\n2€x€y\n", separator="€", encoding="windows-1252") == [
        ("1", "é", None),
        ("2", "x", "2€x€y"),
    ]


def test_values_of_types_are_read_with_any_separator(csv: Reader) -> None:
    assert csv("id|amount\n1|10.50\n2|1,5\n3|\n", schema="id INT, amount DECIMAL(8,2)", separator="|") == [
        (1, Decimal("10.50"), None),
        (2, None, "2|1,5"),
        (3, None, None),
    ]


def test_another_quote_encloses_values(csv: Reader) -> None:
    text = "id;place\n1;'a;b'\n2;'it''s'\n3;\"x\"\n4;'a\nb'\n5;'open\n"
    assert csv(text, separator=";", quote="'") == [
        ("1", "a;b", None),
        ("2", "it's", None),
        ("3", '"x"', None),
        ("4", "a\nb", None),
        (None, None, "5;'open"),
    ]


def test_without_a_quote_no_character_encloses_values(csv: Reader) -> None:
    assert csv('id,place\n1,"a\n2,5" pipe\n3,"x,y"\n4,\0\n', quote="") == [
        ("1", '"a', None),
        ("2", '5" pipe', None),
        ("3", '"x', '3,"x,y"'),
        ("4", "\0", None),
    ]


def test_files_without_a_header_have_the_declared_columns(csv: Reader) -> None:
    assert csv("\ufeff1,x\n2,y,z\n", '3,"a\nb"\n', "", header=False) == [
        ("1", "x", None),
        ("2", "y", "2,y,z"),
        ("3", "a\nb", None),
    ]
    with pytest.raises(UsageError, match="Without a header"):
        csv("1,x\n", header=False, extra="rescue")


def test_columns_in_another_order_or_case_are_found_by_name(csv: Reader) -> None:
    assert csv("Place,ID\nx,1\ny,2,z\n") == [("1", "x", None), ("2", "y", "y,2,z")]


def test_each_file_has_its_own_order(csv: Reader) -> None:
    first, second, third = "id,place\n1,x\n", "place,id\ny,2\n", "Place,Id\nz,3\nlong,4,er\n"
    assert csv(first, second, third) == [
        ("1", "x", None),
        ("2", "y", None),
        ("3", "z", None),
        ("4", "long", "long,4,er"),
    ]


def test_what_the_schema_does_not_have_is_rescued(csv: Reader) -> None:
    text = 'x.y,id,pl`ace,place\n1.50,1,"a ""b""\nc",p\n,2,,q\n007,3,z,r,s\n'
    found = csv(text, extra="rescue")
    assert [row[:2] for row in found] == [("1", "p"), ("2", "q"), ("3", "r")]
    assert [row[2] and json.loads(row[2]) for row in found] == [
        {"x.y": "1.50", "pl`ace": 'a "b"\nc'},
        None,
        {"x.y": "007", "pl`ace": "z"},
    ]
    assert [row[3] for row in found] == [None, None, "007,3,z,r,s"]


def test_what_the_schema_does_not_have_can_be_left_out(csv: Reader) -> None:
    # A row is too long by the columns that its file has.
    assert csv("x,id,place\n9,1,a\n9,2\n9,3,b,c\n", extra="ignore") == [
        ("1", "a", None),
        ("2", None, "9,2"),
        ("3", "b", "9,3,b,c"),
    ]


def test_files_of_other_widths_are_read_together(csv: Reader) -> None:
    texts = ("id,place,x\r\n1,a,A\r\n2,b\n", "place\nc\n\nd,e\n", "\n\n", "place,id\nf,6\n  \ng,7\r\n")
    assert csv(*texts, extra="rescue", missing="null") == [
        ("1", "a", '{"x":"A"}', None),
        ("2", "b", None, "2,b"),
        (None, "c", None, None),
        (None, "d", None, "d,e"),
        ("6", "f", None, None),
        ("7", "g", None, None),
    ]


def test_a_column_that_is_missing_is_null_of_its_type(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id\n1\nx\n", encoding="utf-8")
    df = read_csv(spark, tmp_path / "in.csv", "id INT, amount DECIMAL(8,2)", missing="null")
    assert df.dtypes == [("id", "int"), ("amount", "decimal(8,2)"), (CORRUPT, "string")]
    assert rows(df) == [(1, None, None), (None, None, "x")]


def test_names_that_the_reader_uses_itself_are_names_as_others(spark: SparkSession, tmp_path: Path) -> None:
    names = ["_0", "_text", "_whole", "_value_0", "_shape", "_surplus_1", "a.b", "c`d", "e f"]
    (tmp_path / "1.csv").write_text(f"{','.join(names)}\n{','.join('123456789')}\n", encoding="utf-8")
    (tmp_path / "2.csv").write_text(f"{','.join(names[::-1])},_1\n{','.join('987654321')},x\n", encoding="utf-8")
    schema = ", ".join(f"{quoted(name)} {'INT' if name == '_0' else 'STRING'}" for name in names)
    found = read_csv(spark, tmp_path / "*.csv", schema, extra="rescue")
    assert found.columns == [*names, RESCUED, CORRUPT]
    assert sorted(rows(found), key=str) == sorted(
        [(1, *"23456789", None, None), (1, *"23456789", '{"_1":"x"}', None)], key=str
    )


@pytest.mark.parametrize("name", ["a b+%20ä#.csv", "[1].csv", "e=f.csv.gz"])
def test_files_of_several_shapes_may_have_any_name(spark: SparkSession, tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "x").mkdir()
    content = b"place,id\ny,2\n"
    (tmp_path / "in" / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    (tmp_path / "in" / "other.csv").write_bytes(b"id,place\n1,x\n")
    found = with_origin(read_csv(spark, tmp_path / "x" / ".." / "in" / "*", SCHEMA), tmp_path, "r", datetime.now(UTC))
    seen = {(row["id"], row["place"], row["_source"]) for row in found.collect()}
    assert seen == {("1", "x", "in/other.csv"), ("2", "y", f"in/{name}")}


def test_rows_that_do_not_fit_can_be_asked_for_alone(csv: Reader, spark: SparkSession, tmp_path: Path) -> None:
    csv("id,place\n1,x,y\n", "place,id,z\nx,1,w\nv\n", extra="rescue")
    df = read_csv(spark, tmp_path / "*.csv", SCHEMA, extra="rescue")
    assert df.where(F.col(CORRUPT).isNotNull()).count() == 2
    assert {row[0] for row in df.select(CORRUPT).collect()} == {"1,x,y", None, "v"}
    assert [row[0] for row in df.where(F.col(RESCUED).isNotNull()).select(RESCUED).collect()] == ['{"z":"w"}']


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schema": "id STRING, ID STRING"}, "declares id twice"),
        ({"schema": "id STRING, _rescued_data STRING", "extra": "rescue"}, "the reader adds"),
        ({"extra": "keep"}, "Valid choices: fail, rescue, ignore"),
        ({"missing": "none"}, "Valid choices: fail, null"),
        ({"separator": "::"}, "not one character"),
    ],
)
def test_what_cannot_be_meant_is_refused(csv: Reader, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        csv("id,place\n1,x\n", **options)


def test_a_name_that_could_mean_two_columns_is_refused(csv: Reader) -> None:
    with pytest.raises(DataError, match=r"0\.csv has id, ID, each of which id could mean"):
        csv("id,ID,place\n1,2,x\n", extra="ignore")
