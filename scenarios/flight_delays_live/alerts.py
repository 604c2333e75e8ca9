"""An alert where delays last: state of each airport, kept by Spark from batch to batch.

Its own module, since Spark's Python workers load it by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

ALERT = "origin STRING, since TIMESTAMP, until TIMESTAMP, windows INT, worst DOUBLE"
_RUN = "since TIMESTAMP, windows INT, worst DOUBLE"


class LastingDelays(StatefulProcessor):
    """Tells once of each run of windows above a threshold, when it has become long enough.

    Args:
        threshold: minutes of mean delay.
        windows: in a row.
    """

    def __init__(self, threshold: float, windows: int) -> None:
        self.threshold, self.windows = threshold, windows

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
            since, count, worst = self.run.get() if self.run.exists() else (window.window_start, 0, window.mean_delay)
            count, worst = count + 1, max(worst, window.mean_delay)
            self.run.update((since, count, worst))
            if count == self.windows:
                yield Row(origin=key[0], since=since, until=window.window_end, windows=count, worst=worst)

    def close(self) -> None:
        """Nothing is open."""
