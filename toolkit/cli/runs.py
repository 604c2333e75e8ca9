"""What `toolkit runs` has beyond its views: one run as a whole, and stopping one."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from toolkit.browse.runs import SHOW
from toolkit.cli.output import err, out, print_json
from toolkit.cli.views import ARRANGING, add_commands, arranged, model_options, print_rows, values, with_options
from toolkit.runs import RunFolder, RunRecord, RunView
from toolkit.words import as_text, duration, literal


def add_to(area: typer.Typer) -> None:
    """Add them to the commands of the area."""
    app = typer.Typer()
    whole = with_options(_show, {**model_options(SHOW.parameters), **ARRANGING})
    app.command("show", help="Show one run: its steps, its quality and its answer.")(whole)
    app.command("cancel")(cancel)
    add_commands(area, app)


def _show(**given: Any) -> None:
    from toolkit import areas, runs
    from toolkit.governance.lens import looked_at

    asked: Any = areas.question("runs.show", values(SHOW.parameters, given)).parameters
    folder = runs.find(asked.run)
    record, view = folder.record(), folder.view()
    if given["json"]:
        _print_json(record, view)
        return
    rows = arranged(SHOW, given).of(SHOW.read(looked_at(), asked), SHOW.columns)
    if given["csv"]:
        print_rows(SHOW.columns, rows, given, empty=SHOW.empty)
        return
    _print_head(record)
    print_rows(SHOW.columns, rows, given, empty=SHOW.empty)
    _print_rest(folder, record, view)


def _print_json(record: RunRecord, view: RunView) -> None:
    found = {"records": view.records, "metrics": view.metrics}
    print_json({**record.model_dump(mode="json"), "steps": [vars(step) for step in view.steps.values()], **found})


def _print_head(record: RunRecord) -> None:
    out.print(Text(f"{record.run_id}  {record.status}  {duration(record.seconds)}", "bold"))
    what = f"{literal(record.what)}  " if record.task else ""
    given = literal("  ".join(f"{name}={as_text(value)}" for name, value in record.given.items()))
    out.print(Text.assemble(what, (given, "dim")))


def _print_rest(folder: RunFolder, record: RunRecord, view: RunView) -> None:
    from toolkit.cli.live import quality_summary
    from toolkit.quality.run_results import results_of

    if results_of(view):
        out.print()
        out.print(quality_summary(view))
    for text in (record.answer, *view.alerts, record.error):
        if text:
            out.print()
            out.print(Text(literal(text, lines=True)))
    err.print(Text(f"Folder: {folder.path}", "dim"), soft_wrap=True)


def cancel(
    run: Annotated[str, typer.Argument(help="An id, its end, or latest.")],
    force: Annotated[bool, typer.Option("--force", help="Kill it instead of asking.")] = False,
) -> None:
    """Stop a run that is going on."""
    from toolkit import runs

    folder = runs.find(run)
    runs.cancel(folder, force=force)
    err.print(Text(f"Asked run {folder.run_id} to stop."))
