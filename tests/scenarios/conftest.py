"""Lakehouses that scenarios built with the parameters of their notebooks, once for all tests, which leave them as they are."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.homes import WarmHome, as_words, made_once, notebook_values
from toolkit import scenario

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests in this folder start a Java, or read what one has made."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("spark")


@pytest.fixture(scope="session")
def home_of(tmp_path_factory: pytest.TempPathFactory, shared_spark: SparkSession) -> Callable[[str], WarmHome]:
    """The home that a scenario has filled."""

    def find(name: str) -> WarmHome:
        def make(folder: Path) -> None:
            WarmHome(folder, shared_spark).run(*as_words(notebook_values(scenario.get(name))), scenario=name)

        return WarmHome(made_once(tmp_path_factory, name, make), shared_spark)

    return find


@pytest.fixture(scope="session")
def built(home_of: Callable[[str], WarmHome]) -> WarmHome:
    """The retail lakehouse."""
    return home_of("retail_lakehouse")


@pytest.fixture(scope="session")
def gated(home_of: Callable[[str], WarmHome]) -> WarmHome:
    """The bad day."""
    return home_of("quality_gate")


@pytest.fixture(scope="session")
def delivered(home_of: Callable[[str], WarmHome]) -> WarmHome:
    """The broken contract."""
    return home_of("contract_break")


@pytest.fixture(scope="session")
def drifted(home_of: Callable[[str], WarmHome]) -> WarmHome:
    """The silent drift."""
    return home_of("silent_drift")


@pytest.fixture
def copied(built: WarmHome, tmp_path: Path) -> WarmHome:
    """A copy of the retail lakehouse, to be changed."""
    return copy_of(built, tmp_path / "copied")


def copy_of(home: WarmHome, folder: Path) -> WarmHome:
    """A copy of a home, to be changed."""
    shutil.copytree(home.path, folder)
    return WarmHome(folder, home.spark)
