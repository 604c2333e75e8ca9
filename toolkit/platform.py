"""What a step works with: the lakehouse, the session and the run it belongs to.

Composes the feature folders, so that a step says what it does to the data and nothing about folders, commits or events.
Must not decide when a step runs; that is `toolkit.runner`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from toolkit import datasets, paths
from toolkit.errors import DataError
from toolkit.events import EventLog
from toolkit.lakehouse import Lakehouse
from toolkit.quality.quarantine import VIOLATIONS, quarantine_name
from toolkit.reader import DeltaReader
from toolkit.scenario import Scenario, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from toolkit.quality.engine import QualityResult, RuleResult
    from toolkit.quality.rules import Rule

RESULTS = Table(
    "ops.quality_results",
    "One rule on one table in one run.",
    {
        "run_id": "The run that measured it.",
        "measured_at": "When.",
        "table_name": "The table that the valid rows went to.",
        "table_version": "The version that they became.",
        "rule": "Name of the rule.",
        "dimension": "completeness, validity, uniqueness, consistency, accuracy, timeliness or volume.",
        "severity": "info, warn, error or critical.",
        "row_count": "Rows that were checked.",
        "failed_count": "Rows that broke the rule.",
        "passed": "Whether that is within the rule's tolerance.",
    },
)
EXAMPLES = 3


class Frames(dict[str, "DataFrame"]):
    """Frames that one step hands to a later one, by name."""

    def __missing__(self, name: str) -> DataFrame:
        """Say which step was left out, in place of a bare KeyError."""
        raise DataError(f"No step has made the frame {name!r} yet.", cure="Run the earlier steps first, in order.")


@dataclass
class DataPlatform:
    """The lakehouse as one run sees it.

    Attributes:
        scenario: what is being run.
        parameters: the scenario's own model.
        run_id: signs every row and commit.
        log: where events go.
        session: gives the SparkSession, starting it when first asked.
        frames: what a step hands to a later one without writing it.
    """

    scenario: Scenario
    parameters: Any
    run_id: str
    log: EventLog
    session: Callable[[], SparkSession]
    lakehouse: Lakehouse = field(default_factory=Lakehouse.default)
    frames: Frames = field(default_factory=Frames)
    step: str = ""
    fingerprint: str = ""
    landed: dict[str, datasets.Landed] = field(default_factory=dict)
    results: list[QualityResult] = field(default_factory=list)
    """Of the step under way; `record_quality` keeps them."""

    @property
    def spark(self) -> SparkSession:
        """The session."""
        return self.session()

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

    def read(self, table: str, version: int | None = None) -> DataFrame:
        """A table, as it is or as it was at `version`.

        Raises:
            DataError: it is not there.
        """
        if not self.lakehouse.exists(table):
            raise DataError(f"{table} is not there yet.", cure="Run the step that writes it first.")
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        return reader.load(str(self.lakehouse.path(table)))

    def reader(self, table: str) -> DeltaReader:
        """A table as it is, to be looked at without Spark."""
        return DeltaReader(self.lakehouse.path(table), table)

    def write(self, table: str, df: DataFrame, *, mode: Literal["overwrite", "append"] = "overwrite") -> int:
        """Write a table that the scenario declares, in one commit signed by this run; returns the rows written."""
        from toolkit.etl.load import write_table

        declared = RESULTS if table == RESULTS.name else self.scenario.table(table)
        signature = {
            "run_id": self.run_id,
            "scenario": self.scenario.id,
            "step": self.step,
            "fingerprint": self.fingerprint,
        }
        done = write_table(df, self.lakehouse.path(table), declared, mode=mode, signature=signature)
        self.log.emit(
            "rows", self.step, table=table, version=done.version, rows=done.rows, files=done.files, bytes=done.bytes
        )
        return done.rows

    def check(
        self, table: str, df: DataFrame, rules: Sequence[Rule], references: Mapping[str, DataFrame] | None = None
    ) -> QualityResult:
        """Write the valid rows of `df` to `table` and the rest, with their reasons, to its quarantine.

        Raises:
            DataError: rows got lost or appeared on the way.
        """
        from toolkit.etl.extract import CORRUPT
        from toolkit.quality.engine import split

        parted = split(df, table, rules, references)
        hidden = [name for name in ("_row", "_is_latest") if name in df.columns]
        valid = self.write(table, parted.valid.drop(CORRUPT, *hidden))
        result = parted.result()
        # Where the first pass found nothing bad there is nothing to look for in a second one.
        refused = parted.quarantined if result.quarantined else parted.quarantined.limit(0)
        bad = self.write(quarantine_name(table), refused.drop(*hidden))
        if (valid, bad) != (result.valid, result.quarantined):
            raise DataError(
                f"{table}: {result.rows} rows came in, {valid} went out and {bad} to quarantine.",
                cure="The source changed during the run; run it again.",
            )
        result = replace(result, rules=tuple(self._with_examples(table, one) for one in result.rules))
        self.results.append(result)
        for one in result.rules:
            self.log.emit("quality", self.step, **_told(table, one))
        return result

    def record_quality(self) -> None:
        """Append what `check` found in this step to `ops.quality_results`."""
        now = datetime.now(UTC)
        versions = {found.table: self.reader(found.table).version for found in self.results}
        rows = [
            (
                self.run_id,
                now,
                result.table,
                versions[result.table],
                one.rule.name,
                one.rule.dimension,
                one.rule.severity,
                one.rows,
                one.failed,
                one.passed,
            )
            for result in self.results
            for one in result.rules
        ]
        schema = (
            "run_id STRING, measured_at TIMESTAMP, table_name STRING, table_version LONG, rule STRING, "
            "dimension STRING, severity STRING, row_count LONG, failed_count LONG, passed BOOLEAN"
        )
        self.write(RESULTS.name, self.spark.createDataFrame(rows, schema).coalesce(1), mode="append")

    def state(self, table: str) -> tuple[int, int]:
        """Version and number of rows of a table, from its log."""
        summary = self.reader(table).summary()
        return summary.version, summary.rows

    def sql(self, table: str, query: str) -> tuple[Any, ...]:
        """The first row of a SELECT over one table, called `t` in it, without Spark."""
        return self.reader(table).sql(query).rows[0]

    def export_folder(self, table: str, form: str) -> Path:
        """Where an export of `table` in the given format goes."""
        return self.lakehouse.root / "exports" / table / form

    def metric(self, name: str, value: float, unit: str) -> None:
        """Record a number that the run should be remembered by."""
        self.log.emit("metric", self.step, name=name, value=value, unit=unit)

    def alert(self, message: str, level: Literal["info", "warn", "error"] = "warn") -> None:
        """Say something that whoever watches the run should read."""
        self.log.emit("alert", self.step, level=level, message=message)

    def _landing_progress(self, done: int, total: int) -> None:
        self.log.emit("step_progressed", self.step, tasks_done=done, tasks=total, rows_read=0, rows_written=done)

    def _with_examples(self, table: str, result: RuleResult) -> RuleResult:
        """The result with a few rows that broke the rule, read back without Spark."""
        from toolkit.quality.verdicts import failing_rows, verdict

        if not result.failed:
            return result
        failing = failing_rows(verdict(_told(table, result)))
        page = self.reader(failing.table).page(limit=EXAMPLES, where=failing.where)
        rows = (dict(zip(page.columns, row, strict=True)) for row in page.rows)
        return replace(result, examples=tuple(_example(row, result.rule) for row in rows))


def _told(table: str, result: RuleResult) -> dict[str, Any]:
    """What the quality event of a rule says."""
    rule = result.rule
    return {
        "table": table,
        "rule": rule.name,
        "columns": list(rule.columns),
        "severity": rule.severity,
        "dimension": rule.dimension,
        "description": rule.description,
        "rows": result.rows,
        "failed": result.failed,
        "pass_rate": result.pass_rate,
        "tolerance": rule.tolerance,
        "passed": result.passed,
        "examples": list(result.examples),
    }


def _example(row: dict[str, Any], rule: Rule) -> dict[str, str]:
    key = next(iter(row.values()))
    broken = [v for v in row.get(VIOLATIONS) or [] if v["rule"] == rule.name]
    value = broken[0]["value"] if broken else row.get(rule.columns[0])
    return {"key": str(key), "value": str(value), "message": rule.description}
