"""What the area of services shows and does, with a tiny server in place of a large one."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.test_service import gone
from tests.services.tiny import tiny
from toolkit import areas, runs, service, services
from toolkit.store.lakehouse import Lakehouse

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(autouse=True)
def only_tiny(monkeypatch: pytest.MonkeyPatch, service_home: Path) -> None:
    """One service, and no pyspark: none of this may need a JVM."""
    monkeypatch.setattr(services, "SERVICES", {"tiny": tiny()})
    monkeypatch.setitem(sys.modules, "pyspark", None)


def listed() -> Any:
    """The only row."""
    view = areas.view("services.list")
    (row,) = view.read(Lakehouse.default(), view.parameters()).rows
    return row


def said() -> str:
    """The sentence about it."""
    return areas.view("services.list").sentence(listed())


def test_it_is_started_found_and_stopped_by_commands(cli: Callable[..., Any], service_home: Path) -> None:
    assert listed()["state"] == "stopped"
    assert said() == "tiny is not at work. Start it: toolkit services start tiny"
    told = cli("services", "start", "tiny")
    assert told.exit_code == 0, told.stderr
    row = listed()
    assert told.stdout.startswith(f"tiny answers at {row['address'][0]}.\n")
    assert (row["state"], row["why"]) == ("running", None)
    assert row["memory"] > 1_000_000
    assert said().startswith(f"tiny answers at {row['address'][0]} since 2")
    (shown,) = json.loads(cli("services", "--json").stdout)
    assert shown["state"] == "running"
    told = cli("services", "stop", "tiny")
    assert told.stdout.startswith(
        f"tiny is stopped. What it keeps is in {service_home / 'services' / 'tiny' / 'data'}."
    )
    assert cli("services", "stop", "tiny").stdout.startswith("tiny was not at work.")
    records = [folder.record() for folder in runs.history()]
    assert [(record.what, record.status, record.given) for record in records] == [
        (what, "succeeded", {"service": "tiny"}) for what in ("stop", "stop", "start")
    ]


def test_it_is_started_where_the_lakehouse_lies_in_what_is_not_at_work_yet(
    cli: Callable[..., Any], service_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_LAKEHOUSE", "abfs://lakehouse@devstoreaccount1.dfs.core.windows.net/first")
    name = next(iter(services.SERVICES))
    assert cli("services", "start", name).exit_code == 0
    assert cli("services", "stop", name).exit_code == 0


def test_one_that_died_shows_its_last_words(cli: Callable[..., Any]) -> None:
    running = service.start(tiny())
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    assert (listed()["state"], listed()["why"], listed()["address"]) == ("died", "listening", None)
    assert said() == "tiny ended without being stopped. Start it: toolkit services start tiny\nlistening"
    assert "listening" in cli("services", "log", "tiny").stdout


def test_one_whose_note_cannot_be_read_is_unknown(service_home: Path, cli: Callable[..., Any]) -> None:
    file = service_home / "services" / "tiny" / "state.json"
    file.parent.mkdir(parents=True)
    file.write_text("{", encoding="utf-8")
    assert listed()["state"] == "unknown"
    assert said().startswith(f"How tiny is could not be determined.\n{file} cannot be read")
    assert "? unknown" in cli("services").stdout


def test_the_log_has_the_newest_first_and_what_was_said_before() -> None:
    for _ in range(2):
        service.start(tiny())
        service.stop(tiny())
    view = areas.view("services.log")
    rows = view.read(Lakehouse.default(), view.parameters(service="tiny")).rows
    assert [(row["line"], row["start"], row["said"]) for row in rows] == [
        (2, "now", "listening"),
        (1, "before", "listening"),
    ]


@pytest.mark.parametrize("door", ["start", "stop", "log"])
def test_an_unknown_service_is_refused_with_the_choices(door: str, cli: Callable[..., Any], service_home: Path) -> None:
    told = cli("services", door, "tine")
    assert told.exit_code == 2
    assert "There is no service 'tine'. Did you mean 'tiny'?" in told.stderr
    assert "Valid choices: tiny." in told.stderr
    assert not (service_home / "runs").exists(), "a refused task is no run"


def test_a_start_that_fails_is_a_run_that_failed(monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Any]) -> None:
    monkeypatch.setattr(services, "SERVICES", {"tiny": tiny("print('no disk'); raise SystemExit(7)")})
    told = cli("services", "start", "tiny")
    assert told.exit_code == 3
    assert 'Tiny ended at once, with code 7; its last words: "no disk"' in told.stderr
    (folder,) = runs.history()
    assert folder.record().status == "failed"
