"""JSON lines with more than one value, or values that do not fit: all is read, or the line is kept."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.extract import CORRUPT, read_json

Rows = list[tuple[Any, ...]]
Reader = Callable[..., Rows]


@pytest.fixture
def json(spark: SparkSession, tmp_path: Path) -> Reader:
    """Reads bytes, or text, as a file of JSON lines."""

    def read(content: bytes | str, schema: str = "id INT, amount DECIMAL(8,2)", *, encoding: str = "utf-8") -> Rows:
        (tmp_path / "in.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        return [tuple(row) for row in read_json(spark, tmp_path / "in.json", schema, encoding=encoding).collect()]

    return read


WITH_MORE = [
    '{"id":1}{"id":2}',
    '{"id":1} {"id":2}',
    '{"id":1} x',
    '{"id":1},{"id":2}',
    '{"id":1},',
    '{"id":1}]',
    '{"id":1}}',
    '{"id":1}],"x":[{"id":2}',
    '{"id":1} // remark',
    '[{"id":1},{"id":2}',
    '[{"id":1}] x',
    '[{"id":1}],[{"id":2}]',
    '[{"id":1}][{"id":2}]',
    '[{"id":1},5]',
    '{"id":1}{"id":2',
    "[null]",
    "null",
    "5",
    '"x"',
]


def test_a_line_with_more_than_one_value_keeps_its_text(json: Reader) -> None:
    assert json("\n".join(WITH_MORE)) == [(None, None, line) for line in WITH_MORE]


NOT_PLAIN = '[{"id":0}]'
"""A line that makes a file one that is looked at more closely."""


@pytest.mark.parametrize("line", [line for line in WITH_MORE if not line.startswith("[")])
def test_a_line_with_more_than_one_value_keeps_its_text_in_a_plain_file_and_in_any_other(
    json: Reader, line: str
) -> None:
    assert json(f'{line}\n{{"id":7}}', "id INT") == [(None, line), (7, None)]
    assert json(f'{line}\n{{"id":7}}\n{NOT_PLAIN}', "id INT") == [(None, line), (7, None), (0, None)]


PLAIN = [
    '{"id":1,"amount":10.5,"s":"e-mail"}',
    '{"amount":10,"id":2}',
    '{"s":"}{","id":3,"amount":null}',
    '{"id":4,"s":"a\\"}"}',
    '{"id":5,"amount":1e2}',
    '{"id":"x","amount":1.5,"s":"é"}',
    '{"id":6,"amount":123456789}',
    '{"id":7',
    '{"id":8,}',
    '{"id":9,"s":"x}',
    "}",
    "{",
    '{"id":10,"s":"\\"}',
    '{"id":11}',
]


def test_plain_files_are_read_as_all_others_are(json: Reader) -> None:
    schema = "id INT, amount DECIMAL(8,2), s STRING"
    plain = json("\n".join(PLAIN), schema)
    assert json("\n".join([*PLAIN, NOT_PLAIN]), schema) == [*plain, (0, None, None, None)]
    assert [row[-1] is None for row in plain] == [True] * 5 + [False] * 8 + [True]


def test_line_ends_of_both_kinds_are_no_part_of_a_line(json: Reader) -> None:
    assert json('{"id":1}\r\n\r\n{"id":2}\n\n{"id":3} x\r\n', "id INT") == [(1, None), (2, None), (None, '{"id":3} x')]


def test_an_array_of_objects_on_one_line_gives_a_row_for_each(json: Reader) -> None:
    lines = '[{"id":1},{"id":2}]\n [ ] \n[]\n  {"id":3}  \n[{"id":4}] \n[[{"id":1}]]\n'
    assert json(lines, "id INT") == [(1, None), (2, None), (3, None), (4, None), (None, '[[{"id":1}]]')]


def test_an_array_with_an_object_that_does_not_fit_keeps_its_text(json: Reader) -> None:
    assert json('[{"id":1},{"id":"x"}]', "id INT")[0][-1] == '[{"id":1},{"id":"x"}]'


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("10.005", None),
        ("10.500", Decimal("10.50")),
        ("1e2", Decimal(100)),
        ('"10.5"', Decimal("10.5")),
        ('"10.005"', None),
        ("-0.0", Decimal(0)),
        ("1e-40", None),
        ("0." + "0" * 50 + "1", None),
        ("999999999", None),
    ],
)
def test_a_decimal_that_its_scale_would_round_keeps_the_line(json: Reader, number: str, value: Decimal | None) -> None:
    line = f'{{"id":1,"amount":{number}}}'
    ((_, amount, kept),) = json(line)
    assert (amount, kept) == (value, None if value is not None else line)


def test_a_decimal_within_other_values_is_looked_at_too(json: Reader) -> None:
    schema = "p STRUCT<a: DECIMAL(8,2)>, l ARRAY<STRUCT<u: DECIMAL(8,2)>>, m MAP<STRING, DECIMAL(8,2)>"
    good = '{"p":{"a":1.5},"l":[{"u":1.5},null],"m":{"k":1.50}}'
    bad = [good.replace(*change) for change in (('"a":1.5', '"a":1.005'), ('"u":1.5', '"u":1.005'), ("1.50", "1.005"))]
    rows = json("\n".join([good, *bad, '{"p":null,"l":[]}']), schema)
    assert [row[-1] for row in rows] == [None, *bad, None]
    assert [row[0] is None for row in rows] == [False, True, False, False, True]


def test_a_decimal_of_all_digits_is_looked_at_too(json: Reader) -> None:
    fits, long = '{"x":1.000000000000000005}', '{"x":1.0000000000000000005}'
    assert json(f"{fits}\n{long}", "x DECIMAL(38,18)") == [(Decimal("1.000000000000000005"), None), (None, long)]


@pytest.mark.parametrize(
    ("number", "double", "single"),
    [
        ("1e999", False, False),
        ("1e309", False, False),
        ("2e308", False, False),
        ("1e308", True, False),
        ("3.5e38", True, False),
        ("3.4e38", True, True),
        ("-1e-999", False, False),
        ("1e-40", True, True),
        ("9" * 310, False, False),
        ("0.1", True, True),
        ("0", True, True),
    ],
)
def test_a_number_that_would_become_infinite_or_zero_keeps_the_line(
    json: Reader, number: str, double: bool, single: bool
) -> None:
    line = f'{{"x":{number}}}'
    for type_, fits in (("DOUBLE", double), ("FLOAT", single)):
        ((value, kept),) = json(line, f"x {type_}")
        assert (value is not None, kept) == ((True, None) if fits else (False, line))


def test_bytes_that_are_no_text_keep_the_line_and_are_given_with_it(json: Reader) -> None:
    bad, good = json(b'{"id":1,"s":"caf\xe9"}\n{"id":2,"s":"\xc3\xa9"}\n', "id INT, s STRING")
    assert bad[:2] == (None, None)
    assert (
        bad[2] == '{"id":1,"s":"caf\ufffd"}  (not utf-8; the bytes of the line: 7B226964223A312C2273223A22636166E9227D)'
    )
    assert good == (2, "é", None)


def test_an_encoding_is_read_when_it_is_said(json: Reader) -> None:
    good, bad = json(b'{"s":"\xe9\x80"}\n{"s":"\x81"}\n', "s STRING", encoding="windows-1252")
    assert good == ("é€", None)
    assert bad[1].startswith('{"s":"\x81"}  (not windows-1252; the bytes of the line: 7B2273223A2281227D)')


def test_utf_16_is_refused_in_words(json: Reader) -> None:
    with pytest.raises(UsageError, match="JSON is UTF-8"):
        json("{}", encoding="utf-16")
    with pytest.raises(DataError, match="byte order mark of utf-16"):
        json("{}".encode("utf-16"))


def test_rows_that_do_not_fit_can_be_asked_for_alone(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text('{"id":1}\n{"id":2} x\n', encoding="utf-8")
    rows = read_json(spark, tmp_path / "in.json", "id INT")
    assert rows.where(F.col(CORRUPT).isNotNull()).count() == 1
    assert [row["id"] for row in rows.where(F.col(CORRUPT).isNull()).select("id").collect()] == [1]
