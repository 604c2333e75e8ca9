"""Whether a process that was noted is still at work, and not another one of its number."""

from __future__ import annotations

import psutil

SAME_PROCESS_SECONDS = 2
"""Clocks of the kernel and of psutil differ by less."""


def alive(pid: int, created: float) -> psutil.Process | None:
    """That very process, if it is still at work.

    Args:
        pid: its number.
        created: when it began, in seconds since 1970, which with the number tells it from a later one.
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < SAME_PROCESS_SECONDS
        return process if pid > 0 and same and at_work(process) else None
    except (psutil.Error, ValueError, OverflowError):
        return None


def at_work(process: psutil.Process) -> bool:
    """Whether it has not ended; a killed process whose parent has not looked yet is still listed."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
