"""What to do about broken rules: how many rows, where they come from, since when, and whom to ask.

Owns finding the likely cause. It claims only what the rows show:

- A value stands out when it holds at least half of the failing rows, at least twice its share of all rows, and chance is no
  explanation: with Chernoff's bound, exp(−n · KL(failing share ‖ share of all)), times the number of values that were
  looked at, below 1 in 1,000. Of several the one that chance explains least is named.
- Looked at are the file (`_source`), the run that brought the row (`_run_id`), and columns of few values such as a
  partition's; not the rule's own columns, whose values are the symptom.
- All rows are those of the table and of its quarantine together.
- It began with the first run whose failure rate was anomalous (`toolkit.quality.anomalies`) and has been above the usual
  ever since; else with the first of the failing runs after a run without failing rows; else when the earliest of the
  failing rows came in (`_ingested_at`); else that is not known.

Rows are read without a JVM and only counted, one GROUP BY for each column of a table, whatever the number of rules.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from toolkit import words
from toolkit.quality.anomalies import anomalies, point
from toolkit.quality.history import RuleHistory, by_rule, promised
from toolkit.quality.quarantine import RULES, WARNINGS, quarantine_name
from toolkit.quality.records import Measurement
from toolkit.quality.verdicts import failing_rows
from toolkit.store.query_engine import quoted
from toolkit.store.reader import DeltaReader

Open = Callable[[str], DeltaReader | None]
"""Opens a table by name; None when there is none."""
SOURCE, RUN, INGESTED = "_source", "_run_id", "_ingested_at"
FEW_VALUES = 50
MOST = 0.5
LIFT = 2.0
CHANCE = 0.001
_SEVERITIES = ("critical", "error", "warn", "info")
_PLAIN_TYPES = ("string", "integer", "long", "short", "byte", "boolean", "date")


@dataclass(frozen=True)
class Cause:
    """The value that holds far more of the failing rows than of all rows."""

    column: str
    value: str
    rows: int
    """Failing rows with this value."""
    share: float
    """Its share of the failing rows."""
    share_of_all: float
    chance: float
    """At most so likely, were the failing rows drawn from all at random."""

    @property
    def lift(self) -> float:
        """How many times its share of all rows its share of the failing rows is."""
        return self.share / self.share_of_all

    @property
    def text(self) -> str:
        """The same in words: 97% of them come from that file, which holds 3% of all rows."""
        who = "All of them" if self.share == 1 else f"{words.share(self.share)} of them"
        holds = f"which holds {words.share(self.share_of_all)} of all rows"
        match self.column:
            case "_source":
                return f"{who} come from {self.value}, {holds}."
            case "_run_id":
                return f"{who} were brought in by run {self.value}, {holds.replace('holds', 'brought')}."
            case _:
                return f"{who} have {self.column} = {self.value}, {holds}."


@dataclass(frozen=True)
class Recommendation:
    """One broken rule, and what to do about it."""

    table: str
    rule: str
    severity: str
    rows: int
    """Rows that broke it in the newest run; 0 for a rule about the table as a whole."""
    cause: Cause | None
    """None when no single value stands out."""
    since: datetime | None
    advice: str
    """What to do, naming where to look; empty where nothing can be named."""
    evidence: tuple[str, ...]
    """What is known, as sentences."""

    @property
    def text(self) -> str:
        """All of it, to be read."""
        return " ".join(filter(None, [*self.evidence, self.advice]))


def recommendations(found: Iterable[Measurement], open_table: Open) -> list[Recommendation]:
    """One for each rule that failed, or that rows broke within its tolerance, in its newest measurement.

    The worst severity comes first, within it the rule that most rows break.

    Args:
        found: the measurements of all runs; the more, the better the time at which it began is known.
        open_table: opens a table or a quarantine.

    Raises:
        UsageError: a measurement names a table or rule that cannot be a name.
    """
    broken = [rule for rule in by_rule(promised(found)) if rule.newest.state in {"failed", "tolerated"}]
    places: dict[str, _Counts] = {}
    made = []
    for rule in broken:
        if rule.table not in places:
            mine = [other.newest for other in broken if other.table == rule.table]
            places[rule.table] = _counted(mine, open_table)
        made.append(_recommended(rule, places[rule.table]))
    return sorted(made, key=lambda one: (_rank(one.severity), -one.rows, one.table, one.rule))


@dataclass
class _Counts:
    """Rows of one table and its quarantine, counted by the values of each column."""

    total: int = 0
    all: dict[str, dict[str | None, int]] = field(default_factory=dict)
    """By column and value."""
    failing: dict[str, dict[str, dict[str | None, int]]] = field(default_factory=dict)
    """By column, rule and value."""
    failing_rows: dict[str, int] = field(default_factory=dict)
    earliest: dict[str, datetime] = field(default_factory=dict)
    """By rule, when the first of its failing rows came in."""
    where: dict[str, str] = field(default_factory=dict)
    """By rule, the table that its failing rows are in."""


def _counted(broken: Sequence[Measurement], open_table: Open) -> _Counts:
    """Count what the recommendations for the rules of one table need."""
    table = broken[0].table
    counts = _Counts(where={one.rule: failing_rows(one).table for one in broken})
    readers = {name: reader for name in (table, quarantine_name(table)) if (reader := open_table(name))}
    sizes = {name: reader.count() for name, reader in readers.items()}
    counts.total = sum(sizes.values())
    columns = _columns_to_look_at([reader for name, reader in readers.items() if sizes[name]])
    for column in columns:
        counts.all[column] = _added(_by_value(reader, column) for name, reader in readers.items() if sizes[name])
    for name, marks in ((table, WARNINGS), (quarantine_name(table), RULES)):
        reader = readers.get(name)
        rules = {rule for rule, where in counts.where.items() if where == name}
        if reader and rules and marks in _names(reader):
            _count_failing(counts, reader, marks, columns, rules)
    return counts


def _count_failing(counts: _Counts, reader: DeltaReader, marks: str, columns: Sequence[str], rules: set[str]) -> None:
    """Count the rows that `marks` says broke one of `rules`."""
    marked = f"(SELECT *, unnest({marks}) AS broken_rule FROM t)"  # noqa: S608
    came = f"min({INGESTED})" if INGESTED in _names(reader) else "NULL"
    per_rule = f"SELECT broken_rule, count(*), {came} FROM {marked} GROUP BY 1"  # noqa: S608
    for rule, rows, earliest in reader.sql(per_rule).rows:
        if rule in rules:
            counts.failing_rows[rule] = rows
            if isinstance(earliest, datetime):
                counts.earliest[rule] = earliest if earliest.tzinfo else earliest.replace(tzinfo=UTC)
    for column in columns:
        by_rule_and_value = f"SELECT broken_rule, {_text(column)}, count(*) FROM {marked} GROUP BY 1, 2"  # noqa: S608
        for rule, value, rows in reader.sql(by_rule_and_value).rows:
            if rule in rules:
                counts.failing.setdefault(column, {}).setdefault(rule, {})[value] = rows


def _columns_to_look_at(readers: Sequence[DeltaReader]) -> list[str]:
    """The file, the run, and the columns of few values, that all of the readers have."""
    if not readers:
        return []
    shared = set.intersection(*(_names(reader) for reader in readers))
    plain = [c.name for c in readers[0].columns() if c.name in shared and c.type in _PLAIN_TYPES and c.name[0] != "_"]
    technical = [name for name in (SOURCE, RUN) if name in shared]
    return technical + [name for name in plain if all(_has_few(reader, name) for reader in readers)]


def _has_few(reader: DeltaReader, column: str) -> bool:
    distinct = reader.sql(f"SELECT count(*) FROM (SELECT DISTINCT {quoted(column)} FROM t LIMIT {FEW_VALUES + 1})")  # noqa: S608
    return bool(distinct.rows[0][0] <= FEW_VALUES)


def _by_value(reader: DeltaReader, column: str) -> dict[str | None, int]:
    return dict(reader.sql(f"SELECT {_text(column)}, count(*) FROM t GROUP BY 1").rows)  # noqa: S608


def _added(parts: Iterable[Mapping[str | None, int]]) -> dict[str | None, int]:
    total: Counter[str | None] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def _names(reader: DeltaReader) -> set[str]:
    return {column.name for column in reader.columns()}


def _text(column: str) -> str:
    return f"CAST({quoted(column)} AS VARCHAR)"


def _recommended(history: RuleHistory, counts: _Counts) -> Recommendation:
    newest = history.newest
    cause = _cause(newest, counts)
    since, began = _began(history, counts)
    return Recommendation(
        newest.table,
        newest.rule,
        newest.severity,
        newest.failed,
        cause,
        since,
        _advice(newest, cause, counts),
        (_what(newest), *_origin(newest, cause, counts), began),
    )


def _cause(newest: Measurement, counts: _Counts) -> Cause | None:
    """The value that chance explains least, if there is one that it does not explain."""
    found = [
        cause
        for column, rules in counts.failing.items()
        if column not in newest.columns and (cause := _fullest(column, rules.get(newest.rule, {}), counts))
    ]
    return min(found, key=lambda cause: cause.chance, default=None)


def _fullest(column: str, failing: Mapping[str | None, int], counts: _Counts) -> Cause | None:
    """The value with most of the failing rows, if it stands out."""
    if not failing:
        return None
    value, rows = max(failing.items(), key=lambda pair: pair[1])
    share, share_of_all = rows / sum(failing.values()), counts.all[column][value] / counts.total
    if share < MOST or share < LIFT * share_of_all:
        return None
    chance = len(counts.all[column]) * _chance(sum(failing.values()), share, share_of_all)
    shown = "null" if value is None else value
    return Cause(column, shown, rows, share, share_of_all, chance) if chance < CHANCE else None


def _chance(rows: int, share: float, share_of_all: float) -> float:
    """Chernoff's bound: how likely at most it is that of `rows` rows drawn at random so many have the value."""
    distance = share * math.log(share / share_of_all)
    if share < 1:
        distance += (1 - share) * math.log((1 - share) / (1 - share_of_all))
    return math.exp(-rows * distance)


