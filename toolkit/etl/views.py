"""What loads did to tables, which files they took and which wait, what became of change events, and the history of one key.

Read without Spark: what a load did stands in the commits of its table, so it is there for tables that others wrote, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.etl.discovery import Place, discover
from toolkit.etl.ledger import Ledger, loaded
from toolkit.etl.records import FILES, IngestedFile
from toolkit.parameters import Parameters
from toolkit.store.commits import LOAD
from toolkit.store.delta_log import Version
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import located
from toolkit.store.query_engine import quoted
from toolkit.store.reader import DeltaReader
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import NOT_TOLD, plural, when

SHOWN = 40
"""Rows that a command prints unless asked for more."""
MOST_COMMITS = 100
"""Commits of a table that are read for a view of all tables."""
START, END = "_start_at", "_end_at"
CHANGES = "changes"
_KINDS = {
    "MERGE": "merge",
    "WRITE": "write",
    "STREAMING UPDATE": "stream",
    "CREATE TABLE AS SELECT": "write",
    "CREATE OR REPLACE TABLE AS SELECT": "write",
    "DELETE": "delete",
    "UPDATE": "update",
    "TRUNCATE": "delete",
}
"""What a commit is called that says nothing of its load, by its operation; others load no rows."""
_METRICS: Mapping[str, Sequence[str]] = {
    "inserted": ("numTargetRowsInserted", "numOutputRows", "num_added_rows"),
    "updated": ("numTargetRowsUpdated", "numUpdatedRows"),
    "deleted": ("numTargetRowsDeleted", "numDeletedRows", "num_deleted_rows"),
    "files": ("numTargetFilesAdded", "numAddedFiles", "numFiles", "num_added_files"),
    "bytes": ("numTargetBytesAdded", "numAddedBytes", "numOutputBytes"),
    "source": ("numSourceRows",),
}


class OfAnyTable(Parameters):
    """One table, or all of them."""

    table: str = Field("", description="Only this table.")


class OfTable(Parameters):
    """One table."""

    table: str = Field(description="A table with _start_at and _end_at, such as silver.customer_histories.")


class OfKey(OfTable):
    """One key of a table."""

    key: str = Field(description="The value of its key column.")
    by: str = Field("", description="The key column; the one that its changes were applied by when left out.")


# loads


def _loads(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    """The loads of all tables, or of one, the newest first; of a table that cannot be read its problem."""
    names = [parameters.table] if parameters.table else lakehouse.tables()
    rows: list[Row] = []
    problems, notes = [], []
    for name in names:
        try:
            history = lakehouse.open(name).history(None if parameters.table else MOST_COMMITS)
        except DataError as problem:
            problems.append(str(problem))
            continue
        if len(history) == MOST_COMMITS:
            notes.append(f"Of {name}, the newest {MOST_COMMITS} commits were read.")
        rows += [load_of(name, version) for version in history if _is_load(version)]
    return Result(sorted(rows, key=_newest_first), tuple(notes), problems=tuple(problems))


def _newest_first(row: Row) -> tuple[float, str, int]:
    return (-row["at"].timestamp() if row["at"] else 0.0, row["table"], -row["version"])


def _is_load(version: Version) -> bool:
    return LOAD in version.user_metadata or version.operation in _KINDS


def load_of(table: str, version: Version) -> dict[str, Any]:
    """What one commit did to its table; what it does not tell is None."""
    said, counted = version.user_metadata, {name: _metric(version, name) for name in _METRICS}
    source = counted.pop("source")
    inserted, updated = counted["inserted"], counted["updated"]
    if source is not None:
        counted["unchanged"] = source - (inserted or 0) - (updated or 0)
    if said.get(LOAD) in (CHANGES, "sync_keys"):
        counted.pop("unchanged", None)
    told = {name: _whole(said.get(name)) for name in ("received", "repeated", "late", "refused", "kept")}
    return {
        "table": table,
        "version": version.version,
        "at": version.at,
        "load": str(said.get(LOAD) or _KINDS.get(version.operation or "", version.operation)),
        **counted,
        **told,
        "run": version.run_id or None,
        "step": version.step or None,
    }


def _metric(version: Version, name: str) -> int | None:
    return next((_whole(version.metrics[one]) for one in _METRICS[name] if one in version.metrics), None)


def _whole(value: Any) -> int | None:
    """A count as a commit says it, which is free-form; None for what is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _load_sentence(row: Row) -> str:
    did = [
        f"{row[name]:,} {name}"
        for name in ("inserted", "updated", "deleted", "unchanged", "late", "repeated", "refused")
        if row.get(name)
    ]
    by = f", by step {row['step']} of run {row['run']}" if row["run"] else ""
    return (
        f"{row['table']}, version {row['version']}: {row['load']}, {', '.join(did) or 'no row'}, {when(row['at'])}{by}."
    )


