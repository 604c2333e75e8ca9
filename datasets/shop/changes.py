"""What becomes of the customers: they move, take another name, become businesses or consumers, or are deleted.

Owns customer_changes.csv.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from datasets.shop import calendar, words
from datasets.shop.calendar import Numbers
from datasets.shop.catalogue import write_csv
from datasets.shop.customers import address, customer_ids, padded
from datasets.shop.plan import CUSTOMER_DEFECTS, Plan, generator
from datasets.shop.rhythm import Customers
from toolkit.datasets import Landing

FIELDS = ["first_name", "last_name", "street", "city", "postcode", "country"]
_UPDATED, _DELETED = 0.10, 0.01
_UPDATES_EACH, _UPDATES_SHARES = (1, 2, 3), (0.75, 0.20, 0.05)
_RENAMED, _OF_OTHER_SEGMENT = 0.2, 0.25
SEGMENTS = ("consumer", "business")
_OUT_OF_ORDER = 7 * calendar.DAY_SECONDS


@dataclass(frozen=True)
class Changing:
    """Numbers of the customers that change; one may be both updated and, later, deleted."""

    updated: Numbers
    deleted: Numbers

    @property
    def all(self) -> Numbers:
        """Each of them once, ascending."""
        return np.union1d(self.updated, self.deleted)


def choose_changing(plan: Plan, customers: Customers) -> Changing:
    """Choose among the customers without a defect; only one who has stopped ordering is ever deleted."""
    rng = generator(plan.seed, 30)
    sound = np.ones(plan.customers, dtype=bool)
    for defect in CUSTOMER_DEFECTS:
        sound[plan.planted[defect]] = False
    updated = rng.choice(np.flatnonzero(sound), round(plan.customers * _UPDATED), replace=False)
    gone = np.flatnonzero(sound & (customers.left < calendar.DAYS))
    deleted = rng.choice(gone, min(len(gone), max(1, round(plan.customers * _DELETED))), replace=False)
    return Changing(updated, deleted)


def write_changes(plan: Plan, customers: Customers, changing: Changing, before: pl.DataFrame, landing: Landing) -> None:
    """Write customer_changes.csv, each line up to a week away from its place."""
    rng = generator(plan.seed, 31)
    changes = _in_order(customers, changing, rng)
    changes = _with_images(changes, customers, before, rng)
    changes = _with_segments(changes, before, generator(plan.seed, 32))
    delay = rng.integers(0, _OUT_OF_ORDER, changes.height)
    arrival = np.argsort(changes["at"].to_numpy() + delay, kind="stable")
    shuffled = changes[arrival.tolist()].select(
        change_id=padded("H", np.arange(1, changes.height + 1), 7),
        customer_id="customer_id",
        operation="operation",
        **{name: name for name in FIELDS},
        segment="segment",
        changed_at=calendar.iso(changes["at"].to_numpy()[arrival]),
        sequence="sequence",
    )
    write_csv(landing, "customer_changes.csv", shuffled)


def _in_order(customers: Customers, changing: Changing, rng: np.random.Generator) -> pl.DataFrame:
    """Who changes when, oldest first, with `sequence` from 1; a delete comes after the customer's updates."""
    who = np.repeat(changing.updated, rng.choice(_UPDATES_EACH, len(changing.updated), p=_UPDATES_SHARES))
    last = np.minimum(customers.left[who], calendar.DAYS)
    updated_at = _between(customers.joined[who], last, rng)
    deleted_at = _between(customers.left[changing.deleted], np.full(len(changing.deleted), calendar.DAYS), rng)
    frame = pl.DataFrame(
        {
            "customer": np.concatenate([who, changing.deleted]),
            "at": np.concatenate([updated_at, deleted_at]),
            "operation": ["update"] * len(who) + ["delete"] * len(changing.deleted),
        }
    )
    return frame.sort("at", "customer", maintain_order=True).with_row_index("sequence", offset=1)


def _between(first_day: Numbers, end_day: Numbers, rng: np.random.Generator) -> Numbers:
    """Instants from the start of one day up to that of another."""
    start, end = calendar.midnight(first_day.astype(np.int64)), calendar.midnight(end_day.astype(np.int64))
    instants: Numbers = rng.integers(start, end)
    return instants


def _with_images(
    changes: pl.DataFrame, customers: Customers, before: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Add all fields as each update leaves them; what it does not touch is as the change before left it."""
    renamed = rng.random(changes.height) < _RENAMED
    numbers = changes["customer"].to_numpy()
    touched = changes.with_columns(
        customer_id=customer_ids(numbers),
        first_name=pl.lit(None, pl.String),
        last_name=pl.Series(words.LAST_NAMES).gather(rng.integers(0, len(words.LAST_NAMES), len(numbers))),
        renamed=pl.Series(renamed),
        **address(customers.country[numbers], rng),
    )
    touched = touched.with_columns(
        pl.when("renamed").then("last_name").alias("last_name"),
        *(pl.when(~pl.col("renamed")).then(name).alias(name) for name in FIELDS[2:]),
    )
    earlier = before.select("customer_id", *FIELDS)
    known = touched.join(earlier, "customer_id", "left", suffix="_before", maintain_order="left")
    kept = [pl.col(n).forward_fill().over("customer_id").fill_null(pl.col(f"{n}_before")).alias(n) for n in FIELDS]
    is_update = pl.col("operation") == "update"
    return known.with_columns(kept).with_columns(pl.when(is_update).then(name).alias(name) for name in FIELDS)


def _with_segments(changes: pl.DataFrame, before: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Add the segment as each update leaves it: some make a consumer of a business, or the other way round."""
    earlier = before.select("customer_id", pl.col("segment").eq(SEGMENTS[1]).cast(pl.Int64).alias("_was"))
    turned = changes.with_columns(_turned=pl.Series(rng.random(changes.height) < _OF_OTHER_SEGMENT).cast(pl.Int64))
    turns = pl.col("_turned").cum_sum().over("customer_id") + pl.col("_was")
    known = turned.join(earlier, "customer_id", "left", maintain_order="left")
    is_now = pl.when(turns % 2 == 1).then(pl.lit(SEGMENTS[1])).otherwise(pl.lit(SEGMENTS[0]))
    return known.with_columns(segment=pl.when(pl.col("operation") == "update").then(is_now))