def _began(history: RuleHistory, counts: _Counts) -> tuple[datetime | None, str]:
    """When it began, and how that is known."""
    first = _first_anomalous(history)
    if first:
        return first.at, f"It began with run {first.run_id} on {first.at:%Y-%m-%d}: {_unlike_before(history, first)}."
    first = _first_after_clean(history)
    if first:
        return first.at, f"It began with run {first.run_id} on {first.at:%Y-%m-%d}: the run before kept the rule."
    earliest = counts.earliest.get(history.rule)
    if earliest:
        return earliest, f"The earliest of these rows came in on {earliest:%Y-%m-%d}."
    return None, "When it began is not known: it failed in every run that was recorded."


def _first_anomalous(history: RuleHistory) -> Measurement | None:
    """The first run with unusually many failures, if none since was back to what had been usual."""
    rates = [point(one)._replace(value=one.failure_rate) for one in history.measurements]
    for anomaly in anomalies(rates):
        since = [one for one in history.measurements if one.at >= anomaly.at]
        if anomaly.score > 0 and all(one.failure_rate > anomaly.high for one in since):
            return since[0]
    return None


def _unlike_before(history: RuleHistory, first: Measurement) -> str:
    """What was unusual: how many failed, or, for a rule about the table as a whole, what it measured."""
    if first.measured is None:
        return "more failed than was usual before"
    usual = next((one for one in anomalies(map(point, history.measurements)) if one.at == first.at), None)
    told = f", and {words.number(usual.low)} to {words.number(usual.high)} was usual before" if usual else ""
    return f"it measured {words.number(first.measured)}{told}"


