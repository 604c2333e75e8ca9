"""Delays as they come: windows that agree with plain Python, late rows that are kept, and nothing unexplained."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from datasets.flights.departures import Departure, departures
from scenarios.flight_delays_live.scenario import ALERTS, SCENARIO, SILVER, WINDOWS
from scenarios.flight_delays_live.streams import EVERY_MINUTES, LASTING, THRESHOLD
from tests.homes import WarmHome
from tests.scenarios.every import EveryScenario
from tests.services.conftest import marked
from toolkit.streaming.records import BATCHES, DEAD_LETTERS, LATE_ROWS

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]
EVENTS = 3_000


class TestFlightDelaysLive(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({BATCHES, LATE_ROWS, DEAD_LETTERS})
    # Which flights are late follows from where the batches of Kafka end.
    told_apart = frozenset({SILVER, WINDOWS, ALERTS, "gold.worst_airlines", "gold.window_checks"})


@pytest.fixture
def watched(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("flight_delays_live")


def sent(home: WarmHome) -> dict[int, Departure]:
    """The departures, by their number."""
    (landed,) = (folder for folder in (home.path / "landing").iterdir() if (folder / "flights.parquet").is_file())
    return {one.flight_id: one for one in departures(landed, EVENTS)}


def ids(home: WarmHome) -> tuple[set[int], set[int], set[int]]:
    """Flights in silver, left out as late, and in messages that could not be read."""
    silver = {row["flight_id"] for row in home.rows(SILVER)}
    late = {json.loads(row["content"])["flight_id"] for row in home.rows(LATE_ROWS)}
    dead: set[int] = set()
    for row in home.rows(DEAD_LETTERS):
        try:
            dead.add(json.loads(row["value"])["flight_id"])
        except ValueError:
            assert row["reason"] == "It is not JSON of the expected form."
    return silver, late, dead


def windows_of(at: datetime) -> list[datetime]:
    """The beginnings of the windows that a moment lies in."""
    newest = at.replace(minute=at.minute // 30 * 30, second=0)
    return [newest, newest - timedelta(minutes=30)]


def test_every_flight_is_in_silver_or_late_or_unreadable_and_in_silver_once(watched: WarmHome) -> None:
    silver, late, dead = ids(watched)
    assert silver | late | dead == set(sent(watched))
    assert not silver & late
    assert len(watched.rows(SILVER)) == len(silver)
    assert late
    assert len(dead) == EVENTS // 307


def test_late_rows_are_those_whose_hour_the_watermark_had_passed(watched: WarmHome) -> None:
    for row in watched.rows(LATE_ROWS):
        assert row["event_at"] < row["watermark"]
        assert row["late_seconds"] == pytest.approx((row["watermark"] - row["event_at"]).total_seconds())
    watermarks = {
        row["batch"]: row["watermark"] for row in watched.rows(BATCHES, "stream = 'flight_delays_live.departures'")
    }
    assert {(row["batch"], row["watermark"]) for row in watched.rows(LATE_ROWS)} <= set(watermarks.items())


def test_the_windows_are_what_plain_python_counts_of_silver(watched: WarmHome) -> None:
    flights: Counter[tuple[Any, ...]] = Counter()
    minutes: Counter[tuple[Any, ...]] = Counter()
    for row in watched.rows(SILVER):
        for start in windows_of(row["scheduled_at"]):
            flights[row["origin"], row["carrier"], start] += 1
            minutes[row["origin"], row["carrier"], start] += row["delay"]
    found = {(row["origin"], row["carrier"], row["window_start"]): row for row in watched.rows(WINDOWS)}
    assert {key: row["flights"] for key, row in found.items()} == flights
    assert {key: row["delay_minutes"] for key, row in found.items()} == minutes
    assert all(row["airline"] for row in found.values())


def test_no_row_was_left_out_in_silence(watched: WarmHome) -> None:
    assert sum(row["late_rows"] for row in watched.rows(BATCHES)) == 0
    checks = watched.rows("gold.window_checks")
    assert {row["origin"] for row in checks} == {"EWR", "JFK", "LGA"}
    for row in checks:
        assert (row["unexplained"], row["unexplained_minutes"]) == (0, 0)
        assert row["flights"] == row["live"] + row["late"] + row["unreadable"]
        assert row["late"] > 0


def test_alerts_are_runs_of_closed_windows_above_the_threshold(watched: WarmHome) -> None:
    flights: Counter[tuple[str, datetime]] = Counter()
    minutes: Counter[tuple[str, datetime]] = Counter()
    for row in watched.rows(SILVER):
        for start in windows_of(row["scheduled_at"]):
            flights[row["origin"], start] += 1
            minutes[row["origin"], start] += row["delay"]
    mean = {key: minutes[key] / count for key, count in flights.items()}
    step = timedelta(minutes=EVERY_MINUTES)
    alerts = watched.rows(ALERTS)
    assert alerts
    for alert in alerts:
        starts = [alert["since"] + n * step for n in range(LASTING)]
        held = [mean[alert["origin"], at] for at in starts]
        assert min(held) > THRESHOLD
        assert (alert["windows"], alert["until"]) == (LASTING, starts[-1] + 2 * step)
        assert alert["worst"] == pytest.approx(max(held))
        assert mean.get((alert["origin"], starts[0] - step), 0) <= THRESHOLD, "a run is told once, from its beginning"


def test_nothing_is_left_at_work(watched: WarmHome) -> None:
    assert marked(watched.path) == []
