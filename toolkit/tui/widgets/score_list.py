"""The tables by score, worst first, with a bar for each dimension."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rich.text import Text
from textual import on
from textual.message import Message
from textual.widgets import DataTable

from toolkit.quality.scores import DIMENSIONS
from toolkit.tui.bars import bar
from toolkit.tui.quality_board import TableBoard
from toolkit.tui.quality_words import level, points, tall, trend
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import cut, when

WIDE = 100
BAR_WIDTH = 4
NAME_WIDTH = 26
SHORT = ("compl", "valid", "unique", "cons", "accur", "timely", "volume")
"""What stands above the bars of `DIMENSIONS`."""


class ScoreList(Grid):
    """One line for each table."""

    class Chosen(Message):
        """The cursor is on a table."""

    class Entered(Message):
        """The user wants to go on to its rules."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found: Sequence[TableBoard] = ()

    @property
    def current(self) -> TableBoard | None:
        """The table under the cursor."""
        return self.found[self.cursor_row] if 0 <= self.cursor_row < len(self.found) else None

    def show(self, found: Sequence[TableBoard], table: str = "") -> None:
        """Show the tables; the cursor goes to `table`, or else stays on its own."""
        wanted = table or (self.current.table if self.current else "")
        self.found = found
        self.again = partial(self.show, found)
        wide = self.app.size.width >= WIDE
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            bars = SHORT if wide else ["dimensions"]
            for label in ("", "score", "trend", "table", *bars, "rules", "measured"):
                self.add_column(label)
            for one in found:
                self.add_row(*self._cells(one, wide))
            names = [one.table for one in found]
            self.keep_cursor(names.index(wanted) if wanted in names else 0)
        self.post_message(self.Chosen())

    def _cells(self, one: TableBoard, wide: bool) -> list[Text]:
        score = one.score
        change = trend(score.trend)
        moved = "success" if change.startswith("▲") else "error" if change.startswith("▼") else "secondary"
        return [
            self.state(one.state),
            self.tint(f"{points(score.overall):>5}", level(score.overall), bold=True),
            self.tint(f"{change:>6}", moved),
            Text(cut(one.table, NAME_WIDTH)),
            *(self._bars(one) if wide else [self._letters(one)]),
            self.right(f"{score.rules:,}"),
            Text(when(score.at)[5:16]),
        ]

    def _bars(self, one: TableBoard) -> list[Text]:
        values = [one.score.dimensions[name] for name in DIMENSIONS]
        return [
            Text("·", style="dim") if value is None else self.tint(bar(value / 100, BAR_WIDTH), level(value))
            for value in values
        ]

    def _letters(self, one: TableBoard) -> Text:
        """One character for each dimension, where there is no room for bars."""
        text = Text()
        for name in DIMENSIONS:
            value = one.score.dimensions[name]
            text.append_text(Text("·", style="dim") if value is None else self.tint(tall(value), level(value)))
        return text

    @on(DataTable.RowHighlighted)
    def _moved(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.Chosen())

    @on(DataTable.RowSelected)
    def _entered(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.post_message(self.Entered())
