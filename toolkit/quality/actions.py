"""What follows from a broken rule, by its severity.

record       the row stays and carries the rule's name in `_warnings`; nobody is told
warn         the same, and the run says so
quarantine   the row leaves the table, with its reasons; a rule on the whole table fails the table
stop         as quarantine, and when more rows break it than it tolerates, nothing is published
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from toolkit.quality.rules import RowRule, Rule, Severity

Action = Literal["record", "warn", "quarantine", "stop"]


class Actions(BaseModel):
    """The action for each severity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    info: Action = "record"
    warn: Action = "warn"
    error: Action = "quarantine"
    critical: Action = "stop"

    def of(self, rule: Rule) -> Action:
        """What follows when `rule` is broken."""
        action: Action = getattr(self, rule.severity)
        return action

    def removes(self, rule: Rule) -> bool:
        """Whether a row that breaks `rule` leaves the table."""
        return isinstance(rule, RowRule) and self.of(rule) in {"quarantine", "stop"}

    def marks(self, rule: Rule) -> bool:
        """Whether a row that breaks `rule` stays, and is marked."""
        return isinstance(rule, RowRule) and not self.removes(rule)

    def severities(self, *actions: Action) -> tuple[Severity, ...]:
        """The severities that have one of `actions`."""
        every: tuple[Severity, ...] = ("info", "warn", "error", "critical")
        return tuple(severity for severity in every if getattr(self, severity) in actions)


DEFAULT = Actions()
