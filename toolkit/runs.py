"""The history of runs: one folder each, and nothing else.

Owns `var/runs/<run_id>/{run.json,events.jsonl,log.txt,notebook.ipynb}`: its layout, reading it back, and telling a live
run from one whose process died. Must not execute anything.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import psutil
from pydantic import BaseModel, ConfigDict, Field

from toolkit import paths
from toolkit.errors import DataError, UsageError
from toolkit.events import Event, EventReader, read_events
from toolkit.processes import alive

Via = Literal["steps", "notebook", "task"]
"""A task is one piece of work on one table, outside the scenario's steps."""
StepState = Literal["waiting", "running", "finished", "skipped", "failed", "cancelled", "interrupted"]
Status = Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
KEPT_RECORDS = 20_000
"""Records that are remembered, so that a list of runs is read again and again without reading each of them."""
_RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9_]+-[0-9a-f]{4}")


class RunRecord(BaseModel):
    """What `run.json` says of a run."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    scenario: str
    parameters: dict[str, Any]
    status: Status = "running"
    via: Via = "steps"
    task: str = ""
    """For a task, what it does: `judge`, `profile`, `release`."""
    table: str = ""
    """For a task, the table that it is about."""
    options: dict[str, Any] = Field(default_factory=dict)
    """For a task, what was asked beyond the table, such as the file of rules."""
    pid: int = Field(default_factory=os.getpid, ge=1)
    process_started: float = Field(default_factory=lambda: psutil.Process().create_time())
    """With `pid`, tells this process from a later one that was given the same number."""
    started_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    answer: str = ""
    error: str = ""
    exit_code: int | None = None

    @property
    def seconds(self) -> float:
        """Time from start to finish, or until now."""
        return ((self.finished_at or datetime.now(UTC)) - self.started_at).total_seconds()

    @property
    def what(self) -> str:
        """What was run: `judge silver.orders`, `start` where it is about no table, or else the scenario."""
        return f"{self.task} {self.table}".rstrip() if self.task else self.scenario

    @property
    def given(self) -> dict[str, Any]:
        """What it was asked with: of a task its own options, not the parameters that the tables were made with."""
        return self.options if self.task else self.parameters

    def alive(self) -> bool:
        """Whether the process that runs it is still there."""
        return alive(self.pid, self.process_started) is not None


@dataclass
class StepView:
    """How far one step is."""

    name: str
    state: StepState = "waiting"
    seconds: float | None = None
    started_at: datetime | None = None
    tasks_done: int = 0
    tasks: int = 0
    rows_read: int = 0
    rows_written: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    """Rows written, by table."""
    message: str = ""


@dataclass
class RunView:
    """A run as its events tell it; feed it events in order with `add`."""

    steps: dict[str, StepView] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What was found, by the `ops` table that keeps it: the data of each event, in order, with its `step` and `at`."""
    metrics: dict[str, Any] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    error: str = ""
    cure: str = ""
    finished: bool = False

    def add(self, event: Event) -> None:
        """Take in one event."""
        data = event.data
        step = self.steps.setdefault(event.step, StepView(event.step)) if event.step else None
        match event.kind:
            case "run_started":
                self.parameters = data["parameters"]
                for name in data["steps"]:
                    self.steps.setdefault(name, StepView(name))
            case "record":
                self.records.setdefault(data["record"], []).append({**data, "step": event.step, "at": event.at})
            case "metric":
                self.metrics[data["name"]] = data
            case "alert":
                self.alerts.append(data["message"])
            case "run_finished":
                self.answer, self.finished = data.get("answer", ""), True
            case "run_failed":
                self.error, self.cure, self.finished = data["message"], data.get("cure", ""), True
            case "run_cancelled":
                self.finished = True
                self.stopped("cancelled")
            case _ if step is not None:
                _add_to_step(step, event)

    def stopped(self, how: Literal["cancelled", "interrupted"]) -> None:
        """The run was stopped: the step that was at work, or that failed since Java was told to stop, did not go wrong."""
        for step in self.steps.values():
            if step.state == "running" or (step.state == "failed" and how == "cancelled"):
                step.state, step.message = how, ""


def _add_to_step(step: StepView, event: Event) -> None:
    """Take in an event of one step."""
    data = event.data
    match event.kind:
        case "step_started":
            step.state, step.started_at = "running", event.at
        case "step_progressed":
            step.tasks_done, step.tasks = data["tasks_done"], data["tasks"]
            step.rows_read, step.rows_written = data["rows_read"], data["rows_written"]
        case "rows":
            step.tables[data["table"]] = data["rows"]
        case "step_finished":
            step.state, step.seconds = "finished", data["seconds"]
        case "step_skipped":
            step.state, step.message = "skipped", data["reason"]
        case "step_failed":
            step.state, step.message = "failed", data["message"]
        case _:
            pass


