"""How often a table kept what was promised of it lately, and what is left of the error budget."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import Field, ValidationError

from toolkit.errors import UsageError, wrong_value
from toolkit.quality.history import loads, measurements, promised
from toolkit.quality.records import RESULTS
from toolkit.quality.sla import FreshnessSla, PassRateSla, SlaReport, VolumeSla
from toolkit.quality.views.naming import OfTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Result, Row, View
from toolkit.words import number, plural, share

MOST_BREACHES = 10
"""How many breaches of a promise are named, the newest."""


class Promised(OfTable):
    """What was promised of a table."""

    freshness: float | None = Field(None, description="Hours since data last came in, at most.")
    pass_rate: float | None = Field(None, description="Share of its rules that each run keeps, at least.")
    min_rows: int | None = Field(None, description="Rows that each load brings at least.")
    max_rows: int | None = Field(None, description="Rows that each load brings at most.")
    objective: float = Field(0.99, description="Share of days, runs or loads that has to keep it.")
    days: int = Field(30, description="Days that are looked at.")


def _sla(lakehouse: Lakehouse, parameters: Promised) -> Result:
    lakehouse.open(parameters.table)
    try:
        reports = list(_reports(lakehouse, parameters))
    except ValidationError as problem:
        wrong = "; ".join(map(wrong_value, problem.errors()))
        raise UsageError(f"That is no promise: {wrong}.", cure="Give other numbers.") from None
    if not reports:
        raise UsageError("Nothing was promised.", cure="Give --freshness, --pass-rate, --min-rows or --max-rows.")
    return Result([_row(report) for report in reports], tuple(text for report in reports for text in breaches(report)))


def _reports(lakehouse: Lakehouse, asked: Promised) -> Iterator[SlaReport]:
    came, now = loads(lakehouse.open(asked.table)), datetime.now(UTC)
    every = {"table": asked.table, "objective": asked.objective, "window_days": asked.days}
    if asked.freshness is not None:
        yield FreshnessSla(hours=asked.freshness, **every).report(came, now)
    if asked.pass_rate is not None:
        measured = promised(measurements(lakehouse.open(RESULTS), table=asked.table))
        yield PassRateSla(share=asked.pass_rate, **every).report(measured, now)
    if asked.min_rows is not None or asked.max_rows is not None:
        yield VolumeSla(min_rows=asked.min_rows, max_rows=asked.max_rows, **every).report(came, now)


def breaches(report: SlaReport) -> list[str]:
    """When a promise was not kept, a sentence for each of the newest times."""
    texts = [
        f"{breach.began:%Y-%m-%d %H:%M} to {f'{breach.ended:%Y-%m-%d %H:%M}' if breach.ended else 'now'}: {breach.text}"
        for breach in report.breaches
    ]
    earlier = len(texts) - MOST_BREACHES
    return [*([f"{plural(earlier, 'earlier breach')}, not listed."] if earlier > 0 else []), *texts[-MOST_BREACHES:]]


def _row(report: SlaReport) -> Row:
    return {
        "state": report.state,
        "promise": report.sla.kind,
        "kept": report.kept,
        "counted": report.counted,
        "unit": report.unit,
        "attained": report.attained,
        "objective": report.sla.objective,
        "budget": report.budget,
        "used": report.used,
        "left": report.left,
        "burn_rate": report.burn_rate,
        "breaches": len(report.breaches),
    }


def _sentence(row: Row) -> str:
    kept = (
        f"{row['promise']} was kept by {row['kept']:,} of {row['counted']:,} {row['unit']} ({share(row['attained'])})"
    )
    return f"{kept}; {share(row['objective'])} is the objective, {number(row['left'])} of the budget is left."


SLA = View(
    "sla",
    "Service levels",
    "How often was a table fresh, right or full enough lately, and what is left of the error budget?",
    _sla,
    (
        Column("state", "state"),
        Column("promise", "name"),
        Column("kept", "count"),
        Column("counted", "count", "of"),
        Column("unit", "name", ""),
        Column("attained", "share"),
        Column("objective", "share", shown="wide"),
        Column("budget", "number", shown="wide"),
        Column("used", "count", shown="wide"),
        Column("left", "number"),
        Column("burn_rate", "number", shown="wide"),
        Column("breaches", "count", shown="wide"),
    ),
    Promised,
    key=("promise",),
    sentence=_sentence,
)
