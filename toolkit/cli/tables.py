"""`toolkit tables`: the lakehouse, and one table of it, now or as it was. No JVM is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, print_json, show
from toolkit.words import NOT_TOLD, plural, size

if TYPE_CHECKING:
    from toolkit.reader import DeltaReader

if TYPE_CHECKING:
    from toolkit.delta_log import Version

app = typer.Typer(help="What is in the lakehouse.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the tables, layer by layer."""
    if context.invoked_subcommand:
        return
    from toolkit import reader
    from toolkit.errors import DataError

    found = reader.summaries()
    damaged = [table for table in found if isinstance(table, DataError)]
    rows = [
        {
            "table": table.name,
            "rows": table.rows if as_json or table.rows is not None else NOT_TOLD,
            "version": table.version,
            "files": table.files,
            "size": table.bytes if as_json else size(table.bytes),
            "written": table.modified if as_json else table.modified or NOT_TOLD,
        }
        for table in found
        if not isinstance(table, DataError)
    ]
    if not as_json:
        rows = [{name: value for name, value in row.items() if name != "files"} for row in rows]
    show(rows, as_json=as_json, empty=no_table_yet())
    for problem in damaged:
        err.print(Text(str(problem), "red"))
    if damaged:
        raise damaged[0]


@app.command("show")
def one(
    table: Annotated[str, typer.Argument(help="Such as silver.orders.")],
    version: Annotated[int | None, typer.Option("--version", min=0, help="See it as it was.")] = None,
    where: Annotated[str, typer.Option("--where", help="SQL condition on its rows.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    schema: Annotated[bool, typer.Option("--schema", help="Columns instead of rows.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Versions instead of rows.")] = False,
    files: Annotated[bool, typer.Option("--files", help="Files instead of rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a table's rows, schema, history or files."""
    from toolkit import reader

    found = reader.open_table(table, version)
    if schema:
        show([vars(column) for column in found.columns()], as_json=as_json)
    elif history:
        show([_version(v, as_json=as_json) for v in found.history()], as_json=as_json)
    elif files:
        show([vars(file) for file in found.files()], as_json=as_json)
    else:
        page = found.page(limit=limit, where=where, counted=True)
        rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
        if as_json:
            print_json({"table": table, "version": found.version, "total": page.total, "rows": rows})
            return
        show(rows, as_json=False, empty="No row meets that." if where else "It has no rows.", stored=True)
        how_many = rows_in_words(len(rows), page.total or 0, found if where else None)
        err.print(Text(f"{how_many} of {table}, version {found.version}", "dim"), soft_wrap=True)


def no_table_yet() -> str:
    """What to say of a lakehouse without tables: where it was looked for, and what makes one."""
    from toolkit import paths

    return f"There is no table yet under {paths.home()} (TOOLKIT_HOME). Run a scenario: toolkit run retail_lakehouse"


def rows_in_words(shown: int, fitting: int, filtered: DeltaReader | None) -> str:
    """`20 of 198,300 rows`; of a table that was `filtered`, how many of all its rows fit, and how many of those are shown."""
    if filtered is None:
        return f"{shown:,} of {plural(fitting, 'row')}"
    least = "" if shown == fitting else f"{shown:,} shown; "
    return f"{least}the condition is met by {fitting:,} of {plural(filtered.count(), 'row')}"


def _version(version: Version, *, as_json: bool) -> dict[str, Any]:
    """A line of the history; what the commit does not say is null to a program, and `unknown` to a person."""
    known = {"at": version.at, "operation": version.operation}
    return {
        "version": version.version,
        **{name: value if as_json or value is not None else NOT_TOLD for name, value in known.items()},
        "run": version.run_id,
        "step": version.step,
        "rows": version.rows if as_json or version.rows is not None else NOT_TOLD,
    }
