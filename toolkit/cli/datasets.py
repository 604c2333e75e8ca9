"""`toolkit datasets`: which there are, and landing one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.text import Text

from toolkit.cli.output import AsJson, err, out, print_json, show
from toolkit.cli.parameters import Parameters, parsed

app = typer.Typer(help="The data that scenarios work on.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the datasets."""
    if context.invoked_subcommand:
        return
    from toolkit import datasets

    rows = [{"dataset": d.name, "title": d.title, "licence": d.licence} for d in datasets.declared().values()]
    show(rows, as_json=as_json)


@app.command("show")
def one(name: str, as_json: AsJson = False) -> None:
    """Show a dataset's dictionary, and the defects planted in it."""
    from toolkit import datasets

    found = datasets.get(name)
    columns = [
        {"file": file.name, "column": column, "meaning": text}
        for file in found.files.values()
        for column, text in file.columns.items()
    ]
    defects = [{"defect": d.name, "file": d.file, "meaning": d.description} for d in found.defects]
    if as_json:
        print_json(
            {"name": name, "title": found.title, "licence": found.licence, "columns": columns, "defects": defects}
        )
        return
    out.print(Text(found.title, "bold"))
    out.print(Text(found.description.strip()))
    show(columns, as_json=False, title="\nColumns")
    show(defects, as_json=False, title="\nPlanted defects", empty="No defects are planted in it.")


@app.command("land")
def land(
    name: str,
    parameter: Parameters = None,
    into: Annotated[Path | None, typer.Option("--into", help="Folder; the landing zone unless given.")] = None,
) -> None:
    """Write a dataset's files."""
    from toolkit import datasets, paths

    values = {key: _number(value) for key, value in parsed(parameter).items()}
    root = paths.ensure_folder(into or paths.home() / "landing")
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(escape(f"Landing {name}"), total=None)
        landed = datasets.land(
            name, root, progress=lambda done, total: progress.update(task, completed=done, total=total), **values
        )
    out.print(Text(str(landed.folder)), soft_wrap=True)


def _number(text: str) -> int | bool:
    """`true` and `false`, or a number; anything else is left for the dataset to refuse."""
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text.replace("_", ""))
    except ValueError:
        return text  # type: ignore[return-value]
