"""What is ordered on one day.

Owns the drawing of a day's orders, defects included, as arrays, and their shape as JSON lines. Must not
write files: see `deliveries`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.catalogue import CURRENCIES, WITHOUT_RATE, Catalogue
from datasets.shop.customers import customer_ids, padded
from datasets.shop.plan import ROW_DEFECTS, Plan, generator
from datasets.shop.rhythm import Customers

STATUSES = ("placed", "shipped", "delivered", "cancelled")
PLACED, SHIPPED, DELIVERED, CANCELLED = range(4)
CHANNELS = ("web", "store", "app")
STORE = 1
METHODS = ("card", "wallet", "bank_transfer", "invoice", "cash")
CARD, CASH = 0, 4
MOST_ITEMS = 5

_STATUS_SHARES = (0.08, 0.14, 0.72, 0.06)
_CHANNEL_SHARES = (0.52, 0.20, 0.28)
_METHOD_SHARES = (0.55, 0.20, 0.12, 0.06, 0.07)
_ITEMS_SHARES = (0.36, 0.29, 0.18, 0.11, 0.06)
_INSTALLMENTS, _INSTALLMENTS_SHARES = (1, 3, 6, 12), (0.86, 0.08, 0.04, 0.02)
_MESSY = 0.03
_WITHOUT_NOTE = 0.7
_HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 14, 15, 14, 12, 11, 12, 14, 17, 19, 18, 13, 7, 3])


@dataclass
class Day:
    """The orders placed on one day, in the order of their times; one array entry per order.

    Attributes:
        spoilt: for each defect, the positions that carry it.
        items: number of items of each order; `product`, `quantity` and `cents` hold them, order by order.
        cents: price of one piece, in hundredths of the order's currency.
    """

    number: int
    first_order: int
    spoilt: dict[str, Numbers]
    customer: Numbers
    ordered: Numbers
    updated: Numbers
    status: Numbers
    channel: Numbers
    currency: Numbers
    method: Numbers
    items: Numbers
    product: Numbers
    quantity: Numbers
    cents: Numbers

    @property
    def count(self) -> int:
        """Number of orders."""
        return len(self.customer)

    @property
    def first_item(self) -> Numbers:
        """Position of each order's first item among all items."""
        return np.cumsum(self.items) - self.items

    def sound(self) -> Numbers:
        """Which orders carry no defect."""
        free = np.ones(self.count, dtype=bool)
        for rows in self.spoilt.values():
            free[rows] = False
        return free


def draw_day(plan: Plan, customers: Customers, catalogue: Catalogue, number: int) -> Day:
    """Draw the orders of day `number`, with its share of the planted defects."""
    rng = generator(plan.seed, 40, number)
    first, last = (int(row) for row in plan.day_starts[number : number + 2])
    count = last - first
    customer = customers.ordering_on(number, count, rng)
    channel = rng.choice(len(CHANNELS), count, p=_CHANNEL_SHARES)
    method = rng.choice(len(METHODS), count, p=_METHOD_SHARES)
    # notes and coins are for the store
    method[(method == CASH) & (channel != STORE)] = CARD
    ordered = _times(number, count, rng)
    items = rng.choice(np.arange(1, MOST_ITEMS + 1), count, p=_ITEMS_SHARES)
    spoilt = {name: plan.on_day(name, number) for name in ("late_file", "repeated", "changed", *ROW_DEFECTS)}
    # one item has to stay sound
    items[spoilt["negative_quantity"]] = np.maximum(items[spoilt["negative_quantity"]], 2)
    day = Day(
        number,
        first,
        spoilt,
        customer,
        ordered,
        ordered + rng.integers(60, 3 * 3600, count),
        rng.choice(len(STATUSES), count, p=_STATUS_SHARES),
        channel,
        customers.currency[customer].astype(np.int64),
        method,
        items,
        np.searchsorted(catalogue.cumulative, rng.random(items.sum()), side="right"),
        rng.choice((1, 2, 3, 4), items.sum(), p=(0.68, 0.2, 0.08, 0.04)),
        np.empty(0),
    )
    _spoil(day, plan, rng)
    _price(day, catalogue)
    _turn_negative(day, rng)
    return day


def _times(day: int, count: int, rng: np.random.Generator) -> Numbers:
    """Instants within the day, ascending, by the hours at which people shop."""
    hours = rng.choice(24, count, p=_HOURS / _HOURS.sum())
    return np.sort(calendar.midnight(day) + hours * 3600 + rng.integers(0, 3600, count))


