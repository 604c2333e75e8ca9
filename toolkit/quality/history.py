"""What was measured, over time: every rule in every run, and every load of a table.

Owns reading `ops.quality_results` and the loads in a table's log, both without a JVM. Must not judge: what is unusual is
`toolkit.quality.anomalies`, what was promised is `toolkit.quality.sla`.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from toolkit.delta_log import Version
from toolkit.errors import DataError, UsageError
from toolkit.quality.actions import Action, usual
from toolkit.quality.verdicts import State, check_rule_name, state_of
from toolkit.reader import DeltaReader
from toolkit.scenario import check_table_name

RESULTS = "ops.quality_results"
SECONDS_PER_HOUR = 3600
BARS = "▁▂▃▄▅▆▇█"
_SEPARATOR = "\x1f"
_COLUMNS = (
    "run_id",
    "measured_at",
    "table_name",
    "rule",
    "table_version",
    "kind",
    "columns",
    "dimension",
    "severity",
    "action",
    "row_count",
    "failed_count",
    "measured",
    "tolerance",
    "passed",
    "judged",
)
"""The columns of the table, in the order of `Measurement`."""
_OPTIONAL = {
    "kind": "''",
    "columns": "''",
    "action": "''",
    "measured": "CAST(NULL AS DOUBLE)",
    "tolerance": "0.0",
    "judged": "''",
}
"""What an older table lacks, and what stands in for it."""
_JUDGED = {"": "(NOT is_stored OR never_came)", "incoming": "NOT is_stored", "stored": "is_stored"}
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


class Measurement(NamedTuple):
    """One rule on one table in one run; a tuple, since a board reads ten thousand at once."""

    run_id: str
    at: datetime
    table: str
    rule: str
    version: int | None = None
    """The table's version that was measured."""
    kind: str = ""
    columns: tuple[str, ...] = ()
    dimension: str = ""
    severity: str = "error"
    action: Action = "quarantine"
    rows: int = 0
    failed: int = 0
    """Rows that broke the rule; 0 for a rule about the table as a whole."""
    measured: float | None = None
    """What a rule about the table as a whole measured; None for a rule about rows."""
    tolerance: float = 0.0
    passed: bool | None = True
    """None when there was nothing to measure."""
    judged: str = "incoming"
    """The rows on their way to the table; or `stored`, the rows in it."""

    @property
    def state(self) -> State:
        """passed, tolerated, not measured or failed."""
        return state_of(passed=self.passed, failed=self.failed)

    @property
    def failure_rate(self) -> float:
        """Share of rows that broke the rule; a rule about the table as a whole is broken by all (1.0) or none (0.0).

        NaN where nothing was measured.
        """
        if self.passed is None:
            return math.nan
        return self.failed / self.rows if self.failed and self.rows else float(not self.passed)

    @property
    def pass_rate(self) -> float:
        """Share of rows that kept the rule; 1.0 for an empty table; NaN where nothing was measured."""
        return 1 - self.failure_rate

    @property
    def value(self) -> float:
        """What to draw and to watch: the number measured, or else the failure rate; NaN where there is neither."""
        return self.failure_rate if self.measured is None else self.measured


def measurements(
    reader: DeltaReader, *, table: str = "", rule: str = "", runs: int | None = None, judged: str = ""
) -> list[Measurement]:
    """What `ops.quality_results` holds, oldest first; measurements of one moment are in order of table and rule.

    A load before its bad rows are taken out and the table without them are two populations, and never one series: a rule that
    loads are judged by is known by them, and only another one by what it found in the table as it lay.

    Args:
        reader: that table.
        table: only the rules of this table.
        rule: only the rule of this name.
        runs: only the newest runs, as many as this, among those that measured what was asked for.
        judged: only `incoming` or only `stored`, whatever rules are known by.

    Raises:
        UsageError: `table` or `rule` cannot be a name, or `runs` is below 0.
        DataError: the table lacks a column without which its rows mean nothing.
    """
    if runs is not None and runs < 0:
        raise UsageError(f"{runs} runs cannot be read.", cure="Ask for 0 or more, or for all of them with None.")
    return [_measurement(row) for row in reader.sql(_query(reader, table, rule, runs, judged), as_it_stands=True).rows]


