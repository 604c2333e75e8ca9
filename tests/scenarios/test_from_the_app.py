"""Scenarios and releases started from the app, for real: left, found again, and the same tables as by command line."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.homes import LONGEST_RUN_SECONDS, Home
from tests.scenarios.conftest import CHOSEN
from tests.tui.tui_driving import screen_text, until
from toolkit import runs
from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import Launcher
from toolkit.tui.screens.form import PartForm, ScenarioForm
from toolkit.tui.screens.run import RunScreen
from toolkit.tui.screens.scenarios import ScenariosScreen
from toolkit.tui.screens.view import ViewScreen
from toolkit.tui.widgets.parameter_field import ParameterField

pytestmark = pytest.mark.asyncio


async def start(app: ToolkitApp, pilot: Pilot[None], scenario: str, values: Mapping[str, str]) -> None:
    """Choose a scenario from the list, fill in its form, and start it."""
    await until(pilot, lambda: isinstance(app.screen, ScenariosScreen) and app.screen.chosen)
    screen = app.screen
    assert isinstance(screen, ScenariosScreen)
    assert screen.catalogue
    await pilot.press(*["down"] * [one.id for one in screen.catalogue.scenarios].index(scenario))
    await until(pilot, lambda: screen.chosen and screen.chosen.id == scenario)
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen, ScenarioForm))
    for name, text in values.items():
        app.screen.query_one(f"#field-{name}", ParameterField).query_one(Input).value = text
    await pilot.pause()
    await pilot.press("ctrl+r")
    await until(pilot, lambda: isinstance(app.screen, RunScreen))
    await until(pilot, runs.history, 60)


async def test_the_app_builds_the_same_gold(built: Home, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    launcher = Launcher()
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        await start(app, pilot, "retail_lakehouse", {"orders": "1000", "seed": "11"})
        # Leaving the screen does not stop the run.
        await pilot.press("escape", "3")
    # Neither does leaving the app.
    (folder,) = runs.history()
    assert folder.record().status == "running"
    again = ToolkitApp()
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 run is going" in screen_text(again))
        await pilot.press("g")
        await until(pilot, lambda: isinstance(again.screen, RunScreen))
        await until(pilot, lambda: folder.record().status != "running", LONGEST_RUN_SECONDS)
        await until(pilot, lambda: launcher.exit_code(folder.run_id) is not None)
    record = folder.record()
    assert record.status == "succeeded", record.error
    for table in ("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"):
        assert home.content(table) == built.content(table), table


@pytest.mark.parametrize(
    ("scenario", "by_command", "tables"),
    [
        ("quality_gate", "gated", ["silver.gate_orders", "gold.gate_reports", "ops.gate_findings", "ops.gate_audits"]),
        ("contract_break", "delivered", ["silver.contract_orders", "ops.contract_changes", "gold.contract_silences"]),
        ("silent_drift", "drifted", ["silver.drift_orders", "ops.drift_findings", "gold.drift_revenue"]),
    ],
)
async def test_what_the_app_starts_ends_as_by_command(
    scenario: str,
    by_command: str,
    tables: list[str],
    home: Home,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    same: Home = request.getfixturevalue(by_command)
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    launcher = Launcher()
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        await start(app, pilot, scenario, CHOSEN[scenario])
        (folder,) = runs.history()
        await until(pilot, lambda: launcher.exit_code(folder.run_id) is not None, LONGEST_RUN_SECONDS)
        await until(pilot, lambda: "succeeded" in screen_text(app))
    assert folder.record().status == "succeeded", folder.record().error
    for table in tables:
        assert home.content(table) == same.content(table), table


async def test_rows_are_repaired_and_released_from_the_quarantine(
    copied: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(copied.path))
    before = copied.rows("silver.customers")
    rule = "country_is_given"
    lying = copied.rows("quarantine.customers", f"array_has(_rules, '{rule}')")
    alone = {row["customer_id"] for row in lying if row["_rules"] == [rule]}
    assert alone
    app = ToolkitApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.open_part("quality.quarantine", {"table": "silver.customers"})
        await until(pilot, lambda: isinstance(app.screen, ViewScreen) and app.screen.rows)
        page = app.screen
        assert isinstance(page, ViewScreen)
        while page.current is None or page.current["rule"] != rule:
            await pilot.press("down")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, PartForm))
        app.screen.query_one("#field-settings Input", Input).value = "country = 'DE'"
        await until(pilot, lambda: "→ DE" in screen_text(app))
        assert f"toolkit quality release silver.customers --rule {rule} --set \"country = 'DE'\"" in screen_text(app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "succeeded" in screen_text(app), 120)
    after = copied.rows("silver.customers")
    assert len(after) == len(before) + len(alone)
    assert {row["country"] for row in after if row["customer_id"] in alone} == {"DE"}
    traced = [json.loads(row["after"]) for row in copied.rows("ops.quarantine_releases")]
    assert {row["customer_id"] for row in traced} == alone
