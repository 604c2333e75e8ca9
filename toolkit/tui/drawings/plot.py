"""Numbers over time as characters: a sign for each row, the expected band shaded, the chosen row pointed at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from toolkit.kinds import text
from toolkit.plotting import Point, points, reach
from toolkit.views import Column, Plot, Row, column_of
from toolkit.words import when

LABEL = 10
"""Room for the numbers at the left."""


def draw(plot: Plot, columns: Sequence[Column], rows: Sequence[Row], chosen: int, size: tuple[int, int]) -> Content:
    """The plot in `size` characters and lines, one of which is for dates.

    Args:
        plot: what to draw.
        columns: of the view; that of the numbers writes the scale.
        rows: as the view gives them.
        chosen: the row that is pointed at.
        size: characters and lines.
    """
    width, height = size[0], size[1] - 1
    every = points(plot, rows)
    if not every:
        return Content("")
    at = chosen if len(every) < 2 or rows[0].get(plot.x) == every[0].at else len(every) - 1 - chosen  # noqa: PLR2004
    room = max(width - LABEL - 2, 1)
    step = 2 if len(every) * 2 <= room else 1
    seen = _window(len(every), room // step, at)
    low, high = reach([every[i] for i in seen])
    kind = column_of(columns, plot.y).kind
    labels = {0: text(kind, high), height - 1: text(kind, low)}
    lines = [
        Content.assemble(
            (f"{labels.get(line, ''):>{LABEL}}"[:LABEL], "$text-muted"),
            (" │", "$border-blurred"),
            *_line([every[i] for i in seen], step, height - 1 - line, (low, high, height)),
        )
        for line in range(height)
    ]
    return Content("\n").join([*lines, _axis(every, seen, step, at)])


def _window(count: int, room: int, at: int) -> range:
    """The points that have room, the chosen one among them."""
    last = max(count - room, 0)
    first = min(max(at - room + 1, 0), last) if at < last else last
    return range(first, min(first + room, count))


def _height(value: float, scale: tuple[float, float, int]) -> int:
    """The line of a value, 0 at the bottom; what is beyond stands at the edge."""
    low, high, height = scale
    return round((min(max(value, low), high) - low) / (high - low) * (height - 1))


def _line(shown: Sequence[Point], step: int, row: int, scale: tuple[float, float, int]) -> list[tuple[str, str]]:
    gap = " " * (step - 1)
    cells = []
    for point in shown:
        if (0 if point.value is None else _height(point.value, scale)) == row:
            sign, style = point.sign
            cells.append((sign + gap, f"${style} bold"))
        elif (
            point.low is not None
            and point.high is not None
            and _height(point.low, scale) <= row <= _height(point.high, scale)
        ):
            cells.append(("░" * step, "$secondary 60%"))
        else:
            cells.append((" " * step, ""))
    return cells


def _axis(every: Sequence[Point], seen: range, step: int, at: int) -> Content:
    """Where the chosen row is, with its date, and the oldest and the newest date where they leave room."""
    width = len(seen) * step
    marks = [" "] * width
    for i in (seen[0], seen[-1]):
        day = when(every[i].at)[5:10]
        start = min((i - seen.start) * step, max(width - len(day), 0))
        marks[start : start + len(day)] = day
    moment = f"▲ {when(every[at].at)[5:16]}"
    start = (at - seen.start) * step
    if start + len(moment) > len(marks) and start >= len(moment) - 1:
        moment = f"{moment[2:]} ▲"
        start -= len(moment) - 1
    before, after = _beside("".join(marks), moment, start)
    return Content.assemble(
        (" " * LABEL + " └", "$border-blurred"),
        (before, "$text-muted"),
        (moment, "bold $primary"),
        (after, "$text-muted"),
    )


def _beside(marks: str, moment: str, at: int) -> tuple[str, str]:
    """What stands before and after `moment`; a date that it covers in part goes, as half a date misleads."""
    before, after = marks[:at], marks[at + len(moment) :]
    digits = "0123456789-"
    return before.rstrip(digits).ljust(len(before)), after.lstrip(digits).rjust(len(after))