def _query(reader: DeltaReader, table: str, rule: str, runs: int | None, judged: str) -> str:
    """The SELECT; every name in it is ours or was checked."""
    present = {column.name for column in reader.columns()}
    missing = [name for name in _COLUMNS if name not in present and name not in _OPTIONAL]
    if missing:
        raise DataError(
            f"{reader.name} has no column {', '.join(missing)}, so it holds no measurements.",
            cure=f"Read {RESULTS}, which every checked run appends to.",
        )
    conditions = [
        _JUDGED[judged],
        *([f"table_name = '{check_table_name(table)}'"] if table else []),
        *([f"rule = '{check_rule_name(rule)}'"] if rule else []),
    ]
    stored = "coalesce(judged = 'stored', false)" if "judged" in present else "false"
    every = (
        f"SELECT *, {stored} AS is_stored, bool_and({stored}) OVER (PARTITION BY table_name, rule) AS never_came FROM t"  # noqa: S608
    )
    where = " AND ".join(conditions)
    if runs is not None:
        newest = f"SELECT run_id FROM every WHERE {where} GROUP BY run_id ORDER BY max(measured_at) DESC, run_id DESC"  # noqa: S608
        where = f"{where} AND run_id IN ({newest} LIMIT {runs:d})"
    columns = ", ".join(_read(name, present) for name in _COLUMNS)
    order = "measured_at, table_name, rule, run_id"
    return f"WITH every AS ({every}) SELECT {columns} FROM every WHERE {where} ORDER BY {order}"  # noqa: S608


def _read(name: str, present: Iterable[str]) -> str:
    if name not in present:
        return f"{_OPTIONAL[name]} AS {name}"
    # One text per row comes out of the engine several times as fast as one list.
    return f"array_to_string(columns, '{_SEPARATOR}') AS columns" if name == "columns" else name


def _measurement(row: tuple[Any, ...]) -> Measurement:
    run_id, at, table, rule, version, kind, columns, dimension, severity, action, *numbers = row
    rows, failed, measured, tolerance, passed, judged = numbers
    failed = failed or 0
    severity = severity or "error"
    return Measurement(
        run_id or "",
        at if at.tzinfo else at.replace(tzinfo=UTC),
        table,
        rule,
        version,
        kind or "",
        tuple(columns.split(_SEPARATOR)) if columns else (),
        dimension or "",
        severity,
        action or usual(severity),
        rows or 0,
        failed,
        measured,
        tolerance or 0.0,
        passed,
        judged or "incoming",
    )


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
    coming = {one.table for one in every if one.judged == "incoming"}
    return [one for one in every if one.judged == "incoming" or one.table not in coming]


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


def sparkline(
    values: Sequence[float | None],
    width: int | None = None,
    *,
    worst: Callable[[Iterable[float]], float] = max,
    between: tuple[float, float] | None = None,
) -> str:
    """A series as a line of text, such as `▁▁▂█▁`; what is None or NaN is a blank.

    Textual's own sparkline is a coloured renderable without gaps, and would stretch a short series; this is a plain text.

    Args:
        values: oldest first.
        width: at most this many characters; a longer series is cut into that many buckets of equal length.
        worst: what of a bucket is shown: `max` for failures, `min` for pass rates. A bad moment never hides.
        between: the values of the lowest and the highest bar, beyond which values are clipped; those of the series
            itself when None. When they are equal, the bars are of half height.

    Raises:
        UsageError: `width` is below 1.
    """
    if width is not None and width < 1:
        raise UsageError(f"A line of {width} characters shows nothing.", cure="Give it 1 or more.")
    known = [None if value is None or math.isnan(value) else value for value in values]
    if width is not None and len(known) > width:
        edges = [len(known) * i // width for i in range(width + 1)]
        known = [_worst(known[a:b], worst) for a, b in itertools.pairwise(edges)]
    finite = [value for value in known if value is not None and math.isfinite(value)]
    low, high = between or (min(finite, default=0.0), max(finite, default=0.0))
    return "".join(" " if value is None else _bar(value, low, high) for value in known)


def _worst(bucket: Sequence[float | None], worst: Callable[[Iterable[float]], float]) -> float | None:
    there = [value for value in bucket if value is not None]
    return worst(there) if there else None


def _bar(value: float, low: float, high: float) -> str:
    if low == high and math.isfinite(value):
        return BARS[len(BARS) // 2 - 1]
    if not math.isfinite(value):
        return BARS[-1 if value > 0 else 0]
    return BARS[round((min(max(value, low), high) - low) / (high - low) * (len(BARS) - 1))]
