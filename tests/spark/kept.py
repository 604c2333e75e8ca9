"""A stream that is kept at work by a thread, as another process would."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from toolkit.events import read_events
from toolkit.platform import DataPlatform
from toolkit.streaming import steering
from toolkit.streaming.steering import Wish
from toolkit.streaming.streams import Kept, Stream


class AtWork:
    """A stream that a thread keeps at work, as another process would."""

    def __init__(self, platform: DataPlatform, *streams: Stream, **given: float) -> None:
        self.platform, self.kept = platform, Kept()
        self.problem: Exception | None = None
        self.thread = threading.Thread(target=self._keep, args=(streams, given))
        self.thread.start()

    def _keep(self, streams: tuple[Stream, ...], given: dict[str, float]) -> None:
        try:
            self.kept = self.platform.streaming.keep(*streams, every=0, **given)
        except Exception as problem:
            self.problem = problem

    def ask(self, wish: Wish, stream: str = "seen") -> None:
        root, place = self.platform.lakehouse.root, self.platform.streaming.checkpoint(stream)
        steering.ask(root, place, wish)
        eventually(lambda: self.state(stream) == wish)

    def state(self, stream: str = "seen") -> Wish | None:
        return steering.state(self.platform.lakehouse.root, self.platform.streaming.checkpoint(stream))

    def alerts(self) -> list[str]:
        """What it has said to whoever watches the run."""
        events = read_events(self.platform.log.path)
        return [str(event.data["message"]) for event in events if event.kind == "alert"]

    def ended(self) -> Kept:
        """What it did, once it has ended by itself or was asked to stop."""
        self.thread.join(60)
        assert not self.thread.is_alive()
        if self.problem is not None:
            raise self.problem
        return self.kept


def eventually(holds: Callable[[], bool], patience: float = 30) -> None:
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)
