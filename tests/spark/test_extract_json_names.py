"""JSON with names that the schema does not have, with open-ended values, and with one value in each file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.extract import CORRUPT, read_json, with_origin
from toolkit.etl.technical import RESCUED

Rows = list[tuple[Any, ...]]
Reader = Callable[..., Rows]
PLAIN, NOT_PLAIN = "", " "
"""In front of each line: a blank has the file looked at closely."""


def rows(df: DataFrame) -> Rows:
    """The rows of a frame, variants as their JSON."""
    texts = [
        F.to_json(F.col(f"`{name}`")).alias(name) if kind == "variant" else F.col(f"`{name}`")
        for name, kind in df.dtypes
    ]
    return [tuple(row) for row in df.select(*texts).collect()]


@pytest.fixture
def json(spark: SparkSession, tmp_path: Path) -> Reader:
    """Reads a text as a file of JSON."""

    def read(content: str | bytes, schema: str = "id INT, amount DECIMAL(8,2)", **options: Any) -> Rows:
        (tmp_path / "in.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        return rows(read_json(spark, tmp_path / "in.json", schema, **options))

    return read


@pytest.mark.parametrize("before", [PLAIN, NOT_PLAIN], ids=["plain", "not plain"])
def test_names_that_the_schema_does_not_have_are_rescued_as_they_are_written(json: Reader, before: str) -> None:
    more = (
        '"n":12.50,"e":1e400,"long":1234567890123456789012345678901234567890.10,"t":"1.50 \\" 7","b":true,"z":null,'
        '"o":{"a":[-0.0,1E5,{}],"b":"x"},"d.o`t":[]'
    )
    lines = [f'{{"id":1,{more},"amount":2.50}}', '{"id":2}', '{"ID":3}', '{"id":"x","y":1}', '{"id":5,"x":1} 7']
    found = json("".join(f"{before}{line}\n" for line in lines), extra="rescue")
    assert found[:3] == [
        (1, Decimal("2.50"), f"{{{more}}}", None),
        (2, None, None, None),
        (None, None, '{"ID":3}', None),
    ]
    assert [row[2:] for row in found[3:]] == [('{"y":1}', before + lines[3]), (None, before + lines[4])]


def test_each_object_of_an_array_has_its_own_names(json: Reader) -> None:
    assert json('[{"id":1,"x":1.0},{"id":2},{"id":3,"y":[2]}]\n', extra="rescue") == [
        (1, None, '{"x":1.0}', None),
        (2, None, None, None),
        (3, None, '{"y":[2]}', None),
    ]


@pytest.mark.parametrize("before", [PLAIN, NOT_PLAIN], ids=["plain", "not plain"])
def test_a_name_twice_within_what_is_rescued_keeps_the_line(json: Reader, before: str) -> None:
    line = before + '{"id":1,"x":{"a":1,"a":2}}'
    assert json(line, extra="rescue")[0][-1] == line
    assert json(line) == [(1, None, None)]
    assert json(before + '{"id":1,"x":1,"x":2}', extra="rescue") == [(1, None, '{"x":1,"x":2}', None)]


def test_a_long_line_with_many_escapes_is_rescued(json: Reader) -> None:
    text = '\\"1' * 20_000
    assert json(f'{{"id":1,"x":"{text}","y":1.0}}\n', extra="rescue") == [(1, None, f'{{"x":"{text}","y":1.0}}', None)]


def test_names_that_nobody_declared_are_refused_if_asked_for(json: Reader) -> None:
    assert json('{"id":1}\n{"id":2,"amount":1}\n', extra="fail") == [(1, None, None), (2, Decimal(1), None)]
    with pytest.raises(DataError, match=r"in\.json has names .*: a\.b, x; declared are id, amount.*extra='rescue'"):
        json('{"id":1}\n{"x":1,"a.b":2}\n', extra="fail")


def test_a_variant_takes_any_value(json: Reader) -> None:
    lines = ['{"id":1,"v":{"b":[1.50,"x"],"a":null}}', '{"id":2,"v":7}', '{"id":3}', '{"id":4,"v":"t"}']
    values = ['{"a":null,"b":[1.5,"x"]}', "7", None, '"t"']
    for before in (PLAIN, NOT_PLAIN):
        found = json("".join(f"{before}{line}\n" for line in lines), "id INT, v VARIANT, amount DECIMAL(8,2)")
        assert found == [(n, value, None, None) for n, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("1e999", False),
        ("1e-999", False),
        ("1e300", True),
        ("9" * 38, True),
        ("9" * 39, False),
        ("1." + "9" * 38, False),
        ("1." + "9" * 37, True),
        ('{"a":1,"a":2}', False),
        ('{"a":[1e999]}', False),
        ('"1e999"', True),
    ],
)
def test_a_value_that_a_variant_would_change_keeps_the_line(json: Reader, value: str, fits: bool) -> None:
    line = f'{{"v":{value}}}'
    assert json(line, "v VARIANT")[0][1] == (None if fits else line)
    assert json(value, "all VARIANT", whole="all")[0][1] == (None if fits else value)


def test_a_variant_within_a_struct_does_not_hinder_decimals_beside_it(json: Reader) -> None:
    schema = "s STRUCT<v: VARIANT, d: DECIMAL(8,2)>"
    good, bad = '{"s":{"v":[1],"d":1.50}}', '{"s":{"v":[1],"d":1.505}}'
    assert [row[1] for row in json(f"{good}\n{bad}\n", schema)] == [None, bad]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('{"b":1,"a":[2.50]}', '{"a":[2.5],"b":1}'),
        ("[1,2]", "[1,2]"),
        ("[]", "[]"),
        ("5", "5"),
        ('"x"', '"x"'),
        (" null ", "null"),
    ],
)
def test_whole_lines_are_variants(json: Reader, line: str, value: str) -> None:
    assert json(f"{line}\n\n", "all VARIANT", whole="all") == [(value, None)]


@pytest.mark.parametrize("line", ["1 2", "1,2", "{} x", "[1],[2]", '{"a":1', "x", "[1]]", b"\xff"])
def test_a_line_that_is_no_one_value_keeps_its_text(json: Reader, line: str | bytes) -> None:
    ((value, kept),) = json(line, "all VARIANT", whole="all")
    assert value is None
    assert kept.startswith(line if isinstance(line, str) else "\ufffd  (not utf-8")


@pytest.mark.parametrize("schema", ["other VARIANT", "all STRING", "all VARIANT, id INT"])
def test_whole_lines_go_into_one_variant(json: Reader, schema: str) -> None:
    with pytest.raises(UsageError, match="Declare `all VARIANT` and nothing else"):
        json("{}", schema, whole="all")


def test_a_file_that_is_one_array_has_a_row_for_each_object(json: Reader) -> None:
    text = '\ufeff[\n {"id": 1,\n  "amount": 1.50, "x": [1.0]},\r\n {"id": 2, "amount": 1.005},\n {"id": "y"}, 7, null, {}\n]\n'
    found = json(text, multi_line=True, extra="rescue")
    assert found == [
        (1, Decimal("1.50"), '{"x":[1.0]}', None),
        (2, None, None, '{"amount":1.005,"id":2}'),
        (None, None, None, '{"id":"y"}'),
        (None, None, None, "7"),
        (None, None, None, "null"),
        (None, None, None, None),
    ]


def test_a_file_that_is_one_object_is_a_row(json: Reader) -> None:
    assert json('{\n "id": 1,\n "amount":\n2\n}', multi_line=True) == [(1, Decimal(2), None)]
    assert json('{\n "id": 1,\n "amount":\n2.50\n}', "all VARIANT", multi_line=True, whole="all") == [
        ('{"amount":2.5,"id":1}', None)
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[{"id":1},\n{"id":2}',
        '[{"id":1}]\n[{"id":2}]',
        '{"id":1}\n{"id":2}\n',
        '{"id":1}\nx',
        '[{"id":1}],',
        '[{"id":1}]]',
        "]",
        '[{"id":1,"o":{"a":1,"a":2}}]',
        "x",
    ],
)
def test_a_file_that_is_no_one_value_keeps_its_text(json: Reader, text: str) -> None:
    assert json(text, multi_line=True) == [(None, None, text)]


def test_a_long_file_that_is_no_value_keeps_its_beginning(json: Reader) -> None:
    ((_, _, kept),) = json('{"id":"' + "x" * 2_000_000, multi_line=True)
    assert kept.startswith('{"id":"xxx')
    assert kept.endswith("x…  (the first million of 2000007 characters)")
    ((_, _, kept),) = json(b'[{"id":"\xff"}]', multi_line=True)
    assert kept == '[{"id":"\ufffd"}]  (not utf-8; the bytes of the line: 5B7B226964223A22FF227D5D)'


@pytest.mark.parametrize("text", ["", "\n \n", "[]", "[\n]"])
def test_a_file_without_a_value_has_no_rows(json: Reader, text: str) -> None:
    assert json(text, multi_line=True) == []


@pytest.mark.parametrize(
    ("schema", "options"),
    [
        ("id INT", {"extra": "rescue"}),
        ("id INT", {"multi_line": True, "extra": "rescue"}),
        ("v VARIANT", {"whole": "v"}),
        ("v VARIANT", {"whole": "v", "multi_line": True}),
    ],
)
def test_each_row_has_its_origin(spark: SparkSession, tmp_path: Path, schema: str, options: dict[str, Any]) -> None:
    for name in ("a b.json", "c.json"):
        (tmp_path / name).write_text('[{"id": 1, "x": 2}]', encoding="utf-8")
    found = with_origin(read_json(spark, tmp_path / "*.json", schema, **options), tmp_path, "r", datetime.now(UTC))
    assert {row["_source"] for row in found.collect()} == {"a b.json", "c.json"}
    assert found.where(F.col(CORRUPT).isNotNull()).count() == 0
    assert (RESCUED in found.columns) == ("extra" in options)
