"""What follows from a broken rule, by its severity.

record       the row stays and carries the rule's name in `_warnings`; nobody is told
warn         the same, and the run says so
quarantine   the row leaves the table, with its reasons; a rule on the whole table fails the table
stop         as quarantine, and when more rows break it than it tolerates, nothing is published
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from toolkit.quality.rules import Rule

Action = Literal["record", "warn", "quarantine", "stop"]


def takes_out(action: Action) -> bool:
    """Whether a row that breaks a rule with this action leaves its table; else it stays, and is marked."""
    return action in {"quarantine", "stop"}


class Actions(BaseModel):
    """The action for each severity."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
        return takes_out(self.of(rule))

    def marks(self, rule: Rule) -> bool:
        """Whether a row that breaks `rule` stays, and is marked."""
        return not self.removes(rule)


DEFAULT = Actions()
