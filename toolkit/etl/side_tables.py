"""Tables beside a dimension: flags put together, many values of one row, attributes of an attribute.

Two dimensions that are said to be one are held against each other here, too. A degenerate dimension needs no table: the number
of an order stays in the fact. Must not read or write a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import DataError, UsageError
from toolkit.etl.load import SHOWN, refuse_repeated_keys
from toolkit.etl.snapshots import COLUMNS, DIFFERENCE, LEFT, RIGHT, differences
from toolkit.etl.surrogates import surrogate_key

Transform = Callable[[DataFrame], DataFrame]

_SCALE = 8
_UNITS = 10**_SCALE
_VALUES, _PLACE = "_values", "_place"


def junk_dimension(columns: Sequence[str], key: str) -> Transform:
    """The combinations of some flags that there are, each with a key made of all of them; null is a value of a flag.

    A fact needs no look into it: `surrogate_key(*columns, name=key)` gives it the same key. Meant for few values: there are as
    many rows as combinations.

    Raises:
        UsageError: there is no such column, or one of a type that is no part of a key.
    """

    def transform(df: DataFrame) -> DataFrame:
        keyed = df.transform(surrogate_key(*columns, name=key))
        return keyed.select(*cols([key, *columns])).distinct()

    return transform


def bridge(keys: Sequence[str], values: str, *, value: str = "value", weight: str = "weight") -> Transform:
    """One row for each key and value of an array, with weights of which those of a key sum to exactly 1.

    A weight is a DECIMAL(9,8). Where 1 cannot be parted evenly, each value has its part cut off after eight digits, and the
    first ones in order have 0.00000001 more: three values weigh 0.33333334, 0.33333333 and 0.33333333. A value that comes twice
    counts once, and a null in an array does not; a key without any value has a row with null that weighs 1, so that a sum over
    the bridge is the sum over the keys.

    Args:
        keys: what the values belong to; rows with equal keys are put together.
        values: a column of type ARRAY.
        value: name of the column of the values.
        weight: name of the column of the weights.

    Raises:
        UsageError: there is no such column, or it is no array.
    """

    def transform(df: DataFrame) -> DataFrame:
        types = dict(df.dtypes)
        for name in (*keys, values):
            if name not in types:
                raise UsageError.unknown("column", name, types)
        if not types[values].startswith("array"):
            raise UsageError(
                f"{values} is {types[values]}, and no array.", cure="Gather the values first: collect_set."
            )
        together = F.array_compact(F.flatten(F.collect_list(quoted(values))))
        grouped = df.groupBy(*cols(keys)).agg(F.array_sort(F.array_distinct(together)).alias(_VALUES))
        # Outer: an empty array is a row, too, at place null.
        exploded = grouped.select(*cols(keys), _VALUES, F.posexplode_outer(_VALUES).alias(_PLACE, value))
        many = F.greatest(F.size(_VALUES), F.lit(1))
        rest = F.lit(_UNITS) % many
        units = (F.lit(_UNITS) - rest) / many + F.when(F.col(_PLACE) < rest, 1).otherwise(0)
        weighed = (units.cast(f"decimal({_SCALE + 1},0)") * Decimal(1).scaleb(-_SCALE)).cast(
            f"decimal({_SCALE + 1},{_SCALE})"
        )
        return exploded.select(*cols([*keys, value]), weighed.alias(weight))

    return transform


def normalized(df: DataFrame, columns: Sequence[str], key: str) -> tuple[DataFrame, DataFrame]:
    """A dimension in two: its rows with a key in place of some columns, and an outrigger with each combination of those.

    Nothing is lost, whether or not one of the columns determines the others: `denormalized` gives the rows back.

    Raises:
        UsageError: there is no such column, or one of a type that is no part of a key.
    """
    keyed = df.transform(surrogate_key(*columns, name=key))
    # The key stands where the first of the columns stood.
    names = [key if name == columns[0] else name for name in df.columns if name == columns[0] or name not in columns]
    return keyed.select(*cols(names)), df.transform(junk_dimension(columns, key))


def denormalized(outrigger: DataFrame, key: str) -> Transform:
    """The columns of an outrigger in place of its key; a row whose key it does not have gets nulls.

    Raises:
        UsageError: one of the two has no such key.
    """

    def transform(df: DataFrame) -> DataFrame:
        for side, names in {"dimension": df.columns, "outrigger": outrigger.columns}.items():
            if key not in names:
                raise UsageError.unknown(f"column of the {side}", key, names)
        place, added = df.columns.index(key), [name for name in outrigger.columns if name != key]
        joined = df.join(outrigger, key, "left")
        return joined.select(*cols([*df.columns[:place], *added, *df.columns[place + 1 :]]))

    return transform


def refuse_unconformed(left: DataFrame, right: DataFrame, keys: Sequence[str]) -> None:
    """Raise unless two dimensions have the same keys, and the same values in the columns that both have.

    Args:
        left: a dimension; no key twice, none null.
        right: one that is said to be the same.
        keys: columns of both that tell rows apart, such as the surrogate key.

    Raises:
        UsageError: a key is no column of one of them.
        DataError: they differ, with examples; or a key comes twice, or is null; or a column is of another type.
    """
    for df in (left, right):
        refuse_repeated_keys(df, keys)
    shared = [name for name in left.columns if name in right.columns]
    found = differences(left.select(*cols(shared)), right.select(*cols(shared)), keys)
    if rows := found.orderBy(*cols(keys)).limit(SHOWN).collect():
        raise DataError(
            f"The two dimensions are not one: {'; '.join(_told(row, keys) for row in rows)}.",
            cure="Make both of one source, or call them otherwise.",
        )


def _told(row: Row, keys: Sequence[str]) -> str:
    named = ", ".join(f"{name}={row[name]}" for name in keys)
    if row[DIFFERENCE] != "changed":
        return f"{named} is in the {row[DIFFERENCE]} one only"
    values = [f"{name} is {row[LEFT][name]!r} and {row[RIGHT][name]!r}" for name in row[COLUMNS]]
    return f"of {named} {', '.join(values)}"
