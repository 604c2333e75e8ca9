"""An alert where delays last: state of each airport, kept by Spark from batch to batch.

Its own module, since Spark's Python workers load it by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

ALERT = "origin STRING, since TIMESTAMP, until TIMESTAMP, windows INT, worst DOUBLE"
_RUN = "since LONG, windows INT, worst DOUBLE, newest LONG"
"""Moments as seconds since 1970: as they are put into the state and taken out of it, zones get lost."""


class LastingDelays(StatefulProcessor):
    """Tells once of each run of windows above a threshold, when it has become long enough.

    Args:
        threshold: minutes of mean delay.
        windows: in a row.
        every: seconds from one window to the next; a window without flights, as at night, ends a run.
    """

    def __init__(self, threshold: float, windows: int, every: int) -> None:
        self.threshold, self.windows, self.every = threshold, windows, every

    def init(self, handle: StatefulProcessorHandle) -> None:
        """The run that an airport is in."""
        self.run = handle.getValueState("run", _RUN)

    def handleInputRows(self, key: Any, rows: Iterator[Row], timerValues: Any) -> Iterator[Row]:  # noqa: N802, N803 - Spark's names
        """The closed windows of one airport in one batch, in any order; those of later batches are later."""
        del timerValues
        for window in sorted(rows, key=lambda row: row.window_start):
            if window.mean_delay <= self.threshold:
                self.run.clear()
                continue
            start, delay = int(window.window_start.timestamp()), window.mean_delay
            since, count, worst, newest = self.run.get() if self.run.exists() else (start, 0, delay, start)
            if count and start != newest + self.every:
                since, count, worst = start, 0, delay
            count, worst = count + 1, max(worst, delay)
            self.run.update((since, count, worst, start))
            if count == self.windows:
                begun = datetime.fromtimestamp(since, UTC)
                yield Row(origin=key[0], since=begun, until=window.window_end, windows=count, worst=worst)

    def close(self) -> None:
        """Nothing is open."""
