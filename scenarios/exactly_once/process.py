"""A process of streams as the run that starts it sees it: given its order, heard, and never left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import psutil

from scenarios.exactly_once.streams import Order
from toolkit import paths


@contextlib.contextmanager
def at_work(errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its order, and does not outlive the block.

    Args:
        errors: for what it says beside its answer.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "scenarios.exactly_once.streams"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, "PYTHONPATH": paths.python_path()},
    )
    try:
        yield process
    finally:
        _ended(process)


def told(process: subprocess.Popen[bytes], order: Order) -> str:
    """What it answers to its order, which is nothing unless it fails."""
    if process.stdin is None or process.stdout is None:
        return ""
    # Its input stays open: when that is closed, whoever gave the order is gone.
    process.stdin.write(order.line.encode())
    process.stdin.flush()
    return process.stdout.read().decode(errors="replace")


def _ended(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(psutil.Error):
        for one in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                one.kill()
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
