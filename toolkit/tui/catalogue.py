"""The scenarios, for a screen: those that can be read, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from toolkit.errors import UsageError
from toolkit.scenario import Scenario, survey
from toolkit.tui.problems import Problem, told


@dataclass(frozen=True)
class Catalogue:
    """The scenarios that can be used; `problem` tells which folders cannot."""

    scenarios: tuple[Scenario, ...]
    problem: Problem | None = None


def read() -> Catalogue:
    """Every scenario in the order of lists; one folder that cannot be read does not hide the others."""
    try:
        found = survey()
    except Exception as problem:
        return Catalogue((), told(problem))
    return Catalogue(_in_order(found.scenarios.values()), _broken(list(found.broken.values())))


def _broken(found: Sequence[UsageError]) -> Problem | None:
    """What is wrong with the folders that cannot be used, one line each; None when all can."""
    if len(found) == 1:
        return told(found[0])
    return Problem("\n".join(one.what for one in found), cure="Mend or move these folders.") if found else None


def _in_order(found: Iterable[Scenario]) -> tuple[Scenario, ...]:
    return tuple(sorted(found, key=lambda s: (s.order, s.title.casefold())))


def matching(found: tuple[Scenario, ...], words: str) -> list[Scenario]:
    """The scenarios that hold every one of `words` in their id, title, question, topics or tables."""
    wanted = words.casefold().split()
    return [s for s in found if all(word in _haystack(s) for word in wanted)]


def _haystack(scenario: Scenario) -> str:
    parts = (scenario.id, scenario.title, scenario.question, *scenario.topics, *scenario.written)
    return " ".join(parts).casefold()


def tables_by_layer(scenario: Scenario) -> dict[str, list[str]]:
    """The tables that a scenario writes, without their layer, by layer in the order data flows."""
    found: dict[str, list[str]] = {}
    for table in scenario.written:
        layer, _, name = table.partition(".")
        found.setdefault(layer, []).append(name)
    return found
