"""The source: six weeks of the shop's orders, one file a night, in euros. One day it changes, and tells nobody.

Owns the change and its answer key. From `CHANGED` on, a new release of the app sends the price of one piece of an order's
first item where the order's amount belongs. It is a number, above zero, of the usual size; it is just not the amount.
Must not know Spark.
"""

from __future__ import annotations

import csv
import io
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from toolkit import paths
from toolkit.datasets import ANSWER_COUNTS, ANSWER_ROWS, AnswerRow, answer_key

CHANGED = date(2026, 6, 12)
LAST = date(2026, 6, 28)
NIGHTS = 42
FIRST = LAST - timedelta(days=NIGHTS - 1)
CORRECTIONS = "corrections.csv"
_HEADER = ("order_id", "amount_eur")


@dataclass
class Feed:
    """The files by name, and the orders whose amount is not their amount."""

    files: dict[str, list[str]] = field(default_factory=dict)
    planted: list[AnswerRow] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)
    """Order and true amount: what the makers of the app send when asked."""


def write(shop: Path, folder: Path) -> Feed:
    """Write the feed, the corrections and the answer key into `folder`, from the orders of the landed `shop`."""
    feed, rates = Feed(), Rates(shop)
    spared: dict[str, set[int]] = defaultdict(set)
    for row in answer_key(shop).rows():
        spared[row.file].add(row.line)
    # Orders that the shop sent late are good orders; this source had them in time.
    late = [line for file in shop.glob("orders/*-late.json") for line in file.read_text(encoding="utf-8").splitlines()]
    for day in (FIRST + timedelta(days=number) for number in range(NIGHTS)):
        name = f"orders/{day.isoformat()}.json"
        orders = _orders((shop / name).read_text(encoding="utf-8").splitlines(), spared[name], day)
        orders += _orders(late, set(), day)
        feed.files[file_of(day)] = list(_sent(feed, orders, rates, day))
    paths.ensure_folder(folder / "feed")
    for name, lines in feed.files.items():
        paths.write_atomically(folder / name, "".join(f"{line}\n" for line in lines))
    paths.write_atomically(folder / CORRECTIONS, _table(_HEADER, feed.corrections))
    paths.write_atomically(folder / ANSWER_ROWS, _table(AnswerRow._fields, feed.planted))
    counts = Counter(row.defect for row in feed.planted)
    paths.write_atomically(folder / ANSWER_COUNTS, json.dumps({"counts": counts}))
    return feed


def file_of(day: date) -> str:
    """The feed's file of one day."""
    return f"feed/{day.isoformat()}.json"


class Rates:
    """Euros for one unit of a currency on a day: the rate of that day, or of the last working day before it."""

    def __init__(self, shop: Path) -> None:
        """Read the shop's rates."""
        self._known: dict[str, list[tuple[str, float]]] = defaultdict(list)
        with (shop / "exchange_rates.csv").open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                self._known[row["currency"]].append((row["rate_date"], float(row["rate_to_eur"])))
        for known in self._known.values():
            known.sort()

    def of(self, currency: str, day: date) -> float:
        """The rate; there is one for every currency of an order without a defect."""
        known = self._known[currency]
        return known[bisect_right(known, (day.isoformat(), float("inf"))) - 1][1]


def _orders(lines: Sequence[str], spared: set[int], day: date) -> list[dict[str, Any]]:
    """The sound orders of a day, each once, as last sent."""
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        order = {} if number in spared else json.loads(line)
        if order and order["ordered_at"].startswith(day.isoformat()):
            found[order["order_id"]] = order
    return list(found.values())


def _sent(feed: Feed, orders: Sequence[dict[str, Any]], rates: Rates, day: date) -> Iterator[str]:
    """Each order as the source sends it on that day."""
    for line, order in enumerate(orders, 1):
        rate = rates.of(order["currency"], day)
        channel = order["channel"].strip().lower()
        true = round(order["payment"]["amount"] * rate, 2)
        amount = true
        if channel == "app" and day >= CHANGED:
            amount = max(round(order["items"][0]["unit_price"] * rate, 2), 0.01)
        if amount != true:
            feed.planted.append(AnswerRow("wrong_amount", file_of(day), line, order["order_id"], "flagged"))
            feed.corrections.append((order["order_id"], f"{true:.2f}"))
        sent = {name: order[name] for name in ("order_id", "customer_id", "ordered_at")}
        sent |= {"status": order["status"].strip().lower(), "channel": channel, "amount_eur": amount}
        yield json.dumps(sent, ensure_ascii=False, separators=(",", ":"))


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()
