"""Homes that scenarios fill: by processes, as a user would start them, or in this process, where Java is warm already.

A process that starts a Java works half a minute on what a warm one does in five seconds. So a test takes a process only
where the process is what it is about.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import psutil
import pytest
from filelock import FileLock

from toolkit import cli, session, settings
from toolkit.events import Event, EventReader
from toolkit.scenario import Scenario
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
        return DeltaReader(self.lakehouse.path(table), table, version).page(limit=1_000_000, where=where).named()

    def content(self, table: str) -> list[str]:
        """All rows of a table as sorted text, without the columns that say when and by whom it was read."""
        return sorted(repr([value for name, value in row.items() if name not in TECHNICAL]) for row in self.rows(table))


@dataclass(frozen=True)
class WarmHome(Home):
    """A home whose commands run in this process, by the session that all tests share."""

    spark: SparkSession

    def toolkit(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `toolkit …` by the very function that the program starts with."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            for name, value in {"TOOLKIT_HOME": str(self.path), **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["toolkit", *arguments])
            patch.setattr(session, "start", lambda *_, **__: self.spark)
            patch.setattr(session, "stop", lambda *_, **__: None)
            settings.current.cache_clear()
            code = _exit_code_of(cli.main)
        settings.current.cache_clear()
        self.spark.catalog.clearCache()
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def _exit_code_of(main: Callable[[], None]) -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def notebook_values(declared: Scenario) -> dict[str, Any]:
    """The parameters in the notebook of a scenario."""
    cells = nbformat.read(declared.notebook, 4).cells
    (tagged,) = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    assigned = ast.parse(tagged.source).body
    return {node.targets[0].id: ast.literal_eval(node.value) for node in assigned}  # type: ignore[attr-defined]


def as_words(values: Mapping[str, Any]) -> list[str]:
    """Parameters as words of a command."""
    return [word for name, value in values.items() for word in ("-p", name, str(value))]


def kill_with_children(process: subprocess.Popen[Any]) -> None:
    """Kill a process, and whatever it has started, such as its Java; it is waited for."""
    with contextlib.suppress(psutil.Error):
        for one in (*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)):
            with contextlib.suppress(psutil.Error):  # its parent is gone, and it with that
                one.kill()
    process.wait()


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


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    return Home(tmp_path / "home")


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
