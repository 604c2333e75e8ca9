"""What `toolkit runs` has beyond its views: one run as a whole, and stopping one."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_grid, print_json
from toolkit.cli.views import add_commands
from toolkit.words import duration, literal

app = typer.Typer()
Run = Annotated[str, typer.Argument(metavar="RUN", help="An id, its end, or latest.")]


def add_to(area: typer.Typer) -> None:
    """Add them to the commands of the area."""
    add_commands(area, app)


@app.command("show")
def show(run: Run, as_json: AsJson = False) -> None:
    """Show one run: its steps, its quality and its answer."""
    from toolkit import areas, runs
    from toolkit.cli.live import quality_summary
    from toolkit.lakehouse import Lakehouse
    from toolkit.quality.run_results import results_of

    folder = runs.find(run)
    record, view = folder.record(), folder.view()
    if as_json:
        steps = [vars(step) for step in view.steps.values()]
        found = {"records": view.records, "metrics": view.metrics}
        print_json({**record.model_dump(mode="json"), "steps": steps, **found})
        return
    out.print(Text(f"{record.run_id}  {record.status}  {duration(record.seconds)}", "bold"))
    what = f"{literal(record.what)}  " if record.task else ""
    given = literal("  ".join(f"{name}={value}" for name, value in record.given.items()))
    out.print(Text.assemble(what, (given, "dim")))
    steps_of = areas.question("runs.show", {"run": folder.run_id})
    shown = areas.view("runs.show")
    print_grid(shown.columns, shown.read(Lakehouse.default(), steps_of.parameters).rows)
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
    run: Run, force: Annotated[bool, typer.Option("--force", help="Kill it instead of asking.")] = False
) -> None:
    """Stop a run that is going on."""
    from toolkit import runs

    folder = runs.find(run)
    runs.cancel(folder, force=force)
    err.print(Text(f"Asked run {folder.run_id} to stop."))
