"""`toolkit quality scores`, `history`, `sla`, `advice`: what to trust, from what was measured over time. No JVM is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_json, show
from toolkit.words import literal, number, plural

if TYPE_CHECKING:
    from toolkit.quality.anomalies import Point
    from toolkit.quality.records import Measurement
    from toolkit.quality.sla import SlaReport

OnlyTable = Annotated[str | None, typer.Option("--table", help="Only this table.")]
NOTHING = "Nothing was measured yet. Run a scenario, or: toolkit quality run TABLE"
TREND, SHORT_TREND = 30, 16
"""Measurements that a trend shows: as data, and in a terminal."""


def scored(table: OnlyTable = None, as_json: AsJson = False) -> None:
    """Score each table by dimension, 0 to 100, from its rules' newest results; with --table how its score comes about."""
    if table is not None:
        _score_explained(table, as_json)
        return
    from toolkit.quality.history import measurements
    from toolkit.quality.records import RESULTS
    from toolkit.quality.scores import DIMENSIONS, scores
    from toolkit.reader import open_table

    found = scores(measurements(open_table(RESULTS)))
    rows = [
        {"table": one.table, "score": one.overall, **{d: one.dimensions.get(d) for d in DIMENSIONS}} for one in found
    ]
    show(rows, as_json=as_json, empty=NOTHING)


def _score_explained(table: str, as_json: bool) -> None:
    """Every rule's part in the score of a table, and the formula with its numbers."""
    from toolkit.quality.scores import scores, terms

    measured = _measured(table)
    (score,) = (one for one in scores(measured) if one.table == table)
    parts = terms(measured, table)
    rows = [
        {
            "dimension": one.dimension,
            "rule": one.rule,
            "severity": one.severity,
            "weight": one.weight,
            "points": one.points,
            "failed": one.measurement.failed,
            "rows": one.measurement.rows,
            "lost": one.lost,
        }
        for one in parts
    ]
    if as_json:
        print_json({"table": table, "score": score.overall, "dimensions": score.dimensions, "terms": rows})
        return
    show(rows, as_json=False)
    known = {name: value for name, value in score.dimensions.items() if value is not None}
    for name, value in known.items():
        mine = [one for one in parts if one.dimension == name]
        weights = sum(one.weight for one in mine)
        won = sum(one.weight * one.points for one in mine)
        err.print(
            Text(f"{name}: 100 × {number(won)} of {weights} weighted points = {number(value)}", "dim"), soft_wrap=True
        )
    unmeasured = f" {plural(score.unmeasured, 'more rule')} not measured." if score.unmeasured else ""
    if score.overall is None:
        err.print(Text(f"{table} has no score: none of its rules was measured.{unmeasured}", "dim"), soft_wrap=True)
        return
    mean = f"mean of {plural(len(known), 'dimension')}"
    total = f"{table}: {mean} = {number(score.overall)}. `lost` is what the score would gain.{unmeasured}"
    err.print(Text(total, "dim"), soft_wrap=True)


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
        out.print(Text(literal(one.text)), soft_wrap=True)
        out.print()
    if not found:
        err.print("No rule is broken.")


def history(
    table: Annotated[str, typer.Argument(help="Such as silver.orders.")],
    rule: Annotated[str, typer.Option("--rule", help="Only this rule.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show each rule and the loads of a table over time, whether the newest is unusual for its past, and what drifts."""
    from toolkit.quality.anomalies import point
    from toolkit.quality.history import by_rule

    rules = [
        _told(one.rule, [point(each) for each in one.measurements], "runs") for one in by_rule(_measured(table, rule))
    ]
    found = rules if rule else [*rules, *_loads_told(table)]
    show(found if as_json else [_in_short(one) for one in found], as_json=as_json, empty=NOTHING)


def _in_short(one: dict[str, Any]) -> dict[str, Any]:
    """A line of a history that fits a terminal of 80 columns: what is news is told in words."""
    news = ["unusual"] if one["unusual"] else []
    if one["drift"] != "none":
        news.append(f"drifting {one['drift']}")
    if one["unusual before"]:
        news.append(f"{one['unusual before']} unusual before")
    short = {name: one[name] for name in ("rule", "trend", "newest", "expected")}
    return {**short, "trend": one["trend"][-SHORT_TREND:], "news": "; ".join(news)}


def _loads_told(table: str) -> list[dict[str, Any]]:
    """The volume and the freshness of a table; nothing of one that is gone, or whose loads do not say."""
    from toolkit.lakehouse import Lakehouse
    from toolkit.quality.anomalies import Point
    from toolkit.quality.history import loads
    from toolkit.reader import open_table

    came = loads(open_table(table)) if Lakehouse.default().exists(table) else []
    # No rule is called so: the names of rules have no spaces.
    series = {
        "rows per load": [Point(one.at, one.rows) for one in came],
        "hours between loads": [Point(one.at, one.hours) for one in came[1:]],
    }
    return [
        _told(name, points, "loads") for name, points in series.items() if any(one.value is not None for one in points)
    ]


def _told(name: str, points: Sequence[Point], unit: str) -> dict[str, Any]:
    """One line of a history, oldest value first."""
    from toolkit.quality.anomalies import anomalies, drift_since, expectation
    from toolkit.quality.history import sparkline

    newest = points[-1]
    expected = expectation(points, newest.at, newest.rows)
    found = anomalies(points)
    drift = drift_since(points)
    return {
        "rule": name,
        "trend": sparkline([one.value for one in points[-TREND:]]),
        "newest": newest.value,
        "expected": f"{number(expected.low)} to {number(expected.high)}" if expected else f"too few {unit}",
        "unusual": any(one.at == newest.at for one in found),
        "unusual before": sum(one.at < newest.at for one in found),
        "last unusual": found[-1].at if found else None,
        "drift": f"{'up' if drift.score > 0 else 'down'} since {drift.at:%Y-%m-%d}" if drift else "none",
    }


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
    from toolkit.quality.history import loads, measurements, promised
    from toolkit.quality.records import RESULTS
    from toolkit.quality.sla import FreshnessSla, PassRateSla, VolumeSla
    from toolkit.reader import open_table

    came, now = loads(open_table(table)), datetime.now(UTC)
    every = {"table": table, "objective": objective, "window_days": days}
    found: list[SlaReport] = []
    try:
        if freshness is not None:
            found.append(FreshnessSla(hours=freshness, **every).report(came, now))
        if pass_rate is not None:
            measured = promised(measurements(open_table(RESULTS), table=table))
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
    from toolkit.quality.history import measurements
    from toolkit.quality.records import RESULTS
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
