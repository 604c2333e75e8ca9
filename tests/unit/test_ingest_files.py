"""Which files are meant, and what their bytes have to be: all that is refused before Spark starts."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql.types import StringType, StructField, StructType

from toolkit.errors import DataError, UsageError
from toolkit.etl.csv_dialect import Dialect, dialect_of
from toolkit.etl.csv_layout import Layout, layout_of
from toolkit.etl.encodings import check_form, encoding_of
from toolkit.etl.files import files_meant, spark_paths
from toolkit.etl.schemas import Expected
from toolkit.etl.shapes import Shape, matched

UTF_8 = encoding_of("utf-8")
COLUMNS = Expected(StructType([StructField("id", StringType()), StructField("place", StringType())]))


def seen(file: Path, dialect: Dialect = Dialect()) -> Layout:  # noqa: B008 - it is frozen
    """What a CSV file looks like, once its header is what it should be."""
    layout = layout_of(file, UTF_8, dialect, look_for_parts=True)
    matched(file, layout.header, COLUMNS)
    return layout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With two files, and one in a folder below."""
    for name in ("a.csv", "b.csv", "more/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("id,place\n1,x\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a.csv", ["a.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("[ab].csv", ["a.csv", "b.csv"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("*/*.csv", ["more/c.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "more/c.csv"]),
    ],
)
def test_a_pattern_means_the_files_that_it_names(folder: Path, pattern: str, names: list[str]) -> None:
    assert [str(file.relative_to(folder)) for file in files_meant(folder / pattern)] == names


def test_a_name_that_is_there_is_no_pattern(folder: Path) -> None:
    (folder / "[ab].csv").write_text("", encoding="utf-8")
    assert files_meant(folder / "[ab].csv") == [folder / "[ab].csv"]
    assert spark_paths([Path("/x/[ab]{c}*?\\.csv")]) == [r"/x/\[ab\]\{c\}\*\?\\.csv"]


def test_a_link_to_a_file_is_followed(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "a.csv")
    assert files_meant(folder / "link.csv") == [folder / "link.csv"]


@pytest.mark.parametrize("name", ["_x.csv", ".x.csv", "x._COPYING_"])
def test_a_file_that_spark_would_leave_out_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("id,place\n1,x\n", encoding="utf-8")
    for pattern in (name, "*"):
        with pytest.raises(DataError, match=r"Spark leaves out|still being copied|is a folder"):
            files_meant(folder / pattern)


def test_a_folder_is_refused_by_name_and_where_a_pattern_finds_it(folder: Path) -> None:
    for pattern in ("more", "*", "."):
        with pytest.raises(DataError, match=r"is a folder\. Name the files in it, such as .*/\*\.csv"):
            files_meant(folder / pattern)


def test_what_is_no_file_is_refused_in_words(folder: Path) -> None:
    (folder / "gone.csv").symlink_to(folder / "none.csv")
    with pytest.raises(DataError, match="a link to a file that is not there"):
        files_meant(folder / "gone.csv")
    os.mkfifo(folder / "pipe.csv")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        files_meant(folder / "pipe.csv")


@pytest.mark.parametrize("pattern", ["{a,b}.csv", r"\a.csv", "none.csv", "none/*.csv", "*.json"])
def test_a_pattern_that_names_nothing_is_refused(folder: Path, pattern: str) -> None:
    with pytest.raises(DataError, match="There is no file"):
        files_meant(folder / pattern)


def test_a_colon_in_a_name_is_refused_in_words(folder: Path) -> None:
    (folder / "t_10:30.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a colon in its name: .*t_10:30\.csv"):
        files_meant(folder / "t_*.csv")


def test_a_name_that_is_no_text_is_refused_in_words(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder / "caf") + b"\xe9.csv")).write_bytes(b"id\n")
    with pytest.raises(DataError, match=r"caf\\udce9\.csv is not UTF-8"):
        files_meant(folder / "caf*.csv")


@pytest.mark.parametrize(
    ("name", "python", "spark"),
    [
        ("UTF8", "utf-8", "UTF-8"),
        ("utf-8-sig", "utf-8", "UTF-8"),
        ("latin-1", "iso8859-1", "ISO-8859-1"),
        ("windows-1252", "cp1252", "ISO-8859-1"),
        ("cp850", "cp850", "ISO-8859-1"),
        ("utf-16", "utf-16", "UTF-16"),
    ],
)
def test_an_encoding_has_a_name_for_python_and_one_for_spark(name: str, python: str, spark: str) -> None:
    assert (encoding_of(name).name, encoding_of(name).for_spark) == (python, spark)


def test_a_translation_makes_each_character_from_that_of_latin_1() -> None:
    for name in ("windows-1252", "cp850", "iso-8859-15", "koi8-r", "latin-1"):
        encoding = encoding_of(name)
        every = bytes(byte for byte in range(0x80, 0x100) if chr(byte) not in encoding.undefined)
        table = str.maketrans(*encoding.translation)
        assert every.decode("latin-1").translate(table) == every.decode(name)


@pytest.mark.parametrize("name", ["", "nope", "shift_jis", "gb18030", "cp037", "utf-7", "rot13", "utf-32", "\x1b[31m"])
def test_an_encoding_that_cannot_be_read_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read in the encoding .*Valid choices: utf-8") as refused:
        encoding_of(name)
    assert "\x1b" not in str(refused.value)


PLAIN = b"id,place\n1,x\n" * 50


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "x.csv",
            gzip.compress(PLAIN, mtime=0),
            r"packed with gzip, and its name does not say so.*Rename it to x\.csv\.gz",
        ),
        ("x.csv.gz", PLAIN, "not packed with gzip, as its name says"),
        ("x.csv.gz", gzip.compress(PLAIN, mtime=0)[:-20], "cut off"),
        ("x.csv.gz", gzip.compress(PLAIN, mtime=0)[:-8] + bytes(8), "damaged"),
        ("x.csv.bz2", bz2.compress(PLAIN), "is bzip2; only gzip"),
        ("x.csv", lzma.compress(PLAIN), "is xz; only gzip"),
        ("x.csv.zst", PLAIN, r"as its name says \(\.zst\); only gzip"),
        ("x.csv", "id".encode("utf-16"), "byte order mark of utf-16"),
        ("x.csv", "id".encode("utf-32"), "byte order mark of utf-32"),
        ("x.csv", b"id,place\n1,x\n2,caf\xe9\n", r"line 3 has 0xE9"),
        ("x.csv", b"id,place\n1,x\n2,caf\xc3", r"line 3 has 0xC3"),
        ("x.csv", b"\x1b[31mid,\x07\n", "has the columns ␛\\[31mid, ␇; expected"),
        ("x.csv", ("x" * 500 + "\n").encode(), r"has the columns x{39}…; expected"),
        ("x.csv", b'"' + b"x" * 200_000, "no header"),
    ],
)
def test_a_file_whose_bytes_are_others_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as refused:
        seen(tmp_path / name)
    assert str(refused.value).isprintable()


