"""What one rule measured, run by run."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

from toolkit.quality.anomalies import Expectation
from toolkit.tui.quality_rule import RuleStory
from toolkit.tui.quality_words import value_text
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import count, literal, number, share, when


class MeasurementList(Grid):
    """One line for each run, newest first."""

    class Moved(Message):
        """The cursor is on another run.

        Attributes:
            at: its place among the measurements, oldest first.
        """

        def __init__(self, at: int) -> None:
            super().__init__()
            self.at = at

    story: RuleStory | None = None

    def show(self, story: RuleStory) -> None:
        """Show the measurements of a rule."""
        row = self.cursor_row
        self.story = story
        self.again = partial(self.show, story)
        rates = story.history.newest.measured is None
        self.clear(columns=True)
        numbers = ("failed rows", "share") if rates else ("measured", "rows")
        for label in ("", "when", *numbers, "expected", "", "version", "run"):
            self.add_column(label)
        for at in reversed(range(len(story.measurements))):
            self.add_row(*self._cells(story, at, rates))
        self.keep_cursor(row)

    def _cells(self, story: RuleStory, at: int, rates: bool) -> list[Text]:
        one = story.measurements[at]
        numbers = (f"{one.failed:,} of {one.rows:,}", value_text(one)) if rates else (value_text(one), count(one.rows))
        return [
            self.state(one.state),
            Text(when(one.at)[:16]),
            *(self.right(text) for text in numbers),
            Text(_band(story.expectations[at], rates), style="dim"),
            self.tint("unusual", "warning") if story.unusual(at) else Text(""),
            self.right(count(one.version)),
            Text(literal(one.run_id)),
        ]

    @on(DataTable.RowHighlighted)
    def _moved(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if self.story and 0 <= event.cursor_row < len(self.story.measurements):
            self.post_message(self.Moved(len(self.story.measurements) - 1 - event.cursor_row))


def _band(expected: Expectation | None, rates: bool) -> str:
    """`0% to 1.2%`; too few values before it expect nothing."""
    if expected is None:
        return "too few runs"
    tell = share if rates else number
    low = max(expected.low, 0.0) if rates else expected.low
    return f"{tell(low)} to {tell(min(expected.high, 1.0) if rates else expected.high)}"
