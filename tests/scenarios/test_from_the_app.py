"""Scenarios and releases started from the app, for real: left, found again, and the same tables as by command line."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input

from tests.homes import LONGEST_RUN_SECONDS, Home, as_words, notebook_values
from tests.tui.tui_driving import screen_text, until
from toolkit import runs, scenario
from toolkit.errors import UsageError
from toolkit.scenario import Scenario
from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import Launcher, Request, toolkit_command
from toolkit.tui.screens.form import PartForm, ScenarioForm
from toolkit.tui.screens.run import RunScreen
from toolkit.tui.screens.scenarios import ScenariosScreen
from toolkit.tui.screens.view import ViewScreen
from toolkit.tui.widgets.parameter_field import ParameterField

pytestmark = pytest.mark.asyncio


async def start(app: ToolkitApp, pilot: Pilot[None], name: str, values: Mapping[str, str]) -> None:
    """Choose a scenario from the list, fill in its form, and start it."""
    await until(pilot, lambda: isinstance(app.screen, ScenariosScreen) and app.screen.chosen)
    screen = app.screen
    assert isinstance(screen, ScenariosScreen)
    assert screen.catalogue
    await pilot.press(*["down"] * [one.id for one in screen.catalogue.scenarios].index(name))
    await until(pilot, lambda: screen.chosen and screen.chosen.id == name)
    await pilot.press("r")
    await until(pilot, lambda: isinstance(app.screen, ScenarioForm))
    for field, text in values.items():
        asked = app.screen.query_one(f"#field-{field}", ParameterField)
        for box in asked.query(Checkbox):
            box.value = text == "true"
        for line in asked.query(Input):
            line.value = text
    await pilot.pause()
    await pilot.press("ctrl+r")
    await until(pilot, lambda: isinstance(app.screen, RunScreen))


def another(declared: Scenario, name: str, value: object) -> str:
    """A value of the same type that is not the default, and is allowed."""
    match value:
        case bool():
            return str(not value).lower()
        case int():
            for other in (value + 1, value - 1):
                with contextlib.suppress(UsageError):
                    declared.parse({name: other})
                    return str(other)
            return pytest.fail(f"{name} has no other value.")
        case date():
            return (value + timedelta(days=1)).isoformat()
        case _:
            return pytest.fail(f"What is another {type(value).__name__}?")


@pytest.mark.parametrize("declared", scenario.discover().values(), ids=lambda declared: declared.id)
async def test_what_the_app_starts_is_the_command(
    declared: Scenario, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    started: list[list[str]] = []

    def note(request: Request) -> list[str]:
        started.append(toolkit_command(request))
        return [sys.executable, "-c", ""]

    fields = declared.parameters.model_fields
    values = {name: another(declared, name, field.default) for name, field in fields.items()}
    app = ToolkitApp(Launcher(note))
    async with app.run_test(size=(120, 40)) as pilot:
        await start(app, pilot, declared.id, values)
    (words,) = started
    (folder,) = home.path.glob("runs/*")
    asked = [sys.executable, "-m", "toolkit", "run", declared.id, *as_words(values)]
    assert words == [*asked, "--run-id", folder.name, "--quiet"]


async def test_a_run_that_the_app_starts_goes_on_without_it_and_ends_as_by_command(
    delivered: Home, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    declared = scenario.get("contract_break")
    launcher = Launcher()
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        await start(app, pilot, declared.id, {n: str(value) for n, value in notebook_values(declared).items()})
        await until(pilot, runs.history, 60)
        # Leaving the screen does not stop the run.
        await pilot.press("escape", "3")
    # Neither does leaving the app.
    (folder,) = runs.history()
    assert folder.record().status == "running"
    again = ToolkitApp()
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 run: press" in screen_text(again))
        await pilot.press("g")
        await until(pilot, lambda: isinstance(again.screen, RunScreen))
        await until(pilot, lambda: folder.record().status != "running", LONGEST_RUN_SECONDS)
        await until(pilot, lambda: launcher.exit_code(folder.run_id) is not None)
        await until(pilot, lambda: "succeeded" in screen_text(again))
    record = folder.record()
    assert record.status == "succeeded", record.error
    for table in declared.written:
        assert home.content(table) == delivered.content(table), table


async def test_rows_are_repaired_and_released_from_the_quarantine(
    copied: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_HOME", str(copied.path))
    before = copied.rows("silver.customers")
    rule = "country_is_given"
    lying = copied.rows("quarantine.customers", f"array_has(_rules, '{rule}')")
    alone = {row["customer_id"] for row in lying if row["_rules"] == [rule]}
    assert alone
    launcher = Launcher()
    app = ToolkitApp(launcher)
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
        (release,) = [folder for folder in runs.history() if launcher.started(folder.run_id)]
        await until(pilot, lambda: launcher.exit_code(release.run_id) is not None)
    after = copied.rows("silver.customers")
    assert len(after) == len(before) + len(alone)
    assert {row["country"] for row in after if row["customer_id"] in alone} == {"DE"}
    traced = [json.loads(row["after"]) for row in copied.rows("ops.quarantine_releases")]
    assert {row["customer_id"] for row in traced} == alone
