"""What sort of value a column of a view holds, and how such a value is written for a person.

Owns the sorts. A value is written as spans: text with the name of a style (`success`, `warning`, `error`, `secondary`,
`accent`, `muted` or none), which the terminal, the app and a notebook each turn into a colour of theirs. Sign first, colour
second: everything reads without colour, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolkit import words
from toolkit.words import UNKNOWN, literal

Span = tuple[str, str]
Spans = tuple[Span, ...]

STATES: dict[str, tuple[str, str]] = {
    "waiting": ("○", "secondary"),
    "starting": ("○", "accent"),
    "new": ("○", "secondary"),
    "paused": ("‖", "warning"),
    "running": ("●", "accent"),
    "finished": ("✔", "success"),
    "succeeded": ("✔", "success"),
    "passed": ("✔", "success"),
    "yes": ("✔", "success"),
    "kept": ("✔", "success"),
    "ok": ("✔", "success"),
    "loaded": ("✔", "success"),
    "released": ("✔", "success"),
    "confirmed": ("✔", "success"),
    "allowed": ("✔", "success"),
    "holds": ("✔", "success"),
    "intact": ("✔", "success"),
    "suggested": ("○", "warning"),
    "drifted": ("▲", "warning"),
    "not taken in": ("?", "warning"),
    "over": ("○", "secondary"),
    "refused": ("✖", "error"),
    "skipped": ("↷", "secondary"),
    "tolerated": ("▲", "warning"),
    "replaced": ("▲", "warning"),
    "unfit": ("▲", "warning"),
    "gone": ("▲", "secondary"),
    "at risk": ("▲", "warning"),
    "not measured": ("?", "warning"),
    "unknown": ("?", "warning"),
    "stopped": ("○", "secondary"),
    "unhealthy": ("▲", "warning"),
    "died": ("✖", "error"),
    "failed": ("✖", "error"),
    "broken": ("✖", "error"),
    "breached": ("✖", "error"),
    "damaged": ("✖", "error"),
    "unreadable": ("✖", "error"),
    "not allowed": ("✖", "error"),
    "needs Spark": ("?", "warning"),
    "no": ("✖", "error"),
    "cancelled": ("■", "warning"),
    "interrupted": ("✖", "error"),
}
"""The sign and the style of each state of a run, a step, a rule, a promise, a stream or a service."""
SEVERITIES: dict[str, str] = {"critical": "error", "error": "error", "warn": "warning", "info": "secondary"}
BARS = "▁▂▃▄▅▆▇█"
GOOD, FAIR = 95, 75
"""The points of 100 from which a score is green, and from which it is yellow."""


@dataclass(frozen=True)
class Kind:
    """A sort of value.

    Attributes:
        write: a value that is not None as spans.
        right: stands at the right of its column, as numbers do.
        prose: may be broken over lines, and cut where there is one line only.
        series: values over time, of which the newest are shown where there is no room for all.
        unknown: what stands for None.
    """

    write: Callable[[Any], Spans]
    right: bool = False
    prose: bool = False
    series: bool = False
    unknown: str = UNKNOWN

    @property
    def elastic(self) -> bool:
        """Whether it makes do with less room; no other sort is ever cut."""
        return self.prose or self.series


def spans(kind: str, value: Any) -> Spans:
    """A value as its column writes it; a dash for what is not known, and NULL in rows of a table."""
    if value is None:
        return ((KINDS[kind].unknown, "muted"),)
    return KINDS[kind].write(value)


def newest(kind: str, value: Any, width: int) -> Any:
    """Of a series as many values as have room, the newest; anything else as it is."""
    return value[-width:] if KINDS[kind].series and value is not None else value


def text(kind: str, value: Any) -> str:
    """The same without styles."""
    return "".join(part for part, _ in spans(kind, value))


def points(score: float) -> str:
    """`97.4`; never `100` while something is wrong."""
    shown = f"{score:.1f}"
    return ("99.9" if score < 100 else "100") if shown == "100.0" else shown  # noqa: PLR2004


def level(score: float | None) -> str:
    """The style of a score."""
    if score is None:
        return "muted"
    return "success" if score >= GOOD else "warning" if score >= FAIR else "error"


def sparkline(values: Sequence[float | None], most: int = 30) -> str:
    """The newest values as bars; a gap where there is none."""
    shown = list(values)[-most:]
    known = [value for value in shown if value is not None and value == value]  # noqa: PLR0124 - NaN is not itself
    low, high = (min(known), max(known)) if known else (0.0, 0.0)

    def bar(value: float | None) -> str:
        if value is None or value != value:  # noqa: PLR0124
            return " "
        return BARS[0] if high == low else BARS[min(int((value - low) / (high - low) * len(BARS)), len(BARS) - 1)]

    return "".join(map(bar, shown))


def _plain(write: Callable[[Any], str]) -> Callable[[Any], Spans]:
    return lambda value: ((write(value), ""),)


def _points(score: float) -> Spans:
    bar = BARS[min(int(score / 100 * len(BARS)), len(BARS) - 1)]
    return ((f"{bar} ", level(score)), (f"{points(score):>4}", level(score)))


def _change(difference: float) -> Spans:
    if abs(difference) < 0.05:  # noqa: PLR2004 - what would be written as 0.0
        return (("=", "muted"),)
    sign, style = ("▲", "success") if difference > 0 else ("▼", "error")
    return ((f"{sign} {abs(difference):.1f}", style),)


def _state(state: str) -> Spans:
    sign, style = STATES.get(state, ("?", "error"))
    return ((f"{sign} {literal(str(state))}", style),)


def _signs(states: Sequence[Any]) -> Spans:
    """States one after the other, each as one character; a blank where there is none."""
    return tuple(HEAT.get(state, (" ", "")) for state in states)


HEAT: Mapping[Any, Span] = {
    "passed": ("·", "success"),
    "slightly tolerated": ("▵", "warning"),
    "tolerated": ("▴", "warning"),
    "not measured": ("?", "warning"),
    "failed by few": ("░", "error"),
    "failed by some": ("▒", "error"),
    "failed by many": ("▓", "error"),
    "failed": ("█", "error"),
}
"""One cell of a heat map."""
HEAT_LEGEND = "· passed  ▵▴ tolerated  ? not measured  ░▒▓█ failed: below 1%, 10%, 50% of rows, more"

LINE_OF_TIME = 24
"""Characters of a line of time."""


def _interval(value: tuple[Any, Any, Any, Any]) -> Spans:
    """When something held, on a line from the first moment to the last; what lasts goes on to its end.

    Args:
        value: begin and end of the interval, then of the line; an end of None lasts.
    """
    start, end, low, high = value
    whole = _distance(low, high)

    def place(moment: Any) -> int:
        return round(_distance(low, moment) / whole * (LINE_OF_TIME - 1)) if whole else 0

    first = place(start)
    # However short, it is seen.
    after = LINE_OF_TIME if end is None else max(place(end), first + 1)
    held = "━" * (after - first - 1) + ("▶" if end is None else "━")
    return (("·" * first, "muted"), (held, "accent"), ("·" * (LINE_OF_TIME - after), "muted"))


def _distance(low: Any, high: Any) -> float:
    """From one moment, day or number to another; places in a sequence that cannot be subtracted are equally far."""
    try:
        between = high - low
    except TypeError:
        return 0.0
    return float(between.total_seconds() if hasattr(between, "total_seconds") else between)


KINDS: Mapping[str, Kind] = {
    "name": Kind(_plain(lambda value: literal(str(value)))),
    "text": Kind(_plain(lambda value: literal(str(value))), prose=True),
    "names": Kind(_plain(lambda value: literal(", ".join(map(str, value)))), prose=True),
    "stored": Kind(_plain(lambda value: literal(words.as_text(value))), prose=True, unknown="NULL"),
    "count": Kind(_plain(lambda value: f"{value:,}"), right=True),
    "number": Kind(_plain(words.number), right=True),
    "version": Kind(_plain(str), right=True),
    "share": Kind(_plain(words.share), right=True),
    "size": Kind(_plain(words.size), right=True),
    "duration": Kind(_plain(words.duration), right=True),
    "moment": Kind(_plain(lambda at: words.when(at)[:16] if isinstance(at, datetime) else str(at))),
    "ago": Kind(_plain(words.ago)),
    "yes": Kind(lambda value: (("yes", "") if value else ("no", ""),)),
    "points": Kind(_points, right=True),
    "change": Kind(_change, right=True),
    "state": Kind(_state),
    "severity": Kind(lambda value: ((literal(str(value)), SEVERITIES.get(value, "secondary")),)),
    "trend": Kind(_plain(sparkline), series=True),
    "heat": Kind(_signs, series=True),
    "interval": Kind(_interval),
}
