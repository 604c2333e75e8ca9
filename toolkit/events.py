"""What happens in a run, as one JSON line each.

Owns the shape of an event and the file it is appended to. The command line, the TUI and the notebook all show a run from
these lines alone, so whatever a user should see of a run has to be an event.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

EventKind = Literal[
    "run_started",
    "step_started",
    "step_progressed",
    "step_finished",
    "step_skipped",
    "step_failed",
    "rows",
    "metric",
    "record",
    "alert",
    "run_finished",
    "run_failed",
    "run_cancelled",
]
"""Every kind of event; the data that each carries:

    run_started      {scenario, parameters, steps: [name, …]}
    step_started     {}
    step_progressed  {tasks_done, tasks, rows_read, rows_written}   counted by Spark since the step started
    step_finished    {seconds}
    step_skipped     {reason, reused_from}    the tables are up to date; its events follow, copied from that run
    step_failed      {message, exit_code}
    rows             {table, version, rows, files, bytes}           one table was written
    metric           {name, value, unit}
    record           {record, …}              something was found that the table `record`, such as ops.quality_results, will
                                              keep; what else it says is its area's (`toolkit/<area>/records.py`)
    alert            {level: info|warn|error, message}
    run_finished     {seconds, answer}        answer: the scenario's question answered in one or two sentences
    run_failed       {message, cure, exit_code}
    run_cancelled    {}
"""


class Event(BaseModel):
    """One thing that happened in a run."""

    model_config = ConfigDict(frozen=True)

    kind: EventKind
    run_id: str
    step: str | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    data: dict[str, Any] = Field(default_factory=dict)


Listener = Callable[[Event], None]


class EventLog:
    """The events of one run: appended to a file and told to listeners, in order."""

    def __init__(self, path: Path, run_id: str, listeners: tuple[Listener, ...] = ()) -> None:
        self.path = path
        self.run_id = run_id
        self.listeners = listeners

    def emit(self, kind: EventKind, step: str | None = None, /, **data: Any) -> Event:
        """Append one event, then tell every listener."""
        event = Event(kind=kind, run_id=self.run_id, step=step, data=data)
        line = event.model_dump_json().encode() + b"\n"
        # Unbuffered: a line is one write, which another thread or the notebook's kernel cannot come between.
        with self.path.open("ab+", buffering=0) as stream:
            stream.write(line if _ends_whole(stream) else b"\n" + line)
        for listener in self.listeners:
            listener(event)
        return event


class EventReader:
    """Reads an event file as it grows; each call of `new` returns what was appended since the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def new(self) -> list[Event]:
        """Events appended since the last call; a line still being written waits for the next call."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as stream:
            stream.seek(self._offset)
            chunk = stream.read()
        whole = chunk[: chunk.rfind(b"\n") + 1]
        self._offset += len(whole)
        # Only at "\n": text in an event may hold other characters that Unicode calls the end of a line.
        return list(_parsed(whole.split(b"\n")))


def _ends_whole(stream: FileIO) -> bool:
    """Whether the file is empty or its last line is whole; a process that was killed may have left a part of one."""
    if stream.seek(0, os.SEEK_END) == 0:
        return True
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"


def _parsed(lines: list[bytes]) -> Iterator[Event]:
    """The events among `lines`; a line cut short by a killed process is left out."""
    for line in lines:
        with contextlib.suppress(ValidationError):
            yield Event.model_validate_json(line)


def read_events(path: Path) -> list[Event]:
    """All events in the file at `path`, oldest first; none if there is no such file."""
    return EventReader(path).new()
