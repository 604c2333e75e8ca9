"""What columns have to do with each other: numbers that go together, values that are keys of another table.

Owns the choice of the few pairs that are worth a look, since all pairs of a wide table would be too many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from toolkit.quality.profiling.columns import Leaf, leaves
from toolkit.quality.profiling.model import ColumnProfile, Correlation, ForeignKey
from toolkit.quality.profiling.passes import HLL_BITS, HLL_ERROR
from toolkit.quality.rules.measures import pearson

MOST_COMPARED = 30
SAMPLED_ROWS = 10_000
"""At r = 0.8 the standard error of r from so many rows is 0.004."""
MOST_LOOKED_UP = 20
SEED = 11
_KEY_SLACK = 3 * HLL_ERROR


def comparable(columns: Sequence[ColumnProfile]) -> tuple[str, ...]:
    """The numeric columns that may be correlated: they vary, and are no keys. The fullest 30 of them."""
    fit = [column for column in columns if column.kind == "number" and not column.likely_key and _varies(column)]
    fullest = sorted(fit, key=lambda column: column.nulls)[:MOST_COMPARED]
    return tuple(column.name for column in fit if column in fullest)


def correlations(df: DataFrame, names: Sequence[str], rows: int, least: float) -> tuple[Correlation, ...]:
    """The pairs of `names` whose |r| is at least `least`, the strongest first.

    A pass of its own, over these columns only. Each row becomes a row for every pair, so that one expression serves them
    all: hundreds of aggregates side by side would take Spark minutes.
    """
    if len(names) < 2:  # noqa: PLR2004 - it takes two
        return ()
    numbers = df.select(F.array(*[_finite(name) for name in names]).alias("all"))
    if rows > SAMPLED_ROWS:
        numbers = numbers.sample(fraction=SAMPLED_ROWS / rows, seed=SEED)
    one = numbers.select("all", F.posexplode("all").alias("i", "x"))
    rest = F.slice("all", F.col("i") + 2, F.lit(len(names)))
    pairs = one.select("i", "x", F.posexplode(rest).alias("after", "y"))
    asked = pearson(F.col("x"), F.col("y")).alias("r")
    found = pairs.groupBy("i", "after").agg(asked).where(~F.isnan("r") & (F.abs("r") >= least))
    strong = [
        Correlation(one=names[row["i"]], other=names[row["i"] + 1 + row["after"]], r=row["r"])
        for row in found.collect()
    ]
    return tuple(sorted(strong, key=lambda pair: (-abs(pair.r), pair.one, pair.other)))


def _varies(column: ColumnProfile) -> bool:
    return column.spread is not None and bool(column.spread.stddev)


def _finite(name: str) -> Column:
    number = F.col(name).cast("double")
    return F.when(~F.isnan(number) & (F.abs(number) != F.lit(float("inf"))), number)


def foreign_keys(
    df: DataFrame, columns: Sequence[ColumnProfile], references: Mapping[str, DataFrame]
) -> tuple[ForeignKey, ...]:
    """Which columns refer to a key of another table, each looked up in full.

    Looked up is a column whose type fits, which has no more values than the key and none outside its range: names that
    agree first, then texts, then numbers; at most 20 pairs for each table.
    """
    found: list[ForeignKey] = []
    for name, reference in references.items():
        keys = list(_keys(reference))
        pairs = sorted(
            ((column, key) for column in columns for key in keys if _may_refer(column, key)),
            key=lambda pair: (not named_alike(pair[0].name, name, pair[1].name), pair[0].kind != "text"),
        )
        found += [_looked_up(df, column, name, key, reference) for column, key in pairs[:MOST_LOOKED_UP]]
    return tuple(sorted(found, key=lambda one: -one.found / one.rows))


def named_alike(column: str, table: str, key: str) -> bool:
    """Whether a column's name tells the key: `customer_id` that of `customer_id`, or of `id` in `silver.customers`."""
    own, other, of = (part.lower().rpartition(".")[2].strip("`") for part in (column, key, table))
    singular = of.removesuffix("s")
    return own == other or own in {f"{singular}_{other}", f"{of}_{other}"} or (other == "id" and own == singular)


def _keys(reference: DataFrame) -> Iterator[ColumnProfile]:
    """The columns of another table that may be its key, with what is needed to tell which columns may refer to them."""
    fit = [leaf for leaf in leaves(reference) if leaf.keylike and leaf.kind != "binary"]
    if not fit:
        return
    measures = [measure for i, leaf in enumerate(fit) for measure in _key_measures(i, leaf)]
    row = reference.agg(F.count(F.lit(1)).alias("rows"), *measures).collect()[0]
    for i, leaf in enumerate(fit):
        given = row[f"given_{i}"]
        if given and row[f"distinct_{i}"] >= given * (1 - _KEY_SLACK):
            yield ColumnProfile(
                name=leaf.name,
                type=leaf.type.simpleString(),
                kind=leaf.kind,
                rows=row["rows"],
                nulls=row["rows"] - given,
                distinct=row[f"distinct_{i}"],
                min=row[f"min_{i}"],
                max=row[f"max_{i}"],
            )


def _key_measures(number: int, leaf: Leaf) -> list[Column]:
    hashed = F.when(leaf.value.isNotNull(), F.xxhash64(leaf.value))
    return [
        F.count(leaf.value).alias(f"given_{number}"),
        F.hll_sketch_estimate(F.hll_sketch_agg(hashed, HLL_BITS)).alias(f"distinct_{number}"),
        F.min(leaf.value).alias(f"min_{number}"),
        F.max(leaf.value).alias(f"max_{number}"),
    ]


def _may_refer(column: ColumnProfile, key: ColumnProfile) -> bool:
    if column.kind != key.kind or not column.given or not column.distinct:
        return False
    if column.type.startswith(("decimal", "float", "double")) or column.distinct > (key.distinct or 0) * (
        1 + _KEY_SLACK
    ):
        return False
    if column.kind == "text":
        # Some rows may refer to nothing, so the range of texts says little.
        return True
    return bool(key.min <= column.min and column.max <= key.max)  # type: ignore[operator]


def _looked_up(df: DataFrame, column: ColumnProfile, to: str, key: ColumnProfile, reference: DataFrame) -> ForeignKey:
    wanted = df.select(F.col(column.name).alias("_wanted")).where("_wanted is not null")
    keys = reference.select(F.col(key.name).alias("_key")).where("_key is not null").distinct()
    row = (
        wanted.join(keys, F.col("_wanted") == F.col("_key"), "left")
        .agg(F.count(F.lit(1)).alias("rows"), F.count("_key").alias("found"))
        .collect()[0]
    )
    return ForeignKey(
        column=column.name,
        to=to,
        key=key.name,
        rows=row["rows"],
        found=row["found"],
        named_alike=named_alike(column.name, to, key.name),
    )
