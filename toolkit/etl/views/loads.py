"""What each load did to its table, and what became of change events: read from the commits, without Spark.

So it is there for tables that others wrote, too, as far as their commits tell.
"""

from __future__ import annotations

from toolkit.errors import DataError
from toolkit.etl.commit_counts import EVENTS, is_load, load_of
from toolkit.etl.views.naming import OF_TABLE, SHOWN, TO_KEYS, TO_RUN, OfAnyTable
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import when

MOST_COMMITS = 100
"""Commits of a table that are read for a view of all tables."""


def _loads(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    """The loads of one table, or of all but those in which runs keep what they found; the newest first."""
    names = [parameters.table] if parameters.table else [name for name in lakehouse.tables() if name[:4] != "ops."]
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
        rows += [load_of(name, version) for version in history if is_load(version)]
    return Result(sorted(rows, key=_newest_first), tuple(notes), problems=tuple(problems))


def _newest_first(row: Row) -> tuple[float, str, int]:
    return (-row["at"].timestamp() if row["at"] else 0.0, row["table"], -row["version"])


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


TO_ROWS = Link("enter", "See", "tables.show", "See the table as it was then.", {"table": "table", "version": "version"})
LOADS = View(
    "loads",
    "Loads",
    "What did each load do to its table? The newest first.",
    _loads,
    (
        Column("at", "moment", "when"),
        Column("table", "name"),
        Column("inserted", "count"),
        Column("updated", "count"),
        Column("load", "name", shown="wide"),
        Column("deleted", "count", shown="wide"),
        Column("unchanged", "count", shown="wide"),
        Column("version", "version", shown="wide"),
        Column("files", "count", shown="wide"),
        Column("bytes", "size", shown="wide"),
        *(Column(name, "count", shown="asked") for name in EVENTS),
        Column("step", "name", shown="asked"),
        Column("run", "name", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "version"),
    sentence=_load_sentence,
    links=(
        TO_ROWS,
        Link("t", "Table", "etl.loads", "Show the loads of this table alone.", OF_TABLE),
        Link("f", "Files", "etl.sources", "Show the files that the table came from.", OF_TABLE),
        Link("c", "Changes", "etl.changes", "Show what became of change events.", OF_TABLE),
        TO_RUN,
    ),
    empty="No table was loaded yet. Run a scenario: toolkit run incremental_loads",
    limit=SHOWN,
)


def _changes(lakehouse: Lakehouse, parameters: OfAnyTable) -> Result:
    loads = _loads(lakehouse, parameters)
    return Result([row for row in loads.rows if row["load"] == "changes"], loads.notes, problems=loads.problems)


CHANGES = View(
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
        Column("load", "name", shown="asked"),
        Column("files", "count", shown="asked"),
        Column("bytes", "size", shown="asked"),
        Column("step", "name", shown="asked"),
        Column("run", "name", shown="asked"),
    ),
    OfAnyTable,
    key=("table", "version"),
    sentence=_load_sentence,
    links=(TO_ROWS, TO_KEYS, TO_RUN),
    empty="No change events were applied yet. Run a scenario: toolkit run customer_history",
    limit=SHOWN,
)
