"""How good a table is, from 0 to 100, by dimension and in all.

Owns the formula. Must not read anything: it takes measurements (`toolkit.quality.history`).

- **A rule's points** lie between 0 and 1. About rows, with f the share that breaks it and t its tolerance: 1 when no row
  does, falling evenly to ½ at f = t, and from there evenly to 0 when all do. So above ½ a promise is kept, and failures
  that grow within the tolerance show before it is broken. A rule about the table as a whole has 1 or 0. A rule without
  tolerance has 1, or at most ½.
- **A dimension's score** is the mean of its rules' points · 100, weighted by severity: info 1, warn 2, error 4, critical 8.
- **A table's score** is the plain mean of its dimensions, so that forty rules on validity do not outvote one on timeliness.
  A dimension without rules is None and does not count.

Each rule counts with its newest measurement, also when the newest run did not ask for it. One for which there was nothing to
measure then has no points and does not count: what is not known is neither good nor bad.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from toolkit.errors import UsageError
from toolkit.quality.history import promised
from toolkit.quality.records import Measurement

DIMENSIONS = ("completeness", "validity", "uniqueness", "consistency", "accuracy", "timeliness", "volume")
WEIGHTS: Mapping[str, int] = {"info": 1, "warn": 2, "error": 4, "critical": 8}


@dataclass(frozen=True)
class TableScore:
    """One table's score, and what it was before."""

    table: str
    at: datetime
    """When the newest of its rules was measured."""
    overall: float | None
    """None where no rule has points."""
    dimensions: Mapping[str, float | None]
    """Every dimension in the order of `DIMENSIONS`; None where no rule looks."""
    rules: int
    """How many rules it rests on."""
    unmeasured: int = 0
    """How many more there are for which there was nothing to measure."""
    earlier: TableScore | None = None
    """As of the run it is compared with; None when there was none."""

    @property
    def trend(self) -> float | None:
        """Points won or lost in all since then."""
        before = self.earlier.overall if self.earlier else None
        return None if self.overall is None or before is None else self.overall - before

    def trend_of(self, dimension: str) -> float | None:
        """Points won or lost in one dimension; None when it has no score now or had none then."""
        now = self.dimensions[dimension]
        before = self.earlier.dimensions[dimension] if self.earlier else None
        return None if now is None or before is None else now - before


def points(one: Measurement) -> float:
    """What a rule that was measured is worth, from 0 to 1."""
    failing = one.failure_rate
    if one.measured is not None or (not one.passed and not one.failed):
        return float(bool(one.passed))
    if not failing:
        return 1.0
    if one.passed:
        # An older table does not tell the tolerance, but that it was kept.
        return 1 - failing / max(one.tolerance, failing) / 2
    return (1 - failing) / (1 - one.tolerance) / 2


@dataclass(frozen=True)
class Term:
    """One rule's part in a score."""

    dimension: str
    rule: str
    severity: str
    weight: int
    points: float
    """From 0 to 1."""
    lost: float
    """Points of 100 that the table's score would gain, were the rule kept by every row."""
    measurement: Measurement


def terms(found: Iterable[Measurement], table: str) -> list[Term]:
    """How the score of a table comes about: each rule with its points and its weight, the one that costs most first.

    A rule for which there was nothing to measure has no points, and no part.
    """
    newest = {one.rule: one for one in sorted(promised(found), key=lambda one: one.at) if one.table == table}
    dimensions: dict[str, list[Measurement]] = defaultdict(list)
    for one in newest.values():
        if one.passed is not None:
            dimensions[one.dimension or "validity"].append(one)
    made = []
    for name, rules in dimensions.items():
        whole = sum(WEIGHTS.get(one.severity, WEIGHTS["error"]) for one in rules) * len(dimensions)
        for one in rules:
            weight, worth = WEIGHTS.get(one.severity, WEIGHTS["error"]), points(one)
            made.append(Term(name, one.rule, one.severity, weight, worth, 100 * weight * (1 - worth) / whole, one))
    return sorted(made, key=lambda one: (-one.lost, one.dimension, one.rule))


def scores(found: Iterable[Measurement], *, since: str = "") -> list[TableScore]:
    """The score of each table that was measured, by name, over the rules that still hold.

    Args:
        found: measurements, in any order.
        since: the run to compare with; for each table the run before its newest one when empty. A table that had not been
            measured by then has no trend.

    Raises:
        UsageError: no measurement is of the run `since`.
    """
    ordered = sorted(promised(found), key=lambda one: one.at)
    if since and all(one.run_id != since for one in ordered):
        raise UsageError.unknown("run", since, {one.run_id for one in ordered})
    then = max((one.at for one in ordered if one.run_id == since), default=None)
    tables: dict[str, list[Measurement]] = defaultdict(list)
    for one in ordered:
        tables[one.table].append(one)
    return [_with_trend(table, tables[table], then) for table in sorted(tables)]


def _with_trend(table: str, found: Sequence[Measurement], then: datetime | None) -> TableScore:
    if then is None:
        newest = found[-1].run_id
        before = [one for one in found if one.run_id != newest]
    else:
        before = [one for one in found if one.at <= then]
    return _score(table, found, _score(table, before) if before else None)


def _score(table: str, found: Sequence[Measurement], earlier: TableScore | None = None) -> TableScore:
    newest = {one.rule: one for one in found}
    by_dimension: dict[str, list[Measurement]] = {name: [] for name in DIMENSIONS}
    known = [one for one in newest.values() if one.passed is not None]
    for one in known:
        # A dimension of somebody's own counts beside the seven.
        by_dimension.setdefault(one.dimension or "validity", []).append(one)
    dimensions = {name: _mean(rules) for name, rules in by_dimension.items()}
    scored = [score for score in dimensions.values() if score is not None]
    overall = fmean(scored) if scored else None
    return TableScore(table, found[-1].at, overall, dimensions, len(known), len(newest) - len(known), earlier)


def _mean(rules: Sequence[Measurement]) -> float | None:
    """The weighted mean of the rules' points, from 0 to 100."""
    if not rules:
        return None
    return 100 * fmean([points(one) for one in rules], [WEIGHTS.get(one.severity, WEIGHTS["error"]) for one in rules])
