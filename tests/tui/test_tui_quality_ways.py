"""The ways between the quality screens: each says what the one before it said, and a key does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import quality_world as world
from textual.binding import Binding
from textual.color import Color
from textual.pilot import Pilot
from textual.widgets import Input, Static
from tui_driving import press, screen_text, settle

from tests.records import append
from toolkit.lakehouse import Lakehouse
from toolkit.quality.verdicts import failing_rows, verdict
from toolkit.tui.app import ToolkitApp
from toolkit.tui.palette import DARK, LIGHT
from toolkit.tui.screens.failing import FailingScreen
from toolkit.tui.screens.help import HelpScreen
from toolkit.tui.screens.quality import QualityScreen
from toolkit.tui.screens.quality_quarantine import QuarantineScreen
from toolkit.tui.screens.quality_rule import RuleScreen
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.heat_map import HeatMap
from toolkit.tui.widgets.measurement_list import MeasurementList
from toolkit.tui.widgets.verdict_tables import RuleVerdicts

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]
READABLE = 4.5
"""The least contrast of text, after WCAG 2."""


@pytest.fixture
def app(checked_home: Path) -> ToolkitApp:
    """The app over a home whose tables were checked fifty times."""
    del checked_home
    return ToolkitApp()


def one_line(app: ToolkitApp) -> str:
    """The screen's text without its layout."""
    return " ".join(screen_text(app).split())


async def on_old_failure(pilot: Pilot[None], app: ToolkitApp) -> HeatMap:
    """The cursor on a run in which 900 rows broke a rule that none breaks now."""
    await press(pilot, "4", "down", "enter", "down", "down", "down")
    heat = app.screen.query_one(HeatMap)
    heat.go_to(heat.row, 47)
    await settle(pilot)
    assert "02-21 06:00 ✖ failed 900 of 1,000 rows break it (90%)" in one_line(app)
    return heat


