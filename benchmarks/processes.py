"""Fresh processes, timed from outside, with the memory of their whole tree.

Owns starting, watching and ending them. Must not know what they do.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.1
MIB = 1024**2


class ChildFailed(Exception):
    """A process that was to be measured did not end well."""


@dataclass(frozen=True)
class Measured:
    """One process, from start to end."""

    seconds: float
    cpu_seconds: float
    """Of the process and all its descendants: what does not depend on who else uses the computer. 0 on Windows."""
    peak_mib: float
    """Largest sum of the resident memory of the process and all its descendants, at any sample."""
    output: str = field(repr=False)


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command of a module of ours."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def run(command: Sequence[str], *, home: Path, variables: Mapping[str, str] | None = None) -> Measured:
    """Run `command` to its end.

    Args:
        command: program and arguments.
        home: `TOOLKIT_HOME` of the process.
        variables: added to the environment.

    Raises:
        ChildFailed: its exit code is not 0.
    """
    began, cpu = time.monotonic(), children_cpu()
    process = subprocess.Popen(  # noqa: S603 - our own modules in our own Python
        list(command),
        cwd=REPOSITORY,
        env=environment(home, variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with sampled(process.pid) as memory:
        output, errors = process.communicate()
    if process.returncode:
        raise ChildFailed(f"{' '.join(command[1:4])} … ended with {process.returncode}:\n{errors.strip()[-2000:]}")
    return Measured(time.monotonic() - began, children_cpu() - cpu, memory.peak / MIB, output)


def children_cpu() -> float:
    """Seconds that processes which this one has waited for, and theirs, have computed so far."""
    times = os.times()
    return times.children_user + times.children_system


def environment(home: Path, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables, with its own `TOOLKIT_HOME` and our packages on the path.

    Python may keep its bytecode, as it does for a user: where a computer forbids that, every start would compile everything
    anew, and the ratio would compare sizes of sources.
    """
    ours = {**os.environ, "TOOLKIT_HOME": str(home), "PYTHONPATH": str(REPOSITORY), **(variables or {})}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    return ours


@dataclass
class Memory:
    """The most that a process tree has held, in bytes."""

    peak: int = 0


@contextlib.contextmanager
def sampled(*pids: int) -> Iterator[Memory]:
    """Watch the resident memory of some processes and all their descendants while the body runs."""
    memory, stop = Memory(), threading.Event()

    def watch() -> None:
        before: dict[int, int] = {}
        while not stop.wait(SAMPLE_SECONDS):
            now = {found: size for pid in pids for found, size in resident(pid).items()}
            # A process that a JVM is just forking shows all of the JVM's memory as its own: newborns wait for a sample.
            memory.peak = max(memory.peak, sum(size for pid, size in now.items() if pid in before))
            before = now

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def resident(pid: int) -> dict[int, int]:
    """Bytes of a process and of each of its descendants; those that end meanwhile are left out."""
    found: dict[int, int] = {}
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                found[process.pid] = process.memory_info().rss
    return found
