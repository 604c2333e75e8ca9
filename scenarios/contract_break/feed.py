"""The producer: a feed of the shop's orders, one file a day, which on its last day is written by a new program.

Owns the two forms of the feed, with an answer key of the rows that only the new form can hold. Must not know Spark.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from toolkit import paths
from toolkit.datasets import ANSWER_COUNTS, ANSWER_ROWS, AnswerRow, answer_key

BROKEN = date(2026, 6, 28)
"""The first day of the new program."""
DAYS = 28
RETURNED_EVERY, TELEPHONE_EVERY = 8, 10
"""Of the delivered orders, and of those from the web."""


@dataclass
class Feed:
    """The files by name, each with its lines, and which rows of the last one are new in kind."""

    files: dict[str, list[str]] = field(default_factory=dict)
    planted: list[AnswerRow] = field(default_factory=list)


def write(shop: Path, folder: Path) -> Feed:
    """Write the feed and its answer key into `folder`, from the orders of the landed `shop`."""
    feed = Feed()
    for number in range(DAYS):
        day = BROKEN - timedelta(days=DAYS - 1 - number)
        orders = list(_orders(shop, day))
        feed.files[file_of(day)] = [_line(order) for order in orders]
    feed.files[file_of(BROKEN)] = list(_changed(orders, feed.planted))
    paths.ensure_folder(folder / "feed")
    for name, lines in feed.files.items():
        paths.write_atomically(folder / name, "".join(f"{line}\n" for line in lines))
    paths.write_atomically(folder / ANSWER_ROWS, _table(AnswerRow._fields, feed.planted))
    counts = Counter(row.defect for row in feed.planted)
    paths.write_atomically(folder / ANSWER_COUNTS, json.dumps({"counts": counts}))
    return feed


def file_of(day: date) -> str:
    """The feed's file of one day."""
    return f"feed/{day.isoformat()}.json"


def _orders(shop: Path, day: date) -> Iterator[dict[str, Any]]:
    """The sound orders of a day that were paid in euros, in the form that was promised."""
    name = f"orders/{day.isoformat()}.json"
    spared = {row.line for row in answer_key(shop).rows() if row.file == name}
    lines = (shop / name).read_text(encoding="utf-8").splitlines()
    found = {}
    for number, line in enumerate(lines, 1):
        order = {} if number in spared else json.loads(line)
        if order.get("currency") == "EUR" and order["ordered_at"].startswith(day.isoformat()):
            found[order["order_id"]] = order
    for key, order in found.items():
        yield {
            "order_id": key,
            "customer_id": order["customer_id"],
            "ordered_at": order["ordered_at"],
            "status": order["status"].strip().lower(),
            "channel": order["channel"].strip().lower(),
            "amount": float(order["payment"]["amount"]),
        }


def _changed(orders: Sequence[dict[str, Any]], planted: list[AnswerRow]) -> Iterator[str]:
    """The same orders as the new program writes them."""
    seen: Counter[str] = Counter()
    for line, order in enumerate(orders, 1):
        seen.update((order["status"], order["channel"]))
        new = {{"customer_id": "client_id"}.get(name, name): value for name, value in order.items()}
        new["amount"] = round(order["amount"] * 100)
        if order["channel"] == "web" and seen["web"] % TELEPHONE_EVERY == 0:
            new["channel"] = None
            planted.append(AnswerRow("no_channel", file_of(BROKEN), line, order["order_id"], "quarantined"))
        elif order["status"] == "delivered" and seen["delivered"] % RETURNED_EVERY == 0:
            new["status"] = "returned"
            planted.append(AnswerRow("new_status", file_of(BROKEN), line, order["order_id"], "quarantined"))
        yield _line(new)


def _line(order: dict[str, Any]) -> str:
    return json.dumps(order, ensure_ascii=False, separators=(",", ":"))


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()
