"""Which columns of a view have room in a line, and how wide each is.

Where there is no room for all, whole columns are given up; no value is ever cut into another value. Only prose makes room.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from toolkit.kinds import KINDS, text
from toolkit.views import Column, Row

LEAST = 24
"""Characters that a column of prose, or of a series, is given at least where it has to share a line."""
GAP = 2


def usual(columns: Sequence[Column]) -> list[Column]:
    """The columns that are shown without being asked for."""
    return [column for column in columns if column.shown != "asked"]


def needed(column: Column, rows: Sequence[Row]) -> int:
    """Characters that a column needs: its widest value and its heading; what is elastic needs no more than `LEAST`."""
    widest = _widest(column, rows)
    return max(min(widest, LEAST) if KINDS[column.kind].elastic else widest, cell_len(column.title))


def fitting(columns: Sequence[Column], rows: Sequence[Row], width: int, gap: int = GAP) -> list[Column]:
    """The columns that have room, those for wide screens given up from the last; none where the least has no room."""
    kept = list(columns)
    room = {column.name: needed(column, rows) + gap for column in kept}
    while sum(room[column.name] for column in kept) - gap > width:
        wide = [column for column in kept if column.shown == "wide"]
        if not wide:
            return []
        kept.remove(wide[-1])
    return kept


def widths(columns: Sequence[Column], rows: Sequence[Row], width: int, gap: int = GAP) -> dict[str, int]:
    """Characters for each of the columns; what the others leave is shared by those that are elastic."""
    found = {column.name: needed(column, rows) for column in columns}
    spare = width - sum(found.values()) - gap * (len(columns) - 1)
    elastic = [column for column in columns if KINDS[column.kind].elastic]
    for number, column in enumerate(elastic):
        wanted = max(_widest(column, rows) - found[column.name], 0)
        more = min(wanted, max(spare, 0) // (len(elastic) - number))
        found[column.name] += more
        spare -= more
    return found


def _widest(column: Column, rows: Sequence[Row]) -> int:
    return max((cell_len(text(column.kind, row.get(column.name))) for row in rows), default=0)
