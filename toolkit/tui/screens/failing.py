"""The rows that broke a rule, or a table's whole quarantine, with the reasons first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from toolkit.quality.quarantine import VIOLATIONS, WARNINGS
from toolkit.quality.verdicts import FailingRows
from toolkit.tui import command_lines
from toolkit.tui.paging import TableSource
from toolkit.tui.screens.page import Leaf
from toolkit.tui.text import literal
from toolkit.tui.widgets.table_rows import TableRows


class FailingScreen(Leaf):
    """Rows with their reasons."""

    mode = "quality"
    HELP_TITLE = "Failing rows"
    CSS_PATH = "tables.tcss"
    AUTO_FOCUS: ClassVar[str | None] = ".rows"

    def __init__(self, failing: FailingRows) -> None:
        super().__init__()
        self.failing = failing

    def body(self) -> Iterable[Widget]:
        """A title and the rows."""
        yield Static(literal(self.failing.title), classes="banner", markup=False)
        none = "No row breaks this rule." if self.failing.where else "Nothing is in quarantine."
        yield TableRows(TableSource(self.failing.table), self.failing.where, (VIOLATIONS, WARNINGS), none)

    def on_mount(self) -> None:
        """Show the command for these rows."""
        self.show_command(command_lines.table(self.failing.table, where=self.failing.where))

    @on(TableRows.Shown)
    def shown(self, event: TableRows.Shown) -> None:
        """Show the command for the rows as they are filtered now."""
        self.show_command(command_lines.table(self.failing.table, where=event.query.where))
