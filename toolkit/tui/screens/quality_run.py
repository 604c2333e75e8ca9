"""What the rules found in one run: per table, rule by rule, as the run's events tell it, while it is at work, too."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Select, Static

from toolkit.quality.verdicts import Verdict, failing_rows, whole_quarantine
from toolkit.tui import command_lines, quality_runs
from toolkit.tui.background import in_background
from toolkit.tui.problems import told
from toolkit.tui.quality_runs import QualityOfRun, RunChoice
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState
from toolkit.tui.widgets.verdict_tables import RuleVerdicts, TableVerdicts
from toolkit.words import literal, plural

REFRESH_SECONDS = 1.0


class RunQualityScreen(Leaf):
    """Quality of one run."""

    mode = "quality"
    HELP_TITLE = "Quality of one run"
    CSS_PATH = "quality.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "choose_run", "Choose run", tooltip="Choose the run whose quality is shown."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read the run again."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.shown: QualityOfRun | None = None
        self._choices: tuple[RunChoice, ...] = ()
        self._table = ""

    def body(self) -> Iterable[Widget]:
        """The run, its tables, the rules of the chosen table, and the rule under the cursor in words."""
        yield EmptyState("Reading …", id="nothing")
        with Vertical(id="all"):
            yield Horizontal(
                Static("run", classes="label"),
                Select[str]([], prompt="choose a run", compact=True, id="run"),
                id="choice",
            )
            yield EmptyState("This run checked no rule.", "Choose another run: press o.", id="no-rules")
            yield TableVerdicts(id="tables")
            yield Static("", id="caption")
            yield RuleVerdicts(id="rule-list")
            yield Static("", id="words")

    def on_mount(self) -> None:
        """Read, and again while the run is at work."""
        self.query_one("#all").display = False
        self.show_command(command_lines.quality())
        self.set_interval(REFRESH_SECONDS, self._reload_if_running)

    def on_screen_resume(self) -> None:
        """A run may have come meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def _reload_if_running(self) -> None:
        if self.is_current and self.shown and self.shown.running:
            self.action_reload()

    def action_reload(self) -> None:
        """Read the chosen run in a thread; at first the newest that checked anything."""
        self._load(self.shown.run_id if self.shown and self.shown.tables else "")

    def _load(self, run_id: str) -> None:
        in_background(self, partial(quality_runs.read, run_id), self._found, group="quality")

    def _found(self, found: QualityOfRun) -> None:
        first = self.shown is None
        self.shown = found
        self.query_one("#nothing", EmptyState).say("No run yet.", "Press 1, choose a scenario and press r.")
        self.query_one("#nothing").display = not found.choices
        self.query_one("#all").display = bool(found.choices)
        self._offer(found)
        for part in ("#tables", "#caption", "#rule-list", "#words"):
            self.query_one(part).display = bool(found.tables)
        self.query_one("#no-rules").display = not found.tables
        self.query_one(TableVerdicts).show(list(found.tables))
        self._show_rules()
        if not found.tables:
            self.show_command(command_lines.quality(found.run_id))
        if first and found.tables:
            self.query_one(TableVerdicts).focus()

    def _offer(self, found: QualityOfRun) -> None:
        """The runs to choose from."""
        select = self.query_one("#run", Select)
        with self.prevent(Select.Changed):
            if found.choices != self._choices:
                self._choices = found.choices
                select.set_options([(Content(literal(c.label)), c.run_id) for c in found.choices])
            if any(c.run_id == found.run_id for c in found.choices):
                select.value = found.run_id

    @on(Select.Changed, "#run")
    def run_chosen(self, event: Select.Changed) -> None:
        """Show another run."""
        if isinstance(event.value, str) and (self.shown is None or event.value != self.shown.run_id):
            self._load(event.value)

    @on(TableVerdicts.Chosen)
    def table_chosen(self, event: TableVerdicts.Chosen) -> None:
        """Show the rules of the table under the cursor."""
        self._table = event.verdict.table
        self._show_rules()

    def _show_rules(self) -> None:
        tables = self.shown.tables if self.shown else ()
        one = next((t for t in tables if t.table == self._table), tables[0] if tables else None)
        if one is None or self.shown is None:
            return
        self.query_one("#caption", Static).update(Content.assemble(("Rules of ", "$text-muted"), (one.table, "bold")))
        self.query_one(RuleVerdicts).show(list(one.verdicts))
        self.show_command(command_lines.quality(self.shown.run_id, one.table))

    @on(RuleVerdicts.Chosen)
    def rule_chosen(self, event: RuleVerdicts.Chosen) -> None:
        """Say in words what the rule under the cursor asks for, with examples of what broke it."""
        self.query_one("#words", Static).update(_words(event.verdict))

    @on(RuleVerdicts.Failing)
    def failing(self, event: RuleVerdicts.Failing) -> None:
        """Show the rows that broke a rule, or the whole quarantine."""
        if not self.on_top:
            return
        try:
            one = event.verdict
            if event.whole:
                self.toolkit.open_failing(whole_quarantine(one.table))
            else:
                self.toolkit.open_failing(failing_rows(one), one)
        except Exception as problem:
            self.complain(told(problem))

    def action_choose_run(self) -> None:
        """Open the list of runs."""
        select = self.query_one("#run", Select)
        select.focus()
        select.action_show_overlay()


def _words(one: Verdict) -> Content:
    parts: list[Content | tuple[str, str]] = [(literal(one.description) or one.rule, "")]
    if one.failed and one.fault:
        parts = [(f"{literal(one.fault)}: {plural(one.failed, 'row')}", "bold"), (f"\n{literal(one.description)}", "")]
    for example in one.examples[:2]:
        text = example.get("value", "") if isinstance(example, dict) else str(example)
        key = example.get("key", "") if isinstance(example, dict) else ""
        parts.append((f"\n· {literal(f'{key}: {text}')}", "$text-muted"))
    return Content.assemble(*parts)
