"""What `toolkit tables` has beyond its views: rows of a table in an order that knows all of them. No JVM is started."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from toolkit.browse.tables import MOST_ROWS, SHOW, result_of
from toolkit.cli.output import print_json
from toolkit.cli.views import (
    ARRANGING,
    NO_SUCH_ROW,
    Options,
    add_commands,
    arranged,
    model_options,
    print_rows,
    show_view,
    tell,
    values,
    with_options,
)
from toolkit.governance.lens import looked_at
from toolkit.views import Result

PARTS = {"schema": "columns", "history": "versions", "files": "files"}
"""The options that show something else than rows, and the views that they show."""
_FLAGS: Options = {
    flag: (Annotated[bool, typer.Option(f"--{flag}", help=f"{view.capitalize()} instead of rows.")], False)
    for flag, view in PARTS.items()
}
_LIMIT: Options = {
    "limit": (Annotated[int | None, typer.Option("--limit", min=1, max=MOST_ROWS, help="Rows at most.")], None)
}


def add_to(area: typer.Typer) -> None:
    """Add it to the commands of the area."""
    app = typer.Typer()
    whole = with_options(_show, {**model_options(SHOW.parameters), **ARRANGING, **_LIMIT, **_FLAGS})
    app.command("show", help="Show a table's rows, columns, versions or files.")(whole)
    add_commands(area, app)


def _show(**given: Any) -> None:
    from toolkit import areas

    part = next((view for flag, view in PARTS.items() if given[flag]), "")
    if part:
        show_view("tables", areas.view(f"tables.{part}"), given)
    else:
        _show_rows(given)


def _show_rows(given: dict[str, Any]) -> None:
    """Rows in an order that knows all of them, as the table's screen has it, and not only those that were read."""
    from toolkit import areas

    asked: Any = areas.question("tables.show", values(SHOW.parameters, given)).parameters
    arrangement = arranged(SHOW, given)
    found = looked_at().open(asked.table, asked.version)
    page = found.page(
        offset=0 if arrangement.words else arrangement.offset,
        limit=MOST_ROWS if arrangement.words else arrangement.limit or MOST_ROWS,
        where=asked.where,
        order_by=arrangement.sort or None,
        descending=arrangement.descending,
        counted=True,
    )
    result = result_of(found, page, asked.where)
    left_out = arrangement.offset if arrangement.words else 0
    rows = arranged(SHOW, {**given, "sort": "", "offset": left_out}).of(result, result.columns)
    if given["json"]:
        plain = [{name: row[name] for name in page.columns} for row in rows]
        print_json({"table": asked.table, "version": found.version, "total": page.total, "rows": plain})
        return
    print_rows(result.columns, rows, given, empty=NO_SUCH_ROW if page.total or arrangement.words else SHOW.empty)
    shown = (f"Shown: {len(rows):,}.",) if rows and len(rows) < (page.total or 0) else ()
    tell(Result(rows, (*result.notes, *shown)), len(rows), given)
