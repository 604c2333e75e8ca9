"""A table's rules, run by run, and how they and the loads went over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.quality.anomalies import Point, anomalies, drift_since, expectation, point
from toolkit.quality.history import by_rule, current, grid, loads
from toolkit.quality.records import Measurement
from toolkit.quality.views.measured import STATES, about, finding, heat, of_table
from toolkit.quality.views.naming import (
    NOTHING,
    TO_ADVICE,
    TO_HISTORY,
    TO_MEASUREMENTS,
    TO_QUARANTINE,
    TO_ROWS,
    OfTable,
    entered,
    to_results,
)
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Result, Row, View
from toolkit.words import number, when

_SEVERITIES = ("critical", "error", "warn", "info")


def _rules(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    cells = grid(current(of_table(lakehouse, parameters.table)))
    rows = [_rule_row(cells.row(rule)) for rule in cells.rules]
    return Result(sorted(rows, key=_rank))


def _rule_row(cells: Sequence[Measurement | None]) -> Row:
    newest = next(cell for cell in reversed(cells) if cell is not None)
    return {
        "state": newest.state,
        "rule": newest.rule,
        "severity": newest.severity,
        "runs": [heat(cell) for cell in cells],
        "failed": newest.failed,
        "rows": newest.rows,
        "failure_rate": None if newest.passed is None else newest.failure_rate,
        "measured": newest.measured,
        "tolerance": newest.tolerance,
        "dimension": newest.dimension,
        "kind": newest.kind,
        "columns": list(newest.columns),
        "finding": finding(newest),
        "about": about(newest),
        "measured_at": newest.at,
        "run_id": newest.run_id,
    }


def _rank(row: Row) -> tuple[int, int, str]:
    severity = _SEVERITIES.index(row["severity"]) if row["severity"] in _SEVERITIES else len(_SEVERITIES)
    # Rules that hold stand by name: their severity is no news.
    return STATES.index(row["state"]), severity if row["state"] != "passed" else 0, row["rule"]


def _rule_sentence(row: Row) -> str:
    return f"{row['rule']}: {row['finding']}, measured {when(row['measured_at'])[:16]}.\n{row['about']}"


RULES = View(
    "rules",
    "Rules",
    "Which rules did a table keep, run by run?",
    _rules,
    (
        Column("state", "state"),
        Column("rule", "name"),
        Column("runs", "heat", shown="wide"),
        Column("failed", "count"),
        Column("failure_rate", "share", "of rows"),
        Column("severity", "severity", shown="wide"),
        Column("dimension", "name", shown="wide"),
        Column("columns", "names", shown="wide"),
        Column("rows", "count", shown="asked"),
        Column("measured", "number", shown="asked"),
        Column("tolerance", "share", shown="asked"),
        Column("kind", "name", shown="asked"),
        Column("finding", "text", shown="asked"),
        Column("about", "text", shown="asked"),
        Column("measured_at", "moment", shown="asked"),
        Column("run_id", "name", shown="asked"),
    ),
    OfTable,
    key=("rule",),
    sentence=_rule_sentence,
    links=(
        entered(TO_MEASUREMENTS),
        TO_ROWS,
        TO_QUARANTINE,
        TO_ADVICE,
        to_results("run_id"),
        TO_HISTORY,
    ),
    empty=NOTHING,
)


def _history(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    rows = [
        _series(one.rule, [point(each) for each in one.measurements], "runs")
        for one in by_rule(of_table(lakehouse, parameters.table))
    ]
    return Result([*rows, *_loads(lakehouse, parameters.table)])


def _loads(lakehouse: Lakehouse, table: str) -> list[Row]:
    """The volume and the freshness of a table; nothing of one that is gone, or whose loads do not say."""
    came = loads(lakehouse.open(table)) if lakehouse.exists(table) else []
    # No rule is called so: the names of rules have no spaces.
    series = {
        "rows per load": [Point(load.at, load.rows) for load in came],
        "hours between loads": [Point(load.at, load.hours) for load in came[1:]],
    }
    known = {name: points for name, points in series.items() if any(p.value is not None for p in points)}
    return [_series(name, points, "loads") for name, points in known.items()]


def _series(name: str, points: Sequence[Point], unit: str) -> dict[str, Any]:
    newest = points[-1]
    expected = expectation(points, newest.at, newest.rows)
    unusual = anomalies(points)
    drift = drift_since(points)
    return {
        "rule": name,
        "trend": [one.value for one in points],
        "newest": newest.value,
        "expected": f"{number(expected.low)} to {number(expected.high)}" if expected else f"too few {unit}",
        "unusual": any(one.at == newest.at for one in unusual),
        "unusual_before": sum(one.at < newest.at for one in unusual),
        "last_unusual": unusual[-1].at if unusual else None,
        "drift": f"{'up' if drift.score > 0 else 'down'} since {drift.at:%Y-%m-%d}" if drift else "none",
    }


HISTORY = View(
    "history",
    "History",
    "Is the newest value of each rule, and of the loads, unusual for its past, and what drifts?",
    _history,
    (
        Column("rule", "name"),
        Column("trend", "trend", shown="wide"),
        Column("newest", "number"),
        Column("expected", "name"),
        Column("unusual", "yes"),
        Column("drift", "name", shown="wide"),
        Column("unusual_before", "count", shown="wide"),
        Column("last_unusual", "moment", shown="asked"),
    ),
    OfTable,
    links=(entered(TO_MEASUREMENTS), TO_ROWS),
    empty=NOTHING,
)
