"""What `toolkit tables` has beyond its views: one table with all that is known of it. No JVM is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from toolkit.cli.output import AsJson, err, print_json, show
from toolkit.cli.views import add_commands
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.reader import DeltaReader

app = typer.Typer()


def add_to(area: typer.Typer) -> None:
    """Add them to the commands of the area."""
    add_commands(area, app)


@app.command("show")
def show_table(
    table: Annotated[str, typer.Argument(help="Such as silver.orders.")],
    version: Annotated[int | None, typer.Option("--version", min=0, help="See it as it was.")] = None,
    where: Annotated[str, typer.Option("--where", help="SQL condition on its rows.")] = "",
    sort: Annotated[str | None, typer.Option("--sort", metavar="COLUMN", help="Sort by a column.")] = None,
    descending: Annotated[bool, typer.Option("--descending", help="The largest first.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")] = 20,
    schema: Annotated[bool, typer.Option("--schema", help="Columns instead of rows.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Versions instead of rows.")] = False,
    files: Annotated[bool, typer.Option("--files", help="Files instead of rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a table's rows, schema, history or files."""
    from toolkit import reader

    part = "columns" if schema else "versions" if history else "files" if files else ""
    if part:
        _show_part(part, table, version, as_json=as_json)
        return
    found = reader.open_table(table, version)
    page = found.page(limit=limit, where=where, order_by=sort, descending=descending, counted=True)
    rows = [dict(zip(page.columns, row, strict=True)) for row in page.rows]
    if as_json:
        print_json({"table": table, "version": found.version, "total": page.total, "rows": rows})
        return
    show(rows, as_json=False, empty="No row meets that." if where else "It has no rows.", stored=True)
    how_many = rows_in_words(len(rows), page.total or 0, found if where else None)
    err.print(Text(f"{how_many} of {table}, version {found.version}", "dim"), soft_wrap=True)


def _show_part(name: str, table: str, version: int | None, *, as_json: bool) -> None:
    """Show columns, versions or files, as the view of that name does."""
    from toolkit import areas
    from toolkit.cli.views import print_view
    from toolkit.views import Arrangement

    view = areas.view(f"tables.{name}")
    asked = areas.question(f"tables.{name}", {"table": table, "version": version})
    print_view(view, asked.parameters, Arrangement(), {"columns": "", "csv": False, "vertical": False, "json": as_json})


def rows_in_words(shown: int, fitting: int, filtered: DeltaReader | None) -> str:
    """`20 of 198,300 rows`; of a table that was `filtered`, how many of all its rows fit, and how many of those are shown."""
    if filtered is None:
        return f"{shown:,} of {plural(fitting, 'row')}"
    least = "" if shown == fitting else f"{shown:,} shown; "
    return f"{least}the condition is met by {fitting:,} of {plural(filtered.count(), 'row')}"
