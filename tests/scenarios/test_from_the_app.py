"""The retail lakehouse started from the app's form, for real: left, found again, and the same gold as by command line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from scenarios.retail_lakehouse.scenario import SCENARIO
from tests.homes import LONGEST_RUN_SECONDS, Home
from toolkit import runs
from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import Launcher
from toolkit.tui.screens.run import RunScreen
from toolkit.tui.screens.scenario_form import ScenarioForm
from toolkit.tui.widgets.parameter_field import ParameterField

pytestmark = pytest.mark.asyncio


async def until(pilot: Pilot[None], happened: Callable[[], object], seconds: float = 30) -> None:
    """Wait until `happened`, letting the app work meanwhile."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it took too long"
        await asyncio.sleep(0.05)
        await pilot.pause()


async def test_the_app_builds_the_same_gold(built: Home, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    launcher = Launcher()
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: SCENARIO.title in app.export_screenshot(simplify=True).replace("&#160;", " "))
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ScenarioForm))
        for name, text in (("orders", "1000"), ("seed", "11")):
            app.screen.query_one(f"#field-{name}", ParameterField).query_one(Input).value = text
        await pilot.pause()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, runs.history, 60)
        # Leaving the screen does not stop the run.
        await pilot.press("escape", "3")
    # Neither does leaving the app.
    (folder,) = runs.history()
    assert folder.record().status == "running"
    again = ToolkitApp()
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 run is going" in again.export_screenshot(simplify=True).replace("&#160;", " "))
        await pilot.press("g")
        await until(pilot, lambda: isinstance(again.screen, RunScreen))
        await until(pilot, lambda: folder.record().status != "running", LONGEST_RUN_SECONDS)
        await until(pilot, lambda: launcher.exit_code(folder.run_id) is not None)
    record = folder.record()
    assert record.status == "succeeded", record.error
    for table in ("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"):
        assert home.content(table) == built.content(table), table
