"""Kills that hit, a table with each event once, and nothing left at work."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from scenarios.exactly_once.kills import POINTS
from scenarios.exactly_once.scenario import SCENARIO, STREAMED
from tests.homes import Home, WarmHome
from tests.scenarios.every import EveryScenario
from tests.services.conftest import marked
from toolkit import service_leases
from toolkit.service_processes import MARK
from toolkit.services.kafka import KAFKA

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]
NAIVE = {name for name in STREAMED if "naive" in name}


class TestExactlyOnce(EveryScenario):
    declared = SCENARIO
    also_written = frozenset()
    # How many rows a kill lets the naive tables repeat follows from where the batches of Kafka end.
    told_apart = frozenset(NAIVE | {"gold.sink_counts", "ops.kills"})


@pytest.fixture
def streamed(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("exactly_once")


def processes_of(home: Path) -> list[psutil.Process]:
    """Whoever works in a home: processes of streams with their Java, and servers."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            variables = process.environ()
            works = variables.get("TOOLKIT_HOME") == str(home) or variables.get(MARK, "").startswith(str(home))
            if works and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def javas_of_streams(run: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process of streams that a run has started, and its Java; none before both are there."""
    with contextlib.suppress(psutil.Error):
        for one in psutil.Process(run.pid).children():
            if "scenarios.exactly_once.streams" in one.cmdline() and (javas := one.children(recursive=True)):
                return [one, *javas]
    return []


def counts(home: Home) -> dict[str, tuple[int, int, int]]:
    """By table: missing, repeated, unknown."""
    return {
        row["table_name"]: (row["missing"], row["repeated"], row["unknown"]) for row in home.rows("gold.sink_counts")
    }


def test_each_event_is_once_in_the_tables_that_promise_it_and_nothing_is_lost(streamed: WarmHome) -> None:
    rows = {row["table_name"]: row for row in streamed.rows("gold.sink_counts")}
    assert set(rows) == set(STREAMED)
    assert {name for name, row in rows.items() if not row["is_exactly_once"]} == NAIVE
    for name, (missing, repeated, unknown) in counts(streamed).items():
        assert (missing, unknown) == (0, 0), name
        assert (repeated == 0) == (name not in NAIVE), name


def test_the_counts_are_those_of_plain_python(streamed: WarmHome) -> None:
    for row in streamed.rows("gold.sink_counts"):
        ids = [event["flight_id"] for event in streamed.rows(row["table_name"])]
        assert (row["row_count"], row["row_count"] - row["repeated"]) == (len(ids), len(set(ids))), row["table_name"]
        assert len(set(ids)) == row["sent"] == 3_000


def test_each_kill_was_one_and_hit_all_streams_at_its_point(streamed: WarmHome) -> None:
    kills = streamed.rows("ops.kills")
    assert {(row["kill"], row["point"], row["ended_by"]) for row in kills} == {
        (1, POINTS[0], signal.SIGKILL),
        (2, POINTS[1], signal.SIGKILL),
    }
    halted = {(row["kill"], row["batch"], row["is_noted"]) for row in kills if row["stream"] != "delta sink"}
    assert halted == {(1, 0, False), (2, 1, False)}


def test_nothing_is_left_at_work(streamed: WarmHome) -> None:
    assert marked(streamed.path) == []
    assert processes_of(streamed.path) == []


def test_a_run_that_is_killed_leaves_no_process_of_streams(home: Home) -> None:
    words = [sys.executable, "-m", "toolkit", "run", "exactly_once", "-p", "events=1000", "-p", "kills=1"]
    run = subprocess.Popen(words, env=home.environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        until = time.monotonic() + 120
        while not (streams := javas_of_streams(run)):
            assert run.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        run.kill()
        run.wait()
        _, alive = psutil.wait_procs(streams, timeout=30)
        assert alive == []
        # The broker outlives the run that was killed, as any server does; whoever needs it next stops it.
        assert [one for one in processes_of(home.path) if MARK not in one.environ()] == []
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TOOLKIT_HOME", str(home.path))
            with service_leases.leased(KAFKA):
                pass
        assert processes_of(home.path) == []
    finally:
        run.kill()
        for process in processes_of(home.path):
            process.kill()


@pytest.mark.soak
@pytest.mark.parametrize("events", [24_000])
def test_after_all_five_kills_and_two_of_the_broker_each_event_is_once(home: Home, events: int) -> None:
    home.run("-p", f"events={events}", "-p", "kills=5", "-p", "broker_kills=2", scenario="exactly_once")
    for name, (missing, repeated, unknown) in counts(home).items():
        assert (missing, unknown) == (0, 0), name
        assert (repeated == 0) == (name not in NAIVE), name
    kills = {(row["kill"], row["point"]) for row in home.rows("ops.kills")}
    assert kills == {*enumerate((*POINTS, "while events are sent", "while events are taken"), 1)}
    assert processes_of(home.path) == []
