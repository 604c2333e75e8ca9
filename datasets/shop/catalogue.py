"""What the shop sells, at which price, in which currency, and what it has in stock.

Owns products.csv, exchange_rates.csv and inventory_snapshots.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.plan import Plan, generator
from toolkit.datasets import Landing

# EUR for one unit on the first day
CURRENCIES = {"EUR": 1.0, "USD": 0.92, "GBP": 1.17, "CHF": 1.04, "SEK": 0.088, "PLN": 0.234, "JPY": 0.0061}
WITHOUT_RATE = "ISK"
_ISK_IN_EUR = 0.0067
_RATES_START = -9
"""2026-03-23: rates begin before the orders, so that each order finds one at or before its date."""
_WAREHOUSES = ("north", "centre", "south")
_FRIDAY, _SUNDAY = 4, 6


@dataclass(frozen=True)
class Catalogue:
    """What an order needs to know of the products and rates.

    Attributes:
        product_ids: by product number; behind them as many that products.csv does not have.
        cents: price in EUR cents, by the same number.
        cumulative: running share of each product in what is bought.
        rates: EUR for one unit, by day and currency; the last currency has no published rate.
    """

    product_ids: pl.Series
    cents: Numbers
    cumulative: Numbers
    rates: Numbers


def write_catalogue(plan: Plan, landing: Landing) -> Catalogue:
    """Write the three files and return what orders are made from."""
    cents = _write_products(plan, landing)
    rates = _write_rates(plan, landing)
    _write_inventory(plan, landing)
    unknown = [f"P{90_000 + number * 7}" for number in range(plan.products)]
    return Catalogue(pl.Series(_ids(plan) + unknown), np.concatenate([cents, cents]), _popularity(plan), rates)


def _ids(plan: Plan) -> list[str]:
    """The id of each product."""
    return [f"P{number:05}" for number in range(1, plan.products + 1)]


def _write_products(plan: Plan, landing: Landing) -> Numbers:
    """Write products.csv; returns the true prices in cents."""
    rng = generator(plan.seed, 10)
    kinds = rng.integers(0, len(words.CATEGORIES), plan.products)
    rows = [_product(number, words.CATEGORIES[kind], rng) for number, kind in enumerate(kinds, start=1)]
    cents = np.array([row.pop("cents") for row in rows])
    negative = plan.planted["negative_price"]
    shown = cents.copy()
    shown[negative] *= -1
    frame = pl.DataFrame(rows).with_columns(unit_price=pl.Series(shown / 100))
    updated = calendar.midnight(0) - rng.integers(3600, 300 * calendar.DAY_SECONDS, plan.products)
    write_csv(landing, "products.csv", frame.with_columns(updated_at=calendar.iso(updated)))
    ids = _ids(plan)
    landing.plant("negative_price", "products.csv", ((at + 2, ids[at]) for at in negative.tolist()))
    return cents


def _product(number: int, kind: tuple[Any, ...], rng: np.random.Generator) -> dict[str, Any]:
    """One product of a category."""
    category, low, high, adjectives, nouns, tags = kind
    chosen = rng.permutation(len(tags))[: rng.integers(1, len(tags) + 1)]
    return {
        "product_id": f"P{number:05}",
        "name": f"{rng.choice(adjectives)} {rng.choice(nouns)} {rng.integers(10, 100)}",
        "category": category,
        "tags": "|".join(tags[at] for at in sorted(chosen)),
        "cents": int(np.exp(rng.uniform(np.log(low), np.log(high))) * 20) * 5,
    }


def _popularity(plan: Plan) -> Numbers:
    """Few products sell often, most seldom; those with a negative price never: no order suffers from it."""
    ranks = generator(plan.seed, 11).permutation(plan.products) + 5
    shares = ranks**-0.8
    shares[plan.planted["negative_price"]] = 0
    running = np.cumsum(shares)
    # the last is exactly 1, so that no draw lies above it
    cumulative: Numbers = running / running[-1]
    return cumulative


def _write_rates(plan: Plan, landing: Landing) -> Numbers:
    """Write exchange_rates.csv for working days; returns the rate that holds on each day of the window."""
    days = np.arange(_RATES_START, calendar.DAYS)
    walk = generator(plan.seed, 12).normal(0, 0.003, (len(days), len(CURRENCIES)))
    walk[:, 0] = 0
    rates = np.round(np.array(list(CURRENCIES.values())) * np.exp(np.cumsum(walk, axis=0)), 6)
    weekday = (days + calendar.FIRST_DAY.weekday()) % 7
    working = weekday <= _FRIDAY
    held = rates[np.arange(len(days)) - np.maximum(weekday - _FRIDAY, 0)]
    frame = pl.DataFrame(
        {
            "rate_date": calendar.iso_dates(np.repeat(days[working], len(CURRENCIES))),
            "currency": list(CURRENCIES) * int(working.sum()),
            "rate_to_eur": rates[working].ravel(),
        }
    )
    write_csv(landing, "exchange_rates.csv", frame)
    return np.column_stack([held[-calendar.DAYS :], np.full(calendar.DAYS, _ISK_IN_EUR)])


def _write_inventory(plan: Plan, landing: Landing) -> None:
    """Write inventory_snapshots.csv: each Sunday, each product, each warehouse."""
    days = np.array([day for day in range(calendar.DAYS) if calendar.day_of(day).weekday() == _SUNDAY])
    each = plan.products * len(_WAREHOUSES)
    stock = generator(plan.seed, 13).negative_binomial(2, 0.02, len(days) * each)
    frame = pl.DataFrame(
        {
            "snapshot_date": calendar.iso_dates(np.repeat(days, each)),
            "product_id": np.tile(np.repeat(_ids(plan), len(_WAREHOUSES)), len(days)),
            "warehouse": list(_WAREHOUSES) * (plan.products * len(days)),
            "quantity_on_hand": stock,
        }
    )
    write_csv(landing, "inventory_snapshots.csv", frame)


def write_csv(landing: Landing, file: str, frame: pl.DataFrame) -> None:
    """Write a whole CSV file."""
    landing.path(file).write_bytes(frame.write_csv().encode())
    landing.wrote(file, frame.height)
