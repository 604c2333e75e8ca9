"""The rules that a run checked, a line for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from toolkit.kinds import SEVERITIES, STATES
from toolkit.tui.bars import bar
from toolkit.tui.palette import named
from toolkit.tui.widgets.lines import Lines
from toolkit.words import cut, literal, share

if TYPE_CHECKING:
    from toolkit.quality.verdicts import Verdict

BAR_WIDTH = 10


class Grid(Lines):
    """A table of lines to choose from, coloured from the theme; the cursor leaves the colours as they are."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", cursor_foreground_priority="renderable", id=id)
        self.again: Callable[[], None] = lambda: None
        """Fills the table as it was filled last."""

    def on_mount(self) -> None:
        """Take the colours of another theme when it comes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.again())

    def tint(self, text: str, style: str, *, bold: bool = False) -> Text:
        """`text` in the colour of a style of `toolkit.kinds`."""
        colour = self.app.theme_variables.get(named(style), "")
        return Text(text, style=f"{'bold ' if bold else ''}{colour}".strip())

    def state(self, state: str) -> Text:
        """The glyph of a state, in its colour."""
        sign, style = STATES.get(state, ("?", "error"))
        return self.tint(sign, style, bold=True)

    def right(self, text: str) -> Text:
        """`text`, at the right of its column."""
        return Text(text, justify="right")

    def keep_cursor(self, row: int) -> None:
        """Back to the line where the cursor was, as far as there still are so many."""
        if self.row_count:
            self.move_cursor(row=min(max(row, 0), self.row_count - 1))


class RuleVerdicts(Grid):
    """Each rule with its result; the rows that broke it are one key away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "failing", "Rows", tooltip="Show the rows that broke this rule; Enter does, too."),
        Binding("x", "quarantine", "Quarantine", tooltip="Show this table's whole quarantine, with the reasons."),
    ]

    class Failing(Message):
        """The user wants the rows that broke a rule, or the whole quarantine of its table."""

        def __init__(self, verdict: Verdict, whole: bool) -> None:
            super().__init__()
            self.verdict = verdict
            self.whole = whole

    class Chosen(Message):
        """The cursor is on a rule."""

        def __init__(self, verdict: Verdict) -> None:
            super().__init__()
            self.verdict = verdict

    def __init__(self, *, with_table: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.with_table = with_table
        self.found: list[Verdict] = []

    def on_mount(self) -> None:
        """Make the columns, which never change."""
        super().on_mount()
        labels = ["", "rule", "severity", "failed", "of rows", "pass rate", "", "dimension", "columns"]
        for label in [labels[0], "table", *labels[1:]] if self.with_table else labels:
            self.add_column(label)

    def show(self, found: list[Verdict]) -> None:
        """Show `found`; the cursor stays where it was."""
        if found != self.found or not self.row_count:
            self.found = found
            self.again = self._fill
            self._fill()

    def _fill(self) -> None:
        row, found = self.cursor_row, self.found
        self.clear()
        for one in found:
            self.add_row(*self._cells(one))
        self.keep_cursor(row)

    def _cells(self, one: Verdict) -> list[Text]:
        style = STATES[one.state][1]
        table = [Text(cut(literal(one.table), 24))] if self.with_table else []
        return [
            self.state(one.state),
            *table,
            Text(cut(literal(one.rule), 34)),
            self.tint(literal(one.severity), SEVERITIES.get(one.severity, "secondary")),
            self.right(f"{one.failed:,}"),
            self.right(f"{one.rows:,}"),
            self.right(share(one.pass_rate)),
            self.tint(bar(one.pass_rate, BAR_WIDTH), style),
            Text(literal(one.dimension)),
            Text(cut(literal(", ".join(one.columns)), 30)),
        ]

    @property
    def current(self) -> Verdict | None:
        """The rule under the cursor."""
        return self.found[self.cursor_row] if 0 <= self.cursor_row < len(self.found) else None

    @on(DataTable.RowHighlighted)
    def _moved(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if self.current:
            self.post_message(self.Chosen(self.current))

    @on(DataTable.RowSelected)
    def _entered(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.action_failing()

    def action_failing(self) -> None:
        """Ask for the rows that broke the rule under the cursor."""
        if self.current:
            self.post_message(self.Failing(self.current, whole=False))

    def action_quarantine(self) -> None:
        """Ask for the whole quarantine of its table."""
        if self.current:
            self.post_message(self.Failing(self.current, whole=True))
