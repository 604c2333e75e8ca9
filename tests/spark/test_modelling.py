"""Dimensions, facts and what comes late, against plain Python: many business keys in one Spark job."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.late_members import inferred_members, misplaced, put_right
from toolkit.etl.modelling import MONTHS, WEEKDAYS, Lookup, date_dimension, date_key, dimension, fact
from toolkit.etl.side_tables import bridge, denormalized, junk_dimension, normalized, refuse_unconformed
from toolkit.etl.snapshots import differences
from toolkit.etl.surrogates import refuse_collisions, surrogate_key

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEW = settings(
    max_examples=1, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
VERSIONS = "cid STRING, city STRING, _start_at INT, _end_at INT"


def rows(df: DataFrame) -> list[tuple[Any, ...]]:
    return sorted((tuple(row) for row in df.collect()), key=str)


def keys_of(df: DataFrame, *columns: str) -> list[int]:
    return [row["key"] for row in df.transform(surrogate_key(*columns)).collect()]


# surrogate keys

AWKWARD = [
    None,
    "",
    "a",
    "b",
    "ab",
    "bc",
    "abc",
    "n",
    "t-",
    "t1:",
    ":",
    "|",
    "1",
    "0",
    "null",
    "\x00",
    "é",
    "e\u0301",
    "😀",
]


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_keys_are_equal_where_business_keys_are_and_nowhere_else(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    given_rows = [
        ("a", "bc"),
        ("ab", "c"),
        ("at1:b", "c"),
        ("a", "bt1:c"),
        ("atb", "c"),
        ("a", "btc"),
        (None, "a"),
        ("a", None),
        ("", None),
        (None, ""),
        (None, None),
        ("", ""),
    ]
    given_rows += [("".join(map(str, dice.choices(AWKWARD, k=2))), dice.choice(AWKWARD)) for _ in range(400)]
    found = spark.createDataFrame(given_rows, "a STRING, b STRING").transform(surrogate_key("a", "b")).collect()
    assert len({row["key"] for row in found}) == len(set(given_rows)) > 100
    assert {(row["a"], row["b"]): row["key"] for row in found}.keys() == set(given_rows)
    assert all(row["key"] >= 0 for row in found)


def test_a_key_stays_what_it_was(spark: SparkSession) -> None:
    """By another xxHash64 (seed 42) of `t2:C1n1:7`, and so on; were these others, every key in every table would be."""
    df = spark.sql(
        "SELECT 'C1' AS t, 7 AS n, DATE'2026-03-01' AS d, TIMESTAMP'2026-03-01 10:00:00Z' AS i, "
        "TIMESTAMP_NTZ'2026-03-01 10:00:00.5' AS l, X'00FF' AS x, true AS b, 1.50 AS m, CAST(NULL AS STRING) AS nothing"
    )
    assert keys_of(df, "t", "n") == [2620175420646475753]
    assert keys_of(df, *df.columns) == [8684263649873894109]


def test_neither_settings_nor_the_width_of_a_number_change_a_key(spark: SparkSession) -> None:
    texts = ["0.0000001", "-1.5", "100", "0", "-0.5", "12.3400000"]
    df = spark.createDataFrame([(text, datetime(2026, 3, 29, 1, 30)) for text in texts], "t STRING, at TIMESTAMP")  # noqa: DTZ001
    df = df.select("at", *[F.col("t").cast(kind).alias(kind) for kind in ("decimal(10,7)", "decimal(38,20)")]).cache()
    before = [keys_of(df, "at", kind) for kind in df.columns[1:]]
    assert before[0] == before[1]
    assert len(set(before[0])) == len(texts)
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    try:
        assert [keys_of(df, "at", kind) for kind in df.columns[1:]] == before
    finally:
        spark.conf.unset("spark.sql.ansi.enabled")
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        df.unpersist()
    numbers = spark.sql(
        "SELECT 1 AS i, 1L AS l, CAST(1 AS DECIMAL(9,2)) AS d, '1' AS s, true AS b, named_struct('x', 1) AS t"
    )
    of = {name: keys_of(numbers, name)[0] for name in numbers.columns}
    assert of["i"] == of["l"] == of["d"]
    assert len(set(of.values())) == 4, "text, boolean and struct are other values"


def test_what_can_be_no_key_is_refused(spark: SparkSession) -> None:
    df = spark.sql("SELECT 1.5D AS f, map('k', 1) AS m, array(1) AS r, 'a' COLLATE UTF8_LCASE AS c, 1 AS key")
    for name in "fmrc":
        with pytest.raises(UsageError, match="is no part of a business key"):
            df.transform(surrogate_key(name, name="k"))
    with pytest.raises(UsageError, match="'nothing'"):
        df.transform(surrogate_key("nothing", name="k"))
    with pytest.raises(UsageError, match="There is a column key already"):
        df.transform(surrogate_key("key"))
    with pytest.raises(UsageError, match="No business key"):
        df.transform(surrogate_key())


def test_two_business_keys_with_one_key_are_found(spark: SparkSession) -> None:
    df = spark.createDataFrame([(-1, None, 1), (3, "a", 1), (3, "a", 2), (4, "b", 1)], "k LONG, cid STRING, v INT")
    refuse_collisions(df, "k", ["cid"])
    with pytest.raises(DataError, match=r"share a key k: \{a, 1\} and \{a, 2\} have 3\."):
        refuse_collisions(df, "k", ["cid", "v"])


# dates


@pytest.mark.parametrize("fiscal_from", [1, 4])
def test_every_day_has_the_attributes_that_python_says(spark: SparkSession, fiscal_from: int) -> None:
    first, last = date(2019, 12, 27), date(2025, 1, 6)
    found = {row["date_key"]: row for row in date_dimension(spark, first, last, fiscal_from=fiscal_from).collect()}
    assert found.keys() == {-1} | {int(f"{first + timedelta(days=n):%Y%m%d}") for n in range((last - first).days + 1)}
    assert {value for name, value in found.pop(-1).asDict().items() if name != "date_key"} == {None}
    for row in found.values():
        day = row["date"]
        iso = day.isocalendar()
        assert (row["iso_year"], row["iso_week"], row["weekday"]) == (iso.year, iso.week, iso.weekday), day
        assert (row["year"], row["month"], row["day"], row["quarter"]) == (
            day.year,
            day.month,
            day.day,
            (day.month + 2) // 3,
        )
        assert row["day_of_year"] == day.timetuple().tm_yday
        assert (row["month_name"], row["weekday_name"]) == (MONTHS[day.month - 1], WEEKDAYS[day.weekday()])
        assert row["is_weekend"] == (day.weekday() >= 5)
        months = (day.month - fiscal_from) % 12
        assert (row["fiscal_quarter"], row["fiscal_month"]) == (months // 3 + 1, months + 1)
    assert found[20240229]["month_name"] == "February"
    ends = {1: [2023, 2024, 2024, 2024], 4: [2024, 2024, 2024, 2025]}[fiscal_from]
    assert [found[number]["fiscal_year"] for number in (20231231, 20240101, 20240331, 20240401)] == ends


def test_holidays_are_joined_and_no_day_is_repeated(spark: SparkSession) -> None:
    days = [(date(2026, 1, 1), "New Year"), (date(2026, 1, 1), "Hangover Day"), (date(2020, 1, 1), "New Year")]
    holidays = spark.createDataFrame(days, "date DATE, holiday STRING")
    found = date_dimension(spark, date(2026, 1, 1), date(2026, 1, 2), holidays=holidays)
    assert rows(found.select("date_key", "holiday", "is_holiday")) == [
        (-1, None, None),
        (20260101, "Hangover Day, New Year", True),
        (20260102, None, False),
    ]
    with pytest.raises(UsageError, match="'holiday'"):
        date_dimension(spark, date(2026, 1, 1), date(2026, 1, 2), holidays=holidays.drop("holiday"))
    with pytest.raises(UsageError, match="no month 13"):
        date_dimension(spark, date(2026, 1, 1), date(2026, 1, 2), fiscal_from=13)
    with pytest.raises(UsageError, match="is before"):
        date_dimension(spark, date(2026, 1, 2), date(2026, 1, 1))


def test_a_fact_has_the_key_of_its_day(spark: SparkSession) -> None:
    df = spark.sql("SELECT EXPLODE(ARRAY(TIMESTAMP'2026-03-01 23:59:59', NULL)) AS `sold at`")
    found = df.select(date_key("sold at").alias("k"), date_key(F.lit("2026-03-02")).alias("t"))
    assert rows(found) == [(-1, 20260302), (20260301, 20260302)]
    assert dict(found.dtypes)["k"] == "int"


# dimensions and facts


Versions = list[tuple[str, str, int, int | None]]


def random_versions(dice: random.Random, keys: Sequence[str]) -> Versions:
    """Histories of some keys, with deletes between their intervals."""
    made: Versions = []
    for key in keys:
        bounds = sorted(dice.sample(range(20), dice.choice([2, 4, 6])))
        for n, (start, end) in enumerate(itertools.pairwise(bounds)):
            if n == 0 or dice.random() < 0.7:
                made.append((key, f"{key}@{start}", start, end))
        made[-1] = (*made[-1][:3], dice.choice([None, made[-1][3]]))
    return made


def in_force(versions: Versions, key: str | None, at: int | None) -> str | None:
    """The city of the newest version that had begun; `?key` of an inferred member; None for the unknown one."""
    if key is None or at is None:
        return None
    begun = [(start, city) for k, city, start, _ in versions if k == key and start <= at]
    return max(begun)[1] if begun else f"?{key}"


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_a_fact_has_the_key_of_the_version_that_was_in_force(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    versions = random_versions(dice, [f"C{n}" for n in range(40)])
    sold = [
        (n, dice.choice([None, *(f"C{n}" for n in range(50))]), dice.choice([None, *range(-1, 22)])) for n in range(400)
    ]
    members = spark.createDataFrame(versions, VERSIONS).transform(dimension(["cid"], "customer_key"))
    lookup = Lookup(members, "customer_key", {"cid": "buyer"}, "at")
    found = spark.createDataFrame(sold, "id INT, buyer STRING, at INT").transform(fact(lookup)).collect()
    city = {row["customer_key"]: row["city"] for row in members.collect()}
    assert len(city) == len(versions) + 1, "each version has a key of its own"
    wanted = {n: in_force(versions, key, at) for n, key, at in sold}
    assert sorted(row["id"] for row in found) == sorted(wanted), "no fact is lost or repeated"
    inferred: dict[str, set[int]] = {}
    for row in found:
        want, key = wanted[row["id"]], row["customer_key"]
        if want is not None and want.startswith("?"):
            assert key >= 0
            inferred.setdefault(want, set()).add(key)
        else:
            assert (key == -1) == (want is None)
            assert city[key] == want
    assert all(len(keys) == 1 for keys in inferred.values())
    assert len(set.union(*inferred.values())) == len(inferred) > 0
    assert not set.union(*inferred.values()) & city.keys()


def test_a_dimension_says_which_version_is_current(spark: SparkSession) -> None:
    history = spark.createDataFrame(
        [
            ("a", "Rome", 1, 5, False),
            ("a", "Oslo", 5, None, False),
            ("b", "Bonn", 1, None, True),
            ("c", "Bern", 1, 2, None),
        ],
        VERSIONS + ", _is_deleted BOOLEAN",
    )
    made = history.transform(dimension(["cid"], "customer_key", unknown={"city": "unknown"}))
    assert made.columns == ["customer_key", *history.columns, "is_current", "is_inferred"]
    told = {
        (row["cid"], row["_start_at"]): (row["city"], row["is_current"], row["is_inferred"]) for row in made.collect()
    }
    assert told == {
        (None, None): ("unknown", True, False),
        ("a", 1): ("Rome", False, False),
        ("a", 5): ("Oslo", True, False),
        ("b", 1): ("Bonn", False, False),
        ("c", 1): ("Bern", False, False),
    }
    present = history.where("_start_at = 1").drop("_start_at", "_end_at", "_is_deleted")
    alone = present.transform(dimension(["cid"], "customer_key"))
    assert rows(alone.where("cid IS NOT NULL").select("customer_key")) == rows(
        present.transform(surrogate_key("cid")).select("key")
    )


def test_a_dimension_with_a_key_twice_or_intervals_that_overlap_repeats_no_fact(spark: SparkSession) -> None:
    overlapping: Versions = [("a", "x", 1, 9), ("a", "y", 3, None), ("a", "y", 3, None)]
    members = spark.createDataFrame(overlapping, VERSIONS).transform(dimension(["cid"], "customer_key"))
    sold = spark.createDataFrame([(1, "a", 2), (2, "a", 4)], "id INT, cid STRING, at INT")
    found = sold.transform(fact(Lookup(members, "customer_key", ["cid"], "at")))
    joined = found.join(members.distinct(), "customer_key").select("id", "city")
    assert rows(joined) == [(1, "x"), (2, "y")]
    twice = members.drop("_start_at", "_end_at")
    assert sold.transform(fact(Lookup(twice, "customer_key", ["cid"]))).count() == 2


def test_one_dimension_in_two_roles_and_a_key_of_two_columns(spark: SparkSession) -> None:
    cities = spark.createDataFrame(
        [("DE", 1, "Bonn"), ("FR", 1, "Lyon")], "land STRING, no INT, city STRING"
    ).transform(dimension(["land", "no"], "city_key"))
    sent = spark.createDataFrame(
        [("DE", "FR", 1), ("FR", None, 1), ("IT", "DE", None)], "origin STRING, target STRING, no LONG"
    )
    found = sent.transform(
        fact(
            Lookup(cities, "city_key", {"land": "origin", "no": "no"}, name="from_key"),
            Lookup(cities, "city_key", {"land": "target", "no": "no"}, name="to_key"),
        )
    )
    names = {row["city_key"]: row["city"] for row in cities.collect()}
    assert [(names[row["from_key"]], names[row["to_key"]]) for row in found.orderBy("origin").collect()] == [
        ("Bonn", "Lyon"),
        ("Lyon", None),
        (None, None),
    ]


def test_a_lookup_that_does_not_fit_is_refused(spark: SparkSession) -> None:
    members = spark.createDataFrame([("a", "x", 1, None)], VERSIONS).transform(dimension(["cid"], "k"))
    sold = spark.createDataFrame([("a", 1, 1)], "cid STRING, at INT, n INT")
    for lookup, said in [
        (Lookup(members, "k", ["cid"]), "nothing says when the facts happened"),
        (Lookup(members, "k", ["cid"], "when"), "'when'"),
        (Lookup(members, "k", [], "at"), "No business key"),
        (Lookup(members, "kk", ["cid"], "at"), "'kk'"),
        (Lookup(members, "k", ["cidd"], "at"), "'cidd'"),
        (Lookup(members, "k", {"cid": "n"}, "at"), "n is int in the facts, and cid is string in the dimension"),
        (Lookup(members, "k", ["cid"], "at", "n"), "have a column n already"),
        (Lookup(members, "k", ["cid"], "cid"), "cid is string in the facts, and _start_at is int"),
    ]:
        with pytest.raises(UsageError, match=said):
            sold.transform(fact(lookup))
    for keys, key, unknown, said in [
        (["nobody"], "k2", {}, "'nobody'"),
        (["cid"], "k2", {"town": "x"}, "'town'"),
        (["cid"], "k", {}, "There is a column k already"),
        (["cid"], "k2", {}, "There is a column is_current already"),
    ]:
        with pytest.raises(UsageError, match=said):
            members.transform(dimension(keys, key, unknown=unknown))


# what comes late


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_facts_that_come_before_their_dimension_need_no_rewrite_but_where_a_version_moved(
    spark: SparkSession, seed: int
) -> None:
    dice = random.Random(seed)
    versions = random_versions(dice, [f"C{n}" for n in range(30)])
    early = [version for version in versions if dice.random() < 0.4]
    sold = [(n, f"C{dice.randrange(35)}" if dice.random() < 0.95 else None, dice.randrange(-1, 22)) for n in range(300)]
    facts = spark.createDataFrame(sold, "id INT, cid STRING, at INT")

    def told(some: Versions) -> DataFrame:
        return spark.createDataFrame(some, VERSIONS).transform(dimension(["cid"], "k"))

    known = told(early)
    lookup = Lookup(known, "k", ["cid"], "at")
    loaded = facts.transform(fact(lookup)).cache()
    missing = inferred_members(loaded, lookup).cache()
    before = known.unionByName(missing).cache()
    assert inferred_members(loaded, Lookup(before, "k", ["cid"], "at")).isEmpty()
    first = {key: (start, city) for key, city, start, _ in sorted(early, key=lambda v: -v[2])}
    for row in missing.collect():
        start, city = first.get(row["cid"], (None, None))
        assert (row["_start_at"], row["_end_at"], row["city"]) == (None, start, city)
        assert row["is_inferred"] == row["is_current"] == (row["cid"] not in first)
    assert {row["cid"] for row in missing.collect()} == {
        key for _, key, at in sold if key and (in_force(early, key, at) or "").startswith("?")
    }

    later = put_right(before, told(versions), ["cid"], "k").cache()
    by_key = {row["k"]: row for row in later.collect()}
    assert len(by_key) == later.count() == len(versions) + 1 + missing.count()
    first = {key: (start, city) for key, city, start, _ in sorted(versions, key=lambda v: -v[2])}
    for row in loaded.collect():
        member, key = by_key[row["k"]], row["cid"]
        if key is not None and member["_start_at"] is None:
            start, city = first.get(key, (None, None))
            assert (member["cid"], member["city"], member["_end_at"]) == (key, city, start)
            assert member["is_inferred"] == member["is_current"] == (key not in first)
    lasting = [row["cid"] for row in by_key.values() if row["cid"] and row["is_current"]]
    assert len(lasting) == len(set(lasting)), "one row of a business key is current"

    after = Lookup(later, "k", ["cid"], "at")
    now = {row["id"]: row["k"] for row in facts.transform(fact(after)).collect()}
    was = {row["id"]: row["k"] for row in loaded.collect()}
    moved = loaded.transform(misplaced(after))
    assert moved.columns == loaded.columns
    assert {row["id"]: row["k"] for row in moved.collect()} == {n: k for n, k in now.items() if was[n] != k} != {}
    again = put_right(later, told(versions), ["cid"], "k")
    assert differences(again, later).isEmpty(), "put right again, nothing changes"
    for frame in (loaded, missing, before, later):
        frame.unpersist()


def test_of_a_dimension_without_versions_no_fact_ever_moves(spark: SparkSession) -> None:
    columns = "cid INT, city STRING"
    known = spark.createDataFrame([(1, "Rome")], columns).transform(dimension(["cid"], "k"))
    lookup = Lookup(known, "k", {"cid": "buyer"})
    sold = spark.createDataFrame([(10, 1), (11, 2), (12, 3), (13, None)], "id INT, buyer LONG")
    loaded = sold.transform(fact(lookup))
    before = known.unionByName(inferred_members(loaded, lookup))
    assert before.schema["cid"].dataType == known.schema["cid"].dataType
    assert rows(before.where("is_inferred").select("cid", "city", "is_current")) == [(2, None, True), (3, None, True)]
    told = spark.createDataFrame([(1, "Oslo"), (2, "Bonn")], columns).transform(dimension(["cid"], "k"))
    later = put_right(before, told, ["cid"], "k")
    joined = loaded.join(later, "k").select("id", "city", "is_inferred")
    assert rows(joined) == [(10, "Oslo", False), (11, "Bonn", False), (12, None, True), (13, None, False)]
    assert loaded.transform(misplaced(Lookup(later, "k", {"cid": "buyer"}))).isEmpty()


def test_what_is_late_is_refused_without_its_keys(spark: SparkSession) -> None:
    known = spark.createDataFrame([("a", "x", 1, None)], VERSIONS).transform(dimension(["cid"], "k"))
    sold = spark.createDataFrame([("a", 1)], "cid STRING, at INT")
    lookup = Lookup(known, "k", ["cid"], "at")
    said = r"There is no column of the facts 'k'.* Give what `fact` made"
    with pytest.raises(UsageError, match=said):
        inferred_members(sold, lookup)
    with pytest.raises(UsageError, match=said):
        sold.transform(misplaced(lookup))
    with pytest.raises(UsageError, match="column of the dimension that is told 'is_inferred'"):
        put_right(known, known.drop("is_inferred"), ["cid"], "k")


# tables beside a dimension


def test_a_fact_finds_its_flags_without_a_look(spark: SparkSession) -> None:
    flags = [(True, "web"), (True, "web"), (None, "shop"), (False, None), (None, None)]
    df = spark.createDataFrame(flags, "gift BOOLEAN, channel STRING")
    junk = df.transform(junk_dimension(["gift", "channel"], "flags_key"))
    assert junk.columns == ["flags_key", "gift", "channel"]
    facts = df.transform(surrogate_key("gift", "channel", name="flags_key")).select("flags_key")
    assert rows(facts.join(junk, "flags_key").drop("flags_key")) == sorted(flags, key=str)
    assert junk.count() == 4


def test_the_weights_of_a_bridge_sum_to_one(spark: SparkSession) -> None:
    given_rows: list[tuple[int | None, list[str | None] | None]] = [
        (n, [f"v{i % (n + 1)}" for i in range(n)]) for n in range(1, 40)
    ]
    given_rows += [(3, ["extra", "v0", None]), (100, None), (101, []), (102, [None]), (None, ["x", "y"])]
    df = spark.createDataFrame(given_rows, "id INT, `tags of it` ARRAY<STRING>")
    made = df.transform(bridge(["id"], "tags of it", value="tag"))
    assert dict(made.dtypes)["weight"] == "decimal(9,8)"
    wanted: dict[int | None, set[str | None]] = {}
    for key, values in given_rows:
        wanted.setdefault(key, set()).update(value for value in values or [] if value is not None)
    found: dict[int | None, dict[str | None, Any]] = {}
    for row in made.collect():
        assert row["tag"] not in found.setdefault(row["id"], {})
        found[row["id"]][row["tag"]] = row["weight"]
    assert {key: set(tags) for key, tags in found.items()} == {key: tags or {None} for key, tags in wanted.items()}
    for tags in found.values():
        assert sum(tags.values()) == 1
        assert max(tags.values()) - min(tags.values()) <= Decimal("0.00000001")
    assert [str(found[3][tag]) for tag in sorted(wanted[3], key=str)] == ["0.25000000"] * 4
    assert [str(found[7][tag]) for tag in sorted(wanted[7], key=str)][:3] == ["0.14285715", "0.14285715", "0.14285714"]
    with pytest.raises(UsageError, match="id is int, and no array"):
        df.transform(bridge(["id"], "id"))


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_a_dimension_is_split_and_put_together_without_loss(spark: SparkSession, seed: int) -> None:
    dice = random.Random(seed)
    some = [(n, *(dice.choice(AWKWARD[:6]) for _ in "ab"), dice.choice([1, None]), "x") for n in range(200)]
    df = spark.createDataFrame(some, "id INT, city STRING, land STRING, zone INT, rest STRING")
    base, outrigger = normalized(df, ["city", "land", "zone"], "place_key")
    assert base.columns == ["id", "place_key", "rest"]
    assert outrigger.count() == len({row[1:4] for row in some}) < 200
    back = base.transform(denormalized(outrigger, "place_key"))
    assert back.columns == df.columns
    assert rows(back) == sorted(some, key=str)
    with pytest.raises(UsageError, match="column of the outrigger 'place_key'"):
        base.transform(denormalized(outrigger.drop("place_key"), "place_key"))


def test_dimensions_that_are_not_one_are_refused(spark: SparkSession) -> None:
    left = spark.createDataFrame([(1, "a", None), (2, "b", 1), (3, "c", 1)], "k INT, name STRING, zone INT")
    right = left.drop("zone").withColumn("extra", F.lit(1))
    refuse_unconformed(left, right, ["k"])
    other = spark.createDataFrame([(1, "a", 5), (2, "B", 1), (4, "c", 1)], left.schema)
    with pytest.raises(DataError, match="not one") as told:
        refuse_unconformed(left, other, ["k"])
    for part in (
        "of k=1 zone is None and 5",
        "of k=2 name is 'b' and 'B'",
        "k=3 is in the left one only",
        "k=4 is in the right",
    ):
        assert part in str(told.value)
    with pytest.raises(DataError, match="come more than once, or are null: k=1"):
        refuse_unconformed(left, left.union(left.limit(1)), ["k"])
    with pytest.raises(DataError, match="other columns or types: zone"):
        refuse_unconformed(left, left.withColumn("zone", F.lit("1")), ["k"])
    with pytest.raises(UsageError, match="'k'"):
        refuse_unconformed(left, left.drop("k"), ["k"])
