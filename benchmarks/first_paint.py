"""The first frame of the terminal app, against an empty Textual app: fresh processes in a pseudo-terminal of 120 by 40."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.processes import REPOSITORY, ChildFailed, environment, python
from benchmarks.ratios import Choices, Ratio, alternated, median
from toolkit import paths
from toolkit.lakehouse import Lakehouse

REPEAT = 11
COLUMNS, LINES = 120, 40
TIMEOUT_SECONDS = 30
MOST_RATIO = 1.5
CONTENT = b"Retail lakehouse"
"""On the first screen as soon as it lists the scenarios."""


@dataclass(frozen=True)
class Painted:
    """Seconds from the start of a process."""

    frame: float
    """Until Textual said that the first frame was displayed."""
    content: float
    """Until the terminal had received the text that was waited for; the frame's own time when none was."""


def measure(choices: Choices) -> Iterator[Ratio]:
    """Start both apps in turns, after one unmeasured start of each."""
    if sys.platform == "win32":
        choices.tell("  needs a pseudo-terminal: not measured on Windows")
        return
    repeat = choices.repeat or REPEAT
    listed: list[float] = []

    def toolkit() -> float:
        painted = start("toolkit", CONTENT)
        listed.append(painted.content)
        return painted.frame

    sides = {"toolkit": toolkit, "empty": lambda: start("empty").frame}
    alternated(sides, 1)
    listed.clear()
    found = alternated(sides, repeat, choices.tell)
    bare = median(found["empty"])
    what = f"Process start to Textual's `Ready`; medians of {repeat} starts each; {_lakehouse()}"
    yield Ratio("first frame", median(found["toolkit"]), bare, MOST_RATIO, "s", f"{what}.")
    yield Ratio(
        "scenarios listed",
        median(listed),
        bare,
        MOST_RATIO,
        "s",
        f"Ours until the terminal shows “{CONTENT.decode()}”; the empty app until its first frame; medians of {repeat}.",
    )


def _lakehouse() -> str:
    tables = len(Lakehouse.default().tables())
    return f"lakehouse with {tables} tables" if tables else "no lakehouse yet"


def start(which: str, content: bytes = b"") -> Painted:
    """Start one app, wait until it has painted (and shown `content`), and end it.

    Raises:
        ChildFailed: it ended, or did not paint in time.
    """
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (LINES, COLUMNS))
    told, tells = os.pipe()
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own module in our own Python
        python("benchmarks.paint", which, str(tells)),
        cwd=REPOSITORY,
        env=environment(paths.home(), {"TERM": "xterm-256color", "COLORTERM": "truecolor"}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=(tells,),
        start_new_session=True,
    )
    for descriptor in (theirs, tells):
        os.close(descriptor)
    try:
        return _watch(ours, told, content, began)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for descriptor in (ours, told):
            os.close(descriptor)


def _watch(terminal: int, told: int, content: bytes, began: float) -> Painted:
    """Read what the app writes until both marks have been seen."""
    screen, frame, shown = b"", None, None if content else 0.0
    while frame is None or shown is None:
        ready, _, _ = select.select([terminal, told], [], [], max(0.0, began + TIMEOUT_SECONDS - time.monotonic()))
        now = time.monotonic()
        if told in ready and frame is None:
            line = os.read(told, 64)
            frame = float(line) - began if line else _gave_up(screen)
        if terminal in ready:
            screen += _read(terminal)
            shown = now - began if shown is None and content in screen else shown
        if not ready:
            _gave_up(screen)
    return Painted(frame, max(frame, shown))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def _gave_up(screen: bytes) -> float:
    raise ChildFailed(f"The app did not paint: {screen[-1500:].decode(errors='replace')}")
