"""Where a process of streams is killed, and that all its streams have come there when it is.

The streams that call a batch function halt at a point of it; when the last has come, the process ends by SIGKILL, and its Java
with it, as when the machine takes them away: nothing is cleaned up.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn, get_args

import psutil

from toolkit.store.location import Location

Point = Literal["in a batch", "after the commit", "between two tables", "in the merge", "while stopping"]
POINTS: tuple[Point, ...] = get_args(Point)
Place = Literal["begun", "between", "merging", "written"]
"""Where a batch function is: nothing is written; one of two tables is; it merges next; all is."""
PATIENCE_SECONDS = 120.0
STOPPING_SECONDS = 0.2
LOOK_SECONDS = 0.005
_HALTS: dict[Point, dict[str, Place]] = {
    "in a batch": {},
    "after the commit": {},
    "between two tables": {"naive pair": "between", "once pair": "between"},
    "in the merge": {"merged": "merging"},
    "while stopping": {},
}
"""Streams that halt elsewhere than the others."""
_OTHERS: dict[Point, Place] = {"in a batch": "begun", "while stopping": "begun"}


def kill() -> NoReturn:
    """End this process, and Java before it, at once."""
    try:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    finally:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    raise AssertionError("It lives.")


class Halts:
    """The halts of one process.

    Args:
        point: where it is to be killed; None: nowhere.
        batches: that each stream does before.
        streams: how many call a batch function.
        table: that the merge writes to.
        mark: a file that is made when the process is killed.
    """

    def __init__(self, point: Point | None, batches: int, streams: int, table: Location, mark: Path) -> None:
        self.point, self.batches, self.table, self.mark = point, batches, table, mark
        self.stopping = threading.Event()
        self._begun: Counter[str] = Counter()
        self._all = threading.Barrier(streams, self._all_are_there)

    def at(self, stream: str, place: Place) -> None:
        """A batch function of a stream is at a place; it goes on, unless that is where the process is to be killed.

        Raises:
            TimeoutError: other streams have not come to where they are to be.
        """
        self._begun[stream] += place == "begun"
        if self.point is None or self._begun[stream] != self.batches + 1:
            return
        if _HALTS[self.point].get(stream, _OTHERS.get(self.point, "written")) != place:
            return
        try:
            self._all.wait(PATIENCE_SECONDS)
        except threading.BrokenBarrierError:
            raise TimeoutError(f"{stream} has waited for {PATIENCE_SECONDS:g} s for the others.") from None
        if self.point == "in the merge":
            self._merge_is_killed(place)

    def _all_are_there(self) -> None:
        if self.point == "while stopping":
            self.stopping.set()
        elif self.point != "in the merge":
            self._kill()

    def _kill(self) -> NoReturn:
        self.mark.touch()
        kill()

    def _merge_is_killed(self, place: Place) -> None:
        """The merge goes on, and is killed when its first file is there; the others do nothing more."""
        if place != "merging":
            threading.Event().wait()
        _in_background(self._kill_at_new_file)

    def _kill_at_new_file(self) -> NoReturn:
        """Once rows are written that no commit names."""
        before = _files(self.table)
        while _files(self.table) == before:
            time.sleep(LOOK_SECONDS)
        self._kill()

    def kill_soon(self) -> None:
        """In a moment, in which the streams are stopped."""
        _in_background(lambda: (time.sleep(STOPPING_SECONDS), self._kill()))


def _files(table: Location) -> set[str]:
    return {file.name for file in table.iterdir() if file.name.endswith(".parquet")}


def _in_background(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()
