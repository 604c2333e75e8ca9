"""The points of a plot and the reach of its scale, for whoever draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolkit.kinds import STATES
from toolkit.views import Plot, Row

POINT = "●"


@dataclass(frozen=True)
class Point:
    """One row of a plot; None where it has no number."""

    at: datetime | None
    value: float | None
    low: float | None
    high: float | None
    state: str

    @property
    def sign(self) -> tuple[str, str]:
        """What is drawn, and its style of `toolkit.kinds`."""
        sign, style = STATES.get(self.state, (POINT, "accent"))
        return (POINT if sign == "✔" else sign), style


def points(plot: Plot, rows: Sequence[Row]) -> list[Point]:
    """The rows as points, the oldest first."""
    made = [_point(plot, row) for row in rows]
    return made[::-1] if len(made) > 1 and made[0].at and made[-1].at and made[0].at > made[-1].at else made


def _point(plot: Plot, row: Row) -> Point:
    value, low, high = (_number(row.get(name)) for name in (plot.y, plot.low, plot.high))
    return Point(row.get(plot.x), value, low, high, str(row.get(plot.state, "")))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def reach(shown: Sequence[Point]) -> tuple[float, float]:
    """The lowest and the highest number of the plot.

    A band counts with at most half the reach of the values beyond them: after a jump it is wide, and would flatten the rest.
    """
    values = [point.value for point in shown if point.value is not None] or [0.0]
    low, high = min(values), max(values)
    beyond = (high - low) / 2 or math.inf
    edges = [edge for point in shown for edge in (point.low, point.high) if edge is not None]
    low, high = max(min([low, *edges]), low - beyond), min(max([high, *edges]), high + beyond)
    return (low, high) if high > low else (low, low + (abs(low) or 0.01))