def _first_after_clean(history: RuleHistory) -> Measurement | None:
    """The first of the unbroken row of failing runs up to the newest, if a run without any came before it."""
    failing = list(itertools.takewhile(lambda one: one.failure_rate > 0, reversed(history.measurements)))
    return failing[-1] if failing and len(failing) < len(history.measurements) else None


def _what(newest: Measurement) -> str:
    """What the newest run found."""
    if newest.failed:
        end = "" if newest.state == "failed" else ", which its tolerance allows"
        return f"{newest.failed:,} of {newest.rows:,} rows of {newest.table} break {newest.rule}{end}."
    measured = "" if newest.measured is None else f": it measured {words.number(newest.measured)}"
    return f"{newest.table} as a whole breaks {newest.rule}{measured}."


def _origin(newest: Measurement, cause: Cause | None, counts: _Counts) -> list[str]:
    """Where the failing rows are, and what most of them have in common."""
    if not newest.failed:
        return []
    there, where = counts.failing_rows.get(newest.rule, 0), counts.where[newest.rule]
    if not there:
        place = (
            f"They are in {newest.table}, without a mark"
            if newest.population == "stored"
            else f"None of them is in {where} now"
        )
        return [f"{place}, so where they come from is not known."]
    # A quarantine keeps the rows of earlier runs, and gives up those that were repaired.
    told = [] if there == newest.failed else [f"{where} holds {there:,} such rows now."]
    return [*told, cause.text if cause else "No single source stands out."]


def _advice(newest: Measurement, cause: Cause | None, counts: _Counts) -> str:
    """Whom to ask or where to look, and what happens to the rows meanwhile."""
    if not newest.failed:
        look = _ADVICE_FOR_TABLE.get(newest.dimension, "")
        return look.format(table=newest.table, rule=newest.rule)
    show = f"toolkit quality rows {newest.table} {newest.rule}"
    if not counts.failing_rows.get(newest.rule):
        # Only rows that are still in the table can be found again.
        return f"See the rows: {show}." if newest.population == "stored" else ""
    stays = counts.where[newest.rule] == newest.table
    waiting = "the rows stay in the table, marked" if stays else "until then release nothing"
    if cause is None:
        many = newest.failure_rate > MOST
        look = "Check the rule itself first, since most rows break it" if many else f"See the rows: {show}"
    elif cause.column == SOURCE:
        look = "Ask the producer of that file"
    elif cause.column == RUN:
        look = "Look at that run's log, and at what it read"
    else:
        look = f"Ask who knows the rows with {cause.column} = {cause.value}"
    return f"{look}; {waiting}."


_ADVICE_FOR_TABLE = {
    "timeliness": "Ask whether the source is late or its load failed: toolkit tables show {table} --history.",
    "volume": "Compare the newest load with the one before it, for rows are missing or came twice: "
    "toolkit quality history {table}.",
}


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
