"""Names and titles with square brackets: they are shown as they are, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from textual.command import CommandPalette
from textual.widgets import Input, Static
from tui_driving import press, screen_text, settle

from toolkit.tui.app import ToolkitApp
from toolkit.tui.widgets.table_rows import TableRows

pytestmark = pytest.mark.asyncio
NAMES = ["weight [kg]", "Q1[other]", "home[/]", "[@click=app.quit]x"]
SCENARIO = """
from toolkit.scenario import Parameters, Scenario, Step
SCENARIO = Scenario(
    id="stamps", title="Stamps [/b] [red]and[/red] seals", question="How many [/]?", story="[bold]Once.",
    parameters=Parameters, steps=(Step("count", "Count [/]", "Count [them]."),), tables=(),
)
"""


async def test_column_names_are_text_in_headers_cells_and_sentences(home: Path) -> None:
    write_deltalake(home / "lakehouse" / "silver" / "units", pa.table({name: ["[b]1[/b]", None] for name in NAMES}))
    app = ToolkitApp()
    async with app.run_test(size=(160, 40)) as pilot:
        await app.open_table("silver.units")
        await settle(pilot)
        assert all(name in screen_text(app) for name in [*NAMES, "[b]1[/b]"])
        rows = app.screen.query_one(TableRows)
        for column, name in enumerate(NAMES):
            rows.grid.move_cursor(row=0, column=column)
            await press(pilot, "s")
            assert f"by {name} ascending" in str(app.screen.query_one(".position", Static).content)
            assert f"{name} ▲" in screen_text(app)
            await press(pilot, "enter")
            assert name in screen_text(app)
            await press(pilot, "escape")
        await press(pilot, "slash")
        app.screen.query_one(Input).value = '"no[/]such" = 1'
        await press(pilot, "enter")
        assert "no[/]such" in screen_text(app)
        await press(pilot, "escape", "c")
        assert all(name in screen_text(app) for name in NAMES)
        assert app.is_running


async def test_titles_are_text_in_lists_details_and_the_palette(home: Path, tmp_path: Path) -> None:
    del home
    folder = tmp_path / "scenarios" / "stamps"
    folder.mkdir()
    (folder / "scenario.py").write_text(SCENARIO, encoding="utf-8")
    app = ToolkitApp()
    async with app.run_test(size=(160, 40)) as pilot:
        await app.open_scenario("stamps")
        await settle(pilot)
        text = screen_text(app)
        assert all(part in text for part in ("Stamps [/b] [red]and[/red] seals", "How many [/]?", "[bold]Once."))
        await press(pilot, "ctrl+p", *"stamps")
        assert isinstance(app.screen, CommandPalette)
        await settle(pilot)
        await pilot.pause(0.3)
        assert "Scenario: Stamps [/b] [red]and[/red] seals" in screen_text(app)
        assert app.is_running


async def test_a_broken_scenario_hides_no_other_and_is_told_in_one_line(home: Path, tmp_path: Path) -> None:
    del home
    for name, text in (("broken", "def broken(:"), ("[red]stamps", "")):
        folder = tmp_path / "scenarios" / name
        folder.mkdir()
        (folder / "scenario.py").write_text(text, encoding="utf-8")
    app = ToolkitApp()
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        text = screen_text(app)
        assert "Corner shop" in text
        assert "[red]stamps is not a scenario id" in text
        assert "broken/scenario.py cannot be read: SyntaxError" in text
