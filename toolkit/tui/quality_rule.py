"""One rule's history: what was measured, what was to be expected, and what is known of the rule.

Owns reading it, and drawing it as text. Must not know any widget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from toolkit import runs
from toolkit.errors import ToolkitError, UsageError
from toolkit.quality.anomalies import Expectation, expectation, point
from toolkit.quality.history import RuleHistory, by_rule, measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.quality.run_results import results_of
from toolkit.quality.verdicts import by_table
from toolkit.reader import open_table
from toolkit.tui.palette import SEVERITIES, colour, glyph
from toolkit.tui.quality_contracts import declared
from toolkit.tui.quality_words import about, finding, pointed
from toolkit.words import literal, number, plural, share, when

if TYPE_CHECKING:
    from toolkit.quality.sla import SlaReport

MOST_RUNS = 200
LABEL = 10
"""Room for the numbers at the left of the plot."""
POINTS = {"passed": "●", "tolerated": "▲", "not measured": "?", "failed": "✖"}


@dataclass(frozen=True)
class RuleStory:
    """One rule through its runs.

    Attributes:
        expectations: for each measurement, what those before it led one to expect; None where they were too few.
        promise: how often the rule was kept lately; None for a rule that promises nothing.
    """

    history: RuleHistory
    expectations: tuple[Expectation | None, ...]
    description: str
    owner: str
    promise: SlaReport | None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The measurements, oldest first."""
        return self.history.measurements

    def unusual(self, at: int) -> bool:
        """Whether a measurement is not what its past led one to expect."""
        expected = self.expectations[at]
        return expected is not None and not expected.low <= self.measurements[at].value <= expected.high


def read(table: str, rule: str) -> RuleStory:
    """The story of a rule.

    Raises:
        UsageError: the rule was never measured.
        DataError: the results cannot be read.
    """
    found = by_rule(measurements(open_table(RESULTS), table=table, rule=rule, runs=MOST_RUNS))
    if not found:
        raise UsageError(f"{rule} on {table} was never measured.", cure="Press F5 on the board to read it again.")
    history = found[0]
    points = [point(one) for one in history.measurements]
    description, owner = declared(table, rule)
    return RuleStory(
        history,
        tuple(expectation(points, one.at, one.rows) for one in points),
        description or _told_by_run(history.newest),
        owner,
        _promise(history),
    )


def _told_by_run(newest: Measurement) -> str:
    """The description that the newest run's events give the rule; runs may be deleted."""
    try:
        quality = results_of(runs.RunFolder(runs.runs_home() / newest.run_id).view())
    except (ToolkitError, OSError):
        return ""
    verdicts = [one for found in by_table(quality) if found.table == newest.table for one in found.verdicts]
    return next((one.description for one in verdicts if one.rule == newest.rule), "")


def _promise(history: RuleHistory) -> SlaReport | None:
    """Its own tolerance, held against the runs of the last 30 days, seen from its newest measurement."""
    from toolkit.quality.sla import PassRateSla

    newest = history.newest
    if newest.tolerance >= 1:
        return None
    sla = PassRateSla(table=newest.table, rule=newest.rule, share=1 - newest.tolerance)
    return sla.report(history.measurements, newest.at)


def head(story: RuleStory) -> Content:
    """What the rule is, how it stands, and who answers for it."""
    newest = story.history.newest
    parts: list[Content | tuple[str, str] | str] = [
        (literal(newest.rule), "bold $primary"),
        (f"  on {newest.table}  ", "$text-muted"),
        (f"{glyph(newest.state)} {newest.state}", f"{colour(newest.state)} bold"),
        f"  {finding(newest)}\n",
        (
            literal(story.description) or "No description is kept with the results.",
            "" if story.description else "italic",
        ),
        "\n",
        (about(newest), f"${SEVERITIES.get(newest.severity, 'secondary')}"),
        (f" · {_allowed(newest)} · {_owner(story)}", "$text-muted"),
    ]
    if story.promise:
        parts += ["\n", _kept(story.promise)]
    return Content.assemble(*parts)


def _allowed(one: Measurement) -> str:
    if one.measured is not None:
        return "on the whole table"
    return f"{share(one.tolerance)} of rows may break it" if one.tolerance else "no row may break it"


def _owner(story: RuleStory) -> str:
    return f"owner {literal(story.owner)}" if story.owner else "no owner named"


