"""Rules made ready for one frame: which columns and aggregates a pass over it has to compute.

Owns the form that rules take inside Spark; all of it is lazy. What the passes are is `toolkit.quality.engine`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from operator import and_
from typing import Any

from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from toolkit.columns import quoted
from toolkit.errors import UsageError
from toolkit.quality import reasons, sql_text
from toolkit.quality.actions import Actions
from toolkit.quality.quarantine import QUARANTINED, RULES, VIOLATIONS, WARNINGS
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, RowRule, Rule, SetRule
from toolkit.quality.rules.attempts import attempt, attemptable
from toolkit.quality.spark_types import from_json
from toolkit.quality.validation import blame, refuse_unfit

_BITS = 12
"""Rules to a word: so few that each combination of them (4,096) can be counted."""
_MOST_AT_ONCE = 62
"""Rules for which bits are quicker to count than conditions that are asked twice."""


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
    def kept(self) -> list[str]:
        """The source's columns. A table that was split before brings its old reasons along; the new ones take their place."""
        old = {VIOLATIONS, RULES, WARNINGS, QUARANTINED}
        return [quoted(name) for name in self.source.columns if name not in old]

    @cached_property
    def on_rows(self) -> list[tuple[int, RowRule]]:
        """The rules on rows, with their numbers."""
        return [(i, rule) for i, rule in enumerate(self.rules) if isinstance(rule, RowRule)]

    @cached_property
    def flags(self) -> dict[int, Flag]:
        """Where each rule on rows has its bit, by its number."""
        return {i: Flag(*divmod(place, _BITS)) for place, (i, _) in enumerate(self.on_rows)}

    @cached_property
    def attempts(self) -> dict[int, Flag]:
        """Where each rule on rows that may fail at a row has its bit for that, by the rule's number."""
        attempted = [i for i, rule in self.on_rows if rule.attempted]
        return {i: Flag(*divmod(place, _BITS), "_broken_unevaluated") for place, i in enumerate(attempted)}

    @cached_property
    def told(self) -> dict[int, str]:
        """What is told about a row that broke a rule on rows, by the rule's number, in SQL."""
        columns = self.source.columns
        unevaluated = {i: flag.raised for i, flag in self.attempts.items()}
        return {i: reasons.reason(rule, columns, unevaluated.get(i)) for i, rule in self.on_rows}

    def flagged(self) -> DataFrame:
        """The rows with a bit for each rule that is broken: a word for twelve is far narrower than a column for each.

        A word is null where a row keeps all twelve, so that whatever counts can pass over it. Rules that cannot be evaluated
        have a bit in other words besides.
        """
        if not self.on_rows:
            return self.wide.withColumn(QUARANTINED, F.lit(False))
        broken = {f"_breaks_{i}": _broken(rule) for i, rule in self.on_rows}
        words: dict[str, list[str]] = {}
        for i, flag in self.flags.items():
            raised = f"coalesce(_breaks_{i}, true)" if i in self.attempts else f"_breaks_{i}"
            words.setdefault(flag.word, []).append(f"if({raised}, {flag.mask}, 0)")
        for i, flag in self.attempts.items():
            words.setdefault(flag.word, []).append(f"if(_breaks_{i} IS NULL, {flag.mask}, 0)")
        flagged = self.wide.withColumns(broken)
        flagged = flagged.withColumns({w: F.expr(f"nullif({' | '.join(bits)}, 0)") for w, bits in words.items()})
        return flagged.withColumn(QUARANTINED, F.expr(self._any(self.actions.removes))).drop(*broken)

    def counted(self) -> DataFrame:
        """One row with all that one pass counts and measures."""
        if len(self.on_rows) > _MOST_AT_ONCE:
            return self.wide.agg(*self._asked_directly(), *self._measured())
        failed = [f"count_if({flag.raised}) AS failed_{i}" for i, flag in self.flags.items()]
        unevaluated = [f"count_if({flag.raised}) AS unevaluated_{i}" for i, flag in self.attempts.items()]
        counts = [f"count_if({QUARANTINED}) AS quarantined", *failed, *unevaluated]
        return self.flagged().agg(*map(F.expr, counts), *self._measured())

    def observed(self, flagged: DataFrame) -> tuple[DataFrame, Observation | None]:
        """The flagged rows, and what is counted when somebody writes them.

        Spark observes row by row, and takes about as long for each aggregate as for a rule. So there is one for twelve rules:
        how often each combination of them is broken, which costs next to nothing for a row that breaks none.
        """
        counts = [
            f"count_if({QUARANTINED}) AS quarantined",
            *map(_combinations, sorted({f.word for f in (*self.flags.values(), *self.attempts.values())})),
        ]
        asked = [*map(F.expr, counts), *self._measured()]
        if self.source.isStreaming:
            return flagged.observe(metrics_name(self.table), *asked), None
        observed = Observation()
        return flagged.observe(observed, *asked), observed

    def marked(self, flagged: DataFrame) -> DataFrame:
        """The rows with their reasons in place of flags."""
        nothing = sql_text.array([])
        return flagged.select(
            *self.kept,
            F.expr(f"if({self._any(self.actions.marks)}, {self._names(self.actions.marks)}, {nothing}) AS {WARNINGS}"),
            F.col(QUARANTINED),
            # Only a bad row pays for its reasons.
            F.expr(f"if({QUARANTINED}, {self._reasons()}, NULL) AS {VIOLATIONS}"),
            F.expr(f"if({QUARANTINED}, {self._names(self.actions.removes)}, NULL) AS {RULES}"),
        )

    def examples(self) -> DataFrame:
        """One row with an example for each rule on rows, null where no row breaks it.

        It has the first column of a row that does, the values that broke the rule, and what should be true.
        """
        key = quoted(self.source.columns[0])
        told = {i: f"named_struct('key', CAST({key} AS string), 'why', {why})" for i, why in self.told.items()}
        asked = [f"any_value(if({self.flags[i].raised}, {one}, NULL), true) AS example_{i}" for i, one in told.items()]
        return self.flagged().agg(*map(F.expr, asked))

    def result(self, found: Mapping[str, Any]) -> QualityResult:
        """The counts, judged."""
        schema = {one.name: _spelled(one.dataType) for one in self.source.schema.fields}
        return QualityResult(
            self.table,
            int(found["rows"]),
            int(found["quarantined"]),
            tuple(self._judged(i, rule, found, schema) for i, rule in enumerate(self.rules)),
            self.actions,
        )

    def _judged(self, i: int, rule: Rule, found: Mapping[str, Any], schema: Mapping[str, str]) -> RuleResult:
        rows = int(found[f"seen_{i}" if rule.where else "rows"])
        unevaluated = self._unevaluated(i, rule, found)
        if not isinstance(rule, SetRule):
            return RuleResult(rule, rows, self._failed(i, found), unevaluated=unevaluated)
        if unevaluated:
            said = f"{rule.unevaluated} for {unevaluated:,} of {found['rows']:,} rows."
            return RuleResult(rule, rows, 0, None, said, kept=False, unevaluated=unevaluated)
        own = {name.removesuffix(f"_{i}"): value for name, value in found.items() if name.endswith(f"_{i}")}
        judged = rule.judged({**own, "schema": schema}, self.context)
        if judged.passed is None and rule.if_unmeasured == "pass":
            return RuleResult(rule, rows, 0, judged.measured, f"{judged.said} The rule lets that pass.", kept=True)
        return RuleResult(rule, rows, 0, judged.measured, judged.said, judged.passed)

    def _failed(self, i: int, found: Mapping[str, Any]) -> int:
        """Rows that break the rule of that number."""
        return int(found[f"failed_{i}"]) if f"failed_{i}" in found else _rows_of(self.flags[i], found)

    def _unevaluated(self, i: int, rule: Rule, found: Mapping[str, Any]) -> int:
        """Rows for which the rule of that number cannot be evaluated."""
        if not rule.attempted:
            return 0
        return int(found[f"unevaluated_{i}"]) if f"unevaluated_{i}" in found else _rows_of(self.attempts[i], found)

    def _asked_directly(self) -> list[Column]:
        """Counts of what breaks each rule, and any, without flags."""
        broken = {i: _broken(rule) for i, rule in self.on_rows}
        found = {f"unevaluated_{i}": F.count_if(broken[i].isNull()) for i in self.attempts}
        broken |= {i: F.coalesce(broken[i], F.lit(True)) for i in self.attempts}
        bad = [broken[i] for i, rule in self.on_rows if self.actions.removes(rule)]
        # `greatest` passes over null, and stays quick with hundreds.
        found |= {"quarantined": F.count_if(F.greatest(*bad, F.lit(False)) if bad else F.lit(False))}
        found |= {f"failed_{i}": F.count_if(column) for i, column in broken.items()}
        return [column.alias(name) for name, column in found.items()]

    def _measured(self) -> list[Column]:
        """What is asked of the rows whichever way flags are counted."""
        found = {"rows": F.count(F.lit(1))}
        for i, rule in enumerate(self.rules):
            if rule.where:
                # A row at which the filter cannot be evaluated breaks the rule, so the rule has looked at it.
                found[f"seen_{i}"] = F.count_if(F.coalesce(rule.applies(), F.lit(True)))
            if isinstance(rule, SetRule):
                found |= {f"{name}_{i}": column for name, column in rule.measures(self.context).items()}
                if rule.attempted:
                    everything = reduce(and_, [F.coalesce(F.expr(text), F.lit(False)) for text in rule.sql])
                    found[f"unevaluated_{i}"] = F.count_if(attempt(everything).isNull())
        return [column.alias(name) for name, column in found.items()]

    def _any(self, chosen: Callable[[Rule], bool]) -> str:
        """Whether a row broke any rule of one sort; never null."""
        masks: dict[str, int] = {}
        for i, rule in self.on_rows:
            if chosen(rule):
                masks[self.flags[i].word] = masks.get(self.flags[i].word, 0) | self.flags[i].mask
        broken = " OR ".join(f"{word} & {mask} != 0" for word, mask in masks.items())
        return f"coalesce({broken}, false)" if broken else "false"

    def _names(self, chosen: Callable[[Rule], bool]) -> str:
        """Names of the broken rules of one sort, as an array of text."""
        return sql_text.array(
            [f"if({self.flags[i].raised}, {sql_text.text(r.name)}, NULL)" for i, r in self.on_rows if chosen(r)]
        )

    def _reasons(self) -> str:
        """Every broken rule of a row, the mild ones too, with the values that broke it."""
        found = [f"if({self.flags[i].raised}, {why}, NULL)" for i, why in self.told.items()]
        return sql_text.array(found, reasons.TYPE)


