"""Rules made ready for one frame: which columns and aggregates a pass over it has to compute.

Owns the form that rules take inside Spark; all of it is lazy. What the passes are is `toolkit.quality.engine`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from toolkit.quality.actions import Actions
from toolkit.quality.fitness import blame, refuse_unfit
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, RowRule, Rule, SetRule

_BITS = 63
MOST_FLAGGED = 63
"""Rules up to which bits are quicker than conditions that are asked twice; with hundreds it is the other way round."""
_REASONS = "array<struct<rule:string,column:string,value:string,message:string>>"


@dataclass(frozen=True)
class Plan:
    """Rules made ready for one frame."""

    table: str
    rules: tuple[Rule, ...]
    source: DataFrame = field(repr=False)
    wide: DataFrame = field(repr=False)
    """The source with what rules need beside each row, in columns that start with `_rule_`."""
    context: Context = field(repr=False)
    actions: Actions

    @property
    def kept(self) -> list[Column]:
        """The source's columns. A table that was split before brings its old reasons along; the new ones take their place."""
        old = {VIOLATIONS, RULES, WARNINGS, QUARANTINED}
        return [F.col("`" + name.replace("`", "``") + "`") for name in self.source.columns if name not in old]

    @property
    def on_rows(self) -> list[tuple[int, RowRule]]:
        """The rules on rows, with their numbers."""
        return [(i, rule) for i, rule in enumerate(self.rules) if isinstance(rule, RowRule)]

    def aggregates(self, *, flagged: bool = False) -> list[Column]:
        """All that one pass counts and measures, from the rows or from the bits that `flagged` put beside them."""
        broken = {i: _flag(i) if flagged else _broken(rule) for i, rule in self.on_rows}
        bad = F.col(QUARANTINED) if flagged else _any([broken[i] for i, r in self.on_rows if self.actions.removes(r)])
        found = {"rows": F.count(F.lit(1)), "quarantined": F.count_if(bad)}
        found |= {f"failed_{i}": F.count(F.when(one, 1)) for i, one in broken.items()}
        found |= {f"seen_{i}": F.count_if(F.expr(rule.where)) for i, rule in enumerate(self.rules) if rule.where}
        for i, rule in enumerate(self.rules):
            if isinstance(rule, SetRule):
                found |= {f"{name}_{i}": one for name, one in rule.measures(self.context).items()}
        return [one.alias(name) for name, one in found.items()]

    def flagged(self) -> DataFrame:
        """The rows with a bit for each rule that is broken: a long for 63 rules is far narrower than a column for each."""
        bits: dict[int, list[Column]] = {}
        for i, rule in self.on_rows:
            bit = F.when(_broken(rule), F.lit(1 << i % _BITS)).otherwise(F.lit(0)).cast("long")
            bits.setdefault(i // _BITS, []).append(bit)
        words = {_word(number): reduce(Column.bitwiseOR, flags) for number, flags in bits.items()}
        flagged = self.wide.withColumns(words) if words else self.wide
        return flagged.withColumn(QUARANTINED, _any_flag([i for i, r in self.on_rows if self.actions.removes(r)]))

    def to_count(self) -> tuple[DataFrame, list[Column]]:
        """The rows, and what to aggregate over them, where nobody asks which rows are bad: by bits while they are quicker."""
        few = len(self.on_rows) <= MOST_FLAGGED
        return (self.flagged() if few else self.wide), self.aggregates(flagged=few)

    def observed(self, rows: DataFrame, aggregates: Sequence[Column]) -> tuple[DataFrame, Observation | None]:
        """`rows`, and what is counted when somebody writes them."""
        if self.source.isStreaming:
            return rows.observe(metrics_name(self.table), *aggregates), None
        observed = Observation()
        return rows.observe(observed, *aggregates), observed

    def marked(self, flagged: DataFrame) -> DataFrame:
        """The rows with their reasons in place of flags."""
        bad, warned = F.col(QUARANTINED), _any_flag([i for i, r in self.on_rows if self.actions.marks(r)])
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

    def _names(self, chosen: Callable[[Rule], bool]) -> Column:
        """Names of the broken rules of one sort, as an array of text."""
        found = [F.when(_flag(i), F.lit(r.name)) for i, r in enumerate(self.rules) if chosen(r)]
        return F.array_compact(F.array(*found)) if found else F.array().cast("array<string>")

    def _reasons(self) -> Column:
        """Every broken rule of a row, the mild ones too, with the value that broke it."""
        found = [F.when(_flag(i), _reason(rule)) for i, rule in self.on_rows]
        return F.array_compact(F.array(*found)).cast(_REASONS)


def metrics_name(table: str) -> str:
    """What a stream's progress calls the counts of `table`: `progress.observedMetrics[metrics_name(table)]`."""
    return f"quality {table}"


def planned(df: DataFrame, table: str, rules: Sequence[Rule], context: Context, actions: Actions) -> Plan:
    """The rules made ready for `df`.

    Raises:
        UsageError: one of them does not fit.
    """
    refuse_unfit(df, table, rules, context)
    ready = tuple(rule.ready(context) if isinstance(rule, SetRule) else rule for rule in rules)
    on_rows = [rule for rule in ready if isinstance(rule, RowRule)]
    with blamed(df, table, ready):
        wide = reduce(lambda frame, rule: rule.prepared(frame, df, context), on_rows, df)
    return Plan(table, ready, df, wide, context, actions)


@contextlib.contextmanager
def blamed(df: DataFrame, table: str, rules: Sequence[Rule], *, running: bool = False) -> Iterator[None]:
    """Name the rule that Spark cannot make sense of, where it says so: at once, or over Spark Connect when it is asked.

    Args:
        df: the rows.
        table: what messages call them.
        rules: those that are being put together.
        running: the query runs, so that only what is wrong with the query itself is a rule's fault.

    Raises:
        UsageError: one of the rules does not fit.
    """
    try:
        yield
    except PySparkException as problem:
        if running and not isinstance(problem, (AnalysisException, ParseException)):
            raise
        raise blame(df, table, rules, problem) from problem


def _broken(rule: RowRule) -> Column:
    """Whether a row that the rule looks at breaks it; null counts as no."""
    return F.expr(rule.where) & rule.broken() if rule.where else rule.broken()


def _any(conditions: Sequence[Column]) -> Column:
    """Whether any of the conditions is true; `greatest` passes over null, and stays quick with hundreds."""
    return F.greatest(*conditions, F.lit(False)) if conditions else F.lit(False)


def _word(number: int) -> str:
    return f"_broken_{number}"


def _flag(rule: int) -> Column:
    """Whether a row broke the rule of that number."""
    return F.col(_word(rule // _BITS)).bitwiseAND(F.lit(1 << rule % _BITS)) != 0


def _any_flag(rules: Sequence[int]) -> Column:
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


def beside(rows: DataFrame, rules: Sequence[Rule], context: Context) -> DataFrame | None:
    """One row with what no aggregate over the table can tell; None when no rule asks for it."""
    frames: list[DataFrame] = []
    for i, rule in enumerate(rules):
        apart = rule.apart(rows, context) if isinstance(rule, SetRule) else None
        if apart is not None:
            frames.append(apart.select(*[F.col(name).alias(f"{name}_{i}") for name in apart.columns]))
    return reduce(DataFrame.crossJoin, frames) if frames else None
