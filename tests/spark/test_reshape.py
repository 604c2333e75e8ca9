"""Columns and rows in another shape, what is told of neighbours, differences and what was believed, against plain Python."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, IntegerType, StringType, StructField, StructType

from toolkit.errors import DataError, UsageError
from toolkit.etl.bitemporal import believed, bitemporal
from toolkit.etl.reshape import flattened, nested, pivoted, unpivoted
from toolkit.etl.snapshots import differences
from toolkit.etl.windows import ranked, running

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEW = settings(
    max_examples=1, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in df.collect()), key=str)


# structs


def random_struct(dice: random.Random, depth: int) -> StructType:
    """Fields of all kinds, some with names that need quotes."""
    fields = []
    for name in dice.sample(["a", "b", "c d", "e.f", "g`h", "i"], dice.randint(1, 4)):
        kinds = [
            IntegerType(),
            StringType(),
            ArrayType(IntegerType()),
            ArrayType(StructType([StructField("x", StringType())])),
        ]
        inner = depth > 0 and dice.random() < 0.6
        fields.append(StructField(name, random_struct(dice, depth - 1) if inner else dice.choice(kinds)))
    return StructType(fields)


def random_value(dice: random.Random, kind: Any) -> Any:
    if dice.random() < 0.3:
        return None
    if isinstance(kind, StructType):
        return tuple(random_value(dice, field.dataType) for field in kind)
    if isinstance(kind, ArrayType):
        return [random_value(dice, kind.elementType) for _ in range(dice.randint(0, 2))]
    return dice.randint(0, 9) if isinstance(kind, IntegerType) else dice.choice(["", "x", "y"])


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_what_was_made_flat_is_nested_again(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    schema = StructType(
        [StructField("id", IntegerType()), *(StructField(name, random_struct(dice, 2)) for name in "st")]
    )
    given_rows = [(n, *(random_value(dice, schema[name].dataType) for name in "st")) for n in range(60)]
    df = spark.createDataFrame(given_rows, schema)
    flat = df.withColumn("beside", F.lit(1)).transform(flattened("/", marked=True))
    assert not any(isinstance(field.dataType, StructType) for field in flat.schema)
    back = flat.transform(nested(schema, "/"))
    assert back.columns == ["id", "s", "t", "beside"]
    assert rows(back.drop("beside")) == rows(df)
    # Without marks a struct of nulls is none.
    plain = df.transform(flattened("/"))
    assert rows(plain.transform(nested(schema, "/")).transform(flattened("/"))) == rows(plain)


def test_without_marks_a_struct_is_null_where_all_in_it_is(spark: SparkSession) -> None:
    df = spark.sql(
        "SELECT 1 AS id, named_struct('a', 1, 'b', CAST(NULL AS STRUCT<c: INT>)) AS s "
        "UNION ALL SELECT 2, named_struct('a', NULL, 'b', named_struct('c', NULL)) UNION ALL SELECT 3, NULL"
    )
    flat = df.transform(flattened())
    assert flat.columns == ["id", "s_a", "s_b_c"]
    found = {row["id"]: row["s"] for row in flat.transform(nested(df.schema)).collect()}
    assert (found[1]["a"], found[1]["b"], found[2], found[3]) == (1, None, None, None)
    beside = spark.sql("SELECT false AS s_b, named_struct('b', named_struct('c', 7)) AS s")
    assert rows(beside.transform(flattened()).transform(nested(beside.schema))) == rows(beside), "s_b is no mark of s.b"
    with pytest.raises(UsageError, match="'s_b_c'"):
        flat.drop("s_b_c").transform(nested(df.schema))
    with pytest.raises(UsageError, match=r"s_b_c is string, and s\.b\.c is int"):
        flat.withColumn("s_b_c", F.lit("x")).transform(nested(df.schema))


def test_only_named_arrays_give_rows(spark: SparkSession) -> None:
    schema = "id INT, items ARRAY<STRUCT<sku: STRING, taxes: ARRAY<STRUCT<rate: INT>>>>, tags ARRAY<STRING>"
    some = [(1, [("a", [(7,), (19,)]), ("b", [])], ["x", "y"]), (2, [], []), (3, None, None), (4, [None], ["z"])]
    df = spark.createDataFrame(some, schema)
    assert df.transform(flattened()).columns == df.columns
    found = df.transform(flattened(explode=["items", "items_taxes"])).drop("tags")
    assert found.columns == ["id", "items_sku", "items_taxes_rate"]
    assert rows(found) == [
        (1, "a", 19),
        (1, "a", 7),
        (1, "b", None),
        (2, None, None),
        (3, None, None),
        (4, None, None),
    ]
    assert df.transform(flattened(explode=["tags"])).count() == 5
    with pytest.raises(UsageError, match="tags is not inside items"):
        df.transform(flattened(explode=["items", "tags"]))
    with pytest.raises(UsageError, match="There is no array 'item'"):
        df.transform(flattened(explode=["item"]))
    with pytest.raises(UsageError, match="items_tags is not inside items"):
        df.withColumnRenamed("tags", "items_tags").transform(flattened(explode=["items", "items_tags"]))


def test_two_columns_of_one_name_are_refused(spark: SparkSession) -> None:
    df = spark.sql("SELECT 1 AS A_b, named_struct('b', 2) AS a")
    with pytest.raises(UsageError, match=r"A_b and a\.b would both be called a_b"):
        df.transform(flattened())
    assert df.transform(flattened(".")).columns == ["A_b", "a.b"]


# rows and columns


def test_values_become_columns_and_others_are_refused_or_told(spark: SparkSession) -> None:
    dice = random.Random(7)
    some = [(n % 9, dice.choice(["DE", "FR", "IT", None]), dice.choice([None, *range(9)])) for n in range(120)]
    df = spark.createDataFrame(some, "id INT, `the land` STRING, n INT")

    def total(key: int, *lands: str | None) -> int | None:
        values = [n for k, land, n in some if k == key and land in lands and n is not None]
        return sum(values) if values else None

    found = df.transform(pivoted(["id"], "the land", {"DE": "germany", "XX": "nowhere"}, "n", others="rest"))
    assert found.columns == ["id", "germany", "nowhere", "rest"]
    assert rows(found) == sorted(((k, total(k, "DE"), None, total(k, "FR", "IT", None)) for k in range(9)), key=str)
    with pytest.raises(DataError, match="no column, such as null, 'IT'; columns are made for DE, FR"):
        df.transform(pivoted(["id"], "the land", ["DE", "FR"], "n"))
    known = df.where("`the land` IN ('DE', 'FR')")
    counts = known.transform(pivoted(["id"], "the land", ["DE", "FR"], "n", how="count"))
    back = counts.transform(unpivoted(["DE", "FR"], name="land", value="many"))
    wanted = Counter((k, land) for k, land, n in some if n is not None)
    assert rows(back) == sorted(((k, land, wanted[k, land]) for k in range(9) for land in ("DE", "FR")), key=str)
    with pytest.raises(UsageError, match="Two columns would be called id"):
        df.transform(pivoted(["id"], "the land", ["ID"], "n"))
    with pytest.raises(UsageError, match="'median'"):
        df.transform(pivoted(["id"], "the land", ["DE"], "n", how="median", others="rest"))  # type: ignore[arg-type]


def test_columns_become_rows(spark: SparkSession) -> None:
    df = spark.createDataFrame([("a", 1, None, "x"), ("b", None, 2, "y")], "k STRING, q1 INT, q2 INT, t STRING")
    turned = df.transform(unpivoted(["q1", "q2"], name="quarter"))
    assert turned.columns == ["k", "t", "quarter", "value"]
    assert rows(turned) == [
        ("a", "x", "q1", 1),
        ("a", "x", "q2", None),
        ("b", "y", "q1", None),
        ("b", "y", "q2", 2),
    ]
    assert df.transform(unpivoted(["q1", "q2"], nulls=False)).count() == 2
    for columns, name, said in [
        (["q1", "t"], "n", "q1 is int, and t is string"),
        (["q1", "q3"], "n", "'q3'"),
        (["q1"], "k", "There is a column k already"),
    ]:
        with pytest.raises(UsageError, match=said):
            df.transform(unpivoted(columns, name=name))


# neighbours


def test_totals_and_averages_run_along_time(spark: SparkSession) -> None:
    dice, start = random.Random(3), datetime(2026, 3, 1)  # noqa: DTZ001 - of a column without a zone
    some = [
        (
            dice.choice("ab"),
            dice.choice([None, start + timedelta(hours=dice.randrange(200))]),
            dice.choice([None, 1, 5, 9]),
            n,
        )
        for n in range(80)
    ]
    df = spark.createDataFrame(some, "`the key` STRING, at TIMESTAMP_NTZ, n INT, id INT")
    df = df.transform(running(["the key"], "at", "n", "total"))
    df = df.transform(running(["the key"], "at", "n", "average", how="avg", within="2 days"))
    for row in df.collect():
        mine = [(at, n) for key, at, n, _ in some if key == row[0] and at is not None and n is not None]
        if row["at"] is None:
            assert (row["total"], row["average"]) == (None, None)
            continue
        before = [n for at, n in mine if at <= row["at"]]
        near = [n for at, n in mine if row["at"] - timedelta(days=2) <= at <= row["at"]]
        assert row["total"] == (sum(before) if before else None)
        assert row["average"] == (pytest.approx(sum(near) / len(near)) if near else None)
    days = spark.createDataFrame([(date(2026, 3, n), n) for n in range(1, 7)], "day DATE, n INT")
    moved = days.transform(running([], "day", "n", "three", rows=3)).transform(
        running([], "day", "n", "two", within="1 day")
    )
    assert [tuple(row)[1:] for row in moved.orderBy("day").collect()] == [
        (1, 1, 1),
        (2, 3, 3),
        (3, 6, 5),
        (4, 9, 7),
        (5, 12, 9),
        (6, 15, 11),
    ]
    with pytest.raises(UsageError, match="a number of rows, from 1, or an interval"):
        running([], "day", "n", "x", rows=2, within="1 day")
    with pytest.raises(UsageError, match="'median'"):
        running([], "day", "n", "x", how="median")  # type: ignore[arg-type]


def test_equal_rows_share_a_place_or_do_not(spark: SparkSession) -> None:
    some = [("a", 9), ("a", 9), ("a", 5), ("a", 1), ("a", None), ("b", 2)]
    df = spark.createDataFrame(some, "k STRING, n INT")

    def places(how: Any, top: int = 0) -> list[tuple[Any, ...]]:
        found = df.transform(ranked(["k"], ["n"], how=how, name="place", top=top)).where("k = 'a'")
        return [(row["place"], row["n"]) for row in found.orderBy("place").collect()]

    assert places("rank") == [(1, 9), (1, 9), (3, 5), (4, 1), (5, None)]
    assert places("dense_rank", top=2) == [(1, 9), (1, 9), (2, 5)]
    assert places("row_number", top=2) == [(1, 9), (2, 9)]
    assert places("rank", top=1) == [(1, 9), (1, 9)]


def test_a_null_key_in_semi_and_anti_joins(spark: SparkSession) -> None:
    """What each of Spark's own says of null: the page `docs/modelling.md` has it as a table."""
    left = spark.createDataFrame([(1,), (2,), (None,)], "k INT")
    right = spark.createDataFrame([(1,), (None,)], "k INT")
    left.createOrReplaceTempView("left_keys")
    right.createOrReplaceTempView("right_keys")
    try:
        not_in = spark.sql("SELECT k FROM left_keys WHERE k NOT IN (SELECT k FROM right_keys)")
        assert rows(not_in) == [], "one null on the right, and no row is certainly not in it"
    finally:
        spark.catalog.dropTempView("left_keys")
        spark.catalog.dropTempView("right_keys")
    assert rows(left.join(right, "k", "left_anti")) == [(2,), (None,)]
    assert rows(left.join(right, "k", "left_semi")) == [(1,)]
    same = left["k"].eqNullSafe(right["k"])
    assert rows(left.join(right, same, "left_anti")) == [(2,)]
    assert rows(left.join(right, same, "left_semi")) == [(1,), (None,)]


