"""The commands of all areas, made from their views and tasks.

`toolkit <area>` is the area's front page, `toolkit <area> <view>` any other, `toolkit <area> <task>` does the work. What an
area has beyond that (a file that is printed, several views in one answer) is added by a module of its own: `EXTRAS`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

from toolkit.cli import output
from toolkit.errors import StepFailed, ToolkitError, UsageError
from toolkit.words import command_line, literal, plural

if TYPE_CHECKING:
    from toolkit.parameters import Entry
    from toolkit.store.lakehouse import Lakehouse
    from toolkit.views import Area, Arrangement, Column, Result, Row, Task, View

Options = dict[str, tuple[Any, Any]]
"""The parameters of a command: what typer reads of each, and its default."""
_TYPES = (int, float, Path)
ARRANGING: Options = {
    "filter_": (
        Annotated[str, typer.Option("--filter", metavar="WORDS", help="Only rows with each of these words.")],
        "",
    ),
    "sort": (Annotated[str, typer.Option("--sort", metavar="COLUMN", help="Sort by a column.")], ""),
    "descending": (Annotated[bool, typer.Option("--descending", help="The largest first.")], False),
    "limit": (Annotated[int | None, typer.Option("--limit", min=1, help="Rows at most.")], None),
    "offset": (Annotated[int, typer.Option("--offset", min=0, help="Rows to leave out before the first.")], 0),
    "columns": (
        Annotated[str, typer.Option("--columns", metavar="NAMES", help="Only these, with commas between.")],
        "",
    ),
    "vertical": (Annotated[bool, typer.Option("--vertical", help="Each row as lines of name and value.")], False),
    "csv": (Annotated[bool, typer.Option("--csv", help="Print CSV.")], False),
    "json": (Annotated[bool, typer.Option("--json", help="Print JSON.")], False),
}
_WORKING: Options = {
    "run_id": (Annotated[str | None, typer.Option("--run-id", hidden=True)], None),
    "quiet": (Annotated[bool, typer.Option("--quiet", help="Show no progress, and print nothing.")], False),
    "json": (Annotated[bool, typer.Option("--json", help="Print the run's record as JSON at the end.")], False),
}


NO_SUCH_ROW = "No row is so: see --filter and --offset."
EXTRAS: Mapping[str, str] = {
    "runs": "toolkit.cli.runs",
    "tables": "toolkit.cli.tables",
    "quality": "toolkit.cli.quality",
}
"""The modules with more commands of an area; each binds `add_to`, which is given the area's commands."""


MOST_ROWS = 10_000
"""Rows that are printed as a table unless more are asked for; to lay out a million takes minutes."""
AS_TEXT: Mapping[str, Any] = {"columns": "", "json": False, "csv": False, "vertical": False}
"""How a view is printed where a command has no options for it."""


def add_commands(area: typer.Typer, extras: typer.Typer) -> None:
    """Add commands to those of an area; one of the name of a view says more than the view, and takes its place."""
    names = {command.name for command in extras.registered_commands}
    kept = [command for command in area.registered_commands if command.name not in names]
    area.registered_commands[:] = kept + extras.registered_commands


def area_app(name: str, summary: str, *, whole: bool) -> typer.Typer:
    """The commands of an area; only its title when the area is not asked for, so that no other is loaded.

    Raises:
        SetupError: the area cannot be loaded.
    """
    app = typer.Typer(name=name, help=literal(summary), invoke_without_command=True, rich_markup_mode=None)
    if not whole:
        return app
    from toolkit import areas

    area = areas.area(name)
    app.callback(invoke_without_command=True, help=literal(f"{summary} {area.views[0].question}"))(_front_page(area))
    for view in area.views:
        app.command(view.name, help=literal(view.question))(_view_command(name, view))
    for task in area.tasks:
        app.command(task.name, help=literal(task.does))(_task_command(name, task))
    if name in EXTRAS:
        importlib.import_module(EXTRAS[name]).add_to(app)
    return app


def _front_page(area: Area) -> Callable[..., None]:
    view = area.views[0]

    def show(**given: Any) -> None:
        if given.pop("context").invoked_subcommand is None:
            show_view(area.name, view, given)

    return with_options(
        show, {"context": (typer.Context, inspect.Parameter.empty), **model_options(view.parameters), **ARRANGING}
    )


def _view_command(area: str, view: View[Any]) -> Callable[..., None]:
    def show(**given: Any) -> None:
        show_view(area, view, given)

    return with_options(show, {**model_options(view.parameters), **ARRANGING})


