"""The bad day: the shop's last file as a new version of its export program would have written it, with an answer key.

Owns what goes wrong, and on which lines. From nine o'clock on, orders from the web name their currency €, orders from the app
come without their customer, and orders from the store are sent twice. Lines that carry one of the shop's own defects are
left alone, so that a row breaks one rule and no other. Must not know Spark.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit import paths
from toolkit.datasets import ANSWER_COUNTS, ANSWER_ROWS, AnswerRow, answer_key

DAY = "2026-06-29"
FILE = f"orders/{DAY}.json"
CORRECTIONS = "corrections.csv"
BEGINS = f"{DAY}T09"
SYMBOL = "€"
FORGOTTEN = 4
"""Of so many customers that got lost the shop cannot find one again."""


@dataclass
class BadDay:
    """The file's lines, what was planted on which of them, and what the shop can say of it when asked."""

    lines: list[str]
    planted: list[AnswerRow] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)
    """Order and customer, of most of those that lost theirs."""


def spoil(lines: Sequence[str], spared: Collection[int]) -> BadDay:
    """The same lines with the day's mishaps.

    Args:
        lines: the file, one JSON text each.
        spared: numbers of lines, counted from 1, that are left alone.
    """
    day = BadDay(list(lines))
    orders = [_read(line) for line in lines]
    sent = Counter(order["order_id"] for order in orders if order)
    lost = 0
    for number, order in enumerate(orders, 1):
        if not order or number in spared or sent[order["order_id"]] > 1 or not _since_nine(order):
            continue
        match order["channel"].strip().lower():
            case "web" if order["currency"] == "EUR":
                _replace(day, number, order, "currency_symbol", currency=SYMBOL)
            case "app":
                lost += 1
                if lost % FORGOTTEN:
                    day.corrections.append((order["order_id"], order["customer_id"]))
                _replace(day, number, order, "lost_customer", customer_id=None)
            case "store":
                day.lines.append(lines[number - 1])
                day.planted.append(AnswerRow("sent_twice", FILE, number, order["order_id"], "quarantined"))
    return day


def write(shop: Path, folder: Path) -> BadDay:
    """Write the bad day's file, the shop's corrections and the answer key into `folder`.

    Args:
        shop: the landed shop, which stays as it is.
        folder: of this scenario alone.
    """
    spared = {row.line for row in answer_key(shop).rows() if row.file == FILE}
    day = spoil((shop / FILE).read_text(encoding="utf-8").splitlines(), spared)
    paths.ensure_folder((folder / FILE).parent)
    paths.write_atomically(folder / FILE, "".join(f"{line}\n" for line in day.lines))
    paths.write_atomically(folder / CORRECTIONS, _table(("order_id", "customer_id"), day.corrections))
    paths.write_atomically(folder / ANSWER_ROWS, _table(AnswerRow._fields, day.planted))
    counts = Counter(row.defect for row in day.planted)
    paths.write_atomically(folder / ANSWER_COUNTS, json.dumps({"counts": counts}))
    return day


def _read(line: str) -> dict[str, Any]:
    """The order; empty for a line that was cut off."""
    try:
        order: dict[str, Any] = json.loads(line)
    except ValueError:
        return {}
    return order


def _since_nine(order: dict[str, Any]) -> bool:
    return bool(BEGINS <= order["ordered_at"] <= f"{DAY}T24")


def _replace(day: BadDay, number: int, order: dict[str, Any], defect: str, **changed: str | None) -> None:
    day.lines[number - 1] = json.dumps({**order, **changed}, ensure_ascii=False, separators=(",", ":"))
    day.planted.append(AnswerRow(defect, FILE, number, order["order_id"], "quarantined"))


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()
