"""`toolkit run`: a scenario from first step to last."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from toolkit.cli.live import watching
from toolkit.cli.output import err, out, print_json
from toolkit.cli.parameters import Parameters, parsed


def run(
    scenario: Annotated[str, typer.Argument(help="Which; `toolkit scenarios` lists them.")],
    parameter: Parameters = None,
    notebook: Annotated[
        bool, typer.Option("--notebook", help="Run its notebook, and keep it with its output.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do every step, up to date or not.")] = False,
    run_id: Annotated[str | None, typer.Option("--run-id", hidden=True)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the run's record as JSON at the end.")] = False,
) -> None:
    """Run a scenario.

    Steps whose tables are up to date are skipped, so a run that was stopped goes on where it was.
    """
    from toolkit import runner, runs
    from toolkit import scenario as declared

    chosen = declared.get(scenario)
    parameters = chosen.parse(parsed(parameter))
    name = run_id or runs.new_run_id(chosen.id)
    with watching(chosen, name, err, quiet=quiet or as_json) as listener:
        record = runner.execute(
            chosen,
            parameters,
            run_id=name,
            listeners=(listener,),
            fresh=fresh,
            via="notebook" if notebook else "steps",
        )
    if as_json:
        print_json(record.model_dump(mode="json"))
    elif not quiet:
        _tell(chosen.question, record.answer, name, notebook)
        from toolkit.warm import REFUSED

        for alert in runs.find(name).view().alerts if err.is_terminal else ():
            if alert.startswith(REFUSED):
                err.print(Text(alert, "dim"))


def _tell(question: str, answer: str, run_id: str, notebook: bool) -> None:
    out.print()
    out.print(Text(question, "bold"))
    out.print(Text(answer))
    out.print()
    err.print(
        Text(f"Look closer: toolkit runs show {run_id}, toolkit tables, toolkit quality, or the app: toolkit tui")
    )
    if notebook:
        from toolkit import runs

        err.print(Text(f"The notebook with its output: {runs.find(run_id).notebook_file}"))
