"""Rules by runs as a heat map: one cell for each rule and run, drawn line by line.

Only lines that are seen are made, whatever the number of rules, so that every key answers at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from toolkit.quality.history import RunColumn
from toolkit.quality.records import Measurement
from toolkit.tui.palette import glyph
from toolkit.tui.quality_board import RuleLine
from toolkit.tui.quality_words import pointed, shade, sign, value_text
from toolkit.words import cut, literal, when

NARROW_NAME, WIDE_NAME = 22, 36
WIDE = 100
NUMBERS = 9
"""Room for the newest value at the right, where the map is wide enough."""
TICK = 8
"""Cells from one date in the header to the next, at least."""


class HeatMap(ScrollView, can_focus=True):
    """The rules of one table through its runs, newest at the right, with a cursor on one cell."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heat--header",
        "heat--moment",
        "heat--name",
        "heat--chosen",
        "heat--passed",
        "heat--tolerated",
        "heat--not-measured",
        "heat--failed-0",
        "heat--failed-1",
        "heat--failed-2",
        "heat--failed-3",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", "Up", show=False),
        Binding("down", "move(1, 0)", "Down", show=False),
        Binding("left", "move(0, -1)", "Earlier", show=False),
        Binding("right", "move(0, 1)", "Later", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding(
            "home", "edge(-1)", "Oldest run", show=False, tooltip="Go to the oldest run; Ctrl+Home to the first rule."
        ),
        Binding("end", "edge(1)", "Newest run", show=False, tooltip="Go to the newest run; Ctrl+End to the last rule."),
        Binding("ctrl+home", "move(-1000000, 0)", "First rule", show=False),
        Binding("ctrl+end", "move(1000000, 0)", "Last rule", show=False),
        Binding("enter", "open", "History", tooltip="Show this rule through all runs; a second click does, too."),
    ]

    class Moved(Message):
        """The cursor is on another cell, or the lines are others."""

    class Opened(Message):
        """The user wants to see the history of the rule under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[RuleLine] = ()
        self.runs: Sequence[RunColumn] = ()
        self.row = 0
        """The line that the cursor is on."""
        self.run = 0
        """The run that the cursor is on."""
        self.first = 0
        """The oldest run that is seen."""
        self.made = 0
        """How many lines were made since the app began."""

    def show(self, lines: Sequence[RuleLine], runs: Sequence[RunColumn]) -> None:
        """Show these rules; the cursor stays on its rule and its run, at first on the newest run of the first rule."""
        rule = self.line.rule if self.line else ""
        run_id = self.runs[self.run].run_id if self.runs and self.run < len(self.runs) - 1 else ""
        self.lines, self.runs = lines, runs
        self.virtual_size = Size(0, len(lines) + 1)
        names = [line.rule for line in lines]
        ids = [run.run_id for run in runs]
        self.row = names.index(rule) if rule in names else 0
        self.run = ids.index(run_id) if run_id in ids else max(len(runs) - 1, 0)
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def line(self) -> RuleLine | None:
        """The rule under the cursor."""
        return self.lines[self.row] if 0 <= self.row < len(self.lines) else None

    @property
    def cell(self) -> tuple[RuleLine, RunColumn, Measurement | None] | None:
        """The rule, the run and what it measured, under the cursor."""
        line = self.line
        if line is None or not 0 <= self.run < len(self.runs):
            return None
        return line, self.runs[self.run], line.cells[self.run]

    # Where things are

    @property
    def _wide(self) -> int:
        """Characters in a line."""
        return self.scrollable_content_region.width

    @property
    def _left(self) -> int:
        """Characters ahead of the first cell: the state, the name and a gap."""
        return 3 + (WIDE_NAME if self._wide >= WIDE else NARROW_NAME)

    @property
    def _right(self) -> int:
        """Characters after the last cell."""
        return NUMBERS if self._wide >= WIDE else 0

    @property
    def _step(self) -> int:
        """Characters for each cell: two where all runs fit so."""
        return 2 if self._room(2) >= len(self.runs) else 1

    def _room(self, step: int) -> int:
        """How many runs fit with `step` characters each."""
        return max((self._wide - self._left - self._right) // step, 1)

    @property
    def _seen(self) -> range:
        """The runs that are seen."""
        return range(self.first, min(self.first + self._room(self._step), len(self.runs)))

    def _follow(self) -> None:
        """Bring the cursor's cell into sight."""
        room = self._room(self._step)
        last = max(len(self.runs) - room, 0)
        first = self.first if len(self.runs) > room else 0
        first = min(max(first, self.run - room + 1), self.run, last)
        if first != self.first:
            self.first = first
            self.refresh()
        height = self.scrollable_content_region.height - 1
        if height < 1:
            return
        top = round(self.scroll_offset.y)
        if not top <= self.row < top + height:
            self.scroll_to(y=self.row if self.row < top else self.row - height + 1, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Another width has room for other runs."""
        self._follow()
        self.refresh()

    def on_focus(self) -> None:
        """The rule under the cursor stands out."""
        self.refresh()

    def on_blur(self) -> None:
        """It no longer does."""
        self.refresh()

    # Moving

    def go_to(self, row: int, run: int) -> None:
        """Put the cursor on a cell, or the nearest one there is."""
        row = min(max(row, 0), max(len(self.lines) - 1, 0))
        run = min(max(run, 0), max(len(self.runs) - 1, 0))
        if (row, run) == (self.row, self.run):
            return
        before = self.row
        self.row, self.run = row, run
        self._follow()
        for line in {before, row}:
            self.refresh_lines(line + 1)
        self.refresh(Region(0, 0, self._wide, 1))
        self.post_message(self.Moved())

    def action_move(self, rows: int, runs: int) -> None:
        """Move by so many rules and runs."""
        self.go_to(self.row + rows, self.run + runs)

    def action_page(self, direction: int) -> None:
        """Move by what is seen."""
        self.go_to(self.row + direction * max(self.size.height - 2, 1), self.run)

    def action_edge(self, direction: int) -> None:
        """To the oldest or the newest run."""
        self.go_to(self.row, 0 if direction < 0 else len(self.runs) - 1)

    def action_open(self) -> None:
        """Ask for the history of the rule under the cursor."""
        if self.line:
            self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; one on the cell where it is opens the history, as Enter does."""
        row = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or row >= len(self.lines):
            return
        before = (self.row, self.run)
        x = event.x - self._left
        at = self.first + x // self._step if x >= 0 else self.run
        self.go_to(row, min(at, self._seen[-1]) if self._seen else 0)
        if (self.row, self.run) == before:
            self.action_open()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the header, then the rules that are scrolled to."""
        self.made += 1
        if y == 0:
            segments = self._header()
        else:
            row = y - 1 + self.scroll_offset.y
            segments = self._rule(row) if row < len(self.lines) else []
        return Strip(segments).adjust_cell_length(self._wide, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"heat--{name}")

    def _header(self) -> list[Segment]:
        """Dates above the runs; the cursor's own stands out, and runs that are out of sight are counted."""
        plain = self._style("header")
        step, seen = self._step, self._seen
        width = len(seen) * step
        marks = [" "] * width
        for at in range(0, width - 5, -(-TICK // step) * step):
            marks[at : at + 5] = f"{self.runs[seen[at // step]].at.astimezone():%m-%d}"
        later = len(self.runs) - self.first - len(seen)
        hidden = [f"← {self.first} earlier"] * bool(self.first) + [f"{later} later →"] * bool(later)
        left = f"{', '.join(hidden):<{self._left}}"
        if not seen or self.run not in seen:
            return [Segment(left + "".join(marks), plain)]
        moment = f"▾{when(self.runs[self.run].at)[5:16]}"
        at = (self.run - self.first) * step
        if at + len(moment) > width:
            moment = f"{moment[1:]}▾"
            at -= len(moment) - 1
        before, after = pointed(left + "".join(marks), moment, max(len(left) + at, 0))
        return [Segment(before, plain), Segment(moment, self._style("moment")), Segment(after, plain)]

    def _rule(self, row: int) -> list[Segment]:
        """One rule: its state, its name, its cells and its newest value."""
        line = self.lines[row]
        here = row == self.row
        state = line.newest.state
        room = self._left - 3
        name = f"{cut(literal(line.rule), room):<{room}} "
        return [
            Segment(f"{glyph(state)} ", self._style("failed-3" if state == "failed" else _style_name(state))),
            Segment(name, self._style("chosen" if here and self.has_focus else "name")),
            *self._cells(line, here),
            *([Segment(f"{value_text(line.newest):>{NUMBERS}}", self._style("name"))] if self._right else []),
        ]

    def _cells(self, line: RuleLine, here: bool) -> Iterable[Segment]:
        step = self._step
        for run in self._seen:
            one = line.cells[run]
            mark = sign(one)
            # A block fills its cell; other signs have air about them.
            text = mark * step if one is not None and one.state == "failed" else mark.ljust(step)
            style = self._style(_kind(one))
            yield Segment(text, style + Style(reverse=True, bold=True) if here and run == self.run else style)


def _kind(one: Measurement | None) -> str:
    """The style of a cell."""
    if one is None:
        return "name"
    return f"failed-{shade(one)}" if one.state == "failed" else _style_name(one.state)


def _style_name(state: str) -> str:
    return state.replace(" ", "-")
