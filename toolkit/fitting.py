"""Which columns of a view have room in a line, and how wide each is.

Where there is no room for all, whole columns are given up; no value is ever cut into another value. Only prose makes room.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from toolkit.kinds import KINDS, text
from toolkit.views import Column, Row

LEAST_PROSE = 24
"""Characters that a column of prose is given at least, where it has to share a line."""
GAP = 2


def usual(columns: Sequence[Column]) -> list[Column]:
    """The columns that are shown without being asked for."""
    return [column for column in columns if column.shown != "asked"]


def needed(column: Column, rows: Sequence[Row]) -> int:
    """Characters that a column needs: its widest value and its heading; of prose no more than it can be broken to."""
    return max(min(_widest(column, rows), LEAST_PROSE if KINDS[column.kind].prose else 10_000), cell_len(column.title))


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


def prose_width(columns: Sequence[Column], rows: Sequence[Row], width: int, gap: int = GAP) -> int:
    """Characters that each column of prose can have when the others have what they need."""
    prose = [column for column in columns if KINDS[column.kind].prose]
    if not prose:
        return 0
    rest = sum(needed(column, rows) for column in columns if column not in prose) + gap * (len(columns) - 1)
    return max((width - rest) // len(prose), LEAST_PROSE)


def _widest(column: Column, rows: Sequence[Row]) -> int:
    return max((cell_len(text(column.kind, row.get(column.name))) for row in rows), default=0)
