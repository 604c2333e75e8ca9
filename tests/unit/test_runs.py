"""The history of runs: read back, told from the dead, found, refused and cancelled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.records import rule_found
from toolkit import runs
from toolkit.errors import DataError, SetupError, UsageError
from toolkit.events import EventLog
from toolkit.quality.run_results import newest_judging
from toolkit.runs import RunFolder, RunRecord

FIRST = "20260301-101500-parcels-0a1b"
SECOND = "20260302-101500-letters-1c2d"


@pytest.fixture
def save(toolkit_home: Path) -> Callable[..., RunFolder]:
    """Makes a run of the given id and record."""

    def make(run_id: str, **values: Any) -> RunFolder:
        folder = runs.create(run_id)
        folder.save(RunRecord(**{"run_id": run_id, "scenario": "parcels", "parameters": {}, **values}))
        return folder

    return make


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits to be ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    yield child
    child.kill()
    child.communicate()


def of(child: subprocess.Popen[bytes]) -> dict[str, Any]:
    return {"pid": child.pid, "process_started": psutil.Process(child.pid).create_time()}


# one run


def test_a_record_reads_back(save: Callable[..., RunFolder]) -> None:
    folder = save(FIRST, parameters={"orders": 5, "note": "größer"}, status="succeeded", answer="42")
    record = folder.record()
    assert (record.parameters, record.status, record.answer) == ({"orders": 5, "note": "größer"}, "succeeded", "42")


def test_a_run_of_this_process_is_running(save: Callable[..., RunFolder]) -> None:
    assert save(FIRST).record().status == "running"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lists no process that has ended")
def test_a_run_whose_process_ended_was_interrupted(
    save: Callable[..., RunFolder], process: subprocess.Popen[bytes]
) -> None:
    folder = save(FIRST, **of(process))
    assert folder.record().status == "running"
    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    # Its parent has not looked yet, so the kernel still lists it.
    assert folder.record().status == "interrupted"
    process.wait()
    assert folder.record().status == "interrupted"


def test_a_process_that_was_given_the_same_number_is_another(save: Callable[..., RunFolder]) -> None:
    folder = save(FIRST, pid=os.getpid(), process_started=psutil.Process().create_time() - 3600)
    assert folder.record().status == "interrupted"


def test_a_finished_run_stays_what_it_was_whoever_has_its_number(save: Callable[..., RunFolder]) -> None:
    assert save(FIRST, status="failed", pid=2**22 + 5).record().status == "failed"


def test_time_runs_until_the_end(save: Callable[..., RunFolder]) -> None:
    began = datetime(2026, 3, 1, tzinfo=UTC)
    folder = save(FIRST, started_at=began, finished_at=began + timedelta(seconds=90), status="succeeded")
    assert folder.record().seconds == 90
    assert save(SECOND).record().seconds >= 0


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"{}", b"null", b"[1]", b"\xff\xfe\x00", b'{"run_id": 1}', b'{"run_id": "x", "status": "done"}'],
)
def test_a_damaged_record_is_a_data_error_with_the_file(save: Callable[..., RunFolder], content: bytes) -> None:
    folder = save(FIRST)
    (folder.path / "run.json").write_bytes(content)
    with pytest.raises(DataError, match=r"record of run .* cannot be read: .*run\.json"):
        folder.record()


@pytest.mark.parametrize("pid", [-1, 0, "x", None])
def test_a_pid_that_is_none_is_damage_and_never_signalled(save: Callable[..., RunFolder], pid: object) -> None:
    folder = save(FIRST)
    content = json.loads((folder.path / "run.json").read_text(encoding="utf-8"))
    (folder.path / "run.json").write_text(json.dumps({**content, "pid": pid}), encoding="utf-8")
    with pytest.raises(DataError):
        runs.cancel(folder)


def test_a_missing_record_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        RunFolder(tmp_path / FIRST).record()


# a new one


def test_a_new_id_is_accepted_and_sorts_by_time(toolkit_home: Path) -> None:
    name = runs.new_run_id("retail_lakehouse")
    assert runs.create(name).path == toolkit_home / "runs" / name
    assert name > "20250101-000000-retail_lakehouse-0000"


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        "latest",
        "../../etc",
        "20260301-101500-../x-0a1b",
        f"{FIRST}\n",
        f"/{FIRST}",
        FIRST.upper(),
        FIRST + "/x",
        "a" * 5000,
    ],
)
def test_an_id_that_could_lead_elsewhere_is_refused(toolkit_home: Path, run_id: str) -> None:
    with pytest.raises(UsageError, match="is not a run id"):
        runs.create(run_id)
    assert not toolkit_home.exists()


def test_an_id_is_given_once(save: Callable[..., RunFolder]) -> None:
    save(FIRST)
    with pytest.raises(UsageError, match="exists already"):
        runs.create(FIRST)


def test_a_home_below_a_file_is_a_set_up_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "file" / "home"))
    assert runs.history() == []
    with pytest.raises(SetupError, match="Cannot write in"):
        runs.create(FIRST)


# finding


def test_history_is_newest_first_and_skips_what_is_no_run(save: Callable[..., RunFolder], toolkit_home: Path) -> None:
    save(FIRST)
    save(SECOND)
    (toolkit_home / "runs" / "notes.txt").touch()
    (toolkit_home / "runs" / "20260303-101500-killed-early").mkdir()
    assert [run.run_id for run in runs.history()] == [SECOND, FIRST]


def test_no_home_has_no_history(toolkit_home: Path) -> None:
    assert runs.history() == []
    with pytest.raises(UsageError, match="There is no run yet"):
        runs.find("latest")


@pytest.mark.parametrize("given", [FIRST, "0a1b", "20260301", "parcels-0a1b"])
def test_a_run_is_found_by_its_id_its_beginning_or_its_end(save: Callable[..., RunFolder], given: str) -> None:
    save(FIRST)
    save(SECOND)
    assert runs.find(given).run_id == FIRST
    assert runs.find("latest").run_id == SECOND


def test_an_end_that_fits_several_lists_them(save: Callable[..., RunFolder]) -> None:
    save(FIRST)
    save(SECOND)
    with pytest.raises(UsageError, match="'2026' fits 2 runs") as refused:
        runs.find("2026")
    assert refused.value.choices == (SECOND, FIRST)


@pytest.mark.parametrize("given", ["", "nope", "../..", "*", "\x00", "parcels"])
def test_what_fits_no_run_is_refused(save: Callable[..., RunFolder], given: str) -> None:
    save(FIRST)
    with pytest.raises(UsageError, match="There is no run"):
        runs.find(given)


# stopping


def test_a_live_run_is_asked_to_stop(save: Callable[..., RunFolder], process: subprocess.Popen[bytes]) -> None:
    runs.cancel(save(FIRST, **of(process)))
    assert process.wait(10) != 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_live_run_is_killed_when_forced(save: Callable[..., RunFolder], process: subprocess.Popen[bytes]) -> None:
    runs.cancel(save(FIRST, **of(process)), force=True)
    assert process.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("succeeded", "it succeeded"),
        ("failed", "it failed"),
        ("cancelled", "it was cancelled"),
        ("interrupted", "was inter"),
    ],
)
def test_a_run_that_is_over_cannot_be_cancelled(save: Callable[..., RunFolder], status: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        runs.cancel(save(FIRST, status=status))


def test_a_process_that_only_has_the_number_is_never_signalled(
    save: Callable[..., RunFolder], process: subprocess.Popen[bytes]
) -> None:
    folder = save(FIRST, pid=process.pid, process_started=psutil.Process(process.pid).create_time() - 60)
    with pytest.raises(UsageError, match="was interrupted"):
        runs.cancel(folder, force=True)
    assert process.poll() is None


# what its events tell


def test_the_view_follows_a_run(save: Callable[..., RunFolder]) -> None:
    folder = save(FIRST)
    log = EventLog(folder.events_file, FIRST)
    log.emit("run_started", scenario="parcels", parameters={"orders": 5}, steps=["land", "check", "model"])
    log.emit("step_skipped", "land", reason="up to date", reused_from=SECOND)
    log.emit("step_started", "check")
    log.emit("step_progressed", "check", tasks_done=1, tasks=4, rows_read=10, rows_written=9)
    log.emit("rows", "check", table="silver.parcels", version=0, rows=9, files=1, bytes=100)
    log.emit("record", "check", record="ops.quality_results", rule="r", failed=1)
    log.emit("record", "check", record="ops.backups", rows=3)
    log.emit("metric", "check", name="landed", value=3, unit="rows")
    log.emit("alert", "check", level="warn", message="look")
    view = folder.view()
    assert [(s.name, s.state) for s in view.steps.values()] == [
        ("land", "skipped"),
        ("check", "running"),
        ("model", "waiting"),
    ]
    assert view.steps["check"].tables == {"silver.parcels": 9}
    assert (view.steps["check"].tasks, view.steps["check"].rows_read) == (4, 10)
    assert (view.metrics["landed"]["value"], view.alerts) == (3, ["look"])
    found = {record: [(one["step"], one["record"]) for one in each] for record, each in view.records.items()}
    assert found == {name: [("check", name)] for name in ("ops.quality_results", "ops.backups")}
    assert not view.finished
    log.emit("step_failed", "check", message="no", exit_code=5)
    log.emit("run_failed", message="no", cure="mend it", exit_code=5)
    view = folder.view()
    assert (view.finished, view.error, view.cure, view.steps["check"].state) == (True, "no", "mend it", "failed")


def test_the_view_of_a_run_that_has_told_nothing_is_empty(save: Callable[..., RunFolder]) -> None:
    view = save(FIRST).view()
    assert (view.steps, view.finished, view.answer) == ({}, False, "")


# what its events tell


def log_of(folder: RunFolder) -> EventLog:
    log = EventLog(folder.events_file, folder.run_id)
    log.emit("run_started", scenario="parcels", parameters={}, steps=["land", "clean", "sum"])
    log.emit("step_started", "land")
    log.emit("step_finished", "land", seconds=1.0)
    log.emit("step_started", "clean")
    return log


@pytest.mark.parametrize("failed", [False, True])
def test_the_step_that_a_cancel_ended_is_cancelled(save: Callable[..., RunFolder], failed: bool) -> None:
    folder = save(FIRST, status="cancelled")
    log = log_of(folder)
    if failed:
        log.emit("step_failed", "clean", message="Java went away.", exit_code=1)
    log.emit("run_cancelled")
    assert [step.state for step in folder.view().steps.values()] == ["finished", "cancelled", "waiting"]


def test_the_step_of_a_run_that_was_killed_is_interrupted(save: Callable[..., RunFolder]) -> None:
    folder = save(FIRST, pid=2**22 + 5)
    log_of(folder)
    assert [step.state for step in folder.view().steps.values()] == ["finished", "interrupted", "waiting"]


def test_a_step_that_failed_stays_failed(save: Callable[..., RunFolder]) -> None:
    folder = save(FIRST, status="failed")
    log_of(folder).emit("step_failed", "clean", message="It broke.", exit_code=1)
    assert folder.view().steps["clean"].state == "failed"


def test_the_newest_run_that_judged_something_is_found_behind_those_that_did_not(
    save: Callable[..., RunFolder],
) -> None:
    assert newest_judging() is None
    for run_id, table in ((FIRST, "silver.parcels"), (SECOND, "silver.letters")):
        folder = save(run_id, status="succeeded")
        EventLog(folder.events_file, run_id).emit("record", "judge", **rule_found(table, "r"))
    save("20260303-101500-tables-2c2d", status="succeeded")

    def newest(table: str | None = None) -> str | None:
        found = newest_judging(table)
        return found[0].run_id if found else None

    assert [newest(), newest("silver.parcels"), newest("silver.none")] == [SECOND, FIRST, None]
