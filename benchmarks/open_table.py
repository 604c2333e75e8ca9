"""Opening a table of a million rows and reading its first page, against `deltalake` alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
from deltalake import DeltaTable, QueryBuilder, write_deltalake

from benchmarks.ratios import Choices, Ratio, alternated, median
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import PAGE_ROWS

ROWS = 1_000_000
REPEAT = 40
FILES = 4
TABLE = "silver.orders"
MOST_MILLISECONDS, MOST_RATIO = 150.0, 1.3


def measure(choices: Choices) -> Iterator[Ratio]:
    """Open and read in turns, `REPEAT` times each, after one unmeasured turn."""
    rows = choices.rows or ROWS
    with tempfile.TemporaryDirectory(prefix="bench-table-") as scratch:
        lakehouse = Lakehouse(Path(scratch))
        choices.tell(f"  writing {rows:,} rows")
        write_orders(lakehouse.path(TABLE), rows)
        sides = {"ours": lambda: ours(lakehouse), "deltalake": lambda: floor(lakehouse.path(TABLE))}
        alternated({name: timed(side) for name, side in sides.items()}, 1)
        found = alternated({name: timed(side) for name, side in sides.items()}, choices.repeat or REPEAT)
    mine, bare = median(found["ours"]), median(found["deltalake"])
    what = f"`Lakehouse.open` and `page(limit={PAGE_ROWS})` of {rows:,} rows in {FILES} files; medians of {len(found['ours'])}"
    yield Ratio("first page", mine, None, MOST_MILLISECONDS, "ms", f"{what}.")
    yield Ratio(
        "first page, against deltalake",
        mine,
        bare,
        MOST_RATIO,
        "ms",
        f"{what}; floor: `DeltaTable` and `SELECT * FROM t LIMIT {PAGE_ROWS}` left in Arrow.",
    )


def ours(lakehouse: Lakehouse) -> None:
    """What the TUI does when a table is opened."""
    page = lakehouse.open(TABLE).page(limit=PAGE_ROWS)
    assert len(page.rows) == PAGE_ROWS  # noqa: S101 - a page that is not full would be a wrong measurement


def floor(path: Path) -> None:
    """The least that a program on `deltalake` can do."""
    query = f"SELECT * FROM t LIMIT {PAGE_ROWS}"
    QueryBuilder().register("t", DeltaTable(str(path))).execute(query).read_all()


def timed(action: Callable[[], None]) -> Callable[[], float]:
    """`action` as a measurement in milliseconds."""

    def measured() -> float:
        began = time.perf_counter()
        action()
        return (time.perf_counter() - began) * 1000

    return measured


def write_orders(path: Path, rows: int) -> None:
    """A table of orders in `FILES` files of about equal size."""
    edges = np.linspace(0, rows, FILES + 1).astype(int)
    for first, end in pairwise(edges):
        write_deltalake(path, orders(int(first), int(end)), mode="append")


def orders(first: int, end: int) -> pa.Table:
    """Orders numbered from `first` up to but without `end`, with the columns of the shop's silver orders."""
    chance, n = np.random.default_rng(first), end - first
    ids = np.arange(first, end)
    minutes = np.sort(chance.integers(0, 90 * 24 * 60, n))
    at = np.datetime64(datetime(2026, 4, 1), "us") + minutes.astype("timedelta64[m]")  # noqa: DTZ001 - numpy has no zones
    columns: dict[str, Any] = {
        "order_id": pa.array([f"O{i:08d}" for i in ids]),
        "customer_id": pa.array([f"C{i:07d}" for i in chance.integers(0, max(1, n // 8), n)]),
        "ordered_at": pa.array(at, pa.timestamp("us", "UTC")),
        "order_date": pa.array(at.astype("datetime64[D]")),
        "status": pa.array(chance.choice(["placed", "shipped", "delivered", "cancelled"], n)),
        "channel": pa.array(chance.choice(["web", "store", "app"], n)),
        "currency": pa.array(chance.choice(["EUR", "GBP", "SEK", "PLN"], n)),
        "payment_amount": pa.array(chance.integers(100, 90_000, n).astype("int32")).cast(pa.decimal128(12, 2)),
        "items": items(chance, n),
        "note": pa.array(
            ["leave it with a neighbour" if said else None for said in chance.random(n) < 0.05], pa.string()
        ),
        "_source": pa.array([f"orders/2026-04-{i % 30 + 1:02d}.json" for i in range(n)]),
        "_ingested_at": pa.array(np.full(n, at[0]), pa.timestamp("us", "UTC")),
    }
    return pa.table(columns)


def items(chance: np.random.Generator, n: int) -> pa.Array:
    """Two order lines for each of `n` orders."""
    lines = 2 * n
    line = pa.StructArray.from_arrays(
        [
            pa.array([f"P{i:05d}" for i in chance.integers(0, 500, lines)]),
            pa.array(chance.integers(1, 6, lines), pa.int32()),
            pa.array(chance.random(lines) * 100),
        ],
        ["product_id", "quantity", "unit_price"],
    )
    return pa.ListArray.from_arrays(pa.array(np.arange(0, lines + 1, 2), pa.int32()), line)
