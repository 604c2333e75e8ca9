"""What is done with a stream from outside of it: kept at work, paused, stopped, rewound; and what is sent to its topic."""

from __future__ import annotations

from toolkit.streaming.tasks.at_work import PAUSE, RESTART, START, STOP
from toolkit.streaming.tasks.events import RELEASE, REPLAY
from toolkit.streaming.tasks.rewinding import REWIND

TASKS = (START, PAUSE, STOP, RESTART, REWIND, REPLAY, RELEASE)
