"""A profile as lines of a table, one for each column, and as sentences beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from toolkit.quality.history import sparkline
from toolkit.quality.profiling import ColumnProfile, Profile, findings
from toolkit.quality.reports import printable

MOST_SENTENCES = 5
"""Of one kind: thirty numbers that go together are 435 pairs."""


def lines(profile: Profile) -> list[dict[str, Any]]:
    """What a person wants to know of each column first."""
    return [_line(column) for column in profile.columns]


def sentences(profile: Profile) -> Iterator[str]:
    """What columns are to each other and to other tables: at most five of a kind, the strongest first."""
    for _, alike in groupby(findings(profile), key=lambda one: one.kind):
        found = [printable(one.sentence) for one in alike]
        yield from found[:MOST_SENTENCES]
        if len(found) > MOST_SENTENCES:
            yield f"… and {len(found) - MOST_SENTENCES:,} more like that: --json has them all"


def refuted(profile: Profile) -> Iterator[str]:
    """The likely keys that are none, as an exact count has found."""
    for one in findings(profile):
        if one.kind == "key" and one.columns[0] in profile.refuted_keys:
            yield printable(one.sentence)


def _line(column: ColumnProfile) -> dict[str, Any]:
    return {
        "column": column.name,
        "type": column.type,
        "null": f"{column.nulls / column.rows:.1%}" if column.rows else "",
        "distinct": "" if column.distinct is None else f"{'' if column.distinct_exact else '~'}{column.distinct:,}",
        "from": "" if column.min is None else str(column.min),
        "to": "" if column.max is None else str(column.max),
        "shape": sparkline([float(count) for count in column.histogram.counts]) if column.histogram else "",
        "most often": ", ".join(f"{top.value} ({top.count:,})" for top in column.top[:3]),
    }
