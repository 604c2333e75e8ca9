"""Making the shop's files: one million orders in under 20 s, in memory that does not grow with them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import python, run
from benchmarks.ratios import Choices, Ratio

ORDERS = (1_000_000,)
SECONDS_FOR_A_MILLION = 20.0
MILLION = 1_000_000


def measure(choices: Choices) -> Iterator[Ratio]:
    """Land each size once, in a fresh process and an empty folder."""
    for orders in choices.orders or ORDERS:
        with tempfile.TemporaryDirectory(prefix="bench-land-") as scratch:
            choices.tell(f"  landing {orders:,} orders")
            found = run(python("benchmarks.ours", "land", str(orders)), home=Path(scratch))
        yield Ratio(
            f"{orders:,} orders",
            found.seconds,
            None,
            SECONDS_FOR_A_MILLION * max(1.0, orders / MILLION),
            "s",
            "Process start to end: `datasets.land('shop')` into an empty folder, answer key included.",
        )
        yield Ratio(
            f"memory at {orders:,} orders", found.peak_mib, None, None, "MiB", "Most that the process held (resident)."
        )
