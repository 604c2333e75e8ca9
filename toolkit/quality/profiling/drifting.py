"""How two profiles of a table differ, and whether it matters.

Owns the measures and their limits. Must not need Spark: two profiles are all it reads, be they of two days, two versions of
a Delta table, or a table and the one it was copied from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, log, sqrt
from typing import Literal

from toolkit.quality.profiling.model import ColumnProfile, Profile, Spread

What = Literal[
    "added", "removed", "retyped", "rows", "nulls", "blanks", "nan", "distinct", "range", "mean", "quantiles", "shares",
    "shapes", "new values",
]  # fmt: skip
Verdict = Literal["steady", "moved", "drifted"]
SMALLEST_SHARE = 0.0001
"""Stands in for a share of nothing, whose logarithm there is none of."""
_CHANCE = 2.58
"""Standard errors; chance alone goes further one time in a hundred."""
_KS_CHANCE = 1.63
"""The Kolmogorov-Smirnov distance that chance exceeds one time in a hundred, in units of sqrt((n + m) / (n * m))."""
_PERCENTILE_ERROR = 0.01
_BINS = 10


@dataclass(frozen=True)
class Limit:
    """From where on something has moved, and from where on it has drifted, with the source of the two numbers."""

    moved: float
    drifted: float
    source: str


_OURS = "our own choice"
_PSI = Limit(0.1, 0.25, "population stability index, the rule of thumb of credit scoring (Siddiqi, 2006)")
_COHEN = "Cohen, Statistical Power Analysis (1988): 0.2 is small, 0.5 medium"
LIMITS: dict[What, Limit] = {
    "rows": Limit(0.25, 0.7, f"|ln(after / before)|: a quarter, twice; {_OURS}"),
    "nulls": Limit(0.2, 0.5, f"h, the difference of 2 asin(sqrt(share)); {_COHEN}"),
    "blanks": Limit(0.2, 0.5, f"h, the difference of 2 asin(sqrt(share)); {_COHEN}"),
    "nan": Limit(0.2, 0.5, f"h, the difference of 2 asin(sqrt(share)); {_COHEN}"),
    "distinct": Limit(0.25, 0.7, f"|ln(after / before)|, of a key per row; {_OURS}"),
    "range": Limit(0.1, 0.5, f"how far values lie outside the range before, in units of that range; {_OURS}"),
    "mean": Limit(0.2, 0.5, f"d, in standard deviations; {_COHEN}"),
    "quantiles": Limit(0.1, 0.2, f"greatest distance of the two distributions (Kolmogorov-Smirnov); {_OURS}"),
    "shares": _PSI,
    "shapes": _PSI,
    "new values": Limit(0.01, 0.05, f"share of rows with values that there were none of; {_OURS}"),
}


@dataclass(frozen=True)
class Drift:
    """One difference.

    Attributes:
        column: empty for the table as a whole.
        what: what differs.
        before: as it was; a number, or a text to read.
        after: as it is.
        measured: the difference, as `LIMITS[what]` explains it; 0 for a change of the schema.
        size: `measured` in units of the limit from which on it counts as drifted; 1 and more is drift.
        verdict: `steady`, `moved`, or `drifted`.
    """

    column: str
    what: What
    before: float | str | None
    after: float | str | None
    measured: float
    size: float
    verdict: Verdict


def drift(before: Profile, after: Profile) -> tuple[Drift, ...]:
    """Every difference that can be measured, the greatest first, the steady ones at the end.

    A difference that chance alone would make one time in a hundred, given how many rows there are, is steady.
    """
    old, new = ({column.name: column for column in one.columns} for one in (before, after))
    found = [*_schema(old, new)]
    if before.sample is None and after.sample is None:
        found += _counted("", "rows", before.rows, after.rows)
    for name, column in old.items():
        if name in new and column.kind == new[name].kind:
            found += _column(column, new[name])
    return tuple(sorted(found, key=lambda one: (-one.size, one.column, one.what)))


def _schema(old: Mapping[str, ColumnProfile], new: Mapping[str, ColumnProfile]) -> Iterator[Drift]:
    for name in old.keys() - new.keys():
        yield Drift(name, "removed", old[name].type, None, 0.0, 1.0, "drifted")
    for name in new.keys() - old.keys():
        yield Drift(name, "added", None, new[name].type, 0.0, 1.0, "drifted")
    for name in old.keys() & new.keys():
        if old[name].type != new[name].type and old[name].kind != "struct":
            yield Drift(name, "retyped", old[name].type, new[name].type, 0.0, 1.0, "drifted")


def _column(old: ColumnProfile, new: ColumnProfile) -> Iterator[Drift]:
    if not old.rows or not new.rows:
        return
    yield _share(old.name, "nulls", (old.nulls, old.rows), (new.nulls, new.rows))
    if not old.given or not new.given:
        return
    if old.texts and new.texts:
        yield _share(old.name, "blanks", (old.texts.blank, old.given), (new.texts.blank, new.given))
    yield from _distinct(old, new)
    if old.spread and new.spread:
        if old.type in {"float", "double"}:
            yield _share(old.name, "nan", (old.spread.nan, old.given), (new.spread.nan, new.given))
        yield from _numbers(old, new, old.spread, new.spread)
    yield from _shares(old, new)


def _made(column: str, what: What, sides: Sequence[float | str | None], measured: float, noise: float = 0.0) -> Drift:
    """A difference, judged; what chance may have made is steady."""
    limit, clear = LIMITS[what], measured > noise
    size = measured / limit.drifted if clear else 0.0
    verdict: Verdict = "drifted" if size >= 1 else "moved" if clear and measured >= limit.moved else "steady"
    return Drift(column, what, sides[0], sides[1], measured, size, verdict)


def _counted(column: str, what: What, before: float, after: float) -> list[Drift]:
    if not before and not after:
        return []
    return [_made(column, what, (before, after), abs(log(max(after, 0.5) / max(before, 0.5))))]


def _share(column: str, what: What, before: tuple[int, int], after: tuple[int, int]) -> Drift:
    """Two shares, each as a count and its whole."""
    (old, n), (new, m) = before, after
    measured = abs(2 * asin(sqrt(new / m)) - 2 * asin(sqrt(old / n)))
    return _made(column, what, (old / n, new / m), measured, _CHANCE * sqrt(1 / n + 1 / m))


def _distinct(old: ColumnProfile, new: ColumnProfile) -> list[Drift]:
    if old.distinct is None or new.distinct is None:
        return []
    if old.likely_key:
        return _counted(old.name, "distinct", old.distinct / old.given, new.distinct / new.given)
    return _counted(old.name, "distinct", old.distinct, new.distinct)


def _numbers(old: ColumnProfile, new: ColumnProfile, was: Spread, now: Spread) -> Iterator[Drift]:
    if not was.percentiles or not now.percentiles or old.likely_key:
        return
    low, high, fresh_low, fresh_high = was.percentiles[0], was.percentiles[-1], now.percentiles[0], now.percentiles[-1]
    outside = max(low - fresh_low, fresh_high - high, 0.0)
    if high > low:
        yield _made(old.name, "range", (f"{old.min} to {old.max}", f"{new.min} to {new.max}"), outside / (high - low))
    noise = sqrt(1 / old.given + 1 / new.given)
    if was.mean is not None and now.mean is not None and was.stddev:
        yield _made(old.name, "mean", (was.mean, now.mean), abs(now.mean - was.mean) / was.stddev, _CHANCE * noise)
    sides = (_quartiles(was), _quartiles(now))
    yield _made(old.name, "quantiles", sides, distance(was, now), _KS_CHANCE * noise + _PERCENTILE_ERROR)
    if not (old.categorical and new.categorical):
        cuts = sorted({was.percentiles[i * 100 // _BINS] for i in range(1, _BINS)})
        yield _psi(old, new, "shares", [_between(was, cuts), _between(now, cuts)])


def distance(one: Spread, other: Spread) -> float:
    """Greatest difference of the shares at or below any percentile of either: Kolmogorov-Smirnov, to within 0.01."""
    steps = {*one.percentiles, *other.percentiles}
    return max(abs(one.share_up_to(step) - other.share_up_to(step)) for step in steps)


def _quartiles(spread: Spread) -> str:
    return " / ".join(f"{spread.percentiles[percent]:g}" for percent in (25, 50, 75))


def _between(spread: Spread, cuts: Sequence[float]) -> list[float]:
    shares = [0.0, *[spread.share_up_to(cut) for cut in cuts], 1.0]
    return [high - low for low, high in pairwise(shares)]


def _shares(old: ColumnProfile, new: ColumnProfile) -> Iterator[Drift]:
    """Of categories where all values are known, of shapes otherwise."""
    if old.categorical and new.top and (new.categorical or new.top_exact):
        was, now = ({str(top.value): top.count / c.given for top in c.top} for c in (old, new))
        yield _psi(old, new, "shares", _aligned(was, now))
        fresh = {value: share for value, share in now.items() if value not in was}
        yield _made(old.name, "new values", (None, ", ".join(fresh) or None), sum(fresh.values()))
    elif old.texts and new.texts and old.texts.shapes and new.texts.shapes:
        was, now = (
            {str(top.value): top.count / c.given for top in (c.texts.shapes if c.texts else ())} for c in (old, new)
        )
        yield _psi(old, new, "shapes", _aligned(was, now))


def _aligned(was: Mapping[str, float], now: Mapping[str, float]) -> list[list[float]]:
    """Shares of the same values in the same order; what is not told is a last share of its own."""
    values = [*was, *[value for value in now if value not in was]]
    return [[*[one.get(v, 0.0) for v in values], max(0.0, 1 - sum(one.values()))] for one in (was, now)]


def _psi(old: ColumnProfile, new: ColumnProfile, what: What, shares: Sequence[Sequence[float]]) -> Drift:
    measured = psi(*shares)
    # By chance, n * m / (n + m) times the index is about a chi-squared number with one less degree than bins.
    degrees = len(shares[0]) - 1
    chance = (degrees + _CHANCE * sqrt(2 * degrees)) * (1 / old.given + 1 / new.given)
    return _made(old.name, what, (_written(shares[0]), _written(shares[1])), measured, chance)


def psi(before: Sequence[float], after: Sequence[float]) -> float:
    """Population stability index of two lists of shares: the sum of (after - before) * ln(after / before)."""
    pairs = [(max(b, SMALLEST_SHARE), max(a, SMALLEST_SHARE)) for b, a in zip(before, after, strict=True)]
    return sum((a - b) * log(a / b) for b, a in pairs)


def _written(shares: Sequence[float]) -> str:
    return " / ".join(f"{share:.1%}" for share in shares)
