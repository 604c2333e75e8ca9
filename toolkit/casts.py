"""When a text fits a type without change: the one definition that readers, transformations and rules share.

Spark's own cast rounds a decimal to its scale, makes infinity of a number that is too large, drops a time of day, a time zone
or any text after a date, and puts today's date before a time. A value so read is not what was written. Owns what is accepted
of each type; must not import Spark at import time: rules are read by programs that answer at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column

_TYPE = re.compile(r"\s*([a-z_]+)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE)
_AROUND = r"[\x00-\x20\x7F]*+"
"""What Spark's cast takes away at both ends of a text: blanks and control characters."""
_MANTISSA = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_NUMBER = rf"{_MANTISSA}(?:[eE][+-]?[0-9]+)?"
_NO_NUMBER = r"(?i:[+-]?(?:nan|inf|infinity))"
_DAY = r"(?!0000)[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_MIDNIGHT = r"(?:[T ]00:00(?::00(?:\.0*)?)?)?"
_TIME = r"[T ][0-9]{1,2}(?::[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{0,6}0*)?)?)?"
_ZONE = r"(?: ?[A-Za-z+-][A-Za-z0-9+:/_-]*)?"
_FORMS = {
    "date": _DAY + _MIDNIGHT,
    "timestamp": rf"{_DAY}(?:{_TIME}{_ZONE})?",
    "timestamp_ltz": rf"{_DAY}(?:{_TIME}{_ZONE})?",
    "timestamp_ntz": rf"{_DAY}(?:{_TIME})?",
}
_BINARY_FRACTIONS = {"float", "real", "double"}
_DECIMALS = {"decimal", "dec", "numeric"}
_TEXTS = {"varchar", "char"}


def exactly(text: Column, type_: str) -> Column:
    """The text as a value of the type; null where it is none, or would become another value.

    - `DECIMAL(p,s)`: digits after the scale are zeros (`10.500` fits a scale of 2, `10.005` does not); `1e2` is 100.
    - `FLOAT`, `DOUBLE`: rounded to the nearest value, as they always are, but neither to infinity nor to zero.
    - whole numbers: digits and a sign; neither `1.0` nor `1e2`.
    - `DATE`: year, month and day, the year with four digits from 0001; no time of day but midnight.
    - `TIMESTAMP`: a day, perhaps a time with up to six digits of a second; `TIMESTAMP_NTZ` without a time zone.

    - `VARCHAR(n)`, `CHAR(n)`: at most that many characters.

    Blanks around the text are no part of it. All other types are as Spark's `try_cast` has them.

    Args:
        text: a column of text.
        type_: as Spark spells it, such as `decimal(10,2)`.
    """
    from pyspark.sql import functions as F

    shape = _TYPE.fullmatch(type_)
    name = shape[1].lower() if shape else ""
    if shape and name in _TEXTS:
        return F.when(F.length(text) <= int(shape[2] or 0), text)
    value = text.try_cast(type_)
    if shape and name in _DECIMALS:
        return F.when(_decimal_fits(text, int(shape[3] or 0)), value)
    if name in _BINARY_FRACTIONS:
        return F.when(_fraction_fits(text, value), value)
    return F.when(text.rlike(_whole(_FORMS[name])), value) if name in _FORMS else value


def unchanged(value: Column, old: str, new: str) -> Column:
    """A value of one type as one of another; null where the way back does not lead to it.

    Args:
        value: a column of the type `old`.
        old: its type, as Spark spells it.
        new: the type that is asked for.
    """
    from pyspark.sql import functions as F

    if old == "string":
        return exactly(value, new)
    cast = value.try_cast(new)
    return F.when(cast.try_cast(old).eqNullSafe(value), cast)


def _whole(form: str) -> str:
    return rf"\A{_AROUND}(?:{form}){_AROUND}\z"


def _decimal_fits(text: Column, scale: int) -> Column:
    """Whether no digit but zeros stands after the scale, once an exponent has moved the point."""
    from pyspark.sql import functions as F

    plain = rf"[+-]?[0-9]*(?:\.[0-9]{{0,{scale}}}0*)?"
    parts = _whole(r"[+-]?([0-9]*)\.?([0-9]*)[eE]([+-]?[0-9]+)")
    whole, fraction, exponent = (F.regexp_extract(text, parts, group) for group in (1, 2, 3))
    digits = F.concat(whole, fraction)
    significant = F.regexp_replace(digits, "0+$", "")
    zeros = F.length(digits) - F.length(significant)
    places = F.length(fraction) - zeros - exponent.try_cast("int")
    shifted = text.rlike(parts) & ((significant == "") | (places <= scale))
    return text.rlike(_whole(plain)) | shifted


def _fraction_fits(text: Column, value: Column) -> Column:
    """Whether a number that is neither infinite nor zero stays so."""
    from pyspark.sql import functions as F

    infinite = F.abs(value.cast("double")) == F.lit(float("inf"))
    vanished = (value == 0) & text.rlike(_whole(r"[+-]?[0-9.]*[1-9][0-9.]*(?:[eE].*)?"))
    return (text.rlike(_whole(_NUMBER)) & ~infinite & ~vanished) | text.rlike(_whole(_NO_NUMBER))
