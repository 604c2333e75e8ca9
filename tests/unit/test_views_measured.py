"""What quality's views say of measurements: signs, findings, order, what was to be expected, and which rows break a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append
from toolkit import areas
from toolkit.kinds import text
from toolkit.quality.kept import FoundRows, keep_rows, plain_rows
from toolkit.quality.records import Measurement
from toolkit.quality.views import measured as reading
from toolkit.quality.views.measured import finding, heat, measured
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Result

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
TABLE = "silver.orders"


def one(failed: int = 0, *, run: int = 0, rows: int = 1_000, **changed: Any) -> Measurement:
    values = {"table": TABLE, "rule": "rule", "rows": rows, "failed": failed, "passed": not failed, **changed}
    return Measurement(run_id=f"r{run:03}", at=START + run * timedelta(days=1), **values)


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    return Lakehouse.default()


def keep(lakehouse: Lakehouse, found: Iterable[Measurement]) -> None:
    append(lakehouse.path("ops.quality_results"), found)


def shown(lakehouse: Lakehouse, name: str, **values: Any) -> Result:
    question = areas.question(f"quality.{name}", values)
    return areas.view(f"quality.{name}").read(lakehouse, question.parameters)


def said(result: Result) -> str:
    return " ".join(result.notes)


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        (None, " "),
        (one(), "·"),
        (one(4, passed=True, tolerance=0.01), "▵"),
        (one(6, passed=True, tolerance=0.01), "▴"),
        (one(passed=None), "?"),
        (one(9), "░"),
        (one(10), "▒"),
        (one(100), "▓"),
        (one(500), "█"),
        (one(1_000), "█"),
        (one(measured=5.0, passed=False), "█"),
        (one(passed=False), "█"),
        (one(3, rows=0), "█"),
    ],
)
def test_every_state_and_shade_has_a_sign_of_its_own(measurement: Measurement | None, expected: str) -> None:
    assert text("heat", [heat(measurement)]) == expected


def test_a_finding_is_told_in_numbers() -> None:
    assert finding(one(12, rows=460)) == "12 of 460 rows break it (2.6%)"
    assert finding(one(3, passed=True, tolerance=0.01)) == "3 of 1,000 rows break it (0.3%, 1% allowed)"
    assert finding(one()) == "none of 1,000 rows breaks it"
    assert finding(one(measured=600.0, passed=False)) == "measured 600"
    assert finding(one(measured=600.0, passed=None)) == "measured 600, with nothing to compare it with"
    assert finding(one(passed=None)) == "there was nothing to measure"
    assert finding(one(passed=False)) == "broken by the table as a whole"


def test_rules_that_are_broken_now_come_first_by_severity(lakehouse: Lakehouse) -> None:
    keep(
        lakehouse,
        [
            replace(one(5, run=1), rule="b_failed"),
            replace(one(5, run=1, severity="critical"), rule="z_critical"),
            replace(one(5, run=1, passed=True, tolerance=0.5), rule="a_tolerated"),
            replace(one(run=1), rule="a_passed"),
            replace(one(5, run=0), rule="a_passed"),
        ],
    )
    rows = shown(lakehouse, "rules", table=TABLE).rows
    assert [row["rule"] for row in rows] == ["z_critical", "b_failed", "a_tolerated", "a_passed"]
    assert shown(lakehouse, "scores").rows[0]["state"] == "failed"


def test_a_rule_that_a_run_left_out_has_a_gap(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(run=0), replace(one(run=1), rule="other"), one(run=2)])
    rows = {row["rule"]: row for row in shown(lakehouse, "rules", table=TABLE).rows}
    assert text("heat", rows["rule"]["runs"]) == "· ·"
    assert rows["other"]["run_id"] == "r001"


def test_a_great_many_results_are_read_table_by_table_to_the_same(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(lakehouse, [one(run % 3, run=run, table=f"silver.t{run % 2}") for run in range(30)])
    keep(lakehouse, [one(table="'; DROP [b]")])
    at_once = shown(lakehouse, "scores")
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    assert shown(lakehouse, "scores") == at_once
    assert {row["table"] for row in at_once.rows} == {"silver.t0", "silver.t1"}, "what is no table's name is left out"


def test_only_the_newest_runs_of_each_table_are_looked_at(
    lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(lakehouse, [one(run=run) for run in range(reading.MOST_RUNS + 20)])
    keep(lakehouse, [one(run=1, table="silver.seldom_checked")])
    (row,) = shown(lakehouse, "rules", table=TABLE).rows
    assert len(row["runs"]) == reading.MOST_RUNS
    monkeypatch.setattr(reading, "AT_ONCE", 0)
    assert len([each for each in measured(lakehouse) if each.table == TABLE]) == reading.MOST_RUNS
    assert "silver.seldom_checked" in {each.table for each in measured(lakehouse)}


@pytest.mark.parametrize(("failed", "unusual"), [(1, False), (5, False), (8, True)])
def test_as_many_failing_rows_as_chance_brings_are_not_unusual(
    lakehouse: Lakehouse, failed: int, unusual: bool
) -> None:
    keep(lakehouse, [*(one(run=run) for run in range(20)), one(failed, run=20)])
    newest = shown(lakehouse, "measurements", table=TABLE, rule="rule").rows[0]
    assert newest["unusual"] is unusual
    assert (newest["low"], newest["failed"], newest["run_id"]) == (0, failed, "r020")


def test_a_rule_is_told_by_what_it_is_and_how_well_it_was_kept(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(40 if run >= 26 else 0, run=run, kind="holds", columns=("amount",)) for run in range(30)])
    notes = shown(lakehouse, "measurements", table=TABLE, rule="rule").notes
    assert notes == (
        "No description is kept with the results.",
        "holds · amount · error · no row may break it · no owner named",
        "Kept in 26 of 30 runs in the last 30 days (86.7%); not kept since 2026-01-27 06:00.",
    )
    keep(lakehouse, [one(rule="mild", tolerance=0.02), one(rule="whole", measured=5.0)])
    assert "2% of rows may break it" in said(shown(lakehouse, "measurements", table=TABLE, rule="mild"))
    assert "on the whole table" in said(shown(lakehouse, "measurements", table=TABLE, rule="whole"))


# Rows that break a rule


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"failed": 12}, "12 rows broke rule when it was measured on 2026-01-01 06:00; none is here now. They were"),
        ({"failed": 1, "passed": True}, "They were released, or a later load took their place."),
        (
            {"failed": 1, "population": "stored", "version": 3},
            "1 row of silver.orders broke rule when it was judged at version 3. They are in the table, without a mark. "
            "Spark finds them: toolkit quality ask silver.orders rule",
        ),
        ({"failed": 0, "passed": False}, "rule is about the table as a whole: no single row breaks it."),
        ({"failed": 0, "passed": True}, "No row breaks rule in the newest run, of 2026-01-01 06:00."),
    ],
)
def test_why_no_row_is_shown(lakehouse: Lakehouse, changed: dict[str, Any], expected: str) -> None:
    failed = changed.pop("failed")
    keep(lakehouse, [one(failed, **changed)])
    result = shown(lakehouse, "rows", table=TABLE, rule="rule")
    assert not result.rows
    assert expected in said(result)


def test_a_table_that_has_changed_since_it_was_judged_may_have_other_rows(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(1, population="stored", version=3)])
    write_deltalake(lakehouse.path(TABLE), pa.table({"id": [1]}))
    result = shown(lakehouse, "rows", table=TABLE, rule="rule")
    assert "It is at version 0 now: other rows may break it." in said(result)


def test_rows_that_spark_found_are_shown_with_the_version_that_they_are_of(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(2, population="stored", version=0)])
    write_deltalake(lakehouse.path(TABLE), pa.table({"id": [1, 2]}))
    write_deltalake(lakehouse.path(TABLE), pa.table({"id": [3]}), mode="append")
    rows = plain_rows([{"what is wrong": "no", "id": 1, "at": START, "items": [{"a": START}]}])
    keep_rows(
        FoundRows(
            table=TABLE, rule="rule", asked_at=START, version=0, judged_at=0, total=2, columns=tuple(rows[0]), rows=rows
        )
    )
    result = shown(lakehouse, "rows", table=TABLE, rule="rule")
    assert [column.name for column in result.columns] == ["what is wrong", "id", "at", "items", "_number"]
    assert result.rows[0]["items"] == [{"a": "2026-01-01 06:00:00+00:00"}]
    assert "1 of 2 rows of silver.orders, version 0, break rule, as Spark found on 2026-01-01 06:00." in said(result)
    assert "It is at version 1 now: other rows may break it. Ask again: toolkit quality ask" in said(result)


def test_a_column_of_a_table_never_passes_for_what_its_page_is_about(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(1, severity="warn", action="warn")])
    write_deltalake(lakehouse.path(TABLE), pa.table({"table": ["gold.others"], "_warnings": [["rule"]]}))
    question = areas.question("quality.rows", {"table": TABLE, "rule": "rule"})
    view = areas.view("quality.rows")
    (row,) = view.read(lakehouse, question.parameters).rows
    assert row["table"] == "gold.others"
    for link in view.links:
        assert link.values(row, question.parameters)["table"] == TABLE  # type: ignore[index]


def test_a_rule_of_a_hostile_name_does_not_hide_advice_on_the_others(lakehouse: Lakehouse) -> None:
    keep(lakehouse, [one(1, rule="sound"), one(1, rule="x') OR [red]1=1 \x1b[31m")])
    result = shown(lakehouse, "advice")
    assert [row["rule"] for row in result.rows] == ["sound"]
    assert "is no name of a rule, so that its rows cannot be looked for" in said(result)
    assert "\x1b" not in said(result)
