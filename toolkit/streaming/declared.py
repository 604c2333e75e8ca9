"""The streams that scenarios declare: those that can be kept at work by their name, without a run of the scenario."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit import scenario as scenarios
from toolkit.errors import UsageError
from toolkit.scenario import Scenario, ScenarioStream
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of


@dataclass(frozen=True)
class Declared:
    """A stream by its name: whose it is, and how it is declared there."""

    scenario: Scenario
    stream: ScenarioStream

    @property
    def name(self) -> str:
        """As scenario.stream."""
        return f"{self.scenario.id}.{self.stream.name}"

    @property
    def checkpoint(self) -> Checkpoint:
        """Its checkpoint, there or not."""
        return checkpoint_of(Lakehouse.default().root, self.scenario.id, self.stream.name)


def _all() -> list[Declared]:
    return [Declared(one, stream) for one in scenarios.discover().values() for stream in one.streams]


def declared_streams() -> list[str]:
    """Every stream that can be kept at work, as scenario.stream."""
    return [one.name for one in _all()]


def declared(name: str) -> list[Declared]:
    """The streams of that name: one, or all those of a scenario.

    Raises:
        UsageError: there is none that could be kept at work.
    """
    found = [one for one in _all() if name in (one.name, one.scenario.id)]
    if not found:
        raise UsageError.unknown(
            "stream", name, declared_streams(), cure="Others are taken by runs of their scenario only."
        )
    return found


def one_declared(name: str) -> Declared:
    """The stream of that name.

    Raises:
        UsageError: there is none, or the name is that of a scenario with several.
    """
    found = declared(name)
    if len(found) > 1:
        raise UsageError(f"{name} has several streams.", choices=[one.name for one in found])
    return found[0]
