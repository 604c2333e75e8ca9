"""Rows that break a rule, wherever they are: in quarantine, marked in their table, or in a table that was judged as it is.

Marked rows are read without Spark; of the others Spark is asked again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from toolkit import runs
from toolkit.errors import DataError, UsageError
from toolkit.lakehouse import Lakehouse
from toolkit.parameters import parse
from toolkit.quality.actions import Actions, takes_out
from toolkit.quality.history import measurements
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.records import RESULTS, Measurement, Population
from toolkit.quality.sources import Source
from toolkit.quality.verdicts import failing_rows
from toolkit.reader import open_table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.quality.engine import Check
    from toolkit.quality.rules import RowRule

EVERY_ROW_LEAVES = Actions(info="quarantine", warn="quarantine", error="quarantine", critical="quarantine")
MOST_ROWS = 10_000


class BrokenRule(Source):
    """A rule of a table, whose rows are looked for."""

    rule: str = Field(description="The rule's name, as `toolkit quality` shows it.")
    limit: int = Field(20, ge=1, le=MOST_ROWS, description="Rows at most.")


@dataclass(frozen=True)
class Failing:
    """Rows that break a rule, as they are now.

    Attributes:
        rows: some of them.
        total: how many there are.
        where: the table that they are in.
        version: of that table, now.
        judged_at: the version that was judged when the rule was measured last; None when that is not known.
        elsewhere: rows that broke a rule which only marks them, and that another rule took out of the table.
    """

    rows: list[dict[str, Any]]
    total: int
    where: str
    version: int
    judged_at: int | None = None
    elsewhere: int = 0

    @property
    def changed(self) -> bool:
        """Whether the table is another than the one that was judged."""
        return self.judged_at is not None and self.judged_at != self.version


def newest(table: str, rule: str) -> Measurement | None:
    """The newest measurement of a rule, of a load or of the table as it lay; None when it was never measured."""
    if not Lakehouse.default().exists(RESULTS):
        return None
    results = open_table(RESULTS)
    populations: tuple[Population, ...] = ("incoming", "stored")
    found = [m for each in populations for m in measurements(results, table=table, rule=rule, population=each)]
    return max(found, key=lambda measured: measured.at, default=None)


def marked(asked: BrokenRule) -> Failing | None:
    """The rows that were marked when they came in; None for a rule that was measured last in the table as it lay, or never."""
    measured = newest(asked.table, asked.rule)
    if measured is None or measured.population == "stored":
        return None
    where = failing_rows(measured)
    reader = open_table(where.table)
    page = reader.page(limit=asked.limit, where=where.where, counted=True)
    rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
    total = page.total or 0
    elsewhere = 0 if takes_out(measured.action) else max(0, measured.failed - total)
    return Failing(rows, total, where.table, reader.version, elsewhere=elsewhere)


def as_measured_last(asked: BrokenRule) -> BrokenRule:
    """The same, with the rules that it was measured by last; as it is where it names some, or none are known.

    Raises:
        UsageError: that run was recorded by another version.
    """
    if asked.rules or asked.contract:
        return asked
    measured = newest(asked.table, asked.rule)
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
