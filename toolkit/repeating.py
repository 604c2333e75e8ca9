"""Doing something again and again while something else is done."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

JOIN_SECONDS = 5


@contextlib.contextmanager
def repeatedly(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `action` in a thread every so many seconds while the body runs, and a last time when it is over."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(JOIN_SECONDS)
        action()
