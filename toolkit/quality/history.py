"""What was measured, over time: every rule in every run, and every load of a table.

Owns reading `ops.quality_results` and the loads in a table's log, both without a JVM. Must not judge: what is unusual is
`toolkit.quality.anomalies`, what was promised is `toolkit.quality.sla`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from toolkit.errors import UsageError
from toolkit.quality.records import Measurement, Population
from toolkit.quality.verdicts import check_rule_name
from toolkit.scenario import check_table_name
from toolkit.store.delta_log import Version
from toolkit.store.reader import DeltaReader
from toolkit.store.records import columns_of, decode_all, refuse_other_shape

SECONDS_PER_HOUR = 3600
_CONDITIONS: dict[Population | None, str] = {
    None: "(NOT is_stored OR never_came)",
    "incoming": "NOT is_stored",
    "stored": "is_stored",
}
"""Which rows are read, by what is asked for."""
_LOADS = {
    "WRITE",
    "MERGE",
    "STREAMING UPDATE",
    "COPY INTO",
    "CREATE TABLE AS SELECT",
    "REPLACE TABLE AS SELECT",
    "CREATE OR REPLACE TABLE AS SELECT",
}
"""Commits that bring data; the others (OPTIMIZE, VACUUM, DELETE, …) make a table neither newer nor fuller."""


def measurements(
    reader: DeltaReader,
    *,
    table: str = "",
    rule: str = "",
    runs: int | None = None,
    population: Population | None = None,
) -> list[Measurement]:
    """What `ops.quality_results` holds, oldest first; measurements of one moment are in order of table and rule.

    A load before its bad rows are taken out and the table without them are two populations, and never one series: a rule that
    loads are judged by is known by them, and only another one by what it found in the table as it lay.

    Args:
        reader: that table.
        table: only the rules of this table.
        rule: only the rule of this name.
        runs: only the newest runs, as many as this, among those that measured what was asked for.
        population: only this one, whatever rules are known by.

    Raises:
        UsageError: `table` or `rule` cannot be a name, or `runs` is below 0.
        DataError: the table has other columns than a measurement, or values that none has.
    """
    if runs is not None and runs < 0:
        raise UsageError(f"{runs} runs cannot be read.", cure="Ask for 0 or more, or for all of them with None.")
    refuse_other_shape(Measurement, reader)
    page = reader.sql(_query(table, rule, runs, population), as_it_stands=True)
    return decode_all(Measurement, page.columns, page.rows)


def _query(table: str, rule: str, runs: int | None, population: Population | None) -> str:
    """The SELECT; every name in it is ours or was checked."""
    conditions = [
        _CONDITIONS[population],
        *([f"table_name = '{check_table_name(table)}'"] if table else []),
        *([f"rule = '{check_rule_name(rule)}'"] if rule else []),
    ]
    # A row that does not say of which population it is must come out, to be refused.
    stored = "coalesce(population = 'stored', false)"
    every = (
        f"SELECT *, {stored} AS is_stored, bool_and({stored}) OVER (PARTITION BY table_name, rule) AS never_came FROM t"  # noqa: S608
    )
    where = " AND ".join(conditions)
    if runs is not None:
        newest = f"SELECT run_id FROM every WHERE {where} GROUP BY run_id ORDER BY max(measured_at) DESC, run_id DESC"  # noqa: S608
        where = f"{where} AND run_id IN ({newest} LIMIT {runs:d})"
    columns = ", ".join(column.name for column in columns_of(Measurement))
    order = "measured_at, table_name, rule, run_id"
    return f"WITH every AS ({every}) SELECT {columns} FROM every WHERE {where} ORDER BY {order}"  # noqa: S608


def current(found: Iterable[Measurement]) -> list[Measurement]:
    """The measurements of rules that still hold, in the order in which they came.

    A rule was given up when those that it was last measured beside were measured again without it.
    """
    every = list(found)
    checks: dict[tuple[str, datetime], set[str]] = defaultdict(set)
    last: dict[RuleKey, datetime] = {}
    for one in every:
        checks[one.table, one.at].add(one.rule)
        last[one.table, one.rule] = max(one.at, last.get((one.table, one.rule), one.at))
    given_up = {
        (table, rule) for (table, rule), at in last.items() if any(last[table, o] > at for o in checks[table, at])
    }
    return [one for one in every if (one.table, one.rule) not in given_up]


def promised(found: Iterable[Measurement]) -> list[Measurement]:
    """The measurements that tell how good a table is: of rules that still hold, and that its loads are judged by.

    Where no load is judged, those of the table as it lies; else what somebody once asked of it there is no rule of the table.
    """
    every = current(found)
    coming = {one.table for one in every if one.population == "incoming"}
    return [one for one in every if one.population == "incoming" or one.table not in coming]


RuleKey = tuple[str, str]
"""A table, and the name of one of its rules."""


@dataclass(frozen=True)
class RuleHistory:
    """One rule over time: one measurement per run, oldest first."""

    table: str
    rule: str
    measurements: tuple[Measurement, ...]

    @property
    def newest(self) -> Measurement:
        """The last measurement."""
        return self.measurements[-1]


def by_rule(found: Iterable[Measurement]) -> list[RuleHistory]:
    """One history per rule, by table and rule; a rule that one run measured twice counts with its last result."""
    rules: dict[RuleKey, dict[str, Measurement]] = {}
    for one in found:
        rules.setdefault((one.table, one.rule), {})[one.run_id] = one
    return [RuleHistory(*key, tuple(sorted(rules[key].values(), key=lambda one: one.at))) for key in sorted(rules)]


@dataclass(frozen=True)
class RunColumn:
    """One run of a grid."""

    run_id: str
    at: datetime
    """When it first measured something."""


@dataclass(frozen=True)
class Grid:
    """Rules by runs: what a heat map shows."""

    rules: tuple[RuleKey, ...]
    """In order of table and name."""
    runs: tuple[RunColumn, ...]
    """Oldest first."""
    cells: Mapping[tuple[str, str, str], Measurement]
    """By table, rule and run; what was not measured is not in it."""

    def cell(self, rule: RuleKey, run_id: str) -> Measurement | None:
        """What that run measured of that rule; None when it did not."""
        return self.cells.get((*rule, run_id))

    def row(self, rule: RuleKey) -> list[Measurement | None]:
        """One rule through all runs."""
        return [self.cell(rule, run.run_id) for run in self.runs]


def grid(found: Iterable[Measurement]) -> Grid:
    """The grid of these measurements, which come oldest first."""
    cells: dict[tuple[str, str, str], Measurement] = {}
    runs: dict[str, datetime] = {}
    for one in found:
        cells[one.table, one.rule, one.run_id] = one
        runs.setdefault(one.run_id, one.at)
    rules = sorted({(table, rule) for table, rule, _ in cells})
    columns = sorted((RunColumn(run_id, at) for run_id, at in runs.items()), key=lambda run: (run.at, run.run_id))
    return Grid(tuple(rules), tuple(columns), cells)


@dataclass(frozen=True)
class Load:
    """One commit that brought data to a table."""

    version: int
    at: datetime
    run_id: str
    """The run that wrote it; empty if no run did."""
    rows: int | None
    """Rows it wrote, which for a table that is overwritten is all of them; None if the commit does not say."""
    hours: float | None
    """Hours since the load before it; None for the first, and where a commit before it does not say when it was, or what."""


def loads(reader: DeltaReader) -> list[Load]:
    """The commits that brought data, oldest first: their rows are a table's volume, the hours between them its freshness.

    Commits that only tidy up or delete (OPTIMIZE, VACUUM, DELETE, …) are left out, and releases from quarantine: they make
    nothing fresh. So are those that do not say when they were, or what they did, since nothing can be concluded from them;
    the hours from the load before them to the one after them are then unknown.
    """
    found: list[Load] = []
    before: datetime | None = None
    for commit in reversed(reader.history()):
        if commit.at is None or commit.operation is None:
            before = None
        elif _brings_data(commit):
            hours = (commit.at - before).total_seconds() / SECONDS_PER_HOUR if before else None
            found.append(Load(commit.version, commit.at, commit.run_id, commit.rows, hours))
            before = commit.at
    return found


def _brings_data(commit: Version) -> bool:
    if commit.user_metadata.get("release"):
        return False  # Rows of an earlier load, let out of quarantine.
    # A table can begin with rows in it, or without any.
    return commit.operation in _LOADS or (commit.operation == "CREATE TABLE" and bool(commit.rows))
