"""Carts that were left: the clicks of each customer, kept by Spark until their session is over.

Its own module, since Spark's Python workers load it by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import Row
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

CART = "customer_id STRING, session_start TIMESTAMP, left_at TIMESTAMP, products INT"
_CLICK = "at LONG, stage STRING, product_id STRING"
"""Moments as microseconds since 1970: as they are put into the state and taken out of it, zones get lost."""
Kept = tuple[int, str, str | None]


class AbandonedCarts(StatefulProcessor):
    """Tells of a session that has filled a cart and bought nothing, when it is over.

    Clicks come in any order, so nothing is decided until the watermark has passed the end of a session: a timer rings then.

    Args:
        gap: seconds without a click that end a session.
    """

    def __init__(self, gap: int) -> None:
        self.gap = gap * 1_000_000

    def init(self, handle: StatefulProcessorHandle) -> None:
        """The clicks of sessions that are not over."""
        self.handle = handle
        self.clicks = handle.getListState("clicks", _CLICK)

    def handleInputRows(self, key: Any, rows: Iterator[Row], timerValues: Any) -> Iterator[Row]:  # noqa: N802, N803 - Spark's names
        """Keep the clicks of one customer, and ask to be called when the newest is old enough."""
        del key, timerValues
        some = [(int(row.at.timestamp() * 1_000_000 + 0.5), row.stage, row.product_id) for row in rows]
        self.clicks.appendList(some)
        self._wake(some)
        return iter(())

    def handleExpiredTimer(self, key: Any, timerValues: Any, expiredTimerInfo: Any) -> Iterator[Row]:  # noqa: N802, N803
        """Decide on the sessions that are over, and keep the clicks of the others."""
        del expiredTimerInfo
        watermark = timerValues.getCurrentWatermarkInMs() * 1000
        left: list[Kept] = []
        for session in split(self.clicks.get(), self.gap):
            if session[-1][0] + self.gap > watermark:
                left += session
                continue
            stages = {stage for _, stage, _ in session}
            if "cart" in stages and "purchase" not in stages:
                products = {product for _, stage, product in session if stage == "cart"}
                yield Row(
                    customer_id=key[0],
                    session_start=_moment(session[0][0]),
                    left_at=_moment(session[-1][0]),
                    products=len(products),
                )
        if left:
            self.clicks.put(left)
            self._wake(left)
        else:
            self.clicks.clear()

    def _wake(self, some: Iterable[Kept]) -> None:
        for session in split(some, self.gap):
            self.handle.registerTimer((session[-1][0] + self.gap) // 1000 + 1)

    def close(self) -> None:
        """Nothing is open."""


def split(clicks: Iterable[Any], gap: int) -> list[list[Kept]]:
    """Clicks in sessions: a new one begins when there was none for the gap."""
    found: list[list[Kept]] = []
    for at, stage, product in sorted(((c[0], c[1], c[2]) for c in clicks), key=lambda one: one[0]):
        if not found or at >= found[-1][-1][0] + gap:
            found.append([])
        found[-1].append((at, stage, product))
    return found


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
