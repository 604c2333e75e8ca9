"""A table's quarantine: its rows by reason, one of them explained, and the way to repair and release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import DataTable, Input, Static

from toolkit.quality.quarantine import VIOLATIONS, quarantine_name
from toolkit.quality.records import RELEASES
from toolkit.tui import command_lines, quality_quarantine
from toolkit.tui.background import in_background
from toolkit.tui.bars import row_of_bars
from toolkit.tui.paging import TableSource
from toolkit.tui.problems import Problem, told
from toolkit.tui.quality_quarantine import Quarantine, Reason
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.table_rows import TableRows
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import cut, literal, plural, when

BAR_WIDTH = 12


class ReasonList(Grid):
    """One line for each reason, all rows first."""

    reasons: Sequence[Reason] = ()

    def show(self, found: Quarantine) -> None:
        """Show the reasons; the cursor stays on its own, or goes to all rows."""
        before = self.current
        rules = [one.rule for one in found.reasons]
        row = rules.index(before.rule) if before and before.rule in rules else 0
        self.reasons = found.reasons
        self.again = partial(self.show, found)
        with self.prevent(DataTable.RowHighlighted):
            self.clear(columns=True)
            for label in ("reason", "rows", "", "first came", "from"):
                self.add_column(label)
            bars = row_of_bars([one.rows for one in found.reasons], BAR_WIDTH)
            for one, bar in zip(found.reasons, bars, strict=True):
                self.add_row(*self._cells(one, bar))
            self.keep_cursor(row)

    def _cells(self, one: Reason, bar: str) -> list[Text]:
        more = f" and {one.sources - 1:,} more" if one.sources > 1 else ""
        return [
            Text(cut(literal(one.rule), 36)) if one.rule else Text("all rows", style="bold"),
            self.right(f"{one.rows:,}"),
            self.tint(bar, "warning"),
            Text(when(one.first)[:16] if one.first else ""),
            Text(cut(literal(one.source), 40) + more, style="dim"),
        ]

    @property
    def current(self) -> Reason | None:
        """The reason under the cursor."""
        return self.reasons[self.cursor_row] if 0 <= self.cursor_row < len(self.reasons) else None


class QuarantineScreen(Leaf):
    """The rows that a table refused."""

    mode = "quality"
    HELP_TITLE = "Quarantine"
    CSS_PATH = ["table.tcss", "quality.tcss"]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "w",
            "explain",
            "Why",
            tooltip="Explain the row under the cursor: which rules it breaks, and where it came from.",
        ),
        Binding("r", "release", "Release", tooltip="Repair rows with SQL, check them again and release them."),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Type a SQL condition, such as price > 10."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read it again."),
    ]

    def __init__(self, table: str) -> None:
        super().__init__()
        self.table = table
        self.found: Quarantine | None = None

    def body(self) -> Iterable[Widget]:
        """The reasons, and the rows of the one under the cursor."""
        yield Static(_title(self.table), classes="banner")
        yield ProblemPanel(id="damage")
        yield EmptyState("Reading …", id="nothing")
        yield ReasonList(id="reasons")
        yield Vertical(id="rows")

    def on_mount(self) -> None:
        """Nothing is shown before it is read."""
        self.query_one("#reasons").display = False
        self.show_command(command_lines.quarantine(self.table))

    def on_screen_resume(self) -> None:
        """Rows may have been released meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def action_reload(self) -> None:
        """Read it in a thread."""
        read = partial(quality_quarantine.read, self.table)
        in_background(self, read, self._found, self._failed, group="quarantine")

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one("#damage", ProblemPanel).show(problem.what, problem.choices, problem.cure)

    def _found(self, found: Quarantine) -> None:
        self.query_one("#damage", ProblemPanel).show("")
        if found == self.found:
            # What is typed, sorted and chosen stays.
            return
        first, self.found = self.found is None, found
        self.query_one(".banner", Static).update(_title(self.table, found.released))
        nothing = self.query_one("#nothing", EmptyState)
        nothing.say("Nothing is in quarantine.", f"No row of {self.table} waits in quarantine.")
        nothing.display = not found.total
        reasons = self.query_one(ReasonList)
        reasons.display = self.query_one("#rows").display = bool(found.total)
        reasons.show(found)
        self._show_rows()
        if first and found.total:
            reasons.focus()
        self.refresh_bindings()

    def _show_rows(self) -> None:
        """The rows as they are now: a table that is kept open stays at its version."""
        place = self.query_one("#rows", Vertical)
        reason = self.query_one(ReasonList).current
        if not self.found or not self.found.total or reason is None:
            place.remove_children()
            return
        source = TableSource(quarantine_name(self.table))
        if rows := next(iter(place.query(TableRows)), None):
            rows.reopen(source, reason.where)
        else:
            place.mount(TableRows(source, reason.where, (VIOLATIONS,), "No row has this reason."))

    @on(DataTable.RowHighlighted, "#reasons")
    def reason_chosen(self) -> None:
        """The rows of the reason under the cursor."""
        reason = self.query_one(ReasonList).current
        rows = next(iter(self.query(TableRows)), None)
        if reason is None or rows is None:
            return
        try:
            rows.load(replace(rows.rows_query, base=reason.where, offset=0))
        except Exception as problem:
            self.complain(told(problem))

    @on(DataTable.RowSelected, "#reasons")
    def to_rows(self) -> None:
        """On to the rows."""
        for rows in self.query(TableRows):
            rows.grid.focus()

    @on(TableRows.Shown)
    def shown(self, event: TableRows.Shown) -> None:
        """Show the command for what is shown."""
        if event.query.typed:
            self.show_command(command_lines.table(event.query.table, where=event.query.where))
        else:
            reason = self.query_one(ReasonList).current
            self.show_command(command_lines.quarantine(self.table, reason.rule if reason else ""))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without rows there is nothing to explain or to release; in a text field `/` is a character."""
        del parameters
        if action == "filter" and isinstance(self.focused, Input):
            return False
        return bool(self.found and self.found.total) if action in ("explain", "release", "filter") else True

    def action_filter(self) -> None:
        """To the condition on the rows."""
        for rows in self.query(TableRows):
            rows.action_filter()

    def action_explain(self) -> None:
        """Explain the row under the cursor."""
        rows = next(iter(self.query(TableRows)), None)
        if rows and rows.page and 0 <= rows.grid.cursor_row < len(rows.page.rows):
            row = dict(zip(rows.page.columns, rows.page.rows[rows.grid.cursor_row], strict=True))
            self.app.push_screen(ExplainScreen(self.table, row))

    def action_release(self) -> None:
        """The form; or the release that is at work."""
        from toolkit.tui.screens.quality_job import JobScreen
        from toolkit.tui.screens.quality_release import ReleaseScreen

        job = self.toolkit.jobs.running(["quality", "release", self.table])
        if job:
            self.app.push_screen(JobScreen(job, f"Release of {self.table}"))
        elif self.found:
            reason = self.query_one(ReasonList).current
            self.app.push_screen(ReleaseScreen(self.found, reason.rule if reason else ""))


def _title(table: str, released: int = 0) -> Content:
    told = f"  {plural(released, 'row')} left it so far: see {RELEASES}" if released else ""
    return Content.assemble((table, "bold $primary"), ("  quarantine", "bold"), (told, "$text-muted"))


class ExplainScreen(ModalScreen[None]):
    """Why one row is in quarantine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,w", "dismiss", "Close", tooltip="Close the explanation.")
    ]

    def __init__(self, table: str, row: dict[str, Any]) -> None:
        super().__init__()
        self.table, self.row = table, row

    def compose(self) -> ComposeResult:
        """The reasons, the origin, and the row."""
        broken = len(self.row.get(VIOLATIONS) or [])
        with Vertical(classes="dialog -cell"):
            yield Static(
                f"Why {self.table} refused this row: {plural(broken, 'broken rule')}", classes="title", markup=False
            )
            with VerticalScroll(can_focus=True):
                yield Static(quality_quarantine.explained(self.row), id="why")
            yield Static("Escape closes this.", classes="muted")

    def on_mount(self) -> None:
        """Arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss(result)
