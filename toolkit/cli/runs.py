"""`toolkit runs`: the history, one run, and stopping one."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_json, show
from toolkit.words import as_text, duration, literal

WIDE = 100
"""Columns of a terminal from which a line has room for when a run started."""

app = typer.Typer(help="What has been run.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""
    if context.invoked_subcommand:
        return
    from toolkit import paths, runs

    rows = [_row(folder) for folder in runs.history()[:limit]]
    if not as_json:
        # The id begins with the moment, and `runs show` tells the rest: so a line fits a narrow terminal.
        shown = ("run", "what", "status", "started", "took") if out.width >= WIDE else ("run", "what", "status", "took")
        rows = [{name: row[name] for name in shown} for row in rows]
    show(
        rows,
        as_json=as_json,
        empty=f"There is no run yet under {paths.home()} (TOOLKIT_HOME). Start one: toolkit run retail_lakehouse",
    )


@app.command("show")
def one(run_id: Annotated[str, typer.Argument(help="An id, its end, or latest.")], as_json: AsJson = False) -> None:
    """Show one run: its steps, its quality and its answer."""
    from toolkit import runs
    from toolkit.cli.live import quality_summary
    from toolkit.quality.run_results import results_of

    folder = runs.find(run_id)
    record, view = folder.record(), folder.view()
    if as_json:
        print_json(
            {
                **record.model_dump(mode="json"),
                "steps": [vars(step) for step in view.steps.values()],
                "records": view.records,
                "metrics": view.metrics,
            }
        )
        return
    out.print(Text(f"{record.run_id}  {record.status}  {duration(record.seconds)}", "bold"))
    if record.task:
        options = "".join(f"  {name}={as_text(value)}" for name, value in record.options.items())
        out.print(Text.assemble(literal(record.what), (literal(options), "dim")))
    else:
        out.print(Text(literal("  ".join(f"{name}={value}" for name, value in record.parameters.items())), "dim"))
    rows = [
        {
            "step": step.name,
            "state": step.state,
            "took": duration(step.seconds),
            "rows": sum(step.tables.values()),
            "tables": ", ".join(step.tables),
        }
        for step in view.steps.values()
    ]
    show(rows, as_json=False)
    if results_of(view):
        out.print()
        out.print(quality_summary(view))
    for text in (record.answer, *view.alerts, record.error):
        if text:
            out.print()
            out.print(Text(literal(text, lines=True)))
    err.print(Text(f"Folder: {folder.path}", "dim"))


@app.command("cancel")
def cancel(
    run_id: Annotated[str, typer.Argument(help="An id, its end, or latest.")],
    force: Annotated[bool, typer.Option("--force", help="Kill it instead of asking.")] = False,
) -> None:
    """Stop a run that is going on."""
    from toolkit import runs

    folder = runs.find(run_id)
    runs.cancel(folder, force=force)
    err.print(Text(f"Asked run {folder.run_id} to stop."))


def _row(folder: Any) -> dict[str, Any]:
    from toolkit.errors import DataError

    try:
        record = folder.record()
    except DataError as problem:
        return dict.fromkeys(("run", "what", "scenario", "status", "started", "took", "via", "parameters"), "?") | {
            "run": folder.run_id,
            "status": "unreadable",
            "parameters": problem.what,
        }
    return {
        "run": record.run_id,
        "what": record.what,
        "scenario": record.scenario,
        "status": record.status,
        "started": record.started_at,
        "took": duration(record.seconds) if record.status != "interrupted" else "",
        "via": record.via,
        "parameters": " ".join(f"{name}={value}" for name, value in record.parameters.items()),
    }
