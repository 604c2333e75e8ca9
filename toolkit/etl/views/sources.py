"""Which files flows have loaded, which wait, and which were replaced since: the ledger beside what is there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.errors import ToolkitError
from toolkit.etl.discovery import Place, discover
from toolkit.etl.ledger import Ledger, commits_of, loaded
from toolkit.etl.records import FILES, IngestedFile
from toolkit.etl.views.naming import OF_TABLE, SHOWN, TO_RUN, OfAnyTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import done
from toolkit.views import Column, Link, Result, Row, View


def _sources(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    """Every file that was loaded or waits, of each flow; where its folder cannot be read, that is a problem, and unknown."""
    rows: list[Row] = []
    problems: list[str] = []
    for files, batch in _flows(lakehouse, parameters.table):
        newest, before = files[-1], loaded(files, batch)
        loads = {one.file: one for one in files if one.batch <= batch}
        states, problem = _states(newest, before)
        problems += [problem] if problem else []
        rows += [_source_row(newest, name, state, loads.get(name)) for name, state in states.items()]
    if parameters.table and not rows and not problems:
        lakehouse.open(parameters.table)  # one that is not there is an error, and not one without files
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
        yield files, done(lakehouse.path(name), commits_of(flow)) or 0


def _no_session() -> Any:
    raise AssertionError("A view writes nothing.")


def _states(newest: IngestedFile, before: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """What each file of a flow is now, by name; what was loaded is unknown where the folder cannot be looked into."""
    try:
        found = discover(Place.parse(newest.place), before)
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
        Link("enter", "Loads", "etl.loads", "Show what the loads of its table did.", OF_TABLE),
        TO_RUN,
    ),
    empty="No file was loaded one after the other yet. Load your own: toolkit etl ingest FILE TABLE",
    limit=SHOWN,
)
