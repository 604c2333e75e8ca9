"""A condition that fails at a row breaks its rule for that row, says why, and leaves every other rule alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality import plan
from toolkit.quality.engine import check, exemplified, metrics_name, split, watch
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import (
    Each,
    Expression,
    Holds,
    Increases,
    Mean,
    NoGaps,
    NotNull,
    RowCount,
    Rule,
    SameCount,
    SameTotal,
    Share,
    Unique,
    WhenThen,
)

TABLE = "silver.parcels"
SCHEMA = "id STRING, kilograms STRING, quantity INT, amount INT, sizes ARRAY<INT>"
ROWS = [
    ("P1", "12", 1, 10, [1, 2]),
    ("P2", "a lot", 2, 10, [0]),
    ("P3", "41", 0, 10, [2, 3]),
    ("P4", None, None, None, None),
]


@pytest.fixture
def parcels(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(ROWS, SCHEMA)


def only(result: QualityResult, name: str) -> RuleResult:
    (row,) = [row for row in result.rules if row.rule.name == name]
    return row


def number() -> Any:
    """A condition in Python."""
    return F.col("kilograms").cast("int") > 0


ON_ROWS: list[tuple[Rule, set[str], set[str]]] = [
    # the rule; the rows that break it; those of them for which it cannot be evaluated
    (Holds(name="r", condition="kilograms <= 30"), {"P2", "P3"}, {"P2"}),
    (Holds(name="r", condition="amount / quantity >= 1"), {"P3"}, {"P3"}),
    (Holds(name="r", condition="sizes[1] > 1"), {"P2"}, {"P2"}),
    (Holds(name="r", condition="element_at(sizes, 2) > 1"), {"P2"}, {"P2"}),
    (Holds(name="r", condition="CAST(kilograms AS DATE) > DATE'2020-01-01'"), {"P1", "P2", "P3"}, {"P1", "P2", "P3"}),
    (Holds(name="r", condition="amount * 2000000000 > 0"), {"P1", "P2", "P3"}, {"P1", "P2", "P3"}),
    (Holds(name="r", condition="kilograms <= 30", tolerance=0.5), {"P2", "P3"}, {"P2"}),
    (WhenThen(name="r", condition="quantity >= 0", then="amount / quantity >= 1"), {"P3"}, {"P3"}),
    (Each(name="r", column="sizes", condition="10 / item < 8"), {"P1", "P2"}, {"P2"}),
    (NotNull(name="r", column="kilograms", where="amount / quantity >= 1"), {"P3"}, {"P3"}),
    (Unique(name="r", columns=("amount",), where="kilograms > 0"), {"P1", "P2", "P3"}, {"P2"}),
    (Increases(name="r", column="kilograms", by="id", where="kilograms > 20"), {"P2"}, {"P2"}),
    (Expression(name="r", condition=number), {"P2"}, {"P2"}),
]


@pytest.mark.parametrize(("rule", "broken", "unevaluated"), ON_ROWS, ids=lambda v: getattr(v, "kind", None))
def test_a_row_at_which_a_condition_fails_breaks_that_rule_and_no_other(
    parcels: DataFrame, rule: Rule, broken: set[str], unevaluated: set[str]
) -> None:
    rules = [NotNull(column="id"), rule, NotNull(name="given", column="kilograms")]
    parted = split(parcels, TABLE, rules)
    rows = {row["id"]: row for row in parted.rows.collect()}
    reasons = {
        key: {reason["rule"]: reason["message"] for reason in row["_violations"] or []} for key, row in rows.items()
    }
    assert {key for key, found in reasons.items() if "r" in found} == broken
    assert {key for key, found in reasons.items() if "evaluated" in found.get("r", "")} == unevaluated
    for result in (parted.result(), check(parcels, TABLE, rules)):
        assert (only(result, "r").failed, only(result, "r").unevaluated) == (len(broken), len(unevaluated))
        assert (only(result, "given").failed, only(result, "id_not_null").failed) == (1, 0)
        assert result.quarantined == len(broken | {"P4"})


def test_the_reason_has_the_values_that_the_condition_names(parcels: DataFrame) -> None:
    rule = Holds(name="van", condition="kilograms <= 30 AND quantity > 0")
    bad = split(parcels, TABLE, [rule]).quarantined.collect()
    reasons = {row["id"]: row["_violations"][0] for row in bad}
    assert reasons["P2"]["message"] == "For this row kilograms <= 30 AND quantity > 0 cannot be evaluated."
    assert reasons["P2"]["value"] == "kilograms=a lot, quantity=2"
    assert reasons["P3"]["message"] == rule.message
    filtered = NotNull(name="van", column="id", where="kilograms <= 30")
    (row,) = split(parcels, TABLE, [filtered]).quarantined.collect()
    assert row["_violations"][0]["value"] == "kilograms=a lot"
    assert "kilograms <= 30 cannot be evaluated" in row["_violations"][0]["message"]


def test_an_example_of_it_says_so(parcels: DataFrame) -> None:
    rules = [Holds(name="r", condition="amount / quantity >= 1")]
    (found,) = exemplified(check(parcels, TABLE, rules), parcels).rules
    assert found.examples[0]["key"] == "P3"
    assert "cannot be evaluated" in found.examples[0]["message"]


def test_a_rule_looks_at_rows_at_which_its_filter_fails(parcels: DataFrame) -> None:
    (found,) = check(parcels, TABLE, [NotNull(column="amount", where="kilograms > 20")]).rules
    assert (found.rows, found.failed) == (2, 1)


@pytest.mark.parametrize("rules", [2, plan._MOST_AT_ONCE + 3])
def test_what_conditions_share_is_not_evaluated_ahead_of_them(parcels: DataFrame, rules: int) -> None:
    many = [Holds(name=f"r{i}", condition=f"amount / quantity >= {i}") for i in range(rules)]
    result = check(parcels, TABLE, many)
    assert [row.unevaluated for row in result.rules] == [1] * rules
    assert only(result, "r0").failed == 1
    assert split(parcels, TABLE, many).rows.count() == 4


def test_a_condition_of_none_but_constants_fails_at_every_row(parcels: DataFrame) -> None:
    (found,) = check(parcels, TABLE, [Holds(name="r", condition="1 / 0 > 1")]).rules
    assert (found.failed, found.unevaluated) == (4, 4)


WHOLE: list[Rule] = [
    Share(name="r", condition="amount / quantity >= 1", min=0.1),
    Mean(name="r", column="amount", min=0, where="kilograms > 0"),
    RowCount(name="r", min=1, where="kilograms > 0"),
    NoGaps(name="r", column="amount", where="kilograms > 0"),
    SameCount(name="r", to="others", where="kilograms > 0"),
    SameCount(name="r", to="others", to_where="kilograms > 0"),
    SameTotal(name="r", column="amount", to="others", other="amount", to_where="kilograms > 0"),
]


@pytest.mark.parametrize("rule", WHOLE, ids=lambda rule: f"{rule.kind} {'there' if rule.sql == () else ''}")
def test_a_rule_on_the_whole_table_with_such_a_row_is_broken_and_says_why(parcels: DataFrame, rule: Rule) -> None:
    result = check(parcels, TABLE, [rule, NotNull(column="id")], {"others": parcels})
    found = only(result, "r")
    assert (found.passed, found.unmeasured, found.measured) == (False, False, None)
    assert "cannot be evaluated for 1" in found.said
    assert only(result, "id_not_null").passed


def test_a_stream_counts_such_rows_as_a_batch_does(spark: SparkSession, parcels: DataFrame, tmp_path: Path) -> None:
    source = tmp_path / "in"
    parcels.write.parquet(str(source))
    rules = [ON_ROWS[0][0], Share(condition="sizes[1] > 1", min=0.1), Holds(name="ok", condition="amount > 1")]
    watched = watch(spark.readStream.schema(SCHEMA).parquet(str(source)), TABLE, rules)
    query = (
        watched.rows.writeStream.format("parquet")
        .options(checkpointLocation=str(tmp_path / "checkpoint"), path=str(tmp_path / "out"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(60)
    (progress,) = [one for one in query.recentProgress if one.numInputRows]
    counted = watched.result(progress.observedMetrics[metrics_name(TABLE)])
    expected = check(spark.read.parquet(str(source)), TABLE, rules)
    assert [(row.failed, row.unevaluated, row.said) for row in counted.rules] == [
        (row.failed, row.unevaluated, row.said) for row in expected.rules
    ]
    assert counted.rules[0].unevaluated == 1


def test_a_condition_that_is_no_sql_is_still_refused_before_a_row_is_read(parcels: DataFrame) -> None:
    with pytest.raises(UsageError, match=r"Rule r of silver\.parcels cannot be used"):
        check(parcels, TABLE, [Holds(name="r", condition="kilogram <= 30")])
