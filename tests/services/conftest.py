"""No test leaves a server behind: whatever carries the mark of its home is found and ended, and is a failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from toolkit.service_processes import MARK


def marked(home: Path) -> list[psutil.Process]:
    """Every process of a server that is kept in this home."""
    found = []
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK, "")
            if mark.startswith(str(home)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def service_home(toolkit_home: Path) -> Iterator[Path]:
    """A home of this test alone, in which no server is at work afterwards."""
    yield toolkit_home
    left = marked(toolkit_home)
    for process in left:
        process.kill()
    psutil.wait_procs(left, timeout=5)
    assert not left, "the test left servers at work"
