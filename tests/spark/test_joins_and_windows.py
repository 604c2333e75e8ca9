"""Joins by time, windows and snapshots against plain Python, over random and awkward rows."""

from __future__ import annotations

import itertools
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.joins import as_of, within
from toolkit.etl.load import upsert
from toolkit.etl.snapshots import CHANGE, compare_snapshots
from toolkit.etl.windows import date_spine, gaps, islands, latest, sessions
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DAY = date(2026, 3, 1)


def rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in df.collect()), key=str)


# joins


@pytest.mark.parametrize("before", [False, True])
def test_as_of_takes_the_newest_row_that_is_not_younger(spark: SparkSession, before: bool) -> None:
    dice = random.Random(1)
    left = [(n, dice.choice(["a", "b", None]), dice.choice([*range(20), None])) for n in range(60)]
    right = [(dice.choice(["a", "b", None]), at, f"v{at}") for at in dice.sample(range(20), 9)] + [("a", None, "never")]
    found = spark.createDataFrame(left, "id INT, k STRING, at INT").transform(
        as_of(
            spark.createDataFrame(right, "k STRING, since INT, v STRING"),
            keys=["k"],
            left_time="at",
            right_time="since",
            before=before,
        )
    )
    wanted = []
    for number, key, at in left:
        ages = [
            (since, v)
            for k, since, v in right
            if None not in (k, since, at) and k == key and (since < at or (since == at and not before))
        ]
        wanted.append((number, key, at, *max(ages, default=(None, None))))
    assert rows(found) == sorted(wanted, key=str)


def test_as_of_takes_nothing_that_is_too_old(spark: SparkSession) -> None:
    at = datetime(2026, 3, 3, 12)  # noqa: DTZ001 - of a column without a zone
    left = spark.createDataFrame([(1, "a", at), (2, "a", at + timedelta(days=2))], "id INT, k STRING, at TIMESTAMP_NTZ")
    right = spark.createDataFrame([("a", at - timedelta(days=1), 7)], "k STRING, since TIMESTAMP_NTZ, rate INT")
    joined = left.transform(as_of(right, keys=["k"], left_time="at", right_time="since", within="2 days"))
    assert [row["rate"] for row in joined.orderBy("id").collect()] == [7, None]
    with pytest.raises(UsageError, match="Both sides have a column at"):
        left.transform(as_of(right.withColumnRenamed("since", "at"), keys=["k"], left_time="at", right_time="at"))


def test_within_takes_every_interval_that_holds(spark: SparkSession) -> None:
    dice = random.Random(2)
    left = [(n, dice.choice(["a", "b"]), dice.choice([*range(12), None])) for n in range(30)]
    right = [(dice.choice(["a", "b"]), s, dice.choice([None, s, s + 3]), n) for n, s in enumerate(range(0, 12, 2))]
    frames = (
        spark.createDataFrame(left, "id INT, k STRING, at INT"),
        spark.createDataFrame(right, "k STRING, since INT, until INT, n INT"),
    )
    wanted = [
        (number, at, n)
        for number, key, at in left
        for k, since, until, n in right
        if at is not None and k == key and since <= at and (until is None or at < until)
    ]
    arguments = {"keys": ["k"], "time": "at", "start": "since", "end": "until"}
    inner = frames[0].transform(within(frames[1], how="inner", **arguments)).select("id", "at", "n")
    assert rows(inner) == sorted(wanted, key=str)
    held = {number for number, _, _ in wanted}
    left_join = frames[0].transform(within(frames[1], **arguments)).select("id", "at", "n")
    assert rows(left_join) == sorted([*wanted, *((n, at, None) for n, _, at in left if n not in held)], key=str)


# windows


def test_the_latest_row_of_each_key_stays(spark: SparkSession) -> None:
    given = [("a", 1, 1), ("a", 2, 0), ("a", 2, 5), ("b", None, 1), ("b", 1, 9), (None, 3, 3), (None, 1, 1)]
    df = spark.createDataFrame(given, "k STRING, at INT, n INT")
    assert rows(df.transform(latest(["k"], ["at", "n"]))) == [("a", 2, 5), ("b", 1, 9), (None, 3, 3)]


