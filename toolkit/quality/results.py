"""What rules found: small, immutable, and told as text, HTML, Markdown, JUnit or JSON by `toolkit.quality.reports`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.records import Population
from toolkit.quality.rules import Rule, SetRule


@dataclass(frozen=True)
class RuleResult:
    """One rule on one table."""

    rule: Rule
    rows: int
    """Rows that the rule looked at: those that meet its `where`."""
    failed: int
    """Rows that broke it; 0 for a rule on the whole table."""
    measured: float | None = None
    """What a rule on the whole table measured."""
    said: str = ""
    """The finding in words, where there is more to say than counts."""
    kept: bool | None = None
    """The verdict of a rule on the whole table; None where nothing was measured."""
    unevaluated: int = 0
    """Rows for which it could not be evaluated: a rule on rows counts them as failed, one on the whole table is broken."""
    examples: tuple[dict[str, str], ...] = ()

    @property
    def on_the_whole(self) -> bool:
        """Whether the rule judges the table, not its rows."""
        return isinstance(self.rule, SetRule)

    @property
    def unmeasured(self) -> bool:
        """Whether there was nothing that could be measured: then the rule is neither kept nor broken."""
        return self.on_the_whole and self.kept is None

    @property
    def pass_rate(self) -> float | None:
        """Share of rows that keep the rule; 1.0 for an empty table.

        A rule on the whole table is kept or not, 1.0 or 0.0; None where nothing was measured.
        """
        if self.on_the_whole:
            return None if self.kept is None else float(self.kept)
        return 1 - self.failed / self.rows if self.rows else 1.0

    @property
    def verdict(self) -> bool | None:
        """Whether the rule is kept; None where nothing was measured."""
        return None if self.unmeasured else self.passed

    @property
    def passed(self) -> bool:
        """Whether no more rows break it than its tolerance allows; what was not measured has not passed."""
        if self.on_the_whole:
            return bool(self.kept)
        # A quotient, since 0.29 * 100 is less than 29.
        return not self.rows or self.failed / self.rows <= self.rule.tolerance

    @property
    def holds_up(self) -> bool:
        """Whether what follows from a broken rule follows here: it is broken, or not measured.

        A rule that compares with earlier runs has nothing to compare with at first, and holds nothing up for that.
        """
        return not self.passed and not (self.unmeasured and self.rule.uses_earlier)


@dataclass(frozen=True)
class QualityResult:
    """All rules on one table, in one pass."""

    table: str
    rows: int
    quarantined: int
    """Rows that broke a rule whose action takes them out of the table."""
    rules: tuple[RuleResult, ...]
    actions: Actions = field(default=DEFAULT)
    population: Population = "incoming"
    unchecked: tuple[str, ...] = ()
    """What a contract says of the table, and no rule could check: one sentence each."""

    @property
    def valid(self) -> int:
        """Rows that stay."""
        return self.rows - self.quarantined

    @property
    def pass_rate(self) -> float:
        """Share of rows that stay; 1.0 for an empty table."""
        return self.valid / self.rows if self.rows else 1.0

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        """Rules that more rows broke than they tolerate, whatever follows from it."""
        return tuple(result for result in self.rules if not result.passed and not result.unmeasured)

    @property
    def unmeasured(self) -> tuple[RuleResult, ...]:
        """Rules for which there was nothing to measure: neither kept nor broken."""
        return tuple(result for result in self.rules if result.unmeasured)

    @property
    def blocking(self) -> tuple[RuleResult, ...]:
        """Rules, broken or not measured, whose action is quarantine or stop; those that only warn do not count."""
        return tuple(result for result in self.rules if result.holds_up and self.actions.removes(result.rule))

    @property
    def passed(self) -> bool:
        """Whether no rule that is broken or not measured is more than a warning."""
        return not self.blocking

    @property
    def stops(self) -> tuple[RuleResult, ...]:
        """Rules, broken or not measured, for which nothing may be published."""
        return tuple(result for result in self.rules if result.holds_up and self.actions.of(result.rule) == "stop")

    def __str__(self) -> str:
        """How `print` shows it."""
        from toolkit.quality.reports import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        """How a notebook shows it."""
        from toolkit.quality.reports import as_html

        return as_html(self)

    def __rich__(self) -> Any:
        """How a terminal shows it."""
        from toolkit.quality.reports import as_rich

        return as_rich(self)
