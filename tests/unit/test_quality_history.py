"""What was measured, over time: measurements, histories, the grid of rules and runs, and loads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.records import append
from tests.unit.delta_tables import appended, edited, with_commit_info
from toolkit.errors import DataError, UsageError
from toolkit.quality.history import RunColumn, by_rule, current, grid, loads, measurements, promised
from toolkit.quality.records import Measurement
from toolkit.quality.sla import FreshnessSla, VolumeSla
from toolkit.quality.verdicts import failing_rows
from toolkit.store.reader import DeltaReader
from toolkit.store.records import arrow_schema, encode

DAY = timedelta(days=1)
START = datetime(2026, 6, 1, 6, tzinfo=UTC)


def measured(run: int, rule: str = "amount_is_positive", **changed: Any) -> Measurement:
    usual = Measurement(
        run_id=f"r{run}",
        at=START + run * DAY,
        table="silver.orders",
        rule=rule,
        version=run,
        kind="holds",
        columns=("amount", "status"),
        dimension="validity",
        action="stop",
        rows=100,
        failed=4,
        tolerance=0.05,
    )
    return replace(usual, **changed)


Write = Callable[..., DeltaReader]


@pytest.fixture
def results(tmp_path: Path) -> Write:
    """Appends to `ops.quality_results`, and opens it."""

    def write(*found: Measurement) -> DeltaReader:
        append(tmp_path / "results", found, Measurement)
        return DeltaReader(tmp_path / "results", "ops.quality_results")

    return write


# measurements


def test_a_measurement_comes_back_as_it_was_kept(results: Write) -> None:
    kept = measured(1, measured=0.25, population="stored", passed=None)
    assert measurements(results(kept)) == [kept]
    (found,) = measurements(results(measured(2)), rule="amount_is_positive", population="incoming")
    assert (found.state, found.failure_rate, found.pass_rate, found.value) == ("tolerated", 0.04, 0.96, 0.04)
    assert failing_rows(found).where == "array_has(_rules, 'amount_is_positive')"


def test_a_table_of_an_older_shape_is_refused_by_name(tmp_path: Path) -> None:
    older = pa.Table.from_pylist([encode(measured(1))], schema=arrow_schema(Measurement)).rename_columns(
        {"population": "judged"}
    )
    write_deltalake(tmp_path / "results", older)
    with pytest.raises(DataError, match="missing population, unknown judged, of another type none") as refused:
        measurements(DeltaReader(tmp_path / "results", "ops.quality_results"))
    assert f"move {tmp_path / 'results'} aside" in refused.value.cure


@pytest.mark.parametrize("column", ["population", "action", "tolerance", "rule"])
def test_a_row_that_lacks_a_value_is_no_measurement(tmp_path: Path, column: str) -> None:
    row = {**encode(measured(1)), column: None}
    write_deltalake(tmp_path / "results", pa.Table.from_pylist([row], schema=arrow_schema(Measurement)))
    with pytest.raises(DataError, match=f"holds None as {column}"):
        measurements(DeltaReader(tmp_path / "results", "ops.quality_results"))


def test_a_load_and_the_table_as_it_lies_are_never_one_series(results: Write) -> None:
    reader = results(
        measured(1, failed=40),
        measured(2, failed=0, population="stored"),
        measured(2, "asked_once", failed=7, population="stored"),
    )
    assert [(each.rule, each.run_id, each.failed) for each in measurements(reader)] == [
        ("amount_is_positive", "r1", 40),
        ("asked_once", "r2", 7),
    ]
    assert [each.run_id for each in measurements(reader, rule="amount_is_positive", runs=1)] == ["r1"]
    assert [each.rule for each in measurements(reader, population="stored")] == ["amount_is_positive", "asked_once"]
    assert [each.run_id for each in measurements(reader, population="incoming")] == ["r1"]


def test_rules_that_were_given_up_are_told_from_rules_of_another_check() -> None:
    # Each night asks `night` alone; run 1 asked `old` beside `kept`, run 2 no longer.
    found = [
        measured(0, "night"),
        measured(1, "old"),
        measured(1, "kept"),
        measured(2, "kept"),
        measured(2, "new"),
        measured(1, "old", table="b.c"),
    ]
    assert [(each.table, each.rule) for each in current(found)] == [
        ("silver.orders", "night"),
        ("silver.orders", "kept"),
        ("silver.orders", "kept"),
        ("silver.orders", "new"),
        ("b.c", "old"),
    ]
    assert promised([*found, measured(3, "asked", population="stored")]) == current(found)


def test_a_rule_about_the_whole_table_is_kept_or_not(results: Write) -> None:
    kept, broken = measurements(
        results(
            measured(1, failed=0, measured=9_800.0),
            measured(2, failed=0, measured=12.0, passed=False),
        )
    )
    assert (kept.pass_rate, kept.value, kept.state) == (1.0, 9_800.0, "passed")
    assert (broken.pass_rate, broken.value, broken.state) == (0.0, 12.0, "failed")


def test_an_empty_table_keeps_its_rules(results: Write) -> None:
    (each,) = measurements(results(measured(1, rows=0, failed=0)))
    assert (each.pass_rate, each.state) == (1.0, "passed")


def test_measurements_come_oldest_first_whatever_the_order_of_writing(results: Write) -> None:
    reader = results(measured(3), measured(1))
    reader = results(measured(2, "b"), measured(2, "a"))
    assert [(each.run_id, each.rule) for each in measurements(reader)] == [
        ("r1", "amount_is_positive"),
        ("r2", "a"),
        ("r2", "b"),
        ("r3", "amount_is_positive"),
    ]


def test_measurements_of_one_table_one_rule_and_the_newest_runs(results: Write) -> None:
    reader = results(
        *[measured(run, rule) for run in range(5) for rule in ("a", "b")], measured(9, "a", table="silver.customers")
    )
    assert len(measurements(reader)) == 11
    assert {each.table for each in measurements(reader, table="silver.customers")} == {"silver.customers"}
    assert [each.run_id for each in measurements(reader, rule="b", runs=2)] == ["r3", "r4"]
    assert [each.run_id for each in measurements(reader, table="silver.orders", runs=1)] == ["r4", "r4"]
    assert [each.run_id for each in measurements(reader, runs=1)] == ["r9"]
    assert measurements(reader, runs=0) == []
    assert measurements(reader, rule="never_heard_of") == []


def test_a_table_without_rows_has_no_measurements(results: Write) -> None:
    assert measurements(results()) == []


@pytest.mark.parametrize("asked", [{"table": "silver.orders' OR '1'='1"}, {"table": "x"}, {"rule": "a' OR true --"}])
def test_names_that_could_change_the_query_are_refused(results: Write, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is not"):
        measurements(results(measured(1)), **asked)


def test_fewer_than_no_runs_are_refused(results: Write) -> None:
    with pytest.raises(UsageError, match="-1 runs"):
        measurements(results(measured(1)), runs=-1)


def test_another_table_is_told_from_one_of_measurements(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "other", pa.table({"run_id": ["r1"]}))
    with pytest.raises(
        DataError, match=r"silver\.other was written with other columns .* missing measured_at, table_name, rule"
    ):
        measurements(DeltaReader(tmp_path / "other", "silver.other"))


# histories and the grid


def test_a_rule_measured_twice_in_a_run_counts_with_its_last_result(results: Write) -> None:
    found = measurements(results(measured(1, at=START), measured(1, failed=0, at=START + DAY / 24), measured(2)))
    (history,) = by_rule(found)
    assert [(each.at, each.value) for each in history.measurements] == [
        (START + DAY / 24, 0.0),
        (START + 2 * DAY, 0.04),
    ]
    assert history.newest.run_id == "r2"
    assert grid(found).cell((history.table, history.rule), "r1") == found[1]


def test_the_grid_has_a_row_for_each_rule_and_a_column_for_each_run(results: Write) -> None:
    found = grid(measurements(results(measured(2, "b"), measured(1, "b"), measured(2, "a"))))
    assert found.rules == (("silver.orders", "a"), ("silver.orders", "b"))
    assert found.runs == (RunColumn("r1", START + DAY), RunColumn("r2", START + 2 * DAY))
    assert [each and each.run_id for each in found.row(("silver.orders", "a"))] == [None, "r2"]
    assert [each and each.run_id for each in found.row(("silver.orders", "b"))] == ["r1", "r2"]


def test_the_grid_of_nothing_is_empty() -> None:
    found = grid([])
    assert (found.rules, found.runs) == ((), ())


def test_ten_thousand_measurements_become_a_grid_at_once(results: Write) -> None:
    for run in range(50):
        reader = results(*[measured(run, f"rule_{i:03}") for i in range(200)])
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
