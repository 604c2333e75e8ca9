"""Applying rules: one pass marks every row, counts every rule, and parts good rows from bad.

Owns no data: what it hands back is lazy, but for the counts. Must not cache, collect rows or write. `check` asks only for
counts; `split` parts the rows and counts while somebody writes them; `watch` counts while somebody writes all of them.
Aggregates that one pass cannot give (another table's total, what is twice) are read beside it, with only their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.fitness import blame, refuse_unfit
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, RowRule, Rule, SetRule

_BITS = 63


@dataclass(frozen=True)
class Check:
    """The rules of one table, and what they need: how a scenario declares them, once for its step and for the commands."""

    rules: tuple[Rule, ...]
    references: Mapping[str, DataFrame] = field(default_factory=dict, repr=False)
    actions: Actions = DEFAULT


@dataclass(frozen=True)
class Watched:
    """Rows on their way to somewhere, and what is counted as they pass."""

    plan: Plan = field(repr=False)
    rows: DataFrame
    observation: Observation | None = field(repr=False)
    """None for a stream, whose counts come with each progress."""

    def result(self, counted: Any = None) -> QualityResult:
        """What was found; waits until the rows have been written.

        Args:
            counted: for a stream, `progress.observedMetrics[metrics_name(table)]`.

        Raises:
            UsageError: it is a stream, and nothing was given.
        """
        if counted is None and self.observation is None:
            raise UsageError(
                f"{self.plan.table} is a stream: its counts come with each progress.",
                cure="Pass progress.observedMetrics[metrics_name(table)] to result().",
            )
        found = dict(self.observation.get if self.observation and counted is None else counted.asDict())
        beside = _beside(self.plan.source, self.plan.rules, self.plan.context)
        row = beside.first() if beside is not None else None
        return self.plan.result(found | (row.asDict() if row else {}))


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
    plan = _planned(df, table, rules, context or Context(references or {}), actions)
    counted = plan.flagged.agg(*plan.aggregates())
    beside = _beside(df, plan.rules, plan.context)
    row = (counted.crossJoin(beside) if beside is not None else counted).first()
    return plan.result(row.asDict() if row else {})


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
    plan = _planned(df, table, rules, context or Context(references or {}), actions)
    rows, observed = plan.observed()
    return Watched(plan, rows.select(*plan.kept), observed)


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
    plan = _planned(df, table, rules, context or Context(references or {}), actions)
    rows, observed = plan.observed()
    return Split(plan, plan.marked(rows), observed, plan.marked(plan.flagged))


@dataclass(frozen=True)
class Plan:
    """Rules made ready for one frame."""

    table: str
    rules: tuple[Rule, ...]
    source: DataFrame = field(repr=False)
    flagged: DataFrame = field(repr=False)
    """The source with `_broken_0` and so on, one bit for each rule, and `_quarantined`."""
    context: Context = field(repr=False)
    actions: Actions

    @property
    def kept(self) -> list[Column]:
        """The source's columns. A table that was split before brings its old reasons along; the new ones take their place."""
        old = {VIOLATIONS, RULES, WARNINGS, QUARANTINED}
        return [F.col(f"`{name}`") for name in self.source.columns if name not in old]

    def aggregates(self) -> list[Column]:
        """All that one pass counts and measures."""
        found = {"rows": F.count(F.lit(1)), "quarantined": F.count_if(F.col(QUARANTINED))}
        for i, rule in enumerate(self.rules):
            if rule.where:
                found[f"seen_{i}"] = F.count_if(F.expr(rule.where))
            if isinstance(rule, RowRule):
                found[f"failed_{i}"] = F.count(F.when(_flag(i), 1))
            if isinstance(rule, SetRule):
                found |= {f"{name}_{i}": one for name, one in rule.measures(self.context).items()}
        return [one.alias(name) for name, one in found.items()]

    def observed(self) -> tuple[DataFrame, Observation | None]:
        """The flagged rows, and what is counted when somebody writes them."""
        if self.source.isStreaming:
            return self.flagged.observe(metrics_name(self.table), *self.aggregates()), None
        observed = Observation()
        return self.flagged.observe(observed, *self.aggregates()), observed

    def marked(self, flagged: DataFrame) -> DataFrame:
        """The rows with their reasons in place of flags."""
        bad, warned = F.col(QUARANTINED), self._any(self.actions.marks)
        nothing = F.array().cast("array<string>")
        return flagged.select(
            *self.kept,
            F.when(warned, self._names(self.actions.marks)).otherwise(nothing).alias(WARNINGS),
            bad.alias(QUARANTINED),
            # Only a bad row pays for its reasons.
            F.when(bad, self._reasons()).alias(VIOLATIONS),
            F.when(bad, self._names(self.actions.removes)).alias(RULES),
        )

    def result(self, found: Mapping[str, Any]) -> QualityResult:
        """The counts, judged."""
        schema = dict(self.source.dtypes)
        return QualityResult(
            self.table,
            int(found["rows"]),
            int(found["quarantined"]),
            tuple(self._judged(i, rule, found, schema) for i, rule in enumerate(self.rules)),
            self.actions,
        )

    def _judged(self, i: int, rule: Rule, found: Mapping[str, Any], schema: Mapping[str, str]) -> RuleResult:
        rows = int(found[f"seen_{i}" if rule.where else "rows"])
        if not isinstance(rule, SetRule):
            return RuleResult(rule, rows, int(found[f"failed_{i}"]))
        own = {name.removesuffix(f"_{i}"): value for name, value in found.items() if name.endswith(f"_{i}")}
        judged = rule.judged({**own, "schema": schema}, self.context)
        return RuleResult(rule, rows, 0, judged.measured, judged.said, judged.passed)

    def _any(self, chosen: Callable[[Rule], bool]) -> Column:
        return _any_of([i for i, rule in enumerate(self.rules) if chosen(rule)])

    def _names(self, chosen: Callable[[Rule], bool]) -> Column:
        """Names of the broken rules of one sort, as an array of text."""
        found = [F.when(_flag(i), F.lit(r.name)) for i, r in enumerate(self.rules) if chosen(r)]
        return F.array_compact(F.array(*found)) if found else F.array().cast("array<string>")

    def _reasons(self) -> Column:
        """Every broken rule of a row, the mild ones too, with the value that broke it."""
        rules = [(i, rule) for i, rule in enumerate(self.rules) if isinstance(rule, RowRule)]
        return F.array_compact(F.array(*[F.when(_flag(i), _reason(rule)) for i, rule in rules]))


