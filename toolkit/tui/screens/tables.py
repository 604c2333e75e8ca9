"""The tables of the lakehouse: a tree by layer, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widget import Widget
from textual.widgets import TabbedContent

from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.screens.page import Page
from toolkit.tui.tables_index import TableLeaf, leaves
from toolkit.tui.widgets.facts import HistoryList
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.table_detail import TableDetail
from toolkit.tui.widgets.table_rows import TableRows
from toolkit.tui.widgets.table_tree import TableTree

NOTHING = ("No table yet.", "Run a scenario: press 1, choose one and press r.")


class TablesScreen(Page):
    """Look into tables."""

    mode = "tables"
    HELP_TITLE = "Tables"
    CSS_PATH = "tables.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Tree", tooltip="Go back to the tree of tables."),
        Binding("0", "now", "Now", tooltip="Go back from an earlier version to the table as it is now."),
        Binding("f5", "reload", "Reload", tooltip="Read all tables again."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.leaves: list[TableLeaf] | None = None
        self._wanted = ""

    def body(self) -> Iterable[Widget]:
        """The tree on the left, the table on the right."""
        yield EmptyState("Reading the lakehouse …", id="nothing")
        yield Horizontal(
            TableTree(), Container(EmptyState("", "Choose a table: ↑ ↓ and Enter."), id="detail"), id="both"
        )

    def on_mount(self) -> None:
        """The tree appears when the tables are read."""
        self.query_one("#both").display = False
        self.show_command("toolkit tables")

    def on_screen_resume(self) -> None:
        """A run may have written meanwhile."""
        super().on_screen_resume()
        self._read()

    def action_reload(self) -> None:
        """Read all tables again, the open one too."""
        self._read()
        if detail := self.detail:
            self.open(detail.table, detail.version, detail.tab)

    def _read(self) -> None:
        in_background(self, leaves, self._found, group="tables")

    def _found(self, found: list[TableLeaf]) -> None:
        self.query_one("#nothing", EmptyState).say(*NOTHING)
        self.query_one("#nothing").display = not found
        self.query_one("#both").display = bool(found)
        tree = self.query_one(TableTree)
        if found != self.leaves:
            self.leaves = found
            tree.show(found)
            if found and self.focused is None:
                tree.focus()
        if self._wanted:
            wanted, self._wanted = self._wanted, ""
            self.open(wanted)

    @property
    def detail(self) -> TableDetail | None:
        """The table that is open."""
        return next(iter(self.query(TableDetail)), None)

    def choose(self, table: str) -> None:
        """Open a table by name; waits for the tree if it is not there yet."""
        if self.leaves is None:
            self._wanted = table
        else:
            self.open(table)

    def open(self, table: str, version: int | None = None, tab: str = "rows") -> None:
        """Show a table, at a version."""
        place = self.query_one("#detail", Container)
        with self.app.batch_update():
            place.remove_children()
            place.mount(TableDetail(table, version, tab))
        self.add_class("-detail")
        self.query_one(TableTree).go_to(table)
        self.show_command(command_lines.table(table, version))
        self.refresh_bindings()

    @on(TableTree.Chosen)
    def chosen(self, event: TableTree.Chosen) -> None:
        """Open it, or say what is wrong with it."""
        if event.leaf.summary is not None:
            self.open(event.leaf.name)
            return
        place = self.query_one("#detail", Container)
        place.remove_children()
        panel = ProblemPanel()
        panel.show(event.leaf.problem)
        place.mount(panel)
        self.add_class("-detail")
        self.show_command(command_lines.table(event.leaf.name))

    @on(HistoryList.Chosen)
    def version_chosen(self, event: HistoryList.Chosen) -> None:
        """Show the table as it was; the newest version is the table as it is."""
        if detail := self.detail:
            newest = detail.facts.newest if detail.facts else None
            version = event.version.version
            self.open(detail.table, None if version == newest else version)

    @on(TableRows.Shown)
    @on(TabbedContent.TabActivated)
    def shows_other_things(self) -> None:
        """Show the command for what is shown now."""
        if detail := self.detail:
            query = detail.query_one(TableRows).rows_query
            where = query.where if detail.tab == "rows" else ""
            self.show_command(command_lines.table(detail.table, detail.version, where, detail.tab))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now."""
        del parameters
        match action:
            case "now":
                return bool(self.detail and self.detail.version is not None)
            case "back":
                return self.has_class("-detail")
            case _:
                return True

    def action_now(self) -> None:
        """The table as it is."""
        if detail := self.detail:
            self.open(detail.table, None, detail.tab)

    def action_back(self) -> None:
        """To the tree; on a narrow screen it takes the table's place."""
        self.remove_class("-detail")
        self.query_one(TableTree).focus()
        self.show_command("toolkit tables")
