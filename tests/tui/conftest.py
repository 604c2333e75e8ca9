"""Fixtures of the app's tests: a lakehouse, a history and a scenario on disk, and an app that holds still.

Goldens are the text of a screen, in `goldens/`. After a change that you looked at, write them anew with

    pytest tests/tui --update-goldens
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import quality_world
import tui_world as world
from textual.app import App
from textual.widgets import Input
from tui_driving import held_still, screen_text

import scenarios as scenarios_package
from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import Launcher, Request

GOLDENS = Path(__file__).parent / "goldens"
SLOW_RUN = Path(__file__).parent / "slow_run.py"
SIZES = [(80, 24), (120, 40)]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one way to rewrite the goldens."""
    parser.addoption("--update-goldens", action="store_true", help="write the screens of the app as they are now")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that every test gets a copy of."""
    folder = tmp_path_factory.mktemp("world")
    world.build(folder / "home", folder / "scenarios")
    return folder


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cursor blinks, and every clock shows UTC."""
    monkeypatch.setattr(Input, "cursor_blink", False)
    monkeypatch.setenv("TZ", "UTC")
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home in which nothing happened yet; no scenario but the repository's."""
    home = tmp_path / "home"
    monkeypatch.setenv("TOOLKIT_HOME", str(home))
    monkeypatch.delenv("TOOLKIT_SCENARIOS", raising=False)
    before = list(scenarios_package.__path__)
    yield home
    scenarios_package.__path__[:] = before
    for name in [m for m in sys.modules if m.startswith("scenarios.")]:
        if name.split(".")[1] in ("corner_shop", "broken"):
            del sys.modules[name]


@pytest.fixture
def home(empty_home: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with tables and runs, and the corner shop on TOOLKIT_SCENARIOS."""
    shutil.copytree(built / "home", empty_home)
    shutil.copytree(built / "scenarios", tmp_path / "scenarios")
    monkeypatch.setenv("TOOLKIT_SCENARIOS", str(tmp_path / "scenarios"))
    return empty_home


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which two hundred rules were measured fifty times; every test gets a copy."""
    home = tmp_path_factory.mktemp("checked") / "home"
    quality_world.build(home)
    return home


@pytest.fixture
def checked_home(empty_home: Path, checked: Path) -> Path:
    """A home whose tables were checked fifty times."""
    shutil.copytree(checked, empty_home)
    return empty_home


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    """Starts `slow_run.py`, a real process that emits events and then waits to be released."""
    yield from _launcher("obedient")


@pytest.fixture
def deaf_launcher() -> Iterator[Launcher]:
    """As `launcher`, but the process does not listen to SIGINT."""
    yield from _launcher("deaf")


@pytest.fixture
def stillborn_launcher() -> Iterator[Launcher]:
    """The process ends before it writes `run.json`."""
    yield from _launcher("stillborn")


def _launcher(manner: str) -> Iterator[Launcher]:
    def command(request: Request) -> list[str]:
        return [sys.executable, str(SLOW_RUN), request.subject, request.run_id, manner]

    launcher = Launcher(command=command)
    yield launcher
    for child in launcher._children.values():
        child.kill()
        child.wait()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[App[None], str], None]:
    """Compares a screen with its golden, or writes it anew with `--update-goldens`."""

    def compare(app: App[None], name: str) -> None:
        file = GOLDENS / f"{name}.txt"
        text = held_still(screen_text(app))
        if request.config.getoption("--update-goldens", default=False):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), f"{file.name} differs; see --update-goldens"

    return compare


@pytest.fixture(params=SIZES, ids=["80x24", "120x40"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes that the app is made for."""
    width, height = request.param
    return width, height


@pytest.fixture
def app(home: Path) -> ToolkitApp:
    """The app over a filled home."""
    del home
    return ToolkitApp()