@dataclass(frozen=True)
class Flag:
    """The bit of one rule."""

    number: int
    """Of the word."""
    place: int
    """In it."""
    sort: str = "_broken"
    """How the names of words of this sort begin."""

    @property
    def word(self) -> str:
        """The column that holds the word."""
        return f"{self.sort}_{self.number}"

    @property
    def mask(self) -> int:
        """The word with only this bit."""
        return 1 << self.place

    @property
    def raised(self) -> str:
        """The condition that a row broke the rule; null where it broke none of the word's."""
        return f"{self.word} & {self.mask} != 0"


def metrics_name(table: str) -> str:
    """What a stream's progress calls the counts of `table`: `progress.observedMetrics[metrics_name(table)]`."""
    return f"quality {table}"


def planned(df: DataFrame, table: str, rules: Sequence[Rule], context: Context, actions: Actions) -> Plan:
    """The rules made ready for `df`.

    Raises:
        UsageError: one of them does not fit.
    """
    _refuse_others(df, rules)
    refuse_unfit(df, table, rules, context)
    ready = tuple(rule.ready(context) if isinstance(rule, SetRule) else rule for rule in rules)
    on_rows = [rule for rule in ready if isinstance(rule, RowRule)]
    rows = attemptable(df) if any(rule.attempted for rule in ready) else df
    with blamed(df, table, ready):
        wide = reduce(lambda frame, rule: rule.prepared(frame, rows, context), on_rows, rows)
    return Plan(table, ready, df, wide, context, actions)


