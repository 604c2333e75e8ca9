"""Keys of dimensions: a hash of the business key, and a search for two business keys that share one.

A hash rather than a number that is counted up: a table that is built again, on other machines or in another order, has the
same keys; a fact can be given its key without a look into the dimension; two loads at once need no counter. The price is that
two business keys may share one, which `refuse_collisions` looks for. Owns how values are written before they are hashed: were
it changed, every key in every table would change. Must not read or write a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    IntegralType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from toolkit.columns import cols, quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.load import SHOWN

Transform = Callable[[DataFrame], DataFrame]

UNKNOWN = -1
"""The key of the member that stands for "no key": less than every hash."""
_POSITIVE = 2**63 - 1


def surrogate_key(*columns: str, name: str = "key") -> Transform:
    """Add a BIGINT made of a business key: equal for equal keys, whenever and wherever it is made; never negative.

    It is xxHash64 without the sign, 63 bits, so that negative numbers are left for members such as `UNKNOWN`. Among n business
    keys some two share one with a probability of about n²/2⁶⁴: one in 18 million for a million of them, one in 1,800 for a
    hundred million, one in 18 for a billion. Whoever chooses business keys can make two that collide; `refuse_collisions` finds
    them.

    What is hashed says the type of each value, whether it is null, and its length: `("a", "bc")` is not `("ab", "c")`, null is
    not an empty text, and 1 is not `"1"`. Exact numbers are one type, so that a wider one keeps its keys. Neither the time zone
    nor another setting of the session has a part in it. The order of the columns has; their names do not.

    Args:
        columns: the business key; in a history with `_start_at`, since each version has a key of its own.
        name: of the column that is added.

    Raises:
        UsageError: there is no such column, the name is taken, or a value of the type has no one way to be written.
    """

    def transform(df: DataFrame) -> DataFrame:
        types = {field.name: field.dataType for field in df.schema}
        if not columns:
            raise UsageError("No business key is named.", choices=list(types), cure="Name the columns that make it.")
        for column in columns:
            if column not in types:
                raise UsageError.unknown("column", column, types)
        if name in types:
            raise UsageError(f"There is a column {name} already.", cure="Say another name=….")
        return df.withColumn(name, hashed([(F.col(quoted(column)), types[column]) for column in columns]))

    return transform


def hashed(fields: Sequence[tuple[Column, DataType]]) -> Column:
    """The key of some values, as `surrogate_key` makes it.

    Raises:
        UsageError: a value of a type has no one way to be written.
    """
    written = F.concat(*[_written(value, kind) for value, kind in fields])
    return F.xxhash64(written).bitwiseAND(F.lit(_POSITIVE))


def family(kind: DataType) -> str:
    """The letter of a type: values of types with other letters never have equal keys.

    Raises:
        UsageError: a value of that type has no one way to be written.
    """
    # A text in a collation may equal one that is written otherwise.
    if isinstance(kind, StringType) and "collate" not in kind.simpleString():
        return "t"
    letters: dict[type[DataType], str] = {
        IntegralType: "n",
        DecimalType: "n",
        BooleanType: "b",
        DateType: "d",
        TimestampType: "i",
        TimestampNTZType: "l",
        BinaryType: "x",
        StructType: "s",
    }
    for known, letter in letters.items():
        if isinstance(kind, known):
            return letter
    # The text of a fraction differs between versions of Java, so its key would.
    raise UsageError(
        f"A value of type {kind.simpleString()} is no part of a business key: equal ones may be written in several ways.",
        cure="Cast it to DECIMAL or STRING first, or leave it out.",
    )


def _written(value: Column, kind: DataType) -> Column:
    """A text from which type and value could be read again, and where it ends."""
    letter = family(kind)
    if isinstance(kind, StructType):
        fields = [_written(value[field.name], field.dataType) for field in kind]
        return F.when(value.isNull(), f"{letter}-").otherwise(F.concat(F.lit(f"{letter}{len(fields)}:"), *fields))
    text = _text(value, kind)
    known = F.concat(F.lit(letter), F.length(text).cast("string"), F.lit(":"), text)
    return F.when(value.isNull(), f"{letter}-").otherwise(known)


def _text(value: Column, kind: DataType) -> Column:
    if isinstance(kind, DecimalType):
        return _digits(value, kind)
    if isinstance(kind, TimestampType):
        return F.unix_micros(value).cast("string")
    return F.hex(value) if isinstance(kind, BinaryType) else value.cast("string")


def _digits(value: Column, kind: DecimalType) -> Column:
    """A decimal without zeros that say nothing; a cast writes 0.0000001 as 1E-7 or not, as the session has it."""
    form = f"S{'0' * max(kind.precision - kind.scale, 1)}" + (f"D{'0' * kind.scale}" if kind.scale else "")
    short = F.regexp_replace(F.to_char(value, F.lit(form)), r"^(?:\+|(-))0*(?=\d)", "$1")
    return F.regexp_replace(short, r"\.?0+$", "") if kind.scale else short


def refuse_collisions(df: DataFrame, key: str, columns: Sequence[str]) -> None:
    """Raise unless rows with one key have one business key.

    Args:
        df: a dimension; its members without a business key, such as the unknown one, are not looked at.
        key: the surrogate key.
        columns: the business key that it was made of.

    Raises:
        DataError: two business keys share a key. Give the dimension another kind of key: no order of work mends it.
    """
    given = reduce(or_, [column.isNotNull() for column in cols(columns)])
    business = F.struct(*cols(columns))
    sides = df.where(given).groupBy(F.col(quoted(key)).alias("_key")).agg(F.min(business), F.max(business))
    low, high = (F.col(quoted(name)) for name in sides.columns[1:])
    found = sides.where(~low.eqNullSafe(high)).select("_key", low.cast("string"), high.cast("string"))
    if rows := found.limit(SHOWN).collect():
        told = "; ".join(f"{one} and {other} have {number}" for number, one, other in rows)
        raise DataError(
            f"Business keys ({', '.join(columns)}) share a key {key}: {told}.",
            cure="Add a column to the business key that tells them apart, such as the source that each came from.",
        )
