"""The state of an alert: told once of each run of windows, across batches, in any order within one, not across a gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import Row
from pyspark.sql.streaming.tws_tester import TwsTester

from scenarios.flight_delays_live.alerts import LastingDelays

EVERY = timedelta(minutes=30)
NOON = datetime(2013, 1, 2, 12, tzinfo=UTC)
JFK, LGA = "JFK", "LGA"


@pytest.fixture
def alerts() -> TwsTester:
    return TwsTester(LastingDelays(threshold=20.0, windows=3, every=1800))


def windows(first: int, *delays: float) -> list[Row]:
    """Windows of an hour that follow one another, the first so many after noon."""
    starts = [NOON + (first + n) * EVERY for n in range(len(delays))]
    return [
        Row(window_start=at, window_end=at + 2 * EVERY, mean_delay=one) for at, one in zip(starts, delays, strict=True)
    ]


def test_a_run_is_told_when_it_is_long_enough_and_not_again(alerts: TwsTester) -> None:
    (alert,) = alerts.test(JFK, windows(0, 5, 25, 40, 30, 50, 60))
    assert (alert.origin, alert.since, alert.until) == ("JFK", NOON + EVERY, NOON + 5 * EVERY)
    assert (alert.windows, alert.worst) == (3, 40)


def test_it_goes_on_from_batch_to_batch_and_each_airport_has_its_own(alerts: TwsTester) -> None:
    assert alerts.test(JFK, windows(0, 25, 26)) == []
    assert alerts.test(LGA, windows(2, 27)) == []
    (alert,) = alerts.test(JFK, windows(2, 27))
    assert (alert.since, alert.worst) == (NOON, 27)


def test_the_order_within_a_batch_is_no_matter(alerts: TwsTester) -> None:
    (alert,) = alerts.test(JFK, windows(0, 25, 26, 27)[::-1])
    assert alert.since == NOON


@pytest.mark.parametrize("between", [windows(2, 20), []], ids=["a window at the threshold", "no window, as at night"])
def test_what_lies_between_ends_a_run(alerts: TwsTester, between: list[Row]) -> None:
    assert alerts.test(JFK, [*windows(0, 25, 26), *between, *windows(3, 27, 28)]) == []
    (alert,) = alerts.test(JFK, windows(5, 29))
    assert alert.since == NOON + 3 * EVERY
