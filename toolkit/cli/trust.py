"""`toolkit quality scores`, `history`, `sla`, `advice`: what to trust, from what was measured over time. No JVM is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_json, show

if TYPE_CHECKING:
    from toolkit.quality.history import Measurement
    from toolkit.quality.sla import SlaReport

OnlyTable = Annotated[str | None, typer.Option("--table", help="Only this table.")]
NOTHING = "Nothing was measured yet. Run a scenario, or: toolkit quality run TABLE"
TREND = 30
"""Measurements that a trend shows."""


def scored(as_json: AsJson = False) -> None:
    """Score each table by dimension, 0 to 100, from its rules' newest results."""
    from toolkit.quality.history import RESULTS, measurements
    from toolkit.quality.scores import DIMENSIONS, scores
    from toolkit.reader import open_table

    found = scores(measurements(open_table(RESULTS)))
    rows = [
        {"table": one.table, "score": one.overall, **{d: one.dimensions.get(d) for d in DIMENSIONS}} for one in found
    ]
    show(rows, as_json=as_json, empty=NOTHING)


def advised(table: OnlyTable = None, as_json: AsJson = False) -> None:
    """Say for each broken rule where its rows come from, since when, and what to do."""
    from toolkit.lakehouse import Lakehouse
    from toolkit.quality.recommendations import recommendations
    from toolkit.reader import DeltaReader, open_table

    def opened(name: str) -> DeltaReader | None:
        return open_table(name) if Lakehouse.default().exists(name) else None

    found = recommendations(_measured(table or ""), opened)
    if as_json:
        print_json([vars(one) for one in found])
        return
    for one in found:
        out.print(Text(one.text))
        out.print()
    if not found:
        err.print("No rule is broken.")


def history(
    table: Annotated[str, typer.Argument(help="Such as silver.orders.")],
    rule: Annotated[str, typer.Option("--rule", help="Only this rule.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show each rule of a table over time, and whether its newest measurement is unusual for its past."""
    from toolkit.quality.anomalies import anomalies, expectation
    from toolkit.quality.history import RuleHistory, by_rule, sparkline

    def line(one: RuleHistory) -> dict[str, Any]:
        expected = expectation(one.series[:-1], one.newest.at)
        found = anomalies(one.series)
        return {
            "rule": one.rule,
            "trend": sparkline([value for _, value in one.series[-TREND:]]),
            "newest": one.newest.value,
            "expected": f"{expected.low:,.6g} to {expected.high:,.6g}" if expected else "too few runs",
            "unusual": bool(found) and found[-1].at == one.newest.at,
            "unusual before": len(found),
            "last unusual": found[-1].at if found else None,
        }

    rows = [line(one) for one in by_rule(_measured(table, rule))]
    show(rows, as_json=as_json, empty=NOTHING)


def sla(
    table: Annotated[str, typer.Argument(help="Such as silver.orders.")],
    freshness: Annotated[
        float | None, typer.Option("--freshness", min=0, help="Hours since data last came in.")
    ] = None,
    pass_rate: Annotated[
        float | None, typer.Option("--pass-rate", min=0, max=1, help="Of its rules, in each run.")
    ] = None,
    least: Annotated[int | None, typer.Option("--min-rows", min=0, help="Rows that each load brings at least.")] = None,
    most: Annotated[int | None, typer.Option("--max-rows", min=0, help="Rows that each load brings at most.")] = None,
    objective: Annotated[float, typer.Option("--objective", min=0, max=1, help="Share that has to keep it.")] = 0.99,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="Days that are looked at.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Say how often a table was fresh, right or full enough lately, and what is left of the error budget."""
    from pydantic import ValidationError

    from toolkit.errors import UsageError, wrong_value
    from toolkit.quality.history import RESULTS, loads, measurements
    from toolkit.quality.sla import FreshnessSla, PassRateSla, VolumeSla
    from toolkit.reader import open_table

    came, now = loads(open_table(table)), datetime.now(UTC)
    every = {"table": table, "objective": objective, "window_days": days}
    found: list[SlaReport] = []
    try:
        if freshness is not None:
            found.append(FreshnessSla(hours=freshness, **every).report(came, now))
        if pass_rate is not None:
            measured = measurements(open_table(RESULTS), table=table)
            found.append(PassRateSla(share=pass_rate, **every).report(measured, now))
        if least is not None or most is not None:
            found.append(VolumeSla(min_rows=least, max_rows=most, **every).report(came, now))
    except ValidationError as problem:
        wrong = "; ".join(map(wrong_value, problem.errors()))
        raise UsageError(f"That is no promise: {wrong}.", cure="Give other numbers.") from None
    if not found:
        raise UsageError("Nothing was promised.", cure="Give --freshness, --pass-rate, --min-rows or --max-rows.")
    show([_level(report) for report in found], as_json=as_json)
    for breach in [] if as_json else [breach for report in found for breach in report.breaches]:
        err.print(Text(f"{breach.began:%Y-%m-%d %H:%M} to {breach.ended or 'now'}: {breach.text}", "dim"))


def _measured(table: str, rule: str = "") -> Sequence[Measurement]:
    """What was measured of a table, or of all; a name that was never measured must not pass for good news."""
    from toolkit.errors import UsageError
    from toolkit.quality.history import RESULTS, measurements
    from toolkit.reader import open_table

    results = open_table(RESULTS)
    found = measurements(results, table=table, rule=rule)
    if found or not table:
        return found
    every = measurements(results)
    rules = {one.rule for one in every if one.table == table}
    if rules:
        raise UsageError.unknown(f"measured rule of {table}", rule, rules)
    measure = "Measure one: toolkit quality run TABLE"
    raise UsageError.unknown("measured table", table, {one.table for one in every}, cure=measure)


def _level(report: SlaReport) -> dict[str, Any]:
    return {
        "promise": report.sla.kind,
        "state": report.state,
        "kept": f"{report.kept} of {report.counted} {report.unit}",
        "attained": report.attained,
        "objective": report.sla.objective,
        "budget": report.budget,
        "used": report.used,
        "left": report.left,
        "burn rate": report.burn_rate,
        "breaches": len(report.breaches),
    }


COMMANDS: dict[str, Callable[..., None]] = {
    "scores": scored,
    "history": history,
    "sla": sla,
    "advice": advised,
}
