"""The quality board: the tables by score, and the rules of one of them by run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from toolkit.quality.scores import terms
from toolkit.quality.verdicts import failing_rows
from toolkit.runs import history
from toolkit.tui import command_lines, quality_board
from toolkit.tui.background import in_background
from toolkit.tui.problems import Problem, told
from toolkit.tui.quality_board import TableBoard
from toolkit.tui.quality_words import LEGEND, cell_words, score_words
from toolkit.tui.screens.page import Page
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.heat_map import HeatMap
from toolkit.tui.widgets.score_list import ScoreList
from toolkit.words import plural

REFRESH_SECONDS = 3.0
Found = tuple[tuple[TableBoard, ...], bool]
"""The tables, and whether there was any run at all."""


class QualityScreen(Page):
    """Every table that is checked, and every rule in every run."""

    mode = "quality"
    HELP_TITLE = "Quality board"
    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "failing", "Rows", tooltip="Show the rows that break this rule, and why that may be."),
        Binding("x", "quarantine", "Quarantine", tooltip="Show this table's quarantine by reason; repair and release."),
        Binding("p", "profile", "Profile", tooltip="Show what this table's columns hold."),
        Binding("c", "contract", "Contract", tooltip="Hold this table against its contract."),
        Binding("o", "one_run", "Run", tooltip="Show what a single run found, also while it is at work."),
        Binding("b", "broken", "Broken", tooltip="Show only the rules that some row breaks now, or all of them."),
        Binding(
            "slash",
            "filter",
            "Filter",
            show=False,
            key_display="/",
            tooltip="Filter rules by name, column, dimension or state.",
        ),
        # Before the field's own use of the key, which is to scroll its single line.
        Binding(
            "down", "rules", "To the rules", key_display="↓", priority=True, tooltip="From the filter to the rules."
        ),
        Binding("escape", "clear", "All rules", show=False, tooltip="Show all rules; once more goes to the tables."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read everything again."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.boards: tuple[TableBoard, ...] | None = None
        self.only_broken = False
        self._wanted = ""
        self._going = False

    def body(self) -> Iterable[Widget]:
        """The tables above, the map of one of them below, and the cell under the cursor in words."""
        yield ProblemPanel()
        yield EmptyState("Reading …", id="nothing")
        with Vertical(id="all"):
            yield ScoreList(id="scores")
            yield Horizontal(
                Static("", id="caption"), Input(placeholder="/ to filter", compact=True, id="filter"), id="bar"
            )
            yield EmptyState("No rule fits.", "Press Escape to show all of them.", id="none")
            yield HeatMap(id="map")
            yield Static(LEGEND, id="legend", markup=False)
            yield Static("", id="words")

    def on_mount(self) -> None:
        """The board appears when it is read."""
        self.query_one("#all").display = False
        self.query_one("#none").display = False
        self.show_command(command_lines.scores())
        self.set_interval(REFRESH_SECONDS, self._reload_if_going)

    def _reload_if_going(self) -> None:
        """A run at work may measure something; once more when it is over."""
        if self.is_current and (self._going or self.toolkit.going):
            self._going = bool(self.toolkit.going)
            self.action_reload()

    def on_screen_resume(self) -> None:
        """A run may have measured meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def on_resize(self) -> None:
        """Bars where there is room for them."""
        if self.boards:
            self.query_one(ScoreList).show(self.boards)

    # Reading

    def action_reload(self) -> None:
        """Read everything in a thread; what is shown stays until then."""
        in_background(self, _read, self._found, self._failed, group="board")

    def _found(self, found: Found) -> None:
        boards, ran = found
        self.query_one(ProblemPanel).show("")
        if boards == self.boards and boards and not self._wanted:
            return
        first = self.boards is None
        self.boards = boards
        nothing = self.query_one("#nothing", EmptyState)
        nothing.say(*_nothing(ran))
        nothing.display = not boards
        self.query_one("#all").display = bool(boards)
        wanted, self._wanted = self._wanted, ""
        self.query_one(ScoreList).show(boards, wanted)
        if boards and (first or wanted):
            self.query_one(HeatMap if wanted else ScoreList).focus()
        self.refresh_bindings()

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)

    def choose(self, table: str) -> None:
        """Put the cursor on a table; waits for the board if it is not there yet."""
        self._wanted = table
        if self.boards is not None:
            self.action_reload()

    # What is shown

    @property
    def board(self) -> TableBoard | None:
        """The chosen table."""
        return self.query_one(ScoreList).current

    @on(ScoreList.Chosen)
    @on(Input.Changed, "#filter")
    def fill(self) -> None:
        """The rules of the chosen table that fit the filter."""
        board = self.board
        if board is None:
            return
        words = self.query_one("#filter", Input).value
        lines = quality_board.chosen(board.lines, words, only_broken=self.only_broken)
        none = self.query_one("#none", EmptyState)
        none.say("No rule fits." if words else "No rule is broken.", "Press Escape to show all of them.")
        none.display = not lines
        heat = self.query_one(HeatMap)
        heat.display = bool(lines)
        heat.show(lines, board.runs)
        self.query_one("#caption", Static).update(_caption(board, len(lines), self.only_broken))
        self.say()

    @on(HeatMap.Moved)
    def say(self) -> None:
        """Say in words what is under the cursor, and the command that shows it."""
        board, cell = self.board, self.query_one(HeatMap).cell
        if board is None:
            return
        words = self.query_one("#words", Static)
        if self.query_one(ScoreList).has_focus or cell is None:
            parts = terms([line.newest for line in board.lines], board.table)
            words.update(score_words(board.score, parts), layout=False)
            self.show_command(command_lines.scores())
        else:
            words.update(cell_words(cell[0].rule, cell[1], cell[2]), layout=False)
            self.show_command(command_lines.quality(cell[1].run_id, board.table, broken=self.only_broken))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The words are about where the keys go."""
        if isinstance(event.widget, ScoreList | HeatMap) and self.boards:
            self.say()

    # Where one can go

    @on(ScoreList.Entered)
    @on(Input.Submitted, "#filter")
    def action_rules(self) -> None:
        """On to the rules."""
        self.query_one(HeatMap).focus()

    @on(HeatMap.Opened)
    def open_rule(self) -> None:
        """The history of the rule under the cursor, with the run under it."""
        cell = self.query_one(HeatMap).cell
        if cell and self.on_top:
            from toolkit.tui.screens.quality_rule import RuleScreen

            self.app.push_screen(RuleScreen(cell[0].newest, cell[1].run_id))

    def action_failing(self) -> None:
        """The rows that break the rule under the cursor."""
        cell = self.query_one(HeatMap).cell
        if cell:
            try:
                newest = cell[0].newest
                self.toolkit.open_failing(failing_rows(newest), newest, cell[2])
            except Exception as problem:
                self.complain(told(problem))

    def action_quarantine(self) -> None:
        """The quarantine of the chosen table."""
        from toolkit.tui.screens.quality_quarantine import QuarantineScreen

        self._open(QuarantineScreen)

    def action_profile(self) -> None:
        """What the chosen table holds."""
        from toolkit.tui.screens.quality_profile import ProfileScreen

        self._open(ProfileScreen)

    def action_contract(self) -> None:
        """What was promised about the chosen table."""
        from toolkit.tui.screens.quality_contract import ContractScreen

        self._open(ContractScreen)

    def _open(self, screen: type[Screen[None]]) -> None:
        if self.board:
            self.app.push_screen(screen(self.board.table))

    def action_one_run(self) -> None:
        """What a single run found."""
        from toolkit.tui.screens.quality_run import RunQualityScreen

        self.app.push_screen(RunQualityScreen())

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one("#filter").focus()

    def action_broken(self) -> None:
        """Only broken rules, or all."""
        self.only_broken = not self.only_broken
        self.fill()

    def action_clear(self) -> None:
        """Forget the filter; without one, go to the tables."""
        field = self.query_one("#filter", Input)
        filtered = bool(field.value) or self.only_broken or field.has_focus
        self.only_broken = False
        field.value = ""
        self.fill()
        self.query_one(HeatMap if filtered else ScoreList).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a table there is nothing to look into; only the filter has no use of its own for the arrow."""
        del parameters
        if action == "rules":
            return isinstance(self.focused, Input)
        if action in ("failing", "quarantine", "profile", "contract", "broken", "filter", "clear"):
            return bool(self.boards)
        return True


