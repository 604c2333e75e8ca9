"""What JSON's numbers are in Spark's types, and where they would become other ones.

Owns the proofs that a number was changed where no cast shows it, and the way round Spark's types that keeps each number as it
is written. Must not read files.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DecimalType,
    DoubleType,
    FloatType,
    MapType,
    StructField,
    StructType,
    VariantType,
)

_LONGEST_DECIMAL = 38
# Mantissas with which 308, or 38, is too large an exponent for DOUBLE, or FLOAT.
_FROM_1_8 = r"(?<![0-9.])(?:1\.[89][0-9]*|[2-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_FROM_3_41 = r"(?<![0-9.])(?:3\.(?:4[1-9]|[5-9])[0-9]*|[4-9](?:\.[0-9]*)?|[0-9]{2,}(?:\.[0-9]*)?)"
_OVER_399 = "[4-9][0-9]{2}|[0-9]{4,}"
_LONG_EXPONENT = r"[0-9.][eE][+-]?[0-9]{2}"
_TOO_LARGE = rf"{_FROM_1_8}[eE]\+?308|[0-9.][eE]\+?(?:309|3[1-9][0-9]|{_OVER_399})"
_NO_DOUBLE = rf"{_TOO_LARGE}|[0-9.][eE]-(?:32[5-9]|3[3-9][0-9]|{_OVER_399})"
_END_OF_NUMBER = r'[ \t]*+["\],}]'

_TEXT = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# All of a line up to its next number: what is in quotes is passed over as a whole.
_UP_TO_A_NUMBER = rf'\G((?:[^"0-9-]|{_TEXT})*+)(-?[0-9][0-9.eE+-]*+)'


def numbers_as_texts(text: Column, mark: str) -> Column:
    """The same JSON with each number as a text that begins with a mark: no type changes it then.

    Args:
        text: JSON.
        mark: letters and digits that do not occur in it.
    """
    return F.regexp_replace(text, _UP_TO_A_NUMBER, f'$1"{mark}$2"')


def texts_as_numbers(text: Column, mark: str) -> Column:
    """JSON with the numbers that `numbers_as_texts` made texts of."""
    return F.regexp_replace(text, f'"{mark}([^"]*+)"', "$1")


def narrowed(value: Column, kind: DataType) -> Column:
    """The value with decimals of the declared scale."""
    return value.try_cast(kind) if _has_decimals(kind) else value


def is_same(value: Column, narrow: Column, kind: DataType) -> Column:
    """Whether the declared scale has changed no decimal."""
    if not _has_decimals(kind):
        return F.lit(True)
    return _comparable(narrow.try_cast(widened(kind)), kind).eqNullSafe(_comparable(value, kind))


def _has_decimals(kind: DataType) -> bool:
    return any(isinstance(part, DecimalType) for part in parts(kind))


def _comparable(value: Column, kind: DataType) -> Column:
    """Maps and variants have no order and no equality in Spark; their text has."""
    return F.to_json(value) if any(isinstance(part, MapType | VariantType) for part in parts(kind)) else value


def widened(kind: DataType) -> DataType:
    """The same type with decimals of as many digits after the point as there can be."""
    match kind:
        case DecimalType():
            return DecimalType(_LONGEST_DECIMAL, _places(kind))
        case ArrayType():
            return ArrayType(widened(kind.elementType))
        case MapType():
            return MapType(kind.keyType, widened(kind.valueType))
        case StructType():
            return StructType([widened_field(field) for field in kind])
    return kind


def widened_field(field: StructField) -> StructField:
    """The same field, its type widened."""
    return StructField(field.name, widened(field.dataType))


def _places(kind: DecimalType) -> int:
    return _LONGEST_DECIMAL - (kind.precision - kind.scale)


def parts(kind: DataType) -> Iterator[DataType]:
    """A type, and all that it is made of."""
    yield kind
    match kind:
        case ArrayType():
            yield from parts(kind.elementType)
        case MapType():
            yield from parts(kind.keyType)
            yield from parts(kind.valueType)
        case StructType():
            for field in kind:
                yield from parts(field.dataType)


def out_of_reach(line: Column, fields: StructType) -> Column:
    """Whether the line has a number so long, so large or so small that Spark has changed it where no cast shows it.

    Each proof is looked for only where a sign of it, which is found quickly, occurs.
    """
    kinds = list(parts(fields))
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
    exponent = line.rlike(_LONG_EXPONENT)
    if any(isinstance(kind, DoubleType) for kind in kinds):
        proofs += [(exponent, _NO_DOUBLE), (long > 309, "(?<![0-9.])[0-9]{309,}(?:[.][0-9]*)?")]  # noqa: PLR2004
    if any(isinstance(kind, FloatType) for kind in kinds):
        large = rf"{_FROM_3_41}[eE]\+?38|[0-9.][eE]\+?(?:39|[4-9][0-9]|[0-9]{{3,}})"
        small = r"[0-9.][eE]-(?:4[6-9]|[5-9][0-9]|[0-9]{3,})"
        digits = "(?<![0-9.])[0-9]{40,}(?:[.][0-9]*)?"
        proofs += [(exponent, f"{large}|{small}"), ((long > 40) & line.rlike("[0-9]{40}"), digits)]  # noqa: PLR2004
    found = _no_variant(line) if any(isinstance(kind, VariantType) for kind in kinds) else F.lit(False)
    for sign, proof in proofs:
        found = found | (sign & line.rlike(rf"(?:{proof}){_END_OF_NUMBER}"))
    return found


def _no_variant(line: Column) -> Column:
    """Whether a number is neither a decimal of up to 38 digits nor a double with an exponent; one in a text is none."""
    without_texts = F.regexp_replace(line, _TEXT, '""')
    digits = r"(?<![0-9.])(?=(?:[0-9]\.?){39})[0-9]+(?:\.[0-9]*)?"
    proof = rf"(?:{_NO_DOUBLE}|{digits})[ \t\r\n]*+[\],}}]"
    return line.rlike(rf"{_LONG_EXPONENT}|[0-9.]{{39}}") & without_texts.rlike(proof)
