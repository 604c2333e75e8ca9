"""All runs, read again and again without reading all of them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from toolkit import runs
from toolkit.errors import DataError

Stamp = tuple[int, int]


@dataclass(frozen=True)
class RunLine:
    """What the list of runs shows of one; `record` is None when its file is damaged."""

    run_id: str
    record: runs.RunRecord | None
    problem: str = ""

    @property
    def status(self) -> Literal["running", "succeeded", "failed", "cancelled", "interrupted", "damaged"]:
        """The status of the run, or `damaged`."""
        return self.record.status if self.record else "damaged"


@dataclass
class RunIndex:
    """The history of runs; remembers those that are over until their file changes."""

    _known: dict[str, tuple[Stamp, RunLine]] = field(default_factory=dict)

    def lines(self) -> list[RunLine]:
        """Every run, newest first."""
        return [self._line(folder) for folder in runs.history()]

    def running(self) -> list[RunLine]:
        """The runs whose process is at work, newest first."""
        return [line for line in self.lines() if line.status == "running"]

    def _line(self, folder: runs.RunFolder) -> RunLine:
        stamp = _stamp(folder)
        known = self._known.get(folder.run_id)
        if known and known[0] == stamp and known[1].status != "running":
            return known[1]
        line = _read(folder)
        self._known[folder.run_id] = (stamp, line)
        return line


def _stamp(folder: runs.RunFolder) -> Stamp:
    try:
        status = (folder.path / "run.json").stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def _read(folder: runs.RunFolder) -> RunLine:
    try:
        return RunLine(folder.run_id, folder.record())
    except DataError as problem:
        return RunLine(folder.run_id, None, problem.what)
