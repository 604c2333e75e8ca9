"""A real server on this computer: started, found again, stopped.

Owns `TOOLKIT_HOME/services/<name>/`: `state.json`, `log.txt` and the server's `data/`. A server goes on when whoever started it
ends, and is found by anyone with the same home. Must not know any server; those are in `toolkit.services`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock, Timeout

from toolkit import paths, service_processes
from toolkit.errors import BusyError, SetupError, UsageError
from toolkit.processes import alive
from toolkit.service_processes import Damaged, Note, Spawned
from toolkit.words import literal, plural

State = Literal["stopped", "starting", "running", "unhealthy", "died", "unknown"]
HOST = "127.0.0.1"
POLL_SECONDS = 0.1
RECOVERY_SECONDS = 5.0
"""A server that does not answer is asked again for so long before it is started anew."""
ANSWER_SECONDS = 2.0
LOG_BYTES = 10_000_000
"""A log of more is put away."""
TAIL_BYTES = 64_000
PORT_TRIES = 3
PORT_SECONDS = 2.0
"""So long a port that a server had is waited for, before another one is taken."""
OWN_PORTS = range(20_000, 32_000)
"""Systems take the ports of outgoing connections from above these."""


@dataclass(frozen=True)
class Place:
    """Where a server is: its folder and its ports by name."""

    folder: Path
    ports: Mapping[str, int]

    @property
    def data(self) -> Path:
        """What it keeps."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "log.txt"


@dataclass(frozen=True)
class Service:
    """A server that can be started.

    Attributes:
        name: in commands, and of its folder.
        title: for people.
        does: in a sentence.
        command: its command line, in a place.
        healthy: whether it answers there, asked with no patience.
        install: brings what it needs; quick where it is there.
        furnish: gives it what its users count on, once it answers; done at each start.
        prepare: makes, before each start, what has to be in its place.
        ports: names of the ports it listens on.
        environment: variables it is given, for what must not stand in a command line.
        patience: seconds it may take to answer.
        hint: how it is used, said when it was started.
        jars: the group of jars with which Spark reads it, see `toolkit.jars`; a scenario that declares it has them.
        stop_signal: by which it is asked to end.
    """

    name: str
    title: str
    does: str
    command: Callable[[Place], Sequence[str]]
    healthy: Callable[[Place], bool]
    install: Callable[[], None] = lambda: None
    furnish: Callable[[Place], None] = lambda place: None  # noqa: ARG005
    prepare: Callable[[Place], None] = lambda place: None  # noqa: ARG005
    ports: tuple[str, ...] = ("http",)
    environment: Callable[[Place], Mapping[str, str]] = lambda place: {}  # noqa: ARG005
    patience: float = 60.0
    hint: str = ""
    jars: str = ""
    stop_signal: int = signal.SIGTERM


@dataclass(frozen=True)
class Running:
    """A server at work."""

    name: str
    pid: int
    ports: Mapping[str, int]
    started_at: datetime
    folder: Path

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.folder, self.ports)


@dataclass(frozen=True)
class Status:
    """How a server is.

    Attributes:
        state: `died` is gone without having been stopped; `unknown` could not be determined.
        running: the process, where there is one.
        why: what is wrong, where something is.
    """

    state: State
    running: Running | None = None
    why: str = ""


def folder(name: str) -> Path:
    """Where a service of that name is kept."""
    return paths.home() / "services" / name


def running(name: str) -> Running | None:
    """The server of that name, if it was started and its process is there; cheap, so it is not asked whether it answers."""
    try:
        note = service_processes.read(folder(name))
    except Damaged:
        return None
    return _running(name, note) if note and note.phase == "running" else None


def needed(service: Service) -> Running:
    """The server at work, for whoever cannot do without it.

    Raises:
        SetupError: it was not started, or is gone.
    """
    found = running(service.name)
    if found is None:
        raise SetupError(f"{service.title} is not running.", cure=f"Start it: toolkit services start {service.name}")
    return found


def _running(name: str, note: Note) -> Running | None:
    at_work = note.phase != "stopped" and alive(note.pid, note.created)
    return Running(name, note.pid, note.ports, note.started_at, folder(name)) if at_work else None


