"""One rule through its runs, beside what was to be expected; what the rule is, and how well it was kept lately."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from toolkit import runs
from toolkit.errors import ToolkitError
from toolkit.quality.anomalies import expectation, point
from toolkit.quality.contracts.places import described
from toolkit.quality.history import RuleHistory, by_rule
from toolkit.quality.run_results import results_of
from toolkit.quality.sla import PassRateSla
from toolkit.quality.verdicts import by_table
from toolkit.quality.views.measured import about, finding, of_table
from toolkit.quality.views.naming import NOTHING, TO_QUARANTINE, TO_ROWS, OfRule, to_results
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Plot, Result, Row, View
from toolkit.words import plural, share, when


def _measurements(lakehouse: Lakehouse, parameters: OfRule) -> Result:
    (history,) = by_rule(of_table(lakehouse, parameters.table, parameters.rule))
    points = [point(one) for one in history.measurements]
    rows = []
    for one in history.measurements:
        expected = expectation(points, one.at, one.rows)
        known = one.value == one.value
        rows.append(
            {
                "state": one.state,
                "measured_at": one.at,
                "value": one.value if known else None,
                "low": expected.low if expected else None,
                "high": expected.high if expected else None,
                "unusual": bool(expected and known and not expected.low <= one.value <= expected.high),
                "failed": one.failed,
                "rows": one.rows,
                "population": one.population,
                "version": one.version,
                "run_id": one.run_id,
                "finding": finding(one),
            }
        )
    return Result(rows[::-1], tuple(_story(history)))


def _story(history: RuleHistory) -> Iterator[str]:
    """What the rule is, who answers for it, and how well it was kept lately."""
    newest = history.newest
    description, owner = described(newest.table, newest.rule)
    yield description or _described_by_run(history) or "No description is kept with the results."
    allowed = "on the whole table" if newest.measured is not None else _allowed(newest.tolerance)
    yield f"{about(newest)} · {allowed} · {f'owner {owner}' if owner else 'no owner named'}"
    if newest.tolerance < 1:
        yield _kept(history)


def _described_by_run(history: RuleHistory) -> str:
    """The description that the events of the newest run give; runs may be deleted."""
    newest = history.newest
    with suppress(ToolkitError, OSError):
        tables = by_table(results_of(runs.RunFolder(runs.runs_home() / newest.run_id).view()))
        verdicts = (one for found in tables if found.table == newest.table for one in found.verdicts)
        return next((one.description for one in verdicts if one.rule == newest.rule), "")
    return ""


def _allowed(tolerance: float) -> str:
    return f"{share(tolerance)} of rows may break it" if tolerance else "no row may break it"


def _kept(history: RuleHistory) -> str:
    """`Kept in 46 of 50 runs in the last 30 days (92%)`, and since when no longer: its own tolerance held against the runs."""
    newest = history.newest
    sla = PassRateSla(table=newest.table, rule=newest.rule, share=1 - newest.tolerance)
    report = sla.report(history.measurements, newest.at)
    attained = "" if report.attained is None else f" ({share(report.attained)})"
    kept = f"Kept in {report.kept:,} of {plural(report.counted, 'run')} in the last {sla.window_days} days{attained}"
    going = next((one for one in report.breaches if one.ended is None), None)
    return f"{kept}; not kept since {when(going.began)[:16]}." if going else f"{kept}."


def _sentence(row: Row) -> str:
    unusual = ", which is unusual for its past" if row["unusual"] else ""
    return f"{row['finding']} in run {row['run_id']}{unusual}."


MEASUREMENTS = View(
    "measurements",
    "One rule",
    "How did one rule go, run by run, and what was to be expected?",
    _measurements,
    (
        Column("state", "state"),
        Column("measured_at", "moment", "measured"),
        Column("value", "number"),
        Column("failed", "count"),
        Column("rows", "count", "of rows"),
        Column("unusual", "yes"),
        Column("low", "number", "expected from", shown="wide"),
        Column("high", "number", "to", shown="wide"),
        Column("population", "name", shown="wide"),
        Column("version", "version", shown="wide"),
        Column("run_id", "name", "run", shown="wide"),
        Column("finding", "text", shown="asked"),
    ),
    OfRule,
    key=("run_id", "population"),
    sentence=_sentence,
    links=(to_results("run_id"), TO_ROWS, TO_QUARANTINE),
    plot=Plot("measured_at", "value", "low", "high", "state"),
    empty=NOTHING,
)