def _refuse_others(df: object, rules: object) -> None:
    """Raise unless these are rows and rules: else it would be an error of Python's, somewhere inside."""
    if not isinstance(df, DataFrame):
        raise UsageError(f"{df!r} is no DataFrame.", cure="Give the rows first, as spark.read or spark.table has them.")
    given = rules if isinstance(rules, Sequence) and not isinstance(rules, str) else None
    if wrong := [rule for rule in given or () if not isinstance(rule, Rule)] or ([rules] if given is None else []):
        raise UsageError(
            f"{wrong[0]!r} is no list of rules." if given is None else f"{wrong[0]!r} is no rule.",
            cure="Give a list of rules, such as [rules.NotNull(column='order_id')].",
        )


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
    """Whether a row that the rule looks at breaks it; null counts as no, but as unknown for a rule that is attempted."""
    looked_at = [F.coalesce(F.expr(rule.where), F.lit(False))] if rule.where else []
    broken = reduce(and_, [*looked_at, rule.broken()])
    return attempt(broken) if rule.attempted else broken


def _rows_of(flag: Flag, found: Mapping[str, Any]) -> int:
    """Rows with a bit, from the counts of each combination of its word."""
    return sum(count for broken, count in found[flag.word] or () if broken & flag.mask)


def _spelled(type_: DataType) -> str:
    """A type as `parse_type` reads it back; Spark's own spelling leaves odd names of fields without quotes."""
    try:
        return from_json(type_.jsonValue()).text
    except UsageError:
        return type_.simpleString()


def _combinations(word: str) -> str:
    """How often each value of a word occurs: pairs of the value and its count, exact since there are bins for all."""
    bins = f"histogram_numeric({word}, {2**_BITS})"
    return f"transform({bins}, bin -> array(CAST(bin.x AS BIGINT), CAST(bin.y AS BIGINT))) AS {word}"


def beside(rows: DataFrame, rules: Sequence[Rule], context: Context) -> DataFrame | None:
    """One row with what no aggregate over the table can tell; None when no rule asks for it."""
    frames: list[DataFrame] = []
    rows = attemptable(rows) if any(rule.attempted for rule in rules) else rows
    for i, rule in enumerate(rules):
        apart = rule.apart(rows, context) if isinstance(rule, SetRule) else None
        if apart is not None:
            frames.append(apart.select(*[F.col(name).alias(f"{name}_{i}") for name in apart.columns]))
    return reduce(DataFrame.crossJoin, frames) if frames else None
