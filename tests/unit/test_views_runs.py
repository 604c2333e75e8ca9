"""What the list of runs says of each, and what a run says of its steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from toolkit import areas, runs
from toolkit.events import EventLog
from toolkit.runs import RunFolder, RunRecord
from toolkit.store.lakehouse import Lakehouse

STARTED = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
GONE = {"status": "running", "finished_at": None, "process_started": 1.0, "answer": ""}
pytestmark = pytest.mark.usefixtures("toolkit_home")


def run(number: int, **more: Any) -> RunFolder:
    """A run of the parcels, that began `number` minutes after the first."""
    begun = STARTED + timedelta(minutes=number)
    folder = runs.create(f"{begun:%Y%m%d-%H%M%S}-parcels-{number:04x}")
    values = {
        "run_id": folder.run_id,
        "scenario": "parcels",
        "parameters": {"count": 3},
        "status": "succeeded",
        "answer": "3 here.",
        "started_at": begun,
        "finished_at": begun + timedelta(seconds=42),
    }
    folder.save(RunRecord(**{**values, **more}))
    return folder


def listed() -> list[Any]:
    """The rows of the list."""
    view = areas.view("runs.list")
    return list(view.read(Lakehouse.default(), view.parameters()).rows)


def said(row: Any) -> str:
    """What the list says of a row in words."""
    return areas.view("runs.list").sentence(row)


def test_the_newest_run_is_first_with_what_it_was_asked_and_answered() -> None:
    older, newer = run(0), run(1, parameters={"count": 5}, status="failed", answer="", error="It went wrong.")
    first, second = listed()
    assert (first["run"], second["run"]) == (newer.run_id, older.run_id)
    assert (second["status"], second["took"], second["started"], second["via"]) == ("succeeded", 42, STARTED, "steps")
    assert said(second) == "3 here.\nparcels by steps: count = 3"
    assert said(first) == "It went wrong.\nparcels by steps: count = 5"


def test_a_task_says_what_it_did_to_which_table_and_with_what() -> None:
    run(0, via="task", task="release", table="silver.parcels", options={"rule": "[x]"}, answer="2 rows released.")
    (row,) = listed()
    assert (row["what"], row["parameters"], row["via"]) == ("release silver.parcels", ["rule = [x]"], "task")
    assert said(row) == "2 rows released.\nrelease silver.parcels by task: rule = [x]"


def test_a_damaged_record_is_a_row_that_says_so_and_hides_no_other() -> None:
    run(0)
    (run(1).path / "run.json").write_text("{", encoding="utf-8")
    damaged, sound = listed()
    assert (damaged["status"], sound["status"]) == ("damaged", "succeeded")
    assert said(damaged).startswith(f"The record of run {damaged['run']} cannot be read")


def test_how_long_a_run_took_whose_process_is_gone_is_not_known() -> None:
    run(0, **GONE)
    (row,) = listed()
    assert (row["status"], row["took"]) == ("interrupted", None)
    assert "did not say how it ended" in said(row)


def test_a_record_is_parsed_once_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run(0)
    before = listed()
    with monkeypatch.context() as patch:
        patch.setattr(RunRecord, "model_validate_json", lambda *_: pytest.fail("parsed again"))
        assert listed() == before
    folder.save(folder.record().model_copy(update={"status": "cancelled"}))
    assert listed()[0]["status"] == "cancelled"


def test_only_runs_whose_process_is_at_work_are_running() -> None:
    run(0)
    run(1, **GONE)
    at_work = run(2, status="running", finished_at=None)
    (run(3).path / "run.json").write_text("{", encoding="utf-8")
    assert runs.running() == [at_work]


def test_the_command_lists_twenty_and_says_how_many_there_are(cli: Callable[..., Any]) -> None:
    for number in range(23):
        run(number)
    told = cli("runs", "--json")
    assert [row["run"][-2:] for row in json.loads(told.stdout)][:2] == ["16", "15"]
    assert len(json.loads(told.stdout)) == 20
    assert "20 of 23 rows." in cli("runs").stderr
    assert len(json.loads(cli("runs", "list", "--limit", "22", "--json").stdout)) == 22


def test_steps_are_rows_and_the_answer_is_beside_them(cli: Callable[..., Any]) -> None:
    folder = run(0, status="failed", answer="", error="No file.")
    log = EventLog(folder.events_file, folder.run_id)
    log.emit("run_started", scenario="parcels", parameters={}, steps=["land", "read", "sum"])
    log.emit("step_started", "land")
    for table, rows in (("bronze.parcels", 460), ("bronze.notes", 40)):
        log.emit("rows", "land", table=table, version=0, rows=rows, files=1, bytes=1)
    log.emit("step_finished", "land", seconds=0.8)
    log.emit("step_started", "read")
    log.emit("step_failed", "read", message="No file", exit_code=5)
    log.emit("alert", "read", level="warn", message="Look here.")
    view = areas.view("runs.show")
    result = view.read(Lakehouse.default(), view.parameters(run="latest"))
    assert [(row["step"], row["state"], row["rows"], row["took"]) for row in result.rows] == [
        ("land", "finished", 500, 0.8),
        ("read", "failed", None, None),
        ("sum", "waiting", None, None),
    ]
    assert [view.sentence(row) for row in result.rows] == [
        "land: finished; wrote 500 rows to bronze.parcels, bronze.notes.",
        "read: No file.",
        "sum: waiting.",
    ]
    assert result.notes == (f"{folder.run_id}: parcels, failed.", "Look here.", "No file.")
    told = cli("runs", "show", "latest", "--filter", "waiting")
    assert "sum" in told.stdout
    assert "bronze.parcels" not in told.stdout
    assert cli("runs", "show", "latest", "--csv", "--columns", "step,state").stdout.splitlines() == [
        "step,state",
        "land,finished",
        "read,failed",
        "sum,waiting",
    ]


def test_an_empty_home_is_named(toolkit_home: Path, cli: Callable[..., Any]) -> None:
    told = cli("runs")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "There is no run yet." in told.stderr
    assert str(toolkit_home) in told.stderr