def test_an_archive_is_refused_and_a_text_that_begins_like_one_is_not(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.csv", "w") as archive:
        archive.writestr("x", "id")
    with pytest.raises(DataError, match="is a zip archive"):
        check_form(tmp_path / "x.csv", UTF_8)
    (tmp_path / "y.csv").write_bytes(b"BZhid,place\n")
    check_form(tmp_path / "y.csv", UTF_8)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("1,x\n2,y\n", True),
        ("1,x\r\n2,y", True),
        ('1,"x"\n"2","y"\n', True),
        ('1,"a ""b"" c"\r\n2,""\n"","x"', True),
        ('1,"a\nb"\n', False),
        ('1,"a\n', False),
        ('1,5" pipe\n', False),
        ('1,5" pipe,"a\nb",6" pipe\n', False),
        ('1,"a" \n', False),
        ('1, "a"\n', False),
        ("1,a\rb\n", False),
        ("1,a\r", True),
    ],
)
@pytest.mark.parametrize("lines_before", [0, 200_000])
def test_lines_are_rows_when_quotes_and_line_ends_are_where_they_belong(
    tmp_path: Path, content: str, rows: bool, lines_before: int
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"id,place\n" + b'1,"x, y"\n' * lines_before + content.encode())
    assert seen(file).lines_are_rows == rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("1;'x'\n2;y\n", True),
        ("1;'a ''b'' c'\n", True),
        ('1;5" pipe\n', True),
        ("1;5' pipe\n", False),
        ("1;'a\nb'\n", False),
        ("1,'x'\n", False),
    ],
)
def test_lines_are_rows_by_the_separator_and_the_quote_that_were_said(tmp_path: Path, content: str, rows: bool) -> None:
    (tmp_path / "x.csv").write_text("id;place\n" + content, encoding="utf-8")
    assert seen(tmp_path / "x.csv", Dialect(";", "'")).lines_are_rows == rows


