"""What the events of runs say that rules found."""

from __future__ import annotations

from typing import Any

from toolkit import runs
from toolkit.quality.records import RESULTS
from toolkit.runs import RunFolder, RunView


def results_of(view: RunView) -> list[dict[str, Any]]:
    """What rules found in a run: the data of an event for each rule on each table, in order."""
    return view.records.get(RESULTS, [])


def newest_judging(table: str | None = None) -> tuple[RunFolder, list[dict[str, Any]]] | None:
    """The newest run that judged something, or that judged `table`, with what it found; None when none did.

    Whatever ran since, as a profile does, found nothing about rules, and is passed over.
    """
    for folder in runs.history():
        results = results_of(folder.view())
        if any(table in {None, result["table"]} for result in results):
            return folder, results
    return None
