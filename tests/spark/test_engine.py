"""Rules part good rows from bad: every row ends in one place, with every reason, and the counts are right."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.actions import Actions
from toolkit.quality.engine import Split, check, split, watch
from toolkit.quality.results import QualityResult
from toolkit.quality.rules import (
    Compare,
    Determines,
    EachReferences,
    Email,
    Expression,
    Given,
    Holds,
    Matches,
    Mean,
    NoGaps,
    NotMojibake,
    NotNull,
    OneOf,
    References,
    Rule,
    Sums,
    Unique,
    WhenThen,
)

TABLE = "silver.parcels"
SCHEMA = "id INT, place STRING, grams INT, tags ARRAY<STRING>, mail STRING"
Row = dict[str, Any]
REMOVES = Actions().removes


def told(kind: type[Rule], name: str, **values: Any) -> Rule:
    return kind(name=name, description=f"{name}.", **values)


class Parted:
    """What `split` made of a frame, written as the platform writes it: valid rows first, then the quarantine."""

    def __init__(self, df: DataFrame, rules: Sequence[Rule], folder: Path, **references: DataFrame) -> None:
        parted = split(df, TABLE, rules, references)
        parted.valid.write.parquet(str(folder / "valid"))
        parted.quarantined.write.parquet(str(folder / "bad"))
        read = df.sparkSession.read
        self.columns = parted.valid.columns, parted.quarantined.columns
        self.valid = [r.asDict(recursive=True) for r in read.parquet(str(folder / "valid")).collect()]
        self.bad = [r.asDict(recursive=True) for r in read.parquet(str(folder / "bad")).collect()]
        self.result: QualityResult = parted.result()
        self.failed = {r.rule.name: r.failed for r in self.result.rules}


@pytest.fixture
def parted(spark: SparkSession, tmp_path: Path) -> Callable[..., Parted]:
    """Splits rows (as tuples) by rules."""

    def part(rows: Sequence[tuple[Any, ...]], schema: str, *rules: Rule, **references: DataFrame) -> Parted:
        return Parted(spark.createDataFrame(rows, schema), rules, tmp_path, **references)

    return part


# each kind of rule: values that keep it, values that break it

GOOD_AND_BAD: list[tuple[Rule, str, list[Any], list[Any]]] = [
    (told(NotNull, "r", column="c"), "c STRING", ["x", "", " "], [None]),
    (told(NotNull, "r", column="c.inner"), "c STRUCT<inner: INT>", [(1,)], [(None,), None]),
    (told(OneOf, "r", column="c", values=("a", "b")), "c STRING", ["a", "b", None], ["A", "", "a ", "c"]),
    (told(OneOf, "r", column="c", values=(1, 2)), "c INT", [1, None], [0, 3]),
    (
        told(Matches, "r", column="c", pattern="[A-Z]{2}"),
        "c STRING",
        ["DE", None],
        ["D", "DEU", "xDE", "de", "", "DE\n", "\nDE"],
    ),
    (told(Matches, "r", column="c", pattern="a|b"), "c STRING", ["a", "b"], ["ab", "xb", "ax"]),
    (
        told(Email, "r", column="c"),
        "c STRING",
        ["a@b.co", "ä.ö+x@sub.domain.org", None],
        ["a", "a@b", "@b.co", "a@@b.co", "a b@c.de", "a@b.", "a@.de", "a@b..de", "", "a@b.co\n"],
    ),
    (
        told(NotMojibake, "r", column="c"),
        "c STRING",
        ["Jürgen", "Ã", "naïve", "São", "", None, "日本", "ÃB"],
        ["JÃ¼rgen", "Ã\x85ngström", "cafÃ©", "Â£5"],
    ),
    (told(Holds, "r", column="c", condition="c > 0"), "c INT", [1, None], [0, -1]),
    (
        told(Holds, "r", column="c", condition="forall(c, x -> x > 0)"),
        "c ARRAY<INT>",
        [[1, 2], [], None, [1, None]],
        [[1, 0]],
    ),
]


@pytest.mark.parametrize(
    ("rule", "schema", "good", "bad"), GOOD_AND_BAD, ids=lambda v: type(v).__name__ if isinstance(v, Rule) else ""
)
def test_a_rule_keeps_good_values_and_sends_bad_ones_away(
    parted: Callable[..., Parted], rule: Rule, schema: str, good: list[Any], bad: list[Any]
) -> None:
    values = [(i, value) for i, value in enumerate([*good, *bad])]
    found = parted(values, f"n INT, {schema}", rule)
    assert sorted(r["n"] for r in found.valid) == list(range(len(good)))
    assert sorted(r["n"] for r in found.bad) == list(range(len(good), len(values)))
    assert found.failed == {"r": len(bad)}


def test_a_value_has_to_be_a_key_of_the_other_frame(spark: SparkSession, parted: Callable[..., Parted]) -> None:
    places = spark.createDataFrame([("Köln",), ("Köln",), (None,), ("Rom",)], "name STRING")
    rule = told(References, "place_is_known", column="place", to="places", key="name")
    rows = [(1, "Köln"), (2, "Köln"), (3, None), (4, "köln"), (5, ""), (6, "Atlantis")]
    found = parted(rows, "id INT, place STRING", rule, places=places)
    assert sorted(r["id"] for r in found.valid) == [1, 2, 3]
    assert {r["id"]: r["_violations"][0]["value"] for r in found.bad} == {4: "köln", 5: "", 6: "Atlantis"}


def test_with_an_empty_other_frame_every_value_is_a_stranger(
    spark: SparkSession, parted: Callable[..., Parted]
) -> None:
    none = spark.createDataFrame([], "name STRING")
    one = told(References, "one", column="place", to="places", key="name")
    each = told(EachReferences, "each", column="tags", to="places", key="name")
    found = parted(
        [(1, "x", ["y"]), (2, None, None)], "id INT, place STRING, tags ARRAY<STRING>", one, each, places=none
    )
    assert [r["id"] for r in found.valid] == [2]
    assert [r["_rules"] for r in found.bad] == [["one", "each"]]


def test_a_frame_may_refer_to_itself(spark: SparkSession, tmp_path: Path) -> None:
    staff = spark.createDataFrame([(1, None), (2, 1), (3, 9)], "id INT, boss INT")
    found = Parted(staff, [told(References, "boss_exists", column="boss", to="staff", key="id")], tmp_path, staff=staff)
    assert [r["id"] for r in found.bad] == [3]


def test_every_value_of_an_array_has_to_be_a_key(spark: SparkSession, parted: Callable[..., Parted]) -> None:
    products = spark.createDataFrame([("P1",), ("P2",), (None,)], "product_id STRING")
    rule = told(EachReferences, "products_exist", column="items.product", to="products", key="product_id")
    rows = [(1, [("P1",), ("P2",)]), (2, []), (3, None), (4, [(None,), ("P1",)]), (5, [("P1",), ("P9",)]), (6, [("",)])]
    found = parted(rows, "id INT, items ARRAY<STRUCT<product: STRING>>", rule, products=products)
    assert sorted(r["id"] for r in found.valid) == [1, 2, 3, 4]
    assert {r["id"]: r["_violations"][0]["value"] for r in found.bad} == {5: "[P1, P9]", 6: "[]"}


def test_long_keys_that_are_one_fraction_double_no_row(spark: SparkSession) -> None:
    long = 2**53
    keys = spark.createDataFrame([(long,), (long + 1,)], "id BIGINT")
    rows = spark.createDataFrame([(float(long),), (7.0,), (None,)], "of DOUBLE")
    parted = split(rows, TABLE, [References(column="of", to="keys", key="id")], {"keys": keys})
    assert [parted.valid.count(), parted.quarantined.count()] == [2, 1]


# against the same rules in plain Python

PLACES = ("Köln", "Rom", "")
MAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
RULES: tuple[Rule, ...] = (
    told(NotNull, "place_is_given", column="place"),
    told(References, "place_is_known", column="place", to="places", key="name"),
    told(Holds, "not_too_heavy", column="grams", condition="grams <= 50", where="place = 'Rom'"),
    told(Holds, "weighs_something", column="grams", condition="grams > 0", severity="warn"),
    told(EachReferences, "tags_are_known", column="tags", to="places", key="name", severity="info"),
    told(Email, "mail_is_an_address", column="mail", severity="critical"),
    told(OneOf, "small_id", column="id", values=tuple(range(250)), severity="warn", where="grams IS NULL"),
)
PYTHON: Mapping[str, Callable[[Row], bool]] = {
    "place_is_given": lambda r: r["place"] is None,
    "place_is_known": lambda r: r["place"] is not None and r["place"] not in PLACES,
    "not_too_heavy": lambda r: r["place"] == "Rom" and r["grams"] is not None and r["grams"] > 50,
    "weighs_something": lambda r: r["grams"] is not None and r["grams"] <= 0,
    "tags_are_known": lambda r: any(t is not None and t not in PLACES for t in r["tags"] or ()),
    "mail_is_an_address": lambda r: r["mail"] is not None and not MAIL.fullmatch(r["mail"]),
    "small_id": lambda r: r["grams"] is None and r["id"] >= 250,
}


def random_rows(seed: int, count: int = 400) -> list[Row]:
    """Rows in which every kind of awkward value is frequent."""
    chance = random.Random(seed)
    places = [None, "", " ", "Köln", "Köln ", "Rom", "rom", "Ωmega", "😀", "Atlantis"]
    mails = [None, "", "a@b.co", "a@b", "ä@ö.org", "x y@z.de", "a@b.co\n"]
    tags = [None, [], ["Rom"], [None], ["Köln", None, "Rom"], ["Rom", "?"], ["", "😀"]]
    return [
        {
            "id": i,
            "place": chance.choice(places),
            "grams": chance.choice([None, -1, 0, 1, 50, 51, 2**31 - 1]),
            "tags": chance.choice(tags),
            "mail": chance.choice(mails),
        }
        for i in range(count)
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_engine_agrees_with_plain_python(spark: SparkSession, parted: Callable[..., Parted], seed: int) -> None:
    rows = random_rows(seed)
    places = spark.createDataFrame([(p,) for p in PLACES], "name STRING")
    found = parted([tuple(r.values()) for r in rows], SCHEMA, *RULES, places=places)

    broken = {r["id"]: [rule for rule in RULES if PYTHON[rule.name](r)] for r in rows}
    bad = {i for i, rules in broken.items() if any(REMOVES(rule) for rule in rules)}
    assert len(found.valid) + len(found.bad) == len(rows)
    assert {r["id"] for r in found.bad} == bad
    assert {r["id"] for r in found.valid} == set(broken) - bad
    for row in found.bad:
        assert [v["rule"] for v in row["_violations"]] == [rule.name for rule in broken[row["id"]]]
        assert row["_rules"] == [rule.name for rule in broken[row["id"]] if REMOVES(rule)]
    for row in found.valid:
        assert row["_warnings"] == [rule.name for rule in broken[row["id"]]]
        assert {name: row[name] for name in rows[0]} == rows[row["id"]]

    counted = Counter(rule.name for rules in broken.values() for rule in rules)
    assert found.failed == {rule.name: counted[rule.name] for rule in RULES}
    assert (found.result.rows, found.result.quarantined, found.result.valid) == (
        len(rows),
        len(bad),
        len(rows) - len(bad),
    )


# what is kept beside the rows


def test_a_reason_names_rule_column_value_and_message(parted: Callable[..., Parted]) -> None:
    rule = Holds(
        name="weighs_something", description="A parcel weighs more than nothing.", column="grams", condition="grams > 0"
    )
    found = parted([(1, -5)], "id INT, grams INT", rule)
    assert found.bad == [
        {
            "id": 1,
            "grams": -5,
            "_violations": [
                {
                    "rule": "weighs_something",
                    "column": "grams",
                    "value": "-5",
                    "message": "grams > 0 is not true. Expected: A parcel weighs more than nothing.",
                }
            ],
            "_rules": ["weighs_something"],
        }
    ]


def test_a_reason_tells_the_values_of_all_the_columns_of_a_rule(parted: Callable[..., Parted]) -> None:
    rules = [
        told(Compare, "in_order", column="shipped", op=">=", other="ordered"),
        told(Unique, "once", columns=("id", "place.city")),
        told(Sums, "adds_up", column="total", parts=("net", "`tax.vat`")),
        told(Given, "reachable", among=("phone", "mail")),
        told(Determines, "one_total", columns=("id",), dependent="total"),
        told(WhenThen, "paid", condition="total > 5", then="net > 10 OR place.city = 'net'"),
        told(Holds, "taxed", condition="NOT `tax.vat` > 0"),
        told(Holds, "weighs", condition="net > 10", column="net"),
        told(Holds, "never", condition="1 > 2"),
        told(Expression, "python", condition=lambda: F.col("net") > 10),
    ]
    schema = (
        "id INT, ordered DATE, shipped DATE, total INT, net INT, `tax.vat` DOUBLE, phone STRING, mail STRING, "
        "place STRUCT<city: STRING>"
    )
    row = (1, date(2026, 1, 2), date(2026, 1, 1), 9, 5, 1.5, None, None, ("Rom",))
    found = parted([row, (1, None, None, 8, 7, 1.0, "1", None, ("Rom",))], schema, *rules)
    (reasons,) = [r["_violations"] for r in found.bad if r["total"] == 9]
    assert {one["rule"]: (one["column"], one["value"]) for one in reasons} == {
        "in_order": ("shipped", "shipped=2026-01-01, ordered=2026-01-02"),
        "once": ("id", "id=1, place.city=Rom"),
        "adds_up": ("total", "total=9, net=5, `tax.vat`=1.5"),
        "reachable": ("phone", "phone=null, mail=null"),
        "one_total": ("total", "total=9, id=1"),
        "paid": ("", "total=9, net=5, place={Rom}"),
        "taxed": ("", "`tax.vat`=1.5"),
        "weighs": ("net", "5"),
        "never": ("", None),
        "python": ("", None),
    }


@pytest.mark.parametrize(("severity", "kept"), [("info", True), ("warn", True), ("error", False), ("critical", False)])
def test_severity_decides_whether_the_row_stays(parted: Callable[..., Parted], severity: str, kept: bool) -> None:
    found = parted([(None,)], "id INT", told(NotNull, "r", column="id", severity=severity))
    assert (found.valid, found.bad) == (
        ([{"id": None, "_warnings": ["r"]}], [])
        if kept
        else (
            [],
            [
                {
                    "id": None,
                    "_violations": [
                        {"rule": "r", "column": "id", "value": None, "message": "id is missing. Expected: r."}
                    ],
                    "_rules": ["r"],
                }
            ],
        )
    )


def test_a_rule_looks_only_where_it_is_told_to(parted: Callable[..., Parted]) -> None:
    rule = told(NotNull, "r", column="grams", where="place = 'Rom'")
    found = parted([("Rom", None), ("Köln", None), (None, None), ("Rom", 1)], "place STRING, grams INT", rule)
    assert (len(found.bad), found.failed) == (1, {"r": 1})


def test_without_rules_every_row_is_valid(parted: Callable[..., Parted]) -> None:
    found = parted([(1,), (None,)], "id INT")
    assert (len(found.valid), found.bad, found.result.rows, found.result.passed) == (2, [], 2, True)
    assert found.columns == (["id", "_warnings"], ["id", "_violations", "_rules"])


def test_an_empty_frame_is_counted_and_passes(spark: SparkSession, parted: Callable[..., Parted]) -> None:
    places = spark.createDataFrame([], "name STRING")
    found = parted([], SCHEMA, *RULES, places=places)
    assert (found.valid, found.bad, found.result.rows, found.result.passed) == ([], [], 0, True)
    assert {r.pass_rate for r in found.result.rules} == {1.0}


def test_a_table_that_was_split_before_gets_new_reasons_for_old(spark: SparkSession, tmp_path: Path) -> None:
    rule = told(NotNull, "r", column="id", severity="warn")
    once = split(spark.createDataFrame([(None,)], "id INT"), TABLE, [rule]).valid
    again = Parted(once, [rule], tmp_path)
    assert again.valid == [{"id": None, "_warnings": ["r"]}]


def test_nothing_is_read_before_the_frames_are_written(spark: SparkSession) -> None:
    exploding = spark.range(1).selectExpr("CAST(raise_error('read') AS INT) AS id")
    split(exploding, TABLE, [told(NotNull, "r", column="id")])
    watch(exploding, TABLE, [told(NotNull, "r", column="id")])


# the three ways to apply rules


def test_checking_splitting_and_watching_count_alike(spark: SparkSession, tmp_path: Path) -> None:
    rows = random_rows(3, 100)
    df = spark.createDataFrame([tuple(r.values()) for r in rows], SCHEMA)
    places = {"places": spark.createDataFrame([(p,) for p in PLACES], "name STRING")}
    once = told(Unique, "mail_once", columns=("mail", "grams"))
    weight = told(Mean, "weight", column="grams", min=0, max=1)
    gaps = told(NoGaps, "no_gaps", column="id")
    rules = (*RULES, once, weight, gaps)
    checked = check(df, TABLE, rules, places)
    watched = watch(df, TABLE, rules, places)
    parted = split(df, TABLE, rules, places)
    watched.rows.write.parquet(str(tmp_path / "watched"))
    parted.rows.write.partitionBy("_quarantined").parquet(str(tmp_path / "parted"))
    assert watched.result() == parted.result() == checked
    assert watched.rows.columns == df.columns
    assert spark.read.parquet(str(tmp_path / "watched")).count() == checked.rows == 100
    read = spark.read.parquet(str(tmp_path / "parted"))
    assert {row["_quarantined"]: row["count"] for row in read.groupBy("_quarantined").count().collect()} == {
        "true": checked.quarantined,
        "false": checked.valid,
    }
    assert {r.rule.name: r.measured for r in checked.rules if r.on_the_whole} == {
        "weight": pytest.approx(sum(r["grams"] or 0 for r in rows) / sum(r["grams"] is not None for r in rows)),
        "no_gaps": 0.0,
    }


def test_what_follows_from_a_severity_can_be_changed(spark: SparkSession) -> None:
    df = spark.createDataFrame([(None,), (1,)], "id INT")
    rules = [told(NotNull, "r", column="id"), told(NotNull, "mild", column="id", severity="info")]
    lenient = split(df, TABLE, rules, actions=Actions(error="warn"))
    assert [row["_warnings"] for row in lenient.valid.orderBy("id").collect()] == [["r", "mild"], []]
    strict = check(df, TABLE, rules, actions=Actions(info="stop"))
    assert ([r.rule.name for r in strict.stops], strict.quarantined, strict.passed) == (["mild"], 1, False)


def test_of_a_batch_the_counts_need_no_progress(spark: SparkSession) -> None:
    parted = split(spark.range(3), TABLE, [told(NotNull, "r", column="id")])
    assert isinstance(parted, Split)
    assert len(parted.valid.collect()) == 3
    assert parted.result() == parted.result()
    assert (parted.result().rows, parted.result().passed) == (3, True)


@pytest.mark.parametrize("number", [1, 63, *(pytest.param(n, marks=pytest.mark.soak) for n in (2, 62, 125))])
def test_any_number_of_rules_is_counted_each_for_itself(spark: SparkSession, number: int) -> None:
    mild = [i % 3 == 1 for i in range(number)]
    rules = [
        told(Holds, f"r{i}", condition=f"id > {i}", column="id", severity="warn" if mild[i] else "error")
        for i in range(number)
    ]
    df = spark.range(number + 2)
    watched, parted = watch(df, TABLE, rules), split(df, TABLE, rules)
    watched.rows.collect()
    rows = {row["id"]: row for row in parted.rows.collect()}
    for id_, row in rows.items():
        assert (row["_rules"] or []) == [f"r{i}" for i in range(number) if i >= id_ and not mild[i]]
        assert row["_warnings"] == [f"r{i}" for i in range(number) if i >= id_ and mild[i]]
    for result in (check(df, TABLE, rules), watched.result(), parted.result()):
        assert [r.failed for r in result.rules] == [i + 1 for i in range(number)]
        assert result.quarantined == max(i + 1 for i in range(number) if not mild[i])


def test_every_combination_of_broken_rules_is_counted_exactly(spark: SparkSession) -> None:
    rules = [told(Holds, f"r{i}", condition=f"id & {1 << i} = 0", column="id") for i in range(14)]
    df = spark.range(0, 2**14, 1, 3)
    watched = watch(df, TABLE, rules)
    watched.rows.collect()
    assert [r.failed for r in watched.result().rules] == [2**13] * 14
    assert watched.result().quarantined == 2**14 - 1


def test_a_message_may_hold_anything(spark: SparkSession) -> None:
    message = "It's \\d+ \\ \"quoted\" `so` {x} ${spark.app.name}\nand ünï — '); DROP"
    rule = Holds(name="r", condition="id > 0", column="id", description=message)
    (row,) = split(spark.range(1), TABLE, [rule]).quarantined.collect()
    told = f"id > 0 is not true. Expected: {message}"
    assert row["_violations"][0].asDict() == {"rule": "r", "column": "id", "value": "0", "message": told}


# what is refused


def test_two_rules_of_one_name_are_refused(spark: SparkSession) -> None:
    rules = [told(NotNull, "r", column="id"), told(OneOf, "r", column="id", values=(1,))]
    with pytest.raises(UsageError, match=r"silver\.parcels has several rules called r"):
        split(spark.range(1), TABLE, rules)


@pytest.mark.parametrize("column", ["ids", "ids.inner", "id.inner", "`id `"])
def test_a_rule_on_a_column_that_is_not_there_is_refused(spark: SparkSession, column: str) -> None:
    with pytest.raises(UsageError, match=r"There is no column for rule r of silver\.parcels: "):
        split(spark.range(1), TABLE, [told(NotNull, "r", column=column)])


@pytest.mark.parametrize("kind", [References, EachReferences])
def test_a_rule_that_refers_to_a_frame_that_is_not_there_is_refused(spark: SparkSession, kind: type[Rule]) -> None:
    rule = told(kind, "r", column="ids" if kind is EachReferences else "id", to="place", key="name")
    with pytest.raises(
        UsageError, match=r"no reference for rule r of silver\.parcels: 'place'\. Did you mean 'places'"
    ):
        split(spark.range(1).selectExpr("id", "array(id) AS ids"), TABLE, [rule], {"places": spark.range(1)})
