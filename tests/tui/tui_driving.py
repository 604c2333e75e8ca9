"""Pressing keys, waiting for what they set off, and reading the screen as text."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

LONGEST_WAIT = 30.0


async def settle(pilot: Pilot[None]) -> None:
    """Wait until threads are done and what they found is painted."""
    for _ in range(3):
        while any(not worker.is_finished for worker in pilot.app.workers):
            await asyncio.sleep(0.005)
        await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, waiting after each for what it sets off."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def until(pilot: Pilot[None], happened: Callable[[], object], seconds: float = LONGEST_WAIT) -> None:
    """Wait until `happened`; a run is another process, so only it knows when."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"did not happen:\n{screen_text(pilot.app)}"
        await asyncio.sleep(0.02)
        await pilot.pause()


def screen_text(app: App[None]) -> str:
    """What the screen shows, as plain text."""
    strips = app.screen._compositor.render_strips()
    return (
        "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips).replace("\u00a0", " ") + "\n"
    )


_MOVING = [
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"(?!2026-0[123])20\d\d-\d\d-\d\d \d\d:\d\d(?::\d\d)?"), "<time>"),
]


def held_still(text: str) -> str:
    """The text with times replaced by words of the same width."""
    # With what follows it up to the next column, whose place depends on how long ago it was.
    text = re.sub(r"(?:just now|\d+ (?:s|min) ago) *", "<ago> ", text)
    for pattern, word in _MOVING:
        text = pattern.sub(lambda found, word=word: word.ljust(len(found.group())), text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
