"""The first frame of the terminal app, against an empty Textual app: fresh processes in a pseudo-terminal of 120 by 40."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.processes import REPOSITORY, ChildFailed, environment
from benchmarks.ratios import Choices, Ratio, alternated, median
from toolkit import paths
from toolkit.store.lakehouse import Lakehouse

REPEAT = 11
COLUMNS, LINES = 120, 40
PAINTED_CHARACTERS = COLUMNS * LINES // 2
"""A first frame gives every cell a character, or nearly: an app may leave out what is blank."""
TIMEOUT_SECONDS = 30
MOST_RATIO = 1.5
CONTENT = b"Retail lakehouse"
"""On the first screen as soon as it lists the scenarios."""


COMMANDS = {
    "toolkit": [sys.executable, str(REPOSITORY / "tui.py")],
    "empty": [sys.executable, "-c", "from textual.app import App; App().run()"],
}


@dataclass(frozen=True)
class Painted:
    """Seconds from the start of a process."""

    frame: float
    """Until the terminal had received a character for every other cell; the rest comes in the same instant."""
    content: float
    """Until it had received the text that was waited for; 0 when none was."""


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
    what = f"Process start until the terminal has received its first frame; medians of {repeat} starts each; {_lakehouse()}"
    yield Ratio("first frame", median(found["toolkit"]), bare, MOST_RATIO, "s", f"{what}.")
    yield Ratio(
        "scenarios listed",
        median(listed),
        bare,
        None,
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
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own programs in our own Python
        COMMANDS[which],
        env=environment(paths.home(), {"TERM": "xterm-256color", "COLORTERM": "truecolor"}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        return _watch(ours, content, began)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)


def _watch(terminal: int, content: bytes, began: float) -> Painted:
    """Read what the app writes until both marks have been seen."""
    screen, frame, shown = b"", 0.0, 0.0
    while not frame or (content and not shown):
        screen += _read(terminal, began + TIMEOUT_SECONDS - time.monotonic()) or _gave_up(screen)
        now = time.monotonic() - began
        frame = frame or (now if characters(screen) >= PAINTED_CHARACTERS else 0.0)
        shown = shown or (now if content in screen else 0.0)
    return Painted(frame, shown if content else 0.0)


def characters(screen: bytes) -> int:
    """How many characters the terminal was given to show, without the codes that move and colour."""
    return len(
        re.sub(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[PX^_\]].*?(\x1b\\|\x07)|.)|[\x00-\x1f]", b"", screen).decode(
            errors="ignore"
        )
    )


def _read(terminal: int, seconds: float) -> bytes:
    """What has arrived; nothing when the app has ended, or the time is over."""
    if not select.select([terminal], [], [], max(0.0, seconds))[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def _gave_up(screen: bytes) -> bytes:
    raise ChildFailed(f"The app did not paint: {screen[-1500:].decode(errors='replace')}")
