"""The retail lakehouse at growing sizes: time grows no faster than rows, memory stays within the default."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.ours import SEED
from benchmarks.processes import python, run
from benchmarks.ratios import Choices, Ratio
from toolkit import datasets, settings

ORDERS = (100_000, 1_000_000, 4_000_000)
MOST_RATIO = 1.0
BESIDE_HEAP_MIB = 1024.0
"""What a run may hold beside the JVM's heap: the JVM's code, classes, threads and buffers (about 600 MiB), and Python."""


@dataclass(frozen=True)
class Point:
    """One size, measured once."""

    orders: int
    seconds: float
    peak_mib: float


def measure(choices: Choices) -> Iterator[Ratio]:
    """Run each size once, in a fresh process, from files landed before."""
    points = []
    for orders in sorted(choices.orders or ORDERS):
        choices.tell(f"  {orders:,} orders")
        points.append(measured(orders))
        choices.tell(f"  {points[-1].seconds:.1f} s, {points[-1].peak_mib:.0f} MiB")
    yield from growth(points)
    heap = heap_mib(settings.default_memory())
    for point in points:
        yield memory(point, heap)


def measured(orders: int) -> Point:
    """Land, run, and forget."""
    home = Path(tempfile.mkdtemp(prefix="bench-scale-"))
    try:
        datasets.land("shop", home / "landing", orders=orders, seed=SEED)
        default = {"TOOLKIT_MEMORY": settings.default_memory()}
        found = run(python("benchmarks.ours", "run", str(orders)), home=home, variables=default)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return Point(orders, found.seconds, found.peak_mib)


def growth(points: Sequence[Point]) -> Iterator[Ratio]:
    """Time at each size, against the time of the next smaller one as many times over as there are more rows."""
    for small, large in pairwise(points):
        times = large.orders / small.orders
        yield Ratio(
            f"{large.orders:,} against {small.orders:,} orders",
            large.seconds,
            small.seconds * times,
            MOST_RATIO,
            "s",
            f"Process start to end, files landed before; floor: {times:g} × {small.seconds:.1f} s. "
            f"Each further million orders takes {per_million(small, large):.1f} s.",
        )


def per_million(small: Point, large: Point) -> float:
    """Seconds for each million orders more, which leaves out what every run pays once."""
    return (large.seconds - small.seconds) / (large.orders - small.orders) * 1_000_000


def memory(point: Point, heap: float) -> Ratio:
    """Peak memory of a size against what the default allows."""
    note = f"Most that Python and the JVM held (resident). Limit: default heap {heap:.0f} MiB + {BESIDE_HEAP_MIB:.0f} beside."
    return Ratio(f"memory at {point.orders:,} orders", point.peak_mib, None, heap + BESIDE_HEAP_MIB, "MiB", note)


def heap_mib(text: str) -> float:
    """A JVM size such as `6144m` or `2g`, in MiB."""
    return float(text[:-1]) * {"m": 1, "g": 1024}[text[-1]]
