"""Ten days of files, by the command line: what each day's load did, and whether the table is as if all had come at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scenarios.incremental_loads.deliveries import (
    COMES_ON,
    CORRECTED_ON,
    CORRECTION,
    CRASH_ON,
    DAYS,
    LATE,
    REPLACED,
    REPLACED_ON,
    UP_TO_DATE_ON,
    Deliveries,
)
from scenarios.incremental_loads.scenario import SCENARIO
from tests.homes import Home, WarmHome
from tests.scenarios.every import EveryScenario
from toolkit.etl.records import FILES

SILVER = "silver.daily_orders"


class TestIncrementalLoads(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({FILES})


@pytest.fixture
def loaded(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("incremental_loads")


def came(home: Home) -> Deliveries:
    return Deliveries(next(home.path.glob("landing/incremental_loads-*")))


def newest_lines(home: Home) -> dict[str, dict[str, Any]]:
    """What the files in the inbox say of each order, worked out in plain Python."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(came(home).inbox.iterdir()):
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                order = json.loads(line)
            except ValueError:
                continue
            before = found.get(order["order_id"])
            if before is None or order["updated_at"] >= before["updated_at"]:
                found[order["order_id"]] = order
    return found


def test_each_day_is_delivered_as_the_story_says(loaded: WarmHome) -> None:
    files = {day: {file.name for file in came(loaded).files(day)} for day in range(1, DAYS + 1)}
    assert files[4] == set()
    assert {f"{LATE}.json"} < files[COMES_ON]
    assert CORRECTION in files[CORRECTED_ON]
    first, second = (came(loaded).day(day) / f"{REPLACED}.json" for day in (3, REPLACED_ON))
    assert first.read_bytes() != second.read_bytes()
    assert (came(loaded).inbox / second.name).read_bytes() == second.read_bytes()


def test_the_table_is_what_plain_python_makes_of_the_files(loaded: WarmHome) -> None:
    rows = {row["order_id"]: row for row in loaded.rows(SILVER)}
    wanted = newest_lines(loaded)
    assert rows.keys() == wanted.keys()
    for order_id, order in wanted.items():
        assert rows[order_id]["status"] == order["status"].strip().lower()
        assert float(rows[order_id]["amount"]) == pytest.approx(order["payment"]["amount"])


def test_a_killed_load_is_resumed_and_a_replaced_file_replaces_its_lines(loaded: WarmHome) -> None:
    days = {row["day"]: row for row in loaded.rows("ops.daily_loads")}
    assert [day for day, row in days.items() if row["resumed"]] == [CRASH_ON]
    assert days[CRASH_ON]["files"] == 2
    assert [day for day, row in days.items() if row["replaced_lines"]] == [REPLACED_ON]
    assert [day for day, row in days.items() if row["orders"] is not None] == list(UP_TO_DATE_ON)
    assert days[4]["files"] == 0
    lines = sum(row["lines"] for row in days.values()) - days[REPLACED_ON]["replaced_lines"]
    assert lines == len(loaded.rows("bronze.daily_orders"))
    assert days[DAYS]["deleted"] > 0, "orders that the replaced file does not have any more"


def test_only_the_incremental_load_agrees_with_all_at_once(loaded: WarmHome) -> None:
    ways = {row["way"]: row for row in loaded.rows("gold.load_comparisons")}
    wrong = {way: (row["missing"], row["surplus"], row["different"]) for way, row in ways.items()}
    assert wrong.pop("all files at once") == wrong.pop("day by day") == (0, 0, 0)
    assert wrong["files with a higher name"][0] > 0
    assert wrong["files with a new name"][1] > 0
    assert wrong["new names, appended"][1] > wrong["files with a new name"][1]


def test_every_file_is_in_one_batch_of_its_table(loaded: WarmHome) -> None:
    planned = [row for row in loaded.rows(FILES) if row["file"]]
    names = [(row["file"], row["digest"]) for row in planned]
    assert len(names) == len(set(names))
    sources = {row["_source"] for row in loaded.rows("bronze.daily_orders")}
    assert sources == {file.name for file in came(loaded).inbox.iterdir()}


def test_the_notebooks_folder_has_its_notebook() -> None:
    assert Path(SCENARIO.notebook).is_file()
