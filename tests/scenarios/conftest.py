"""Lakehouses that scenarios built by the command line, once for all tests, which leave them as they are."""

from __future__ import annotations

import pytest

from tests.homes import Home, made_once

CHOSEN = {
    "quality_gate": {"orders": "5000", "seed": "11"},
    "contract_break": {"orders": "5000", "seed": "11"},
    "silent_drift": {"orders": "40000", "seed": "11"},
}
"""Parameters of each, small."""


def chosen(scenario: str) -> list[str]:
    """The parameters as words of a command."""
    return [word for name, value in CHOSEN[scenario].items() for word in ("-p", name, value)]


def _built(factory: pytest.TempPathFactory, scenario: str) -> Home:
    return Home(made_once(factory, scenario, lambda folder: Home(folder).run(*chosen(scenario), scenario=scenario)))


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The bad day."""
    return _built(tmp_path_factory, "quality_gate")


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The broken contract."""
    return _built(tmp_path_factory, "contract_break")


@pytest.fixture(scope="session")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The silent drift."""
    return _built(tmp_path_factory, "silent_drift")
