"""Measurements as signs, bars and sentences.

Owns the wording of the quality board. Must not read anything and must not know any widget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from toolkit.quality.history import BARS, RunColumn
from toolkit.quality.records import Measurement
from toolkit.quality.scores import DIMENSIONS, TableScore, Term
from toolkit.tui.palette import colour, glyph
from toolkit.words import literal, number, plural, share, when

SHADES = ((0.01, "░"), (0.1, "▒"), (0.5, "▓"), (math.inf, "█"))
"""Below which share of failing rows a failed rule has which sign."""
PASSED, LITTLE, MUCH, UNMEASURED = "·", "▵", "▴", " "
LEGEND = f"{PASSED} passed  {LITTLE}{MUCH} tolerated  ? not measured  ░▒▓█ failed: 1%, 10%, 50% of rows"
MOST_TERMS = 3
GOOD, FAIR = 95, 75
"""The scores from which a bar is green, and from which it is yellow."""


def sign(one: Measurement | None) -> str:
    """The character of one cell: what happened reads without colour, too."""
    if one is None:
        return UNMEASURED
    match one.state:
        case "passed":
            return PASSED
        case "not measured":
            return "?"
        case "tolerated":
            return MUCH if one.failure_rate > one.tolerance / 2 else LITTLE
        case _:
            return SHADES[shade(one)][1]


def shade(one: Measurement) -> int:
    """How much of the table breaks a failed rule, from 0 to 3."""
    return next(i for i, (below, _) in enumerate(SHADES) if one.failure_rate < below)


def level(score: float | None) -> str:
    """The theme's colour for a score."""
    if score is None:
        return "secondary"
    return "success" if score >= GOOD else "warning" if score >= FAIR else "error"


def tall(score: float | None) -> str:
    """A score as one character; a dot where no rule looks."""
    return "·" if score is None else BARS[min(int(score / 100 * len(BARS)), len(BARS) - 1)]


def points(score: float | None) -> str:
    """`97.4`; never `100` while something is wrong; `–` where no rule has points."""
    if score is None:
        return "–"
    shown = f"{score:.1f}"
    return ("99.9" if score < 100 else "100") if shown == "100.0" else shown  # noqa: PLR2004


def trend(change: float | None) -> str:
    """`▲ 2.1`, `▼ 0.4`, `=`; nothing when there is nothing to compare with."""
    if change is None:
        return ""
    if abs(change) < 0.05:  # noqa: PLR2004 - what would be shown as 0.0
        return "="
    return f"{'▲' if change > 0 else '▼'} {abs(change):.1f}"


def score_words(score: TableScore, terms: Sequence[Term] = ()) -> Content:
    """A table's score by dimension, in words, and the rules that cost it most."""
    known = [name for name, value in score.dimensions.items() if value is not None]
    parts: list[Content | tuple[str, str] | str] = [
        (f"{points(score.overall)} of 100", "bold"),
        (f" over {plural(score.rules, 'rule')}, measured {when(score.at)[:16]}. ", "$text-muted"),
    ]
    for name in known:
        value = score.dimensions[name] or 0.0
        moved = trend(score.trend_of(name))
        parts += [f"{literal(name)} ", (points(value), f"${level(value)}"), f"{f' {moved}' if moved else ''}  "]
    if score.unmeasured:
        parts.append((f"{plural(score.unmeasured, 'more rule')} not measured  ", "$warning"))
    silent = [name for name in DIMENSIONS if name not in known]
    lost = ", ".join(f"{literal(one.rule)} −{points(one.lost)}" for one in terms[:MOST_TERMS] if one.lost)
    if lost:
        parts.append((f"lost: {lost}  ", "$text-warning"))
    return Content.assemble(*parts, (f"no rule on {', '.join(silent)}" if silent else "", "$text-muted"))


def cell_words(rule: str, run: RunColumn, one: Measurement | None) -> Content:
    """What one rule found in one run."""
    head: list[Content | tuple[str, str]] = [(literal(rule), "bold"), (f"  {when(run.at)[5:16]}  ", "$text-muted")]
    if one is None:
        return Content.assemble(*head, ("not measured in this run", "$text-muted"), f"\nrun {literal(run.run_id)}")
    return Content.assemble(
        *head,
        (f"{glyph(one.state)} {one.state}", f"{colour(one.state)} bold"),
        f"  {finding(one)}",
        # First, as it is what a screen of few characters must not cut.
        (f"\nrun {literal(run.run_id)} · {about(one)}", "$text-muted"),
    )


def finding(one: Measurement) -> str:
    """What was found, in numbers: `12 of 460 rows break it (2.6%)`, or what the table as a whole measured."""
    if one.measured is not None:
        unknown = ", with nothing to compare it with" if one.passed is None else ""
        return f"measured {number(one.measured)}{unknown}"
    if one.passed is None:
        return "there was nothing to measure"
    if one.failed:
        allowed = f", {share(one.tolerance)} allowed" if one.tolerance else ""
        return f"{one.failed:,} of {plural(one.rows, 'row')} break it ({share(one.failure_rate)}{allowed})"
    return f"none of {plural(one.rows, 'row')} breaks it" if one.passed else "broken by the table as a whole"


def about(one: Measurement) -> str:
    """Kind, columns, dimension and severity."""
    parts = (one.kind, ", ".join(one.columns), one.dimension, one.severity)
    return literal(" · ".join(part for part in parts if part))


def value_text(one: Measurement) -> str:
    """The number that a history is about: a measured value, or a failure rate as a share."""
    return share(one.failure_rate) if one.measured is None else number(one.measured)


def pointed(marks: str, moment: str, at: int) -> tuple[str, str]:
    """What stands before and after `moment` when it is laid over `marks` at `at`.

    A date that it covers in part goes, as half a date misleads.
    """
    before, after = marks[:at], marks[at + len(moment) :]
    digits = "0123456789-"
    return before.rstrip(digits).ljust(len(before)), after.lstrip(digits).rjust(len(after))