def _read() -> Found:
    boards = quality_board.read()
    return boards, bool(boards) or bool(history())


def _nothing(ran: bool) -> tuple[str, str]:
    if not ran:
        return "No run yet.", "Press 1, choose a scenario and press r."
    return (
        "No rule was measured over time yet.",
        "Run a scenario that checks its data: press 1. What a single run found: press o.",
    )


def _caption(board: TableBoard, shown: int, only_broken: bool) -> Content:
    """`silver.orders  2 failed · 5 tolerated · 200 rules · 50 runs`."""
    rules = len(board.lines)
    filtered = only_broken or shown != rules
    of = f"{shown:,} of {plural(rules, 'rule')}" if filtered else plural(rules, "rule")
    many = of.replace(" of ", " broken of ") if only_broken else of
    states = [
        (f"{number} {state}", f"${'error' if state == 'failed' else 'warning'}")
        for state in ("failed", "not measured", "tolerated")
        if (number := board.broken(state))
    ]
    # Where there is no room for all, the news comes first.
    parts = [(many, ""), *states] if filtered else [*states, (many, "$text-muted")]
    if not filtered:
        parts.append((plural(len(board.runs), "run"), "$text-muted"))
    told = Content(" · ").join([Content.assemble(part) for part in parts])
    return Content.assemble((board.table, "bold $primary"), "  ", told)