def status(service: Service) -> Status:
    """How it is, having asked it."""
    place = Place(folder(service.name), {})
    try:
        note = service_processes.read(place.folder)
    except Damaged as problem:
        return Status("unknown", why=f"{problem}. Start or stop it: both put that right.")
    if note is None or note.phase == "stopped":
        return Status("stopped")
    found = _running(service.name, note)
    if found is None:
        return Status("died", why=last_line(place.log) or "Its log is empty.")
    if note.phase == "starting":
        if alive(note.starter, note.starter_created):
            return Status("starting", found)
        return Status("unhealthy", found, "Its start was broken off; start it again.")
    if set(note.ports) != set(service.ports):
        return Status("unknown", found, "It was started by another version of the toolkit; start it again.")
    if _answers(service, found.place):
        return Status("running", found)
    return Status("unhealthy", found, last_line(place.log) or "It does not answer, and its log is empty.")


def _answers(service: Service, place: Place) -> bool:
    try:
        return service.healthy(place)
    except OSError:
        return False


def start(service: Service, fixed: Mapping[str, int] | None = None) -> Running:
    """Start it, unless it is at work and answers.

    Args:
        service: what to start.
        fixed: ports it has to have, by name; else those it had last, or any that are free.

    Raises:
        SetupError: what it needs is missing, a fixed port is taken, or it does not answer; nothing is left running.
        UsageError: it is at work on other ports than these, or has no port of that name.
        BusyError: another process is starting or stopping it.
    """
    fixed = dict(fixed or {})
    for name in fixed:
        if name not in service.ports:
            raise UsageError.unknown(f"port of {service.name}", name, service.ports)
    if running(service.name) is None:
        service.install()
    with _alone(service) as place:
        note = _noted(place.folder)
        found = _recovered(service, note)
        if found:
            _refuse_other_ports(service, found, fixed)
            return found
        service.install()  # quick the second time; a server that had stopped answering comes here first
        service_processes.end(place.folder, note, service.stop_signal)
        return _started(service, place, note.ports if note else {}, fixed)


def _noted(place: Path) -> Note | None:
    """The note; None for one that cannot be read: whatever it named is found by its mark."""
    with contextlib.suppress(Damaged):
        return service_processes.read(place)
    return None


def _recovered(service: Service, note: Note | None) -> Running | None:
    """The server at work, if it answers before long; a start that was broken off is completed by that."""
    if note is None or set(note.ports) != set(service.ports):
        return None
    until = time.monotonic() + RECOVERY_SECONDS
    while found := _running(service.name, note):
        if _answers(service, found.place) and _holds(found.pid, note.ports):
            if note.phase == "starting":
                service_processes.write(found.folder, replace(note, phase="running"))
            _bound(found.place.log)
            return found
        if time.monotonic() > until:
            return None
        time.sleep(POLL_SECONDS)
    return None


def _holds(pid: int, ports: Mapping[str, int]) -> bool:
    try:
        return service_processes.listens(psutil.Process(pid), list(ports.values()))
    except psutil.Error:
        return False


def _refuse_other_ports(service: Service, found: Running, fixed: Mapping[str, int]) -> None:
    other = {name: port for name, port in found.ports.items() if fixed.get(name, port) != port}
    if other:
        at = ", ".join(f"{name} {port}" for name, port in other.items())
        raise UsageError(
            f"{service.title} is at work on another port: {at}.",
            cure=f"Stop it first: toolkit services stop {service.name}",
        )


def _started(service: Service, place: Place, last: Mapping[str, int], fixed: Mapping[str, int]) -> Running:
    """A new server; on other ports where someone else was quicker to take those that had been free."""
    for _ in range(PORT_TRIES):
        chosen = Place(place.folder, _ports(service, last, fixed))
        found = _tried(service, chosen)
        if found:
            return found
        last = {}
    raise SetupError(
        f"{service.title} found its ports taken {plural(PORT_TRIES, 'time')}.",
        cure="Try again when less is being started.",
    )


def _tried(service: Service, place: Place) -> Running | None:
    """A new server at its ports; None if it ended because another process has them."""
    command = list(service.command(place))
    if not command or shutil.which(command[0]) is None:
        raise SetupError(
            f"{service.title} cannot be started: there is no program {command[0] if command else ''!r}.",
            cure="Install it, or put its folder on the PATH.",
        )
    place.data.mkdir(exist_ok=True)
    service.prepare(place)
    _put_away(place.log)
    spawned = service_processes.spawn(command, place.folder, place.log, service.environment(place))
    note = _first_note(spawned, place)
    try:
        service_processes.write(place.folder, note)
        spawned.let_go()
        _await(service, place, spawned)
        service.furnish(place)
        note = replace(note, phase="running")
        service_processes.write(place.folder, note)
        return Running(service.name, note.pid, note.ports, note.started_at, place.folder)
    except BaseException as problem:
        taken = spawned.over and not all(map(_free, place.ports.values()))
        service_processes.end(place.folder, note, service.stop_signal)
        service_processes.write(place.folder, Note("stopped", place.ports))
        if taken and isinstance(problem, SetupError):
            return None
        raise
    finally:
        spawned.part()


