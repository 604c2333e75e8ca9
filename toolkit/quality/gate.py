"""Rows against rules: on their way to a table, in it, and out of its quarantine.

Owns the way of a frame through a check, from top to bottom: what does not fit is refused, every row is marked, all are staged,
the counts are audited, the quarantine is published, what was found is told, and the table is published unless a rule stops it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from toolkit.errors import DataError, QualityGateFailed
from toolkit.quality import engine, failing, reports
from toolkit.quality import release as releases
from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.engine import Check
from toolkit.quality.history import by_rule, measurements
from toolkit.quality.quarantine import CORRUPT, QUARANTINED, RULES, WARNINGS, quarantine_name, quarantine_of
from toolkit.quality.records import RESULTS, Measurement, Population, as_event, example_of, measurements_of
from toolkit.quality.repair import Released, Repair
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Context, Holds, RowRule, Rule
from toolkit.quality.verdicts import check_rule_name
from toolkit.store.commits import refuse_other_columns
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame

    from toolkit.quality.contracts.judgement import Promised
    from toolkit.scenario import Table
    from toolkit.store.staging import Staged
    from toolkit.store.tables import Tables

EXAMPLES = 3
_READABLE = f"{CORRUPT} IS NULL"


class Gate:
    """What quality does in one step of a run.

    Args:
        tables: of the run.

    Attributes:
        results: what was found in the step, in order; `record` keeps it.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.results: list[QualityResult] = []
        self._recorded = 0

    def check(
        self,
        table: str,
        df: DataFrame,
        rules: Sequence[Rule] | Check,
        references: Mapping[str, DataFrame] | None = None,
        *,
        actions: Actions = DEFAULT,
    ) -> QualityResult:
        """Make the valid rows of `df` the content of `table` and the rest, with their reasons, that of its quarantine.

        Write, audit, publish: the rows are read, judged and written once; what they become is visible only when no rule
        stops it. The quarantine is published in any case, as the evidence.

        Raises:
            QualityGateFailed: a rule whose action is `stop` is broken by more rows than it tolerates; `table` is as it was.
            DataError: rows got lost on the way; or the results of earlier runs were kept by another version.
        """
        check = rules if isinstance(rules, Check) else Check(tuple(rules), references or {}, actions)
        self.tables.refuse_other_shape(Measurement)
        marked = engine.split(df, table, check.rules, context=self._context(table, check), actions=check.actions)
        _refuse_what_gets_lost(self.tables, table, marked.rows.columns)
        with self.tables.staged(table, marked.rows, QUARANTINED) as staged:
            result = _audited(marked.result(), staged)
            self.tables.publish(quarantine_name(table), staged, True, _note(result))
            self._tell(result)
            self._stop_if_asked(result)
            self.tables.publish(table, staged, False)
        return result

    def rules_for(
        self, table: str, rules: Path | None, contract: str | None, references: Mapping[str, str]
    ) -> Promised | None:
        """The rules of a file or of a contract for rows on their way to a table; None where neither is named.

        Raises:
            UsageError: both are named, or they cannot be read, or are of another table.
        """
        from toolkit.quality.sources import incoming

        return incoming(table, rules, contract, references)

    def admit(self, table: Table, df: DataFrame, promised: Promised) -> QualityResult:
        """As `check`, for a table that no scenario declares; rows that could not be read are refused, whatever else they break.

        Raises:
            QualityGateFailed: as `check`.
        """
        from pyspark.sql import functions as F

        rules = promised.rules
        if CORRUPT in df.columns:
            readable = Holds(
                name="line_is_readable", description="The line could be read.", column=CORRUPT, condition=_READABLE
            )
            rules = (readable, *(_where_readable(rule) for rule in rules if rule.name != readable.name))
        else:
            # A quarantine has it, for rows of any source.
            df = df.withColumn(CORRUPT, F.lit(None).cast("string"))
        for declared in (table, quarantine_of(table)):
            self.tables.declare(declared)
        check = Check(rules, {name: self.tables.read(other) for name, other in promised.references.items()})
        for sentence in promised.unchecked:
            self.tables.alert(sentence, "info")
        return self.check(table.name, df, check)

    def measure(self, table: str, check: Check) -> QualityResult:
        """Judge a table as it is, and change nothing; rules on technical columns that it has not kept are left out.

        The rows that break a rule stay where they are, unmarked; one of them is told as an example.
        """
        self.tables.refuse_other_shape(Measurement)
        rows = self.tables.read(table)
        check, left_out = check.on_stored(rows.columns)
        if left_out:
            self.tables.alert(f"{table} has not kept what {', '.join(left_out)} looked at on the way in.", "info")
        context = self._context(table, check, "stored")
        result = engine.check(rows, table, check.rules, context=context, actions=check.actions)
        result = replace(engine.exemplified(result, rows, check.references), population="stored")
        self._tell(result)
        return result

    def failing(self, table: str, check: Check, rule: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Rows of a table as it lies that break a rule, at most `limit` of them and with the reason first, and how many do.

        Raises:
            UsageError: the check has no such rule, it is about the table as a whole, or it does not fit the rows.
        """
        return failing.rows_that_break(self.tables.read(table), table, check, rule, limit)

    def release(
        self,
        table: str,
        check: Check,
        *,
        rule: str = "",
        where: str = "",
        repair: Repair | None = None,
        description: str = "",
    ) -> Released:
        """Take rows out of quarantine that keep the rules of their table now, repaired or as they are.

        Each row that leaves is traced in `ops.quarantine_releases`, then added to the table, then removed from quarantine. A
        release that was interrupted is finished by the next one as it was begun, whatever that one is asked for.

        Args:
            table: where the rows belong.
            check: what is true of its good rows; rules on the whole table are left out.
            rule: only rows that this rule sent to quarantine.
            where: only rows that meet this SQL condition.
            repair: a function of the rows; the same rows come back, with the same columns.
            description: what the repair does, for the trace.

        Raises:
            DataError: the table has no quarantine.
            UsageError: the condition, the repair or a rule does not fit the rows; or the rows came with a load that was
                stopped.
        """
        asked = releases.Asked(rule, where, repair, description)
        return releases.release(self.tables, table, check, asked)

    def record(self) -> None:
        """Append to `ops.quality_results` what was found in this step and has not been appended yet."""
        now, new = datetime.now(UTC), self.results[self._recorded :]
        self._recorded = len(self.results)
        run_id = self.tables.run_id
        self.tables.append(
            [each for result in new for each in measurements_of(result, run_id, now, self._version(result.table))]
        )

    def _version(self, table: str) -> int | None:
        return self.tables.reader(table).version if self.tables.lakehouse.has_version(table) else None

    def _context(self, table: str, check: Check, population: Population = "incoming") -> Context:
        """What rules may look at; earlier results are read only where a rule asks for them."""
        if not any(rule.uses_earlier for rule in check.rules) or not self.tables.lakehouse.has_version(RESULTS):
            return Context(check.references)
        histories = by_rule(measurements(self.tables.reader(RESULTS), table=table, population=population))
        return Context(
            check.references,
            {each.rule: [m.value for m in each.measurements if not math.isnan(m.value)] for each in histories},
        )

    def _tell(self, result: QualityResult) -> None:
        self.results.append(result)
        for each in result.rules:
            self.tables.tell(Measurement, as_event(result, each))
            action = result.actions.of(each.rule)
            if each.unmeasured and action != "record":
                self.tables.alert(f"{result.table}: {each.rule.name} was not measured. {each.said}")
            elif not each.passed and action == "warn":
                self.tables.alert(f"{result.table}: {each.rule.name} is broken. {reports.found(each).rstrip('.')}.")

    def _stop_if_asked(self, result: QualityResult) -> None:
        if not result.stops:
            return
        self.record()
        broken = [each.rule.name for each in result.stops if not each.unmeasured]
        unknown = [each.rule.name for each in result.stops if each.unmeasured]
        reasons = [f"{', '.join(broken)} may not be broken"] if broken else []
        reasons += [f"{', '.join(unknown)} could not be measured"] if unknown else []
        raise QualityGateFailed(
            f"{result.table} was not published: {'; '.join(reasons)}.",
            cure=f"Look at the rows: toolkit tables show {quarantine_name(result.table)}. Then mend the source.",
        )


def _where_readable(rule: Rule) -> Rule:
    if not isinstance(rule, RowRule):
        return rule
    return rule.model_copy(update={"where": f"({rule.where}\n) AND {_READABLE}" if rule.where else _READABLE})


def _refuse_what_gets_lost(tables: Tables, table: str, columns: Sequence[str]) -> None:
    """Raise unless marked rows have what a table and its quarantine declare, and nothing that neither keeps.

    Technical columns, whose names begin with `_`, are left out of a table that does not declare them.
    """
    for name in (table, quarantine_name(table)):
        declared = tables.declared(name)
        kept = [column for column in columns if column in declared.columns or not column.startswith("_")]
        refuse_other_columns(declared, kept)


def _audited(result: QualityResult, staged: Staged) -> QualityResult:
    """The result with examples, once it is certain that every row it counts was written."""
    written = (staged.rows(False), staged.rows(True))
    if written != (result.valid, result.quarantined):
        raise DataError(
            f"{result.table}: {result.rows} rows came in, {written[0]} are valid and {written[1]} for quarantine.",
            cure="The source changed during the run; run it again.",
        )
    reader = DeltaReader(staged.folder, f"{result.table}, staged")
    return replace(result, rules=tuple(_with_examples(reader, each, result.actions) for each in result.rules))


def _with_examples(reader: DeltaReader, result: RuleResult, actions: Actions) -> RuleResult:
    """The result with a few of the staged rows that broke the rule, read without Spark."""
    if not result.failed:
        return result
    name = check_rule_name(result.rule.name)
    bad = f"{QUARANTINED} AND array_has({RULES}, '{name}')"
    where = bad if actions.removes(result.rule) else f"array_has({WARNINGS}, '{name}')"
    page = reader.page(limit=EXAMPLES, where=where)
    return replace(result, examples=tuple(example_of(row, result.rule) for row in page.named()))


def _note(result: QualityResult) -> dict[str, str]:
    """What the commit of the quarantine says of a load that is stopped; its rows are not to be released."""
    stops = ", ".join(each.rule.name for each in result.stops)
    return {releases.STOPPED_BY: stops} if stops else {}
