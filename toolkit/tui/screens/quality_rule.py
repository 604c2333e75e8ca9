"""One rule's history: what it is, how its numbers went, and each of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from toolkit.quality.records import Measurement
from toolkit.quality.verdicts import failing_rows
from toolkit.tui import command_lines, quality_rule
from toolkit.tui.background import in_background
from toolkit.tui.problems import Problem, told
from toolkit.tui.quality_rule import RuleStory
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.measurement_list import MeasurementList

TALL, LOW, SMALL = 9, 6, 30
"""Lines of the plot on a screen of many lines, and on one of fewer than `SMALL`."""


class RuleScreen(Leaf):
    """A rule through all its runs.

    Args:
        newest: its newest measurement.
        run_id: the run that is pointed at first; the newest where it did not measure the rule.
    """

    mode = "quality"
    HELP_TITLE = "One rule"
    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "failing", "Rows", tooltip="Show the rows that break this rule, and why that may be."),
        Binding("x", "quarantine", "Quarantine", tooltip="Show the quarantine of its table."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read it again."),
    ]

    def __init__(self, newest: Measurement, run_id: str = "") -> None:
        super().__init__()
        self.rule = newest
        self.run_id = run_id
        self.story: RuleStory | None = None
        self.at = 0

    def body(self) -> Iterable[Widget]:
        """What it is, the plot, and the numbers."""
        yield ProblemPanel()
        yield EmptyState("Reading …", id="nothing")
        yield Static("", id="head")
        yield Static("", id="plot")
        yield MeasurementList(id="numbers")

    def on_mount(self) -> None:
        """Read it."""
        self.show_command(command_lines.rule_history(self.rule.table, self.rule.rule))
        self.action_reload()

    def action_reload(self) -> None:
        """Read it in a thread."""
        read = partial(quality_rule.read, self.rule.table, self.rule.rule)
        in_background(self, read, self._found, self._failed, group="rule")

    def _found(self, story: RuleStory) -> None:
        first = self.story is None
        newest = len(story.measurements) - 1
        self.story, self.at = story, newest
        self.query_one(ProblemPanel).show("")
        self.query_one("#nothing").display = False
        self.query_one("#head", Static).update(quality_rule.head(story))
        numbers = self.query_one(MeasurementList)
        numbers.show(story)
        if first:
            runs = [one.run_id for one in story.measurements]
            self.at = runs.index(self.run_id) if self.run_id in runs else newest
            numbers.keep_cursor(newest - self.at)
        numbers.focus()
        self.draw()

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)

    @on(MeasurementList.Moved)
    def moved(self, event: MeasurementList.Moved) -> None:
        """Point at the run under the cursor."""
        self.at = event.at
        self.draw()

    def on_resize(self) -> None:
        """Draw as wide as there is room."""
        self.draw()

    def draw(self) -> None:
        """Draw the plot."""
        if self.story:
            height = LOW if self.size.height < SMALL else TALL
            width = self.size.width - 4
            self.query_one("#plot", Static).update(quality_rule.plot(self.story, width, height, self.at))

    def action_failing(self) -> None:
        """The rows that break it."""
        try:
            seen = self.story.measurements[self.at] if self.story else None
            self.toolkit.open_failing(failing_rows(self.rule), self.rule, seen)
        except Exception as problem:
            self.complain(told(problem))

    def action_quarantine(self) -> None:
        """The quarantine of its table."""
        from toolkit.tui.screens.quality_quarantine import QuarantineScreen

        self.app.push_screen(QuarantineScreen(self.rule.table))
