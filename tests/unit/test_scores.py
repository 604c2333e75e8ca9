"""How good a table is: points of a rule, scores of dimensions and tables, and their trend."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from toolkit.errors import UsageError
from toolkit.quality.records import Measurement
from toolkit.quality.rules.base import Dimension, Severity
from toolkit.quality.scores import DIMENSIONS, WEIGHTS, points, scores, terms

START = datetime(2026, 6, 1, tzinfo=UTC)


def measured(run: int, rule: str, failed: int = 0, **changed: Any) -> Measurement:
    """A rule on validity over 100 rows without tolerance."""
    made = Measurement(
        f"r{run}",
        START + run * timedelta(days=1),
        "silver.orders",
        rule,
        dimension="validity",
        rows=100,
        failed=failed,
    )
    made = replace(made, **changed)
    return made if "passed" in changed else replace(made, passed=made.failure_rate <= made.tolerance)


def about_rows(failed: int, tolerance: float) -> Measurement:
    return Measurement(
        "r", START, "silver.orders", "a", rows=100, failed=failed, tolerance=tolerance, passed=failed / 100 <= tolerance
    )


# points


@pytest.mark.parametrize(
    ("failed", "tolerance", "expected"),
    [
        (0, 0.0, 1),
        (0, 0.1, 1),
        (5, 0.1, 0.75),
        (10, 0.1, 0.5),
        (55, 0.1, 0.25),
        (100, 0.1, 0),
        (1, 0.0, 0.495),
        (100, 0.0, 0),
        (100, 1.0, 0.5),
    ],
)
def test_points_fall_to_a_half_at_the_tolerance_and_to_nothing_when_all_fail(
    failed: int, tolerance: float, expected: float
) -> None:
    assert points(about_rows(failed, tolerance)) == pytest.approx(expected)


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.29, 0.5, 1.0])
def test_points_never_rise_with_failures_and_a_half_parts_kept_from_broken(tolerance: float) -> None:
    found = [about_rows(failed, tolerance) for failed in range(101)]
    worth = [points(one) for one in found]
    assert worth == sorted(worth, reverse=True)
    assert all((value >= 0.5) == one.passed for value, one in zip(worth, found, strict=True))


def test_a_rule_about_the_whole_table_has_all_points_or_none() -> None:
    kept = Measurement("r", START, "silver.orders", "a", rows=100, measured=7.0, passed=True)
    assert points(kept) == 1
    assert points(replace(kept, passed=False)) == 0
    assert points(replace(kept, passed=False, measured=None)) == 0


def test_a_tolerance_that_is_not_known_costs_no_more_than_half() -> None:
    assert points(Measurement("r", START, "silver.orders", "a", rows=100, failed=3, passed=True)) == 0.5


def test_a_rule_that_found_no_rows_to_look_at_has_all_points() -> None:
    assert points(Measurement("r", START, "silver.orders", "a")) == 1


# scores


def test_a_dimension_is_the_mean_of_its_rules_weighted_by_severity() -> None:
    found = [measured(1, "a", 100, severity="info"), measured(1, "b", severity="critical")]
    (score,) = scores(found)
    assert score.dimensions["validity"] == pytest.approx(100 * 8 / 9)
    assert (score.table, score.rules, score.at) == ("silver.orders", 2, found[0].at)


def test_a_table_is_the_plain_mean_of_its_dimensions_and_those_without_rules_do_not_count() -> None:
    found = [measured(1, f"v{i}") for i in range(40)] + [measured(1, "late", 100, dimension="timeliness")]
    (score,) = scores(found)
    assert score.overall == 50
    assert {name: value for name, value in score.dimensions.items() if value is not None} == {
        "validity": 100,
        "timeliness": 0,
    }
    assert tuple(score.dimensions) == DIMENSIONS


def test_each_rule_counts_with_its_newest_measurement() -> None:
    (score,) = scores([measured(3, "a"), measured(1, "a", 100), measured(2, "b", 100)])
    assert (score.overall, score.rules) == (50, 2)


def test_a_rule_that_was_given_up_does_not_count() -> None:
    (score,) = scores([measured(1, "gone", 100), measured(1, "a"), measured(2, "a")])
    assert (score.overall, score.rules) == (100, 1)


def test_what_was_once_asked_of_the_table_as_it_lay_is_no_promise_of_it() -> None:
    asked = measured(2, "asked", 100, population="stored")
    assert [one.overall for one in scores([measured(1, "a"), asked])] == [100]
    assert [one.overall for one in scores([asked])] == [0]


def test_tables_come_by_name_each_with_its_own_score() -> None:
    found = [measured(1, "a"), measured(1, "a", 100, table="silver.customers")]
    assert [(score.table, score.overall) for score in scores(found)] == [
        ("silver.customers", 0),
        ("silver.orders", 100),
    ]


def test_nothing_measured_has_no_score() -> None:
    assert scores([]) == []


# trend


def test_the_trend_is_against_the_run_before() -> None:
    found = [measured(1, "a"), measured(2, "a", 100), measured(3, "a"), measured(3, "late", dimension="timeliness")]
    (score,) = scores(found)
    assert (score.overall, score.trend, score.trend_of("validity")) == (100, 100, 100)
    assert score.trend_of("timeliness") is None
    assert score.trend_of("volume") is None


def test_the_trend_may_be_against_any_run() -> None:
    found = [measured(1, "a"), measured(2, "a", 100), measured(3, "a")]
    assert scores(found, since="r1")[0].trend == 0
    assert scores(found, since="r2")[0].trend == 100


def test_a_first_run_has_no_trend() -> None:
    assert scores([measured(1, "a")])[0].trend is None
    assert scores([measured(1, "a"), measured(2, "a", table="silver.late")], since="r1")[0].trend is None


def test_a_run_that_measured_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no run 'r9'"):
        scores([measured(1, "a")], since="r9")


def test_every_dimension_and_severity_of_a_rule_is_known() -> None:
    assert get_args(Dimension) == DIMENSIONS
    assert get_args(Severity) == tuple(WEIGHTS)


def test_what_was_not_measured_counts_for_nothing_and_is_counted() -> None:
    known, unknown = measured(1, "a", failed=50), measured(1, "b", passed=None, dimension="accuracy")
    (score,) = scores([known, unknown])
    (alone,) = scores([known])
    assert (score.overall, score.rules, score.unmeasured) == (alone.overall, 1, 1)
    assert score.dimensions["accuracy"] is None


def test_a_table_of_which_nothing_was_measured_has_no_score() -> None:
    (score,) = scores([measured(1, "a"), measured(2, "a", passed=None)])
    assert (score.overall, score.rules, score.unmeasured, score.trend) == (None, 0, 1, None)


# how a score comes about


def test_the_terms_of_a_score_add_up_to_what_it_lacks() -> None:
    found = [
        measured(0, "a"),
        measured(1, "a", 50),
        measured(1, "b", 10, severity="critical"),
        measured(1, "c", dimension="volume"),
        measured(1, "d", 30, dimension="completeness", severity="info"),
        replace(measured(1, "e", 90), table="silver.other"),
    ]
    (score,) = (one for one in scores(found) if one.table == "silver.orders")
    parts = terms(found, "silver.orders")
    assert sum(one.lost for one in parts) == pytest.approx(100 - score.overall)
    assert [(one.rule, one.dimension, one.weight) for one in parts] == [
        ("d", "completeness", 1),
        ("b", "validity", 8),
        ("a", "validity", 4),
        ("c", "volume", 4),
    ]
    assert [one.points for one in parts] == pytest.approx([0.35, 0.45, 0.25, 1])
    assert parts[-1].lost == 0
