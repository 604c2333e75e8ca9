"""What Parquet and Avro files say of themselves, before Spark reads them: their columns and types, and whether they are whole.

Spark takes a file of no bytes for one without rows, and finds out that a file is cut when a task has begun. Only the ends and
the headers of files are read here. Must not read rows.
"""

from __future__ import annotations

import io
import os
from typing import IO, TYPE_CHECKING

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from toolkit.errors import DataError
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

if TYPE_CHECKING:
    import pyarrow as pa

_PARQUET, _ENCRYPTED, _AVRO = b"PAR1", b"PARE", b"Obj\x01"
_MARK = 16
"""Bytes that end each block of an Avro file, and its header."""
_LAND_AGAIN = "Land it again: what is there is not all of it."
_PLAIN_TYPES: dict[str, DataType] = {
    "bool": BooleanType(),
    "int8": ByteType(),
    "int16": ShortType(),
    "int32": IntegerType(),
    "int64": LongType(),
    "uint8": ShortType(),
    "uint16": IntegerType(),
    "uint32": LongType(),
    "uint64": DecimalType(20, 0),
    "float": FloatType(),
    "double": DoubleType(),
    "string": StringType(),
    "large_string": StringType(),
    "binary": BinaryType(),
    "large_binary": BinaryType(),
    "date32[day]": DateType(),
}
"""Arrow's names of types, and what Spark makes of them."""


def parquet_fields(file: Location) -> StructType:
    """The columns of a Parquet file.

    Raises:
        DataError: it is empty, no Parquet file, cut off or damaged, or has a column of a type that Spark does not read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with file.open("rb") as stream:
        _refuse_broken_parquet(file, stream)
        try:
            parquet = pq.ParquetFile(stream)
            columns = {parquet.schema.column(n).path: parquet.schema.column(n) for n in range(len(parquet.schema))}
            fields = list(parquet.schema_arrow)
        except (pa.ArrowException, OSError) as problem:
            raise _damaged(file, "its footer cannot be read") from problem
    old_times = {path for path, column in columns.items() if column.physical_type == "INT96"}
    return StructType([StructField(f.name, _of_arrow(file, f.type, f.name, old_times)) for f in fields])


def _refuse_broken_parquet(file: Location, stream: IO[bytes]) -> None:
    begins = stream.read(len(_PARQUET))
    if not begins:
        raise _damaged(file, "it has no bytes", "is empty")
    if begins == _ENCRYPTED:
        raise DataError(f"{_place(file)} is encrypted.", cure="Have it written without encryption.")
    if begins != _PARQUET:
        raise DataError(
            f"{_place(file)} is no Parquet file.", cure="Choose files that are, or the reader for what it is."
        )
    stream.seek(-len(_PARQUET), os.SEEK_END)
    if stream.tell() < len(_PARQUET) or stream.read() != _PARQUET:
        raise _damaged(file, "its footer is missing", "is cut off")
    stream.seek(0)


def _of_arrow(file: Location, kind: pa.DataType, path: str, old_times: set[str]) -> DataType:
    """What Spark makes of a type of Arrow's.

    Args:
        file: where it is.
        kind: the type.
        path: of the column.
        old_times: paths of columns that are INT96, as Hive and Impala wrote times.
    """
    import pyarrow.types as of

    if of.is_dictionary(kind):
        return _of_arrow(file, kind.value_type, path, old_times)
    if of.is_decimal(kind) and kind.precision <= 38:  # noqa: PLR2004 - as many digits as a decimal of Spark's has
        return DecimalType(kind.precision, kind.scale)
    if of.is_timestamp(kind):
        if any(old == path or old.startswith(f"{path}.") for old in old_times):
            return TimestampType()
        if kind.unit != "ns":
            return TimestampType() if kind.tz else TimestampNTZType()
    if of.is_struct(kind):
        return StructType([StructField(f.name, _of_arrow(file, f.type, f"{path}.{f.name}", old_times)) for f in kind])
    if of.is_list(kind) or of.is_large_list(kind):
        return ArrayType(_of_arrow(file, kind.value_type, path, old_times))
    if of.is_map(kind):
        key, value = (_of_arrow(file, part, path, old_times) for part in (kind.key_type, kind.item_type))
        return MapType(key, value)
    if str(kind) in _PLAIN_TYPES:
        return _PLAIN_TYPES[str(kind)]
    raise DataError(
        f"Spark does not read {shown(path, 40)} of {_place(file)}: its type is {kind}.",
        cure="Have it written as another type, such as timestamps in microseconds.",
    )


def avro_schema(file: Location) -> str:
    """The schema in the header of an Avro file, as JSON; each of its blocks is found to be there.

    Raises:
        DataError: it is empty, no Avro file, or cut off.
    """
    with file.open("rb") as stream:
        begins = stream.read(len(_AVRO))
        if not begins:
            raise _damaged(file, "it has no bytes", "is empty")
        if begins != _AVRO:
            raise DataError(
                f"{_place(file)} is no Avro file.", cure="Choose files that are, or the reader for what it is."
            )
        try:
            schema = _header(stream).get("avro.schema", b"").decode()
            _pass_blocks(stream, _exactly(stream, _MARK))
        except EOFError as problem:
            raise _damaged(file, "its last block is not whole", "is cut off") from problem
        except ValueError as problem:
            raise _damaged(file, str(problem)) from problem
    return schema


def _header(stream: IO[bytes]) -> dict[str, bytes]:
    """Names and values at the beginning of a file."""
    found: dict[str, bytes] = {}
    while count := _number(stream):
        if count < 0:
            # Then the size of what follows is said, too.
            count = -count
            _number(stream)
        for _ in range(count):
            name = _exactly(stream, _number(stream)).decode()
            found[name] = _exactly(stream, _number(stream))
    return found


def _pass_blocks(stream: IO[bytes], mark: bytes) -> None:
    """Go from block to block to the end."""
    while (first := stream.read(1)) != b"":
        _number(io.BytesIO(first), stream)
        size = _number(stream)
        if size < 0:
            raise ValueError("a block has a size below zero")
        stream.seek(size, os.SEEK_CUR)
        if _exactly(stream, _MARK) != mark:
            raise ValueError("a block does not end where it should")


def _number(stream: IO[bytes], rest: IO[bytes] | None = None) -> int:
    """A whole number as Avro writes it: seven bits a byte, the last one first, the sign in the lowest bit."""
    value = shift = 0
    while True:
        byte = _exactly(stream, 1)[0]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7
        if shift > 63:  # noqa: PLR2004 - a number has 64 bits
            raise ValueError("a number in it is none")
        stream = rest or stream


def _exactly(stream: IO[bytes], size: int) -> bytes:
    if size < 0:
        raise ValueError("a text in it has a size below zero")
    found = stream.read(size)
    if len(found) < size:
        raise EOFError
    return found


def _damaged(file: Location, why: str, what: str = "is damaged") -> DataError:
    return DataError(f"{_place(file)} {what}: {why}.", cure=_LAND_AGAIN)


def _place(file: Location) -> str:
    return shown(file, LONGEST_PATH)
