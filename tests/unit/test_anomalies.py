"""Unusual values, and the edges of the method; `test_anomaly_precision.py` measures how well it does."""

from __future__ import annotations

import itertools
import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from toolkit.quality.anomalies import (
    LEAST_VALUES,
    Anomaly,
    Point,
    anomalies,
    drift,
    drift_since,
    expectation,
    judge,
    point,
)
from toolkit.quality.records import Measurement

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
"""A Monday."""
Series = list[tuple[datetime, float | None]]
WEEK = (1, 1.05, 1, 0.98, 1.1, 0.4, 0.3)


def daily(values: list[float | None]) -> Series:
    return [(START + i * DAY, value) for i, value in enumerate(values)]


def test_a_drift_is_told_with_the_medians_that_differ() -> None:
    series = daily([100 + day % 3 for day in range(28)] + [110.0] * 7)
    found = drift(series)
    assert found is not None
    assert (found.at, found.value, found.expected) == (START + 34 * DAY, 110, 101)
    assert found.low < 101 < found.high < 110
    assert found.score > 3.5


@pytest.mark.parametrize("length", [0, 6, 7, 14])
def test_a_drift_needs_a_past(length: int) -> None:
    assert drift(daily([1.0] * length)) is None


def test_a_drift_is_dated_by_when_it_was_first_told() -> None:
    series = daily([100 + day % 3 for day in range(28)] + [110.0] * 8)
    assert drift_since(series) == drift(series[:32])
    # Of the seven values up to that day, four are of the new level.
    assert drift(series[:32]) is not None
    assert drift(series[:31]) is None


def test_a_drift_that_turned_is_dated_by_the_turn() -> None:
    series = daily([100 + day % 3 for day in range(28)] + [110.0] * 4 + [60.0] * 4)
    rose, fell = drift_since(series[:-1]), drift_since(series)
    assert rose is not None
    assert fell is not None
    assert (rose.at, fell.at) == (START + 31 * DAY, START + 35 * DAY)
    assert rose.score > 0 > fell.score


def test_what_does_not_drift_has_no_date() -> None:
    assert drift_since([]) is None
    assert drift_since(daily([100 + day % 3 for day in range(60)])) is None


# what a value is judged by


WOBBLE: list[float | None] = [100, 101, 99, 100, 102, 98, 100, 101, 99, 100]


def test_an_anomaly_says_what_was_expected() -> None:
    (found,) = anomalies(daily([*WOBBLE, 150]))
    assert (found.at, found.value, found.expected) == (START + 10 * DAY, 150, 100)
    # MAD 1; the threshold of 3.5 is 4.9 for ten values.
    assert (found.low, found.high) == pytest.approx((100 - 4.9 / 0.6745, 100 + 4.9 / 0.6745))
    assert found.score == pytest.approx(50 * 0.6745)


def test_too_little_is_as_unusual_as_too_much() -> None:
    found = judge(daily(WOBBLE), 50, START + 10 * DAY)
    assert found is not None
    assert found.score == pytest.approx(-50 * 0.6745)


def test_each_value_is_judged_only_by_its_past() -> None:
    rng = random.Random(3)
    series = daily([rng.gauss(100, 2) if day not in {20, 50} else 150.0 for day in range(60)])
    whole = anomalies(series)
    assert whole
    for end in range(1, 61):
        assert anomalies(series[:end]) == [one for one in whole if one.at < START + end * DAY]


def test_the_newest_value_is_judged_as_in_the_whole_history() -> None:
    series = daily([*WOBBLE, 150])
    assert [judge(series[:-1], 150, series[-1][0])] == anomalies(series)
    # Values at or after that moment do not judge it.
    assert judge([*series, (START + 11 * DAY, 1e9)], 150, series[-1][0]) == anomalies(series)[0]


def test_order_does_not_matter() -> None:
    series = daily([*WOBBLE, 150, *WOBBLE])
    shuffled = random.Random(1).sample(series, len(series))
    assert anomalies(shuffled) == anomalies(series) != []


def test_gaps_are_neither_judged_nor_judge() -> None:
    with_gaps = daily([*WOBBLE[:5], None, math.nan, *WOBBLE[5:], None, 150])
    (found,) = anomalies(with_gaps)
    assert (found.value, found.expected) == (150, 100)
    assert judge(daily(WOBBLE), None, START + 10 * DAY) is None
    assert judge(daily(WOBBLE), math.nan, START + 10 * DAY) is None


