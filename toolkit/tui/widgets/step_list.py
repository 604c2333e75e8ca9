"""The steps of a run: state, progress, rows, seconds, and the tables each wrote."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from toolkit.tui.bars import bar
from toolkit.tui.palette import colour, glyph
from toolkit.words import count, cut, duration, literal

if TYPE_CHECKING:
    from toolkit.runs import StepView
    from toolkit.tui.following import RunFollower

BAR_WIDTH = 14
NAME_WIDTH = 14
NARROWEST = 40
_HEAD = f"  {'step':<{NAME_WIDTH}} {'progress':<{BAR_WIDTH + 5}} {'rows read':>13} {'rows written':>13} {'time':>8}"


class StepList(Static):
    """Painted anew from the follower each time something happened."""

    follower: RunFollower | None = None

    def on_resize(self) -> None:
        """Break the lines anew."""
        if self.follower:
            self.show(self.follower)

    def show(self, follower: RunFollower) -> None:
        """Show the steps as they are now."""
        self.follower = follower
        lines: list[Content] = [Content.styled(_HEAD, "$text-muted bold")]
        for step in follower.view.steps.values():
            lines += step_lines(step, follower.elapsed_of(step), self.size.width)
        self.update(Content("\n").join(lines))


def step_lines(step: StepView, elapsed: float | None, width: int) -> Iterable[Content]:
    """One line for the step, one for the tables it wrote or for what it has to say."""
    style = colour(step.state)
    yield Content.assemble(
        (f"{glyph(step.state)} ", f"{style} bold"),
        (f"{cut(literal(step.name), NAME_WIDTH):<{NAME_WIDTH}} ", "bold" if step.state == "running" else ""),
        (f"{progress_text(step):<{BAR_WIDTH + 5}} ", style),
        (f"{_rows(step.rows_read):>13} {_rows(written(step)):>13} {duration(elapsed):>8}", ""),
    )
    if step.tables:
        told = ", ".join(f"{table}\u00a0{rows:,}" for table, rows in step.tables.items())
        yield from _indented(f"→ {literal(told)}", "$text-muted", width)
    if step.message:
        yield from _indented(literal(step.message), style if step.state == "failed" else "$text-muted", width)


def _indented(text: str, style: str, width: int) -> Iterable[Content]:
    """`text` on as many lines as it needs, all of them beneath the step's name."""
    lines = textwrap.wrap(text, max(width, NARROWEST), initial_indent="  ", subsequent_indent="    ")
    return [Content.styled(line, style) for line in lines]


def progress_text(step: StepView) -> str:
    """A bar and a percentage while tasks are known, otherwise the state in a word."""
    if step.state == "running" and step.tasks:
        share = min(step.tasks_done / step.tasks, 1.0)
        return f"{bar(share, BAR_WIDTH)} {share:>4.0%}"
    if step.state == "finished":
        return f"{bar(1, BAR_WIDTH)} 100%"
    return step.state


def written(step: StepView) -> int:
    """Rows the step wrote: as its tables say, or as Spark counts while it works."""
    return sum(step.tables.values()) if step.tables else step.rows_written


def _rows(number: int) -> str:
    return count(number or None)
