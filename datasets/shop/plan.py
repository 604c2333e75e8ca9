"""How big a shop is, and which of its rows carry which defect.

Owns the numbers that the other modules work from. Must not write anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from datasets.shop import calendar
from datasets.shop.calendar import Numbers
from toolkit.datasets import Dataset, Value

PRODUCTS = 500
ORDERS_PER_CUSTOMER = 8
FEWEST_CUSTOMERS = 50
RETURNED = 0.04
LATE_DAY = 80
"""2026-06-20: part of its orders comes in the late file."""

CUSTOMER_DEFECTS = ("duplicate_customer", "bad_email", "mojibake_name", "missing_country")
ROW_DEFECTS = (
    "null_customer",
    "negative_quantity",
    "unknown_product",
    "future_date",
    "malformed_json",
    "currency_without_rate",
)

# Monday to Sunday
_WEEKDAYS = np.array([0.92, 0.90, 0.95, 1.00, 1.14, 1.25, 0.84])
_GROWTH = 0.10


def generator(seed: int, *stream: int) -> np.random.Generator:
    """Random numbers of their own for each `stream`, so that one part's draws never shift another's."""
    return np.random.default_rng([seed, *stream])


@dataclass(frozen=True)
class Plan:
    """A shop's sizes and, for each defect, the rows that carry it.

    Attributes:
        day_starts: number of the first order of each day, and at the end the number of orders.
        returns: how many orders come back.
    """

    seed: int
    customers: int
    products: int
    returns: int
    day_starts: Numbers
    planted: Mapping[str, Numbers]

    @property
    def orders(self) -> int:
        """Number of distinct orders."""
        return int(self.day_starts[-1])

    def on_day(self, defect: str, day: int) -> Numbers:
        """Positions, within `day`, of the orders that carry `defect`."""
        rows, start = self.planted[defect], self.day_starts[day]
        first, last = np.searchsorted(rows, [start, self.day_starts[day + 1]])
        within: Numbers = rows[first:last] - start
        return within


def make_plan(dataset: Dataset, parameters: Mapping[str, Value]) -> Plan:
    """The plan for these parameters; the numbers of defects come from the declaration."""
    orders, seed = int(parameters["orders"]), int(parameters["seed"])
    sizes = {
        "orders": orders,
        "customers": max(FEWEST_CUSTOMERS, orders // ORDERS_PER_CUSTOMER),
        "products": PRODUCTS,
        "returns": round(orders * RETURNED),
    }
    wanted = {defect.name: defect.planted(sizes) for defect in dataset.defects}
    starts = _day_starts(orders)
    planted = _order_defects(starts, wanted, generator(seed, 1))
    planted |= _disjoint(sizes["customers"], CUSTOMER_DEFECTS, wanted, generator(seed, 2))
    planted |= _disjoint(PRODUCTS, ("negative_price",), wanted, generator(seed, 3))
    planted["orphan_return"] = np.arange(wanted["orphan_return"])
    return Plan(seed, sizes["customers"], PRODUCTS, sizes["returns"], starts, planted)


def _day_starts(orders: int) -> Numbers:
    """Split the orders over the days: busy Saturdays, quiet Sundays, a little growth."""
    days = np.arange(calendar.DAYS)
    weekday = (days + calendar.FIRST_DAY.weekday()) % 7
    per_day = calendar.split_exactly(orders, _WEEKDAYS[weekday] * (1 + _GROWTH * days / calendar.DAYS))
    return np.concatenate([[0], np.cumsum(per_day)])


def _order_defects(starts: Numbers, wanted: Mapping[str, int], rng: np.random.Generator) -> dict[str, Numbers]:
    """Numbers for each defect of an order, no row twice.

    What is bound to certain days is drawn first: late orders to one day, orders that are sent again on the
    following day to any but the last.
    """
    free = np.ones(starts[-1], dtype=bool)
    late = _draw(free, wanted["late_file"], rng, starts[LATE_DAY], starts[LATE_DAY + 1])
    again = wanted["duplicate_order"]
    repeated = _draw(free, again // 2, rng, 0, starts[-2])
    changed = _draw(free, again - again // 2, rng, 0, starts[-1])
    found = {name: _draw(free, wanted[name], rng, 0, starts[-1]) for name in ROW_DEFECTS}
    return {"late_file": late, "repeated": repeated, "changed": changed, **found}


def _disjoint(
    rows: int, defects: Iterable[str], wanted: Mapping[str, int], rng: np.random.Generator
) -> dict[str, Numbers]:
    """Numbers for each of `defects` among `rows`, no row twice."""
    free = np.ones(rows, dtype=bool)
    return {name: _draw(free, wanted[name], rng, 0, rows) for name in defects}


def _draw(free: Numbers, count: int, rng: np.random.Generator, first: int, last: int) -> Numbers:
    """Take `count` of the rows from `first` up to `last` that are still free."""
    candidates = np.flatnonzero(free[first:last]) + first
    chosen = np.sort(rng.choice(candidates, count, replace=False))
    free[chosen] = False
    return chosen
