"""What was measured, over time: measurements, histories, the grid of rules and runs, loads, and sparklines."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf, nan
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.unit.delta_tables import appended, edited, with_commit_info
from toolkit.errors import DataError, UsageError
from toolkit.quality.history import (
    Measurement,
    RunColumn,
    by_rule,
    current,
    grid,
    loads,
    measurements,
    promised,
    sparkline,
)
from toolkit.quality.sla import FreshnessSla, VolumeSla
from toolkit.quality.verdicts import failing_rows
from toolkit.reader import DeltaReader

DAY = timedelta(days=1)
START = datetime(2026, 6, 1, 6, tzinfo=UTC)
SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("measured_at", pa.timestamp("us", "UTC")),
        ("table_name", pa.string()),
        ("table_version", pa.int64()),
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("columns", pa.list_(pa.string())),
        ("dimension", pa.string()),
        ("severity", pa.string()),
        ("action", pa.string()),
        ("row_count", pa.int64()),
        ("failed_count", pa.int64()),
        ("measured", pa.float64()),
        ("tolerance", pa.float64()),
        ("passed", pa.bool_()),
        ("judged", pa.string()),
    ]
)
OLDER = [name for name in SCHEMA.names if name not in {"kind", "columns", "action", "measured", "tolerance", "judged"}]


def row(run: int, rule: str = "amount_is_positive", **changed: Any) -> dict[str, Any]:
    return {
        "run_id": f"r{run}",
        "measured_at": START + run * DAY,
        "table_name": "silver.orders",
        "table_version": run,
        "rule": rule,
        "kind": "holds",
        "columns": ["amount", "status"],
        "dimension": "validity",
        "severity": "error",
        "action": "stop",
        "row_count": 100,
        "failed_count": 4,
        "measured": None,
        "tolerance": 0.05,
        "passed": True,
        "judged": "incoming",
    } | changed


Write = Callable[..., DeltaReader]


@pytest.fixture
def results(tmp_path: Path) -> Write:
    """Appends rows to `ops.quality_results`, with some of its columns, and opens it."""

    def write(*rows: dict[str, Any], columns: list[str] = SCHEMA.names) -> DeltaReader:
        table = pa.Table.from_pylist(list(rows), schema=SCHEMA).select(columns)
        write_deltalake(tmp_path / "results", table, mode="append")
        return DeltaReader(tmp_path / "results", "ops.quality_results")

    return write


# measurements


def test_a_row_is_a_measurement(results: Write) -> None:
    (one,) = measurements(results(row(1)))
    assert one == Measurement(
        "r1",
        START + DAY,
        "silver.orders",
        "amount_is_positive",
        1,
        "holds",
        ("amount", "status"),
        "validity",
        "error",
        "stop",
        100,
        4,
        None,
        0.05,
        True,
    )
    assert (one.state, one.failure_rate, one.pass_rate, one.value) == ("tolerated", 0.04, 0.96, 0.04)
    assert failing_rows(one).where == "array_has(_rules, 'amount_is_positive')"


def test_an_older_table_takes_plain_values_for_what_it_lacks(results: Write) -> None:
    (one,) = measurements(results(row(1), columns=OLDER))
    assert (one.kind, one.columns, one.measured, one.tolerance) == ("", (), None, 0.0)
    assert (one.failed, one.state) == (4, "tolerated")
    assert one.action == "quarantine", "what follows from an error unless somebody says otherwise"


def test_rows_written_before_a_column_was_added_take_plain_values_too(results: Write, tmp_path: Path) -> None:
    results(row(1), columns=OLDER)
    newer = pa.Table.from_pylist([row(2)], schema=SCHEMA)
    write_deltalake(tmp_path / "results", newer, mode="append", schema_mode="merge")
    older, new = measurements(DeltaReader(tmp_path / "results", "ops.quality_results"))
    assert (older.kind, older.columns, older.action, older.tolerance) == ("", (), "quarantine", 0.0)
    assert (new.kind, new.columns, new.action, new.tolerance) == ("holds", ("amount", "status"), "stop", 0.05)


def test_a_load_and_the_table_as_it_lies_are_never_one_series(results: Write) -> None:
    reader = results(
        row(1, failed_count=40),
        row(2, failed_count=0, judged="stored"),
        row(2, "asked_once", failed_count=7, judged="stored"),
    )
    assert [(one.rule, one.run_id, one.failed) for one in measurements(reader)] == [
        ("amount_is_positive", "r1", 40),
        ("asked_once", "r2", 7),
    ]
    assert [one.run_id for one in measurements(reader, rule="amount_is_positive", runs=1)] == ["r1"]
    assert [one.rule for one in measurements(reader, judged="stored")] == ["amount_is_positive", "asked_once"]
    assert [one.run_id for one in measurements(reader, judged="incoming")] == ["r1"]


def test_rules_that_were_given_up_are_told_from_rules_of_another_check() -> None:
    def one(run: int, rule: str, **changed: Any) -> Measurement:
        return Measurement(f"r{run}", START + run * DAY, "silver.orders", rule)._replace(**changed)

    # Each night asks `night` alone; run 1 asked `old` beside `kept`, run 2 no longer.
    found = [one(0, "night"), one(1, "old"), one(1, "kept"), one(2, "kept"), one(2, "new"), one(1, "old", table="b.c")]
    assert [(each.table, each.rule) for each in current(found)] == [
        ("silver.orders", "night"),
        ("silver.orders", "kept"),
        ("silver.orders", "kept"),
        ("silver.orders", "new"),
        ("b.c", "old"),
    ]
    assert promised([*found, one(3, "asked", judged="stored")]) == current(found)


def test_a_rule_about_the_whole_table_is_kept_or_not(results: Write) -> None:
    kept, broken = measurements(
        results(
            row(1, failed_count=0, measured=9_800.0),
            row(2, failed_count=0, measured=12.0, passed=False),
        )
    )
    assert (kept.pass_rate, kept.value, kept.state) == (1.0, 9_800.0, "passed")
    assert (broken.pass_rate, broken.value, broken.state) == (0.0, 12.0, "failed")


def test_an_empty_table_keeps_its_rules(results: Write) -> None:
    (one,) = measurements(results(row(1, row_count=0, failed_count=0)))
    assert (one.pass_rate, one.state) == (1.0, "passed")


def test_measurements_come_oldest_first_whatever_the_order_of_writing(results: Write) -> None:
    reader = results(row(3), row(1))
    reader = results(row(2, "b"), row(2, "a"))
    assert [(one.run_id, one.rule) for one in measurements(reader)] == [
        ("r1", "amount_is_positive"),
        ("r2", "a"),
        ("r2", "b"),
        ("r3", "amount_is_positive"),
    ]


def test_measurements_of_one_table_one_rule_and_the_newest_runs(results: Write) -> None:
    reader = results(
        *[row(run, rule) for run in range(5) for rule in ("a", "b")], row(9, "a", table_name="silver.customers")
    )
    assert len(measurements(reader)) == 11
    assert {one.table for one in measurements(reader, table="silver.customers")} == {"silver.customers"}
    assert [one.run_id for one in measurements(reader, rule="b", runs=2)] == ["r3", "r4"]
    assert [one.run_id for one in measurements(reader, table="silver.orders", runs=1)] == ["r4", "r4"]
    assert [one.run_id for one in measurements(reader, runs=1)] == ["r9"]
    assert measurements(reader, runs=0) == []
    assert measurements(reader, rule="never_heard_of") == []


def test_a_table_without_rows_has_no_measurements(results: Write) -> None:
    assert measurements(results()) == []


@pytest.mark.parametrize("asked", [{"table": "silver.orders' OR '1'='1"}, {"table": "x"}, {"rule": "a' OR true --"}])
def test_names_that_could_change_the_query_are_refused(results: Write, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is not"):
        measurements(results(row(1)), **asked)


def test_fewer_than_no_runs_are_refused(results: Write) -> None:
    with pytest.raises(UsageError, match="-1 runs"):
        measurements(results(row(1)), runs=-1)


def test_another_table_is_told_from_one_of_measurements(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "other", pa.table({"run_id": ["r1"]}))
    with pytest.raises(DataError, match="has no column measured_at, table_name, rule"):
        measurements(DeltaReader(tmp_path / "other", "silver.other"))


# histories and the grid


def test_a_rule_measured_twice_in_a_run_counts_with_its_last_result(results: Write) -> None:
    found = measurements(
        results(row(1, measured_at=START), row(1, failed_count=0, measured_at=START + DAY / 24), row(2))
    )
    (history,) = by_rule(found)
    assert [(one.at, one.value) for one in history.measurements] == [(START + DAY / 24, 0.0), (START + 2 * DAY, 0.04)]
    assert history.newest.run_id == "r2"
    assert grid(found).cell((history.table, history.rule), "r1") == found[1]


def test_the_grid_has_a_row_for_each_rule_and_a_column_for_each_run(results: Write) -> None:
    found = grid(measurements(results(row(2, "b"), row(1, "b"), row(2, "a"))))
    assert found.rules == (("silver.orders", "a"), ("silver.orders", "b"))
    assert found.runs == (RunColumn("r1", START + DAY), RunColumn("r2", START + 2 * DAY))
    assert [one and one.run_id for one in found.row(("silver.orders", "a"))] == [None, "r2"]
    assert [one and one.run_id for one in found.row(("silver.orders", "b"))] == ["r1", "r2"]


def test_the_grid_of_nothing_is_empty() -> None:
    found = grid([])
    assert (found.rules, found.runs) == ((), ())


def test_ten_thousand_measurements_become_a_grid_at_once(results: Write) -> None:
    for run in range(50):
        reader = results(*[row(run, f"rule_{i:03}") for i in range(200)])
    took = []
    for _ in range(5):
        began = time.perf_counter()
        found = grid(measurements(reader))
        took.append(time.perf_counter() - began)
    assert (len(found.rules), len(found.runs), len(found.cells)) == (200, 50, 10_000)
    # About 0.06 s undisturbed; the bound leaves room for a busy computer, and none for a query per rule.
    assert min(took) < 0.5


# loads


def test_loads_are_the_commits_that_brought_rows(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    for rows in (3, 5):
        write_deltalake(path, pa.table({"id": list(range(rows))}), mode="append")
    table = DeltaTable(path)
    table.optimize.compact()
    table.delete("id = 4")
    write_deltalake(path, pa.table({"id": [1]}), mode="overwrite")
    found = loads(DeltaReader(path, "silver.orders"))
    assert [(load.version, load.rows) for load in found] == [(0, 3), (1, 5), (4, 1)]
    assert found[0].hours is None
    assert found[1].hours == (found[1].at - found[0].at).total_seconds() / 3600


@pytest.mark.parametrize("said", [None, {}, {"operation": "WRITE"}, {"timestamp": 0}])
def test_a_commit_that_does_not_say_when_it_was_or_what_it_did_is_no_load(
    tmp_path: Path, said: dict[str, Any] | None
) -> None:
    appended(tmp_path / "orders", 4)
    edited(tmp_path / "orders", 1, with_commit_info(said))
    found = loads(DeltaReader(tmp_path / "orders", "silver.orders"))
    assert [load.version for load in found] == [0, 2, 3]
    # Between the first and the third lies one of which nothing is known: so neither is the time between loads.
    assert [load.hours is None for load in found] == [True, True, False]
    assert FreshnessSla(table="silver.orders", hours=1).report(found, datetime.now(UTC)).counted == 1
    assert VolumeSla(table="silver.orders", min_rows=1).report(found, datetime.now(UTC)).counted == 3


# sparklines


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([0, None, 7, nan, 0], "▁ █ ▁"),
        ([None, None], "  "),
        ([5, 5, 5], "▄▄▄"),
        ([0.25], "▄"),
        ([0, 1, inf, -inf], "▁██▁"),
        ([inf], "█"),
        ([-3, -1], "▁█"),
    ],
)
def test_a_series_is_drawn_as_bars(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


def test_a_long_series_shows_the_worst_of_each_bucket() -> None:
    failures = [0.0] * 100
    failures[37] = 0.9
    assert sparkline(failures, 10) == "▁▁▁█▁▁▁▁▁▁"
    assert sparkline([1 - rate for rate in failures], 10, worst=min) == "███▁██████"
    assert sparkline([None, None, 1, 2], 2) == " ▄"
    assert sparkline([0, 7], 10) == "▁█"


def test_every_value_falls_into_a_bucket() -> None:
    for length in range(1, 40):
        for width in range(1, 15):
            line = sparkline([*[0.0] * (length - 1), 1.0], width, between=(0, 1))
            assert (len(line), line[-1]) == (min(length, width), "█")


def test_lines_of_one_scale_can_be_compared() -> None:
    assert sparkline([0.5, 2, -1], between=(0, 1)) == "▅█▁"
    assert sparkline([0, 1], between=(1, 1)) == "▄▄"


@pytest.mark.parametrize("width", [0, -1])
def test_a_line_without_room_is_refused(width: int) -> None:
    with pytest.raises(UsageError, match="shows nothing"):
        sparkline([1.0], width)
