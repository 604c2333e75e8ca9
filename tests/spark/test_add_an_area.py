"""`docs/add-an-area.md`, followed to the letter: its file is written, its commands are typed, its page is opened."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import write_deltalake
from polars import DataFrame

from tests.tui.tui_driving import press, screen_text, settle
from toolkit import areas, paths, runs, session
from toolkit.store.lakehouse import Lakehouse
from toolkit.tui.app import ToolkitApp, front_page
from toolkit.tui.screens.form import PartForm
from toolkit.tui.screens.view import ViewScreen

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = (paths.REPOSITORY / "docs" / "add-an-area.md").read_text(encoding="utf-8")
FILES = 4


def blocks(language: str) -> list[str]:
    """The code blocks of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def disk(tmp_path: Path, toolkit_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The area of the page, and a table of several files."""
    (tmp_path / "disk_area.py").write_text("".join(blocks("python")), encoding="utf-8")
    monkeypatch.setenv("TOOLKIT_AREAS", "disk=disk_area")
    monkeypatch.syspath_prepend(tmp_path)
    table = str(Lakehouse(toolkit_home / "lakehouse").path("silver.orders"))
    for part in range(FILES):
        write_deltalake(table, DataFrame({"order": [part], "note": ["x" * 100 * part]}).to_arrow(), mode="append")
    yield tmp_path
    sys.modules.pop("disk_area", None)
    areas._loaded.cache_clear()


def test_it_takes_less_than_150_lines() -> None:
    assert sum(len(block.splitlines()) for block in blocks("python")) < 150


def test_the_commands_of_the_page(
    disk: Path, cli: Callable[..., Any], spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    del disk
    monkeypatch.setattr(session, "start", lambda *_, **__: spark)
    monkeypatch.setattr(session, "stop", lambda _: None)
    typed = [shlex.split(line) for line in blocks("sh")[1].splitlines()]
    printed = {tuple(words[1:]): cli(*words[1:]) for words in typed}
    for words, told in printed.items():
        assert told.exit_code == 0, (words, told.stderr)
    assert "silver.orders" in printed["disk",].stdout
    (row,) = json.loads(printed["disk", "sizes", "--sort", "bytes", "--descending", "--json"].stdout)
    assert (row["table"], row["files"]) == ("silver.orders", FILES)
    assert len(printed["disk", "files", "silver.orders"].stdout.splitlines()) == FILES + 1
    assert f"{FILES} files" in printed["disk", "compact", "silver.orders", "--dry-run"].stdout
    assert "silver.orders is 1 file now." in printed["disk", "compact", "silver.orders"].stdout
    (run,) = runs.history()
    assert run.record().what == "compact silver.orders"
    assert len(printed["disk", "compactions", "silver.orders"].stdout.splitlines()) == 1 + 1


@pytest.mark.asyncio
async def test_its_tab(disk: Path) -> None:
    del disk
    # An app reads the list of areas when its module is imported, which here was before.
    modes = {**ToolkitApp.MODES, "disk": front_page("disk")}
    app = type(
        "App", (ToolkitApp,), {"MODES": modes, "CSS_PATH": Path(inspect.getfile(ToolkitApp)).parent / "app.tcss"}
    )()
    async with app.run_test(size=(120, 30)) as pilot:
        assert "Disk" in screen_text(app)
        app.action_show_mode("disk")
        await settle(pilot)
        await settle(pilot)
        assert isinstance(app.screen, ViewScreen)
        assert re.search(rf"silver\.orders +{FILES}", screen_text(app))
        await press(pilot, "c")
        assert isinstance(app.screen, PartForm)
        assert f"{FILES} files" in screen_text(app)
        assert "$ toolkit disk compact silver.orders" in screen_text(app)
