"""One run, at work or over: steps, quality and log, as its folder tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Log, Static, TabbedContent, TabPane

from toolkit import runs
from toolkit.quality.run_results import results_of
from toolkit.quality.verdicts import by_table
from toolkit.tui import command_lines
from toolkit.tui.following import RunFollower
from toolkit.tui.launch import Stopping
from toolkit.tui.problems import told
from toolkit.tui.run_texts import alert_lines, answer_text, headline, still_there
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.step_list import StepList
from toolkit.tui.widgets.tab_titles import tab_title
from toolkit.tui.widgets.verdict_tables import RuleVerdicts
from toolkit.words import literal

POLL_SECONDS = 0.25


class RunScreen(Leaf):
    """Follows a run; leaving it changes nothing for the run."""

    mode = "runs"
    HELP_TITLE = "Run"
    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cancel", "Cancel", tooltip="Stop this run, after a question."),
        Binding("k", "harder", "End harder", tooltip="End a run that did not stop when asked."),
        Binding("a", "again", "Run again", tooltip="Open the form with this run's parameters."),
        Binding("s", "tab('steps')", "Steps", show=False, tooltip="Show the steps."),
        Binding("u", "tab('rules')", "Quality", show=False, tooltip="Show which rules the data met."),
        Binding("l", "tab('log')", "Log", show=False, tooltip="Show what Spark and the steps had to say."),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.folder = runs.RunFolder(runs.runs_home() / run_id)
        self.stopping = Stopping(self.folder)

    def body(self) -> Iterable[Widget]:
        """Heading, outcome, and the three tabs."""
        yield Static("", id="headline")
        yield Static("", id="answer", markup=False)
        yield ProblemPanel(id="error")
        yield Static("", id="stopping")
        with TabbedContent(id="tabs"):
            with TabPane(tab_title("Steps", "s"), id="steps"), VerticalScroll(can_focus=True, id="steps-scroll"):
                yield StepList("")
                yield Static("", id="alerts")
            with TabPane(tab_title("Quality", "u"), id="rules"):
                yield EmptyState(
                    "No rule was checked yet.", "Rules show up here as the run checks them.", id="no-rules"
                )
                yield RuleVerdicts(with_table=True, id="rule-list")
            with TabPane(tab_title("Log", "l"), id="log"):
                yield Log(id="log-lines", max_lines=5000)

    def on_mount(self) -> None:
        """Start to follow."""
        self.follower = RunFollower(self.folder, self.toolkit.launcher)
        self.show_command(command_lines.show_run(self.run_id))
        self.query_one("#steps-scroll").focus()
        self.follow()
        self.set_interval(POLL_SECONDS, self.follow)

    def follow(self) -> None:
        """Take in what happened and paint it."""
        try:
            news = self.follower.poll()
            if news or self.follower.live or not self.query_one(StepList).content:
                self._paint()
        except Exception as problem:
            self.complain(told(problem))
            return
        self._paint_log()

    def _paint(self) -> None:
        follower = self.follower
        self.query_one("#headline", Static).update(headline(follower))
        self.query_one(StepList).show(follower)
        self.query_one("#alerts", Static).update(alert_lines(follower.view.alerts))
        self._paint_outcome()
        verdicts = [v for table in by_table(results_of(follower.view)) for v in table.verdicts]
        self.query_one(RuleVerdicts).show(verdicts)
        self.query_one("#no-rules").display = not verdicts
        self.query_one(RuleVerdicts).display = bool(verdicts)
        self.query_one(TabbedContent).get_tab("rules").label = tab_title(
            f"Quality {len(verdicts)}" if verdicts else "Quality", "u"
        )
        self.refresh_bindings()

    def _paint_outcome(self) -> None:
        answer = answer_text(self.follower)
        panel = self.query_one("#answer", Static)
        panel.update(literal(answer, lines=True))
        panel.display = bool(answer)
        what, cure = self.follower.story()
        self.query_one("#error", ProblemPanel).show(what, cure=cure)
        note = self.query_one("#stopping", Static)
        text = still_there(self.stopping) if self.follower.live else None
        note.display = text is not None
        if text is not None:
            note.update(text)

    def _paint_log(self) -> None:
        lines = self.follower.log.new()
        if lines:
            self.query_one("#log-lines", Log).write_lines([literal(line) for line in lines])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Cancelling is for runs that are at work; ending harder for those that did not listen."""
        del parameters
        if not hasattr(self, "follower"):
            return True
        match action:
            case "cancel":
                return self.follower.live and not self.stopping.stage
            case "harder":
                return self.follower.live and self.stopping.offer() is not None
            case "again":
                # A task is no scenario: its command stands below.
                record = self.follower.record
                return record is not None and not record.task and not self.follower.live
            case _:
                return True

    def action_tab(self, tab: str) -> None:
        """Show a tab, with the keys going to what is in it."""
        self.query_one(TabbedContent).active = tab
        target = {"steps": "#steps-scroll", "rules": "#rule-list", "log": "#log-lines"}[tab]
        self.query_one(target).focus()

    def action_cancel(self) -> None:
        """Ask, then stop."""
        from toolkit.tui.screens.confirm import ConfirmScreen

        details = "It finishes what it is writing, so every table stays whole. What is finished stays, too."
        self.show_command(command_lines.cancel_run(self.run_id))
        self.app.push_screen(ConfirmScreen("Stop this run?", details, "Stop it"), self._cancelled)

    def _cancelled(self, yes: bool | None) -> None:
        if yes:
            self._attempt(self._ask)
        else:
            self.show_command(command_lines.show_run(self.run_id))

    def _ask(self) -> None:
        if self.follower.record is None:
            self.toolkit.launcher.interrupt(self.run_id)
        else:
            self.stopping.ask()
        self.app.notify("Asked the run to stop.")

    def action_harder(self) -> None:
        """Ask, then send the stronger signal."""
        from toolkit.tui.screens.confirm import ConfirmScreen

        kill = self.stopping.offer() == "kill"
        details = "It is ended at once and cannot tidy up; Delta tables stay at their last whole version."
        soft = "Its process and all that it started are told to end (SIGTERM)."
        question = "Kill this run?" if kill else "End this run?"
        self.app.push_screen(ConfirmScreen(question, details if kill else soft, "Yes"), self._hardened)

    def _hardened(self, yes: bool | None) -> None:
        if yes:
            self._attempt(self.stopping.harder)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as problem:
            self.complain(told(problem))
        self.follow()

    def action_again(self) -> None:
        """The form, filled with this run's parameters."""
        from toolkit import scenario
        from toolkit.tui.form import text_of
        from toolkit.tui.screens.form import ScenarioForm

        record = self.follower.record
        if record is None:
            return
        try:
            declared = scenario.get(record.scenario)
        except Exception as problem:
            self.complain(told(problem))
            return
        given = {name: text_of(value) for name, value in record.parameters.items()}
        self.app.push_screen(ScenarioForm(declared, given, record.via == "notebook"))

    @on(RuleVerdicts.Failing)
    async def failing(self, event: RuleVerdicts.Failing) -> None:
        """Show the rows that broke a rule, or the table's quarantine."""
        if not self.on_top:
            return
        one = event.verdict
        if event.whole:
            await self.toolkit.open_part("quality.quarantine", {"table": one.table})
        else:
            await self.toolkit.open_part("quality.rows", {"table": one.table, "rule": one.rule})

    def on_screen_resume(self) -> None:
        """What happened meanwhile is shown at once."""
        super().on_screen_resume()
        if hasattr(self, "follower"):
            self.follow()
