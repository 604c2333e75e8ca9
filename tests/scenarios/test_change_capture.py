"""Change capture: silver is what the database is, its history what the witness saw, through kills; nothing is left at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.change_capture.scenario import (
    BRONZE,
    BUSINESS,
    CHECKS,
    CUSTOMER_VERSIONS,
    CUSTOMERS,
    ORDER_VERSIONS,
    ORDERS,
    REBUILT,
    SCENARIO,
    SILVER,
)
from tests.homes import Home, WarmHome, kill_with_children
from tests.scenarios.every import EveryScenario
from tests.services.conftest import marked
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader
from toolkit.streaming.captured import UNCHANGED
from toolkit.streaming.records import BATCHES

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]
KILLED = ["debezium", "postgres", "kafka"]
LARGE = 2_000


class TestChangeCapture(EveryScenario):
    declared = SCENARIO
    # Events that no row tells of: deletions, and what changed nothing. No order has any in its history.
    also_written = frozenset(
        {BATCHES, *(f"{table}_kept" for table in (CUSTOMERS, CUSTOMER_VERSIONS, ORDERS, BUSINESS))}
    )
    # Places in the database's log differ from run to run, and so does what comes again after a kill.
    told_apart = frozenset({BRONZE, *SILVER, REBUILT, BUSINESS, "ops.capture_kills"})


@pytest.fixture
def shop(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("change_capture")


def test_nothing_differs_from_the_database_its_witness_bronze_and_silver(shop: WarmHome) -> None:
    checks = shop.rows(CHECKS)
    assert len(checks) == 6
    for check in checks:
        assert (check["missing"], check["extra"]) == (0, 0), check
        assert check["expected"] > 0, check


def test_each_server_was_killed_while_a_transaction_was_open(shop: WarmHome) -> None:
    kills = sorted(shop.rows("ops.capture_kills"), key=lambda row: row["kill"])
    assert [row["server"] for row in kills] == KILLED
    assert all(row["during"] > 0 for row in kills)


def test_what_is_hard_did_happen(shop: WarmHome) -> None:
    events = shop.rows(BRONZE)
    kinds = {row["op"] for row in events}
    assert {"r", "c", "u", "d", "t", "tombstone", "BEGIN", "END"} <= kinds
    assert any(UNCHANGED in (row["after"] or "") for row in events), "an update did not repeat a large value"
    inserted = {(row["tx"], row["lsn"]) for row in events if row["op"] == "c"}
    assert any((row["tx"], row["lsn"]) in inserted for row in events if row["op"] == "d"), "a row got another key"
    assert any(row["rescued"] == '{"newsletter":"true"}' for row in shop.rows(CUSTOMERS)), "a column was added"


def test_large_values_are_whole_and_no_placeholder_is_left(shop: WarmHome) -> None:
    notes = [row["note"] for row in shop.rows(ORDER_VERSIONS) if row["note"]]
    assert not [note for note in notes if UNCHANGED in note]
    large = [row for row in shop.rows(ORDER_VERSIONS) if len(row["note"] or "") > LARGE]
    states = {row["order_id"]: set[str]() for row in large}
    for row in large:
        states[row["order_id"]].add(row["status"])
    assert any(len(seen) > 1 for seen in states.values()), "a note outlives an update of another column"
    assert any("-corrected" in order for order in states), "and another key"


def test_the_history_has_one_open_version_of_each_row_that_lives(shop: WarmHome) -> None:
    for present, history, key in ((CUSTOMERS, CUSTOMER_VERSIONS, "customer_id"), (ORDERS, ORDER_VERSIONS, "order_id")):
        alive = [row[key] for row in shop.rows(history) if row["_end_at"] is None]
        assert sorted(alive) == sorted(row[key] for row in shop.rows(present))
    emptied = [row["lsn"] for row in shop.rows(BRONZE) if row["op"] == "t"]
    ended = [row["_end_at"]["_2"] for row in shop.rows(ORDER_VERSIONS) if row["_end_at"]]
    assert set(emptied) & set(ended), "that a table was emptied ended its rows"


def test_the_present_and_gold_follow_silver(shop: WarmHome) -> None:
    business = {row["customer_id"] for row in shop.rows(CUSTOMERS) if row["segment"] == "business"}
    assert {row["customer_id"] for row in shop.rows(BUSINESS)} == business


def test_nothing_is_left_at_work_and_the_database_keeps_no_log_for_us(shop: WarmHome) -> None:
    assert marked(shop.path) == []
    captures = shop.path / "services" / "debezium" / "data" / "captures"
    assert list(captures.glob("*.json")) == [], json.dumps([file.name for file in captures.glob("*")])


@pytest.mark.soak
def test_twenty_four_thousand_changes_through_all_kills(home: Home) -> None:
    record = home.run("-p", "changes", "32000", "-p", "kills", "3", scenario="change_capture")
    assert record["answer"].startswith("Yes: through 3 kills"), record["answer"]
    assert [row for row in home.rows(CHECKS) if row["missing"] or row["extra"]] == []
    assert len([row for row in home.rows(BRONZE) if row["op"] in "cudt"]) >= 24_000
    assert marked(home.path) == []


@pytest.mark.soak
def test_a_driver_that_is_killed_in_each_merge_of_the_changes_loses_and_repeats_none(home: Home) -> None:
    home.run("-p", "changes", "32000", "-p", "kills", "0", scenario="change_capture")
    assert again(home, "first", "apply").wait() == 0
    assert again(home, "all").wait() == 0
    for table in (CUSTOMERS, CUSTOMER_VERSIONS, ORDERS, ORDER_VERSIONS):
        folder = home.lakehouse.path(table)
        before, version = files(folder), DeltaReader(folder, table).version
        process = again(home, "apply")
        until = time.monotonic() + 120
        while files(folder) == before:
            assert process.poll() is None, table
            assert time.monotonic() < until, table
            time.sleep(0.005)
        kill_with_children(process)
        assert DeltaReader(folder, table).version == version, f"{table} was killed before its merge was committed"
    assert again(home, "apply", "compare").wait() == 0
    assert [row for row in home.rows(CHECKS) if row["missing"] or row["extra"]] == []
    assert sum(row["expected"] for row in home.rows(CHECKS)) > 0


def again(home: Home, *words: str) -> subprocess.Popen[bytes]:
    """Parts of change capture, in a process of their own."""
    command = [sys.executable, "-m", "tests.scenarios.capture_again", *words]
    return subprocess.Popen(command, env=home.environment, stdout=subprocess.DEVNULL)


def files(folder: Location) -> set[str]:
    """All files of a table beside its log."""
    return {file.name for file in Path(str(folder)).rglob("*") if "_delta_log" not in file.parts}
