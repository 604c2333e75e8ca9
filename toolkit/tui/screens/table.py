"""One table in full: rows, schema, history and files, now or as it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import TabbedContent

from toolkit.tui import command_lines
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.facts import HistoryList
from toolkit.tui.widgets.table_detail import TableDetail
from toolkit.tui.widgets.table_rows import TableRows


class TableScreen(Leaf):
    """Look into a table.

    Args:
        table: which.
        version: as it was; as it is when None.
        where: the condition that its rows meet at first.
    """

    mode = "tables"
    HELP_TITLE = "Table"
    CSS_PATH = "table.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("0", "now", "Now", tooltip="Go back from an earlier version to the table as it is now."),
        Binding("f5", "reload", "Reload", tooltip="Read the table again."),
    ]

    def __init__(self, table: str, version: int | None = None, where: str = "") -> None:
        super().__init__()
        self.table = table
        self.first_shown = TableDetail(table, version, where=where)

    def body(self) -> Iterable[Widget]:
        """The table at a version, to be replaced by another one."""
        yield Container(self.first_shown, id="detail")

    def on_mount(self) -> None:
        """Show the command."""
        self.shows_other_things()

    @property
    def detail(self) -> TableDetail:
        """The table at the version that is shown."""
        return self.query_one(TableDetail)

    def open(self, version: int | None, tab: str = "rows") -> None:
        """Show the table at a version."""
        place = self.query_one("#detail", Container)
        with self.app.batch_update():
            place.remove_children()
            place.mount(TableDetail(self.table, version, tab))
        self.show_command(command_lines.table(self.table, version))
        self.refresh_bindings()

    def action_reload(self) -> None:
        """Read it again."""
        self.open(self.detail.version, self.detail.tab)

    @on(HistoryList.Chosen)
    def version_chosen(self, event: HistoryList.Chosen) -> None:
        """Show the table as it was; the newest version is the table as it is."""
        newest = self.detail.facts.newest if self.detail.facts else None
        version = event.version.version
        self.open(None if version == newest else version)

    @on(TableRows.Shown)
    @on(TabbedContent.TabActivated)
    def shows_other_things(self) -> None:
        """Show the command for what is shown now."""
        self.show_command(self.detail.command)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        del parameters
        return action != "now" or any(detail.version is not None for detail in self.query(TableDetail))

    def action_now(self) -> None:
        """The table as it is."""
        self.open(None, self.detail.tab)
