"""The lakehouse on disk: where each table lies, and which tables there are.

Owns locations and the lock that one writer holds. Reading and writing with Spark is `toolkit.etl`; reading without a JVM is
`toolkit.reader`.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from toolkit import paths
from toolkit.delta_log import DeltaLog
from toolkit.errors import BusyError
from toolkit.scenario import LAYERS, check_table_name, is_table_name

STAGING = "staging"
"""The folder, beside the layers, of rows that are not published yet."""


@dataclass(frozen=True)
class Lakehouse:
    """A folder of Delta tables: `<root>/<layer>/<plural_noun>`."""

    root: Path

    @classmethod
    def default(cls) -> Lakehouse:
        """The lakehouse under `TOOLKIT_HOME`."""
        return cls(paths.home() / "lakehouse")

    def path(self, table: str) -> Path:
        """The folder of `table`, whether or not it is there.

        Raises:
            UsageError: that is not a table name.
        """
        return self.root.joinpath(*check_table_name(table).split("."))

    def staging(self, table: str) -> Path:
        """Where rows of `table` are written before they are published."""
        return self.root.joinpath(STAGING, check_table_name(table))

    def exists(self, table: str) -> bool:
        """Whether `table` has a Delta log."""
        return (self.path(table) / "_delta_log").is_dir()

    def has_version(self, table: str) -> bool:
        """Whether something was ever committed to `table`.

        A first write that was stopped leaves files, and a log without a version. To a reader that is a damaged table, and
        is said; a writer begins anew.
        """
        return DeltaLog(self.path(table)).newest is not None

    def tables(self) -> list[str]:
        """Names of all tables with a Delta log, by layer in the order data flows, then by name."""
        return [
            f"{layer}.{log.parent.name}"
            for layer in LAYERS
            for log in sorted((self.root / layer).glob("*/_delta_log"))
            if log.is_dir() and is_table_name(f"{layer}.{log.parent.name}")
        ]

    def misnamed(self) -> list[Path]:
        """Folders with a Delta log whose names are none of a table, so that nothing here can name them."""
        return [
            log.parent
            for log in sorted(self.root.glob("*/*/_delta_log"))
            if log.is_dir()
            and log.parent.parent.name != STAGING
            and not is_table_name(f"{log.parent.parent.name}.{log.parent.name}")
        ]

    def stamp(self, table: str) -> int:
        """Another number after each commit to `table`, at the cost of one look at its folder; 0 when it is gone."""
        with contextlib.suppress(OSError):
            return (self.path(table) / "_delta_log").stat().st_mtime_ns
        return 0

    @contextlib.contextmanager
    def writing(self, tables: Iterable[str], run_id: str) -> Iterator[None]:
        """Hold `tables` for writing; the system gives them back if this process dies.

        Raises:
            BusyError: another run holds one of them.
        """
        folder = paths.ensure_folder(self.root / "locks")
        with contextlib.ExitStack() as held:
            # Always in the same order, so that two runs never wait for each other.
            for table in sorted(set(tables)):
                held.enter_context(_held(folder / f"{check_table_name(table)}.lock", table, run_id))
            yield


@contextlib.contextmanager
def _held(file: Path, table: str, run_id: str) -> Iterator[None]:
    note = file.with_suffix(".json")
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
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


def _holder(note: Path) -> str:
    """The id of the run that holds a table; empty when its note cannot be read, or is of a process that is gone."""
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        return str(said["run_id"]) if psutil.pid_exists(said["pid"]) else ""
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return ""
