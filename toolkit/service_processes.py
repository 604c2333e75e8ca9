"""The processes of a local server, and the note of them that outlives whoever started it.

Owns `state.json` in a service's folder, and which processes are ours to end. A server is let go only once it is noted, so that
none can be at work that nobody knows of, wherever its starter is killed. Must not know what a server is for.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil

from toolkit import paths
from toolkit.processes import alive, at_work

Phase = Literal["starting", "running", "stopped"]
PHASES = ("starting", "running", "stopped")
MARK = "TOOLKIT_SERVICE_FOLDER"
"""In the environment of every process of a server: the folder it is kept in."""
POLITE_SECONDS = 10
"""A server has this long to put its data away before it is killed."""
LARGEST_PORT = 65535
GATE = 'read -r go && exec "$@" </dev/null'
"""Waits for a line of its starter, then becomes the server, with the same pid; ends if the starter is gone before."""


class Damaged(Exception):
    """A note cannot be read, so what it said is not known."""


@dataclass(frozen=True)
class Note:
    """What `state.json` says.

    Attributes:
        phase: `starting` until the server has answered.
        ports: those it has, or had last.
        pid: of the server; 0 where there is none.
        created: when that process began, which with `pid` tells it from a later one of the same number.
        started_at: when it was started.
        starter, starter_created: the process that starts it.
    """

    phase: Phase
    ports: Mapping[str, int]
    pid: int = 0
    created: float = 0.0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    starter: int = 0
    starter_created: float = 0.0


def read(folder: Path) -> Note | None:
    """The note in a service's folder; None where it never ran.

    Raises:
        Damaged: there is one that cannot be read.
    """
    try:
        said = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        return _note(said)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Damaged(f"{folder / 'state.json'} cannot be read: {type(problem).__name__}") from problem


def _note(said: Any) -> Note:
    """Checked by hand: pydantic would take longer to load than all that asks for an address."""
    ports = {str(name): _whole(port, 1, LARGEST_PORT) for name, port in said["ports"].items()}
    if said["phase"] not in PHASES:
        raise ValueError(said["phase"])
    started_at = datetime.fromisoformat(said["started_at"])
    if started_at.tzinfo is None:
        raise ValueError(said["started_at"])
    return Note(
        said["phase"],
        ports,
        _whole(said["pid"], 0 if said["phase"] == "stopped" else 1, 2**31),
        float(said["created"]),
        started_at,
        _whole(said["starter"], 0, 2**31),
        float(said["starter_created"]),
    )


def _whole(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(value)
    return value


def write(folder: Path, note: Note) -> None:
    """Keep a note."""
    said = {**asdict(note), "started_at": note.started_at.isoformat()}
    paths.write_atomically(folder / "state.json", json.dumps(said, indent=1))


@dataclass
class Spawned:
    """A server that waits to be let go."""

    popen: subprocess.Popen[bytes]
    created: float

    @property
    def pid(self) -> int:
        """The server's, before and after it is let go."""
        return self.popen.pid

    def let_go(self) -> None:
        """Become the server."""
        gate = self.popen.stdin
        if gate is None:
            return
        with contextlib.suppress(BrokenPipeError), gate:
            gate.write(b"go\n")

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.popen.poll() is not None

    def part(self) -> None:
        """Leave it on its own: it outlives this process, of which Popen would complain."""
        if self.popen.stdin is not None:
            self.popen.stdin.close()
        self.popen.returncode = 0 if self.popen.returncode is None else self.popen.returncode


def spawn(command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str]) -> Spawned:
    """Start a process that becomes `command` once it is let go, and ends if its starter ends before."""
    gated = os.name == "posix"
    with log.open("ab") as out:
        popen = subprocess.Popen(  # noqa: S603 - what a service declares
            ["/bin/sh", "-c", GATE, "service", *command] if gated else list(command),
            cwd=folder,
            env={**os.environ, **environment, MARK: str(folder)},
            # Windows has no exec: there a server whose starter is killed right now is found by its mark, by the next start.
            stdin=subprocess.PIPE if gated else subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        created = psutil.Process(popen.pid).create_time()
    except psutil.Error:
        created = time.time()  # it has ended already, which is found out by whoever asks whether it is over
    return Spawned(popen, created)


def members(folder: Path, note: Note | None) -> list[psutil.Process]:
    """Every process of a server: the one that is noted, what it started, and whoever carries its mark."""
    found: list[psutil.Process] = []
    if note and note.pid != os.getpid() and (process := alive(note.pid, note.created)):
        found.append(process)
        with contextlib.suppress(psutil.Error):
            found += process.children(recursive=True)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(folder):
                found.append(process)
    return [process for process in dict.fromkeys(found) if process.pid != os.getpid() and at_work(process)]


def end(folder: Path, note: Note | None, order: int = signal.SIGTERM) -> bool:
    """End every process of a server, politely at first; whether there was one.

    Args:
        folder: of the service.
        note: what is noted in it.
        order: the signal that asks the server to end.
    """
    processes = members(folder, note)
    asked: set[int] = set()
    for process in processes:
        if note and process.pid == note.pid:
            asked = _ask_group(process, processes, order)
    for process in processes:
        # Nobody is asked twice: a server that is putting its data away may take the second time for an order to drop it.
        if process.pid not in asked:
            with contextlib.suppress(psutil.Error):
                process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=POLITE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=POLITE_SECONDS)
    return bool(processes)


def _ask_group(leader: psutil.Process, processes: Sequence[psutil.Process], order: int) -> set[int]:
    """Ask the whole group that this very process leads to end, as a terminal would; which of `processes` were asked by that."""
    if os.name != "posix":
        return set()
    groups = {}
    for process in processes:
        with contextlib.suppress(OSError):
            groups[process.pid] = os.getpgid(process.pid)
    if groups.get(leader.pid) != leader.pid:
        return set()
    with contextlib.suppress(OSError):
        os.killpg(leader.pid, order)
    return {pid for pid, group in groups.items() if group == leader.pid}


def listens(process: psutil.Process, ports: Sequence[int]) -> bool:
    """Whether it, or what it started, holds these ports itself; True where the system does not tell."""
    try:
        family = [process, *process.children(recursive=True)]
        held = [c.laddr.port for one in family for c in one.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
    return set(ports) <= set(held)
