"""Every notebook agrees with its scenario's declaration; that it runs is shown beside its scenario, in tests/scenarios."""

from __future__ import annotations

import ast
import importlib

import nbformat
import pytest

from tests.homes import notebook_values
from tests.scenarios.every import EveryScenario
from toolkit import scenario
from toolkit.scenario import Scenario

SCENARIOS = [s for s in scenario.discover().values() if s.notebook.exists()]


def cells(declared: Scenario) -> list[nbformat.NotebookNode]:
    return list(nbformat.read(declared.notebook, 4).cells)


def ids(declared: Scenario) -> str:
    return declared.id


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_the_parameters_are_the_scenarios_own(declared: Scenario) -> None:
    given = notebook_values(declared)
    assert list(given) == list(declared.parameters.model_fields)
    declared.parse(given)


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_every_step_appears_once_and_in_order(declared: Scenario) -> None:
    calls = [
        node.args[0].value  # type: ignore[attr-defined]
        for cell in cells(declared)
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "step"
    ]
    assert calls == [step.name for step in declared.steps]


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_only_the_summary_is_kept_with_its_output(declared: Scenario) -> None:
    kept = [c for c in cells(declared) if c.cell_type == "code" and c.outputs]
    assert [c.metadata.get("tags") for c in kept] == [["nbval-check-output"]]


@pytest.mark.parametrize("declared", SCENARIOS, ids=ids)
def test_it_runs_in_the_tests_of_its_scenario(declared: Scenario) -> None:
    module = importlib.import_module(f"tests.scenarios.test_{declared.id}")
    tests = [found for found in vars(module).values() if isinstance(found, type) and issubclass(found, EveryScenario)]
    assert declared.id in [found.declared.id for found in tests if found is not EveryScenario]
