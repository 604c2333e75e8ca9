"""Where a run spends its time, from its events: `python -m benchmarks where RUN_ID`.

Every second between two events belongs to the later one, so the parts add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Console
from rich.table import Table
from rich.text import Text

from toolkit import runs
from toolkit.events import Event


@dataclass(frozen=True)
class Spent:
    """Seconds of one part of a step: the writing of a table, or what follows it."""

    step: str
    what: str
    seconds: float
    rows: int | None = None


def spent(events: Iterable[Event]) -> list[Spent]:
    """The parts of a run, in order; progress events mark nothing, and equal neighbours are joined."""
    told = [event for event in events if event.kind != "step_progressed"]
    parts = [
        Spent(event.step or "", _what(event), (event.at - before.at).total_seconds(), _rows(event))
        for before, event in pairwise(told)
    ]
    return _joined(parts)


def _what(event: Event) -> str:
    match event.kind:
        case "rows":
            return str(event.data["table"])
        case "record":
            return f"examples of {event.data['table']}"
        case "step_started":
            return "deciding whether it is up to date"
        case _:
            return "the rest"


def _rows(event: Event) -> int | None:
    return int(event.data["rows"]) if event.kind == "rows" else None


def _joined(parts: Sequence[Spent]) -> list[Spent]:
    joined: list[Spent] = []
    for part in parts:
        if joined and (joined[-1].step, joined[-1].what) == (part.step, part.what):
            joined[-1] = Spent(part.step, part.what, joined[-1].seconds + part.seconds, part.rows)
        else:
            joined.append(part)
    return joined


def show(run_id: str, console: Console) -> None:
    """Print the parts of a run of this `TOOLKIT_HOME`; `latest`, or the end of an id, will do.

    Raises:
        UsageError: no such run.
    """
    run = runs.find(run_id)
    console.print(as_table(run.run_id, spent(run.events())))


def as_table(title: str, parts: Sequence[Spent]) -> Table:
    """Steps with their parts below; parts of less than a hundredth of a second are left out."""
    total = sum(part.seconds for part in parts) or 1.0
    table = Table(title=title, box=None, title_justify="left", padding=(0, 2, 0, 0))
    table.add_column("step, table")
    for name in ("seconds", "share", "rows"):
        table.add_column(name, justify="right")
    for step in dict.fromkeys(part.step for part in parts):
        mine = [part for part in parts if part.step == step]
        _row(table, Text(step or "the run itself", "bold"), sum(p.seconds for p in mine), total, None)
        for part in (p for p in mine if p.seconds >= 0.01):
            _row(table, Text(f"  {part.what}"), part.seconds, total, part.rows)
    _row(table, Text("all", "bold"), total, total, None)
    return table


def _row(table: Table, what: Text, seconds: float, total: float, rows: int | None) -> None:
    table.add_row(what, f"{seconds:.2f}", f"{seconds / total:.0%}", "" if rows is None else f"{rows:,}")
