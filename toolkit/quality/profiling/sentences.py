"""What a profile found beyond one column's numbers, as sentences: likely keys, references, pairs that go together.

Owns which finds are worth a sentence, and its words. Must not need Spark: a profile is all it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from toolkit.quality.profiling.confidence import LEAST_SHARE
from toolkit.quality.profiling.model import ColumnProfile, ForeignKey, Ordering, Profile
from toolkit.words import literal, plural, share

_MOSTLY_FOUND = 0.5
"""Where the names agree, the rows that refer to nothing are news, too."""
_MOSTLY_ORDERED = 0.9


@dataclass(frozen=True)
class Finding:
    """One find: what it is, the columns of the table that it is about, and what to say of it."""

    kind: Literal["key", "reference", "together", "order"]
    columns: tuple[str, ...]
    sentence: str


def findings(profile: Profile) -> tuple[Finding, ...]:
    """What is worth a sentence: keys first, then references, numbers that go together, and times in order."""
    return tuple(_found(profile))


def as_text(profile: Profile) -> str:
    """A profile in lines: what was read, each column, and what is worth a sentence."""
    of = f" of a sample of {share(profile.sample)}" if profile.sample is not None else ""
    head = f"{profile.table or 'A table'}: {plural(profile.rows, 'row')}{of}, {plural(len(profile.columns), 'column')}"
    width = max((len(column.name) for column in profile.columns), default=0)
    columns = [f"  {literal(column.name):<{width}}  {_in_a_line(column)}" for column in profile.columns]
    return "\n".join([head, *columns, *(f"  {finding.sentence}" for finding in findings(profile))])


def _in_a_line(column: ColumnProfile) -> str:
    parts = [column.type, f"{share(column.null_share)} null" if column.nulls else "no nulls"]
    if column.distinct is not None:
        parts.append(f"{'' if column.distinct_exact else 'about '}{plural(column.distinct, 'different value')}")
    if column.min is not None:
        parts.append(literal(f"{column.min} to {column.max}"))
    return ", ".join(parts)


def refuted(profile: Profile) -> Iterator[str]:
    """The likely keys that are none, as an exact count has found."""
    return (_no_key(profile.column(name)) for name in profile.refuted_keys)


def is_estimated(profile: Profile) -> bool:
    """Whether a likely key of the whole table rests on an estimate, so that counting can confirm it."""
    return profile.sample is None and any(c.likely_key and not c.distinct_exact for c in profile.columns)


def _found(profile: Profile) -> Iterator[Finding]:
    for column in profile.columns:
        if column.likely_key:
            yield Finding("key", (column.name,), _key(column, profile))
    for name in profile.refuted_keys:
        yield Finding("key", (name,), _no_key(profile.column(name)))
    for key in profile.foreign_keys:
        if _is_likely(key, profile):
            yield Finding("reference", (key.column,), _reference(key))
    for pair in profile.correlations:
        how = "go together" if pair.r > 0 else "go against each other"
        yield Finding("together", (pair.one, pair.other), f"{pair.one} and {pair.other} {how} (r = {pair.r:.2f})")
    for order in profile.orderings:
        if order.kept >= order.rows * _MOSTLY_ORDERED:
            yield Finding("order", (order.first, order.second), _order(order))


def _key(column: ColumnProfile, profile: Profile) -> str:
    rows = f"{column.rows:,} rows{' of the sample' if profile.sample else ''}"
    if column.distinct_exact:
        return f"Likely key: {column.name} (each of {rows} has its own)"
    return f"Likely key: {column.name} (about as many values as the {rows}, estimated)"


def _no_key(column: ColumnProfile) -> str:
    return f"No key: {column.name} ({column.distinct:,} different values in {column.rows:,} rows, counted)"


def _is_likely(key: ForeignKey, profile: Profile) -> bool:
    """Small whole numbers are found in any key, so for numbers the names have to agree; texts are hardly found by chance."""
    if key.named_alike:
        return key.found >= key.rows * _MOSTLY_FOUND
    return profile.column(key.column).kind == "text" and key.found >= key.rows * LEAST_SHARE


def _reference(key: ForeignKey) -> str:
    found = "all" if key.found == key.rows else f"{key.found:,} of"
    names = "" if key.named_alike else ", though the names differ"
    return f"{key.column} looks like a reference to {key.to}.{key.key} ({found} {key.rows:,} rows found{names})"


def _order(order: Ordering) -> str:
    if order.kept == order.rows:
        return f"{order.first} is never after {order.second} ({order.rows:,} rows)"
    late = order.rows - order.kept
    return f"{order.first} is seldom after {order.second} ({late:,} of {order.rows:,} rows)"
