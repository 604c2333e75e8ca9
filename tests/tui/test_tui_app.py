"""What holds on every screen: tabs, help, palette, themes, and errors that end nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.command import CommandPalette
from textual.widgets import Input
from tui_driving import press, screen_text, settle, until

from toolkit import areas, listing
from toolkit.store.lakehouse import Lakehouse
from toolkit.tui import catalogue
from toolkit.tui.app import ToolkitApp
from toolkit.tui.background import in_background
from toolkit.tui.palette import DARK, LIGHT
from toolkit.tui.screens.help import HelpScreen
from toolkit.tui.screens.table import TableScreen
from toolkit.tui.widgets.frame import CommandBar, tabs
from toolkit.tui.widgets.table_detail import TableDetail

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]
FORBIDDEN = {"ctrl+i", "ctrl+j", "ctrl+m", "ctrl+s", "ctrl+enter"}


async def test_keys_and_mouse_reach_every_tab(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for key, mode in zip("23451", ("runs", "tables", "quality", "services", "scenarios"), strict=True):
            await press(pilot, key)
            assert app.current_mode == mode
        tabs = list(app.screen.query(".tab"))
        await pilot.click(tabs[2], offset=(1, 0))
        await settle(pilot)
        assert app.current_mode == "tables"


async def test_a_narrow_screen_has_the_numbers_of_the_tabs_and_the_title_of_its_own(
    app: ToolkitApp, size: Size
) -> None:
    titles = ["1 Scenarios", *(f"{n} {found.title}" for n, found in enumerate(listing.known().values(), 2))]
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3")
        line = screen_text(app).splitlines()[0]
        shown = [title for title in titles if title in line]
        assert shown == (titles if size[0] >= 100 else ["3 Tables"])
        assert all(number in line for number in "1234")


@pytest.mark.parametrize("width", [80, 100, 105, 106, 118, 119, 200])
async def test_every_tab_is_there_at_every_width_and_no_title_is_cut(app: ToolkitApp, width: int) -> None:
    async with app.run_test(size=(width, 30)) as pilot:
        await settle(pilot)
        line = f"{screen_text(app).splitlines()[0]} "
        for number, (_, title) in enumerate(tabs(), 1):
            assert f" {number} " in line
            assert f" {number} {title} " in line or f" {number} {title[0]}" not in line


async def test_every_screen_shows_a_command_and_y_copies_it(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in "1234":
            await press(pilot, key)
            assert app.screen.query_one(CommandBar).command.startswith("toolkit ")
            assert "$ toolkit" in screen_text(app)
        await press(pilot, "y")
        assert app.clipboard == app.screen.query_one(CommandBar).command


async def test_help_tells_the_keys_of_the_screen_in_sentences(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "3", "down", "enter", "question_mark")
        screen = app.screen
        assert isinstance(screen, HelpScreen)
        told = dict(screen.keys)
        assert told["s"] == "Sort by this column: up, down, then as the rows come."
        assert all(sentence.endswith(".") for sentence in told.values())
        await press(pilot, "escape")
        assert isinstance(app.screen, TableScreen)


async def test_no_key_is_bound_that_terminals_keep_for_themselves(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for key in "1234":
            await press(pilot, key)
            own = {k for k, b in app.screen.active_bindings.items() if type(b.node).__module__.startswith("toolkit.")}
            assert not own & FORBIDDEN


async def test_the_theme_changes_and_comes_back(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        grid = app.screen.query_one("#rows")
        dark = grid.get_cell_at((0, 0)).spans  # type: ignore[attr-defined]
        await press(pilot, "ctrl+t")
        assert app.theme == LIGHT.name
        assert grid.get_cell_at((0, 0)).spans != dark  # type: ignore[attr-defined]
        await press(pilot, "ctrl+t")
        assert app.theme == DARK.name


async def test_the_palette_goes_to_a_table(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        app.screen.query_one(Input).value = "table gold"
        await until(pilot, lambda: "Table: gold.churn_risk" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: bool(app.screen.query(TableDetail)))
        assert app.screen.query_one(TableDetail).table == "gold.churn_risk"


async def test_the_palette_goes_to_a_run_and_a_scenario(app: ToolkitApp) -> None:
    from toolkit.tui.commands import places

    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        found = [place.text for place in places(app)]
        assert "Scenario: Corner shop" in found
        assert any(text.startswith("Run: 20260301-101500") for text in found)


async def test_the_palette_takes_no_word_of_an_area_for_markup(
    app: ToolkitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolkit.tui import commands

    place = commands.Place("Odd: [/x] [red]", "What is [/x] and [red]?", lambda: None)
    monkeypatch.setattr(commands, "places", lambda _: [place])
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        app.screen.query_one(Input).value = "odd"
        await until(pilot, lambda: "What is [/x] and [red]?" in screen_text(app))


async def test_the_palette_has_every_view_without_a_parameter_and_every_task(app: ToolkitApp) -> None:
    from toolkit.tui.commands import places

    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        found = {place.text: place for place in places(app)}
        assert {"Runs: Runs", "Tables: Tables", "Quality: Scores"} <= set(found)
        assert "Runs: Run" not in found, "it needs to be told which"
        tasks = [part.title for name in listing.known() for part in areas.area(name).tasks]
        assert all(any(text.endswith(f": {title}") for text in found) for title in tasks)
        await found["Tables: Tables"].go()  # type: ignore[misc]
        await settle(pilot)
        assert app.screen.query_one(CommandBar).command == "toolkit tables list"


async def test_what_fails_while_it_is_read_is_told_and_ends_nothing(
    app: ToolkitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("[red]brackets")

    monkeypatch.setattr(Lakehouse, "summary", broken)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3")
        assert any("ZeroDivisionError: [red]brackets" in n.message for n in app._notifications)
        assert "silver.orders" in screen_text(app)
        assert app.is_running


async def test_what_comes_back_wrong_is_told_too(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        in_background(app.screen, lambda: 1, lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
        await settle(pilot)
        assert any("ZeroDivisionError" in n.message for n in app._notifications)


async def test_scenarios_that_cannot_be_listed_at_all_are_told(
    app: ToolkitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLKIT_SCENARIOS", "/nowhere/at/all")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "which is not a folder" in screen_text(app)
    assert catalogue.read().problem


async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3", "question_mark")
        golden(app, f"help-{size[0]}")