def _kept(report: SlaReport) -> Content:
    """`Kept in 46 of 50 runs in the last 30 days (92%)`, and since when no longer."""
    share_kept = "" if report.attained is None else f" ({share(report.attained)})"
    counted = plural(report.counted, "run")
    text = f"Kept in {report.kept:,} of {counted} in the last {report.sla.window_days} days{share_kept}"
    going = next((one for one in report.breaches if one.ended is None), None)
    if going is None:
        return Content.assemble((f"{text}.", "$text-muted"))
    return Content.assemble((f"{text}; ", "$text-muted"), (f"not kept since {when(going.began)[:16]}.", "$text-error"))


def plot(story: RuleStory, width: int, height: int, at: int) -> Content:
    """The values over the runs, newest at the right, the expected band shaded.

    Args:
        story: the rule.
        width: characters in a line; where runs do not fit, those around `at` are shown.
        height: lines for values; one for dates comes beneath.
        at: the run that is pointed at.
    """
    room = max(width - LABEL - 2, 1)
    step = 2 if len(story.measurements) * 2 <= room else 1
    seen = _window(len(story.measurements), room // step, at)
    low, high = _reach([story.measurements[i] for i in seen], [story.expectations[i] for i in seen])
    lines = [_line(story, seen, step, row, (low, high, height)) for row in reversed(range(height))]
    labels = {0: high, height - 1: low}
    rate = story.history.newest.measured is None
    told = [_label(labels[i], rate) if i in labels else " " * LABEL for i in range(height)]
    side = (" │", "$border-blurred")
    drawn = [Content.assemble((text, "$text-muted"), side, line) for text, line in zip(told, lines, strict=True)]
    return Content("\n").join([*drawn, _axis(story, seen, step, at)])


def _window(count: int, room: int, at: int) -> range:
    last = max(count - room, 0)
    first = min(max(at - room + 1, 0), last) if at < last else last
    return range(first, min(first + room, count))


def _reach(shown: Sequence[Measurement], expected: Sequence[Expectation | None]) -> tuple[float, float]:
    """The lowest and the highest value of the plot; shares of rows begin at 0.

    A band counts with at most half the reach of the values beyond them: after a jump it is wide, and would flatten the rest.
    """
    values = [one.value for one in shown if math.isfinite(one.value)] or [0.0]
    low, high = min(values), max(values)
    beyond = (high - low) / 2 or math.inf
    edges = [edge for one in expected if one for edge in (one.low, one.high)]
    low, high = max(min([low, *edges]), low - beyond), min(max([high, *edges]), high + beyond)
    if shown[-1].measured is None:
        low, high = 0.0, min(high, 1.0)
    return (low, high) if high > low else (low, low + (abs(low) or 0.01))


def _height(value: float, low: float, high: float, height: int) -> int:
    """The line of a value, 0 at the bottom; what is beyond stands at the edge, what was not measured at the bottom."""
    if math.isnan(value):
        return 0
    part = (min(max(value, low), high) - low) / (high - low)
    return round(part * (height - 1))


def _line(story: RuleStory, seen: range, step: int, row: int, scale: tuple[float, float, int]) -> Content:
    low, high, height = scale
    cells: list[tuple[str, str]] = []
    for i in seen:
        one, expected = story.measurements[i], story.expectations[i]
        gap = " " * (step - 1)
        if _height(one.value, low, high, height) == row:
            cells.append((POINTS[one.state] + gap, f"{colour(one.state)} bold"))
        elif expected and _height(expected.low, low, high, height) <= row <= _height(expected.high, low, high, height):
            cells.append(("░" * step, "$secondary 60%"))
        else:
            cells.append((" " * step, ""))
    return Content.assemble(*cells)


def _label(value: float, rate: bool) -> str:
    return f"{share(value) if rate else number(value):>{LABEL}}"


def _axis(story: RuleStory, seen: range, step: int, at: int) -> Content:
    """Where the cursor's run is, with its date, and the oldest and the newest date where they leave room."""
    width = len(seen) * step
    marks = [" "] * width
    for i in (seen[0], seen[-1]):
        day = f"{story.measurements[i].at.astimezone():%m-%d}"
        start = min((i - seen.start) * step, max(width - len(day), 0))
        marks[start : start + len(day)] = day
    moment = f"▲ {when(story.measurements[at].at)[5:16]}"
    start = (at - seen.start) * step
    if start + len(moment) > len(marks) and start >= len(moment) - 1:
        moment = f"{moment[2:]} ▲"
        start -= len(moment) - 1
    before, after = pointed("".join(marks), moment, start)
    return Content.assemble(
        (" " * LABEL + " └", "$border-blurred"),
        (before, "$text-muted"),
        (moment, "bold $primary"),
        (after, "$text-muted"),
    )