def test_a_session_begins_after_a_gap(spark: SparkSession) -> None:
    start = datetime(2026, 3, 1, 12)  # noqa: DTZ001 - of a column without a zone
    minutes = {"a": [0, 10, 40, 71], "b": [5]}
    given = [(key, start + timedelta(minutes=m)) for key, some in minutes.items() for m in some] + [("a", None)]
    df = spark.createDataFrame(given, "k STRING, at TIMESTAMP_NTZ").transform(sessions(["k"], "at", "30 minutes"))
    found = {(row["k"], row["at"] and int((row["at"] - start).seconds / 60)): row["session"] for row in df.collect()}
    assert found == {("a", 0): 1, ("a", 10): 1, ("a", 40): 1, ("a", 71): 2, ("b", 5): 1, ("a", None): None}


def test_islands_and_gaps_are_all_the_days_between(spark: SparkSession) -> None:
    dice = random.Random(4)
    days = {key: sorted(dice.sample(range(25), dice.randint(1, 14))) for key in "abc"}
    given = [(key, DAY + timedelta(days=n)) for key, some in days.items() for n in [*some, some[0]]] + [("a", None)]
    df = spark.createDataFrame(given, "k STRING, day DATE")

    def covered(found: DataFrame) -> list[tuple[str, int]]:
        listed = []
        for row in found.collect():
            first, last = (row["first_day"] - DAY).days, (row["last_day"] - DAY).days
            assert last - first + 1 == row["days"] > 0
            listed += [(row["k"], n) for n in range(first, last + 1)]
        return sorted(listed)

    runs = df.transform(islands(["k"], "day"))
    assert covered(runs) == [(key, n) for key in "abc" for n in days[key]]
    assert runs.count() == sum(1 + sum(b - a > 1 for a, b in itertools.pairwise(d)) for d in days.values())
    missing = [(key, n) for key in "abc" for n in range(days[key][0], days[key][-1]) if n not in days[key]]
    assert covered(df.transform(gaps(["k"], "day"))) == missing


def test_a_spine_has_every_day_once(spark: SparkSession) -> None:
    spine = [row["day"] for row in date_spine(spark, date(2028, 2, 27), date(2028, 3, 1)).collect()]
    assert spine == [date(2028, 2, 27), date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 1)]
    assert date_spine(spark, DAY, DAY).count() == 1
    with pytest.raises(UsageError, match="2026-03-01 is before 2026-03-02"):
        date_spine(spark, DAY + timedelta(days=1), DAY)


# snapshots


def test_what_differs_between_two_snapshots_makes_the_one_of_the_other(spark: SparkSession, tmp_path: Path) -> None:
    dice = random.Random(5)
    states = [
        {key: (dice.choice(["x", "y", None]), dice.randint(0, 9)) for key in dice.sample(range(30), 20)} for _ in "12"
    ]
    old, new = (
        spark.createDataFrame([(k, *v) for k, v in state.items()], "id INT, name STRING, loaded INT")
        for state in states
    )
    changes = compare_snapshots(old, new, ["id"])
    upsert(tmp_path / "t", old, ["id"])
    spark.sql(f"DELETE FROM delta.`{tmp_path / 't'}` WHERE id IN ({_ids(changes, 'delete')})")
    upsert(tmp_path / "t", changes.where(F.col(CHANGE) != "delete").drop(CHANGE), ["id"])
    found = DeltaReader(tmp_path / "t", "t").page(limit=100).rows
    assert sorted(found) == sorted((k, *v) for k, v in states[1].items())
    told = {row["id"]: row[CHANGE] for row in compare_snapshots(old, new, ["id"], ignore=["loaded"]).collect()}
    assert told == {
        **{key: "insert" for key in states[1] if key not in states[0]},
        **{key: "delete" for key in states[0] if key not in states[1]},
        **{key: "update" for key in states[0] if key in states[1] and states[0][key][0] != states[1][key][0]},
    }
    assert compare_snapshots(new, new, ["id"]).isEmpty()


def _ids(changes: DataFrame, change: str) -> str:
    return ", ".join(str(row["id"]) for row in changes.where(F.col(CHANGE) == change).collect())


def test_snapshots_that_cannot_be_compared_are_refused(spark: SparkSession) -> None:
    one = spark.createDataFrame([(1, "a")], "id INT, name STRING")
    with pytest.raises(DataError, match="other columns or types: name"):
        compare_snapshots(one, one.withColumn("name", F.lit(1)), ["id"])
    with pytest.raises(DataError, match="Keys come more than once, or are null: id=1"):
        compare_snapshots(one, one.union(one), ["id"])
    with pytest.raises(UsageError, match="idd"):
        compare_snapshots(one, one, ["idd"])
    unlike = one.withColumn("m", F.create_map(F.lit("k"), F.lit(1)))
    with pytest.raises(DataError, match="Two values of m cannot be compared"):
        compare_snapshots(unlike, unlike, ["id"])
