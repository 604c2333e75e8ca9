"""What comes back.

Owns returns.json.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.customers import padded
from datasets.shop.orders import DELIVERED, Day, json_lines
from datasets.shop.plan import LATE_DAY, Plan, generator
from toolkit.datasets import Landing

_NO_SUCH_ORDER = 99_000_000
_SLOWEST_DAYS = 21
_PARTIAL = 0.25


class Returns:
    """Collects the returns of each day's orders, to be written at the end."""

    def __init__(self, plan: Plan, landing: Landing) -> None:
        """The returns are shared out over the days by their number of orders."""
        self.plan = plan
        self.landing = landing
        self._orders: list[Numbers] = []
        self._instants: list[Numbers] = []
        # orders of the last days have no time to come back
        ends = plan.day_starts[1 : LATE_DAY + 1] / plan.day_starts[LATE_DAY] * plan.returns
        self._due = np.rint(ends).astype(np.int64)
        self._drawn = 0

    def draw(self, day: Day) -> None:
        """Let some of the day's sound, delivered orders come back; the next day makes up for a thin one."""
        if day.number >= LATE_DAY:
            return
        rng = generator(self.plan.seed, 60, day.number)
        could = np.flatnonzero(day.sound() & (day.status == DELIVERED))
        count = min(len(could), int(self._due[day.number]) - self._drawn)
        rows = np.sort(rng.choice(could, count, replace=False))
        days_left = min(_SLOWEST_DAYS, calendar.DAYS - 1 - day.number)
        after = rng.integers(calendar.DAY_SECONDS, days_left * calendar.DAY_SECONDS, count)
        self._orders.append(day.first_order + 1 + rows)
        self._instants.append(day.ordered[rows] + after)
        self._drawn += count

    def write(self) -> None:
        """Write returns.json by time, the orphans among the others."""
        rng = generator(self.plan.seed, 61)
        orphans = len(self.plan.planted["orphan_return"])
        orders = np.concatenate([*self._orders, _NO_SUCH_ORDER + np.arange(orphans)])
        strays = rng.integers(calendar.midnight(1), calendar.midnight(calendar.DAYS), orphans)
        instants = np.concatenate([*self._instants, strays])
        by_time = np.argsort(instants, kind="stable")
        frame = self._frame(orders[by_time], instants[by_time], rng)
        self.landing.path("returns.json").write_bytes(json_lines(frame))
        self.landing.wrote("returns.json", frame.height)
        places = np.flatnonzero(orders[by_time] >= _NO_SUCH_ORDER).tolist()
        self.landing.plant("orphan_return", "returns.json", ((at + 1, frame["return_id"][at]) for at in places))

    def _frame(self, orders: Numbers, instants: Numbers, rng: np.random.Generator) -> pl.DataFrame:
        """The rows of the file."""
        count = len(orders)
        shares = np.where(rng.random(count) < _PARTIAL, rng.integers(10, 100, count) / 100, 1.0)
        return pl.DataFrame(
            {
                "return_id": padded("R", np.arange(1, count + 1), 7),
                "order_id": padded("O", orders, 8),
                "returned_at": calendar.iso(instants),
                "reason": pl.Series(words.REASONS).gather(rng.integers(0, len(words.REASONS), count)),
                "refund_share": shares,
            }
        )
