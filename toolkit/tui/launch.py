"""Starting a run as a process of its own, and ending one that does not want to end.

Owns the child processes. Each is the leader of its own session, so that neither leaving a screen nor closing the app
reaches it. Only a process that `run.json` names, and whose start time fits, is ever signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from toolkit import paths, runs

PATIENCE = 10.0
"""Seconds that a process is given after each signal before a stronger one is offered."""
LAUNCH_FILE = "launch.txt"
MOST_LAUNCH_TEXT = 20_000


@dataclass(frozen=True)
class Request:
    """A command that is a run.

    Attributes:
        subject: what is run, as the run's id names it.
        words: after `toolkit`.
        run_id: that it is to have.
    """

    subject: str
    words: Sequence[str]
    run_id: str


def toolkit_command(request: Request) -> list[str]:
    """The command that does it: this Python, `-m toolkit …`."""
    return [sys.executable, "-m", "toolkit", *request.words, "--run-id", request.run_id, "--quiet"]


@dataclass
class Launcher:
    """Starts runs and remembers the processes it started.

    Attributes:
        command: turns a request into the words of a command.
    """

    command: Callable[[Request], list[str]] = toolkit_command
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, subject: str, words: Sequence[str]) -> runs.RunFolder:
        """Start a run; what the process prints goes to `launch.txt` in its folder.

        Raises:
            SetupError: the folder of runs cannot be written.
        """
        request = Request(subject, words, runs.new_run_id(subject))
        folder = runs.create(request.run_id)
        with (folder.path / LAUNCH_FILE).open("wb") as output:
            self._children[request.run_id] = subprocess.Popen(  # noqa: S603
                self.command(request),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment(),
            )
        return folder

    def exit_code(self, run_id: str) -> int | None:
        """How the process ended; None while it runs, and for a process that another app started.

        Asking also frees the ended process, which otherwise looks alive.
        """
        child = self._children.get(run_id)
        return child.poll() if child else None

    def started(self, run_id: str) -> bool:
        """Whether this app started that run."""
        return run_id in self._children

    def collect(self) -> None:
        """Free every process that ended."""
        for child in self._children.values():
            child.poll()

    def interrupt(self, run_id: str) -> None:
        """Ask a process to stop that has not yet written its record."""
        child = self._children.get(run_id)
        if child and child.poll() is None:
            child.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)


def environment() -> dict[str, str]:
    """This process's variables, and a path on which `toolkit` is found even where it is not installed."""
    return {**os.environ, "PYTHONPATH": paths.python_path()}


def launch_text(folder: Path) -> str:
    """The end of what the process of a run printed; empty if it printed nothing."""
    try:
        return (folder / LAUNCH_FILE).read_text(encoding="utf-8", errors="replace")[-MOST_LAUNCH_TEXT:].strip()
    except OSError:
        return ""


Harder = Literal["terminate", "kill"]


@dataclass
class Stopping:
    """How far the ending of one run has come: asked, then told, then killed."""

    run: runs.RunFolder
    clock: Callable[[], float] = time.monotonic
    stage: Literal["", "asked", "terminate", "kill"] = ""
    since: float = 0.0

    def ask(self) -> None:
        """SIGINT: the run finishes its books and ends.

        Raises:
            UsageError: the run is not running.
        """
        runs.cancel(self.run)
        self._reached("asked")

    def offer(self) -> Harder | None:
        """What can be done now that the last signal was left unanswered for `PATIENCE`; None while it may still help."""
        if not self.stage or self.clock() - self.since < PATIENCE:
            return None
        return "terminate" if self.stage == "asked" else "kill"

    def harder(self) -> None:
        """Send what `offer` says to the run's whole process group."""
        step = self.offer()
        if step:
            signal_group(self.run, step)
            self._reached(step)

    def _reached(self, stage: Literal["asked", "terminate", "kill"]) -> None:
        self.stage, self.since = stage, self.clock()


def signal_group(run: runs.RunFolder, how: Harder) -> None:
    """SIGTERM or SIGKILL to the group of the process that started `run`, if it is still that process.

    A process that shares its group with others (a run typed into a script) is signalled alone.
    """
    record = run.record()
    if record.status != "running" or not record.alive():
        return
    if sys.platform == "win32":
        runs.cancel(run, force=how == "kill")
        return
    number = signal.SIGKILL if how == "kill" else signal.SIGTERM
    if os.getpgid(record.pid) == record.pid:
        os.killpg(record.pid, number)
    else:
        os.kill(record.pid, number)
