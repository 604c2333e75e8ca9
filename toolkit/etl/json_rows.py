"""Rows of files of JSON lines, of which nothing is dropped: each line is one value, and the value is all of the line.

Spark parses the first value of a line and forgets what follows. Here a line is parsed with a mark of this read's own at its
end: what follows the value then has the mark, or makes it no JSON at all. Must not decide which files are read.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

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
from toolkit.etl.json_layout import is_plain
from toolkit.store.location import Location

_LONGEST_DECIMAL = 38
_BLANKS = " \t\r\n"
"""What JSON has for white space."""
_BLANK = r"[ \t\r\n]*+"
# Mantissas with which 308, or 38, is too large an exponent for DOUBLE, or FLOAT.
_FROM_1_8 = r"(?<![0-9.])(?:1\.[89][0-9]*|[2-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_FROM_3_41 = r"(?<![0-9.])(?:3\.(?:4[1-9]|[5-9])[0-9]*|[4-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_OVER_399 = "[4-9][0-9]{2}|[0-9]{4,}"
_END_OF_NUMBER = r'[ \t]*+["\],}]'


def read(spark: SparkSession, files: list[Location], fields: StructType, corrupt: str, encoding: Encoding) -> DataFrame:
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
    texts, mark = spark.read.text(spark_paths(files)), secrets.token_hex(8)
    kinds = list(_parts(fields))
    if encoding.name == "utf-8" and all(is_plain(file, kinds) for file in files):
        return _plain(texts, fields, corrupt, mark)
    lines = _lines(texts, encoding)
    parsed = _parsed(lines, fields, corrupt, mark)
    looked = parsed.withColumn("reached", ~_out_of_reach(F.col("line"), fields))
    values = looked.select("line", "is_whole", "fits", "reached", F.explode(_objects()).alias("object"))
    return _judged(values, fields, corrupt)


def _plain(texts: DataFrame, fields: StructType, corrupt: str, mark: str) -> DataFrame:
    """The rows of plain files: a line is one object and nothing else where the mark, put before its last brace, is its own."""
    line = F.col("value")
    marked = F.concat(F.substring(line, F.lit(1), F.length(line) - 1), F.lit(f',"{mark}":1}}'))
    ended = F.when(line.startswith("{") & line.endswith("}"), marked)
    whole = StructType([*fields, StructField(mark, IntegerType()), StructField(corrupt, StringType())])
    objects = (
        texts.where(line != "")
        .select(line, F.from_json(ended, whole, {"columnNameOfCorruptRecord": corrupt}).alias("object"))
        .select("*", F.coalesce(F.col("object")[mark] == 1, F.lit(False)).alias("is_whole"))
    )
    fits = F.col("is_whole") & F.col("object")[corrupt].isNull()
    columns = [F.when(F.col("is_whole"), F.col("object")[name]).alias(name) for name in fields.names]
    return objects.select(*columns, F.when(~fits, line).alias(corrupt))


def _lines(raw: DataFrame, encoding: Encoding) -> DataFrame:
    """Text of each line that is not empty, and whether its bytes are text."""
    if encoding.name == "utf-8":
        text, is_text = F.col("value"), F.is_valid_utf8("value")
    else:
        latin = F.decode(F.col("value").cast("binary"), "ISO-8859-1")
        text = F.translate(latin, *encoding.translation)
        is_text = ~latin.rlike(f"[{encoding.undefined}]") if encoding.undefined else F.lit(True)
    # What is no text is given as far as it is one, and its bytes with it.
    remark = F.concat(F.lit(f"  (not {encoding.said}; the bytes of the line: "), F.hex("value"), F.lit(")"))
    told = F.when(is_text, _without_mark(text)).otherwise(F.concat(F.make_valid_utf8(text), remark))
    lines = raw.select(told.alias("line"), is_text.alias("is_text"))
    bare = _bare(F.col("line"))
    return lines.where((bare != "") & ~(bare.startswith("[") & bare.rlike(rf"\A\[{_BLANK}\]\z")))


def _bare(line: Column) -> Column:
    return F.btrim(line, F.lit(_BLANKS))


def _without_mark(text: Column) -> Column:
    return F.when(text.startswith("\ufeff"), F.substring(text, 2, 2**31 - 1)).otherwise(text)


def _parsed(lines: DataFrame, fields: StructType, corrupt: str, mark: str) -> DataFrame:
    """Each line with what Spark makes of it in an array that the mark ends."""
    line = F.col("line")
    # The values of an array on one line are values of ours, without its brackets.
    is_array = _bare(line).startswith("[") & _bare(line).endswith("]")
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
    return F.coalesce(marked & (F.col("is_array") | (F.size(objects) == 2)), F.lit(False))  # noqa: PLR2004


def _objects() -> Column:
    """The objects of a line; one that is nothing where the line is to be kept as text."""
    objects = F.col("objects")
    without_mark = F.slice(objects, 1, F.greatest(F.size(objects) - 1, F.lit(0)))
    return F.when(F.col("is_whole") & F.col("fits"), without_mark).otherwise(
        F.array(F.when(F.col("is_whole"), F.try_element_at(objects, F.lit(1))))
    )


def _judged(values: DataFrame, fields: StructType, corrupt: str) -> DataFrame:
    """Values of the declared types, and the text of each line that has a value which would be another one in its type.

    What is asked more than once is a column first: Spark would else work it out each time.
    """
    narrow = {field.name: _narrowed(F.col("object")[field.name], field.dataType) for field in fields}
    numbered = list(enumerate(fields.names))
    cast = values.select(
        "line",
        "object",
        (F.col("is_whole") & F.col("fits") & F.col("reached") & F.col("object").isNotNull()).alias("good"),
        "reached",
        *[narrow[name].alias(f"narrow_{n}") for n, name in numbered],
    )
    same = cast.select(
        "*",
        *[
            _is_same(F.col("object")[field.name], F.col(f"narrow_{n}"), field.dataType).alias(f"same_{n}")
            for n, field in enumerate(fields)
        ],
    )
    columns = [F.when(F.col("reached") & F.col(f"same_{n}"), F.col(f"narrow_{n}")).alias(name) for n, name in numbered]
    good = F.col("good")
    for n, _ in numbered:
        good = good & F.col(f"same_{n}")
    return same.select(*columns, F.when(~good, F.col("line")).alias(corrupt))


def _narrowed(value: Column, kind: DataType) -> Column:
    """The value with decimals of the declared scale."""
    return value.try_cast(kind) if _has_decimals(kind) else value


def _is_same(value: Column, narrow: Column, kind: DataType) -> Column:
    """Whether the declared scale has changed no decimal."""
    if not _has_decimals(kind):
        return F.lit(True)
    return _comparable(narrow.try_cast(_widened(kind)), kind).eqNullSafe(_comparable(value, kind))


def _has_decimals(kind: DataType) -> bool:
    return any(isinstance(part, DecimalType) for part in _parts(kind))


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
    long = F.octet_length(line)
    proofs: list[tuple[Column, str]] = []
    if decimals := [kind for kind in kinds if isinstance(kind, DecimalType)]:
        places, shortest = min(map(_places, decimals)), min(_LONGEST_DECIMAL - kind.precision for kind in decimals)
        # Digits beyond all places are lost unseen only after a row of zeros, or of nines, in the places beyond the scale.
        alike = min(shortest, 10)
        sign = line.contains("0" * alike) | line.contains("9" * alike) if alike else line.contains(".")
        proofs += [
            (sign, rf"\.[0-9]{{{places}}}[0-9]*?[1-9][0-9]*+(?:[eE][0-9+-]++)?"),
            (line.contains("e-") | line.contains("E-"), r"[0-9][eE]-(?:[2-9][0-9]|[0-9]{3,})"),
        ]
    exponent = line.rlike(r"[0-9.][eE][+-]?[0-9]{2}")
    if any(isinstance(kind, DoubleType) for kind in kinds):
        large = rf"{_FROM_1_8}[eE]\+?308|[0-9.][eE]\+?(?:309|3[1-9][0-9]|{_OVER_399})"
        small = rf"[0-9.][eE]-(?:32[5-9]|3[3-9][0-9]|{_OVER_399})"
        proofs += [(exponent, f"{large}|{small}"), (long > 309, "(?<![0-9.])[0-9]{309,}(?:[.][0-9]*)?")]  # noqa: PLR2004
    if any(isinstance(kind, FloatType) for kind in kinds):
        large = rf"{_FROM_3_41}[eE]\+?38|[0-9.][eE]\+?(?:39|[4-9][0-9]|[0-9]{{3,}})"
        small = r"[0-9.][eE]-(?:4[6-9]|[5-9][0-9]|[0-9]{3,})"
        digits = "(?<![0-9.])[0-9]{40,}(?:[.][0-9]*)?"
        proofs += [(exponent, f"{large}|{small}"), ((long > 40) & line.rlike("[0-9]{40}"), digits)]  # noqa: PLR2004
    found = F.lit(False)
    for sign, proof in proofs:
        found = found | (sign & line.rlike(rf"(?:{proof}){_END_OF_NUMBER}"))
    return found