def _first_note(spawned: Spawned, place: Place) -> Note:
    me = psutil.Process()
    return Note("starting", place.ports, spawned.pid, spawned.created, starter=me.pid, starter_created=me.create_time())


def _await(service: Service, place: Place, spawned: Spawned) -> None:
    until = time.monotonic() + service.patience
    while not spawned.over:
        if _answers(service, place) and _holds(spawned.pid, place.ports):
            return
        if time.monotonic() > until:
            raise _not_started(service, place, f"did not answer within {service.patience:g} seconds")
        time.sleep(POLL_SECONDS)
    raise _not_started(service, place, f"ended at once, with code {spawned.popen.returncode}")


def _not_started(service: Service, place: Place, what: str) -> SetupError:
    said = last_line(place.log)
    words = f'; its last words: "{said}"' if said else "; it said nothing"
    return SetupError(f"{service.title} {what}{words}.", cure=f"Its log: {place.log}")


def stop(service: Service) -> bool:
    """Stop it, and all that an earlier start may have left; whether there was anything to stop.

    Raises:
        BusyError: another process is starting or stopping it.
    """
    if not folder(service.name).is_dir():
        return False
    with _alone(service) as place:
        note = _noted(place.folder)
        stopped = service_processes.end(place.folder, note, service.stop_signal)
        service_processes.write(place.folder, Note("stopped", note.ports if note else {}))
        return stopped


@contextlib.contextmanager
def _alone(service: Service) -> Iterator[Place]:
    """Keep other processes from starting or stopping it meanwhile."""
    place = Place(paths.ensure_folder(folder(service.name)), {})
    lock = FileLock(place.folder / "lock")
    try:
        lock.acquire(timeout=service.patience + RECOVERY_SECONDS + 4 * service_processes.POLITE_SECONDS)
    except Timeout:
        raise BusyError(
            f"{service.title} is being started or stopped by another process.", cure="Wait until that is done."
        ) from None
    try:
        yield place
    finally:
        lock.release()


def _ports(service: Service, last: Mapping[str, int], fixed: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the fixed one, the last one if it is free, or any."""
    for port in fixed.values():
        if not _free_soon(port):
            raise SetupError(
                f"{service.title} cannot have port {port}: another program has it.",
                cure="Stop that program, choose another port, or let the toolkit choose one.",
            )
    kept = {name: last[name] for name in service.ports if name in last and name not in fixed and _free_soon(last[name])}
    chosen = {**kept, **fixed}
    # None that an outgoing connection is given, so that a server that comes back finds its own free.
    for port in random.sample(OWN_PORTS, len(OWN_PORTS)):
        lacking = [name for name in service.ports if name not in chosen]
        if not lacking:
            return chosen
        if port not in chosen.values() and _free(port):
            chosen[lacking[0]] = port
    raise SetupError(f"No port is free for {service.title}.", cure="End some of the servers of this computer.")


def _bound_to(port: int) -> socket.socket:
    """A socket at a port of the loopback.

    Raises:
        OSError: the port is taken.
    """
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            # A port whose last connections are still being forgotten can be had, as servers do have it.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
    except BaseException:
        made.close()
        raise
    return made


def _free_soon(port: int) -> bool:
    """Whether it is free, or is so in a moment: a server that was killed keeps its ports until its last thread has ended."""
    until = time.monotonic() + PORT_SECONDS
    while not (is_free := _free(port)) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    return is_free


def _free(port: int) -> bool:
    try:
        _bound_to(port).close()
    except OSError:
        return False
    return True


def http_answers(port: int, path: str = "/", status: int | None = None) -> bool:
    """Whether anything speaks HTTP at a port of the loopback, whatever it says unless a status is given; past any proxy."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answered = connection.getresponse().status
        return status is None or answered == status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log, the oldest first; nothing in them can steer a terminal. None where there is no log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(log.stat().st_size - TAIL_BYTES, 0))
            text = stream.read(TAIL_BYTES).decode(errors="replace")
    except OSError:
        return []
    return [literal(line.rstrip()) for line in text.splitlines() if line.strip()][-lines:]


def last_line(log: Path) -> str:
    """The last words of a server."""
    return next(iter(tail(log, 1)), "")


def _put_away(log: Path) -> None:
    """Begin a new log; the one before is kept."""
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name("log.1.txt"))


def _bound(log: Path) -> None:
    """Put a long log away under the server's hands: it appends, so it goes on in an empty file."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name("log.1.txt"))
            os.truncate(log, 0)
