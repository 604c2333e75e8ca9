"""What files hold is found without a value being changed: what is inferred reads every row back as it was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.etl.extract import CORRUPT, read_csv, read_json
from toolkit.etl.inference import Layout, infer_schema

Infer = Callable[..., Layout]


@pytest.fixture
def infer(spark: SparkSession, tmp_path: Path) -> Infer:
    """What a file of that content holds."""

    def infer(content: bytes | str, name: str = "in.csv", **options: Any) -> Layout:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return infer_schema(spark, tmp_path / name, **options)

    return infer


TYPES = {
    "BOOLEAN": ["true", "FALSE"],
    "BIGINT": ["1", "-9223372036854775808", "0"],
    "DECIMAL(20,0)": ["92233720368547758070", "1"],
    "DECIMAL(5,3)": ["1.50", "-10", "0.125"],
    "DOUBLE": ["1.5e-7", "2", "1e-5"],
    "DATE": ["2026-02-28", "0001-01-01"],
    "TIMESTAMP": ["2026-02-28 10:00:00", "2026-02-28", "2026-02-28T10:00:00.123456Z"],
}
TEXTS = [
    ["00123"],
    ["+49"],
    ["1e5", "2e5"],
    ["-0"],
    [" 1"],
    ["1,5"],
    ["1.5.2"],
    [".5"],
    ["NaN"],
    ["t", "f"],
    ["0", "1", "true"],
    ["2026-02-30"],
    ["2026-2-3"],
    ["2026-02-28 24:00:00"],
    ["2026-02-28 10:00:00.1234567"],
    ["10:00"],
    ["9" * 39],
    ["1." + "1" * 38],
    ["1.23456789012345678e-5"],
    ["1.5e-999"],
    ["1", "x"],
    ["", ""],
]


def test_a_type_is_given_where_every_value_is_one(spark: SparkSession, tmp_path: Path) -> None:
    columns = [*TYPES.values(), *TEXTS]
    names = [f"c{n}" for n in range(len(columns))]
    lines = [",".join(f'"{values[row % len(values)]}"' for values in columns) for row in range(6)]
    # An empty value is no value.
    lines += ["," * (len(columns) - 1)]
    (tmp_path / "in.csv").write_text("\n".join([",".join(names), *lines, "not,a,row"]), encoding="utf-8")
    found = infer_schema(spark, tmp_path / "in.csv")
    kinds = [*TYPES, *["STRING"] * len(TEXTS)]
    assert found.schema == ", ".join(f"`{name}` {kind}" for name, kind in zip(names, kinds, strict=True))
    read = read_csv(spark, tmp_path / "in.csv", found.schema)
    assert [row[0] for row in read.select(CORRUPT).where(F.col(CORRUPT).isNotNull()).collect()] == ["not,a,row"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_that_splits_the_lines_evenly(infer: Infer, separator: str) -> None:
    lines = ["id,at,note", '1,2026-01-01,"a; b | c, d"', "2,,x", "3,2026-01-02,y; z"]
    text = "\n".join(line.replace(",", separator) for line in lines) + "\n"
    assert infer(text) == Layout("csv", separator, "utf-8", True, "`id` BIGINT, `at` DATE, `note` STRING")


@pytest.mark.parametrize(
    ("content", "header", "schema"),
    [
        ("id,place\n1,x\n", True, "`id` BIGINT, `place` STRING"),
        ("1,x\n2,y\n", False, "`column_1` BIGINT, `column_2` STRING"),
        ("a,2026-01-01\n", False, "`column_1` STRING, `column_2` DATE"),
        ("a,,b\n", False, "`column_1` STRING, `column_2` STRING, `column_3` STRING"),
        ("id\n1\n", True, "`id` BIGINT"),
        ("a.b,c`d,e f\n1,2,3\n", True, "`a.b` BIGINT, `c``d` BIGINT, `e f` BIGINT"),
        ("\n\nid,place\n", True, "`id` STRING, `place` STRING"),
    ],
)
def test_a_first_line_of_names_is_a_header(infer: Infer, content: str, header: bool, schema: str) -> None:
    found = infer(content)
    assert (found.header, found.schema) == (header, schema)


def test_the_encoding_is_told_by_the_first_bytes(infer: Infer) -> None:
    text = "id;café\n1;x\n"
    assert infer(text.encode("utf-16")) == Layout("csv", ";", "utf-16", True, "`id` BIGINT, `café` STRING")
    assert infer(text.encode("utf-8-sig")).encoding == "utf-8"
    with pytest.raises(DataError, match=r"in\.csv is not utf-8: .*encoding='windows-1252'"):
        infer(text.encode("cp1252"))
    assert infer(text.encode("cp1252"), encoding="windows-1252").schema == "`id` BIGINT, `café` STRING"


def test_files_of_other_columns_have_the_columns_of_all(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,place\n1,x\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("Place,ID,more\n5,07,2\n", encoding="utf-8")
    assert infer_schema(spark, tmp_path / "*.csv").schema == "`id` STRING, `place` STRING, `more` BIGINT"


def test_json_has_decimals_and_keeps_codes(infer: Infer, spark: SparkSession, tmp_path: Path) -> None:
    lines = [
        '{"id":1,"code":"00123","amount":1.50,"long":12345678901234567890,'
        '"o":{"a b":[1,2.5],"l":[{"p":1.25,"q":1},{"p":null},null]},"nothing":null}',
        '[{"id":2,"amount":10.125},{"x":1e-5}]',
        "not json",
    ]
    found = infer("\n".join(lines), "in.jsonl")
    assert found == Layout(
        "json",
        "",
        "utf-8",
        False,
        "`amount` DECIMAL(5,3), `code` STRING, `id` BIGINT, `long` DECIMAL(20,0), `nothing` STRING, "
        "`o` STRUCT<`a b`: ARRAY<DECIMAL(2,1)>, l: ARRAY<STRUCT<p: DECIMAL(3,2), q: BIGINT>>>, `x` DOUBLE",
    )
    assert read_json(spark, tmp_path / "in.jsonl", found.schema).where(F.col(CORRUPT).isNotNull()).count() == 1


def test_typed_files_say_themselves_what_they_hold(spark: SparkSession, tmp_path: Path) -> None:
    rows = spark.sql("SELECT 1 AS `a.b`, CAST(2 AS DECIMAL(8,2)) AS d, named_struct('x y', array(1L)) AS s")
    for kind, name in (("parquet", "`a.b`"), ("avro", "a")):
        named = rows if kind == "parquet" else rows.toDF("a", "d", "s").drop("s")
        named.coalesce(1).write.format(kind).save(str(tmp_path / kind))
        found = infer_schema(spark, tmp_path / kind / f"*.{kind}")
        nested = ", `s` STRUCT<`x y`: ARRAY<BIGINT>>" if kind == "parquet" else ""
        assert found == Layout(kind, "", "", False, f"`{name.strip('`')}` INT, `d` DECIMAL(8,2){nested}")


def test_xml_says_names_and_all_is_text(infer: Infer) -> None:
    text = '<rs><r id="007"><name>x</name><p><a>1</a></p></r><r><tag>a</tag><tag>b</tag></r></rs>'
    found = infer(text, "in.xml", row_tag="r")
    assert found.schema == "`_id` STRING, `name` STRING, `p` STRUCT<a: STRING>, `tag` ARRAY<STRING>"
    with pytest.raises(UsageError, match="row_tag='order'"):
        infer(text, "in.xml")


@pytest.mark.parametrize(
    ("content", "name", "options", "error", "message"),
    [
        ("x", "in.dat", {}, UsageError, r"does not tell its format\. Valid choices: csv, json"),
        ("x", "in.csv", {"format": "excel"}, UsageError, "no format 'excel'"),
        ("", "in.csv", {}, DataError, "has no line"),
        ("\n\n", "in.csv", {}, DataError, "has no line"),
        ("", "in.json", {}, DataError, "has no names"),
        ("foo\n", "in.json", {}, DataError, "has no names"),
        ('{"a":1,"A":2}', "in.json", {}, DataError, "does not tell its columns"),
        ("x", "in.parquet", {}, DataError, "is no Parquet file"),
        ("", "in.avro", {}, DataError, "is empty"),
        ("<!DOCTYPE r><r/>", "in.xml", {"row_tag": "r"}, DataError, "declares a document type"),
        ("id,id\n1,2\n", "in.csv", {}, DataError, "two columns of the name id"),
    ],
)
def test_what_tells_nothing_is_refused_in_words(
    infer: Infer, content: str, name: str, options: dict[str, Any], error: type[ToolkitError], message: str
) -> None:
    with pytest.raises(error, match=message):
        infer(content, name, **options)


def test_files_of_two_formats_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.json"):
        (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.csv\.gz and b\.json are not of one format"):
        infer_schema(spark, tmp_path / "*")
