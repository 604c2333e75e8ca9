"""Commands that change or measure something, each in a process of its own, followed while it is at work.

Owns these processes. Each leads its own session, so that neither leaving a screen nor closing the app reaches it.
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

from toolkit import paths
from toolkit.tui.following import LogTail
from toolkit.tui.launch import environment

FOLDER = "jobs"
MOST_KEPT = 20
"""How many files of output are kept."""


def toolkit_process(words: Sequence[str]) -> list[str]:
    """The command: this Python, `-m toolkit …`."""
    return [sys.executable, "-m", "toolkit", *words]


@dataclass
class Job:
    """One command at work, or over."""

    words: tuple[str, ...]
    process: subprocess.Popen[bytes]
    output: Path
    started: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def exit_code(self) -> int | None:
        """How it ended; None while it is at work."""
        code = self.process.poll()
        if code is not None and self.ended is None:
            self.ended = time.monotonic()
        return code

    @property
    def seconds(self) -> float:
        """How long it took, or takes so far."""
        return (self.ended or time.monotonic()) - self.started

    def tail(self) -> LogTail:
        """Reads what it prints."""
        return LogTail(self.output)

    def interrupt(self) -> None:
        """Ask it to stop."""
        if self.exit_code() is None:
            self.process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)


@dataclass
class Jobs:
    """Starts commands and remembers those that it started.

    Attributes:
        command: turns the words after `toolkit` into the words of a process.
    """

    command: Callable[[Sequence[str]], list[str]] = toolkit_process
    _jobs: list[Job] = field(default_factory=list)

    def start(self, words: Sequence[str]) -> Job:
        """Start a command.

        Raises:
            SetupError: the folder for its output cannot be written.
        """
        folder = paths.ensure_folder(paths.home() / FOLDER)
        for old in sorted(folder.glob("*.txt"))[: 1 - MOST_KEPT]:
            old.unlink(missing_ok=True)
        output = folder / f"{time.time_ns()}-{words[1]}.txt"
        with output.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603
                self.command(words),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Otherwise Python keeps what it prints to a file back until it ends.
                env={**environment(), "PYTHONUNBUFFERED": "1", "COLUMNS": os.environ.get("COLUMNS", "100")},
            )
        job = Job(tuple(words), process, output)
        self._jobs.append(job)
        return job

    def running(self, words: Sequence[str]) -> Job | None:
        """The job at work whose command begins with `words`."""
        begin = tuple(words)
        return next((job for job in self._jobs if job.words[: len(begin)] == begin and job.exit_code() is None), None)
