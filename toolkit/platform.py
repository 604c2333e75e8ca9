"""What a step works with: the tables of its run, and what the feature folders do to rows on their way there.

Composes the feature folders, so that a step says what it does to the data and nothing about folders, commits or events.
Must not decide when a step runs; that is `toolkit.runner`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import datasets, paths
from toolkit.errors import DataError, QualityGateFailed, UsageError
from toolkit.quality import reports
from toolkit.quality.actions import DEFAULT, Actions
from toolkit.quality.quarantine import QUARANTINED, RULES, WARNINGS, quarantine_name
from toolkit.quality.records import RELEASES, RESULTS, Measurement, Release, as_event, example_of, measurements_of
from toolkit.quality.verdicts import check_rule_name
from toolkit.reader import DeltaReader
from toolkit.tables import Tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.etl.publish import Staged
    from toolkit.quality.engine import Check
    from toolkit.quality.records import Population
    from toolkit.quality.repair import Released, Repair
    from toolkit.quality.results import QualityResult, RuleResult
    from toolkit.quality.rules import Context, RowRule, Rule

EXAMPLES = 3


class Frames(dict[str, "DataFrame"]):
    """Frames that one step hands to a later one, by name."""

    def __missing__(self, name: str) -> DataFrame:
        """Say which step was left out, in place of a bare KeyError."""
        raise DataError(f"No step has made the frame {name!r} yet.", cure="Run the earlier steps first, in order.")


@dataclass
class DataPlatform(Tables):
    """What a step works with.

    Attributes:
        frames: what a step hands to a later one without writing it.
        landed: what was landed in this run, by dataset.
    """

    frames: Frames = field(default_factory=Frames)
    landed: dict[str, datasets.Landed] = field(default_factory=dict)
    results: list[QualityResult] = field(default_factory=list)
    """Of the step under way; `record_quality` keeps them."""

    def land(self, dataset: str, **parameters: Any) -> Path:
        """Land a dataset's files, or find them landed already; returns their folder."""
        root = paths.ensure_folder(paths.home() / "landing")
        found = datasets.land(dataset, root, progress=self._landing_progress, **parameters)
        self.landed[dataset] = found
        self.metric(f"{dataset} rows landed", sum(found.rows.values()), "rows")
        return found.folder

    def files(self, dataset: str) -> Path:
        """The folder of a dataset that `land` has landed.

        Raises:
            DataError: it has not, in this run.
        """
        if dataset not in self.landed:
            raise DataError(f"The files of {dataset} have not been landed.", cure="Run the step that lands them first.")
        return self.landed[dataset].folder

    def ingest(self, table: str, df: DataFrame, dataset: str) -> None:
        """Write what was read from a dataset's files to bronze, with its origin."""
        from toolkit.etl.extract import with_origin

        self.write(table, with_origin(df, self.files(dataset), self.run_id, datetime.now(UTC)))

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
            DataError: rows got lost on the way.
        """
        from toolkit.etl.publish import discard, stage
        from toolkit.quality.engine import Check, split

        self.refuse_other_shape(Measurement)
        check = rules if isinstance(rules, Check) else Check(tuple(rules), references or {}, actions)
        parted = split(df, table, check.rules, context=self._context(table, check), actions=check.actions)
        self._refuse_other_columns(table, parted.rows.columns)
        staged = stage(parted.rows, self.lakehouse.staging(table), QUARANTINED)
        try:
            result = self._audited(parted.result(), staged)
            stops = ", ".join(one.rule.name for one in result.stops)
            self._publish(quarantine_name(table), staged, True, {"stopped_by": stops} if stops else {})
            self._told(result)
            self._stop_if_asked(result)
            self._publish(table, staged, False)
        finally:
            discard(staged)
        return result

    def measure(self, table: str, check: Check) -> QualityResult:
        """Judge a table as it is, and change nothing; rules on technical columns that it has not kept are left out.

        The rows that break a rule stay where they are, unmarked; one of them is told as an example.
        """
        from toolkit.quality import engine

        self.refuse_other_shape(Measurement)
        rows = self.read(table)
        check, left_out = check.on_stored(rows.columns)
        if left_out:
            self.alert(f"{table} has not kept what {', '.join(left_out)} looked at on the way in.", "info")
        context = self._context(table, check, "stored")
        result = engine.check(rows, table, check.rules, context=context, actions=check.actions)
        result = replace(engine.exemplified(result, rows, check.references), population="stored")
        self._told(result)
        return result

    def failing(self, table: str, check: Check, rule: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Rows of a table as it lies that break a rule, at most `limit` of them and with the reason first, and how many do.

        Args:
            table: which.
            check: what is true of its good rows, with all that the rule refers to.
            rule: the name of the rule.
            limit: rows at most.

        Raises:
            UsageError: the check has no such rule, it is about the table as a whole, or it does not fit the rows.
        """
        from pyspark.sql import functions as F

        from toolkit.quality.engine import split
        from toolkit.quality.quarantine import VIOLATIONS

        rows = self.read(table)
        chosen = _row_rule(table, check, rule, rows.columns)
        every = Actions(info="quarantine", warn="quarantine", error="quarantine", critical="quarantine")
        marked = split(rows, table, [chosen], check.references, actions=every).uncounted
        bad = marked.where(F.col(QUARANTINED)).drop(QUARANTINED, WARNINGS, RULES)
        reason = F.element_at(VIOLATIONS, 1).getField("message").alias("what is wrong")
        shown = bad.select(reason, *(bad[f"`{name}`"] for name in bad.columns if name != VIOLATIONS)).limit(limit)
        return [row.asDict(recursive=True) for row in shown.collect()], bad.count()

    def release(
        self,
        table: str,
        check: Check,
        *,
        rule: str = "",
        where: str = "",
        repair: Repair | None = None,
        said: str = "",
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
            said: what the repair does, for the trace.

        Raises:
            DataError: the table has no quarantine.
            UsageError: the condition, the repair or a rule does not fit the rows; or the rows came with a load that was
                stopped.
        """
        from toolkit.etl.publish import discard, stage
        from toolkit.quality import repair as q

        self.refuse_other_shape(Release)
        lying = quarantine_name(table)
        self._refuse_stopped(table, lying)
        self._finish_release(table)
        quarantine = self.read(lying)
        own = self.read(table) if self.lakehouse.exists(table) else None
        rows = q.chosen(quarantine, rule, where)
        staged = stage(q.judged_again(rows, own, table, check, repair), self.lakehouse.staging(table), QUARANTINED)
        found = q.Released(
            self._release_id(table, rule, where, said), staged.total, staged.rows(False), staged.rows(True)
        )
        try:
            if repair:
                q.refuse_other_rows(table, rows, staged.frame(False).unionByName(staged.frame(True)))
            if found.released:
                self._let_go(table, quarantine, staged.frame(False), found.release_id, said)
        finally:
            discard(staged)
        self.metric(f"{table} rows released", found.released, "rows")
        return found

    def record_quality(self) -> None:
        """Append what `check` found in this step to `ops.quality_results`."""
        now = datetime.now(UTC)
        self.append(
            [
                measured
                for found in self.results
                for measured in measurements_of(found, self.run_id, now, self._version(found.table))
            ]
        )

    def _landing_progress(self, done: int, total: int) -> None:
        self.log.emit("step_progressed", self.step, tasks_done=done, tasks=total, rows_read=0, rows_written=done)

    def _version(self, table: str) -> int | None:
        return self.reader(table).version if self.lakehouse.exists(table) else None

    def _publish(self, table: str, staged: Staged, part: bool, note: Mapping[str, str] | None = None) -> None:
        from toolkit.etl.publish import publish

        path, signature = self.lakehouse.path(table), self.signature(note)
        self.say_rows(publish(staged, part, path, self.declared(table), signature=signature))

    def _context(self, table: str, check: Check, population: Population = "incoming") -> Context:
        """What rules may look at; earlier results are read only where a rule asks for them."""
        from toolkit.quality.history import by_rule, measurements
        from toolkit.quality.rules import Context

        if not any(rule.uses_earlier for rule in check.rules) or not self.lakehouse.exists(RESULTS):
            return Context(check.references)
        found = by_rule(measurements(self.reader(RESULTS), table=table, population=population))
        return Context(
            check.references,
            {rule.rule: [m.value for m in rule.measurements if not math.isnan(m.value)] for rule in found},
        )

    def _refuse_other_columns(self, table: str, columns: Sequence[str]) -> None:
        """Before anything is written: the marked rows have to have what both tables declare, and nothing that gets lost.

        Technical columns, whose names begin with `_`, are left out of a table that does not declare them.
        """
        from toolkit.etl.load import refuse_other_columns

        for name in (table, quarantine_name(table)):
            declared = self.declared(name)
            told = [column for column in columns if column in declared.columns or not column.startswith("_")]
            refuse_other_columns(declared, told)

    def _audited(self, result: QualityResult, staged: Staged) -> QualityResult:
        """The result with examples, once it is certain that every row it counts was written."""
        written = (staged.rows(False), staged.rows(True))
        if written != (result.valid, result.quarantined):
            raise DataError(
                f"{result.table}: {result.rows} rows came in, {written[0]} are valid and {written[1]} for quarantine.",
                cure="The source changed during the run; run it again.",
            )
        reader = DeltaReader(staged.folder, f"{result.table}, staged")
        return replace(result, rules=tuple(_with_examples(reader, one, result.actions) for one in result.rules))

    def _let_go(self, table: str, quarantine: DataFrame, good: DataFrame, release_id: str, said: str) -> None:
        """Trace the rows, add them to their table, and leave the others in quarantine."""
        from toolkit.quality import repair as q

        columns = self.declared(table).columns
        self.write(Release, q.trace(good, table, columns, release_id, self.run_id, said), "append", release_id)
        self._move(table, quarantine, good, release_id)

    def _move(self, table: str, quarantine: DataFrame, good: DataFrame, release_id: str) -> None:
        from toolkit.quality import repair as q

        rows = good.select(*self.declared(table).columns)
        self.write(table, rows, "append", release_id, {"release": release_id})
        self.write(quarantine_name(table), q.remaining(quarantine, good))

    def _finish_release(self, table: str) -> None:
        """Do what is left of a release that was interrupted: its traces say which rows, and what they were to become."""
        from toolkit.quality import repair as q

        if not self.lakehouse.exists(RELEASES):
            return
        traces = self.read(RELEASES).where(f"startswith(release_id, '{self._quarantine_state(table)}')")
        begun = traces.first()
        if begun is None:
            return
        quarantine = self.read(quarantine_name(table))
        rows = q.traced(traces, quarantine, self.declared(table).columns)
        self._move(table, quarantine, rows, begun["release_id"])
        self.alert(
            f"{table}: a release that was interrupted is finished now. It let {traces.count():,} rows out.", "info"
        )

    def _quarantine_state(self, table: str) -> str:
        """Stands for a table's quarantine as it is now: with the next change it is another."""
        reader = self.reader(quarantine_name(table))
        return _digest(table, reader.id, str(reader.version))

    def _release_id(self, table: str, *asked: str) -> str:
        """Says which quarantine it takes rows from, and which."""
        return f"{self._quarantine_state(table)}-{_digest(*asked)}"

    def _refuse_stopped(self, table: str, lying: str) -> None:
        """Refuse to release rows of a load of which nothing was published."""
        if not self.lakehouse.exists(lying):
            return
        newest = next((one for one in self.reader(lying).history() if one.run_id), None)
        rules = newest.user_metadata.get("stopped_by") if newest else None
        if rules:
            raise UsageError(
                f"The rows in {lying} came with a load that {rules} stopped: no row of it is in {table}.",
                cure="Mend the source, or say that the good rows may go out, and load again; then release.",
            )

    def _told(self, result: QualityResult) -> None:
        self.results.append(result)
        for one in result.rules:
            self.log.emit("record", self.step, **as_event(result, one))
            action = result.actions.of(one.rule)
            if one.unmeasured and action != "record":
                self.alert(f"{result.table}: {one.rule.name} was not measured. {one.said}")
            elif not one.passed and action == "warn":
                self.alert(f"{result.table}: {one.rule.name} is broken. {reports.found(one).rstrip('.')}.")

    def _stop_if_asked(self, result: QualityResult) -> None:
        if not result.stops:
            return
        self.record_quality()
        broken = [one.rule.name for one in result.stops if not one.unmeasured]
        unknown = [one.rule.name for one in result.stops if one.unmeasured]
        told = [f"{', '.join(broken)} may not be broken"] if broken else []
        told += [f"{', '.join(unknown)} could not be measured"] if unknown else []
        raise QualityGateFailed(
            f"{result.table} was not published: {'; '.join(told)}.",
            cure=f"Look at the rows: toolkit tables show {quarantine_name(result.table)}. Then mend the source.",
        )


def _row_rule(table: str, check: Check, name: str, columns: Sequence[str]) -> RowRule:
    """The rule of that name, if rows can break it and the table has kept what it looks at."""
    from toolkit.quality.rules import RowRule

    rules = {rule.name: rule for rule in check.rules}
    if name not in rules:
        raise UsageError.unknown(f"rule of {table}", name, rules)
    rule = rules[name]
    if not isinstance(rule, RowRule):
        on_rows = [one.name for one in check.rules if isinstance(one, RowRule)]
        raise UsageError(f"{name} is about {table} as a whole: no single row breaks it.", choices=on_rows)
    if name in check.on_stored(columns)[1]:
        raise UsageError(f"{table} has not kept what {name} looked at on the way in.", cure="Look into its quarantine.")
    return rule


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]


def _with_examples(reader: DeltaReader, result: RuleResult, actions: Actions) -> RuleResult:
    """The result with a few of the staged rows that broke the rule, read without Spark."""
    if not result.failed:
        return result
    name = check_rule_name(result.rule.name)
    bad = f"{QUARANTINED} AND array_has({RULES}, '{name}')"
    where = bad if actions.removes(result.rule) else f"array_has({WARNINGS}, '{name}')"
    page = reader.page(limit=EXAMPLES, where=where)
    rows = (dict(zip(page.columns, row, strict=True)) for row in page.rows)
    return replace(result, examples=tuple(example_of(row, result.rule) for row in rows))