async def test_no_row_now_is_told_with_what_it_was_then(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await on_old_failure(pilot, app)
        await press(pilot, "f")
        assert isinstance(app.screen, FailingScreen)
        told = (
            "No row breaks this rule in the newest run, of 2026-02-23 06:00; on 2026-02-21 06:00 it was 900 of 1,000."
        )
        assert told in one_line(app)


async def test_the_history_opens_on_the_run_under_the_cursor(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await on_old_failure(pilot, app)
        await press(pilot, "enter")
        assert isinstance(app.screen, RuleScreen)
        assert app.screen.query_one(MeasurementList).cursor_row == 2
        assert "02-21 06:00" in str(app.screen.query_one("#plot", Static).content)
        await press(pilot, "f")
        assert "on 2026-02-21 06:00 it was 900 of 1,000." in one_line(app)
        await press(pilot, "escape", "f5")
        assert app.screen.query_one(MeasurementList).cursor_row == 2
        await press(pilot, "escape", "end", "enter")
        assert app.screen.query_one(MeasurementList).cursor_row == 0


@pytest.mark.parametrize(
    ("failed", "told"),
    [(0, "No row breaks this rule."), (3, "3 rows broke this rule when it was measured; none is here")],
)
async def test_a_table_that_has_no_quarantine_has_no_failing_rows(app: ToolkitApp, failed: int, told: str) -> None:
    rule = verdict({"table": "silver.customers", "rule": "customer_id_is_unique", "rows": 900, "failed": failed})
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_failing(failing_rows(rule), rule)
        await settle(pilot)
        assert told in one_line(app)
        assert "There is no table" not in screen_text(app)
        assert "Escape goes back." in str(app.screen.query_one(EmptyState).content)


async def test_a_measured_rule_is_told_by_what_it_measured(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "down", "enter", "down", "f")
        assert "on 2026-02-23: it measured 600, and 996.3 to 1,007.7 was usual before." in one_line(app)
        assert "more failed" not in one_line(app)


@pytest.mark.parametrize("keys", ["4", "4 down enter enter", "4 down x"])
async def test_what_was_damaged_is_told_until_it_is_restored(app: ToolkitApp, checked_home: Path, keys: str) -> None:
    folder = checked_home / "lakehouse" / ("quarantine/orders" if keys.endswith("x") else "ops/quality_results")
    log = sorted((folder / "_delta_log").glob("*.json"))[-1]
    whole = log.read_bytes()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, *keys.split())
        screen = app.screen
        log.write_bytes(b"")
        await press(pilot, "f5")
        panel = next(iter(screen.query(ProblemPanel)))
        assert panel.display
        log.write_bytes(whole)
        await press(pilot, "f5")
        assert app.screen is screen
        assert not panel.display


async def test_the_number_of_a_tab_leads_back_to_its_first_screen(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "x")
        assert isinstance(app.screen, QuarantineScreen)
        await press(pilot, "3", "4")
        assert isinstance(app.screen, QuarantineScreen), "another tab is as it was left"
        await press(pilot, "4")
        assert isinstance(app.screen, QualityScreen)
        await press(pilot, "down", "enter", "enter", "f", "4")
        assert isinstance(app.screen, QualityScreen)
        assert len(app.screen_stack) == 1


async def test_keys_that_are_pressed_too_often_open_one_screen(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "enter")
        heat = app.screen.query_one(HeatMap)
        for _ in range(3):
            heat.action_open()
        await settle(pilot)
        assert isinstance(app.screen, RuleScreen)
        assert len(app.screen_stack) == 2


async def test_the_footer_names_the_key_that_helps(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "down")
        assert "? Help" in screen_text(app)
        await press(pilot, "slash")
        assert "F1 Help" in screen_text(app)
        assert "? Help" not in screen_text(app)
        await press(pilot, "question_mark")
        assert app.screen.query_one("#filter", Input).value == "?"
        await press(pilot, "f1")
        assert isinstance(app.screen, HelpScreen)
        await press(pilot, "escape", "escape", "x")
        assert "/ Filter" in screen_text(app)
        await press(pilot, "slash")
        assert isinstance(app.screen.focused, Input)
        assert "/ Filter" not in screen_text(app)


async def test_one_key_has_one_name(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "down", "enter")
        assert "f Rows" in screen_text(app)
        await press(pilot, "enter")
        assert "f Rows" in screen_text(app)
    named = [*QualityScreen.BINDINGS, *RuleScreen.BINDINGS, *RuleVerdicts.BINDINGS]
    assert {one.description for one in named if isinstance(one, Binding) and one.key == "f"} == {"Rows"}


@pytest.mark.parametrize("screen", ["4", "4 down enter", "4 down x", "4 down x enter", "4 down enter enter"])
async def test_the_keys_below_fit_a_narrow_screen(app: ToolkitApp, screen: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, *screen.split())
        assert screen_text(app).rstrip().endswith("q Quit")


async def test_words_about_a_cell_keep_their_share_and_their_run_on_a_narrow_screen(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await on_old_failure(pilot, app)
        assert "(90%)" in screen_text(app)
        assert f"\n  run {world.run_id(47)} · holds · " in screen_text(app)
        assert "(90%)\n" in str(app.screen.query_one("#words", Static).content)


async def test_the_caption_keeps_its_news_on_a_narrow_screen(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "enter")
        assert "silver.orders  2 failed · 1 tolerated · 200 rules · 50 runs" in screen_text(app)
        await press(pilot, "b")
        assert "silver.orders  3 broken of 200 rules · 2 failed · 1 tolerated" in screen_text(app)


async def test_where_no_rule_is_broken_it_says_so(app: ToolkitApp, checked_home: Path) -> None:
    rows = [world.result(49, "silver.sound", "id_is_given", 0)]
    results = Lakehouse(checked_home / "lakehouse").path("ops.quality_results")
    append(results, rows)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "down", "down", "b")
        assert "No rule is broken." in screen_text(app)
        await press(pilot, "slash", *"id")
        assert "No rule fits." in screen_text(app)
        await press(pilot, "escape")
        assert "id_is_given" in screen_text(app)


async def test_what_a_field_is_for_can_be_read(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4")
        field = app.screen.query_one("#filter", Input)
        for theme in (DARK, LIGHT):
            assert app.theme == theme.name
            for focused in (False, True):
                (field if focused else app.screen.query_one(HeatMap)).focus()
                await settle(pilot)
                style = field.get_visual_style("input--placeholder")
                behind = field.background_colors[1]
                assert _contrast(behind.blend(style.foreground, style.foreground.a), behind) >= READABLE
            await press(pilot, "escape", "ctrl+t")


def _contrast(one: Color, other: Color) -> float:
    """The ratio of their luminances, after WCAG 2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_counts_stand_below_one_another(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "down", "p", "down")
        ends = {len(line.rstrip()) for line in screen_text(app).splitlines() if re.search(r"[█▏▎▍▌▋▊▉] +\d+$", line)}
        assert len(ends) == 1
