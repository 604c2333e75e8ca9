"""The scenarios, for a screen: those that can be read, and what is wrong with the rest."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import scenarios
from toolkit.scenario import Scenario, discover
from toolkit.tui.problems import Problem, told


@dataclass(frozen=True)
class Catalogue:
    """What `discover` found; with `problem` set, as many scenarios as could be read all the same."""

    scenarios: tuple[Scenario, ...]
    problem: Problem | None = None


def read() -> Catalogue:
    """Every scenario in the order of lists; one folder that cannot be read does not hide the others."""
    try:
        return Catalogue(_in_order(discover().values()))
    except Exception as problem:
        return Catalogue(_in_order(_readable()), told(problem))


def _in_order(found: Iterable[Scenario]) -> tuple[Scenario, ...]:
    return tuple(sorted(found, key=lambda s: (s.order, s.title.casefold())))


def _readable() -> list[Scenario]:
    """The scenarios on the package's path whose declaration imports."""
    found: dict[str, Scenario] = {}
    for root in scenarios.__path__:
        for file in sorted(Path(root).glob("*/scenario.py")):
            try:
                declared = importlib.import_module(f"scenarios.{file.parent.name}.scenario").SCENARIO
            except Exception:  # noqa: S112  # told by `discover` already
                continue
            if isinstance(declared, Scenario):
                found.setdefault(declared.id, declared)
    return list(found.values())


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
