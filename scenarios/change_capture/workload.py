"""What the shop does in its database: transactions, made of the orders and the customer changes of the shop's files.

Must not touch a database; that is `database.py`.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.shop.clicks import placed

Statement = tuple[str, tuple[Any, ...]]
COLUMNS = ("customer_id", "first_name", "last_name", "city", "country", "segment")
NOTE_BYTES = 3_000
"""Of a large note; PostgreSQL keeps what is larger than some 2,000 beside the row."""
NOTED, RENAMED, CORRECTED, BACK, UNDONE, EMPTIED = 10, 60, 90, 70, 50, 0.75
"""Every so many orders: a large note; a customer, an order is given another key; an order is made, deleted and made again;
one is rolled back. After that share of the changes, the orders are archived and their table is emptied."""


@dataclass(frozen=True)
class Transaction:
    """Statements that are committed together.

    Attributes:
        statements: with their values.
        changes: rows that they change.
        kept: whether it is committed; else it is rolled back.
    """

    statements: tuple[Statement, ...]
    changes: int
    kept: bool = True


def customers(folder: Path) -> list[tuple[str, ...]]:
    """The customers of the shop, each once."""
    with (folder / "customers.csv").open(encoding="utf-8", newline="") as file:
        found = {row["customer_id"]: tuple(row[name] or "" for name in COLUMNS) for row in csv.DictReader(file)}
    return list(found.values())


def orders(folder: Path) -> Iterator[Mapping[str, Any]]:
    """The orders that have a customer, each once, in the order of their files; then again, under other numbers, without end."""
    for turn in itertools.count():
        for order in placed(folder):
            yield {**order, "order_id": f"{order['order_id']}-{turn}"}


def customer_changes(folder: Path) -> Iterator[Mapping[str, str]]:
    """What becomes of customers, in the order in which it was."""
    with (folder / "customer_changes.csv").open(encoding="utf-8", newline="") as file:
        yield from sorted(csv.DictReader(file), key=lambda row: (row["changed_at"], int(row["sequence"])))


@dataclass
class Shop:
    """The shop as its database has it: which keys there are.

    Attributes:
        names: of each customer of the files the key in the database; those that are gone have none.
        open: orders that are placed, or paid.
        known: keys of orders in the table.
    """

    names: dict[str, str]
    open: deque[str] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)


def transactions(folder: Path, changes: int) -> Iterator[Transaction]:
    """Transactions that change so many rows, or a few more."""
    shop, count, number, emptied = Shop({row[0]: row[0] for row in customers(folder)}), 0, 0, False
    becoming = customer_changes(folder)
    for order in orders(folder):
        if shop.names.get(order["customer_id"]) is None:
            continue
        number += 1
        for one in _around(shop, order, number, becoming):
            yield one
            count += one.changes if one.kept else 0
        if not emptied and count >= changes * EMPTIED:
            emptied, size = True, len(shop.known)
            shop.known.clear()
            shop.open.clear()
            yield Transaction((("TRUNCATE orders", ()),), size)
        if count >= changes:
            return


def _around(
    shop: Shop, order: Mapping[str, Any], number: int, becoming: Iterator[Mapping[str, str]]
) -> Iterator[Transaction]:
    """What happens around one order."""
    customer = shop.names[order["customer_id"]]
    yield Transaction((_placed(shop, order, customer, number), _counted(customer)), 2)
    if len(shop.open) > 3:  # noqa: PLR2004
        yield Transaction((("UPDATE orders SET status = 'paid' WHERE order_id = %s", (shop.open[1],)),), 1)
        shipped = shop.open.popleft()
        yield Transaction((("UPDATE orders SET status = 'shipped' WHERE order_id = %s", (shipped,)),), 1)
    if number % 3 == 0 and (change := next(becoming, None)) is not None:
        yield from _changed(shop, change)
    if number % RENAMED == 0:
        renamed = f"{order['customer_id']}-{number}"
        shop.names[order["customer_id"]] = renamed
        set_key = "SET customer_id = %s WHERE customer_id = %s"
        moved = ((f"UPDATE {table} {set_key}", (renamed, customer)) for table in ("customers", "orders"))
        yield Transaction(tuple(moved), 1 + sum(1 for _ in shop.open))
    if number % CORRECTED == 0:
        # The newest order that has a large note: it goes on under another key.
        corrected = f"{order['order_id']}-corrected"
        shop.open[-1] = corrected
        shop.known.add(corrected)
        set_key = "UPDATE orders SET order_id = %s WHERE order_id = %s"
        yield Transaction(((set_key, (corrected, order["order_id"])),), 2)
        yield Transaction((("UPDATE orders SET status = 'checked' WHERE order_id = %s", (corrected,)),), 1)
    if number % BACK == 0:
        again = {**order, "order_id": f"{order['order_id']}-again"}
        make = _placed(shop, again, customer, number)
        drop = ("DELETE FROM orders WHERE order_id = %s", (again["order_id"],))
        yield Transaction((make, drop, make), 3)
    if number % UNDONE == 0:
        undone = {**order, "order_id": f"{order['order_id']}-undone"}
        statement = _statement(undone, customer, number)
        yield Transaction((statement, _counted(customer)), 2, kept=False)


def _placed(shop: Shop, order: Mapping[str, Any], customer: str, number: int) -> Statement:
    shop.open.append(order["order_id"])
    shop.known.add(order["order_id"])
    return _statement(order, customer, number)


def _statement(order: Mapping[str, Any], customer: str, number: int) -> Statement:
    payment = order.get("payment") or {}
    values = (
        order["order_id"],
        customer,
        order["ordered_at"],
        "placed",
        payment.get("amount"),
        order["ordered_at"][:10],
        _note(order, number),
    )
    return "INSERT INTO orders VALUES (%s, %s, %s, %s, %s, %s, %s)", values


def _note(order: Mapping[str, Any], number: int) -> str | None:
    if number % NOTED:
        return order.get("note")
    seed = str(order["order_id"])
    return "".join(hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(NOTE_BYTES // 64))


def _counted(customer: str) -> Statement:
    return "UPDATE customers SET orders = orders + 1 WHERE customer_id = %s", (customer,)


def _changed(shop: Shop, change: Mapping[str, str]) -> Iterator[Transaction]:
    customer = shop.names.get(change["customer_id"])
    if customer is None:
        return
    if change["operation"] == "delete":
        del shop.names[change["customer_id"]]
        yield Transaction((("DELETE FROM customers WHERE customer_id = %s", (customer,)),), 1)
        return
    names = [name for name in COLUMNS[1:] if change.get(name)]
    values = ", ".join(f"{name} = %s" for name in names)
    statement = f"UPDATE customers SET {values} WHERE customer_id = %s"  # noqa: S608 - names of our own
    yield Transaction(((statement, (*[change[name] for name in names], customer)),), 1)