def metrics_name(table: str) -> str:
    """What a stream's progress calls the counts of `table`: `progress.observedMetrics[metrics_name(table)]`."""
    return f"quality {table}"


def _planned(df: DataFrame, table: str, rules: Sequence[Rule], context: Context, actions: Actions) -> Plan:
    refuse_unfit(df, table, rules, context)
    ready = tuple(rule.ready(context) if isinstance(rule, SetRule) else rule for rule in rules)
    try:
        plan = Plan(table, ready, df, _flagged(df, ready, context, actions), context, actions)
        # Spark Connect looks at a query only when asked for its columns; here is where a mistake can be told.
        _ = plan.flagged.agg(*plan.aggregates()).schema
    except PySparkException as problem:
        raise blame(df, table, ready, problem) from problem
    return plan


def _flagged(df: DataFrame, rules: Sequence[Rule], context: Context, actions: Actions) -> DataFrame:
    """The rows with a bit for each rule that is broken: a long for 63 rules is far narrower than a column for each."""
    on_rows = [(i, rule) for i, rule in enumerate(rules) if isinstance(rule, RowRule)]
    wide = reduce(lambda frame, one: one[1].prepared(frame, df, context), on_rows, df)
    bits: dict[int, list[Column]] = {}
    for i, rule in on_rows:
        broken = F.expr(rule.where) & rule.broken() if rule.where else rule.broken()
        bits.setdefault(i // _BITS, []).append(F.when(broken, F.lit(1 << i % _BITS)).otherwise(F.lit(0)).cast("long"))
    words = {_word(number): reduce(Column.bitwiseOR, flags) for number, flags in bits.items()}
    flagged = wide.withColumns(words) if words else wide
    return flagged.withColumn(QUARANTINED, _any_of([i for i, rule in on_rows if actions.removes(rule)]))


def _word(number: int) -> str:
    return f"_broken_{number}"


def _flag(rule: int) -> Column:
    """Whether a row broke the rule of that number."""
    return F.col(_word(rule // _BITS)).bitwiseAND(F.lit(1 << rule % _BITS)) != 0


def _any_of(rules: Sequence[int]) -> Column:
    """Whether a row broke any of the rules of those numbers."""
    masks: dict[int, int] = {}
    for i in rules:
        masks[i // _BITS] = masks.get(i // _BITS, 0) | 1 << i % _BITS
    found = [F.col(_word(number)).bitwiseAND(F.lit(mask)) != 0 for number, mask in masks.items()]
    return reduce(Column.__or__, found, F.lit(False))


def _reason(rule: Rule) -> Column:
    first = rule.columns[0] if rule.columns else ""
    return F.struct(
        F.lit(rule.name).alias("rule"),
        F.lit(first).alias("column"),
        (F.col(first).cast("string") if first else F.lit(None).cast("string")).alias("value"),
        F.lit(rule.description).alias("message"),
    )


def _beside(rows: DataFrame, rules: Sequence[Rule], context: Context) -> DataFrame | None:
    """One row with what no aggregate over the table can tell; None when no rule asks for it."""
    frames: list[DataFrame] = []
    for i, rule in enumerate(rules):
        apart = rule.apart(rows, context) if isinstance(rule, SetRule) else None
        if apart is not None:
            frames.append(apart.select(*[F.col(name).alias(f"{name}_{i}") for name in apart.columns]))
    return reduce(DataFrame.crossJoin, frames) if frames else None
