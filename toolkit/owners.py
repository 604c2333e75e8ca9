"""Whose a table is: the scenario that wrote it last, with the parameters of that run.

What is done with a table outside a scenario's steps is done in its name, so that its rules and declarations hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit import runs
from toolkit import scenario as scenarios
from toolkit.errors import DataError, UsageError
from toolkit.parameters import Parameters
from toolkit.scenario import Scenario
from toolkit.store.lakehouse import Lakehouse

NOBODY = Scenario(
    id="tables",
    title="Tables",
    question="What is in this table?",
    story="Tables that no scenario wrote.",
    parameters=Parameters,
    steps=(),
    tables=(),
)
"""Stands for the scenario of a table that no scenario wrote."""


@dataclass(frozen=True)
class Owner:
    """Who wrote a table."""

    scenario: Scenario
    parameters: Parameters


def owner(table: str) -> Owner:
    """The scenario that wrote the table last, with the parameters of that run; `NOBODY` when none did.

    Raises:
        UsageError: there is no such table.
    """
    if not table:
        return Owner(NOBODY, Parameters())
    for version in Lakehouse.default().open(table).history():
        name = str(version.user_metadata.get("scenario", ""))
        if name and (found := scenarios.discover().get(name)):
            return Owner(found, found.parse(_parameters(version.run_id)))
    return Owner(NOBODY, Parameters())


def as_run_last(scenario: str) -> Owner:
    """A scenario, with the parameters of its last run, or the defaults where it was not run.

    Raises:
        UsageError: there is none of that id.
    """
    whose = scenarios.get(scenario)
    last = next((run for run in runs.history() if _ran(run, scenario)), None)
    return Owner(whose, whose.parse(_parameters(last.run_id) if last else {}))


def _ran(run: runs.RunFolder, scenario: str) -> bool:
    """Whether it was a run of this scenario itself, as far as that can be read."""
    try:
        record = run.record()
    except DataError:
        return False
    return record.scenario == scenario and record.via != "task"


def _parameters(run_id: str) -> dict[str, Any]:
    """What a run was started with; nothing, so the defaults, if its folder is gone."""
    try:
        return runs.find(run_id).record().parameters
    except (UsageError, DataError):
        return {}
