"""What the events of rules say, by table and by rule, and which rows failed.

Owns the SQL conditions that find failing rows. Names that go into them are checked first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol

from toolkit.errors import DataError, UsageError
from toolkit.quality.actions import Action, takes_out
from toolkit.quality.quarantine import RULES, WARNINGS, quarantine_name
from toolkit.scenario import check_table_name

State = Literal["passed", "tolerated", "not measured", "failed"]
_RULE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,127}")


class Judged(Protocol):
    """One rule on one table, as far as finding its failing rows goes."""

    @property
    def table(self) -> str:
        """The table that was checked."""

    @property
    def rule(self) -> str:
        """The rule's name."""

    @property
    def action(self) -> Action:
        """record, warn, quarantine or stop."""

    @property
    def population(self) -> str:
        """incoming, or stored: then the rows stay where they are, and are not marked."""

    @property
    def failed(self) -> int:
        """Rows that broke it."""

    @property
    def passed(self) -> bool | None:
        """Whether no more did than may; whether it was kept, for a rule on the whole table; None if nothing was measured."""


def state_of(*, passed: bool | None, failed: int) -> State:
    """`passed`; `tolerated` when rows failed, but no more than allowed; `not measured`, which is no pass; `failed`."""
    if passed is None:
        return "not measured"
    if not passed:
        return "failed"
    return "tolerated" if failed else "passed"


def is_rule_name(name: str) -> bool:
    """Whether `name` can stand in a condition."""
    return bool(_RULE_NAME.fullmatch(name))


def check_rule_name(name: str) -> str:
    """`name` itself, if it can stand in a condition.

    Raises:
        UsageError: it cannot.
    """
    if not is_rule_name(name):
        raise UsageError(
            f"{name!r} is not the name of a rule.",
            cure="A rule's name has letters, digits, underscores, dots and dashes.",
        )
    return name


@dataclass(frozen=True)
class Verdict:
    """One rule on one table, as the event of it says."""

    table: str
    population: str
    rule: str
    columns: tuple[str, ...]
    severity: str
    action: Action
    dimension: str
    description: str
    rows: int
    failed: int
    pass_rate: float | None
    """None where nothing was measured."""
    passed: bool | None
    examples: tuple[Any, ...]
    said: str
    """The finding of a rule on the whole table, in words."""
    fault: str
    """What is wrong with a row that breaks it; empty for a rule on the whole table."""

    @property
    def state(self) -> State:
        """passed, tolerated, not measured or failed."""
        return state_of(passed=self.passed, failed=self.failed)


@dataclass(frozen=True)
class TableVerdict:
    """All rules of one table."""

    table: str
    verdicts: tuple[Verdict, ...]

    @property
    def rows(self) -> int:
        """Rows that were checked."""
        return max((v.rows for v in self.verdicts), default=0)

    @property
    def rules_passed(self) -> int:
        """Rules that passed."""
        return sum(bool(v.passed) for v in self.verdicts)

    @property
    def lowest(self) -> float | None:
        """The pass rate of the worst rule; None where no rule has one."""
        return min((v.pass_rate for v in self.verdicts if v.pass_rate is not None), default=None)

    @property
    def state(self) -> str:
        """The worst state among the rules."""
        states = {v.state for v in self.verdicts}
        return next((s for s in ("failed", "not measured", "tolerated") if s in states), "passed")


def verdict(data: Mapping[str, Any]) -> Verdict:
    """The data of one event.

    Raises:
        DataError: it lacks something: another version of this program wrote it.
    """
    names = [each.name for each in fields(Verdict)]
    missing = [name for name in names if name not in data]
    if missing:
        raise DataError(
            f"What a run found does not say {', '.join(missing)}: another version of this program wrote it.",
            cure="Run it again, or look at that run with the version that ran it.",
        )
    values = {name: data[name] for name in names}
    return Verdict(**values | {"columns": tuple(data["columns"]), "examples": tuple(data["examples"])})


def by_table(events: Iterable[Mapping[str, Any]]) -> list[TableVerdict]:
    """The tables in the order they were checked; a rule that was checked twice counts with its last result."""
    found: dict[str, dict[tuple[str, tuple[str, ...]], Verdict]] = {}
    for data in events:
        one = verdict(data)
        found.setdefault(one.table, {})[one.rule, one.columns] = one
    return [TableVerdict(table, tuple(rules.values())) for table, rules in found.items()]


@dataclass(frozen=True)
class FailingRows:
    """Where the rows are that broke a rule: a table, and a condition on it."""

    table: str
    where: str


def failing_rows(one: Judged) -> FailingRows:
    """The rows that broke a rule: those that its action left in the table are marked there, the others are in quarantine.

    Raises:
        UsageError: it names a table or rule that cannot be put into a condition.
    """
    rule = check_rule_name(one.rule)
    if takes_out(one.action):
        return FailingRows(quarantine_name(one.table), f"array_has({RULES}, '{rule}')")
    return FailingRows(check_table_name(one.table), f"array_has({WARNINGS}, '{rule}')")