def with_options(function: Callable[..., None], options: Options) -> Callable[..., None]:
    """The function with a signature that typer makes a command line of."""
    parts = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in options.items()
    ]
    function.__signature__ = inspect.Signature(parts)  # type: ignore[attr-defined]
    return function


def model_options(model: Any) -> Options:
    """The fields of a parameter model, each under a name of its own beside the command's own options."""
    from toolkit.parameters import entries

    return {f"p_{entry.name}": _option(entry) for entry in entries(model)}


def _option(entry: Entry) -> tuple[Any, Any]:
    kind: Any = Literal[entry.choices] if entry.choices else entry.type if entry.type in _TYPES else str
    if entry.required:
        several = entry.shape == "list"
        name = entry.option.upper().removesuffix("S") + "..." if several else entry.option.upper()
        argument = typer.Argument(metavar=name, help=entry.description)
        return Annotated[list[str] if several else kind, argument], inspect.Parameter.empty
    if entry.shape == "flag":
        names = [f"--{entry.option}", *([f"--no-{entry.option}"] if entry.default else [])]
        return Annotated[bool, typer.Option("/".join(names), help=entry.description)], entry.default
    if entry.shape in {"list", "pairs"}:
        metavar = "NAME=VALUE" if entry.shape == "pairs" else None
        told = f"{entry.description} May be given several times."
        return Annotated[list[str] | None, typer.Option(f"--{entry.option}", metavar=metavar, help=told)], None
    default = f" {entry.default} when left out." if entry.default not in (None, "") else ""
    return Annotated[kind | None, typer.Option(f"--{entry.option}", help=f"{entry.description}{default}")], None


