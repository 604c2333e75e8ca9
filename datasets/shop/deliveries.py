"""In which files, and how often, the orders arrive.

Owns the daily order files: what is sent again, what is cut off, what comes late, and on which line each of
them lies.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from datasets.shop import calendar
from datasets.shop.calendar import Numbers
from datasets.shop.orders import DELIVERED, PLACED, SHIPPED, STATUSES, Day, json_lines
from datasets.shop.plan import ROW_DEFECTS, Plan, generator
from toolkit.datasets import Landing

LATE_FILE = f"orders/{calendar.LAST_DAY}-late.json"
_NEWLINE = ord("\n")
_SAME_FILE = 0.5
_SHIPPED_FIRST = 0.5
# seconds from one state of an order to the next
_SOONEST, _LATEST_SAME_FILE, _LATEST_NEXT_FILE = 1_800, 7_200, 72_000


class Deliveries:
    """Writes one file per day; what the next file has to repeat is kept until then."""

    def __init__(self, plan: Plan, landing: Landing) -> None:
        """Nothing is there to be repeated on the first day."""
        self.plan = plan
        self.landing = landing
        self._changed: list[pl.DataFrame] = []
        self._repeated: list[bytes] = []

    def send(self, day: Day, frame: pl.DataFrame) -> None:
        """Write the file of `day`: its orders, then those sent again; on one day the late file too."""
        late = day.spoilt["late_file"]
        if len(late):
            self._send_late(frame[late.tolist()])
        in_time = np.ones(day.count, dtype=bool)
        in_time[late] = False
        lines = np.cumsum(in_time)
        file = f"orders/{calendar.day_of(day.number)}.json"
        same_file, next_file = self._sent_again(day, frame)
        rows = pl.concat([frame.filter(pl.Series(in_time)), *self._changed, same_file])
        written = _Lines(json_lines(rows))
        self._write(file, written, lines[day.spoilt["malformed_json"]])
        self.landing.wrote(file, rows.height + len(self._repeated))
        self._record(file, day, frame["order_id"], lines)
        self._repeated = [written.line(int(line)) for line in lines[day.spoilt["repeated"]]]
        self._changed = [next_file]

    def _send_late(self, frame: pl.DataFrame) -> None:
        """Write the late file."""
        self.landing.path(LATE_FILE).write_bytes(json_lines(frame))
        self.landing.wrote(LATE_FILE, frame.height)
        self.landing.plant("late_file", LATE_FILE, enumerate(frame["order_id"], start=1))

    def _sent_again(self, day: Day, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Orders with a newer status: those for this file, and those for the next day's."""
        rng = generator(self.plan.seed, 50, day.number)
        changed = day.spoilt["changed"]
        is_last_day = day.number == calendar.DAYS - 1
        now = (rng.random(len(changed)) < _SAME_FILE) | is_last_day
        delay = rng.integers(_SOONEST, np.where(now, _LATEST_SAME_FILE, _LATEST_NEXT_FILE))
        ships = (day.status[changed] == PLACED) & (rng.random(len(changed)) < _SHIPPED_FIRST)
        newer = frame[changed.tolist()].with_columns(
            status=pl.Series(STATUSES).gather(np.where(ships, SHIPPED, DELIVERED)),
            updated_at=calendar.iso(day.updated[changed] + delay),
        )
        return newer.filter(pl.Series(now)), newer.filter(pl.Series(~now))

    def _write(self, file: str, written: _Lines, cut: Numbers) -> None:
        """Write all lines, those numbered in `cut` only in part, then yesterday's repeated ones."""
        with self.landing.path(file).open("wb") as stream:
            stream.writelines(written.with_cuts(cut.tolist()))
            stream.writelines(self._repeated)

    def _record(self, file: str, day: Day, ids: pl.Series, lines: Numbers) -> None:
        """Enter the day's defects into the answer key."""
        superseded = np.union1d(day.spoilt["changed"], day.spoilt["repeated"])
        for defect, rows in [
            ("duplicate_order", superseded),
            *((name, day.spoilt[name]) for name in ROW_DEFECTS),
        ]:
            self.landing.plant(defect, file, zip(lines[rows].tolist(), ids[rows.tolist()], strict=True))


class _Lines:
    """A file's bytes, addressed by line number; the first line is 1."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == _NEWLINE) + 1
        self._starts = np.concatenate([[0], ends])

    def line(self, number: int) -> bytes:
        """One line, with its line end."""
        return self.content[self._starts[number - 1] : self._starts[number]]

    def with_cuts(self, numbers: list[int]) -> list[bytes | memoryview]:
        """The whole content in pieces, with the lines of these numbers cut in half."""
        pieces: list[bytes | memoryview] = []
        done = 0
        for number in numbers:
            pieces.append(memoryview(self.content)[done : self._starts[number - 1]])
            pieces.append(_half(self.line(number)))
            done = int(self._starts[number])
        return [*pieces, memoryview(self.content)[done:]]


def _half(line: bytes) -> bytes:
    """The first half of a line: an object that never ends, so no parser takes it."""
    # a letter of several bytes may lie on the cut
    return line[: len(line) // 2].decode("utf-8", "ignore").encode() + b"\n"
