"""Unusual values: planted in series of many kinds, and the edges of the method."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from toolkit.quality.anomalies import LEAST_VALUES, Anomaly, anomalies, drift, expectation, judge

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 6, tzinfo=UTC)
"""A Monday."""
Series = list[tuple[datetime, float | None]]
WEEK = (1, 1.05, 1, 0.98, 1.1, 0.4, 0.3)
FAMILIES = ("flat", "weekend", "trend", "heavy tails")
PLANTED = ("spike", "drop", "level shift", "nothing")


def daily(values: list[float | None]) -> Series:
    return [(START + i * DAY, value) for i, value in enumerate(values)]


def noisy(rng: random.Random, family: str, days: int = 120) -> tuple[list[float], float]:
    """A series around a level of its own, and the standard deviation of its noise as a share of the level."""
    level, sigma = 10 ** rng.uniform(3, 5), rng.uniform(0.02, 0.08)
    growth = rng.uniform(0.002, 0.004) if family == "trend" else 0
    values = []
    for day in range(days):
        noise = rng.gauss(0, 1)
        if family == "heavy tails":  # Student's t with three degrees of freedom
            noise /= math.sqrt(sum(rng.gauss(0, 1) ** 2 for _ in range(3)) / 3)
        week = WEEK[day % 7] if family == "weekend" else 1
        values.append(level * week * (1 + growth * day) * (1 + sigma * noise))
    return values, sigma


def plant(rng: random.Random, what: str, values: list[float], sigma: float) -> set[int]:
    """Put anomalies of 8 to 14 standard deviations into `values`; the days they are on."""
    size = rng.uniform(8, 14) * sigma
    match what:
        case "nothing":
            return set()
        case "level shift":
            first = rng.randrange(42, 90)
            values[first:] = [value * (1 + size) for value in values[first:]]
            return {first}
        case _:
            days = rng.sample(range(42, 119), 3)
            for day in days:
                values[day] *= 1 + size if what == "spike" else 1 - min(size, 0.95)
            return set(days)


def outcome(seed: int, family: str, what: str) -> Counter[str]:
    """Hits, misses and false alarms on one series; after a level shift four weeks are neither right nor wrong."""
    rng = random.Random(seed)
    values, sigma = noisy(rng, family)
    planted = plant(rng, what, values, sigma)
    grace = {day + i for day in planted for i in range(1, 29)} if what == "level shift" else set()
    found = {(one.at - START).days for one in anomalies(daily(list(values)))}
    return Counter(
        hits=len(planted & found),
        misses=len(planted - found),
        false=len(found - planted - grace),
        judged=len(values) - LEAST_VALUES,
    )


def rates(family: str, series: int = 200) -> tuple[float, float, float]:
    """Precision, recall, and false alarms per value judged, over series with every kind of anomaly and with none."""
    total: Counter[str] = Counter()
    for i in range(series):
        total += outcome(i, family, PLANTED[i % len(PLANTED)])
    hits = total["hits"]
    return hits / (hits + total["false"]), hits / (hits + total["misses"]), total["false"] / total["judged"]


@pytest.mark.parametrize(
    ("family", "precision", "recall", "false_alarms"),
    [
        ("flat", 0.97, 0.99, 0.0006),
        ("weekend", 0.97, 0.99, 0.0006),
        ("trend", 0.9, 0.98, 0.0018),
        ("heavy tails", 0.6, 0.85, 0.0095),
    ],
)
def test_precision_and_recall_are_as_stated(family: str, precision: float, recall: float, false_alarms: float) -> None:
    measured = rates(family)
    assert measured[0] >= precision
    assert measured[1] >= recall
    assert measured[2] <= false_alarms


def drifting(seed: int, family: str) -> tuple[Series, Series]:
    """Ten quiet weeks, and the same followed by four in which the level moves by a fifth of a standard deviation a day."""
    rng = random.Random(seed)
    values, sigma = noisy(rng, family, 98)
    way = rng.choice([-1, 1])
    moved = [value * (1 + way * sigma * 0.2 * max(0, day - 69)) for day, value in enumerate(values)]
    return daily(list(values[:70])), daily(list(moved))


@pytest.mark.parametrize(("family", "found"), [("flat", 0.8), ("weekend", 0.45), ("heavy tails", 0.45)])
def test_a_slow_drift_is_found_within_three_weeks_as_often_as_stated(family: str, found: float) -> None:
    pairs = [drifting(seed, family) for seed in range(100)]
    quiet = sum(drift(series[:end]) is not None for series, _ in pairs for end in range(30, 71, 10))
    assert quiet / 500 <= 0.01
    assert sum(drift(moved[: 70 + 21]) is not None for _, moved in pairs) / 100 >= found


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
