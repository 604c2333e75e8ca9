"""One writer to a table: locks between the processes of this computer.

They lie under `TOOLKIT_HOME`, by what the lakehouse is called, since an object store has none. Two computers that write one
table are told apart by Delta itself: of two commits of one version the second is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from toolkit import paths
from toolkit.errors import BusyError
from toolkit.store.location import Location

ASKING_SECONDS = 0.2
"""A writer waits so long for whoever only asks."""


def folder_of(root: Location) -> Path:
    """Where the locks of a lakehouse lie: in it, if it is a folder, so that they are the same whatever the home is."""
    if isinstance(root, Path):
        return root / "locks"
    return paths.home() / "locks" / hashlib.sha256(str(root).encode()).hexdigest()[:16]


@contextlib.contextmanager
def writing(root: Location, tables: Iterable[str], run_id: str) -> Iterator[None]:
    """Hold tables of a lakehouse for writing; the system gives them back if this process dies.

    Args:
        root: of the lakehouse.
        tables: checked names.
        run_id: who is shown to those that come too late.

    Raises:
        BusyError: another run holds one of them.
    """
    folder = paths.ensure_folder(folder_of(root))
    with contextlib.ExitStack() as held:
        # Always in the same order, so that two runs never wait for each other.
        for table in sorted(set(tables)):
            held.enter_context(_held(folder / f"{table}.lock", table, run_id))
        yield


@contextlib.contextmanager
def _held(file: Path, table: str, run_id: str) -> Iterator[None]:
    note = file.with_suffix(".json")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=ASKING_SECONDS)
    except Timeout:
        holder = _holder(note)
        stop = f"stop it: toolkit runs cancel {holder}" if holder else "stop it: `toolkit runs` lists what is running"
        raise BusyError(
            f"{table} is being written by {f'run {holder}' if holder else 'another run'}.",
            cure=f"Wait until it is done, or {stop}.",
        ) from None
    try:
        paths.write_atomically(note, json.dumps({"run_id": run_id, "pid": os.getpid()}))
        yield
    finally:
        lock.release()


def is_held(root: Location, table: str) -> bool | None:
    """Whether some process holds it now; None where that may not be asked. It is held for a moment by asking."""
    file = folder_of(root) / f"{table}.lock"
    if not file.is_file():
        return False
    lock = FileLock(file)
    try:
        # Others may ask at the same moment.
        lock.acquire(timeout=ASKING_SECONDS / 2)
    except Timeout:
        return True
    except OSError:
        return None
    lock.release()
    return False


def _holder(note: Path) -> str:
    """The id of the run that holds a table; empty when its note cannot be read, or is of a process that is gone."""
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        return str(said["run_id"]) if psutil.pid_exists(said["pid"]) else ""
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ""