def values(model: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the user gave, by field; what was left out is left to the model.

    Raises:
        UsageError: a pair has no name or no value.
    """
    from toolkit.parameters import entries

    found = {}
    for entry in entries(model):
        value = given.get(f"p_{entry.name}")
        if value is None or value == []:
            continue
        found[entry.name] = pairs(entry.option, value) if entry.shape == "pairs" else value
    return found


def pairs(option: str, texts: Iterable[str]) -> dict[str, str]:
    """The values of an option that takes `name=value` several times.

    Raises:
        UsageError: one of them has no name or no value.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name or not value:
            raise UsageError(
                f"--{option} {text!r} is no pair.", cure="Write NAME=VALUE, such as customers=silver.customers."
            )
        found[name] = value
    return found


def show_view(area: str, view: View[Any], given: Mapping[str, Any]) -> None:
    """Print a view as a command's options ask."""
    from toolkit import areas

    asked = areas.question(f"{area}.{view.name}", values(view.parameters, given))
    print_view(view, asked.parameters, arranged(view, given), given)


def arranged(view: View[Any], given: Mapping[str, Any]) -> Arrangement:
    """Which rows a command's options ask for, in which order."""
    from toolkit.views import Arrangement

    return Arrangement(
        given["filter_"], given["sort"], given["descending"], given["limit"] or view.limit, given["offset"]
    )


def print_view(view: View[Any], parameters: Any, arrangement: Any, how: Mapping[str, Any]) -> list[Row]:
    """Read a view and print it as asked: text, JSON, CSV, or a row at a time; returns the rows.

    Raises:
        DataError: some of it could not be read; the rest is printed.
    """
    from toolkit.errors import DataError
    from toolkit.governance.lens import looked_at

    result = _read(view, looked_at(), parameters)
    columns = result.columns or view.columns
    if arrangement.limit is None and not (how["json"] or how["csv"]):
        arrangement = replace(arrangement, limit=MOST_ROWS)
    rows: list[Row] = arrangement.of(result, columns)
    print_rows(columns, rows, how, empty=NO_SUCH_ROW if result.rows else view.empty)
    tell(result, len(rows), how)
    if result.problems:
        raise DataError(f"{plural(len(result.problems), 'row')} could not be read.", cure="The lines above say why.")
    return rows


def _read(view: View[Any], lakehouse: Lakehouse, parameters: Any) -> Result:
    """What a view says.

    Raises:
        StepFailed: it has a fault.
    """
    try:
        return view.filled(lakehouse, view.read(lakehouse, parameters))
    except ToolkitError:
        raise
    except Exception as problem:
        raise StepFailed(
            f"The view {view.name} has a fault: {type(problem).__name__}: {problem}.",
            cure="toolkit --debug … shows where; the other views are unharmed.",
        ) from problem


def print_rows(columns: tuple[Column, ...], rows: list[Row], how: Mapping[str, Any], *, empty: str) -> None:
    """The rows in the form that was asked for; where there is none, `empty`."""
    from toolkit.exports import csv_text

    chosen = _chosen(columns, how["columns"])
    if how["json"]:
        shown = chosen or columns
        output.print_json([{column.name: row.get(column.name) for column in shown} for row in rows])
    elif how["csv"]:
        shown = chosen or columns
        lines = [[row.get(column.name) for column in shown] for row in rows]
        text = csv_text([column.name for column in shown], lines)
        # Exact for a file or a program; on a terminal nothing in it may act.
        output.out.file.write(literal(text, lines=True) if output.out.is_terminal else text)
    elif not rows:
        output.err.print(Text(literal(empty)), soft_wrap=True)
    else:
        output.print_grid(columns, rows, chosen=chosen, vertical=how["vertical"])


def _chosen(columns: tuple[Column, ...], names: str) -> tuple[Column, ...]:
    from toolkit.views import column_of

    return tuple(column_of(columns, name.strip()) for name in names.split(",")) if names else ()


def tell(result: Result, shown: int, how: Mapping[str, Any]) -> None:
    """What a reader has to know of all of it, on standard error, where it harms no data."""
    if not how["json"] and not how["csv"] and shown < len(result.rows):
        output.err.print(Text(f"{shown:,} of {plural(len(result.rows), 'row')}.", "dim"), soft_wrap=True)
    for note in result.notes:
        output.err.print(Text(literal(note, lines=True), "dim"), soft_wrap=True)
    for problem in result.problems:
        output.err.print(Text(literal(problem, lines=True), "red"), soft_wrap=True)


def _task_command(area: str, task: Task[Any, Any]) -> Callable[..., None]:
    def do(**given: Any) -> None:
        _do(area, task, given)

    return with_options(do, {**model_options(task.parameters), **_WORKING, **_of_task(task)})


def _of_task(task: Task[Any, Any]) -> Options:
    own: Options = {}
    if task.reports:
        forms = Literal[("text", *task.reports)]  # type: ignore[valid-type]
        own["form"] = (Annotated[forms, typer.Option("--format", help="Of what is printed.")], "text")
    if task.preview:
        own["dry"] = (Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")], False)
    return own


def _do(area: str, task: Task[Any, Any], given: Mapping[str, Any]) -> None:
    from toolkit import parameters as asked

    cure = f"See: toolkit {area} {task.name} --help"
    parameters = asked.parse(task.parameters, values(task.parameters, given), f"{area}.{task.name}", cure)
    if given.get("dry") and task.preview:
        from toolkit.governance.lens import permitted

        permitted(task, parameters)
        output.out.print(Text(task.preview(parameters)), soft_wrap=True)
        return
    form = given.get("form", "text")
    quiet = given["quiet"]
    run_id, result = performed(area, task, parameters, given["run_id"], quiet=quiet or form != "text")
    if form != "text":
        output.out.file.write(task.reports[form](result))
    elif given["json"]:
        from toolkit import runs

        output.print_json(runs.find(run_id).record().model_dump(mode="json"))
    elif not quiet:
        _tell_outcome(task, parameters, run_id)
    code = task.verdict(result)
    if code:
        raise SystemExit(int(code))


def performed(area: str, task: Task[Any, Any], parameters: Any, run_id: str | None, *, quiet: bool) -> tuple[str, Any]:
    """Do a task, shown while it goes; gives the run's id, and what the task returned."""
    from toolkit import runner, runs
    from toolkit.cli.live import watching

    whose = runner.prepared(task, parameters)
    name = run_id or runs.new_run_id(f"{area}_{task.name}")
    with watching(whose.scenario, name, output.err, quiet=quiet) as listener:
        result = runner.do(task, parameters, whose, run_id=name, listeners=(listener,))
    return name, result


def _tell_outcome(task: Task[Any, Any], parameters: Any, run_id: str) -> None:
    """The answer, and the view that shows what came of it."""
    from toolkit import areas, runs
    from toolkit.views import Arrangement

    run = runs.find(run_id)
    output.out.print(Text(literal(run.record().answer, lines=True)), soft_wrap=True)
    # Elsewhere than in a terminal each was printed when it came.
    for alert in run.view().alerts if output.err.is_terminal else ():
        output.err.print(Text(literal(alert), "dim"), soft_wrap=True)
    if task.then is None:
        return
    given = task.then.values({"run": run_id}, parameters)
    if given is None:
        return
    asked = areas.question(task.then.to, given)
    output.out.print()
    view = areas.view(task.then.to)
    try:
        print_view(view, asked.parameters, Arrangement(limit=view.limit), AS_TEXT)
    except ToolkitError as problem:
        output.err.print(Text(str(problem), "yellow"))
    output.err.print(Text(command_line(*asked.words()), "dim"), soft_wrap=True)
