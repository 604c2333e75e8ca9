"""A server for as long as somebody needs it: started unless it is at work, stopped when the last who needs it has ended.

Owns `users/` in a service's folder, a note for each who needs the server, and `on-demand`, which is there while a server is at
work that nobody has started for its own sake. A user that was killed counts no more; its server is stopped by the next to end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from toolkit import paths, service
from toolkit.errors import BusyError
from toolkit.processes import alive
from toolkit.service import Running, Service

PATIENCE_SECONDS = 120.0
"""A start and a stop of the server may be waited for."""


@contextlib.contextmanager
def leased(needed: Service) -> Iterator[Running]:
    """The server at work, at least until the end of the block.

    Raises:
        SetupError: it cannot be started.
        BusyError: another process starts or stops it for minutes.
    """
    needed.install()  # which may take minutes, so nobody waits for it below
    folder = paths.ensure_folder(service.folder(needed.name) / "users")
    note = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    with _alone(needed):
        paths.write_atomically(note, json.dumps({"pid": os.getpid(), "created": psutil.Process().create_time()}))
        try:
            if service.running(needed.name) is None:
                _mark(needed).touch()
            running = service.start(needed)
        except BaseException:
            note.unlink()
            raise
    try:
        yield running
    finally:
        try:
            _returned(needed, note)
        except BusyError as problem:
            # What was done with it is done; that it goes on is not that work's failure.
            logging.getLogger(__name__).warning("%s is left at work: %s", needed.title, problem)


def started(wanted: Service, fixed: Mapping[str, int] | None = None) -> Running:
    """Start a server for its own sake: whoever needs it now does not stop it in the end.

    Args:
        wanted: what to start.
        fixed: ports it has to have, by name.

    Raises:
        ToolkitError: as `service.start`.
    """
    wanted.install()
    paths.ensure_folder(service.folder(wanted.name))
    with _alone(wanted):
        running = service.start(wanted, fixed)
        _mark(wanted).unlink(missing_ok=True)
        return running


def stopped(wanted: Service) -> bool:
    """Stop a server, whoever needs it; whether it was at work.

    Raises:
        BusyError: another process is starting or stopping it.
    """
    _mark(wanted).unlink(missing_ok=True)
    return service.stop(wanted)


def _returned(needed: Service, note: Path) -> None:
    with _alone(needed):
        note.unlink(missing_ok=True)
        if not _in_use(note.parent) and _mark(needed).exists():
            service.stop(needed)
            _mark(needed).unlink(missing_ok=True)


def _in_use(folder: Path) -> bool:
    """Whether a note is that of a process at work; the notes of others are taken away."""
    found = False
    for note in folder.glob("*.json"):
        try:
            said = json.loads(note.read_text(encoding="utf-8"))
            is_alive = alive(int(said["pid"]), float(said["created"])) is not None
        except (OSError, ValueError, KeyError, TypeError):
            is_alive = False
        if is_alive:
            found = True
        else:
            note.unlink(missing_ok=True)
    return found


def _mark(needed: Service) -> Path:
    return service.folder(needed.name) / "on-demand"


@contextlib.contextmanager
def _alone(needed: Service) -> Iterator[None]:
    lock = FileLock(service.folder(needed.name) / "users.lock")
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise BusyError(
            f"{needed.title} is being started or stopped by another process.", cure="Wait until that is done."
        ) from None
    try:
        yield
    finally:
        lock.release()