# differences


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_two_frames_differ_by_the_rows_that_one_has_more_often(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    sides = [
        [
            (dice.choice([None, *range(40)]), dice.choice(["x", "y", None]), dice.choice([1.5, float("nan")]))
            for _ in range(90)
        ]
        for _ in "12"
    ]
    # NaN is equal to itself here, as it is to Spark.
    known = [Counter((k, a, str(n)) for k, a, n in side) for side in sides]
    left, right = (spark.createDataFrame(side, "k INT, `the a` STRING, n DOUBLE") for side in sides)

    def row_of(struct: Any) -> Any:
        return struct and (struct["k"], struct["the a"], str(struct["n"]))

    more, fewer = known[0] - known[1], known[1] - known[0]
    plain = differences(left, right).collect()
    assert {row_of(row["_left"]): row["_times"] for row in plain if row["_difference"] == "left"} == more
    assert {row_of(row["_right"]): row["_times"] for row in plain if row["_difference"] == "right"} == fewer
    told: Counter[Any] = Counter()
    for row in differences(left, right, ["k"]).collect():
        one, other = row_of(row["_left"]), row_of(row["_right"])
        mine, theirs = (Counter({r: c for r, c in side.items() if r[0] == row["k"]}) for side in (more, fewer))
        pair = mine.total() == theirs.total() == 1
        assert (row["_difference"] == "changed") == pair
        assert row["_columns"] == (
            [n for n, a, b in zip(["k", "the a", "n"], one, other, strict=True) if a != b] if pair else []
        )
        told.update({("left", one): row["_times"]} if one else {})
        told.update({("right", other): row["_times"]} if other else {})
    assert told == Counter({("left", r): c for r, c in more.items()} | {("right", r): c for r, c in fewer.items()})
    assert differences(left, left, ["k"]).isEmpty()


def test_frames_that_cannot_be_compared_are_refused(spark: SparkSession) -> None:
    one = spark.createDataFrame([(1, "a")], "id INT, name STRING")
    with pytest.raises(DataError, match="other columns or types: name"):
        differences(one, one.drop("name"))
    with pytest.raises(UsageError, match="'key'"):
        differences(one, one, ["key"])
    unlike = one.withColumn("m", F.create_map(F.lit("k"), F.lit(1)))
    with pytest.raises(DataError, match=r"Two values of m cannot be compared\. Leave it out\.$"):
        differences(unlike, unlike)


# what was believed

Told = tuple[str, int, int, str | None]


def believed_by_hand(events: list[Told], key: str, at: int, about: int) -> str | None:
    """What all events of a key that were recorded by then say about a time."""
    known: dict[int, tuple[int, str | None]] = {}
    for other, valid, recorded, value in events:
        if other == key and recorded <= at:
            known[valid] = max(known.get(valid, (-1, None)), (recorded, value), key=lambda pair: pair[0])
    before = [valid for valid in known if valid <= about]
    return known[max(before)][1] if before else None


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_what_was_believed_is_what_was_known_by_then(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    events: list[Told] = []
    for key in (f"k{n}" for n in range(25)):
        places = dice.sample([(valid, recorded) for valid in range(6) for recorded in range(6)], dice.randint(1, 9))
        events += [(key, *place, f"v{n}" if dice.random() < 0.8 else None) for n, place in enumerate(places)]
    df = spark.createDataFrame(
        dice.sample([*events, *events[:9]], len(events) + 9), "k STRING, since INT, told INT, v STRING"
    )
    table = bitemporal(df, ["k"], "since", "told", apply_as_deletes="v IS NULL").cache()
    assert table.columns == ["k", "v", "valid_from", "valid_to", "recorded_from", "recorded_to"]
    days = spark.range(-1, 8).select(F.col("id").cast("int").alias("b"))
    grid = days.crossJoin(days.withColumnRenamed("b", "about"))
    asked = table.crossJoin(grid).transform(believed(believed_at=F.col("b"), valid_at=F.col("about")))
    found = [(row["k"], row["b"], row["about"], row["v"]) for row in asked.collect()]
    keys = {event[0] for event in events}
    wanted = [
        (key, at, about, value)
        for key in keys
        for at in range(-1, 8)
        for about in range(-1, 8)
        if (value := believed_by_hand(events, key, at, about)) is not None
    ]
    assert sorted(found) == sorted(wanted)
    assert table.where("valid_from >= valid_to OR recorded_from >= recorded_to").isEmpty()
    table.unpersist()


def test_a_correction_ends_what_was_recorded_and_changes_nothing_else(spark: SparkSession) -> None:
    events = [
        ("p1", date(2026, 1, 1), date(2026, 1, 2), Decimal("10.00")),
        ("p1", date(2026, 3, 1), date(2026, 3, 5), Decimal("12.00")),
    ]
    columns = "product STRING, since DATE, told DATE, price DECIMAL(8,2)"
    first = bitemporal(spark.createDataFrame(events, columns), ["product"], "since", "told").cache()
    events.append(("p1", date(2026, 1, 1), date(2026, 3, 9), Decimal("11.00")))
    second = bitemporal(spark.createDataFrame(events, columns), ["product"], "since", "told").cache()
    about = date(2026, 2, 1)
    for day, price in [(date(2026, 1, 1), None), (date(2026, 2, 1), "10.00"), (date(2026, 3, 9), "11.00")]:
        found = second.transform(believed(believed_at=day, valid_at=about)).collect()
        assert [str(row["price"]) for row in found] == ([price] if price else []), day
    said = believed(believed_at=date(2026, 3, 8), valid_at=about)
    assert rows(first.transform(said).drop("recorded_to")) == rows(second.transform(said).drop("recorded_to"))
    first.unpersist()
    second.unpersist()


def test_events_that_contradict_each_other_are_refused(spark: SparkSession) -> None:
    df = spark.createDataFrame([("a", 1, 1, "x"), ("a", 1, 1, "y")], "k STRING, since INT, told INT, v STRING")
    with pytest.raises(DataError, match="come more than once, or are null: k=a, since=1, told=1"):
        bitemporal(df, ["k"], "since", "told")
    assert bitemporal(df.withColumn("v", F.lit("x")), ["k"], "since", "told").count() == 1
    with pytest.raises(DataError, match="or are null"):
        bitemporal(df.withColumn("told", F.lit(None).cast("int")), ["k"], "since", "told")
    with pytest.raises(UsageError, match="There is no column 'when'"):
        bitemporal(df, ["k"], "since", "when")
    with pytest.raises(UsageError, match="There is a column valid_to already"):
        bitemporal(df.withColumn("valid_to", F.lit(1)), ["k"], "since", "told")