def test_an_infinite_value_is_unusual_but_judges_nothing() -> None:
    found = anomalies(daily([*WOBBLE, math.inf, *WOBBLE]))
    assert [(one.value, one.score) for one in found] == [(math.inf, math.inf)]


@pytest.mark.parametrize("length", [0, 1, LEAST_VALUES - 1])
def test_few_values_judge_nobody(length: int) -> None:
    series = daily(WOBBLE[:length])
    assert expectation(series, START + 10 * DAY) is None
    assert judge(series, 1e9, START + 10 * DAY) is None


def test_from_eight_values_on_there_is_an_expectation() -> None:
    found = expectation(daily(WOBBLE[:LEAST_VALUES]), START + 10 * DAY)
    assert found is not None
    assert found.low < found.expected < found.high


def test_after_nothing_but_zeros_any_other_value_is_infinitely_unusual() -> None:
    assert anomalies(daily([0.0] * 20)) == []
    found = anomalies(daily([*[0.0] * 20, 0.001]))
    assert found == [Anomaly(START + 20 * DAY, 0.001, 0.0, 0.0, 0.0, math.inf)]


def test_a_constant_may_change_by_a_thousandth_without_being_unusual() -> None:
    constant = daily([1000.0] * 20)
    assert judge(constant, 1001, START + 20 * DAY) is None
    assert judge(constant, 1010, START + 20 * DAY) is not None


def test_where_most_values_are_equal_the_mean_distance_judges() -> None:
    rarely: list[float | None] = [0.0, 0.0, 0.0, 0.0, 0.02] * 6
    assert judge(daily(rarely), 0.02, START + 30 * DAY) is None
    assert judge(daily(rarely), 0.2, START + 30 * DAY) is not None


def test_one_change_in_a_month_of_equal_values_makes_a_small_one_usual() -> None:
    once = daily([*[0.0] * 15, 0.02, *[0.0] * 14])
    assert judge(once, 0.002, START + 30 * DAY) is None
    assert judge(once, 0.02, START + 30 * DAY) is not None


def test_several_values_a_day_are_values_like_others() -> None:
    hourly: Series = [(START + i * DAY / 24, 100 + i % 3) for i in range(200)]
    assert anomalies(hourly) == []
    assert judge(hourly, 130, START + 200 * DAY / 24) is not None


def test_values_of_one_moment_do_not_judge_each_other() -> None:
    twice = [*daily(WOBBLE), (START + 10 * DAY, 150.0), (START + 10 * DAY, 100.0)]
    assert [one.value for one in anomalies(twice)] == [150]


def test_a_new_level_is_news_for_three_days_and_six_weeks_later_the_level() -> None:
    rng = random.Random(5)
    series = daily([rng.gauss(100, 1) for _ in range(60)] + [rng.gauss(150, 1) for _ in range(45)])
    assert [(one.at - START).days for one in anomalies(series)] == [60, 61, 62]
    after = judge(series, 100, START + 105 * DAY)
    assert after is not None
    assert after.expected == pytest.approx(150, abs=1)


def test_one_outlier_in_the_past_does_not_hide_the_next() -> None:
    assert [one.value for one in anomalies(daily([*WOBBLE * 3, 150, *WOBBLE, 150]))] == [150, 150]


# shares of rows


def shares(counts: list[int], rows: int = 10_000) -> list[Point]:
    return [Point(START + i * DAY, count / rows, rows) for i, count in enumerate(counts)]


def test_a_few_rows_after_weeks_of_none_may_be_chance_and_many_are_none() -> None:
    # Two rows of 10,000 were added; the threshold for 20 values is 4.2: 4.2 · √2 = 5.9 rows.
    assert [round((one.value or 0) * 10_000) for one in anomalies(shares([*[0] * 20, 5]))] == []
    (found,) = anomalies(shares([*[0] * 20, 6]))
    assert found.high * 10_000 == pytest.approx(4.2 * math.sqrt(2), rel=0.001)
    assert judge(shares([0] * 20), 0.0005, START + 20 * DAY) is not None, "a share of who knows how many rows"


