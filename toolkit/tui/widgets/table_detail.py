"""One table: rows, schema, history and files, now or as it was at a version."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TabbedContent, TabPane

from toolkit.governance.lens import looked_at
from toolkit.quality.quarantine import VIOLATIONS
from toolkit.store.delta_log import Version
from toolkit.store.reader import Column, DataFile
from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.paging import TableSource
from toolkit.tui.problems import Problem
from toolkit.tui.widgets.facts import FileList, HistoryList, SchemaList
from toolkit.tui.widgets.frame import ProblemPanel
from toolkit.tui.widgets.tab_titles import tab_title
from toolkit.tui.widgets.table_rows import TableRows
from toolkit.words import plural, when

TABS = {"rows": ".rows", "schema": "#schema-list", "history": "#history-list", "files": "#file-list"}


@dataclass(frozen=True)
class Facts:
    """What the other tabs show; history is of the newest version, so that one can go forward again."""

    columns: list[Column]
    history: list[Version]
    files: list[DataFile]
    version: int
    newest: int


def read_facts(source: TableSource) -> Facts:
    """Schema and files of the version of `source`, and the whole history."""
    reader = source.reader
    history = (reader if source.wanted is None else looked_at().open(source.table)).history()
    return Facts(reader.columns(), history, reader.files(), reader.version, history[0].version if history else 0)


class TableDetail(Vertical):
    """Everything about one table.

    Args:
        table: its name.
        version: an earlier version; the newest when None.
        tab: the tab that is shown first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "tab('rows')", "Data", show=False, tooltip="Show the rows."),
        Binding("c", "tab('schema')", "Columns", show=False, tooltip="Show the columns with their comments."),
        Binding(
            "h",
            "tab('history')",
            "History",
            show=False,
            tooltip="Show every version: when, by which run, how many rows.",
        ),
        Binding("i", "tab('files')", "Files", show=False, tooltip="Show the files and their sizes."),
    ]

    def __init__(self, table: str, version: int | None = None, tab: str = "rows", where: str = "") -> None:
        super().__init__()
        self.table = table
        self.version = version
        self.first_tab = tab
        self.where = where
        self.source = TableSource(table, version)
        self.facts: Facts | None = None

    def compose(self) -> ComposeResult:
        """The name, a banner for an earlier version, and the tabs."""
        yield Static(Content.styled(self.table, "bold $primary"), classes="banner")
        yield ProblemPanel(id="damage")
        with TabbedContent(initial=self.first_tab):
            with TabPane(tab_title("Rows", "d"), id="rows"):
                first = (VIOLATIONS,) if self.table.startswith("quarantine.") else ()
                yield TableRows(self.source, first=first, typed=self.where)
            with TabPane(tab_title("Schema", "c"), id="schema"):
                yield SchemaList(id="schema-list")
            with TabPane(tab_title("History", "h"), id="history"):
                yield HistoryList(id="history-list")
            with TabPane(tab_title("Files", "i"), id="files"):
                yield FileList(id="file-list")

    def on_mount(self) -> None:
        """Read everything but the rows, which read themselves."""
        in_background(self, partial(read_facts, self.source), self._took, self._failed, group="facts")
        self.call_after_refresh(self.focus_tab)

    def _took(self, facts: Facts) -> None:
        self.facts = facts
        self.query_one(SchemaList).show(facts.columns)
        self.query_one(HistoryList).show(facts.history, facts.version)
        self.query_one(FileList).show(facts.files)
        self.query_one(".banner", Static).update(_banner(self.table, facts, self.version))
        self.query_one(".banner").set_class(self.version is not None, "-past")

    def _failed(self, problem: Problem) -> None:
        self.query_one("#damage", ProblemPanel).show(problem.what, problem.choices, problem.cure)
        self.query_one(TabbedContent).display = False

    def action_tab(self, tab: str) -> None:
        """Show a tab, with the keys going to what is in it."""
        self.query_one(TabbedContent).active = tab
        self.focus_tab()

    def focus_tab(self) -> None:
        """The keys go to the list of the tab that is shown."""
        self.query_one(TABS[self.query_one(TabbedContent).active]).focus()

    @property
    def tab(self) -> str:
        """The tab that is shown."""
        return self.query_one(TabbedContent).active

    @property
    def command(self) -> str:
        """The command that shows the same."""
        if not self.query(TabbedContent) or self.tab == "rows":
            return command_lines.rows(self.query_one(TableRows).rows_query)
        return command_lines.table(self.table, self.version, tab=self.tab)


def _banner(table: str, facts: Facts, version: int | None) -> Content:
    name = (table, "bold $primary")
    if version is not None:
        at = next((v.at for v in facts.history if v.version == version), None)
        told = f"  as of version {version}" + (f", {when(at)[:16]}" if at else "")
        return Content.assemble(name, (told, "bold"), ("  ·  press 0 for now", ""))
    rows = f"version {facts.version}  ·  {plural(len(facts.columns), 'column')}  ·  {plural(len(facts.files), 'file')}"
    return Content.assemble(name, (f"  {rows}", "$text-muted"))
