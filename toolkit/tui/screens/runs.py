"""The history of runs, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.run_index import RunLine
from toolkit.tui.run_texts import given_text
from toolkit.tui.screens.page import Page
from toolkit.tui.widgets.frame import EmptyState
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import cut, duration, literal, when

REFRESH_SECONDS = 2.0
Shown = tuple[str, str, int]


class RunsScreen(Page):
    """Every run, at work or over."""

    mode = "runs"
    HELP_TITLE = "Runs"
    CSS_PATH = "runs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Show this run: its steps, quality and log."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read the history again."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[RunLine] = []
        self._shown: list[Shown] = []

    def body(self) -> Iterable[Widget]:
        """The list, or what to do when it is empty."""
        yield EmptyState("Reading the history …")
        yield Grid(id="runs")

    def on_mount(self) -> None:
        """Read the history, and again while the screen is shown."""
        table = self.query_one("#runs", Grid)
        for label in ("status", "what", "started", "time", "via", "parameters"):
            table.add_column(label, key=label)
        table.display = False
        table.again = partial(self._fill, table)
        self.show_command("toolkit runs")
        self.set_interval(REFRESH_SECONDS, self._reload_if_shown)

    def on_screen_resume(self) -> None:
        """Show what happened meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def _reload_if_shown(self) -> None:
        if self.is_current:
            self.action_reload()

    def action_reload(self) -> None:
        """Read the history in a thread."""
        in_background(self, self.toolkit.index.lines, self._found, group="history")

    def _found(self, lines: list[RunLine]) -> None:
        self.lines = lines
        table = self.query_one("#runs", Grid)
        empty = self.query_one(EmptyState)
        empty.say("No run yet.", "Press 1, choose a scenario and press r.")
        empty.display, table.display = not lines, bool(lines)
        shown = [_shown(line) for line in lines]
        if shown != self._shown:
            self._fill(table)
            self._shown = shown
        if lines and self.is_current and self.focused is None:
            table.focus()

    def _fill(self, table: Grid) -> None:
        """Fill the list; the cursor stays on its run."""
        chosen = self._current_id
        table.clear()
        for line in self.lines:
            table.add_row(*self._cells(table, line), key=line.run_id)
        if chosen and any(line.run_id == chosen for line in self.lines):
            table.move_cursor(row=table.get_row_index(chosen))

    def _cells(self, table: Grid, line: RunLine) -> list[Text]:
        record = line.record
        status = Text.assemble(table.state("failed" if record is None else line.status), " ", line.status)
        if record is None:
            return [status, Text(literal(line.run_id)), Text(""), Text(""), Text(""), Text(literal(line.problem))]
        over = record.finished_at is not None
        return [
            status,
            Text(cut(literal(record.what), 40)),
            Text(when(record.started_at)),
            table.right(duration(record.seconds if over or line.status == "running" else None)),
            Text(record.via),
            Text(cut(given_text(record), 80)),
        ]

    @property
    def _current_id(self) -> str | None:
        table = self.query_one("#runs", Grid)
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    @on(DataTable.RowHighlighted)
    def moved(self, event: DataTable.RowHighlighted) -> None:
        """Show the command for the run under the cursor."""
        self.show_command(command_lines.show_run(str(event.row_key.value)))

    @on(DataTable.RowSelected)
    async def opened(self, event: DataTable.RowSelected) -> None:
        """Enter or a click opens the run."""
        await self.toolkit.open_run(str(event.row_key.value))

    async def action_open(self) -> None:
        """Open the run under the cursor."""
        if run_id := self._current_id:
            await self.toolkit.open_run(run_id)


def _shown(line: RunLine) -> Shown:
    """What has to change for a line to be painted again: a run at work changes every second."""
    record = line.record
    return line.run_id, line.status, int(record.seconds) if record and line.status == "running" else 0
