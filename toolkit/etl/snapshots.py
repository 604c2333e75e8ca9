"""Two states of a table compared: which rows came, went and changed, as change events.

A source that sends all its rows each day, and says nothing of what it deleted, becomes a source of changes by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from toolkit.columns import cols
from toolkit.errors import DataError
from toolkit.etl.load import is_comparable, refuse_repeated_keys

CHANGE = "_change"
INSERT, UPDATE, DELETE = "insert", "update", "delete"


def compare_snapshots(old: DataFrame, new: DataFrame, keys: Sequence[str], *, ignore: Sequence[str] = ()) -> DataFrame:
    """The rows by which `new` differs from `old`, with `_change`: `insert`, `update` (as it is now) or `delete` (as it was).

    Applied to the old one, they make the new one.

    Args:
        old: the earlier state; no key twice, none null.
        new: the later one, with the same columns.
        keys: columns that tell rows apart.
        ignore: columns whose change alone is none, such as the time of loading.

    Raises:
        UsageError: a key is no column.
        DataError: a key comes twice, or is null; or the columns or types of the two differ, or cannot be compared.
    """
    if sorted(old.dtypes) != sorted(new.dtypes):
        differing = sorted({name for name, _ in {*old.dtypes} ^ {*new.dtypes}})
        raise DataError(
            f"The two have other columns or types: {', '.join(differing)}.", cure="Select and cast them alike first."
        )
    if unequal := [f.name for f in new.schema if f.name not in (*keys, *ignore) and not is_comparable(f.dataType)]:
        raise DataError(
            f"Two values of {unequal[0]} cannot be compared.", cure="Leave it out, or name it in ignore=[…]."
        )
    for rows in (old, new):
        refuse_repeated_keys(rows, keys)
    names = new.columns
    compared = [name for name in names if name not in keys and name not in ignore]
    before = old.select(*cols(keys), F.struct(*cols(names)).alias("_old"))
    after = new.select(*cols(keys), F.struct(*cols(names)).alias("_new"))
    same = F.lit(True)
    for name in compared:
        same = same & F.col("_old")[name].eqNullSafe(F.col("_new")[name])
    change = (
        F.when(F.col("_old").isNull(), INSERT).when(F.col("_new").isNull(), DELETE).when(~same, UPDATE).alias(CHANGE)
    )
    both = after.join(before, list(keys), "full_outer")
    rows = both.select(F.coalesce("_new", "_old").alias("_row"), change).where(F.col(CHANGE).isNotNull())
    return rows.select("_row.*", CHANGE)
