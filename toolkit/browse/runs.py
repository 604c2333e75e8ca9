"""The area of runs: what was run, and the steps of one run."""

from __future__ import annotations

from pydantic import Field

from toolkit import paths, runs
from toolkit.errors import DataError
from toolkit.parameters import Parameters
from toolkit.runs import RunFolder, RunRecord, RunView, StepView
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Area, Column, Link, Result, Row, View
from toolkit.words import as_text, plural

SHOWN = 20
"""Runs that the command lists unless asked for more."""


class OneRun(Parameters):
    """One run."""

    run: str = Field(description="An id, its end, or latest.")


def _runs(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    del parameters
    # Runs lie beside the lakehouse, and a run may have no table.
    lakehouse.refuse_unmanaged("Runs")
    rows = [_run_row(folder) for folder in runs.history()]
    return Result(rows, notes=() if rows else (f"Runs are kept under {paths.home()} (TOOLKIT_HOME).",))


def _run_row(folder: RunFolder) -> Row:
    try:
        record = folder.record()
    except DataError as problem:
        return {"status": "damaged", "run": folder.run_id, "outcome": str(problem)}
    over = record.status != "interrupted"  # nobody knows when a process that vanished ended
    return {
        "status": record.status,
        "what": record.what,
        "started": record.started_at,
        "took": record.seconds if over else None,
        "run": record.run_id,
        "parameters": [f"{name} = {as_text(value)}" for name, value in record.given.items()],
        "via": record.via,
        "scenario": record.scenario,
        "outcome": record.answer or record.error or None,
    }


def _run_sentence(row: Row) -> str:
    """The answer or the error, and what the run was asked with."""
    silent = {
        "running": "It is at work.",
        "interrupted": "Its process is gone, and did not say how it ended.",
        "cancelled": "It was stopped before it had an answer.",
    }
    said = row.get("outcome") or silent.get(row["status"], "It gave no answer.")
    if row["status"] == "damaged":
        return str(said)
    given = " · ".join(row["parameters"]) or "no parameters"
    return f"{said}\n{row['what']} by {row['via']}: {given}"


LIST = View(
    "list",
    "Runs",
    "What was run, how did it end, when did it begin, and how long did it take? The newest first.",
    _runs,
    (
        Column("status", "state"),
        Column("what", "name", shown="wide"),
        Column("started", "moment", shown="wide"),
        Column("took", "duration"),
        Column("run", "name"),
        Column("parameters", "names", shown="wide"),
        Column("via", "name", shown="wide"),
        Column("scenario", "name", shown="asked"),
        Column("outcome", "text", shown="asked"),
    ),
    Parameters,
    key=("run",),
    sentence=_run_sentence,
    links=(
        Link("enter", "Open", "runs.show", "Show the run: its steps, its quality, its log.", {"run": "run"}),
        Link("u", "Quality", "quality.results", "Show what each rule found in this run.", {"run": "run"}),
    ),
    empty="There is no run yet. Start a scenario: in the app press 1, or type toolkit run retail_lakehouse",
    limit=SHOWN,
)


def _steps(lakehouse: Lakehouse, parameters: OneRun) -> Result:
    lakehouse.refuse_unmanaged("Runs")
    folder = runs.find(parameters.run)
    record, view = folder.record(), folder.view()
    return Result([_step_row(step) for step in view.steps.values()], notes=_said(record, view))


def _said(record: RunRecord, view: RunView) -> tuple[str, ...]:
    """The run in a sentence, its alerts, and its answer or its error."""
    head = f"{record.run_id}: {record.what}, {record.status}."
    return tuple(text for text in (head, *view.alerts, record.answer, record.error) if text)


def _step_row(step: StepView) -> Row:
    return {
        "state": step.state,
        "step": step.name,
        "took": step.seconds,
        "rows": sum(step.tables.values()) if step.tables else None,
        "tables": list(step.tables),
        "message": step.message or None,
        "started": step.started_at,
    }


def _step_sentence(row: Row) -> str:
    wrote = f"; wrote {plural(row['rows'], 'row')} to {', '.join(row['tables'])}" if row["tables"] else ""
    return f"{row['step']}: {row['message'] or row['state']}{wrote}."


SHOW = View(
    "show",
    "Run",
    "How far is a run, or how did it end, step by step?",
    _steps,
    (
        Column("state", "state"),
        Column("step", "name"),
        Column("took", "duration"),
        Column("rows", "count"),
        Column("tables", "names", shown="wide"),
        Column("message", "text", shown="wide"),
        Column("started", "moment", shown="asked"),
    ),
    OneRun,
    key=("step",),
    sentence=_step_sentence,
    empty="It has not begun a step yet.",
)
AREA = Area("runs", "Runs", views=(LIST, SHOW))
