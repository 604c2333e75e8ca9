"""Runs of scenarios, each a process of its own as a user would start it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from toolkit.events import Event, EventReader
from toolkit.lakehouse import Lakehouse
from toolkit.reader import DeltaReader

SMALL = ("-p", "orders", "1000", "-p", "seed", "11")
TECHNICAL = {"_ingested_at", "_run_id", "_row"}
LONGEST_RUN_SECONDS = 280


@dataclass(frozen=True)
class Home:
    """A `TOOLKIT_HOME`, and the command line that works in it."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of a process that works here."""
        return {**os.environ, "TOOLKIT_HOME": str(self.path), "TOOLKIT_ENV": "test"}

    @property
    def lakehouse(self) -> Lakehouse:
        """What has been built here."""
        return Lakehouse(self.path / "lakehouse")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start `toolkit …`."""
        return subprocess.Popen(
            [sys.executable, "-m", "toolkit", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**self.environment, **environment},
            start_new_session=True,
        )

    def toolkit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `toolkit …` to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=LONGEST_RUN_SECONDS)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def run(self, *arguments: str, scenario: str = "retail_lakehouse", **environment: str) -> dict[str, Any]:
        """Run a scenario, which has to succeed; returns its record."""
        done = self.toolkit("run", scenario, *arguments, "--json", **environment)
        assert done.returncode == 0, done.stderr
        record: dict[str, Any] = json.loads(done.stdout)
        return record

    def events(self, run_id: str) -> list[Event]:
        """What a run told."""
        return EventReader(self.path / "runs" / run_id / "events.jsonl").new()

    def states(self, run_id: str) -> dict[str, str]:
        """How each step of a run ended."""
        return {str(e.step): e.kind for e in self.events(run_id) if e.kind.startswith("step_") and "prog" not in e.kind}

    def versions(self) -> dict[str, int]:
        """The version of every table."""
        return {t: DeltaReader(self.lakehouse.path(t), t).version for t in self.lakehouse.tables()}

    def rows(self, table: str, where: str = "", version: int | None = None) -> list[dict[str, Any]]:
        """Rows of a table, by column."""
        page = DeltaReader(self.lakehouse.path(table), table, version).page(limit=1_000_000, where=where)
        return [dict(zip(page.columns, row, strict=True)) for row in page.rows]

    def content(self, table: str) -> list[str]:
        """All rows of a table as sorted text, without the columns that say when and by whom it was read."""
        return sorted(repr([value for name, value in row.items() if name not in TECHNICAL]) for row in self.rows(table))


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 200) -> None:
    """Wait until `condition` holds while `process` lives."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def happened(home: Home, kind: str, **wanted: Any) -> Callable[[], bool]:
    """Whether some run in `home` has told such an event."""

    def look() -> bool:
        events = [e for file in home.path.glob("runs/*/events.jsonl") for e in EventReader(file).new()]
        return any(e.kind == kind and _fits(e, wanted) for e in events)

    return look


def _fits(event: Event, wanted: Mapping[str, Any]) -> bool:
    told = {"step": event.step, **event.data}
    return all(told.get(name) == value for name, value in wanted.items())


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the workers of this test run share, filled by the first that asks; tests leave it as it is.

    Raises:
        AssertionError: it could not be made, by whichever worker tried; nobody tries again.
    """
    run = factory.getbasetemp()
    folder = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / f"shared-{name}"
    outcome = folder.with_suffix(".outcome")
    with FileLock(folder.with_suffix(".lock")):
        if not outcome.exists():
            folder.mkdir()
            try:
                make(folder)
            except BaseException as problem:
                outcome.write_text(f"{name} could not be made: {problem}", encoding="utf-8")
                raise
            outcome.touch()
    assert not outcome.stat().st_size, outcome.read_text(encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A lakehouse that the command line has built; tests read it and leave it as it is."""
    return Home(made_once(tmp_path_factory, "retail_lakehouse", lambda folder: Home(folder).run(*SMALL)))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


@pytest.fixture
def copied(built: Home, tmp_path: Path) -> Home:
    """A copy of the built lakehouse, to be changed."""
    shutil.copytree(built.path, tmp_path / "copied")
    return Home(tmp_path / "copied")


@pytest.fixture
def started(home: Home) -> Iterator[Callable[[Sequence[str]], subprocess.Popen[str]]]:
    """Starts commands in `home`, and ends those that the test leaves running."""
    processes: list[subprocess.Popen[str]] = []

    def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
        processes.append(home.start(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
