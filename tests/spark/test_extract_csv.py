"""CSV whose quotes, line ends and bytes are not as they should be: no row is half, dropped or changed without a word."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.extract import CORRUPT, read_csv

Rows = list[tuple[Any, ...]]
Reader = Callable[..., Rows]
HEADER = b"id,place\n"


@pytest.fixture(params=[True, False], ids=["in parts", "whole"])
def csv(spark: SparkSession, tmp_path: Path, request: pytest.FixtureRequest) -> Reader:
    """Reads bytes as a CSV file, in parts where that is safe, and whole."""

    def read(
        content: bytes, schema: str = "id STRING, place STRING", *, name: str = "in.csv", encoding: str = "utf-8"
    ) -> Rows:
        (tmp_path / name).write_bytes(content)
        df = read_csv(spark, tmp_path / name, schema, encoding=encoding, split_files=request.param)
        return [tuple(row) for row in df.collect()]

    return read


def test_a_line_break_between_quotes_is_part_of_a_value(csv: Reader) -> None:
    # The line in the middle would be a good row by itself.
    assert csv(HEADER + b'1,"abc\nb,c\ndef"\n2,x\n') == [("1", "abc\nb,c\ndef", None), ("2", "x", None)]


def test_a_line_break_of_windows_between_quotes_stays_as_it_is(csv: Reader) -> None:
    content = b'id,place\r\n1,"a\r\nb"\r\n2,y\r\n3,"q"\r\n4,\r\n5,"x\r"\r\n6,z\r'
    values = [("1", "a\r\nb"), ("2", "y"), ("3", "q"), ("4", None), ("5", "x\r"), ("6", "z")]
    assert csv(content) == [(*row, None) for row in values]


def test_line_ends_that_differ_from_the_headers_are_no_part_of_a_value(csv: Reader) -> None:
    assert csv(HEADER + b'1,"a\nb"\r\n2,y\r\n') == [("1", "a\nb", None), ("2", "y", None)]


def test_a_file_of_an_old_macintosh_is_read(csv: Reader) -> None:
    assert csv(b'id,place\r1,x\r2,"a\rb"\r') == [("1", "x", None), ("2", "a\rb", None)]


@pytest.mark.parametrize(
    ("lines", "good"),
    [
        ('1,"abc\n2,x', []),
        ('1,"abc\n2,x\n3,"q"\n4,y', [("4", "y", None)]),
        ('1,"abc', []),
        ('1,"a"b\n2,x', [("2", "x", None)]),
        ('1,"a" \n2,x', [("2", "x", None)]),
        ("1,a\rb\n2,x", [("2", "x", None)]),
    ],
    ids=["open", "swallows", "at the end", "text after", "blank after", "carriage return"],
)
def test_a_row_whose_quote_does_not_close_keeps_its_text_and_gives_no_value(
    csv: Reader, lines: str, good: Rows
) -> None:
    bad, *rest = csv(HEADER + lines.encode())
    assert bad[:2] == (None, None)
    assert lines.startswith(bad[2])
    assert rest == good


def test_a_quote_after_a_blank_that_does_not_close_gives_no_good_row(csv: Reader) -> None:
    rows = csv(HEADER + b'1, "first\nsecond"\n2,x\n')
    assert [row[2] for row in rows] == ['1, "first', 'second"', None]


def test_a_quote_in_the_middle_of_a_value_is_text(csv: Reader) -> None:
    lines = b'1,5" pipe\n2,a"b"c\n3, "said so"\n'
    assert csv(HEADER + lines) == [("1", '5" pipe', None), ("2", 'a"b"c', None), ("3", ' "said so"', None)]


def test_quotes_that_hide_an_open_one_do_not_cut_a_row(csv: Reader) -> None:
    # Each line has an even number of quotes, and neither is a row.
    assert csv(b'id,size,place\n1,5",' + b'"a\nb",6",7\n', "id STRING, size STRING, place STRING") == [
        ("1", '5"', "a\nb", '1,5","a\nb",6",7')
    ]


def test_which_columns_are_asked_for_does_not_decide_which_rows_fit(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(HEADER + b"1,x\n2,y,z\n3\n")
    for split in (True, False):
        rows = read_csv(spark, tmp_path / "in.csv", "id STRING, place STRING", split_files=split)
        assert [row["id"] for row in rows.where(F.col(CORRUPT).isNull()).select("id").collect()] == ["1"]
        assert {row[0] for row in rows.select(CORRUPT).collect()} == {None, "2,y,z", "3"}
        assert rows.where(F.col(CORRUPT).isNotNull()).count() == 2


def test_a_row_of_very_many_values_is_kept(csv: Reader) -> None:
    good, bad = csv(HEADER + b"1,x\n2" + b",x" * 30_000)
    assert good == ("1", "x", None)
    assert bad[2] == "2" + ",x" * 30_000


def test_blank_lines_are_no_rows_and_in_one_column_a_value(csv: Reader) -> None:
    assert csv(HEADER + b"\n  \n1,x\n") == [("1", "x", None)]
    assert csv(b'id\n  \n\n1\n"a\nb"\n', "id STRING") == [("  ", None), ("1", None), ("a\nb", None)]


def test_nul_characters_are_read(csv: Reader) -> None:
    assert csv(HEADER + b"1,a\0b\n\x002,x\n") == [("1", "a\0b", None), ("\x002", "x", None)]


def test_a_value_that_its_type_would_change_keeps_the_row(csv: Reader) -> None:
    lines = b"1,10.005\n2,0.50\n3,\n4,x\n5,10.500\n1.0,1\n"
    assert csv(b"id,amount\n" + lines, "id INT, amount DECIMAL(8,2)") == [
        (1, None, "1,10.005"),
        (2, Decimal("0.50"), None),
        (3, None, None),
        (4, None, "4,x"),
        (5, Decimal("10.50"), None),
        (None, Decimal("1.00"), "1.0,1"),
    ]


@pytest.mark.parametrize("place", ["café € œ", '"café\n€"'])
def test_an_encoding_is_read_when_it_is_said(csv: Reader, place: str) -> None:
    content = f"id,place\n1,{place}\n2,é,x\n".encode("cp1252")
    rows = csv(content, encoding="windows-1252")
    assert rows == [("1", place.strip('"'), None), ("2", "é", "2,é,x")]
    with pytest.raises(DataError, match=r"in\.csv is not utf-8: line 2 has 0xE9.*encoding='windows-1252'"):
        csv(content)


def test_utf_16_is_read_when_it_is_said(csv: Reader) -> None:
    text = 'id,place\r\n1,café €\r\n2,"a\r\nb"\r\n'
    rows = [("1", "café €", None), ("2", "a\r\nb", None)]
    assert csv(text.encode("utf-16"), encoding="utf-16") == rows
    assert csv(text.encode("utf-16-be"), encoding="utf-16-be") == rows


def test_gzip_is_read(csv: Reader) -> None:
    assert csv(gzip.compress(HEADER + b"1,x\n") + gzip.compress(b"2,y\n"), name="in.csv.gz") == [
        ("1", "x", None),
        ("2", "y", None),
    ]


def test_a_replacement_character_that_the_file_has_is_read(csv: Reader) -> None:
    assert csv(HEADER + "1,\ufffd\n".encode()) == [("1", "\ufffd", None)]


@pytest.mark.parametrize("name", ["a[1].csv", "a{x,y}.csv", "a*?.csv", "a b%20+.csv", "a\\b.csv", "ä#.csv"])
def test_a_name_with_special_characters_is_meant_as_it_stands(csv: Reader, tmp_path: Path, name: str) -> None:
    for other in ("a1.csv", "ax.csv", "abc.csv"):
        (tmp_path / other).write_bytes(b"no,header\n")
    assert csv(HEADER + b"1,x\n", name=name) == [("1", "x", None)]


def test_files_with_other_line_ends_are_not_read_together(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(HEADER + b"1,x\n")
    (tmp_path / "b.csv").write_bytes(b"id,place\r1,x\r")
    with pytest.raises(DataError, match=r"b\.csv end with a carriage return alone"):
        read_csv(spark, tmp_path / "*.csv", "id STRING, place STRING")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("id FOO", "no schema"),
        ("", "names no column"),
        (f"id STRING, {CORRUPT} STRING", "the reader adds"),
        ("id ARRAY<INT>", "no nested values"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(
    spark: SparkSession, tmp_path: Path, schema: str, message: str
) -> None:
    (tmp_path / "in.csv").write_bytes(b"id\n1\n")
    with pytest.raises(UsageError, match=message):
        read_csv(spark, tmp_path / "in.csv", schema)
