"""What a benchmark finds: one number of ours, the number it is held against, and the most that we allow.

Owns how sides are measured, and the arithmetic.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["s", "ms", "MiB"]


class NotComparable(Exception):
    """Two things that should be equal are not, so no ratio between them means anything."""


@dataclass(frozen=True)
class Ratio:
    """One measured number.

    Attributes:
        name: unique within its benchmark.
        ours: what the toolkit needs.
        floor: what the floor or the peer needs, in the same unit; None when `limit` is on `ours` itself.
        limit: most that `ratio` may be, or `ours` where there is no floor; None for a number that is only told.
        unit: of `ours` and `floor`; of `limit`, too, where there is no floor.
        note: exactly what was measured.
    """

    name: str
    ours: float
    floor: float | None
    limit: float | None
    unit: Unit
    note: str

    @property
    def ratio(self) -> float | None:
        """`ours` in units of `floor`; None without a floor.

        Raises:
            NotComparable: the floor took no time at all.
        """
        if self.floor is None:
            return None
        if self.floor <= 0:
            raise NotComparable(
                f"{self.name}: the floor measured {self.floor} {self.unit}; nothing can be divided by it."
            )
        return self.ours / self.floor

    @property
    def held(self) -> bool | None:
        """Whether the limit is kept; None when there is none."""
        if self.limit is None:
            return None
        return (self.ours if self.ratio is None else self.ratio) <= self.limit


@dataclass(frozen=True)
class Choices:
    """What the command line chose; None means each benchmark's own default.

    Attributes:
        orders: sizes of the retail runs and landings.
        rows: size of the table that is opened.
        repeat: repetitions of each side.
        tell: called with a line of narration.
    """

    orders: tuple[int, ...] | None = None
    rows: int | None = None
    repeat: int | None = None
    tell: Callable[[str], None] = field(default=lambda _: None, repr=False)

    @property
    def are_default(self) -> bool:
        """Whether sizes and repetitions are those that the limits are stated for."""
        return self.orders is None and self.rows is None and self.repeat is None


def alternated(
    sides: dict[str, Callable[[], float]], repeat: int, tell: Callable[[str], None] = lambda _: None
) -> dict[str, list[float]]:
    """Measure each side `repeat` times, in turns and in turned order, so that both meet the same computer.

    Returns:
        What each side measured, in the order it was measured.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeat):
        names = list(sides) if turn % 2 == 0 else list(reversed(sides))
        for name in names:
            found[name].append(sides[name]())
            tell(f"  {turn + 1}/{repeat} {name}: {found[name][-1]:.3f}")
    return found


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def timed(action: Callable[[], object]) -> Callable[[], float]:
    """`action` as a measurement in seconds."""

    def measured() -> float:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began

    return measured