_OF_TABLE = {"table": "table"}
TO_RUN = Link("u", "Run", "runs.show", "Show the run that made it.", {"run": "run"})
TO_ROWS = Link("enter", "See", "tables.show", "See the table as it was then.", {"table": "table", "version": "version"})
TO_KEYS = Link("k", "Keys", "etl.keys", "Show the keys with the longest histories.", _OF_TABLE)
LOADS = View(
    "loads",
    "Loads",
    "What did each load do to its table? The newest first.",
    _loads,
    (
        Column("at", "moment", "when"),
        Column("table", "name"),
        Column("load", "name"),
        Column("inserted", "count"),
        Column("updated", "count"),
        Column("deleted", "count"),
        Column("unchanged", "count", shown="wide"),
        Column("version", "version", shown="wide"),
        Column("files", "count", shown="wide"),
        Column("bytes", "size", shown="wide"),
        Column("step", "name", shown="asked"),
        Column("run", "name", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "version"),
    sentence=_load_sentence,
    links=(
        TO_ROWS,
        Link("t", "Table", "etl.loads", "Show the loads of this table alone.", _OF_TABLE),
        Link("f", "Files", "etl.sources", "Show the files that the table came from.", _OF_TABLE),
        Link("c", "Changes", "etl.changes", "Show what became of change events.", _OF_TABLE),
        TO_RUN,
    ),
    empty="No table was loaded yet. Run a scenario: toolkit run incremental_loads",
    limit=SHOWN,
)


# changes


def _changes(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    loads = _loads(lakehouse, parameters)
    return Result([row for row in loads.rows if row["load"] == CHANGES], loads.notes, problems=loads.problems)


CHANGED = View(
    "changes",
    "Changes",
    "Of the change events that came: how many were applied, late, repeated or refused? The newest first.",
    _changes,
    (
        Column("at", "moment", "when"),
        Column("table", "name"),
        Column("received", "count"),
        Column("late", "count"),
        Column("repeated", "count"),
        Column("refused", "count"),
        Column("inserted", "count", shown="wide"),
        Column("updated", "count", shown="wide"),
        Column("deleted", "count", shown="wide"),
        Column("kept", "count", "kept aside", shown="wide"),
        Column("version", "version", shown="wide"),
        Column("run", "name", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "version"),
    sentence=_load_sentence,
    links=(TO_ROWS, TO_KEYS, TO_RUN),
    empty="No change events were applied yet. Run a scenario: toolkit run customer_history",
    limit=SHOWN,
)


# sources


def _sources(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    """Every file that was loaded or waits, of each flow; where its folder cannot be read, that is a problem, and unknown."""
    rows: list[Row] = []
    problems: list[str] = []
    for files, done in _flows(lakehouse, parameters.table):
        newest, before = files[-1], loaded(files, done)
        loads = {one.file: one for one in files if one.batch <= done}
        states, problem = _states(newest, before)
        problems += [problem] if problem else []
        rows += [_source_row(newest, name, state, loads.get(name)) for name, state in states.items()]
    order = ["replaced", "unfit", "waiting", "gone", "unknown", "loaded"]
    rows.sort(key=lambda row: (order.index(row["state"]), row["table"], row["file"]))
    return Result(rows, problems=tuple(problems))


def _flows(lakehouse: Lakehouse, table: str) -> Iterator[tuple[list[IngestedFile], int]]:
    """The planned files of each flow, with the number of batches that its table has."""
    if not lakehouse.has_version(FILES):
        return
    ledger = Ledger(lakehouse.path(FILES), _no_session)
    found: dict[tuple[str, str], list[IngestedFile]] = {}
    for one in ledger.files(table):
        found.setdefault((one.table, one.flow), []).append(one)
    for (name, flow), files in sorted(found.items()):
        reader = lakehouse.open(name) if lakehouse.has_version(name) else None
        yield files, (reader.done(f"files:{flow}") or 0) if reader else 0


def _no_session() -> Any:
    raise AssertionError("A view writes nothing.")


def _states(newest: IngestedFile, before: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """What each file of a flow is now, by name; what was loaded is unknown where the folder cannot be looked into."""
    folder, _, pattern = newest.place.rpartition("//")
    try:
        found = discover(Place(located(folder), pattern), before)
    except (ToolkitError, OSError) as problem:
        return dict.fromkeys(before, "unknown"), f"{newest.place} cannot be looked into: {problem}"
    states = dict.fromkeys(before, "loaded") | {one.name: "waiting" for one in found.new}
    states |= {one.name: "replaced" for one in found.replaced} | dict.fromkeys(found.gone, "gone")
    return states | dict.fromkeys(found.unfit, "unfit"), ""


def _source_row(flow: IngestedFile, name: str, state: str, load: IngestedFile | None) -> Row:
    return {
        "state": state,
        "table": flow.table,
        "flow": flow.flow,
        "file": name,
        "bytes": load.bytes if load else None,
        "modified": load.modified_at if load else None,
        "batch": load.batch if load else None,
        "planned": load.planned_at if load else None,
        "run": (load.run_id or None) if load else None,
    }


_OF_STATE = {
    "loaded": "was loaded, and is there as it was",
    "waiting": "waits for the next load",
    "replaced": "was loaded, and another file lies in its place now: its rows are those of the earlier one",
    "gone": "was loaded, and is not there any more",
    "unfit": "cannot be read for its name or kind, or is still being copied",
    "unknown": "was loaded; whether it is there could not be seen",
}
SOURCES = View(
    "sources",
    "Sources",
    "Which files were loaded, which wait, and which were replaced since?",
    _sources,
    (
        Column("state", "state"),
        Column("file", "name"),
        Column("table", "name"),
        Column("batch", "version", shown="wide"),
        Column("bytes", "size", "size", shown="wide"),
        Column("modified", "moment", "written", shown="wide"),
        Column("planned", "moment", shown="asked"),
        Column("flow", "name", shown="asked"),
        Column("run", "name", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "flow", "file"),
    sentence=lambda row: f"{row['file']} of {row['table']} {_OF_STATE[row['state']]}.",
    links=(
        Link("enter", "Loads", "etl.loads", "Show what the loads of its table did.", _OF_TABLE),
        TO_RUN,
    ),
    empty="No file was loaded one after the other yet. Run a scenario: toolkit run incremental_loads",
    limit=SHOWN,
)


# keys and their history


def _key_column(reader: DeltaReader, asked: str) -> str:
    """The column that is asked for, or the first one that changes were applied by.

    Raises:
        UsageError: the table has no such column, or no intervals.
    """
    names = [column.name for column in reader.columns()]
    if START not in names or END not in names:
        raise UsageError(
            f"{reader.name} keeps no history: it has no {START} and {END}.",
            cure="See which tables do: toolkit etl changes",
        )
    if asked and asked not in names:
        raise UsageError.unknown("column", asked, names)
    keys = (str(version.user_metadata.get("keys", "")) for version in reader.history())
    found = next((key.split(",")[0] for key in keys if key), "")
    return asked or (found if found in names else names[0])


def _keys(lakehouse: Lakehouse, parameters: OfTable) -> Result:
    reader = lakehouse.open(parameters.table)
    column = _key_column(reader, "")
    key = quoted(column)
    page = reader.sql(
        f"SELECT CAST({key} AS VARCHAR), count(*), min({START}), max({START}), count(*) - count({END}) FROM t "  # noqa: S608 - names are quoted
        f"GROUP BY {key} ORDER BY 2 DESC, 1 LIMIT {MOST_KEYS + 1}",
        as_it_stands=True,
    )
    names = ("key", "intervals", "first", "last", "current")
    rows: list[Row] = [{**dict(zip(names, row, strict=True)), "by": column} for row in page.rows[:MOST_KEYS]]
    for row in rows:
        row["state"] = "current" if row["current"] else "ended"  # type: ignore[index]
    more = len(page.rows) > MOST_KEYS
    return Result(rows, (f"The {MOST_KEYS:,} keys with the most intervals; there are more.",) if more else ())


MOST_KEYS = 1000
KEYS = View(
    "keys",
    "Keys",
    "Which keys of a table have the longest histories?",
    _keys,
    (
        Column("key", "name"),
        Column("intervals", "count"),
        Column("state", "name"),
        Column("first", "stored", shown="wide"),
        Column("last", "stored", shown="wide"),
        Column("by", "name", shown="asked"),
    ),
    OfTable,
    sentence=lambda row: f"{row['by']} {row['key']}: {plural(row['intervals'], 'interval')}, {row['state']}.",
    links=(
        Link(
            "enter",
            "History",
            "etl.history",
            "Draw the history of this key.",
            {"table": "table", "key": "key", "by": "by"},
        ),
    ),
    empty="The table has no row.",
    limit=SHOWN,
)


def _history(lakehouse: Lakehouse, parameters: OfKey) -> Result:
    reader = lakehouse.open(parameters.table)
    column = _key_column(reader, parameters.by)
    text = parameters.key.replace("'", "''")
    page = reader.sql(
        f"SELECT * FROM t WHERE CAST({quoted(column)} AS VARCHAR) = '{text}' ORDER BY {START}",  # noqa: S608 - names are quoted
        as_it_stands=True,
    )
    rows = page.named()
    low, high = _span(rows)
    found: list[Row] = []
    for row, before in zip(rows, [None, *rows], strict=False):
        changed = [name for name in row if before and name[0] != "_" and row[name] != before[name]]
        line = (row[START], row[END], low, high) if low is not None else None
        found.append({**row, LINE: line, CHANGED_COLUMNS: changed or None})
    first = (
        Column(START, "stored", "from"),
        Column(END, "stored", "until"),
        Column(LINE, "interval", "in time"),
        Column(CHANGED_COLUMNS, "names", "changed"),
    )
    others = [name for name in page.columns if name not in (START, END, column)]
    note = f"{column} {parameters.key}: {plural(len(rows), 'interval')}."
    return Result(
        found, (note,) if rows else (), (*first, *(Column(name, "stored", name, shown="wide") for name in others))
    )


LINE, CHANGED_COLUMNS = "_line", "_changed"


def _span(rows: Sequence[Row]) -> tuple[Any, Any]:
    """The first and the last moment that the rows name; None where they have none."""
    ends = [row[name] for row in rows for name in (START, END) if row[name] is not None]
    return (min(ends), max(ends)) if ends else (None, None)


def _interval_sentence(row: Row) -> str:
    until = "and lasts" if row[END] is None else f"until {_moment(row[END])}"
    values = ", ".join(f"{name} = {value}" for name, value in row.items() if name[0] != "_")
    return f"From {_moment(row[START])} {until}: {values}."


def _moment(value: Any) -> str:
    return when(value) if isinstance(value, datetime) else NOT_TOLD if value is None else str(value)


HISTORY = View(
    "history",
    "History",
    "What was a key at which time? Each interval, drawn in time.",
    _history,
    (Column(START, "stored", "from"), Column(END, "stored", "until"), Column(LINE, "interval", "in time")),
    OfKey,
    key=(START,),
    sentence=_interval_sentence,
    empty="The table has no such key. See which it has: toolkit etl keys TABLE",
)
VIEWS = (LOADS, SOURCES, CHANGED, KEYS, HISTORY)
