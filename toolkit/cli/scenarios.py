"""`toolkit scenarios`: which there are, and what each takes and makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from pydantic.fields import FieldInfo
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_json, show

if TYPE_CHECKING:
    from toolkit.scenario import Survey

app = typer.Typer(help="Which scenarios there are.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the scenarios."""
    if context.invoked_subcommand:
        return
    from toolkit import scenario

    found = scenario.survey()
    rows = [
        {"id": s.id, "title": s.title, "minutes": s.minutes, "question": s.question} for s in found.scenarios.values()
    ]
    show(rows, as_json=as_json)
    tell_broken(found)


@app.command("show")
def one(scenario_id: str, as_json: AsJson = False) -> None:
    """Show one scenario: its question, steps, parameters and tables."""
    from toolkit import scenario

    found = scenario.get(scenario_id)
    parameters = [_parameter(name, info) for name, info in found.parameters.model_fields.items()]
    steps = [{"step": s.name, "goal": s.goal} for s in found.steps]
    tables = [{"table": t.name, "one row is": t.description} for t in found.tables]
    if as_json:
        print_json(
            {"id": found.id, "question": found.question, "steps": steps, "parameters": parameters, "tables": tables}
        )
        return
    out.print(Text(found.title, "bold"))
    out.print(Text(found.question))
    out.print()
    out.print(Text(found.story))
    for title, rows in (("Steps", steps), ("Parameters (-p name value)", parameters), ("Tables", tables)):
        out.print()
        show(rows, as_json=False, title=title)


def tell_broken(found: Survey) -> None:
    """Say on standard error, one line each, which scenario folders cannot be used."""
    for problem in found.broken.values():
        err.print(Text(str(problem), "red"), soft_wrap=True)


def _parameter(name: str, info: FieldInfo) -> dict[str, Any]:
    limits = {bound: getattr(m, bound) for bound in ("ge", "le") for m in info.metadata if hasattr(m, bound)}
    least, most = limits.get("ge"), limits.get("le")
    return {
        "name": name,
        "default": str(info.default),
        "range": f"{least} to {most}" if least is not None and most is not None else "",
        "meaning": info.description or "",
    }
