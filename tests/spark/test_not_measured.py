"""A measure of nothing is not measured: a state of its own, never a pass, unless the rule says that it may be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from toolkit.errors import QualityGateFailed
from toolkit.events import EventLog, read_events
from toolkit.platform import DataPlatform
from toolkit.quality import reports
from toolkit.quality.engine import check
from toolkit.quality.history import by_rule, measurements
from toolkit.quality.quarantine import quarantine_of
from toolkit.quality.rules import Context, Freshness, NotNull, Rule, parse
from toolkit.quality.scores import scores
from toolkit.scenario import Parameters, Scenario, Table
from toolkit.store.lakehouse import Lakehouse

TABLE = "silver.parcels"
SCHEMA = "id INT, kg DOUBLE, price DOUBLE, at TIMESTAMP, day DATE, _corrupt_record STRING"
NOTHING: list[dict[str, Any]] = [
    {"kind": "total", "column": "kg", "min": 1},
    {"kind": "mean", "column": "kg", "min": 1},
    {"kind": "stddev", "column": "kg", "max": 1},
    {"kind": "quantile", "column": "kg", "min": 1},
    {"kind": "minimum", "column": "kg", "min": 1},
    {"kind": "maximum", "column": "kg", "max": 1},
    {"kind": "correlation", "column": "kg", "other": "price", "min": 0.5},
    {"kind": "psi", "column": "kg", "expected": {"edges": (1.0,), "shares": (0.5, 0.5)}},
    {"kind": "ks", "column": "kg", "expected": {"edges": (1.0,), "shares": (0.5, 0.5)}},
    {"kind": "no_gaps", "column": "day"},
    {"kind": "share", "condition": "kg > 1", "min": 0.5, "where": "id > 100"},
]


@pytest.fixture
def empty(spark: SparkSession) -> DataFrame:
    """Rows, but no values to measure."""
    return spark.createDataFrame([(1, *[None] * 5), (2, *[None] * 5)], SCHEMA)


@pytest.mark.parametrize("data", NOTHING, ids=lambda data: data["kind"])
def test_what_measures_nothing_has_neither_passed_nor_failed(empty: DataFrame, data: dict[str, Any]) -> None:
    result = check(empty, TABLE, [parse(data)])
    (found,) = result.rules
    assert (found.unmeasured, found.passed, found.verdict, found.pass_rate) == (True, False, None, None)
    assert not result.passed
    assert (result.failed, result.blocking, result.unmeasured) == ((), (found,), (found,))
    assert "nothing" in found.said


@pytest.mark.parametrize("data", NOTHING, ids=lambda data: data["kind"])
def test_it_passes_where_the_rule_says_so(empty: DataFrame, data: dict[str, Any]) -> None:
    result = check(empty, TABLE, [parse({**data, "if_unmeasured": "pass"})])
    assert result.passed
    assert result.rules[0].said.endswith("The rule lets that pass.")


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "row_count", "min": 1},
        {"kind": "distinct_count", "column": "kg", "min": 1},
        {"kind": "contains_all", "column": "id", "values": [1]},
        {"kind": "freshness", "column": "at", "hours": 1},
    ],
    ids=lambda data: data["kind"],
)
def test_what_counts_nothing_has_counted_it(spark: SparkSession, data: dict[str, Any]) -> None:
    (found,) = check(spark.createDataFrame([], SCHEMA), TABLE, [parse(data)]).rules
    assert (found.unmeasured, found.passed) == (False, False)


def test_a_rule_on_rows_is_kept_by_a_table_without_rows(spark: SparkSession) -> None:
    (found,) = check(spark.createDataFrame([], SCHEMA), TABLE, [NotNull(column="id")]).rules
    assert (found.passed, found.unmeasured, found.pass_rate) == (True, False, 1.0)


def test_a_rule_that_compares_with_earlier_runs_begins_unmeasured_and_holds_nothing_up(empty: DataFrame) -> None:
    rule = parse({"kind": "row_count_change", "within": 0.5, "severity": "critical"})
    first = check(empty, TABLE, [rule])
    assert (first.rules[0].unmeasured, first.rules[0].measured, first.passed, first.stops) == (True, 2.0, True, ())
    later = check(empty, TABLE, [rule], context=Context(earlier={rule.name: [2.0, 2.0, 2.0]}))
    assert (later.rules[0].unmeasured, later.rules[0].passed) == (False, True)


def test_every_report_shows_it_as_its_own_state(empty: DataFrame) -> None:
    result = check(empty, TABLE, [parse(NOTHING[1]), NotNull(column="id")])
    assert reports.title(result).startswith("silver.parcels: 1 rules kept, 1 not measured")
    assert [line.state for line in reports.lines(result)] == ["not measured", "passed"]
    data = reports.as_data(result)
    assert (data["passed"], data["rules"][0]["passed"], data["rules"][0]["state"]) == (False, None, "not measured")
    assert '<tr class="not-measured">' in reports.as_html(result)
    assert "| ? |" in reports.as_markdown(result)
    assert '<failure message="The mean of kg: there was nothing to measure."' in reports.as_junit(result)


PARCELS = Table(TABLE, "A parcel.", {"id": "-", "kg": "-", "price": "-", "at": "-", "day": "-", "_warnings": "-"})
SCENARIO = Scenario("parcels", "Parcels", "?", "", Parameters, (), (PARCELS, quarantine_of(PARCELS)))


@pytest.fixture
def platform(spark: SparkSession, tmp_path: Path) -> DataPlatform:
    log = EventLog(tmp_path / "events.jsonl", "20260301-101500-parcels-0a1b")
    return DataPlatform(SCENARIO, Parameters(), log.run_id, log, lambda: spark, Lakehouse(tmp_path / "lakehouse"))


def test_a_critical_rule_that_measures_nothing_stops_the_load(platform: DataPlatform, empty: DataFrame) -> None:
    rule = parse({**NOTHING[1], "severity": "critical"})
    with pytest.raises(QualityGateFailed, match="kg_mean could not be measured"):
        platform.quality.check(TABLE, empty, [rule])
    assert not platform.lakehouse.exists(TABLE)
    alerts = [event.data["message"] for event in read_events(platform.log.path) if event.kind == "alert"]
    assert alerts == ["silver.parcels: kg_mean was not measured. The mean of kg: there was nothing to measure."]


def test_what_was_not_measured_is_kept_as_such_and_has_no_score(platform: DataPlatform, empty: DataFrame) -> None:
    platform.quality.check(TABLE, empty, [parse(NOTHING[1]), NotNull(column="id")])
    platform.quality.record()
    found = measurements(platform.reader("ops.quality_results"))
    assert {one.rule: (one.passed, one.state) for one in found} == {
        "kg_mean": (None, "not measured"),
        "id_not_null": (True, "passed"),
    }
    (score,) = scores(found)
    assert (score.rules, score.unmeasured, score.dimensions["accuracy"], score.overall) == (1, 1, None, 100)


def test_earlier_counts_are_those_that_were_counted(platform: DataPlatform, empty: DataFrame) -> None:
    rule = parse({"kind": "row_count_change", "within": 0.5, "name": "steady"})
    states = []
    for run in range(4):
        platform.run_id = f"run-{run}"
        states.append(platform.quality.check(TABLE, empty, [rule]).rules[0].verdict)
        platform.quality.record()
    assert states == [None, None, None, True]
    (history,) = by_rule(measurements(platform.reader("ops.quality_results")))
    assert [one.value for one in history.measurements] == [2.0] * 4


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fresh(spark: SparkSession, column: str, values: list[Any], **context: Any) -> Any:
    df = spark.createDataFrame([(value,) for value in values], f"{column} {'DATE' if column == 'day' else 'TIMESTAMP'}")
    rule: Rule = Freshness(column=column, hours=24)
    return check(df, TABLE, [rule], context=Context(**context)).rules[0]


@pytest.mark.parametrize("ahead", [datetime(9999, 12, 31, tzinfo=UTC), NOW + timedelta(hours=1)])
def test_a_time_ahead_makes_nothing_fresh(spark: SparkSession, ahead: datetime) -> None:
    stale = fresh(spark, "at", [NOW - timedelta(hours=48), ahead, ahead], at=NOW)
    assert (stale.passed, stale.measured) == (False, 48.0)
    assert stale.said == "The latest at is 48.0 hours old; allowed are 24. 2 rows with a later time left out."
    recent = fresh(spark, "at", [NOW - timedelta(hours=2), ahead], at=NOW)
    assert (recent.passed, recent.measured) == (True, 2.0)
    nothing = fresh(spark, "at", [ahead], at=NOW)
    assert (nothing.passed, nothing.measured) == (False, None)
    assert nothing.said == "at holds no time up to the present. 1 row with a later time left out."


def test_a_clock_that_is_a_little_ahead_is_no_future(spark: SparkSession) -> None:
    found = fresh(spark, "at", [NOW + timedelta(minutes=2)], at=NOW)
    assert (found.passed, found.measured) == (True, 0.0)
    assert "left out" not in found.said


def test_without_a_given_moment_the_present_counts(spark: SparkSession) -> None:
    today = datetime.now(UTC).date()
    found = fresh(spark, "day", [today, date(9999, 12, 31)])
    assert found.passed
    assert 0 <= found.measured <= 24
