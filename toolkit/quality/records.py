"""What is kept: an event and a row of `ops.quality_results` for each rule, and a row for each row let out of quarantine.

Owns their shapes. Must not import Spark, since scenarios are declared with the table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toolkit.quality.quarantine import VIOLATIONS
from toolkit.quality.verdicts import state_of
from toolkit.scenario import Table

if TYPE_CHECKING:
    from toolkit.quality.actions import Action
    from toolkit.quality.results import QualityResult, RuleResult
    from toolkit.quality.rules import Rule

RESULTS = Table(
    "ops.quality_results",
    "One rule on one table in one run.",
    {
        "run_id": "The run that measured it.",
        "measured_at": "When.",
        "table_name": "The table that the valid rows went to.",
        "judged": "incoming: the rows on their way to it; stored: the rows in it.",
        "table_version": "The version that they became; the one before, if they were not published.",
        "rule": "Name of the rule.",
        "kind": "Its kind: not_null, between, …",
        "columns": "The columns it looks at.",
        "dimension": "completeness, validity, uniqueness, consistency, accuracy, timeliness or volume.",
        "severity": "info, warn, error or critical.",
        "action": "What followed: record, warn, quarantine or stop.",
        "row_count": "Rows that the rule looked at.",
        "failed_count": "Rows that broke it; 0 for a rule on the whole table.",
        "measured": "What a rule on the whole table measured; null for a rule on rows.",
        "tolerance": "Share of rows that may break it.",
        "passed": "Whether that is within the rule's tolerance; null when there was nothing to measure.",
    },
)
RESULTS_SCHEMA = (
    "run_id STRING, measured_at TIMESTAMP, table_name STRING, judged STRING, table_version LONG, rule STRING, "
    "kind STRING, columns ARRAY<STRING>, dimension STRING, severity STRING, action STRING, row_count LONG, failed_count LONG, "
    "measured DOUBLE, tolerance DOUBLE, passed BOOLEAN"
)

RELEASES = Table(
    "ops.quarantine_releases",
    "One row that left quarantine, as it was and as it is.",
    {
        "release_id": "The release it was part of.",
        "run_id": "The run that released it.",
        "released_at": "When.",
        "table_name": "The table it went to.",
        "rules": "The rules that had sent it to quarantine.",
        "repair": "What was done to it, in words or SQL; empty when nothing was.",
        "before": "The row as it lay in quarantine, as JSON.",
        "after": "The row as it is now, as JSON.",
    },
)


def as_rows(result: QualityResult, run_id: str, at: datetime, version: int | None) -> list[tuple[Any, ...]]:
    """The rows of `ops.quality_results`, in the order of its columns."""
    return [
        (
            run_id,
            at,
            result.table,
            result.judged,
            version,
            one.rule.name,
            one.rule.kind,
            list(one.rule.columns),
            one.rule.dimension,
            one.rule.severity,
            result.actions.of(one.rule),
            one.rows,
            one.failed,
            one.measured,
            one.rule.tolerance,
            one.verdict,
        )
        for one in result.rules
    ]


def as_event(result: QualityResult, one: RuleResult) -> dict[str, Any]:
    """What the quality event of one rule of a result says."""
    data = as_data(one, result.actions.of(one.rule))
    # An event has a kind of its own.
    return {"table": result.table, "judged": result.judged, "rule_kind": data.pop("kind"), **data}


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
