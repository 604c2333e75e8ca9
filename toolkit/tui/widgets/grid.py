"""The rows of a view: one line each, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.coordinate import Coordinate
from textual.message import Message
from textual.widgets import DataTable

from toolkit import fitting
from toolkit.kinds import KINDS, newest, spans
from toolkit.tui.palette import named
from toolkit.tui.widgets.lines import Lines
from toolkit.views import Column, Row

LONGEST = 200
FRAME = 6
"""Characters of a line that are no column's: around the rows, at both ends of a line, and the bar that scrolls."""


class ViewGrid(Lines):
    """The rows of one page of a view, as many columns as have room."""

    class Moved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """Enter or a click on the row under the cursor."""

    class Sorted(Message):
        """A click on the heading of a column."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(cursor_type="row", cursor_foreground_priority="renderable", id=id)
        self.columns_shown: list[Column] = []
        self.shown: Sequence[Row] = ()
        self._every: Sequence[Column] = ()
        self._mark = ("", False)
        self._widths: dict[str, int] = {}

    def on_mount(self) -> None:
        """Take the colours of another theme when it comes."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self.show(self._every, self.shown, *self._mark))

    def show(self, columns: Sequence[Column], rows: Sequence[Row], sort: str = "", descending: bool = False) -> None:
        """Show the rows; the cursor stays at its line.

        Args:
            columns: all that are usually shown.
            rows: of this page.
            sort: the column that they are sorted by.
            descending: the largest first.
        """
        line = self.cursor_row
        self._every, self.shown, self._mark = columns, rows, (sort, descending)
        width = max(self.app.size.width - FRAME, 1)
        least = [column for column in columns if column.shown == "always"]
        self.columns_shown = fitting.fitting(columns, rows, width) or least
        self._widths = fitting.widths(self.columns_shown, rows, width)
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for column in self.columns_shown:
                self.add_column(self._heading(column), key=column.name)
            for row in rows:
                self.add_row(*(self._cell(column, row) for column in self.columns_shown))
            self.go_to(line)

    def go_to(self, line: int) -> None:
        """Put the cursor on a line, or on the last."""
        if self.row_count:
            self.move_cursor(row=min(max(line, 0), self.row_count - 1))

    def update_lines(self, rows: Sequence[Row]) -> None:
        """Show what the rows of this page have become."""
        before, self.shown = self.shown, rows
        for line, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old is not new:
                for position, column in enumerate(self.columns_shown):
                    self.update_cell_at(Coordinate(line, position), self._cell(column, new), update_width=True)

    def _heading(self, column: Column) -> Text:
        sort, descending = self._mark
        mark = (" ▼" if descending else " ▲") if column.name == sort else ""
        return Text(f"{column.title}{mark}", justify="right" if KINDS[column.kind].right else "left")

    def _cell(self, column: Column, row: Row) -> Text:
        kind = KINDS[column.kind]
        width = self._widths[column.name]
        parts = spans(column.kind, newest(column.kind, row.get(column.name), width))
        text = Text.assemble(*((part[:LONGEST] if kind.prose else part, self._style(style)) for part, style in parts))
        if kind.prose:
            text.truncate(width, overflow="ellipsis")
        text.justify = "right" if kind.right else "left"
        return text

    def _style(self, style: str) -> str:
        return self.app.theme_variables.get(named(style), "") if style else ""

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Say so."""
        event.stop()
        self.post_message(self.Moved())

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Say so."""
        event.stop()
        self.post_message(self.Opened())

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sort by it."""
        event.stop()
        if event.column_key.value:
            self.post_message(self.Sorted(event.column_key.value))
