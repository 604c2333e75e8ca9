"""Repair and release: which rows, what to set, what it would do, and the command that does it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Select, Static

from toolkit.errors import UsageError
from toolkit.tui import command_lines, quality_quarantine
from toolkit.tui.background import in_background
from toolkit.tui.problems import Problem, told
from toolkit.tui.quality_quarantine import Change, Preview, Quarantine, Reason
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.tick import Tick
from toolkit.words import literal, plural

ALL = "*"
HINT = "column = SQL expression, such as: amount = abs(amount)"

ADVICE = "Without a change the rows are only checked again: after a rule, or what it refers to, was put right."


class SetLine(Vertical):
    """One change: its text, and what is wrong with it."""

    def compose(self) -> ComposeResult:
        """The text on one line, what is wrong beneath."""
        with Horizontal(classes="line"):
            yield Static("set", classes="name")
            yield Input(placeholder=HINT, compact=True)
        yield Static("", classes="wrong", markup=False)

    @property
    def text(self) -> str:
        """What was typed."""
        return self.query_one(Input).value.strip()

    def say(self, problem: str) -> None:
        """Show what is wrong, or nothing."""
        self.set_class(bool(problem), "-wrong")
        self.query_one(".wrong", Static).update(literal(f"✖ {problem}"))


class ReleaseScreen(Leaf):
    """Builds `toolkit quality release`, and starts it.

    Args:
        quarantine: the rows.
        rule: the reason that is chosen at first; all rows when empty.
    """

    mode = "quality"
    HELP_TITLE = "Repair and release"
    CSS_PATH = "quality.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "SetLine Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "start", "Start", tooltip="Start the command below; Enter in a field does, too."),
        Binding("ctrl+n", "another", "One more change", tooltip="Add a line for another column."),
    ]

    def __init__(self, quarantine: Quarantine, rule: str = "") -> None:
        super().__init__()
        self.quarantine = quarantine
        self.rule = rule
        self.preview: Preview | None = None
        """What was found about the form as it is; None until that is known, and where it cannot be."""
        self._judged: tuple[object, ...] = ()

    def body(self) -> Iterable[Widget]:
        """Which rows, the changes, the preview and the button."""
        title = Content.assemble(("Repair and release ", "bold"), (self.quarantine.table, "bold $primary"))
        reasons = self.quarantine.reasons
        options = [(Content(f"{literal(one.rule) or 'all rows'}  ({one.rows:,})"), one.rule or ALL) for one in reasons]
        yield VerticalScroll(
            Static(title, id="heading"),
            Horizontal(
                Static("rows of", classes="name"),
                Select(options, value=self.rule or ALL, allow_blank=False, compact=True, id="reason"),
                classes="line",
            ),
            Horizontal(
                Static("where", classes="name"),
                Input(placeholder="a SQL condition on these rows, such as: amount < 0", compact=True, id="where"),
                classes="line",
            ),
            SetLine(),
            Static(ADVICE, classes="muted", markup=False, id="advice"),
            Static("", id="preview"),
            can_focus=False,
        )
        yield Horizontal(
            Tick("dry run: only count the rows", False, compact=True, id="dry"),
            Button("Start", variant="primary", id="start", compact=True),
            id="foot",
        )

    def on_mount(self) -> None:
        """Judge what the form starts with."""
        self.judge()

    @property
    def reason(self) -> Reason:
        """The chosen rows."""
        chosen = self.query_one("#reason", Select).value
        return next(one for one in self.quarantine.reasons if (one.rule or ALL) == chosen)

    @property
    def words(self) -> list[str]:
        """The command."""
        changes, dry = self._changes()[0], self.query_one("#dry", Checkbox).value
        sets = [one.word for one in changes]
        return command_lines.release_words(self.quarantine.table, self.reason.rule, self.where, sets, dry_run=dry)

    @property
    def where(self) -> str:
        """The user's own condition."""
        return self.query_one("#where", Input).value.strip()

    @property
    def conditions(self) -> tuple[str, str]:
        """Which rows are meant, by reason and by the user's own condition."""
        return self.reason.where, self.where

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def judge(self) -> None:
        """Say what is wrong, show the command, and count in a thread what it concerns."""
        self.preview = None
        changes, sound = self._changes()
        self._judged = (self.conditions, changes)
        self.query_one("#start", Button).disabled = not sound
        self.show_command(command_lines.line(*self.words))
        if sound:
            look = partial(quality_quarantine.preview, self.quarantine.table, self.conditions, changes)
            previewed, unseen = partial(self._previewed, self._judged), partial(self._unseen, self._judged)
            in_background(self, look, previewed, unseen, group="preview")

    def _changes(self) -> tuple[list[Change], bool]:
        """The changes that are some, and whether all of them are."""
        found: list[Change] = []
        sound = True
        for part in self.query(SetLine):
            problem = ""
            if part.text:
                try:
                    found.append(quality_quarantine.change(part.text, self.quarantine.columns))
                except UsageError as wrong:
                    problem, sound = told(wrong).text().replace("\n", " "), False
            part.say(problem)
        return found, sound

    def _previewed(self, judged: tuple[object, ...], found: Preview) -> None:
        if judged != self._judged:
            # An answer to what is no longer asked.
            return
        self.preview = found
        words = quality_quarantine.preview_words(found, self.quarantine.total)
        self.query_one("#preview", Static).update(words)

    def _unseen(self, judged: tuple[object, ...], problem: Problem) -> None:
        if judged != self._judged:
            return
        self.query_one("#preview", Static).update(Content(f"{problem.text()}\n{quality_quarantine.NOT_SPARK}"))

    async def action_another(self) -> None:
        """One more line, with the cursor in it."""
        line = SetLine()
        await self.query_one(VerticalScroll).mount(line, before="#advice")
        line.query_one(Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#start")
    def submitted(self) -> None:
        """Enter and the button start it."""
        self.action_start()

    def action_start(self) -> None:
        """Start it, after a question unless it only tells."""
        changes, sound = self._changes()
        if self._judged != (self.conditions, changes):
            # What was typed last has not come to be judged yet.
            self.judge()
        if not sound:
            self.app.notify("Correct what is marked first.", severity="warning")
        elif self.query_one("#dry", Checkbox).value:
            self._start(True)
        elif self.preview and not self.preview.rows:
            self.app.notify("No row in quarantine meets this: nothing would be released.", severity="warning")
        else:
            self._ask()

    def _ask(self) -> None:
        from toolkit.tui.screens.confirm import ConfirmScreen

        rows = plural(self.preview.rows, "row") if self.preview else "these rows"
        details = (
            f"They are checked again: those that keep every rule go to {self.quarantine.table}, the others stay.\n\n"
            f"$ {command_lines.line(*self.words)}"
        )
        self.app.push_screen(ConfirmScreen(f"Release {rows}?", details, "Release"), self._start)

    def _start(self, yes: bool | None) -> None:
        """Start the process, and follow it in the place of the form."""
        if not yes:
            return
        from toolkit.tui.screens.quality_job import JobScreen

        try:
            job = self.toolkit.jobs.start(self.words)
        except Exception as problem:
            self.complain(told(problem))
            return
        self.app.switch_screen(JobScreen(job, f"Release of {self.quarantine.table}"))
