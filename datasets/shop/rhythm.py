"""In what rhythm each customer orders, from when and until when.

Owns the question which customers order on a given day. Must not know what a customer is called.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.catalogue import CURRENCIES
from datasets.shop.plan import Plan, generator

_RHYTHMS = (7, 14, 21, 30)
_RHYTHM_SHARES = (0.20, 0.35, 0.15, 0.30)
_LEAVING, _JOINING = 0.12, 0.15
_LATEST_JOIN, _EARLIEST_LEAVE, _LATEST_LEAVE = 80, 10, 86
_BUSINESS = 0.12
_UPDATED, _DELETED = 0.10, 0.01


@dataclass(frozen=True)
class Customers:
    """Each customer's rhythm, one array entry per customer.

    Attributes:
        joined: day of the first possible order; 0 for those who were there before.
        left: day from which there are no more orders; past the window for those who stay.
        rhythm: days between two visits, about.
        phase: day of the first visit.
        zest: share in the orders placed beyond the rhythm.
        country: position in `words.COUNTRIES`.
        currency: position in `CURRENCIES`.
    """

    joined: Numbers
    left: Numbers
    rhythm: Numbers
    phase: Numbers
    zest: Numbers
    business: Numbers
    country: Numbers
    currency: Numbers

    def ordering_on(self, day: int, orders: int, rng: np.random.Generator) -> Numbers:
        """Who places the orders of `day`: those whose visit is due, then others that are still customers."""
        active = (self.joined <= day) & (day < self.left)
        due = np.flatnonzero(active & self._visit_is_due(day))
        if len(due) >= orders:
            return rng.permutation(due)[:orders]
        share = np.cumsum(self.zest * active, dtype=np.float64)
        others = np.searchsorted(share, rng.random(orders - len(due)) * share[-1], side="right")
        return rng.permutation(np.concatenate([due, others]))

    def _visit_is_due(self, day: int) -> Numbers:
        """Whether the visit nearest to `day` falls on it; visits stray by up to a seventh of the rhythm."""
        visit = (day - self.phase + self.rhythm // 2) // self.rhythm
        stray = self.rhythm // 7
        noise = _mix(np.arange(len(visit), dtype=np.uint32) * np.uint32(97) + visit.astype(np.uint32))
        is_due: Numbers = self.phase + visit * self.rhythm + noise % (2 * stray + 1) - stray == day
        return is_due


def _mix(numbers: Numbers) -> Numbers:
    """Scatter 32-bit numbers, the same way on every machine."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        numbers = (numbers ^ (numbers >> np.uint32(shift))) * np.uint32(factor)
    return (numbers >> np.uint32(8)).astype(np.int32)


def make_customers(plan: Plan) -> Customers:
    """Draw every customer's rhythm."""
    rng, count = generator(plan.seed, 20), plan.customers
    fate = rng.random(count)
    leaving, joining = fate < _LEAVING, fate > 1 - _JOINING
    joined = np.where(joining, rng.integers(1, _LATEST_JOIN + 1, count), 0).astype(np.int32)
    left = np.where(leaving, rng.integers(_EARLIEST_LEAVE, _LATEST_LEAVE, count), calendar.DAYS + 1)
    rhythm = rng.choice(_RHYTHMS, count, p=_RHYTHM_SHARES).astype(np.int32)
    country = rng.choice(len(words.COUNTRIES), count, p=[entry[1] for entry in words.COUNTRIES])
    money = np.array([list(CURRENCIES).index(entry[2]) for entry in words.COUNTRIES])
    return Customers(
        joined,
        left.astype(np.int32),
        rhythm,
        (joined + rng.integers(0, rhythm)).astype(np.int32),
        (rng.lognormal(0, 0.8, count) / rhythm).astype(np.float32),
        rng.random(count) < _BUSINESS,
        country.astype(np.int8),
        money[country].astype(np.int8),
    )
