"""Which runs checked something, and what they found."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit import runs
from toolkit.quality.run_results import results_of
from toolkit.quality.verdicts import TableVerdict, by_table
from toolkit.tui.palette import glyph
from toolkit.words import when

MOST_RUNS = 100
LOOK_BACK = 20
"""How many runs are searched for the newest that checked anything."""


@dataclass(frozen=True)
class RunChoice:
    """A run to choose."""

    run_id: str
    label: str


@dataclass(frozen=True)
class QualityOfRun:
    """What one run found."""

    choices: tuple[RunChoice, ...]
    run_id: str
    tables: tuple[TableVerdict, ...]
    running: bool


def read(run_id: str = "") -> QualityOfRun:
    """The quality of a run; without an id, of the newest that checked anything."""
    lines = runs.history()[:MOST_RUNS]
    choices = tuple(RunChoice(line.run_id, _label(line)) for line in lines)
    running = {line.run_id for line in lines if line.status == "running"}
    candidates = [run_id] if run_id else [line.run_id for line in lines[:LOOK_BACK]]
    for candidate in candidates:
        tables = tuple(by_table(results_of(runs.RunFolder(runs.runs_home() / candidate).view())))
        if tables or run_id:
            return QualityOfRun(choices, candidate, tables, candidate in running)
    newest = lines[0].run_id if lines else ""
    return QualityOfRun(choices, newest, (), newest in running)


def _label(line: runs.RunFolder) -> str:
    if line.status == "damaged":
        return f"✖ {line.run_id}"
    record = line.record()
    return f"{glyph(line.status)} {when(record.started_at)}  {record.scenario}  {line.run_id[-4:]}"
