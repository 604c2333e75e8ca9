"""What is kept: a measurement for each rule in each run, and a release for each row let out of quarantine.

Owns their shapes, and what the event of a rule says. Must not import Spark, since every run declares these tables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from toolkit.quality.actions import Action
from toolkit.quality.quarantine import VIOLATIONS
from toolkit.quality.verdicts import State, state_of
from toolkit.store.records import CONTENT, Named, Record

if TYPE_CHECKING:
    from toolkit.quality.results import QualityResult, RuleResult
    from toolkit.quality.rules import Rule

RESULTS, RELEASES = "ops.quality_results", "ops.quarantine_releases"
Population = Literal["incoming", "stored"]
"""Rows on their way to a table, before the bad ones are taken out; or the rows in it."""


@dataclass(frozen=True)
class Measurement(Record, table=RESULTS, description="One rule on one table in one run."):
    """One rule on one table in one run."""

    run_id: Annotated[str, "The run that measured it."]
    at: Annotated[datetime, "When.", Named("measured_at")]
    table: Annotated[str, "The table that the valid rows went to.", Named("table_name")]
    rule: Annotated[str, "Name of the rule."]
    version: Annotated[
        int | None,
        "The version that they became; the one before, if they were not published; null if there was none.",
        Named("table_version"),
    ] = None
    kind: Annotated[str, "Its kind: not_null, between, …"] = ""
    columns: Annotated[tuple[str, ...], "The columns it looks at."] = ()
    dimension: Annotated[str, "completeness, validity, uniqueness, consistency, accuracy, timeliness or volume."] = ""
    severity: Annotated[str, "info, warn, error or critical."] = "error"
    action: Annotated[Action, "What followed: record, warn, quarantine or stop."] = "quarantine"
    rows: Annotated[int, "Rows that the rule looked at.", Named("row_count")] = 0
    failed: Annotated[int, "Rows that broke it; 0 for a rule on the whole table.", Named("failed_count")] = 0
    measured: Annotated[float | None, "What a rule on the whole table measured; null for a rule on rows."] = None
    tolerance: Annotated[float, "Share of rows that may break it."] = 0.0
    passed: Annotated[
        bool | None, "Whether that is within the rule's tolerance; null when there was nothing to measure."
    ] = True
    population: Annotated[Population, "incoming: the rows on their way to the table; stored: the rows in it."] = (
        "incoming"
    )

    @property
    def state(self) -> State:
        """passed, tolerated, not measured or failed."""
        return state_of(passed=self.passed, failed=self.failed)

    @property
    def failure_rate(self) -> float:
        """Share of rows that broke the rule; a rule about the table as a whole is broken by all (1.0) or none (0.0).

        NaN where nothing was measured.
        """
        if self.passed is None:
            return math.nan
        return self.failed / self.rows if self.failed and self.rows else float(not self.passed)

    @property
    def pass_rate(self) -> float:
        """Share of rows that kept the rule; 1.0 for an empty table; NaN where nothing was measured."""
        return 1 - self.failure_rate

    @property
    def value(self) -> float:
        """What to draw and to watch: the number measured, or else the failure rate; NaN where there is neither."""
        return self.failure_rate if self.measured is None else self.measured


@dataclass(frozen=True)
class Release(Record, table=RELEASES, description="One row that left quarantine, as it was and as it is."):
    """One row that left quarantine, as it was and as it is."""

    release_id: Annotated[str, "The release it was part of."]
    run_id: Annotated[str, "The run that released it."]
    released_at: Annotated[datetime, "When."]
    table: Annotated[str, "The table it went to.", Named("table_name")]
    rules: Annotated[tuple[str, ...], "The rules that had sent it to quarantine."]
    repair: Annotated[str, "What was done to it, in words or SQL; empty when nothing was."]
    before: Annotated[str, "The row as it lay in quarantine, as JSON.", CONTENT]
    after: Annotated[str, "The row as it is now, as JSON.", CONTENT]


def measurements_of(result: QualityResult, run_id: str, at: datetime, version: int | None) -> list[Measurement]:
    """What a result leaves in `ops.quality_results`."""
    return [
        Measurement(
            run_id=run_id,
            at=at,
            table=result.table,
            rule=one.rule.name,
            version=version,
            kind=one.rule.kind,
            columns=one.rule.columns,
            dimension=one.rule.dimension,
            severity=one.rule.severity,
            action=result.actions.of(one.rule),
            rows=one.rows,
            failed=one.failed,
            measured=one.measured,
            tolerance=one.rule.tolerance,
            passed=one.verdict,
            population=result.population,
        )
        for one in result.rules
    ]


def as_event(result: QualityResult, one: RuleResult) -> dict[str, Any]:
    """What the event of one rule of a result says: the measurement, and what is known of it beside."""
    where = {"table": result.table, "population": result.population}
    return where | as_data(one, result.actions.of(one.rule))


def as_data(result: RuleResult, action: Action) -> dict[str, Any]:
    """All about one rule, as plain data that JSON can hold: a measure that is no number is None."""
    rule, measured = result.rule, result.measured
    return {
        "rule": rule.name,
        "kind": rule.kind,
        "columns": list(rule.columns),
        "severity": rule.severity,
        "action": action,
        "dimension": rule.dimension,
        "description": rule.description,
        "fault": rule.fault() if result.failed > result.unevaluated else rule.unevaluated if result.failed else "",
        "rows": result.rows,
        "failed": result.failed,
        "measured": measured if measured is None or math.isfinite(measured) else None,
        "said": result.said,
        "pass_rate": result.pass_rate,
        "tolerance": rule.tolerance,
        "unevaluated": result.unevaluated,
        "state": state_of(passed=result.verdict, failed=result.failed),
        "passed": result.verdict,
        "examples": list(result.examples),
    }


def example(key: object, value: object, message: str) -> dict[str, str]:
    """One row that broke a rule: its first column, the value that broke it, and what is wrong."""
    return {"key": str(key), "value": str(value), "message": message}


def example_of(row: Mapping[str, Any], rule: Rule) -> dict[str, str]:
    """The same of a stored row, which has its reasons beside it, or is only marked."""
    broken = [found for found in row.get(VIOLATIONS) or [] if found["rule"] == rule.name]
    value = broken[0]["value"] if broken else row.get(rule.columns[0]) if rule.columns else None
    return example(next(iter(row.values())), value, broken[0]["message"] if broken else rule.message)
