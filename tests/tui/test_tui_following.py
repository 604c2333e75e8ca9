"""Runs as they happen, their list, and ending one that does not listen."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
import tui_world as world

from toolkit import runs
from toolkit.errors import SetupError, UsageError
from toolkit.events import EventLog
from toolkit.runs import RunFolder, runs_home
from toolkit.tui.following import FIRST_LOG_BYTES, LogTail, RunFollower
from toolkit.tui.launch import PATIENCE, Launcher, Request, Stopping, launch_text, toolkit_command


def wait_until(happened: object) -> None:
    """Wait for another process, at most 30 s."""
    deadline = time.monotonic() + 30
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_log_is_read_as_it_grows(tmp_path: Path) -> None:
    log = LogTail(tmp_path / "log.txt")
    assert log.new() == []
    (tmp_path / "log.txt").write_text("one\r\ntw", encoding="utf-8")
    assert log.new() == ["one"]
    with (tmp_path / "log.txt").open("a") as stream:
        stream.write("o\n")
    assert log.new() == ["two"]


def test_only_the_end_of_a_long_log_is_read_first(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("".join(f"line {i:06}\n" for i in range(20_000)), encoding="utf-8")
    lines = LogTail(tmp_path / "log.txt").new()
    assert lines[-1] == "line 019999"
    assert 0 < len(lines) * 12 <= FIRST_LOG_BYTES
    assert all(len(line) == 11 for line in lines)


def test_a_run_that_is_over_is_read_whole(home: Path) -> None:
    follower = RunFollower(RunFolder(home / "runs" / world.RUN_ID), Launcher())
    assert follower.poll()
    assert not follower.poll()
    assert (follower.status, follower.live, follower.seconds) == ("succeeded", False, 42)
    assert len(follower.view.records["ops.quality_results"]) == 5
    assert follower.story() == ("", "")


def test_a_failed_run_tells_its_cure(home: Path) -> None:
    follower = RunFollower(RunFolder(home / "runs" / world.FAILED_RUN_ID), Launcher())
    follower.poll()
    assert follower.story() == ("The file orders.json is not there.", "Put it back, or land it again.")


def test_a_run_whose_process_vanished_says_so(home: Path) -> None:
    folder = world.run_folder(home, "20260302-000000-corner_shop-dead")
    folder.save(world.record(folder.run_id, status="running", finished_at=None, pid=1, process_started=1.0))
    follower = RunFollower(folder, Launcher())
    follower.poll()
    assert (follower.status, follower.seconds) == ("interrupted", None)
    assert "is gone" in follower.story()[0]


def test_a_damaged_record_is_an_error_not_a_crash(home: Path) -> None:
    (home / "runs" / world.RUN_ID / "run.json").write_text("{", encoding="utf-8")
    follower = RunFollower(RunFolder(home / "runs" / world.RUN_ID), Launcher())
    follower.poll()
    assert follower.status == "damaged"
    assert [run.status for run in runs.history()] == ["damaged", "failed"]


def test_the_command_names_this_python_and_the_run() -> None:
    words = toolkit_command(Request("shop", ["run", "shop", "-p", "orders", "5", "--notebook"], "id"))
    assert words[1:] == ["-m", "toolkit", "run", "shop", "-p", "orders", "5", "--notebook", "--run-id", "id", "--quiet"]


def test_a_launched_run_leads_its_own_session(home: Path, launcher: Launcher) -> None:
    del home
    folder = launcher.start("corner_shop", ["run", "corner_shop"])
    follower = RunFollower(folder, launcher)
    wait_until(lambda: follower.poll() and follower.status == "running")
    assert follower.record
    assert os.getsid(follower.record.pid) == follower.record.pid
    (folder.path / "release").touch()
    wait_until(lambda: follower.poll() and follower.status == "succeeded")


def test_a_process_that_ends_before_it_begins_tells_why(home: Path, stillborn_launcher: Launcher) -> None:
    del home
    folder = stillborn_launcher.start("corner_shop", ["run", "corner_shop"])
    follower = RunFollower(folder, stillborn_launcher)
    wait_until(lambda: follower.poll() or follower.status == "dead")
    assert "No Java was found." in follower.story()[0]
    assert launch_text(folder.path).startswith("No Java")
    assert runs.running() == []


def test_a_home_that_cannot_be_written_is_a_setup_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SetupError, match="Cannot write"):
        Launcher().start("corner_shop", ["run", "corner_shop"])


def test_stopping_grows_harder_only_with_patience(home: Path, deaf_launcher: Launcher) -> None:
    del home
    folder = deaf_launcher.start("corner_shop", ["run", "corner_shop"])
    follower = RunFollower(folder, deaf_launcher)
    wait_until(lambda: follower.poll() and any(s.tasks for s in follower.view.steps.values()))
    now = 0.0
    stopping = Stopping(folder, clock=lambda: now)
    assert stopping.offer() is None
    stopping.ask()
    assert stopping.offer() is None
    stopping.harder()
    assert folder.record().status == "running"
    now = PATIENCE
    assert stopping.offer() == "terminate"
    stopping.harder()
    wait_until(lambda: deaf_launcher.exit_code(folder.run_id) is not None)
    assert folder.record().status == "interrupted"


def test_another_process_with_the_same_number_is_never_signalled(home: Path) -> None:
    folder = world.run_folder(home, "20260302-000000-corner_shop-0bad")
    folder.save(world.record(folder.run_id, status="running", finished_at=None, pid=os.getpid(), process_started=1.0))
    stopping = Stopping(folder, clock=lambda: 99.0)
    with pytest.raises(UsageError):
        stopping.ask()
    stopping.stage = "terminate"
    stopping.harder()  # this test would not survive it


def test_events_arrive_whole_while_they_are_written(home: Path) -> None:
    folder = world.run_folder(home, "20260302-000000-corner_shop-beef")
    follower = RunFollower(folder, Launcher())
    log = EventLog(folder.events_file, folder.run_id)
    log.emit("run_started", scenario="x", parameters={}, steps=["land"])
    with folder.events_file.open("a") as stream:
        stream.write(json.dumps({"kind": "step_started"})[:10])
    follower.poll()
    assert list(follower.view.steps) == ["land"]
    assert runs_home() == home / "runs"
