"""The rows that broke a rule, or a table's whole quarantine, with the reasons first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from toolkit.lakehouse import Lakehouse
from toolkit.quality.quarantine import VIOLATIONS, WARNINGS
from toolkit.quality.records import Measurement
from toolkit.quality.verdicts import FailingRows, Judged
from toolkit.reader import open_table
from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.paging import TableSource
from toolkit.tui.problems import told
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.frame import EmptyState
from toolkit.tui.widgets.table_rows import TableRows
from toolkit.words import literal, plural, when


class FailingScreen(Leaf):
    """Rows with their reasons.

    Args:
        failing: where they are.
        rule: the rule that they break, for which the likely cause is looked for; none when None.
        seen: what an earlier run measured of it, where the user came from; none when None.
    """

    mode = "quality"
    HELP_TITLE = "Failing rows"
    CSS_PATH = ["table.tcss", "quality.tcss"]  # noqa: RUF012
    AUTO_FOCUS: ClassVar[str | None] = ".rows"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "ask", "Find rows", tooltip="Ask Spark for the rows that break this rule."),
    ]

    def __init__(self, failing: FailingRows, rule: Judged | None = None, seen: Measurement | None = None) -> None:
        super().__init__()
        self.failing = failing
        self.rule = rule
        self.seen = seen

    @property
    def unmarked(self) -> Judged | None:
        """The rule, where its rows are in the table without a mark: it was judged as it lies, and Spark has to be asked."""
        return self.rule if self.rule and self.rule.population == "stored" and self.rule.failed else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Spark is asked only for rows that are not marked."""
        del parameters
        return self.unmarked is not None if action == "ask" else True

    def action_ask(self) -> None:
        """Start the command that asks Spark, and follow it."""
        from toolkit.tui.screens.quality_job import JobScreen

        if self.unmarked is None:
            return
        words = command_lines.failing_words(self.unmarked.table, self.unmarked.rule)
        try:
            job = self.toolkit.jobs.running(words) or self.toolkit.jobs.start(words)
        except Exception as problem:
            self.complain(told(problem))
            return
        self.app.push_screen(JobScreen(job, self.failing.title))

    def body(self) -> Iterable[Widget]:
        """A title, what to do about it, and the rows."""
        yield Static(literal(self.failing.title), classes="banner", markup=False)
        yield Static("", id="advice")
        none = _why_none(self.rule, self.seen) if self.failing.where else "Nothing is in quarantine."
        if self.unmarked:
            yield EmptyState(*_how_to_ask(self.unmarked))
        elif self.failing.table.startswith("quarantine.") and not Lakehouse.default().exists(self.failing.table):
            yield EmptyState(none, "Escape goes back.")
        else:
            yield TableRows(TableSource(self.failing.table), self.failing.where, (VIOLATIONS, WARNINGS), none)

    def on_mount(self) -> None:
        """Show the command for these rows, and look for the likely cause."""
        if self.unmarked:
            self.show_command(command_lines.line(*command_lines.failing_words(self.unmarked.table, self.unmarked.rule)))
        else:
            self.show_command(command_lines.table(self.failing.table, where=self.failing.where))
        advice = self.query_one("#advice")
        advice.display = self.rule is not None
        if self.rule:
            from toolkit.tui.quality_advice import read

            advice_of = partial(read, self.rule.table, self.rule.rule)
            in_background(self, advice_of, self._advised, lambda _: self._advised(None), group="advice")

    def _advised(self, text: Content | None) -> None:
        """Show what to do; nothing when nothing is known."""
        advice = self.query_one("#advice", Static)
        advice.display = text is not None
        if text is not None:
            advice.update(text)

    @on(TableRows.Shown)
    def shown(self, event: TableRows.Shown) -> None:
        """Show the command for the rows as they are filtered now."""
        self.show_command(command_lines.table(self.failing.table, where=event.query.where))


def _how_to_ask(rule: Judged) -> tuple[str, str]:
    """What is known of rows that are not marked, and how they are found."""
    version = getattr(rule, "version", None)
    at = "" if version is None else f" at version {version}"
    now = open_table(rule.table).version if Lakehouse.default().exists(rule.table) else None
    since = (
        "" if version is None or now in {version, None} else f" It is at version {now} now: other rows may break it."
    )
    return (
        f"{plural(rule.failed, 'row')} of {rule.table} broke this rule when it was judged{at}.{since}",
        "They are in the table, without a mark. Press r to find them with Spark.",
    )


def _why_none(rule: Judged | None, seen: Measurement | None = None) -> str:
    """What to say where no row is found."""
    if rule and rule.failed:
        return (
            f"{plural(rule.failed, 'row')} broke this rule when it was measured; none is here now. "
            "They were released, or a later load took their place."
        )
    if rule and not rule.passed:
        return "This rule is about the table as a whole: no single row breaks it."
    if seen and seen.failed and isinstance(rule, Measurement):
        then = f"on {when(seen.at)[:16]} it was {seen.failed:,} of {seen.rows:,}"
        return f"No row breaks this rule in the newest run, of {when(rule.at)[:16]}; {then}."
    return "No row breaks this rule."
