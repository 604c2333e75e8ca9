"""A run as it happens: its record, its events and its log, each read only as far as it grew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from toolkit import runs
from toolkit.errors import DataError
from toolkit.tui.launch import Launcher, launch_text

FIRST_LOG_BYTES = 64 * 1024
"""How much of a long log is shown when it is opened."""


@dataclass
class LogTail:
    """New lines of a file that grows."""

    path: Path
    _offset: int = -1
    _rest: bytes = b""

    def new(self) -> list[str]:
        """Whole lines appended since the last call; at first the end of what is there."""
        try:
            with self.path.open("rb") as stream:
                end = stream.seek(0, 2)
                late = self._offset < 0 and end > FIRST_LOG_BYTES
                stream.seek(max(end - FIRST_LOG_BYTES, 0) if self._offset < 0 else self._offset)
                chunk = stream.read()
                self._offset = stream.tell()
        except OSError:
            return []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if late:
            lines = lines[1:]
        return [line.decode("utf-8", errors="replace").rstrip("\r") for line in lines]


@dataclass
class RunFollower:
    """One run, followed.

    Attributes:
        status: `starting` until the process has written `run.json`, `dead` if it ended before that.
    """

    folder: runs.RunFolder
    launcher: Launcher
    view: runs.RunView = field(default_factory=runs.RunView)
    record: runs.RunRecord | None = None
    status: str = "starting"
    problem: str = ""

    def __post_init__(self) -> None:
        self._events = self.folder.reader()
        self.log = LogTail(self.folder.log_file)

    def poll(self) -> bool:
        """Take in what happened since; whether anything did."""
        # First the process, then the record, then the events: the last events of a run that is over are never missed.
        self.launcher.collect()
        before = self.status
        self._read_record()
        events = self._events.new()
        for event in events:
            self.view.add(event)
        if self.status == "interrupted":
            self.view.stopped("interrupted")
        return bool(events) or before != self.status

    def _read_record(self) -> None:
        if not (self.folder.path / "run.json").exists():
            ended = self.launcher.exit_code(self.folder.run_id) is not None
            self.status = "starting" if self.launcher.started(self.folder.run_id) and not ended else "dead"
            return
        if self.record is None or self.status == "running":
            try:
                self.record = self.folder.record()
                self.status = self.record.status
            except DataError as problem:
                self.status, self.problem = "damaged", str(problem)

    @property
    def live(self) -> bool:
        """Whether more may happen."""
        return self.status in ("starting", "running")

    @property
    def seconds(self) -> float | None:
        """How long the run took, or takes so far; a run whose process vanished ends with its last event."""
        if self.record is None:
            return None
        if self.record.finished_at is None and self.status != "running":
            return None
        return self.record.seconds

    def story(self) -> tuple[str, str]:
        """What went wrong and what to do; empty texts while nothing did."""
        match self.status:
            case "dead":
                said = launch_text(self.folder.path) or "It said nothing."
                return f"The run ended before it began.\n{said}", "Check this computer: toolkit doctor"
            case "damaged":
                return self.problem, ""
            case "interrupted":
                return (
                    "The process that ran this is gone: it was killed, or the computer was switched off.",
                    "Run it again (press a): steps whose tables are up to date are skipped.",
                )
            case _:
                error = self.view.error or (self.record.error if self.record else "")
                return error, self.view.cure

    def elapsed_of(self, step: runs.StepView) -> float | None:
        """Seconds that a step took, or takes so far."""
        if step.seconds is not None:
            return step.seconds
        if step.state == "running" and step.started_at and self.live:
            return (datetime.now(UTC) - step.started_at).total_seconds()
        return None