@dataclass(frozen=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @property
    def run_id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def events_file(self) -> Path:
        """One JSON line per event."""
        return self.path / "events.jsonl"

    @property
    def log_file(self) -> Path:
        """What Spark and the steps had to say, stacks included."""
        return self.path / "log.txt"

    @property
    def notebook_file(self) -> Path:
        """The executed notebook, when the run went by notebook."""
        return self.path / "notebook.ipynb"

    def record(self) -> RunRecord:
        """What `run.json` says, with `interrupted` for a run whose process is gone.

        Raises:
            DataError: `run.json` is missing or damaged.
        """
        try:
            file = self.path / "run.json"
            found = file.stat()
            record = _parsed(file, (found.st_ino, found.st_mtime_ns, found.st_size))
        except (OSError, ValueError) as problem:
            raise DataError(
                f"The record of run {self.run_id} cannot be read: {self.path / 'run.json'}.",
                cure=f"Delete the folder {self.path} if the run no longer matters.",
            ) from problem
        if record.status == "running" and not record.alive():
            return record.model_copy(update={"status": "interrupted"})
        return record

    @property
    def status(self) -> Status | Literal["damaged"]:
        """How it stands; `damaged` when its record cannot be read."""
        try:
            return self.record().status
        except DataError:
            return "damaged"

    def save(self, record: RunRecord) -> None:
        """Write `run.json`, whole or not at all."""
        paths.write_atomically(self.path / "run.json", record.model_dump_json(indent=2) + "\n")

    def events(self) -> list[Event]:
        """All events so far."""
        return read_events(self.events_file)

    def reader(self) -> EventReader:
        """A reader that follows the events as they come."""
        return EventReader(self.events_file)

    def view(self) -> RunView:
        """The run as its events tell it so far."""
        view = RunView()
        for event in self.events():
            view.add(event)
        with contextlib.suppress(DataError):
            if self.record().status == "interrupted":
                view.stopped("interrupted")
        return view


@lru_cache(maxsize=KEPT_RECORDS)
def _parsed(file: Path, stamp: tuple[int, int, int]) -> RunRecord:
    """A record; read anew when the file is another one, or was written to, as its `stamp` shows."""
    del stamp
    return RunRecord.model_validate_json(file.read_text(encoding="utf-8"))


def runs_home() -> Path:
    """The folder of all run folders."""
    return paths.home() / "runs"


def new_run_id(scenario: str) -> str:
    """A name that sorts by time and that no other run has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{scenario}-{secrets.token_hex(2)}"


def create(run_id: str) -> RunFolder:
    """Make the folder of a new run.

    Raises:
        UsageError: `run_id` is not of the form that `new_run_id` gives, or is taken.
        SetupError: the folder cannot be written.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is not a run id.", cure="Leave it out, and one is made.")
    folder = RunFolder(paths.ensure_folder(runs_home()) / run_id)
    if (folder.path / "run.json").exists():
        raise UsageError(f"Run {run_id} exists already.", cure="Leave the id out, and a new one is made.")
    paths.ensure_folder(folder.path)
    return folder


def history() -> list[RunFolder]:
    """Every run, newest first."""
    home = runs_home()
    if not home.is_dir():
        return []
    found = [RunFolder(p) for p in home.iterdir() if (p / "run.json").exists()]
    return sorted(found, key=lambda run: run.run_id, reverse=True)


def running() -> list[RunFolder]:
    """The runs whose process is at work, newest first."""
    return [folder for folder in history() if folder.status == "running"]


def find(run_id: str) -> RunFolder:
    """The run whose id is `run_id` or ends or begins with it; `latest` is the newest.

    Raises:
        UsageError: no run fits, or several do.
    """
    everything = history()
    if run_id == "latest" and everything:
        return everything[0]
    fitting = [r for r in everything if r.run_id == run_id] or [
        r for r in everything if run_id and (r.run_id.startswith(run_id) or r.run_id.endswith(run_id))
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not everything:
        raise UsageError("There is no run yet.", cure="Start one: toolkit run retail_lakehouse.")
    if not fitting:
        raise UsageError.unknown("run", run_id, [r.run_id for r in everything[:10]], cure="`toolkit runs` lists all.")
    raise UsageError(f"{run_id!r} fits {len(fitting)} runs.", choices=[r.run_id for r in fitting[:10]])


def cancel(run: RunFolder, *, force: bool = False) -> None:
    """Ask the process of a live run to stop: SIGINT, or SIGKILL with `force`.

    The pid is signalled only when its process is the one that started the run.

    Raises:
        UsageError: the run is not running.
    """
    record = run.record()
    if record.status != "running":
        raise UsageError(f"Run {run.run_id} is not running: it {_past(record.status)}.")
    if sys.platform == "win32":
        psutil.Process(record.pid).terminate()
        return
    os.kill(record.pid, signal.SIGKILL if force else signal.SIGINT)


def _past(status: Status) -> str:
    return {"succeeded": "succeeded", "failed": "failed"}.get(status, f"was {status}")
