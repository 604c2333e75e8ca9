"""Which files of JSON lines are plain."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql.types import DataType, DecimalType, DoubleType, FloatType, StringType

from toolkit.etl.json_layout import is_plain

DECIMALS: list[DataType] = [DecimalType(8, 2), DecimalType(12, 4)]


def plain(folder: Path, content: bytes, kinds: list[DataType] | None = None) -> bool:
    (folder / "in.json").write_bytes(content)
    return is_plain(folder / "in.json", kinds or [StringType()])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"a":1}',
        b'{"a":1}\n',
        b'{"a":1}\r\n{"a":2}\r\n',
        b"\n\n",
        b"x\n{",
        b'{"a": "[ ]"}\n',
        '{"a":"é"}\n'.encode(),
    ],
)
def test_a_file_of_objects_alone_on_their_lines_is_plain(tmp_path: Path, content: bytes) -> None:
    assert plain(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        b'[{"a":1}]',
        b'{"a":1}\n[{"a":2}]\n',
        b' {"a":1}',
        b'{"a":1} ',
        b'{"a":1} \r\n',
        b'{"a":1}\n\t{"a":2}',
        b"{}",
        b'{"a":1}\n{ }\n',
        b'{"a":1}\r{"a":2}\n',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\n\xef\xbb\xbf{"a":2}',
        b'{"a":"caf\xe9"}',
    ],
)
def test_what_needs_a_closer_look_is_not(tmp_path: Path, content: bytes) -> None:
    assert not plain(tmp_path, content)


@pytest.mark.parametrize(
    ("number", "kinds", "changed"),
    [
        ("10.55", DECIMALS, False),
        ("10.555", DECIMALS, True),
        ("10.555", [StringType()], False),
        ("10.5555", [DecimalType(12, 4)], False),
        ("1e2", DECIMALS, False),
        ("1e-3", DECIMALS, True),
        ("1.E-3", DECIMALS, True),
        ('"1.5,55"', DECIMALS, True),
        ('"1\\u0030"', DECIMALS, True),
        ("1e3", [DoubleType()], False),
        ("1e38", [DoubleType()], True),
        ("1E+400", [FloatType()], True),
        ("9" * 37, [FloatType()], False),
        ("9" * 38, [FloatType()], True),
        ("9" * 307, [DoubleType()], False),
        ("9" * 308, [DoubleType()], True),
    ],
)
def test_a_number_that_its_type_may_change_is_seen(
    tmp_path: Path, number: str, kinds: list[DataType], changed: bool
) -> None:
    assert plain(tmp_path, f'{{"a":{number}}}\n{{"a":1}}'.encode(), kinds) is not changed


def test_what_stands_across_two_pieces_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.etl.encodings.CHUNK", 4)
    assert plain(tmp_path, '{"a":"é"}\n{"a":"é"}\n'.encode())
    for content in (
        b'{"a":1}\n[1]\n',
        b'{"a":12} \n{"a":1}',
        b'{"a":1}\n{ }\n',
        b'{"a":"\xe9"}\n',
        b'{"a":1}\r{"a":1}\n',
    ):
        assert not plain(tmp_path, content), content
    assert not plain(tmp_path, b'{"amount":1.555}\n', DECIMALS)


def test_a_line_of_any_length_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.etl.encodings.LONGEST_LINE", 8)
    monkeypatch.setattr("toolkit.etl.encodings.CHUNK", 4)
    assert plain(tmp_path, b'{"a":1}\n{"a":2}\n')
    assert not plain(tmp_path, b'{"a":"' + b"x" * 40 + b'"}\n')