def _spoil(day: Day, plan: Plan, rng: np.random.Generator) -> None:
    """Plant what concerns single fields."""
    day.customer[day.spoilt["null_customer"]] = -1
    day.currency[day.spoilt["currency_without_rate"]] = len(CURRENCIES)
    day.product[day.first_item[day.spoilt["unknown_product"]]] += plan.products
    day.status[day.spoilt["changed"]] = rng.choice((PLACED, SHIPPED), len(day.spoilt["changed"]))
    future = day.spoilt["future_date"]
    day.ordered[future] += rng.integers(1, 5, len(future)) * 365 * calendar.DAY_SECONDS
    day.updated[future] = day.ordered[future]


def _price(day: Day, catalogue: Catalogue) -> None:
    """Price each item in its order's currency."""
    rate = np.repeat(catalogue.rates[day.number][day.currency], day.items)
    day.cents = np.rint(catalogue.cents[day.product] / rate).astype(np.int64)


def _turn_negative(day: Day, rng: np.random.Generator) -> None:
    """Give the cheaper of the first two items a quantity of 0 or -1, so that the amount stays above zero."""
    first = day.first_item[day.spoilt["negative_quantity"]]
    cheaper = first + (day.cents[first] > day.cents[first + 1])
    day.quantity[cheaper] = -rng.integers(0, 2, len(first))
    other = 2 * first + 1 - cheaper
    day.quantity[other] = np.maximum(day.quantity[other], 2)


def day_frame(day: Day, plan: Plan, catalogue: Catalogue) -> pl.DataFrame:
    """The day's orders, one row each, as they are sent."""
    rng = generator(plan.seed, 41, day.number)
    amounts = np.add.reduceat(day.quantity * day.cents, day.first_item)
    notes = rng.integers(0, len(words.NOTES), day.count)
    return pl.DataFrame(
        {
            "order_id": padded("O", day.first_order + 1 + np.arange(day.count), 8),
            "customer_id": customer_ids(day.customer).set(pl.Series(day.customer < 0), None),
            "ordered_at": calendar.iso(day.ordered),
            "status": _as_typed(STATUSES, day.status, rng),
            "updated_at": calendar.iso(day.updated),
            "channel": _as_typed(CHANNELS, day.channel, rng),
            "currency": pl.Series([*CURRENCIES, WITHOUT_RATE]).gather(day.currency),
            "payment": _payments(day.method, amounts, rng),
            "items": _items(day, catalogue),
            "note": pl.Series(words.NOTES).gather(notes).set(pl.Series(rng.random(day.count) < _WITHOUT_NOTE), None),
        }
    )


def _as_typed(names: tuple[str, ...], codes: Numbers, rng: np.random.Generator) -> pl.Series:
    """The names of `codes`, some with stray spaces or capitals, which cleaning removes: no defect."""
    spellings = [
        *names,
        *(f" {name}" for name in names),
        *(f"{name}  " for name in names),
        *map(str.upper, names),
    ]
    messy = rng.random(len(codes)) < _MESSY
    variant = np.where(messy, rng.integers(1, 4, len(codes)), 0)
    return pl.Series(spellings).gather(variant * len(names) + codes)


def _payments(method: Numbers, amounts: Numbers, rng: np.random.Generator) -> pl.Series:
    """How each order was paid."""
    by_card = pl.Series(method == CARD)
    digits = pl.Series(rng.integers(0, 10_000, len(method))).cast(pl.String).str.zfill(4)
    installments = np.where(by_card, rng.choice(_INSTALLMENTS, len(method), p=_INSTALLMENTS_SHARES), 1)
    return pl.DataFrame(
        {
            "method": pl.Series(METHODS).gather(method),
            "card_last4": digits.set(~by_card, None),
            "amount": amounts / 100,
            "installments": installments,
        }
    ).to_struct()


def _items(day: Day, catalogue: Catalogue) -> pl.Series:
    """Each order's items as a list."""
    flat = pl.DataFrame(
        {
            "product_id": catalogue.product_ids.gather(day.product),
            "quantity": day.quantity,
            "unit_price": day.cents / 100,
        }
    )
    ends = pa.array(np.concatenate([[0], np.cumsum(day.items)]))
    listed = pa.LargeListArray.from_arrays(ends, flat.to_struct().to_arrow())
    return pl.Series(listed)


def json_lines(frame: pl.DataFrame) -> bytes:
    """`frame` as JSON lines."""
    buffer = io.BytesIO()
    frame.write_ndjson(buffer)
    return buffer.getvalue()
