"""Rows that break a rule in a table as it lies: nothing marks them, so that Spark is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from toolkit import runs
from toolkit.errors import DataError, UsageError
from toolkit.parameters import parse
from toolkit.quality.actions import Actions
from toolkit.quality.history import measurements
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.records import RESULTS, Measurement, Population
from toolkit.quality.sources import Source
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.quality.engine import Check
    from toolkit.quality.rules import RowRule

EVERY_ROW_LEAVES = Actions(info="quarantine", warn="quarantine", error="quarantine", critical="quarantine")
MOST_ROWS = 10_000


class BrokenRule(Source):
    """A rule of a table, whose rows are looked for."""

    rule: str = Field(description="The rule's name, as `toolkit quality` shows it.")
    limit: int = Field(200, ge=1, le=MOST_ROWS, description="Rows at most.")


def newest(lakehouse: Lakehouse, table: str, rule: str) -> Measurement | None:
    """The newest measurement of a rule, of a load or of the table as it lay; None when it was never measured."""
    if not lakehouse.exists(RESULTS):
        return None
    results = lakehouse.open(RESULTS)
    populations: tuple[Population, ...] = ("incoming", "stored")
    found = [m for each in populations for m in measurements(results, table=table, rule=rule, population=each)]
    return max(found, key=lambda measured: measured.at, default=None)


def as_measured_last(asked: BrokenRule) -> BrokenRule:
    """The same, with the rules that it was measured by last; as it is where it names some, or none are known.

    Raises:
        UsageError: that run was recorded by another version.
    """
    if asked.rules or asked.contract:
        return asked
    measured = newest(Lakehouse.default(), asked.table, asked.rule)
    try:
        options = runs.find(measured.run_id).record().options if measured else {}
    except (UsageError, DataError):
        return asked  # That run's folder is gone.
    known = {name: options[name] for name in ("rules", "contract", "references") if name in options}
    return parse(BrokenRule, asked.model_dump() | known, f"{asked.rule} as it was measured")


def rows_that_break(
    rows: DataFrame, table: str, check: Check, rule: str, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Rows that break a rule, at most `limit` of them and with the reason first, and how many do.

    Args:
        rows: all rows of the table.
        table: what messages call it.
        check: what is true of its good rows, with all that the rule refers to.
        rule: the name of the rule.
        limit: rows at most.

    Raises:
        UsageError: the check has no such rule, it is about the table as a whole, or it does not fit the rows.
    """
    from pyspark.sql import functions as F

    from toolkit.quality.engine import split

    chosen = _row_rule(table, check, rule, rows.columns)
    judged = split(rows, table, [chosen], check.references, actions=EVERY_ROW_LEAVES).uncounted
    bad = judged.where(F.col(QUARANTINED)).drop(QUARANTINED, WARNINGS, RULES)
    reason = F.element_at(VIOLATIONS, 1).getField("message").alias("what is wrong")
    shown = bad.select(reason, *(bad[f"`{name}`"] for name in bad.columns if name != VIOLATIONS)).limit(limit)
    return [row.asDict(recursive=True) for row in shown.collect()], bad.count()


def _row_rule(table: str, check: Check, name: str, columns: Sequence[str]) -> RowRule:
    """The rule of that name, if rows can break it and the table has kept what it looks at."""
    from toolkit.quality.rules import RowRule

    rules = {rule.name: rule for rule in check.rules}
    if name not in rules:
        raise UsageError.unknown(f"rule of {table}", name, rules)
    rule = rules[name]
    if not isinstance(rule, RowRule):
        on_rows = [each.name for each in check.rules if isinstance(each, RowRule)]
        raise UsageError(f"{name} is about {table} as a whole: no single row breaks it.", choices=on_rows)
    if name in check.on_stored(columns)[1]:
        raise UsageError(f"{table} has not kept what {name} looked at on the way in.", cure="Look into its quarantine.")
    return rule
