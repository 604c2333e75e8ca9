"""What the rules found in one run, as its events say, while it is at work, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from toolkit import paths, runs
from toolkit.errors import UsageError
from toolkit.parameters import Parameters
from toolkit.quality.run_results import newest_judging, results_of
from toolkit.quality.verdicts import TableVerdict, Verdict, by_table
from toolkit.quality.views.naming import NOTHING, TO_MEASUREMENTS, TO_QUARANTINE, TO_ROWS, entered
from toolkit.runs import RunFolder
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Column, Result, Row, View
from toolkit.words import plural, share

MOST_TABLES = 4
"""How many tables are summed up in words."""
MOST_EXAMPLES = 2


class OfRun(Parameters):
    """One run."""

    run: str = Field("latest", description="An id, its end, or latest: the newest that judged something.")
    table: str = Field("", description="Only this table.")
    broken: bool = Field(False, description="Only rules that some row breaks.")


def _results(lakehouse: Lakehouse, parameters: OfRun) -> Result:
    asked = _run(parameters)
    if asked is None:
        return Result((), (f"No run under {paths.home()} (TOOLKIT_HOME) has judged anything yet. {NOTHING}",))
    folder, events = asked
    tables = by_table(events)
    if lakehouse.lens is not None:
        there = lakehouse.tables()
        tables = [one for one in tables if one.table in there]
    names = [one.table for one in tables]
    if parameters.table and parameters.table not in names:
        cure = f"Run {folder.run_id} checked these."
        raise UsageError.unknown("checked table", parameters.table, names, cure=cure)
    chosen = [one for one in tables if parameters.table in {"", one.table}]
    partly = {table.table for table in chosen if not lakehouse.shows_whole(table.table)}
    rows = [
        _row(replace(one, examples=()) if one.table in partly else one)
        for table in chosen
        for one in table.verdicts
        if one.failed or not one.passed or not parameters.broken
    ]
    hidden = [f"Examples of {name} are left out: you do not see all of it as it is." for name in sorted(partly)]
    return Result(rows, (_about(folder, rows, tables), *_summaries(chosen), *hidden))


def _run(parameters: OfRun) -> tuple[RunFolder, list[dict[str, Any]]] | None:
    """The run that is asked for, with what it found; None when none judged anything."""
    if parameters.run != "latest":
        folder = runs.find(parameters.run)
        return folder, results_of(folder.view())
    return newest_judging(parameters.table or None) or newest_judging()


def _about(folder: RunFolder, rows: Sequence[Row], tables: Sequence[TableVerdict]) -> str:
    if rows:
        return f"Run {folder.run_id}."
    why = "No row breaks a rule." if tables else "No rule was checked."
    return f"Run {folder.run_id}: {why}"


def _row(one: Verdict) -> Row:
    return {
        "state": one.state,
        "table": one.table,
        "rule": one.rule,
        "severity": one.severity,
        "failed": one.failed,
        "rows": one.rows,
        "pass_rate": one.pass_rate,
        "finding": _finding(one) or None,
        "dimension": one.dimension,
        "columns": one.columns,
        "description": one.description,
        "fault": one.fault or None,
        "examples": [_example(example) for example in one.examples],
        "action": one.action,
        "population": one.population,
    }


def _finding(one: Verdict) -> str:
    """What a rule found: `country is missing, such as order 17: NULL`; nothing where no row breaks it."""
    if one.said or not one.failed:
        return one.said
    example = next(map(_example, one.examples), "")
    fault = (one.fault or one.description).rstrip(".")
    return f"{fault}, such as {example}" if fault and example else fault or example


def _example(example: Any) -> str:
    return f"{example.get('key', '')}: {example.get('value', '')}" if isinstance(example, Mapping) else str(example)


def _summaries(tables: Iterable[TableVerdict]) -> list[str]:
    """How the rules of each table went."""
    found = [
        f"{one.table}: {one.rules_passed} of {plural(len(one.verdicts), 'rule')} passed on {plural(one.rows, 'row')}, "
        f"the lowest pass rate is {share(one.lowest)}."
        for one in tables
    ]
    return found if len(found) <= MOST_TABLES else []


def _sentence(row: Row) -> str:
    fault = f"{row['fault']}: {plural(row['failed'], 'row')}." if row["failed"] and row["fault"] else ""
    said = row["finding"] if not row["failed"] else ""
    examples = [f"· {example}" for example in row["examples"][:MOST_EXAMPLES]]
    return "\n".join(filter(None, [fault, said, row["description"] or row["rule"], *examples]))


RESULTS_OF_RUN = View(
    "results",
    "Results of one run",
    "What did each rule find in one run, how many rows break it, and which for example?",
    _results,
    (
        Column("state", "state"),
        Column("table", "name"),
        Column("rule", "name"),
        Column("failed", "count"),
        Column("rows", "count", "of rows", shown="wide"),
        Column("finding", "text", shown="wide"),
        Column("severity", "severity", shown="wide"),
        Column("pass_rate", "share", shown="wide"),
        Column("dimension", "name", shown="wide"),
        Column("columns", "names", shown="asked"),
        Column("description", "text", shown="asked"),
        Column("fault", "text", shown="asked"),
        Column("examples", "names", shown="asked"),
        Column("action", "name", shown="asked"),
        Column("population", "name", shown="asked"),
    ),
    OfRun,
    key=("table", "rule", "columns"),
    sentence=_sentence,
    links=(entered(TO_ROWS), TO_MEASUREMENTS, TO_QUARANTINE),
    empty="No rule to show: the line below says why.",
)
