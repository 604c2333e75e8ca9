"""Choosing a scenario, its form, and starting it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList
from tui_driving import press, screen_text, settle, until

from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import Launcher
from toolkit.tui.screens.form import ScenarioForm
from toolkit.tui.screens.run import RunScreen
from toolkit.tui.screens.scenarios import ScenariosScreen
from toolkit.tui.widgets.frame import CommandBar, ProblemPanel
from toolkit.tui.widgets.parameter_field import ParameterField

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]


def field(app: ToolkitApp, name: str) -> ParameterField:
    """A parameter of the form."""
    return app.screen.query_one(f"#field-{name}", ParameterField)


async def open_form(pilot: Pilot[None], app: ToolkitApp) -> None:
    """The corner shop's form."""
    await settle(pilot)
    await app.open_scenario("corner_shop")
    await press(pilot, "r")
    assert isinstance(app.screen, ScenarioForm)


async def test_the_list_is_searched_as_the_user_types(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ScenariosScreen)
        await press(pilot, "slash", *"slipping qual")
        options = app.screen.query_one("#list", OptionList)
        assert "corner_shop" in [options.get_option_at_index(i).id for i in range(options.option_count)]
        await press(pilot, *"zzz")
        assert options.option_count == 0
        assert "No scenario fits." in screen_text(app)
        await press(pilot, "escape")
        assert options.option_count >= 1
        assert options.has_focus


async def test_the_detail_draws_the_flow(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.open_scenario("corner_shop")
        await settle(pilot)
        text = screen_text(app)
        assert "land ─▶ ingest ─▶ check ─▶ model" in text
        assert "Which customers are slipping away" in text
        assert "→ silver.orders  quarantine.orders" in text
        assert app.screen.query_one(CommandBar).command == "toolkit scenarios show corner_shop"


async def test_a_scenario_that_cannot_be_imported_is_an_error_beside_the_others(
    app: ToolkitApp, tmp_path: Path
) -> None:
    (tmp_path / "scenarios" / "broken").mkdir()
    (tmp_path / "scenarios" / "broken" / "scenario.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.screen.query_one(ProblemPanel).display
        assert "nothing_of_that_name" in screen_text(app)
        await app.open_scenario("corner_shop")
        await settle(pilot)
        assert app.screen.query_one(CommandBar).command == "toolkit scenarios show corner_shop"


async def test_the_form_has_a_field_for_every_parameter(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_form(pilot, app)
        names = [part.field.name for part in app.screen.query(ParameterField)]
        assert names == ["orders", "tax_rate", "currency", "strict", "as_of", "mode", "note"]
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop"


async def test_a_wrong_value_is_told_beneath_its_field_while_it_is_typed(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_form(pilot, app)
        await press(pilot, *"5")
        assert field(app, "orders").has_class("-wrong")
        assert "orders = '5': it should be greater than or equal to 10" in screen_text(app)
        assert app.screen.query_one("#start", Button).disabled
        await press(pilot, "0")
        assert not field(app, "orders").has_class("-wrong")
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop -p orders 50"


async def test_markup_in_a_value_stays_text(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot, app)
        field(app, "orders").query_one(Input).value = "[red]5[/red]"
        await settle(pilot)
        assert "orders = '[red]5[/red]'" in screen_text(app)


async def test_a_rule_over_several_fields_is_told_beneath_all(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot, app)
        field(app, "orders").query_one(Input).value = "50"
        field(app, "mode").query_one("Select").value = "incremental"  # type: ignore[attr-defined]
        await settle(pilot)
        assert "incremental needs at least 100 orders" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, ScenarioForm)


async def test_defaults_come_back(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot, app)
        await press(pilot, *"77", "f5")
        assert field(app, "orders").text == "1000"
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop"


async def test_start_runs_a_process_and_shows_it(home: Path, launcher: Launcher, size: Size) -> None:
    app = ToolkitApp(launcher)
    async with app.run_test(size=size) as pilot:
        await open_form(pilot, app)
        await press(pilot, *"500", "enter")
        assert isinstance(app.screen, RunScreen)
        assert app.current_mode == "runs"
        screen = app.screen
        await until(pilot, lambda: screen.follower.status == "running")
        assert (home / "runs" / screen.run_id / "run.json").exists()


async def test_the_notebook_switch_goes_into_the_command(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot, app)
        await pilot.click("#notebook")
        await settle(pilot)
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop --notebook"
        await pilot.click("#fresh")
        await settle(pilot)
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop --notebook --fresh"


async def test_a_home_that_cannot_be_written_is_told_on_start(
    app: ToolkitApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_form(pilot, app)
        (tmp_path / "file").touch()
        monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path / "file" / "home"))
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, ScenarioForm)
        assert any("Cannot write" in n.message for n in app._notifications)


async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ScenariosScreen)
        await press(pilot, "slash", *"corner", "enter")
        golden(app, f"scenarios-{size[0]}")
        await press(pilot, "r")
        golden(app, f"form-{size[0]}")
