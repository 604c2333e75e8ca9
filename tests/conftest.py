"""Fixtures of all tests: a state of their own, the command line in this process, and one Spark session, if asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import scenarios
from tests.homes import home, started
from toolkit import settings
from toolkit.errors import SetupError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.governed_world import World
    from toolkit.service import Service

__all__ = ["home", "started"]

_KEPT = {"TOOLKIT_CACHE", "TOOLKIT_MAVEN"}
_LONGEST_FIRST = ("scenarios/test_retail", "scenarios", "notebooks", "spark", "tui", "contracts", "unit")
"""How files of tests begin. A worker takes the next one when it is done, so the short ones in the end even things out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which part of the tests is wanted."""
    parser.addoption(
        "--quick", action="store_true", help="leave out what starts a Java, but for one test, and what is slow"
    )
    parser.addoption("--soak", action="store_true", help="run the rest of the long matrices, and nothing else")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files first, and leave out what is not wanted now."""
    quick, soak = config.getoption("--quick"), config.getoption("--soak")
    wanted = {item for item in items if _is_wanted({mark.name for mark in item.iter_markers()}, quick, soak)}
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = sorted((item for item in items if item in wanted), key=_rank)


def _is_wanted(marks: set[str], quick: bool, soak: bool) -> bool:
    if soak or "soak" in marks:
        return soak and "soak" in marks
    return not quick or "smoke" in marks or not marks & {"spark", "slow"}


def _rank(item: pytest.Item) -> int:
    file = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((place for place, start in enumerate(_LONGEST_FIRST) if file.startswith(start)), 0)


def pytest_configure(config: pytest.Config) -> None:
    """All warnings are errors but one: pyspark leaves the socket of each `collect` to the garbage collector."""
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="session", autouse=True)
def _undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the user's choices or touches the user's state; only the jars are shared."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("TOOLKIT_") and n not in _KEPT]:
            patch.delenv(name)
        patch.setenv("TOOLKIT_ENV", "test")
        patch.setenv("TOOLKIT_HOME", str(tmp_path_factory.mktemp("home")))
        settings.current.cache_clear()
        yield
    settings.current.cache_clear()


@pytest.fixture
def toolkit_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`TOOLKIT_HOME` of this test alone; it is not made yet."""
    home = tmp_path / "toolkit-home"
    monkeypatch.setenv("TOOLKIT_HOME", str(home))
    return home


@pytest.fixture
def scenario_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder on `TOOLKIT_SCENARIOS`; what is imported from it is forgotten afterwards."""
    root = tmp_path / "my-scenarios"
    root.mkdir()
    monkeypatch.setenv("TOOLKIT_SCENARIOS", str(root))
    path, modules = list(scenarios.__path__), set(sys.modules)
    yield root
    scenarios.__path__[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("scenarios."):
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent == "scenarios":
                vars(scenarios).pop(child, None)


@dataclass(frozen=True)
class Told:
    """What a command returned and printed."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs `toolkit …` in this process, through the very function that the program starts with."""
    from toolkit.cli import main

    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["toolkit", *arguments])
        monkeypatch.delenv("TOOLKIT_DEBUG", raising=False)
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capfd.readouterr()
        return Told(code, printed.out, printed.err)

    return run


def _install(service: Service) -> None:
    """Bring what a service needs into the cache that all tests share; it stays there."""
    try:
        service.install()
    except SetupError as problem:
        pytest.skip(f"{service.title} cannot be installed here: {problem}")


@pytest.fixture(scope="session")
def azurite_installed() -> None:
    """Azurite, in the cache."""
    from toolkit.services.azurite import AZURITE

    _install(AZURITE)


@pytest.fixture(scope="session")
def postgres_installed() -> None:
    """PostgreSQL, in the cache."""
    from toolkit.services.postgres import POSTGRES

    _install(POSTGRES)


@pytest.fixture(scope="session")
def governed_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A governed lakehouse that tests take copies of: to make one takes longer."""
    from tests.governed_world import World

    home = tmp_path_factory.mktemp("governed_template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(home))
        return World(home).govern()


@pytest.fixture(scope="session")
def shared_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session of this process, as `environments/test.toml` says; started when the first test asks."""
    from toolkit import session
    from toolkit.driver import Driver

    log = tmp_path_factory.mktemp("spark") / "log.txt"
    spark = session.start(settings.current(), name="tests", log=log, driver=Driver("azure", more=("postgres", "kafka")))
    yield spark
    session.stop(spark)


@pytest.fixture
def spark(shared_spark: SparkSession) -> Iterator[SparkSession]:
    """The session that everyone shares, given back as it was found."""
    yield shared_spark
    for view in shared_spark.catalog.listTables():
        if view.isTemporary:
            shared_spark.catalog.dropTempView(view.name)
    shared_spark.catalog.clearCache()
