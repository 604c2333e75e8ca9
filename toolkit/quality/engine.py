"""Applying rules: one pass marks every row, counts every rule, and parts good rows from bad.

Owns no data: what it hands back is lazy, but for the counts. Must not cache, collect rows or write. `check` asks only for
counts; `split` parts the rows and counts while somebody writes them; `watch` counts while somebody writes all of them.
Aggregates that one pass cannot give (another table's total, what is twice) are read beside it, with only their columns.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import DataFrame, Observation, Row
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.plan import Plan, beside, blamed, metrics_name, planned
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.records import example
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, Rule

_TECHNICAL = re.compile(r"(?<![\w.'])_[A-Za-z]\w*")
__all__ = ["Check", "Split", "Watched", "check", "exemplified", "metrics_name", "split", "watch"]


@dataclass(frozen=True)
class Check:
    """The rules of one table, and what they need: how a scenario declares them, once for its step and for the commands."""

    rules: tuple[Rule, ...]
    references: Mapping[str, DataFrame] = field(default_factory=dict, repr=False)
    actions: Actions = DEFAULT

    def on_stored(self, columns: Sequence[str]) -> tuple[Check, tuple[str, ...]]:
        """The check for a table as it is stored, and the names of the rules that it cannot keep.

        Left out are rules that look at technical columns, whose names begin with `_`, which the table has not kept: what they
        say was true of the row on its way in.
        """
        left_out = tuple(rule.name for rule in self.rules if not _technical(rule) <= {name.lower() for name in columns})
        kept = tuple(rule for rule in self.rules if rule.name not in left_out)
        return replace(self, rules=kept), left_out


@dataclass(frozen=True)
class Watched:
    """Rows on their way to somewhere, and what is counted as they pass."""

    plan: Plan = field(repr=False)
    rows: DataFrame
    observation: Observation | None = field(repr=False)
    """None for a stream, whose counts come with each progress."""

    def result(
        self, counted: Any = None, *, earlier: Mapping[str, Sequence[float]] | None = None, patience: float = 60
    ) -> QualityResult:
        """What was found, once the rows have been written.

        Args:
            counted: for a stream, `progress.observedMetrics[metrics_name(table)]`.
            earlier: what was measured before, by rule, oldest first, for rules that compare with it; a stream goes on after
                it was made ready, and knows of the batches since then only by this. As in the context when left out.
            patience: seconds to wait for somebody who is writing them just now.

        Raises:
            UsageError: it is a stream, and nothing was given; or nobody has written the rows.
        """
        if counted is None and self.observation is None:
            raise UsageError(
                f"{self.plan.table} is a stream: its counts come with each progress.",
                cure="Pass progress.observedMetrics[metrics_name(table)] to result().",
            )
        found = counted.asDict() if self.observation is None or counted is not None else self._observed(patience)
        other = beside(self.plan.source, self.plan.rules, self.plan.context)
        row = other.first() if other is not None else None
        known = self.plan.context if earlier is None else replace(self.plan.context, earlier=earlier)
        return replace(self.plan, context=known).result(found | (row.asDict() if row else {}))

    def _observed(self, patience: float) -> dict[str, Any]:
        """What was counted; Spark's own way to ask for it waits for ever."""
        counts: list[dict[str, Any]] = []
        asking = threading.Thread(target=lambda: counts.append(dict(self.observation.get)), daemon=True)  # type: ignore[union-attr]
        asking.start()
        asking.join(patience)
        if not counts:
            raise UsageError(
                f"Nobody has written the rows of {self.plan.table}, so nothing was counted.",
                cure="Write `valid`, or `rows`, first: they are counted as they pass. To count alone, use check().",
            )
        return counts[0]


@dataclass(frozen=True)
class Split(Watched):
    """Every row with its reasons, and what is counted as they pass.

    `rows` has all of them, with `_quarantined`, `_violations` and `_rules` (null for a row that stays) and `_warnings`:
    to be written once, partitioned by `_quarantined`. `valid` and `quarantined` are its two parts; each is a pass over the
    source of its own, and `valid` is the one that counts.
    """

    uncounted: DataFrame = field(repr=False)
    """`rows` without the counting."""

    @property
    def valid(self) -> DataFrame:
        """Rows that stay, with `_warnings`: names of the rules that they broke all the same."""
        return self.rows.where(~F.col(QUARANTINED)).drop(QUARANTINED, VIOLATIONS, RULES)

    @property
    def quarantined(self) -> DataFrame:
        """The others, with `_violations` (rule, column, value, message of each) and `_rules` (just the names)."""
        return self.uncounted.where(F.col(QUARANTINED)).drop(QUARANTINED, WARNINGS)


