"""What change events make of a table, in plain Python: slow, obvious, and without any of the code that it is held against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """One change: of which key, when, and what; `values` is None for a delete."""

    key: int
    at: int
    values: tuple[Any, ...] | None


@dataclass
class Model:
    """All events that have come, whatever their order."""

    tracked: Sequence[int] = (0, 1)
    """Places in `values` whose change begins an interval."""
    ignore_nulls: bool = False
    rows_of_deletes: bool = False
    has_tie_break: bool = False
    events: set[Event] = field(default_factory=set)

    def add(self, events: Iterable[Event]) -> None:
        """More events."""
        self.events |= set(events)

    def of_key(self, key: int) -> list[Event]:
        """Its events in order, nulls filled from those before in the same life."""
        told, before = [], None
        mine = [e for e in self.events if e.key == key]
        decided = [self.decided([e for e in mine if e.at == at]) for at in sorted({e.at for e in mine})]
        for event in decided:
            values = event.values
            if values is not None and self.ignore_nulls and before is not None:
                values = tuple(old if new is None else new for old, new in zip(before, values, strict=True))
            told.append(Event(key, event.at, values))
            before = values
        return told

    def decided(self, at_one_place: Sequence[Event]) -> Event:
        """The one that counts: that with the greatest first value; a delete has none."""
        if not self.has_tie_break:
            (event,) = at_one_place
            return event
        return max(at_one_place, key=lambda e: (e.values is not None, e.values))

    @property
    def keys(self) -> list[int]:
        """Of all events."""
        return sorted({e.key for e in self.events})

    def intervals(self) -> list[tuple[Any, ...]]:
        """Rows of type 2: key, values, start, end (and whether it is a delete)."""
        rows: list[list[Any]] = []
        for key in self.keys:
            mine: list[list[Any]] = []
            living: list[Any] | None = None
            last: tuple[Any, ...] | None = None
            for event in self.of_key(key):
                open_row = mine[-1] if mine and mine[-1][3] is None else None
                if event.values is None:
                    if living is None and not (self.rows_of_deletes and not (open_row and open_row[4])):
                        continue
                    if open_row:
                        open_row[3] = event.at
                    if self.rows_of_deletes:
                        mine.append([key, last, event.at, None, True])
                    living = None
                    continue
                if living is not None and all(living[1][n] == event.values[n] for n in self.tracked):
                    living[1] = event.values
                else:
                    if open_row:
                        open_row[3] = event.at
                    living = [key, event.values, event.at, None, False]
                    mine.append(living)
                last = event.values
            rows += mine
        return [tuple(row) for row in rows]

    def present(self) -> list[tuple[Any, ...]]:
        """Rows of type 1: key, values, sequence."""
        newest = [self.of_key(key)[-1] for key in self.keys]
        return [(e.key, e.values, e.at) for e in newest if e.values is not None]

    def first(self) -> list[tuple[Any, ...]]:
        """Rows of type 0: the values with which each living key's life began."""
        rows = []
        for key in self.keys:
            begun = None
            for event in self.of_key(key):
                begun = None if event.values is None else begun or event
            if begun:
                rows.append((begun.key, begun.values, begun.at))
        return rows

    def previous(self) -> list[tuple[Any, ...]]:
        """Rows of type 3: key, values, what each tracked value was before, sequence."""
        rows = []
        for key in self.keys:
            now: tuple[Any, ...] | None = None
            before: dict[int, Any] = {}
            at = 0
            for event in self.of_key(key):
                if event.values is None:
                    now, before = None, {}
                    continue
                if now is not None:
                    before |= {n: now[n] for n in self.tracked if now[n] != event.values[n]}
                now, at = event.values, event.at
            if now is not None:
                rows.append((key, now, tuple(before.get(n) for n in self.tracked), at))
        return rows
