"""Two states of a table compared: which rows came, went and changed, as change events; and any two frames, to find faults.

A source that sends all its rows each day, and says nothing of what it deleted, becomes a source of changes by the first. The
second counts rows that come several times, and says which columns differ.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from toolkit.columns import cols
from toolkit.errors import DataError, UsageError
from toolkit.etl.load import is_comparable, refuse_repeated_keys

CHANGE = "_change"
INSERT, UPDATE, DELETE = "insert", "update", "delete"
DIFFERENCE, COLUMNS, TIMES, LEFT, RIGHT = "_difference", "_columns", "_times", "_left", "_right"


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
    _refuse_unlike(old, new, (*keys, *ignore))
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


def differences(left: DataFrame, right: DataFrame, keys: Sequence[str] = ()) -> DataFrame:
    """The rows by which two frames differ, as often as they do: a row that is there twice and once is one difference.

    Equal rows cancel each other, null and NaN being equal to themselves. Where one row of a key is left over on each side, the
    two are one difference.

    Args:
        left: rows, in any number.
        right: rows with the same columns.
        keys: columns that pair rows; none pairs none.

    Returns:
        The keys; `_difference`: `left` (a row that only the left one has), `right`, or `changed`; `_columns`: the names of
        those that changed; `_times`: how many rows more than on the other side; `_left` and `_right`: the rows.

    Raises:
        UsageError: a key is no column.
        DataError: the columns or types of the two differ, or cannot be compared.
    """
    for name in keys:
        if name not in left.columns:
            raise UsageError.unknown("column", name, left.columns)
    _refuse_unlike(left, right, ())
    names = left.columns
    row = F.struct(*cols(names)).alias("_row")
    sides = left.select(row, F.lit(1).alias("_n")).union(right.select(row, F.lit(-1).alias("_n")))
    rest = sides.groupBy("_row").agg(F.sum("_n").alias("_n")).where("_n != 0")
    told = rest.select(
        *[F.col("_row")[name].alias(name) for name in keys],
        F.abs("_n").alias(TIMES),
        F.when(F.col("_n") > 0, F.col("_row")).alias(LEFT),
        F.when(F.col("_n") < 0, F.col("_row")).alias(RIGHT),
    )
    paired = _paired(told, keys) if keys else told
    both = F.col(LEFT).isNotNull() & F.col(RIGHT).isNotNull()
    differing = [F.when(~F.col(LEFT)[name].eqNullSafe(F.col(RIGHT)[name]), F.lit(name)) for name in names]
    changed = F.when(both, F.array_compact(F.array(*differing))).otherwise(F.array().cast("array<string>"))
    kind = F.when(both, "changed").when(F.col(LEFT).isNotNull(), "left").otherwise("right")
    return paired.select(*cols(keys), kind.alias(DIFFERENCE), changed.alias(COLUMNS), TIMES, LEFT, RIGHT)


def _paired(rest: DataFrame, keys: Sequence[str]) -> DataFrame:
    """What is left over, with the two rows of a key in one where there is one on each side."""
    of_key = Window.partitionBy(*cols(keys))
    lefts, rights = (F.sum(F.when(F.col(side).isNotNull(), F.col(TIMES))).over(of_key) for side in (LEFT, RIGHT))
    counted = rest.withColumns({"_pair": (lefts == 1) & (rights == 1), "_other": F.max(RIGHT).over(of_key)})
    kept = counted.where(~F.coalesce("_pair", F.lit(False)) | F.col(LEFT).isNotNull())
    return kept.withColumn(RIGHT, F.when(F.col("_pair"), F.col("_other")).otherwise(F.col(RIGHT)))


def _refuse_unlike(one: DataFrame, other: DataFrame, uncompared: Sequence[str]) -> None:
    if sorted(one.dtypes) != sorted(other.dtypes):
        differing = sorted({name for name, _ in {*one.dtypes} ^ {*other.dtypes}})
        raise DataError(
            f"The two have other columns or types: {', '.join(differing)}.", cure="Select and cast them alike first."
        )
    if unequal := [f.name for f in one.schema if f.name not in uncompared and not is_comparable(f.dataType)]:
        cure = "Leave it out, or name it in ignore=[…]." if uncompared else "Leave it out."
        raise DataError(f"Two values of {unequal[0]} cannot be compared.", cure=cure)
