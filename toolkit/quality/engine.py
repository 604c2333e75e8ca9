"""Applying rules: one pass marks every row, counts every rule, and parts good rows from bad.

Owns no data: it hands back two lazy frames, and the counts once the first of them has been written. Must not cache, collect
or write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.quarantine import RULES, VIOLATIONS, WARNINGS
from toolkit.quality.rules import Rule


@dataclass(frozen=True)
class RuleResult:
    """One rule on one table."""

    rule: Rule
    rows: int
    failed: int
    examples: tuple[dict[str, str], ...] = ()

    @property
    def pass_rate(self) -> float:
        """Share of rows that keep the rule; 1.0 for an empty table."""
        return 1 - self.failed / self.rows if self.rows else 1.0

    @property
    def passed(self) -> bool:
        """Whether no more rows break it than its tolerance allows."""
        # A quotient, since 0.29 * 100 is less than 29.
        return not self.rows or self.failed / self.rows <= self.rule.tolerance


@dataclass(frozen=True)
class QualityResult:
    """All rules on one table, in one pass."""

    table: str
    rows: int
    quarantined: int
    rules: tuple[RuleResult, ...]

    @property
    def valid(self) -> int:
        """Rows that broke no rule of severity error or critical."""
        return self.rows - self.quarantined

    @property
    def passed(self) -> bool:
        """Whether every rule that quarantines stayed within its tolerance."""
        return all(result.passed for result in self.rules if result.rule.quarantines)


@dataclass(frozen=True)
class Split:
    """Good rows, bad rows, and, once `valid` has been written, what was counted on the way."""

    table: str
    rules: tuple[Rule, ...]
    valid: DataFrame
    """Rows that broke no quarantining rule, with `_warnings`: names of the other rules that they broke."""
    quarantined: DataFrame
    """The others, with `_violations` (rule, column, value, message of each) and `_rules` (just the names)."""
    observed: Observation = field(repr=False)

    def result(self) -> QualityResult:
        """The counts; waits until `valid` has been written."""
        counts: Mapping[str, Any] = self.observed.get
        rows = int(counts["rows"])
        found = (RuleResult(rule, rows, int(counts[f"failed_{i}"])) for i, rule in enumerate(self.rules))
        return QualityResult(self.table, rows, int(counts["quarantined"]), tuple(found))


def split(df: DataFrame, table: str, rules: Sequence[Rule], references: Mapping[str, DataFrame] | None = None) -> Split:
    """Mark every row of `df` with the rules it breaks, and part the good from the bad.

    Args:
        df: the rows.
        table: what the result calls them.
        rules: applied all at once; their order is the order in reports.
        references: the frames that rules refer to, by name.

    Raises:
        UsageError: two rules share a name, or a rule refers to a frame or column that is not there.
    """
    _refuse_unfit(df, table, rules, references or {})
    wide = reduce(lambda frame, rule: rule.prepared(frame, df, references or {}), rules, df)
    flags = {f"_broken_{i}": F.coalesce(_applies(rule) & rule.broken(), F.lit(False)) for i, rule in enumerate(rules)}
    bad = reduce(
        Column.__or__, [F.col(f) for f, rule in zip(flags, rules, strict=True) if rule.quarantines], F.lit(False)
    )
    marked = wide.withColumns(flags).withColumn("_bad", bad)
    observed = Observation()
    counted = marked.observe(
        observed,
        F.count(F.lit(1)).alias("rows"),
        F.count_if(F.col("_bad")).alias("quarantined"),
        *[F.count_if(F.col(flag)).alias(f"failed_{i}") for i, flag in enumerate(flags)],
    )
    # A table that was split before brings its old reasons along; the new ones take their place.
    kept = [F.col(name) for name in df.columns if name not in {VIOLATIONS, RULES, WARNINGS}]
    return Split(
        table,
        tuple(rules),
        counted.where("not _bad").select(*kept, _names(rules, quarantining=False).alias(WARNINGS)),
        marked.where("_bad").select(
            *kept, _reasons(rules).alias(VIOLATIONS), _names(rules, quarantining=True).alias(RULES)
        ),
        observed,
    )


def _applies(rule: Rule) -> Column:
    return F.expr(rule.where) if rule.where else F.lit(True)


def _names(rules: Sequence[Rule], *, quarantining: bool) -> Column:
    """Names of the broken rules of one sort, as an array of text."""
    found = [
        F.when(F.col(f"_broken_{i}"), F.lit(rule.name))
        for i, rule in enumerate(rules)
        if rule.quarantines == quarantining
    ]
    return F.array_compact(F.array(*found)) if found else F.array().cast("array<string>")


def _reasons(rules: Sequence[Rule]) -> Column:
    """Every broken rule of a row, the mild ones too, with the value that broke it."""
    return F.array_compact(F.array(*[F.when(F.col(f"_broken_{i}"), _reason(rule)) for i, rule in enumerate(rules)]))


def _reason(rule: Rule) -> Column:
    return F.struct(
        F.lit(rule.name).alias("rule"),
        F.lit(rule.columns[0]).alias("column"),
        F.col(rule.columns[0]).cast("string").alias("value"),
        F.lit(rule.description).alias("message"),
    )


def _refuse_unfit(df: DataFrame, table: str, rules: Sequence[Rule], references: Mapping[str, DataFrame]) -> None:
    twice = [name for name, count in Counter(rule.name for rule in rules).items() if count > 1]
    if twice:
        raise UsageError(f"{table} has several rules called {', '.join(twice)}.", cure="Give each a name of its own.")
    for rule in rules:
        for column in rule.columns:
            if column.partition(".")[0] not in df.columns:
                raise UsageError.unknown(f"column for rule {rule.name} of {table}:", column, df.columns)
        wanted = getattr(rule, "to", None)
        if wanted is not None and wanted not in references:
            raise UsageError.unknown(f"reference for rule {rule.name} of {table}:", wanted, references)
