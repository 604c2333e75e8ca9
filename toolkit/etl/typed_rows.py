"""Rows of files that say themselves which columns they have: read where these are what was declared, or hold less.

Spark gives null for a column that a file does not have, leaves out those that were not asked for, also within others, and of
Avro rounds a decimal to the scale that was asked for. So each file's own columns are looked at first. Must not open a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StructField,
    StructType,
)

from toolkit.columns import cols, quoted
from toolkit.errors import DataError
from toolkit.etl.files import spark_paths
from toolkit.etl.schemas import Expected
from toolkit.etl.shapes import matched
from toolkit.etl.technical import RESCUED
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_WHOLE_NUMBERS = (ByteType(), ShortType(), IntegerType(), LongType())
"""Each holds all values of those before it."""


def read(
    spark: SparkSession, kind: str, files: Sequence[Location], own: Sequence[StructType], expected: Expected
) -> DataFrame:
    """The rows of those files.

    Args:
        spark: the session.
        kind: `parquet` or `avro`.
        files: each is there, and whole.
        own: the columns of each file.
        expected: what is declared.

    Raises:
        DataError: a file has other columns, or types whose values the declared ones do not hold.
    """
    extras: dict[str, StructField] = {}
    for file, fields in zip(files, own, strict=True):
        shape = matched(file, fields.names, expected)
        for declared, place in zip(expected.fields, shape.places, strict=True):
            if place is not None:
                _refuse_other_type(file, declared.name, fields[place].dataType, declared.dataType)
        if expected.rescues:
            _gather(file, [fields[place] for _, place in shape.extras], extras)
    rows = (
        spark.read.schema(StructType([*expected.fields, *extras.values()])).format(kind).load(spark_paths(list(files)))
    )
    if not expected.rescues:
        return rows.select(*cols(expected.names))
    return rows.select(*cols(expected.names), _rescued([field.name for field in extras.values()]).alias(RESCUED))


def _rescued(names: Sequence[str]) -> Column:
    if not names:
        return F.lit(None).cast("string")
    there = F.to_json(F.struct(*[F.col(quoted(name)).alias(name) for name in names]))
    return F.nullif(there, F.lit("{}"))


def _gather(file: Location, fields: Sequence[StructField], extras: dict[str, StructField]) -> None:
    """Add the columns of a file that nobody declared to those of the files before it."""
    here: set[str] = set()
    for field in fields:
        name = field.name.lower()
        before = extras.get(name, field)
        wider = next((kind for kind in (before.dataType, field.dataType) if _hold(kind, before, field)), None)
        if wider is None or name in here:
            raise DataError(
                f"{shown(field.name, 40)} of {shown(file, LONGEST_PATH)} is there twice, or of another type than in files "
                "before it, and is not declared.",
                cure="Declare it, read the files apart, or leave it out with extra='ignore'.",
            )
        here.add(name)
        extras[name] = StructField(before.name, wider)


def _hold(kind: DataType, *fields: StructField) -> bool:
    return all(not list(_misfits("", field.dataType, kind)) for field in fields)


def _refuse_other_type(file: Location, name: str, own: DataType, declared: DataType) -> None:
    misfit = next(_misfits(name, own, declared), None)
    if misfit:
        place, is_, asked = misfit
        raise DataError(
            f"{shown(place, 80)} is {is_} in {shown(file, LONGEST_PATH)}; {asked} is declared.",
            cure="Declare what it is, and give it another type afterwards with etl.transform.typed.",
        )


def _misfits(path: str, own: DataType, declared: DataType) -> Iterator[tuple[str, str, str]]:
    """Places, with both types, at which a value of the file's type would be lost or changed in the declared one."""
    match own, declared:
        case StructType(), StructType():
            asked = {field.name.lower(): field for field in declared}
            there = {field.name.lower() for field in own}
            for field in own:
                place = f"{path}.{field.name}"
                if field.name.lower() not in asked:
                    yield place, _said(field.dataType), "nothing"
                else:
                    yield from _misfits(place, field.dataType, asked[field.name.lower()].dataType)
            for name in asked.keys() - there:
                yield f"{path}.{asked[name].name}", "not there", _said(asked[name].dataType)
        case ArrayType(), ArrayType():
            yield from _misfits(f"{path}[]", own.elementType, declared.elementType)
        case MapType(), MapType():
            yield from _misfits(f"{path}.key", own.keyType, declared.keyType)
            yield from _misfits(f"{path}.value", own.valueType, declared.valueType)
        case _:
            if not _fits(own, declared):
                yield path, _said(own), _said(declared)


def _fits(own: DataType, declared: DataType) -> bool:
    """Whether each value of one plain type is the same in another."""
    if own in _WHOLE_NUMBERS and declared in _WHOLE_NUMBERS:
        return _WHOLE_NUMBERS.index(own) <= _WHOLE_NUMBERS.index(declared)
    if isinstance(own, DecimalType) and isinstance(declared, DecimalType):
        more = declared.scale - own.scale
        return more >= 0 and declared.precision - own.precision >= more
    return own == declared or (isinstance(own, FloatType) and isinstance(declared, DoubleType))


def _said(kind: DataType) -> str:
    return kind.simpleString().upper() if not isinstance(kind, StructType) else "a STRUCT"
