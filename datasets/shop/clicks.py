"""Clicks on the shop's pages: what led to each order, and visits that led to none. Made of the landed orders; not a file.

The time of a click is that of the customer's device, and it comes as it comes: neighbours in any order, some twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

STAGES = ("visit", "product", "cart", "checkout", "purchase")
"""How far a visit can come, in order."""
WITHOUT_ORDER = 0.6
"""Of so many orders' customers there is one more visit, within the days around, that ends before a purchase."""
UNPAID = 0.08
"""Of so many checkouts no payment comes: the click says purchase, and the bank says nothing."""
TWICE, SHUFFLED = 40, 8
"""One click of so many is sent twice; as many neighbours come in any order."""


@dataclass(frozen=True)
class Click:
    """One click.

    Attributes:
        click_id: names it; one that is sent twice has the same.
        customer_id: who.
        at: when; UTC.
        stage: one of `STAGES`.
        product_id: of a product that was looked at or put into the cart.
        order_id: of a checkout or a purchase.
    """

    click_id: str
    customer_id: str
    at: datetime
    stage: str
    product_id: str | None = None
    order_id: str | None = None

    @property
    def value(self) -> bytes:
        """The event in JSON; moments are ISO 8601."""
        return json.dumps({**vars(self), "at": self.at.isoformat()}).encode()


@dataclass(frozen=True)
class Payment:
    """A payment that the bank tells of.

    Attributes:
        order_id: what was paid.
        at: when; UTC.
        amount: how much.
    """

    order_id: str
    at: datetime
    amount: float

    @property
    def value(self) -> bytes:
        """The event in JSON; moments are ISO 8601."""
        return json.dumps({**vars(self), "at": self.at.isoformat()}).encode()


def visits(folder: Path, orders: int, seed: int) -> tuple[list[Click], list[Payment]]:
    """The clicks around the first orders, in the order of their times, each once, and the payments.

    Args:
        folder: of the landed shop.
        orders: how many.
        seed: same seed, same clicks.
    """
    dice = Random(seed)  # noqa: S311 - no secret
    clicks: list[Click] = []
    payments: list[Payment] = []
    complete = (order for order in placed(folder) if order.get("items") and order.get("payment"))
    for order in islice(complete, orders):
        bought = datetime.fromisoformat(order["ordered_at"]).astimezone(UTC)
        bought += timedelta(milliseconds=dice.randrange(1000))
        products = [item["product_id"] for item in order["items"]]
        clicks += _visit(order["customer_id"], bought, products, len(STAGES), order["order_id"], dice)
        if dice.random() >= UNPAID:
            paid = bought + timedelta(seconds=dice.uniform(1, 600))
            payments.append(Payment(order["order_id"], paid, float(order["payment"]["amount"])))
        if dice.random() < WITHOUT_ORDER:
            ended = bought - timedelta(hours=dice.uniform(3, 40))
            stage = dice.choices(range(1, 5), (5, 6, 4, 2))[0]
            clicks += _visit(order["customer_id"], ended, products, stage, f"{order['order_id']}-left", dice)
    return sorted(clicks, key=lambda one: (one.at, one.click_id)), sorted(payments, key=lambda one: one.at)


def _visit(
    customer: str, ended: datetime, products: list[str], stages: int, order: str, dice: Random
) -> Iterator[Click]:
    """The clicks of one visit, which came to so many stages; the last one at `ended`."""
    steps: list[tuple[str, str | None]] = [("visit", None)]
    if stages > 1:
        steps += [("product", product) for product in products for _ in range(dice.randint(1, 2))]
    if stages > 2:  # noqa: PLR2004
        steps += [("cart", product) for product in products]
    steps += [(stage, None) for stage in STAGES[3:stages]]
    at = ended
    for number, (stage, product) in reversed(list(enumerate(steps))):
        named = order if stage in STAGES[3:] else None
        yield Click(f"{order}-{number}", customer, at, stage, product, named)
        at -= timedelta(milliseconds=dice.randint(2_000, 240_000))


def placed(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The landed orders that have a customer, each once, in the order of their files."""
    seen: set[str] = set()
    for file in sorted((folder / "orders").glob("*.json")):
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                order = json.loads(line)
            except ValueError:
                continue
            if isinstance(order, dict) and order.get("customer_id") and order["order_id"] not in seen:
                seen.add(order["order_id"])
                yield order


def sent(clicks: list[Click], seed: int) -> Iterator[Click]:
    """The clicks as they are sent: neighbours in any order, some twice."""
    dice = Random(seed)  # noqa: S311 - no secret
    for first in range(0, len(clicks), SHUFFLED):
        some = clicks[first : first + SHUFFLED]
        dice.shuffle(some)
        for number, one in enumerate(some, start=first + 1):
            yield one
            if number % TWICE == 0:
                yield one
