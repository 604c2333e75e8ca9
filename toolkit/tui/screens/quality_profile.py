"""What a table's columns hold, as its kept profile says, and the way to make one."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Static

from toolkit.quality.history import sparkline
from toolkit.quality.profiling import findings
from toolkit.tui import command_lines, quality_profile
from toolkit.tui.background import in_background
from toolkit.tui.problems import Problem, told
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import cut, literal, share

if TYPE_CHECKING:
    from toolkit.quality.profiling import ColumnProfile, Profile

SPARK_WIDTH = 12
REFRESH_SECONDS = 1.0


class ColumnList(Grid):
    """One line for each column."""

    columns_shown: tuple[ColumnProfile, ...] = ()

    def show(self, columns: tuple[ColumnProfile, ...]) -> None:
        """Show the columns; the cursor stays on its line."""
        row = self.cursor_row
        self.columns_shown = columns
        self.again = partial(self.show, columns)
        self.clear(columns=True)
        for label in ("column", "type", "nulls", "distinct", "spread"):
            self.add_column(label)
        for one in columns:
            nulls = share(one.null_share)
            counts = [float(many) for many in (one.histogram.counts if one.histogram else [t.count for t in one.top])]
            self.add_row(
                Text(cut(literal(one.name), 24), style="bold"),
                Text(cut(literal(one.type), 14)),
                self.tint(f"{nulls:>7}", "warning") if one.nulls else Text(f"{nulls:>7}", style="dim"),
                self.right(quality_profile.distinct(one)),
                self.tint(sparkline(counts, SPARK_WIDTH, between=(0.0, max(counts, default=1.0))), "primary"),
            )
        self.keep_cursor(row)

    @property
    def current(self) -> ColumnProfile | None:
        """The column under the cursor."""
        return self.columns_shown[self.cursor_row] if 0 <= self.cursor_row < len(self.columns_shown) else None


class ProfileScreen(Leaf):
    """The profile of one table."""

    mode = "quality"
    HELP_TITLE = "Profile"
    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "measure", "Measure", tooltip="Measure the table and keep its profile: the command below."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read the kept profile again."),
    ]

    def __init__(self, table: str) -> None:
        super().__init__()
        self.table = table
        self.profile: Profile | None = None
        self._measuring = False
        """Whether the screen says that it is being measured."""

    def body(self) -> Iterable[Widget]:
        """The columns, and the one under the cursor."""
        yield Static("", id="head")
        yield ProblemPanel()
        yield EmptyState("Reading …", id="nothing")
        yield Container(
            ColumnList(id="columns"),
            VerticalScroll(Static("", id="detail"), id="detail-scroll", can_focus=True),
            id="both",
        )

    def on_mount(self) -> None:
        """Nothing is shown before it is read."""
        self.query_one("#both").display = False
        self.show_command(command_lines.line(*command_lines.profile_words(self.table)))
        self.set_interval(REFRESH_SECONDS, self._reload_if_measured)

    def _reload_if_measured(self) -> None:
        """Read it once more when the command that measures it begins or ends."""
        if self.is_current and self._measuring != self.measuring:
            self.action_reload()

    @property
    def measuring(self) -> bool:
        """Whether the command that measures it is at work."""
        return self.toolkit.jobs.running(command_lines.profile_words(self.table)) is not None

    def on_screen_resume(self) -> None:
        """It may have been measured meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def action_reload(self) -> None:
        """Read it in a thread."""
        self._measuring = self.measuring
        in_background(self, partial(quality_profile.read, self.table), self._found, self._failed, group="profile")

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)

    def _found(self, profile: Profile | None) -> None:
        first, self.profile = self.profile is None, profile
        self.query_one(ProblemPanel).show("")
        nothing = self.query_one("#nothing", EmptyState)
        advice = (
            "It is being measured now: press m." if self._measuring else "Press m to measure the table and keep one."
        )
        nothing.say(f"No profile of {self.table} is kept yet.", advice)
        nothing.display = profile is None
        self.query_one("#both").display = self.query_one("#head").display = profile is not None
        if profile is None:
            return
        now = ("  being measured now: press m", "$primary") if self._measuring else ""
        self.query_one("#head", Static).update(Content.assemble(quality_profile.head(profile), now))
        columns = self.query_one(ColumnList)
        columns.show(profile.columns)
        # The width of what was hidden is known once it is laid out.
        self.call_after_refresh(self.column_chosen)
        if first:
            columns.focus()

    def on_resize(self) -> None:
        """Bars as wide as there is room."""
        self.call_after_refresh(self.column_chosen)

    @on(DataTable.RowHighlighted, "#columns")
    def column_chosen(self) -> None:
        """Show the column under the cursor."""
        column = self.query_one(ColumnList).current
        if column and self.profile:
            found = [one for one in findings(self.profile) if column.name in one.columns]
            scroll = self.query_one("#detail-scroll", VerticalScroll)
            width = scroll.scrollable_content_region.width
            self.query_one("#detail", Static).update(quality_profile.detail(column, width, found))
            scroll.scroll_home(animate=False)

    @on(DataTable.RowSelected, "#columns")
    def to_detail(self) -> None:
        """On to the column, to scroll it."""
        self.query_one("#detail-scroll").focus()

    def action_measure(self) -> None:
        """Start the command, or go to the one at work."""
        from toolkit.tui.screens.quality_job import JobScreen

        words = command_lines.profile_words(self.table)
        try:
            job = self.toolkit.jobs.running(words) or self.toolkit.jobs.start(words)
        except Exception as problem:
            self.complain(told(problem))
            return
        self.app.push_screen(JobScreen(job, f"Profile of {self.table}"))
