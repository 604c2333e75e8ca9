"""Rows of files of JSON lines, of which nothing is dropped: each line is one value, and the value is all of the line.

Spark parses the first value of a line and forgets what follows. Here a line is parsed within an array, before a mark of this
read's own: what follows the value then makes the array another one, or no JSON at all. Must not decide which files are read.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    MapType,
    StringType,
    StructField,
    StructType,
)

from toolkit.errors import UsageError
from toolkit.etl.encodings import Encoding, check_form
from toolkit.etl.files import spark_paths

_LONGEST_DECIMAL = 38
_BLANK = r"[\x00-\x20]*+"
# Mantissas with which 308, or 38, is too large an exponent for DOUBLE, or FLOAT.
_FROM_1_8 = r"(?<![0-9.])(?:1\.[89][0-9]*|[2-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_FROM_3_41 = r"(?<![0-9.])(?:3\.(?:4[1-9]|[5-9])[0-9]*|[4-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_OVER_399 = "[4-9][0-9]{2}|[0-9]{4,}"
_END_OF_NUMBER = r'[ \t]*+["\],}]'


def read(spark: SparkSession, files: list[Path], fields: StructType, corrupt: str, encoding: Encoding) -> DataFrame:
    """The rows of those files.

    Args:
        spark: the session.
        files: each is there.
        fields: the columns that are taken out of each object.
        corrupt: the column that keeps the text of a line that does not fit.
        encoding: of the bytes.
    """
    if encoding.of_two_bytes:
        raise UsageError(
            f"JSON lines cannot be read in {encoding.said}.", cure="JSON is UTF-8 (RFC 8259): convert the files first."
        )
    for file in files:
        check_form(file, encoding)
    lines = _lines(spark.read.text(spark_paths(files)), encoding)
    mark = secrets.token_hex(8)
    parsed = _parsed(lines, fields, corrupt, mark)
    values = parsed.select("*", F.explode(_objects()).alias("object"))
    return _judged(values, fields, corrupt)


def _lines(raw: DataFrame, encoding: Encoding) -> DataFrame:
    """Text of each line that is not empty, and whether its bytes are text."""
    if encoding.name == "utf-8":
        text, is_text = F.col("value"), F.is_valid_utf8("value")
    else:
        latin = F.decode(F.col("value").cast("binary"), "ISO-8859-1")
        text = F.translate(latin, *encoding.translation)
        is_text = ~latin.rlike(f"[{encoding.undefined}]") if encoding.undefined else F.lit(True)
    remark = f"  (not {encoding.said}: bytes that are not ASCII are written as \\xhh)"
    told = F.when(is_text, _without_mark(text)).otherwise(F.concat(_escaped(F.col("value")), F.lit(remark)))
    lines = raw.select(told.alias("line"), is_text.alias("is_text"))
    return lines.where(~F.col("line").rlike(rf"\A{_BLANK}(?:\[{_BLANK}\]{_BLANK})?\z"))


def _without_mark(text: Column) -> Column:
    return F.when(text.startswith("\ufeff"), F.substring(text, 2, 2**31 - 1)).otherwise(text)


def _escaped(raw: Column) -> Column:
    """Bytes as text, those that are not ASCII by their two digits."""
    characters = F.split(F.decode(raw.cast("binary"), "ISO-8859-1"), "")

    def escaped(character: Column) -> Column:
        code = F.lower(F.hex(F.encode(character, "ISO-8859-1")))
        return F.when(F.octet_length(character) <= 1, character).otherwise(F.concat(F.lit("\\x"), code))

    return F.array_join(F.transform(characters, escaped), "")


def _parsed(lines: DataFrame, fields: StructType, corrupt: str, mark: str) -> DataFrame:
    """Each line with what Spark makes of it in an array that the mark ends."""
    line = F.col("line")
    # The values of an array on one line are values of ours, without its brackets.
    is_array = line.rlike(rf"(?s)\A{_BLANK}\[.*\]{_BLANK}\z")
    opened = F.when(is_array, F.regexp_replace(line, rf"\]{_BLANK}\z", "")).otherwise(F.concat(F.lit("["), line))
    wrapped = F.concat(F.lit(f'{{"{mark}":'), opened, F.lit(f',{{"{mark}":1}}]}}'))
    objects = StructType([*map(_widened_field, fields), StructField(mark, IntegerType())])
    whole = StructType([StructField(mark, ArrayType(objects)), StructField(corrupt, StringType())])
    parsed = F.from_json(F.when(F.col("is_text"), wrapped), whole, {"columnNameOfCorruptRecord": corrupt})
    return (
        lines.select("line", is_array.alias("is_array"), parsed.alias("parsed"))
        .select(
            "line",
            F.col(f"parsed.{mark}").alias("objects"),
            F.col(f"parsed.{corrupt}").isNull().alias("fits"),
            "is_array",
        )
        .select("*", _is_whole(mark).alias("is_whole"))
    )


def _is_whole(mark: str) -> Column:
    """Whether the line is one object, or one array of objects, and nothing else."""
    objects = F.col("objects")
    marked = F.try_element_at(objects, F.lit(-1))[mark] == 1
    alone = (F.size(objects) == 2) & F.try_element_at(objects, F.lit(1)).isNotNull()  # noqa: PLR2004
    of_array = F.col("is_array") & ~F.exists(objects, lambda one: one.isNull())
    return F.coalesce(marked & (alone | of_array), F.lit(False))


def _objects() -> Column:
    """The objects of a line; one that is nothing where the line is to be kept as text."""
    objects = F.col("objects")
    without_mark = F.slice(objects, 1, F.greatest(F.size(objects) - 1, F.lit(0)))
    return F.when(F.col("is_whole") & F.col("fits"), without_mark).otherwise(
        F.array(F.when(F.col("is_whole"), F.try_element_at(objects, F.lit(1))))
    )


def _judged(values: DataFrame, fields: StructType, corrupt: str) -> DataFrame:
    """Values of the declared types, and the text of each line that has a value which would be another one in its type."""
    reached = ~_out_of_reach(F.col("line"), fields)
    good, columns = F.col("is_whole") & F.col("fits") & reached, []
    for field in fields:
        value, same = _narrowed(F.col("object")[field.name], field.dataType)
        good = good & same
        columns.append(F.when(reached & same, value).alias(field.name))
    return values.select(*columns, F.when(~good, F.col("line")).alias(corrupt))


def _narrowed(value: Column, kind: DataType) -> tuple[Column, Column]:
    """The value with decimals of the declared scale, and whether that has changed none."""
    if not any(isinstance(part, DecimalType) for part in _parts(kind)):
        return value, F.lit(True)
    narrow = value.try_cast(kind)
    back = narrow.try_cast(_widened(kind))
    return narrow, _comparable(back, kind).eqNullSafe(_comparable(value, kind))


def _comparable(value: Column, kind: DataType) -> Column:
    """Maps have no order and no equality in Spark; their text has."""
    return F.to_json(value) if any(isinstance(part, MapType) for part in _parts(kind)) else value


def _widened(kind: DataType) -> DataType:
    """The same type with decimals of as many digits after the point as there can be."""
    match kind:
        case DecimalType():
            return DecimalType(_LONGEST_DECIMAL, _places(kind))
        case ArrayType():
            return ArrayType(_widened(kind.elementType))
        case MapType():
            return MapType(kind.keyType, _widened(kind.valueType))
        case StructType():
            return StructType([_widened_field(field) for field in kind])
    return kind


def _widened_field(field: StructField) -> StructField:
    return StructField(field.name, _widened(field.dataType))


def _places(kind: DecimalType) -> int:
    return _LONGEST_DECIMAL - (kind.precision - kind.scale)


def _parts(kind: DataType) -> Iterator[DataType]:
    """A type, and all that it is made of."""
    yield kind
    match kind:
        case ArrayType():
            yield from _parts(kind.elementType)
        case MapType():
            yield from _parts(kind.keyType)
            yield from _parts(kind.valueType)
        case StructType():
            for field in kind:
                yield from _parts(field.dataType)


def _out_of_reach(line: Column, fields: StructType) -> Column:
    """Whether the line has a number so long, so large or so small that Spark has changed it where no cast shows it.

    Each proof is looked for only where a sign of it, which is found quickly, occurs.
    """
    kinds = list(_parts(fields))
    proofs: list[tuple[str, str]] = []
    if places := [_places(kind) for kind in kinds if isinstance(kind, DecimalType)]:
        proofs += [
            (rf"[0-9]{{{min(places) + 1}}}", rf"\.[0-9]{{{min(places)}}}[0-9]*?[1-9][0-9]*+(?:[eE][0-9+-]++)?"),
            (r"[eE]-[1-9]", r"[0-9][eE]-(?:[2-9][0-9]|[0-9]{3,})"),
        ]
    if any(isinstance(kind, DoubleType) for kind in kinds):
        proofs += [
            (
                r"[eE]\+?[3-9][0-9]{2}|[eE]\+?[1-9][0-9]{3}",
                rf"{_FROM_1_8}[eE]\+?308|[0-9.][eE]\+?(?:309|3[1-9][0-9]|{_OVER_399})",
            ),
            (r"[eE]-[3-9][0-9]{2}|[eE]-[1-9][0-9]{3}", rf"[0-9.][eE]-(?:32[5-9]|3[3-9][0-9]|{_OVER_399})"),
            ("[0-9]{309}", "(?<![0-9.])[0-9]{309,}(?:[.][0-9]*)?"),
        ]
    if any(isinstance(kind, FloatType) for kind in kinds):
        proofs += [
            (
                r"[eE]\+?[3-9][0-9]|[eE]\+?[1-9][0-9]{2}",
                rf"{_FROM_3_41}[eE]\+?38|[0-9.][eE]\+?(?:39|[4-9][0-9]|[0-9]{{3,}})",
            ),
            (r"[eE]-[4-9][0-9]|[eE]-[1-9][0-9]{2}", r"[0-9.][eE]-(?:4[6-9]|[5-9][0-9]|[0-9]{3,})"),
            ("[0-9]{40}", "(?<![0-9.])[0-9]{40,}(?:[.][0-9]*)?"),
        ]
    found = F.lit(False)
    for sign, proof in proofs:
        found = found | (line.rlike(sign) & line.rlike(rf"(?:{proof}){_END_OF_NUMBER}"))
    return found
