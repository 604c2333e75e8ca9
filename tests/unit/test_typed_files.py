"""What Parquet and Avro files say of themselves, and which are refused before Spark starts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.errors import DataError
from toolkit.etl.typed_files import avro_schema, parquet_fields

NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)
MARK = b"0123456789abcdef"


def number(value: int) -> bytes:
    """A whole number as Avro writes it."""
    left, found = (value << 1) ^ (value >> 63), b""
    while left > 0x7F:
        found += bytes([left & 0x7F | 0x80])
        left >>= 7
    return found + bytes([left])


def avro(*blocks: bytes, schema: str = '"int"') -> bytes:
    """An Avro file of blocks that are not looked into."""
    name, value = b"avro.schema", schema.encode()
    header = b"Obj\x01" + number(1) + number(len(name)) + name + number(len(value)) + value + number(0) + MARK
    return header + b"".join(number(1) + number(len(block)) + block + MARK for block in blocks)


def test_columns_of_parquet_have_the_types_that_spark_gives_them(tmp_path: Path) -> None:
    columns: dict[str, Any] = {
        "a.b": pa.array([1], pa.int32()),
        "small": pa.array([1], pa.uint8()),
        "huge": pa.array([1], pa.uint64()),
        "money": pa.array([Decimal("1.50")], pa.decimal128(8, 2)),
        "instant": pa.array([NOON], pa.timestamp("us", "UTC")),
        "local": pa.array([NOON.replace(tzinfo=None)], pa.timestamp("ms")),
        "day": pa.array([date(2026, 1, 1)]),
        "word": pa.array(["x"]).dictionary_encode(),
        "raw": [b"x"],
        "tags": [[{"k": 1.5}]],
        "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    }
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    assert parquet_fields(tmp_path / "x.parquet").simpleString() == (
        "struct<a.b:int,small:smallint,huge:decimal(20,0),money:decimal(8,2),instant:timestamp,local:timestamp_ntz,day:date,"
        "word:string,raw:binary,tags:array<struct<k:double>>,map:map<string,bigint>>"
    )


def test_old_times_of_hive_are_moments(tmp_path: Path) -> None:
    table = pa.table({"at": pa.array([NOON], pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "x.parquet", use_deprecated_int96_timestamps=True)
    assert parquet_fields(tmp_path / "x.parquet").simpleString() == "struct<at:timestamp>"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([NOON], pa.timestamp("ns")), r"timestamp\[ns\]"),
        (pa.array([time(1)]), "time64"),
        (pa.array([Decimal(1)], pa.decimal256(50, 0)), "decimal256"),
    ],
)
def test_a_type_that_spark_does_not_read_is_refused_in_words(tmp_path: Path, values: Any, kind: str) -> None:
    pq.write_table(pa.table({"odd": values}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=rf"does not read odd of .*x\.parquet: its type is {kind}"):
        parquet_fields(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.parquet", b"", "is empty: it has no bytes. Land it again"),
        ("x.parquet", b"id,place\n1,x\n", "is no Parquet file"),
        ("x.parquet", b"PAR1", "is cut off: its footer is missing|is damaged"),
        ("x.parquet", b"PAR1" + b"x" * 50, "is cut off: its footer is missing"),
        ("x.parquet", b"PAR1" + b"x" * 50 + b"PAR1", "is damaged: its footer cannot be read"),
        ("x.parquet", b"PARE" + b"x" * 50, "is encrypted"),
        ("x.avro", b"", "is empty: it has no bytes"),
        ("x.avro", b"id,place\n", "is no Avro file"),
        ("x.avro", avro(b"abc")[:20], "is cut off"),
        ("x.avro", avro(b"abc", b"de")[:-1], "is cut off: its last block is not whole"),
        ("x.avro", avro(b"abc" * 100)[:-200], "is cut off"),
        ("x.avro", avro(b"abc")[:-1] + b"x", "is damaged: a block does not end where it should"),
        ("x.avro", b"Obj\x01" + b"\xff" * 20, "is damaged: a number in it is none"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_in_words(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        (avro_schema if name.endswith("avro") else parquet_fields)(tmp_path / name)


def test_the_schema_of_avro_is_in_its_header(tmp_path: Path) -> None:
    for content in (avro(), avro(b"abc"), avro(b"x" * 100_000, b"")):
        (tmp_path / "x.avro").write_bytes(content)
        assert avro_schema(tmp_path / "x.avro") == '"int"'