def test_without_a_quote_each_line_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('id|place\n1|"a\n2|5" pipe\n', encoding="utf-8")
    assert seen(tmp_path / "x.csv", Dialect("|", "")).lines_are_rows
    (tmp_path / "x.csv").write_text("id|place\n1|\uffff\n", encoding="utf-8")
    with pytest.raises(DataError, match="has U"):
        seen(tmp_path / "x.csv", Dialect("|", ""))


@pytest.mark.parametrize(
    ("separator", "quote", "message"),
    [
        ("", '"', "not one character"),
        (";;", '"', "not one character"),
        ("x", '"', "a letter or a digit"),
        ("7", '"', "a letter or a digit"),
        ("\n", '"', "a meaning of its own"),
        ("\\", '"', "a meaning of its own"),
        ('"', "'", "it is a quote"),
        ("'", "'", "it is a quote"),
        (",", "''", "not one character"),
        (",", "q", "a letter or a digit"),
        (",", " ", "it is a blank"),
        ("\u2502", '"', "does not have it"),
        ("\U0001f600", '"', "does not have it"),
    ],
)
def test_a_separator_or_a_quote_that_cannot_be_one_is_refused(separator: str, quote: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        dialect_of(separator, quote, header=True, encoding=encoding_of("windows-1252"))


def names(*names: str, declared: str = "id,place", **ways: Any) -> Shape:
    """Where the declared columns stand in a file of those names."""
    fields = StructType([StructField(name, StringType()) for name in declared.split(",")])
    return matched(Path("/x/in.csv"), names, Expected(fields, **ways))


def test_columns_are_found_by_name_in_any_order_and_case() -> None:
    assert names("PLACE", "Id").places == (1, 0)
    assert names("place", "x", "id", extra="rescue").extras == [("x", 1)]
    assert names("place", missing="null").places == (None, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["id", "place", "place"], "two columns of the name place"),
        (["id", "place", "", ""], "two columns without a name"),
        (["id", "ID", "place"], r"has id, ID, each of which id could mean"),
        (["id"], r"expected are id, place\. Mend in\.csv, declare its columns as they are, or have nulls"),
        (["id", "place", "x"], r"expected are id, place\..*extra='rescue'"),
        (["id", "x"], r"extra='ignore', or have nulls .*missing='null'"),
    ],
)
def test_columns_that_are_doubtful_missing_or_undeclared_are_refused(given: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        names(*given)


def test_doubtful_names_are_refused_also_where_columns_may_be_missing_or_undeclared() -> None:
    for given in (["id", "place", "x", "x"], ["id", "Place", "place"]):
        with pytest.raises(DataError, match="Rename one of them"):
            names(*given, extra="rescue", missing="null")
    # Which of two undeclared ones is meant nobody asks.
    assert names("id", "place", "x", "X", extra="rescue").extras == [("x", 2), ("X", 3)]
