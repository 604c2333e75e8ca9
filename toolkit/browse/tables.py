"""The area of tables: what is in the lakehouse, and the rows, columns, versions and files of one table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field

from toolkit.errors import DataError
from toolkit.parameters import Parameters
from toolkit.store import unreadable
from toolkit.store.delta_log import Version
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader, Page
from toolkit.views import Area, Column, Link, Result, Row, View
from toolkit.words import NOT_TOLD, ago, literal, plural, size, when

SHOWN = 20
"""Rows that the command shows unless asked for more."""
MOST_ROWS = 10_000
"""Rows of a table that are read for a view."""
NUMBER = "_row"
"""Of a row of a table, where it stands among those that were read: nothing else tells it from all others."""
STATES: dict[type[DataError], str] = {
    unreadable.NeedsSpark: "needs Spark",
    unreadable.NotAllowed: "not allowed",
    unreadable.Damaged: "damaged",
}


class TableAt(Parameters):
    """One table, as it is or as it was."""

    table: str = Field(description="Such as silver.orders.")
    version: int | None = Field(None, ge=0, description="See it as it was.")


class RowsOf(TableAt):
    """Rows of one table."""

    where: str = Field("", description="SQL condition on its rows.")


def _tables(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    """The names, and what shows whether a table was written since; all else costs an opening."""
    del parameters
    names = lakehouse.tables()
    rows = [{"table": name, "layer": name.partition(".")[0], "_stamp": lakehouse.stamp(name)} for name in names]
    nothing = () if names else (f"The lakehouse is {lakehouse.root}.",)
    return Result(rows, notes=(*nothing, *_misnamed(lakehouse)))


def _misnamed(lakehouse: Lakehouse) -> tuple[str, ...]:
    names = [literal(folder) for folder in lakehouse.misnamed()]
    if not names:
        return ()
    which = "is a Delta table" if len(names) == 1 else "are Delta tables"
    return (
        f"Not listed: {', '.join(names)} {which} whose folder is not called <layer>/<plural_noun> in small letters.",
    )


def _opened(lakehouse: Lakehouse, row: Row) -> Row:
    """A row with what only opening the table tells."""
    found = lakehouse.summary(row["table"])
    if isinstance(found, DataError):
        state = next((word for kind, word in STATES.items() if isinstance(found, kind)), "unreadable")
        return {**row, "state": state, "problem": str(found)}
    return {
        **row,
        "state": "ok",
        "rows": found.rows,
        "version": found.version,
        "files": found.files,
        "size": found.bytes,
        "written": found.modified,
    }


def _table_sentence(row: Row) -> str:
    if "state" not in row:
        return f"{row['table']}: reading …"
    if row["state"] != "ok":
        return str(row["problem"])
    rows = f"{NOT_TOLD} number of rows" if row["rows"] is None else plural(row["rows"], "row")
    written = f"written {ago(row['written'])}" if row["written"] else "written at a time that its log does not say"
    files = plural(row["files"], "file")
    return f"{row['table']}: {rows} in {files}, {size(row['size'])}, version {row['version']}, {written}."


_OF_TABLE = {"table": "table"}
LIST = View(
    "list",
    "Tables",
    "Which tables are there, how many rows do they have, and when were they written?",
    _tables,
    (
        Column("state", "state"),
        Column("table", "name"),
        Column("rows", "count"),
        Column("size", "size"),
        Column("written", "moment", shown="wide"),
        Column("version", "version", shown="wide"),
        Column("files", "count", shown="wide"),
        Column("layer", "name", shown="asked"),
        Column("problem", "text", shown="asked"),
    ),
    Parameters,
    key=("table",),
    sentence=_table_sentence,
    links=(
        Link("enter", "Open", "tables.show", "Look into the table: rows, schema, history and files.", _OF_TABLE),
        Link("c", "Columns", "tables.columns", "Show the columns with their comments.", _OF_TABLE),
        Link("h", "History", "tables.versions", "Show every version: when, by which run, how many rows.", _OF_TABLE),
        Link("i", "Files", "tables.files", "Show the files and their sizes.", _OF_TABLE),
        Link("u", "Quality", "quality.rules", "Show the rules of the table, run by run.", _OF_TABLE),
    ),
    empty="There is no table yet. Run a scenario: in the app press 1, or type toolkit run retail_lakehouse",
    fill=_opened,
)


def _rows(lakehouse: Lakehouse, parameters: RowsOf) -> Result:
    reader = lakehouse.open(parameters.table, parameters.version)
    page = reader.page(limit=MOST_ROWS, where=parameters.where, counted=True)
    found = result_of(reader, page, parameters.where)
    if len(page.rows) == page.total:
        return found
    return replace(
        found, notes=(*found.notes, f"Only the first {MOST_ROWS:,} were read; order and filter know no others.")
    )


def result_of(reader: DeltaReader, page: Page, where: str) -> Result:
    """Rows of a table, with how many there are in all beside them."""
    rows = [{NUMBER: number, **row} for number, row in enumerate(page.named(), 1)]
    total = page.total or 0
    met = f"the condition is met by {total:,} of {plural(reader.count(), 'row')}" if where else plural(total, "row")
    note = f"{reader.name}, version {reader.version}: {met}."
    return Result(rows, (note,), tuple(_stored(name, first=name == page.columns[0]) for name in page.columns))


def _stored(name: str, *, first: bool) -> Column:
    return Column(name, "stored", heading=name, shown="always" if first else "wide")


SHOW = View(
    "show",
    "Rows",
    "Which rows does a table have, now or as it was?",
    _rows,
    (),  # as the table has them
    RowsOf,
    key=(NUMBER,),
    empty="It has no such row.",
    limit=SHOWN,
)


def _columns(lakehouse: Lakehouse, parameters: TableAt) -> Result:
    reader = lakehouse.open(parameters.table, parameters.version)
    return Result([vars(column) for column in reader.columns()])


COLUMNS = View(
    "columns",
    "Columns",
    "Which columns does a table have, of which type, and what do they mean?",
    _columns,
    (
        Column("name", "name"),
        Column("type", "text"),
        Column("nullable", "yes", "may be null"),
        Column("comment", "text", shown="wide"),
    ),
    TableAt,
    sentence=lambda row: (
        f"{row['name']}: {row['type']}, {'may be null' if row['nullable'] else 'never null'}. {row['comment']}".strip()
    ),
)


def _versions(lakehouse: Lakehouse, parameters: TableAt) -> Result:
    reader = lakehouse.open(parameters.table, parameters.version)
    return Result([_version_row(version) for version in reader.history()])


def _version_row(version: Version) -> Row:
    return {
        "version": version.version,
        "at": version.at,
        "operation": version.operation,
        "run": version.run_id or None,
        "step": version.step or None,
        "rows": version.rows,
    }


def _version_sentence(row: Row) -> str:
    wrote = f", {plural(row['rows'], 'row')}" if row["rows"] is not None else ""
    by = f", by step {row['step']} of run {row['run']}" if row["run"] else ""
    return f"Version {row['version']}: {row['operation'] or NOT_TOLD}{wrote}, {when(row['at'])}{by}."


VERSIONS = View(
    "versions",
    "Versions",
    "How did a table become what it is: when was it written, by which run, with how many rows? The newest first.",
    _versions,
    (
        Column("version", "version"),
        Column("at", "moment", "when"),
        Column("operation", "name"),
        Column("rows", "count"),
        Column("step", "name", shown="wide"),
        Column("run", "name", shown="wide"),
    ),
    TableAt,
    sentence=_version_sentence,
    links=(
        Link("enter", "See", "tables.show", "See the table as it was.", {"table": "table", "version": "version"}),
        Link("u", "Run", "runs.show", "Show the run that wrote it.", {"run": "run"}),
    ),
)


def _files(lakehouse: Lakehouse, parameters: TableAt) -> Result:
    files = lakehouse.open(parameters.table, parameters.version).files()
    rows: list[dict[str, Any]] = [vars(file) for file in files]
    total = sum(file.bytes for file in files)
    return Result(rows, (f"{plural(len(files), 'file')} of {size(total)} in all.",))


FILES = View(
    "files",
    "Files",
    "Which files hold a table, how large are they, and when were they written? The largest first.",
    _files,
    (
        Column("path", "name", "file"),
        Column("bytes", "size", "size"),
        Column("rows", "count"),
        Column("modified", "moment", "written", shown="wide"),
    ),
    TableAt,
    sentence=lambda row: f"{row['path']}: {size(row['bytes'])}, written {when(row['modified'])}.",
    empty="The table has no file: it is empty.",
)
AREA = Area("tables", "Tables", views=(LIST, SHOW, COLUMNS, VERSIONS, FILES))