def test_a_share_of_few_rows_varies_more_than_one_of_many() -> None:
    past = shares([500, 510, 490] * 7)
    at = START + 21 * DAY
    assert judge(past, 0.1, at, rows=10_000) is not None
    assert judge(past, 0.1, at, rows=50) is None


def test_chance_never_makes_a_spread_smaller_than_it_was_seen() -> None:
    wild = shares([200, 900] * 10)
    at = START + 20 * DAY
    known, unknown = expectation(wild, at, rows=10_000), expectation(wild, at)
    assert known is not None
    assert unknown is not None
    assert known.sigma == unknown.sigma


@pytest.mark.parametrize("count", [0, 10])
def test_a_share_is_expected_between_none_and_all(count: int) -> None:
    found = expectation(shares([count] * 20, rows=10), START + 20 * DAY, rows=10)
    assert found is not None
    assert 0 <= found.low < found.high <= 1


def test_a_share_of_no_rows_is_a_gap() -> None:
    empty = [Point(START + i * DAY, 0.0, 0) for i in range(20)]
    assert expectation(empty, START + 20 * DAY, rows=10_000) is None
    assert anomalies([*shares([5_000] * 20), Point(START + 20 * DAY, 0.0, 0)]) == []


def test_few_rows_drift_once_they_are_more_for_a_week() -> None:
    assert drift(shares([0] * 28 + [1] * 7)) is None
    assert drift(shares([0] * 28 + [5] * 7)) is not None


@pytest.mark.parametrize(
    ("measured", "value", "rows"),
    [
        ({"failed": 3, "passed": False}, 0.03, 100),
        ({}, 0.0, 100),
        ({"measured": 7.5}, 7.5, None),
        ({"passed": False}, 1.0, None),
    ],
    ids=["rows failed", "no row failed", "a number of the table", "the table as a whole failed"],
)
def test_a_failure_rate_is_a_share_of_its_rows_and_other_numbers_are_not(
    measured: dict[str, Any], value: float, rows: int | None
) -> None:
    assert point(Measurement("r1", START, "silver.orders", "given", rows=100, **measured)) == (START, value, rows)


# weeks


def weekly(weeks: int) -> Series:
    rng = random.Random(7)
    return daily([1000 * WEEK[day % 7] * rng.gauss(1, 0.02) for day in range(weeks * 7)])


def test_a_quiet_weekend_is_expected_once_three_were_seen() -> None:
    series = weekly(10)
    assert anomalies(series) == []
    sunday = START + (10 * 7 + 6) * DAY
    assert judge(series, 300, sunday) is None
    assert judge(series, 1000, sunday) is not None
    assert judge(series, 300, sunday + DAY) is not None


def test_a_weekday_is_judged_by_all_days_until_it_was_seen_in_three_weeks() -> None:
    found = expectation(weekly(2), START + (2 * 7 + 6) * DAY)
    assert found is not None
    assert found.expected > 900


def test_a_table_without_sundays_is_judged_without_them() -> None:
    series = [(at, value) for at, value in weekly(10) if at.weekday() != 6]
    assert anomalies(series) == []
    monday = START + 70 * DAY
    assert judge(series, 1000, monday) is None
    assert judge(series, 500, monday) is not None


def test_a_missing_weekday_shows_in_the_hours_between_loads() -> None:
    """No load on Sundays, so 48 hours each Monday; one Wednesday is missing, so 48 hours on that Thursday."""
    at = [START + day * DAY for day in range(70) if day % 7 != 6 and day != 58]
    hours: Series = [(b, (b - a).total_seconds() / 3600) for a, b in itertools.pairwise(at)]
    assert [(one.at, one.value, one.expected) for one in anomalies(hours)[-1:]] == [(START + 59 * DAY, 48, 24)]
    assert [one.at for one in anomalies(hours) if one.at > START + 28 * DAY] == [START + 59 * DAY]


def test_values_below_zero_have_weeks_too() -> None:
    series = daily([(-5.0, 3, 3, 3, 3, 3, 3)[day % 7] + day % 2 / 10 for day in range(70)])
    assert judge(series, -5, START + 70 * DAY) is None
    assert judge(series, -5, START + 71 * DAY) is not None
