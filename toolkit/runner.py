"""A scenario and its parameters → a run.

Owns the order of steps, what is skipped because it is up to date, the locks, the progress, and how a run ends: finished,
failed with an exit code, or cancelled. A run that was killed needs no special door: started again, it finds the steps that
are up to date and goes on at the first that is not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from toolkit import paths, runs, settings
from toolkit.errors import ExitCode, SetupError, StepFailed, ToolkitError
from toolkit.events import EventLog, Listener
from toolkit.governance.lens import permitted, refuse_unpermitted
from toolkit.owners import Owner, as_run_last, owner
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.repeating import repeatedly
from toolkit.runs import RunFolder, RunRecord
from toolkit.scenario import Scenario, Step
from toolkit.views import Task
from toolkit.words import size

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

T = TypeVar("T")
P = TypeVar("P", bound=Parameters)


PROGRESS_SECONDS = 0.4
RUN_VARIABLE = "TOOLKIT_RUN_ID"
FRESH_VARIABLE = "TOOLKIT_FRESH"
_FACES = ("cli", "tui")
_REPLAYED = ("rows", "metric", "record", "alert")


@dataclass
class ActiveRun:
    """A run under way in this process: call `step` for each step, in order.

    Args:
        scenario: what to run.
        parameters: checked already, by `Scenario.parse`.
        folder: where its events go.
        listeners: told every event.
        fresh: do every step, up to date or not.
        spark: a session to use and leave running; one is started and stopped when None.
        tasks: in place of the scenario's steps: pieces of work, each with the tables that it writes.
    """

    scenario: Scenario
    parameters: Parameters
    folder: RunFolder
    listeners: tuple[Listener, ...] = ()
    fresh: bool = False
    spark: SparkSession | None = None
    tasks: Mapping[str, tuple[str, ...]] | None = None
    _own: SparkSession | None = field(default=None, init=False)
    _sessions: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def __enter__(self) -> ActiveRun:
        """Check the disk, take the tables, and say that the run started."""
        self.log = EventLog(self.folder.events_file, self.folder.run_id, self.listeners)
        self.platform = DataPlatform(self.scenario, self.parameters, self.folder.run_id, self.log, self._session)
        self.started = time.monotonic()
        _refuse_full_disk()
        self._held.enter_context(_logged(self.folder.log_file))
        writes = self.scenario.written if self.tasks is None else [t for tables in self.tasks.values() for t in tables]
        refuse_unpermitted((), writes, is_task=False)
        self._held.enter_context(self.platform.lakehouse.writing(writes, self.folder.run_id))
        self.log.emit(
            "run_started",
            scenario=self.scenario.id,
            parameters=self.parameters.model_dump(mode="json"),
            steps=[step.name for step in self.scenario.steps] if self.tasks is None else list(self.tasks),
        )
        return self

    def __exit__(self, *problem: object) -> None:
        """Give the tables back and end the session."""
        try:
            self._sessions.close()
        finally:
            self._held.close()

    def step(self, name: str) -> Any:
        """Do one step, or skip it when its tables are up to date; returns what its body returned.

        Raises:
            ToolkitError: what went wrong, in the user's words, with the original error as its cause.
        """
        step = self.scenario.step(name)
        self.platform.begin(name, self._fingerprint(step))
        earlier = None if self.fresh else self._up_to_date(step)
        if earlier is not None:
            return self._skip(step, earlier)

        def body(platform: DataPlatform) -> Any:
            # Looked for within the step: what is wrong with steps.py is told, and logged, as any other failure of it.
            return self.scenario.body(name)(platform)

        return self._do(name, body)

    def task(self, name: str, body: Callable[[DataPlatform], T]) -> T:
        """Do a piece of work that is no step of the scenario; nothing of it is skipped.

        Raises:
            ToolkitError: as `step`.
        """
        self.platform.begin(name)
        return self._do(name, body)

    def _do(self, name: str, body: Callable[[DataPlatform], T]) -> T:
        self.log.emit("step_started", name)
        began = time.monotonic()
        try:
            with self._progress(name):
                outcome = body(self.platform)
        except Exception as problem:
            if _asked_to_stop.is_set():
                raise KeyboardInterrupt from problem
            raise self._failed(name, problem) from problem
        self.log.emit("step_finished", name, seconds=round(time.monotonic() - began, 3))
        return outcome

    def finish(self, answer: str) -> None:
        """Say that the run is done, and what it found."""
        self.log.emit("run_finished", seconds=round(time.monotonic() - self.started, 3), answer=answer)

    def _session(self) -> SparkSession:
        if self.spark is not None:
            return self.spark
        if self._own is None:
            from toolkit import services, warm

            driver = self.platform.lakehouse.driver.with_jars(*services.jars_of(self.scenario.services))
            own = warm.session_for(self.scenario.id, self.folder.log_file, driver, self._say)
            self._own = self._sessions.enter_context(own)
            _keep_interrupts()
        return self._own

    def _say(self, message: str) -> None:
        """Tell what is of this run alone, and no step's, which another run may take over."""
        self.log.emit("alert", level="info", message=message)

    def _fingerprint(self, step: Step) -> str:
        """What the step's tables follow from: its code, its parameters and the versions that it reads."""
        parameters = {name: str(getattr(self.parameters, name)) for name in step.parameters}
        reads = [self._identity(source) for source in step.reads]
        text = json.dumps([step.name, digest_of_code(self.scenario.folder), parameters, reads], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _identity(self, source: str) -> str:
        landed = self.platform.landing.landed.get(source)
        if landed is not None:
            return landed.fingerprint
        file = self.scenario.folder / source
        if file.is_file():
            return hashlib.sha256(file.read_bytes()).hexdigest()
        if "." not in source or not self.platform.lakehouse.exists(source):
            return "absent"
        reader = self.platform.reader(source)
        at = reader.history(1)[0].at
        return f"{reader.version} {at.isoformat() if at else reader.id}"

    def _up_to_date(self, step: Step) -> RunFolder | None:
        """The run that wrote what `step` would write again, if all of it still stands."""
        writers = {self._writer(table) for table in step.writes}
        if len(writers) != 1 or None in writers:
            return None
        run = RunFolder(runs.runs_home() / str(writers.pop()))
        done = any(event.kind == "step_finished" and event.step == step.name for event in run.events())
        return run if done else None

    def _writer(self, table: str) -> str | None:
        if not self.platform.lakehouse.has_version(table):
            return None
        signed = self.platform.reader(table).history(1)[0].user_metadata
        return str(signed["run_id"]) if signed.get("fingerprint") == self.platform.fingerprint else None

    def _skip(self, step: Step, earlier: RunFolder) -> None:
        self.log.emit("step_skipped", step.name, reason="up to date", reused_from=earlier.run_id)
        for event in earlier.events():
            if event.step == step.name and event.kind in _REPLAYED:
                self.log.emit(event.kind, event.step, **event.data)

    @contextlib.contextmanager
    def _progress(self, name: str) -> Iterator[None]:
        """Tell, a few times a second, what Spark has done since the step began."""
        stop = threading.Event()
        thread = threading.Thread(target=self._watch, args=(name, stop), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(5)

    def _watch(self, name: str, stop: threading.Event) -> None:
        from toolkit.session import Progress, ProgressMeter

        meter = None
        told = Progress()
        while not stop.wait(PROGRESS_SECONDS):
            spark = self.spark or self._own
            if spark is None:
                continue
            try:
                meter = meter or ProgressMeter(spark)
                now = meter.read()
            except Exception:  # the session is ending; progress is a courtesy, the step's own error is what counts
                return
            if now != told:
                told = now
                self.log.emit("step_progressed", name, **vars(now))

    def _failed(self, name: str, problem: Exception) -> ToolkitError:
        from toolkit.session import explain

        known = problem if isinstance(problem, ToolkitError) else explain(problem)
        first_line = str(problem).strip().splitlines()[0] if str(problem).strip() else "no reason given"
        told = known or StepFailed(
            f"Step {name} failed: {type(problem).__name__}: {first_line[:300]}",
            cure=f"The whole story is in {self.folder.log_file}.",
        )
        with self.folder.log_file.open("a", encoding="utf-8") as stream:
            traceback.print_exception(problem, file=stream)
        self.log.emit("step_failed", name, message=told.what, exit_code=int(told.exit_code))
        return told


def execute(
    scenario: Scenario,
    parameters: Parameters,
    *,
    run_id: str | None = None,
    listeners: tuple[Listener, ...] = (),
    fresh: bool = False,
    via: Literal["steps", "notebook"] = "steps",
    spark: SparkSession | None = None,
) -> RunRecord:
    """Run a scenario from first step to last, and return its record.

    Raises:
        ToolkitError: it failed; the record says so, too.
        KeyboardInterrupt: it was cancelled; the record says so, too.
    """
    folder = runs.create(run_id or runs.new_run_id(scenario.id))
    with recorded(folder, scenario, parameters, listeners, via) as log, _interruptible():
        if via == "notebook":
            _by_notebook(scenario, parameters, folder, log, fresh)
        else:
            with ActiveRun(scenario, parameters, folder, listeners, fresh, spark) as run:
                for step in scenario.steps:
                    run.step(step.name)
                run.finish(answer_of(run))
    return folder.record()


def prepared(task: Task[P, T], parameters: P) -> Owner:
    """Refuse what a task can refuse before Java starts; says whose tables it is done for.

    Raises:
        ToolkitError: it is refused.
    """
    permitted(task, parameters)
    scenario = task.scenario(parameters)
    return as_run_last(scenario) if scenario else owner(task.about(parameters))


def do(task: Task[P, T], parameters: P, whose: Owner, *, run_id: str, listeners: tuple[Listener, ...] = ()) -> T:
    """Do a task, recorded as a run of its own; returns what its body returned.

    Args:
        task: the work.
        parameters: what it is asked with.
        whose: what `prepared` said.
        run_id: of the run.
        listeners: told every event.

    Raises:
        ToolkitError: it failed; the record says so, too.
        KeyboardInterrupt: it was cancelled; the record says so, too.
    """
    asked = {name: value for name, value in parameters.model_dump(mode="json").items() if name != "table" and value}
    about = {"task": task.name, "table": task.about(parameters), "options": asked}
    folder = runs.create(run_id)
    work = {task.name: task.writes(parameters)}
    with (
        recorded(folder, whose.scenario, whose.parameters, listeners, "task", about),
        _interruptible(),
        ActiveRun(whose.scenario, whose.parameters, folder, listeners, tasks=work) as run,
        contextlib.ExitStack() as servers,
    ):
        for name in task.needs(parameters):
            servers.enter_context(_leased(name))
        outcome = run.task(task.name, lambda platform: task.body(platform, parameters))
        run.finish(task.answer(parameters, outcome))
    return outcome


def _leased(name: str) -> contextlib.AbstractContextManager[object]:
    from toolkit import service_leases, services

    return service_leases.leased(services.service(name))


def answer_of(run: ActiveRun) -> str:
    """The scenario's own answer to its question: `answer(platform)` in `steps.py`, read from its tables."""
    answer = getattr(run.scenario.bodies(), "answer", None)
    try:
        return str(answer(run.platform)) if answer else ""
    except ToolkitError:
        raise
    except Exception as problem:
        raise StepFailed(
            f"The steps are done, but `answer` of {run.scenario.id} failed: {type(problem).__name__}: {problem}.",
            cure="Mend that function in steps.py; the tables are written.",
        ) from problem


@contextlib.contextmanager
def recorded(
    folder: RunFolder,
    scenario: Scenario,
    parameters: Parameters,
    listeners: tuple[Listener, ...] = (),
    via: runs.Via = "steps",
    about: Mapping[str, Any] | None = None,
) -> Iterator[EventLog]:
    """Keep `run.json` true while a run is under way, however it ends; of a task it also says what it is `about`."""
    record = RunRecord(
        run_id=folder.run_id,
        scenario=scenario.id,
        parameters=parameters.model_dump(mode="json"),
        via=via,
        **(about or {}),
    )
    folder.save(record)
    log = EventLog(folder.events_file, folder.run_id, listeners)
    outcome: dict[str, Any] = {"status": "succeeded", "exit_code": int(ExitCode.OK)}
    try:
        yield log
        outcome["answer"] = folder.view().answer
    except KeyboardInterrupt:
        outcome = {"status": "cancelled", "exit_code": int(ExitCode.INTERRUPTED)}
        log.emit("run_cancelled")
        raise
    except ToolkitError as problem:
        outcome = {"status": "failed", "exit_code": int(problem.exit_code), "error": str(problem)}
        log.emit("run_failed", message=problem.what, cure=problem.cure, exit_code=int(problem.exit_code))
        raise
    except Exception as problem:
        outcome = {
            "status": "failed",
            "exit_code": int(ExitCode.FAILED),
            "error": f"{type(problem).__name__}: {problem}",
        }
        log.emit("run_failed", message=outcome["error"], cure="", exit_code=int(ExitCode.FAILED))
        raise
    finally:
        folder.save(record.model_copy(update={**outcome, "finished_at": datetime.now(UTC)}))


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and a polite request to end both arrive as KeyboardInterrupt, even where a shell had them ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _asked_to_stop.clear()
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_asked_to_stop = threading.Event()
"""Tells an interrupt from a fault: py4j turns a KeyboardInterrupt that finds it waiting for Java into an error of its own."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    _asked_to_stop.set()
    raise KeyboardInterrupt


def _keep_interrupts() -> None:
    """Take Ctrl-C back from pyspark, which claims it for itself when a session starts."""
    if signal.getsignal(signal.SIGTERM) is _interrupt:
        signal.signal(signal.SIGINT, _interrupt)


def _by_notebook(scenario: Scenario, parameters: Parameters, folder: RunFolder, log: EventLog, fresh: bool) -> None:
    """Run the scenario's notebook with papermill; its cells do the steps and write the events."""
    from toolkit.notebooks import run_notebook

    with _relayed(folder, log), _logged(folder.log_file):
        run_notebook(
            scenario.notebook,
            folder.notebook_file,
            parameters.model_dump(mode="json"),
            environment={RUN_VARIABLE: folder.run_id, FRESH_VARIABLE: "1" if fresh else ""},
        )


@contextlib.contextmanager
def _relayed(folder: RunFolder, log: EventLog) -> Iterator[None]:
    """Tell the listeners of `log` what another process appends to the same file."""
    reader = folder.reader()

    def pass_on() -> None:
        for event in reader.new():
            for listener in log.listeners:
                listener(event)

    with repeatedly(pass_on, PROGRESS_SECONDS):
        yield


@contextlib.contextmanager
def _logged(file: Path) -> Iterator[None]:
    """Send what libraries log to the run's own log, not to the terminal."""
    handler = logging.FileHandler(file, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _refuse_full_disk() -> None:
    home = paths.ensure_folder(paths.home())
    least = settings.current().min_free_disk_gb
    free = shutil.disk_usage(home).free
    if free < least * 1e9:
        raise SetupError(
            f"Only {size(free)} are free under {home}; a run needs {least:g} GB.",
            cure="Free some space, move TOOLKIT_HOME to a larger disk, or lower TOOLKIT_MIN_FREE_DISK_GB.",
        )


def digest_of_code(folder: Path) -> str:
    """One digest of a scenario's code and of all of ours but the faces, which change no table."""
    ours = paths.REPOSITORY / "toolkit"
    files = [file for file in ours.rglob("*") if file.relative_to(ours).parts[0] not in _FACES]
    files += [file for pattern in ("*.py", "*.toml", "*.yaml") for file in folder.rglob(pattern)]
    digest = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
        digest.update(file.read_bytes())
    return digest.hexdigest()
