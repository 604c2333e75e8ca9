"""`toolkit quality history`: rules, volume and freshness over time, what is unusual, and what drifts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append
from toolkit.quality.records import Measurement
from toolkit.store.lakehouse import Lakehouse

Cli = Callable[..., Any]
TABLE = "silver.parcels"
DAY = timedelta(days=1)
BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)
ROWS = 10_000
USUAL = [5, 6, 4, 5, 7, 5, 6] * 4


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    return Lakehouse.default()


def load(lakehouse: Lakehouse, counts: Sequence[int], late: float = 0) -> None:
    """One load a day of so many rows; the newest is so many hours late."""
    path = lakehouse.path(TABLE)
    for day, count in enumerate(counts):
        write_deltalake(path, pa.table({"id": range(count)}), mode="append")
        at = BEGAN + day * DAY + timedelta(hours=late if day == len(counts) - 1 else 0)
        commit = path / "_delta_log" / f"{day:020}.json"
        actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] = int(at.timestamp() * 1000)
        commit.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def measure(lakehouse: Lakehouse, failed: Sequence[int]) -> None:
    """One run a day of one rule, that so many rows broke."""
    path = lakehouse.path("ops.quality_results")
    shutil.rmtree(path, ignore_errors=True)
    usual = Measurement("", BEGAN, TABLE, "country_given", dimension="completeness", rows=ROWS)
    append(
        path,
        [
            replace(usual, run_id=f"r{day:02}", at=BEGAN + day * DAY, version=day, failed=count, passed=not count)
            for day, count in enumerate(failed)
        ],
    )


def told(cli: Cli, *asked: str) -> dict[str, dict[str, Any]]:
    return {row["rule"]: row for row in json.loads(cli("quality", "history", TABLE, *asked, "--json").stdout)}


def test_volume_and_freshness_are_told_beside_the_rules(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, USUAL)
    measure(lakehouse, [0] * 28)
    found = told(cli)
    assert list(found) == ["country_given", "rows per load", "hours between loads"]
    assert (found["rows per load"]["newest"], found["hours between loads"]["newest"]) == (6, 24)
    assert found["rows per load"]["trend"] == USUAL
    assert not any(one["unusual"] or one["unusual_before"] for one in found.values())
    assert {one["drift"] for one in found.values()} == {"none"}
    shown = cli("quality", "history", TABLE).stdout
    assert "hours between loads" in shown
    assert "▃▆▁▃█▃▆" in shown


def test_a_load_that_is_late_and_too_full_is_unusual_in_both(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, [*USUAL, 60], late=9)
    measure(lakehouse, [0] * 28)
    found = told(cli)
    rows, hours = found["rows per load"], found["hours between loads"]
    assert (rows["newest"], rows["unusual"], rows["unusual_before"]) == (60, True, 0)
    assert (hours["newest"], hours["unusual"], hours["unusual_before"]) == (33, True, 0)
    assert rows["last_unusual"] == (BEGAN + 28 * DAY + timedelta(hours=9)).isoformat()
    assert not found["country_given"]["unusual"]


def test_volume_that_creeps_up_drifts_since_a_day(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, [*USUAL, 8, 8, 9, 8, 9, 9, 9])
    measure(lakehouse, [0] * 28)
    rows = told(cli)["rows per load"]
    assert not rows["unusual"]
    assert rows["drift"] == "up since 2026-04-02"


def test_what_chance_may_bring_is_not_unusual_and_what_it_does_not_is(cli: Cli, lakehouse: Lakehouse) -> None:
    measure(lakehouse, [*[0] * 28, 3])
    assert told(cli)["country_given"]["unusual"] is False
    measure(lakehouse, [*[0] * 28, 100])
    assert told(cli)["country_given"]["unusual"] is True


def test_a_share_is_expected_not_below_none(cli: Cli, lakehouse: Lakehouse) -> None:
    measure(lakehouse, [0] * 29)
    assert told(cli)["country_given"]["expected"].startswith("0 to 0.0005")


def test_failures_that_become_fewer_drift_down(cli: Cli, lakehouse: Lakehouse) -> None:
    measure(lakehouse, [*[500, 505, 495] * 10, *[430] * 7])
    assert told(cli)["country_given"]["drift"].startswith("down since 2026-04-")


def test_who_asks_for_one_rule_gets_that_rule(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, [1, 2])
    measure(lakehouse, [0, 0])
    assert list(told(cli, "--filter", "country_given")) == ["country_given"]


def test_one_load_has_a_volume_and_no_hours_and_is_too_little_to_judge(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, [5])
    measure(lakehouse, [0])
    found = told(cli)
    assert list(found) == ["country_given", "rows per load"]
    assert (found["country_given"]["expected"], found["rows per load"]["expected"]) == ("too few runs", "too few loads")


def test_the_rules_of_a_table_that_is_gone_are_still_told(cli: Cli, lakehouse: Lakehouse) -> None:
    load(lakehouse, [5, 5])
    measure(lakehouse, [0, 0])
    shutil.rmtree(lakehouse.path(TABLE))
    assert list(told(cli)) == ["country_given"]
