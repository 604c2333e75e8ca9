"""A profile as lines of a table: one for each column, with its histogram."""

from __future__ import annotations

from typing import Any

from toolkit.quality.history import sparkline
from toolkit.quality.profiling import ColumnProfile, Profile


def lines(profile: Profile) -> list[dict[str, Any]]:
    """What a person wants to know of each column first."""
    return [_line(column) for column in profile.columns]


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