def check(
    df: DataFrame,
    table: str,
    rules: Sequence[Rule],
    references: Mapping[str, DataFrame] | None = None,
    *,
    context: Context | None = None,
    actions: Actions = DEFAULT,
) -> QualityResult:
    """Count what breaks each rule, in one query; no row is moved that the rules do not compare with each other.

    Args:
        df: the rows.
        table: what the result calls them.
        rules: applied all at once; their order is the order in reports.
        references: the frames that rules refer to, by name; short for a context with only these.
        context: all that rules may look at beside the table.
        actions: what follows from each severity.

    Raises:
        UsageError: a rule does not fit the rows.
    """
    plan = planned(df, table, rules, context or Context(references or {}), actions)
    with blamed(df, table, plan.rules):
        counted = plan.counted()
        other = beside(df, plan.rules, plan.context)
    with blamed(df, table, plan.rules, running=True):
        row = (counted.crossJoin(other) if other is not None else counted).first()
    return plan.result(row.asDict() if row else {})


def exemplified(
    result: QualityResult, df: DataFrame, references: Mapping[str, DataFrame] | None = None
) -> QualityResult:
    """`result` with a row for each rule that rows of `df` broke: a second query, and none when no row broke any.

    Args:
        result: what `check` found.
        df: the same rows. A rule that none of them breaks any more stays without an example.
        references: as they were given to `check`.
    """
    broken = tuple(one.rule for one in result.rules if one.failed)
    if not broken:
        return result
    plan = planned(df, result.table, broken, Context(references or {}), result.actions)
    with blamed(df, result.table, broken, running=True):
        row = plan.examples().first()
    found = {rule.name: row[f"example_{i}"] for i, rule in enumerate(broken)} if row else {}
    return replace(result, rules=tuple(_with_example(one, found.get(one.rule.name)) for one in result.rules))


def watch(
    df: DataFrame,
    table: str,
    rules: Sequence[Rule],
    references: Mapping[str, DataFrame] | None = None,
    *,
    context: Context | None = None,
    actions: Actions = DEFAULT,
) -> Watched:
    """`df` as it is, counted by whoever writes it: no pass of its own; arguments and errors are those of `check`."""
    plan = planned(df, table, rules, context or Context(references or {}), actions)
    with blamed(df, table, plan.rules):
        rows, observed = plan.observed(plan.flagged())
        watched = rows.select(*plan.kept)
        _refuse_late(watched, beside(df, plan.rules, plan.context))
    return Watched(plan, watched, observed)


def split(
    df: DataFrame,
    table: str,
    rules: Sequence[Rule],
    references: Mapping[str, DataFrame] | None = None,
    *,
    context: Context | None = None,
    actions: Actions = DEFAULT,
) -> Split:
    """Mark every row of `df` with the rules it breaks, and part the good from the bad; arguments and errors as for `check`."""
    plan = planned(df, table, rules, context or Context(references or {}), actions)
    with blamed(df, table, plan.rules):
        flagged = plan.flagged()
        rows, observed = plan.observed(flagged)
        marked = plan.marked(rows)
        _refuse_late(marked, beside(df, plan.rules, plan.context))
    return Split(plan, marked, observed, plan.marked(flagged))


def _refuse_late(*frames: DataFrame | None) -> None:
    """Spark Connect looks at a query only when asked for its columns; here is where a mistake can be told."""
    for frame in frames:
        _ = frame.schema if frame is not None else None


def _with_example(one: RuleResult, found: Row | None) -> RuleResult:
    if found is None:
        return one
    return replace(one, examples=(example(found["key"], found["why"]["value"], found["why"]["message"]),))


def _technical(rule: Rule) -> set[str]:
    """The technical columns that a rule names, in small letters."""
    return {name.lower() for text in (*rule.columns, *rule.sql) for name in _TECHNICAL.findall(text)}
