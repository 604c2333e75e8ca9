"""The rows that broke a rule, or a table's whole quarantine, with the reasons first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from toolkit.lakehouse import Lakehouse
from toolkit.quality.history import Measurement
from toolkit.quality.quarantine import VIOLATIONS, WARNINGS
from toolkit.quality.verdicts import FailingRows, Judged
from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.paging import TableSource
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
    CSS_PATH = ["tables.tcss", "quality.tcss"]  # noqa: RUF012
    AUTO_FOCUS: ClassVar[str | None] = ".rows"

    def __init__(self, failing: FailingRows, rule: Judged | None = None, seen: Measurement | None = None) -> None:
        super().__init__()
        self.failing = failing
        self.rule = rule
        self.seen = seen

    def body(self) -> Iterable[Widget]:
        """A title, what to do about it, and the rows."""
        yield Static(literal(self.failing.title), classes="banner", markup=False)
        yield Static("", id="advice")
        none = _why_none(self.rule, self.seen) if self.failing.where else "Nothing is in quarantine."
        if self.failing.table.startswith("quarantine.") and not Lakehouse.default().exists(self.failing.table):
            yield EmptyState(none, "Escape goes back.")
        else:
            yield TableRows(TableSource(self.failing.table), self.failing.where, (VIOLATIONS, WARNINGS), none)

    def on_mount(self) -> None:
        """Show the command for these rows, and look for the likely cause."""
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


def _why_none(rule: Judged | None, seen: Measurement | None = None) -> str:
    """What to say where no row is found."""
    if rule and rule.failed:
        lying = f"They lie unmarked in {rule.table}, which was judged as it was."
        gone = "They were released, or a later load took their place."
        return (
            f"{plural(rule.failed, 'row')} broke this rule when it was measured; none is here now. "
            f"{lying if rule.judged == 'stored' else gone}"
        )
    if rule and not rule.passed:
        return "This rule is about the table as a whole: no single row breaks it."
    if seen and seen.failed and isinstance(rule, Measurement):
        then = f"on {when(seen.at)[:16]} it was {seen.failed:,} of {seen.rows:,}"
        return f"No row breaks this rule in the newest run, of {when(rule.at)[:16]}; {then}."
    return "No row breaks this rule."
