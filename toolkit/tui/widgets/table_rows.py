"""Rows of one table: a page at a time, sorted, filtered, exported, a whole cell on Enter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import DataTable, Input, Static

from toolkit.quality.quarantine import VIOLATIONS
from toolkit.store.reader import PAGE_ROWS, Page
from toolkit.tui import paging
from toolkit.tui.background import in_background, toast
from toolkit.tui.cells import cell, reasons
from toolkit.tui.paging import RowsQuery, TableSource
from toolkit.tui.problems import Problem, told
from toolkit.tui.widgets.frame import ProblemPanel
from toolkit.tui.widgets.lines import Lines
from toolkit.words import literal

REASONS_WIDTH = 60


class TableRows(Vertical):
    """A table's rows.

    Args:
        source: the table at one version.
        base: a condition that always holds.
        first: columns shown ahead of the others.
        none: what to say when there is no row.
        typed: the condition in the field at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Type a SQL condition, such as price > 10."),
        Binding("s", "sort", "Sort", tooltip="Sort by this column: up, down, then as the rows come."),
        Binding("n", "next_page", "Next", tooltip="Show the next 200 rows."),
        Binding("p", "previous_page", "Prev", tooltip="Show the 200 rows before."),
        Binding("e", "export", "Export", tooltip="Write this page as a CSV file under exports/."),
        Binding("escape", "clear_filter", "Clear filter", show=False, tooltip="Show all rows again."),
    ]

    class Shown(Message):
        """Other rows are shown."""

        def __init__(self, query: RowsQuery) -> None:
            super().__init__()
            self.query = query

    def __init__(
        self, source: TableSource, base: str = "", first: Sequence[str] = (), none: str = "no row", typed: str = ""
    ) -> None:
        super().__init__()
        self.source = source
        self.first = tuple(first)
        self.none = none
        self.rows_query = RowsQuery(source.table, source.wanted, base, typed)
        self.page: Page | None = None
        self.total: int | None = None
        self.everything: int | None = None
        self._order: list[int] = []

    def compose(self) -> ComposeResult:
        """The condition, what is wrong with it, the rows, and where among all rows they are."""
        with Horizontal(classes="filter"):
            yield Static("where", classes="where")
            hint = "a SQL condition: press / and type, Enter applies it"
            yield Input(self.rows_query.typed, placeholder=hint, compact=True)
        yield ProblemPanel()
        yield Lines(cursor_type="cell", zebra_stripes=False, classes="rows")
        yield Static("", classes="position", markup=False)

    def on_mount(self) -> None:
        """Fetch the first page."""
        self.load(self.rows_query)

    @property
    def grid(self) -> Lines:
        """The table of cells."""
        return self.query_one(".rows", Lines)

    def reopen(self, source: TableSource, base: str) -> None:
        """Show the rows of the same table as it is now; condition, order and what has the focus stay."""
        self.source, self.page = source, None
        self.load(replace(self.rows_query, base=base, offset=0))

    def load(self, query: RowsQuery, *, typed: bool = False) -> None:
        """Fetch the rows of `query`; what is shown stays until they are there.

        Args:
            query: which rows.
            typed: the user typed its condition: when it is good, go on to the rows.
        """
        self.query_one(".position", Static).update("reading …")
        took = partial(self._took, query, typed)
        in_background(self, lambda: self.source.page(query), took, self._failed, group="page")

    def _took(self, query: RowsQuery, typed: bool, page: Page) -> None:
        """Show a page; how many rows there are in all is counted after that."""
        recount = self.page is None or query.where != self.rows_query.where
        self.rows_query, self.page = query, page
        self.query_one(ProblemPanel).show("")
        self._fill(page)
        if typed and self.query_one(Input).has_focus:
            self.grid.focus()
        if recount:
            self.total = None
            self.everything = None
            in_background(self, partial(self._count, query), self._counted, self._failed, group="count")
        self._say_position()
        self.post_message(self.Shown(query))

    def _count(self, query: RowsQuery) -> tuple[int, int | None]:
        """The rows that fit, and where a typed condition fits none, the rows that there are."""
        total = self.source.count(query)
        return total, self.source.everything(query) if query.typed and not total else None

    def _counted(self, counts: tuple[int, int | None]) -> None:
        self.total, self.everything = counts
        self._say_position()

    def _failed(self, problem: Problem) -> None:
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)
        self._say_position()

    def _fill(self, page: Page) -> None:
        grid, column = self.grid, self.grid.cursor_column
        self._order = paging.leading(page, self.first)
        grid.clear(columns=True)
        for index in self._order:
            grid.add_column(self._label(page.columns[index]))
        for row in page.rows:
            grid.add_row(*(self._cell(page.columns[i], row[i]) for i in self._order))
        if page.rows:
            grid.move_cursor(row=0, column=min(column, len(self._order) - 1))

    def _cell(self, column: str, value: Any) -> Text:
        if column == VIOLATIONS and column in self.first:
            return cell(reasons(value), REASONS_WIDTH)
        return cell(value)

    def _label(self, column: str) -> Text:
        arrow = ""
        if column == self.rows_query.order_by:
            arrow = " ▼" if self.rows_query.descending else " ▲"
        return Text(f"{literal(column)}{arrow}")

    def _say_position(self) -> None:
        page, query = self.page, self.rows_query
        if page is None:
            self.query_one(".position", Static).update("")
            return
        text = (
            paging.position(query, len(page.rows), self.total, self.everything)
            if page.rows or query.typed
            else self.none
        )
        order = f" · by {query.order_by} {'descending' if query.descending else 'ascending'}" if query.order_by else ""
        hint = " · filtered, Escape shows all" if query.typed else ""
        self.query_one(".position", Static).update(literal(text + order + hint))

    def _column_at(self, position: int) -> str:
        return self.page.columns[self._order[position]] if self.page else ""

    @on(Input.Submitted)
    def condition_typed(self, event: Input.Submitted) -> None:
        """Apply the condition."""
        event.stop()
        self.load(self.rows_query.filtered(event.value), typed=True)

    @on(DataTable.HeaderSelected)
    def header_clicked(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column of the header."""
        event.stop()
        self.load(self.rows_query.sorted_by(self._column_at(event.column_index)))

    @on(DataTable.CellSelected)
    def cell_chosen(self, event: DataTable.CellSelected) -> None:
        """Show the whole cell."""
        from toolkit.tui.screens.cell import CellScreen

        event.stop()
        if self.screen is self.app.screen and self.page and event.coordinate.row < len(self.page.rows):
            column = self._order[event.coordinate.column]
            self.app.push_screen(CellScreen(self.page.columns[column], self.page.rows[event.coordinate.row][column]))

    def action_filter(self) -> None:
        """To the condition."""
        self.query_one(Input).focus()

    def action_clear_filter(self) -> None:
        """Forget the condition; with none, leave the widget to its screen's own Escape."""
        field = self.query_one(Input)
        field.value = ""
        self.grid.focus()
        self.query_one(ProblemPanel).show("")
        if self.rows_query.typed:
            self.load(self.rows_query.filtered(""))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape clears a filter only when there is one, and in the field itself `/` is a character."""
        del parameters
        if action in ("filter", "clear_filter") and self.is_mounted:
            field = self.query_one(Input)
            if action == "filter":
                return not field.has_focus
            return bool(self.rows_query.typed or field.value or field.has_focus)
        return True

    def action_sort(self) -> None:
        """Sort by the column under the cursor."""
        if self.page and self._order:
            self.load(self.rows_query.sorted_by(self._column_at(self.grid.cursor_column)))

    def action_next_page(self) -> None:
        """The next page, if this one is full."""
        if self.page and len(self.page.rows) == PAGE_ROWS:
            self.load(self.rows_query.next_page())

    def action_previous_page(self) -> None:
        """The page before, if there is one."""
        if self.rows_query.offset:
            self.load(self.rows_query.previous_page())

    def action_export(self) -> None:
        """Write the page to a file, and say where."""
        if self.page is None:
            return
        try:
            file = paging.export(self.page, self.rows_query, self.source.reader.version)
        except Exception as problem:
            toast(self, told(problem))
            return
        self.app.notify(f"Wrote {file}", timeout=10, markup=False)
