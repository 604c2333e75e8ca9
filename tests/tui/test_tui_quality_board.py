"""The quality board: tables by score, two hundred rules by fifty runs, and one rule's history."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import quality_world as world
from textual.pilot import Pilot
from textual.widgets import Input, Static
from tui_driving import press, screen_text, settle, until

from tests.records import append
from toolkit.lakehouse import Lakehouse
from toolkit.quality.verdicts import failing_rows, verdict
from toolkit.tui.app import ToolkitApp
from toolkit.tui.commands import places
from toolkit.tui.palette import DARK, LIGHT
from toolkit.tui.quality_board import MOST_RUNS
from toolkit.tui.screens.failing import FailingScreen
from toolkit.tui.screens.quality import QualityScreen
from toolkit.tui.screens.quality_contract import ContractScreen
from toolkit.tui.screens.quality_profile import ProfileScreen
from toolkit.tui.screens.quality_quarantine import QuarantineScreen
from toolkit.tui.screens.quality_rule import RuleScreen
from toolkit.tui.screens.quality_run import RunQualityScreen
from toolkit.tui.widgets.frame import CommandBar, ProblemPanel
from toolkit.tui.widgets.heat_map import HeatMap
from toolkit.tui.widgets.measurement_list import MeasurementList
from toolkit.tui.widgets.score_list import ScoreList

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]


@pytest.fixture
def app(checked_home: Path) -> ToolkitApp:
    """The app over a home whose tables were checked fifty times."""
    del checked_home
    return ToolkitApp()


def command(app: ToolkitApp) -> str:
    """The command line below."""
    return app.screen.query_one(CommandBar).command


async def on_map(pilot: Pilot[None], app: ToolkitApp) -> HeatMap:
    """The cursor on the newest run of the worst rule of `silver.orders`."""
    await press(pilot, "4", "down", "enter")
    return app.screen.query_one(HeatMap)


async def test_tables_come_worst_first_with_their_trend(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4")
        assert isinstance(app.screen, QualityScreen)
        scores = app.screen.query_one(ScoreList)
        assert [b.table for b in scores.found] == ["gold.churn_risk", "silver.orders", "silver.customers"]
        assert scores.has_focus
        assert "22.4 of 100 over 1 rule" in screen_text(app)
        assert command(app) == "toolkit quality scores"
        await press(pilot, "down")
        assert "▼ 20.0" in screen_text(app)
        assert "volume 0.0 ▼ 100.0" in " ".join(screen_text(app).split())


async def test_the_map_holds_every_rule_and_every_run(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        heat = await on_map(pilot, app)
        assert heat.has_focus
        assert (len(heat.lines), len(heat.runs)) == (world.RULES, world.RUNS)
        assert [line.rule for line in heat.lines[:3]] == ["customer_is_known", "rows_as_usual", "note_is_short"]
        cell = heat.cell
        assert cell is not None
        assert cell[1].run_id == world.run_id(world.RUNS - 1)
        assert "40 of 1,000 rows break it (4%)" in screen_text(app)
        assert command(app) == f"toolkit quality --run {world.run_id(world.RUNS - 1)} --table silver.orders"
        assert "·" * world.BROKE_FROM + "▒▒▒▒" in screen_text(app)


async def test_arrow_keys_go_from_cell_to_cell_and_stop_at_the_edges(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        await press(pilot, "left", "left", "left", "left")
        assert "02-19 06:00  ✔ passed  none of 1,000 rows breaks it" in screen_text(app)
        await press(pilot, "home", "left", "up")
        assert (heat.row, heat.run) == (0, 0)
        await press(pilot, "ctrl+end", "end", "right", "down")
        assert (heat.row, heat.run) == (world.RULES - 1, world.RUNS - 1)
        await press(pilot, "ctrl+home", "pagedown", "pagedown")
        assert heat.row == 2 * (heat.size.height - 2)


async def test_only_lines_that_are_seen_are_made(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        heat = await on_map(pilot, app)
        seen = heat.size.height
        assert seen < 30
        before = heat.made
        await press(pilot, "left")
        assert heat.made - before == 2, "the header and the cursor's line"
        before = heat.made
        await press(pilot, "down")
        assert heat.made - before == 3, "the header, the line before and the line now"
        before = heat.made
        await press(pilot, "ctrl+end")
        assert heat.made - before <= 2 * seen + 3, "scrolling to the last of two hundred rules draws one screen of them"


async def test_the_mouse_moves_the_cursor_and_a_second_click_opens_the_history(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        await pilot.click(HeatMap, offset=(39 + 10, 3))
        await settle(pilot)
        assert (heat.row, heat.run) == (2, 10)
        await pilot.click(HeatMap, offset=(39 + 10, 0))
        assert (heat.row, heat.run) == (2, 10), "the header is no rule"
        await pilot.click(HeatMap, offset=(39 + 10, 3))
        await settle(pilot)
        assert isinstance(app.screen, RuleScreen)
        assert app.screen.rule.rule == "note_is_short"
        await press(pilot, "escape")
        await pilot.click("#scores", offset=(12, 3))
        await settle(pilot)
        assert app.screen.query_one(ScoreList).cursor_row == 2


async def test_rules_are_filtered_by_any_word_about_them(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        heat = await on_map(pilot, app)
        await press(pilot, "slash", *"critical")
        assert [line.rule for line in heat.lines] == ["column_014_is_given"]
        assert "1 of 200 rules" in screen_text(app)
        await press(pilot, "enter")
        assert heat.has_focus
        await press(pilot, "escape")
        assert len(heat.lines) == world.RULES
        assert heat.line is not None
        assert heat.line.rule == "column_014_is_given", "the cursor stays on its rule"
        await press(pilot, "slash", *"critical")
        assert "↓ To the rules" in screen_text(app)
        await press(pilot, "down")
        assert heat.has_focus
        assert "To the rules" not in screen_text(app)
        await press(pilot, "escape", "slash", *"nothing_like_it")
        assert "No rule fits." in screen_text(app)
        await press(pilot, "escape")
        assert app.screen.query_one(Input).value == ""
        assert heat.display


async def test_only_broken_rules_can_be_shown(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        await press(pilot, "b")
        assert [line.newest.state for line in heat.lines] == ["failed", "failed", "tolerated"]
        assert command(app).endswith("--broken")
        await press(pilot, "b")
        assert len(heat.lines) == world.RULES
        await press(pilot, "escape")
        assert app.screen.query_one(ScoreList).has_focus


async def test_a_table_that_is_seldom_checked_keeps_its_history(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4")
        heat = app.screen.query_one(HeatMap)
        assert len(heat.runs) == world.RUNS // 2
        assert "██" * (world.RUNS // 2) in screen_text(app), "with room, a cell is two characters wide"


async def test_only_the_newest_runs_are_read_and_the_rest_is_left_out(app: ToolkitApp, checked_home: Path) -> None:
    rows = [row for run in range(50, MOST_RUNS + 20) for row in world.measured(run, 5)]
    results = Lakehouse(checked_home / "lakehouse").path("ops.quality_results")
    append(results, rows)
    async with app.run_test(size=(80, 24)) as pilot:
        heat = await on_map(pilot, app)
        assert len(heat.runs) == MOST_RUNS
        assert heat.runs[-1].run_id == world.run_id(MOST_RUNS + 19)
        assert f"← {MOST_RUNS - len(heat._seen)} earlier" in screen_text(app)
        await press(pilot, "home")
        assert "earlier" not in screen_text(app)
        assert f"{MOST_RUNS - len(heat._seen)} later →" in screen_text(app)


async def test_a_run_that_measured_meanwhile_shows_after_reload(app: ToolkitApp, checked_home: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        await press(pilot, "down")
        results = Lakehouse(checked_home / "lakehouse").path("ops.quality_results")
        rows = [world.result(50, "silver.orders", "rows_as_usual", 0, measured=1_001.0, passed=True)]
        append(results, rows)
        await press(pilot, "f5")
        assert len(heat.runs) == world.RUNS + 1
        assert heat.line is not None
        assert heat.line.rule == "rows_as_usual", "the cursor stays on its rule"
        assert "✔ passed  measured 1,001" in screen_text(app)


async def test_while_a_run_is_at_work_the_board_reads_again_by_itself(
    app: ToolkitApp, checked_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.tui.screens.quality.REFRESH_SECONDS", 0.05)
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        results = Lakehouse(checked_home / "lakehouse").path("ops.quality_results")
        rows = [world.result(50, "silver.orders", "rows_as_usual", 0, measured=1_001.0, passed=True)]
        append(results, rows)
        await settle(pilot)
        assert len(heat.runs) == world.RUNS
        app.going = 1
        await until(pilot, lambda: len(heat.runs) == world.RUNS + 1)


async def test_a_rules_history_has_its_numbers_its_band_and_its_owner(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await on_map(pilot, app)
        await press(pilot, "enter")
        assert isinstance(app.screen, RuleScreen)
        text = " ".join(screen_text(app).split())
        assert "The customer of an order exists." in text
        assert "owner customer team" in text
        assert "Kept in 26 of 30 runs in the last 30 days (86.7%); not kept since 2026-02-20 06:00." in text
        numbers = app.screen.query_one(MeasurementList)
        assert numbers.row_count == world.RUNS
        assert [c.plain for c in numbers.get_row_at(3)][:6] == [
            "✖",
            "2026-02-20 06:00",
            "40 of 1,000",
            "4%",
            "0% to 0.5%",
            "unusual",
        ]
        assert command(app) == "toolkit quality history silver.orders --rule customer_is_known"
        await press(pilot, "end", "ctrl+end")
        assert "▲ 01-05 06:00" in str(app.screen.query_one("#plot", Static).content)
        await press(pilot, "escape")
        assert isinstance(app.screen, QualityScreen)


async def test_a_rule_about_the_table_has_what_it_measured(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await on_map(pilot, app)
        await press(pilot, "down", "enter")
        numbers = app.screen.query_one(MeasurementList)
        assert [c.plain for c in numbers.get_row_at(0)][2] == "600"
        assert "unusual" in [c.plain for c in numbers.get_row_at(0)]
        await press(pilot, "f")
        assert "no single row breaks it" in screen_text(app)
        assert "rows are missing or came twice" in screen_text(app)


async def test_failing_rows_come_with_their_likely_cause(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await on_map(pilot, app)
        await press(pilot, "f")
        assert isinstance(app.screen, FailingScreen)
        text = " ".join(screen_text(app).split())
        assert f"All of them come from {world.BAD_FILE}" in text
        assert f"It began with run {world.run_id(world.BROKE_FROM)} on 2026-02-20" in text
        assert "→ Ask the producer of that file; until then release nothing." in text
        assert "rows 1–40 of 40" in text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"failed": 12, "passed": False}, "12 rows broke this rule when it was measured; none is here now. They were"),
        ({"failed": 1, "passed": True}, "They were released, or a later load took their place."),
        (
            {"failed": 1, "passed": False, "population": "stored"},
            "1 row of silver.orders broke this rule when it was judged. They are in the table, without a mark. Press r to "
            "find them with Spark.",
        ),
        ({"failed": 0, "passed": False}, "This rule is about the table as a whole: no single row breaks it."),
        ({"failed": 0, "passed": True}, "No row breaks this rule."),
    ],
)
async def test_why_no_row_is_shown(app: ToolkitApp, size: Size, changed: dict[str, Any], told: str) -> None:
    rule = verdict({"table": "silver.orders", "rule": "column_007_is_given", "rows": 900, **changed})
    async with app.run_test(size=size) as pilot:
        app.open_failing(failing_rows(rule), rule)
        await settle(pilot)
        assert told in " ".join(screen_text(app).split())


async def test_every_place_of_a_table_is_one_key_away(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await on_map(pilot, app)
        screens = {"x": QuarantineScreen, "p": ProfileScreen, "c": ContractScreen, "o": RunQualityScreen}
        for key, screen in screens.items():
            await press(pilot, key)
            assert isinstance(app.screen, screen)
            await press(pilot, "escape")
            assert isinstance(app.screen, QualityScreen)


async def test_the_palette_leads_to_a_table_on_the_board(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        found = {place.text: place for place in places(app)}
        assert "Quality: quarantine.orders" not in found
        going = found["Quality: silver.orders"].go()
        assert going is not None
        await going
        await settle(pilot)
        assert isinstance(app.screen, QualityScreen)
        assert app.screen.board is not None
        assert app.screen.board.table == "silver.orders"
        assert app.screen.query_one(HeatMap).has_focus


async def test_damaged_results_are_told_and_the_app_goes_on(app: ToolkitApp, checked_home: Path) -> None:
    log = checked_home / "lakehouse" / "ops" / "quality_results" / "_delta_log"
    shutil.rmtree(log)
    log.mkdir()
    (log / "00000000000000000000.json").write_text("{ not json\n", encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4")
        assert app.screen.query_one(ProblemPanel).display
        assert "ops.quality_results" in str(app.screen.query_one(ProblemPanel).content)
        await press(pilot, "3")
        assert "orders" in screen_text(app)


async def test_names_that_are_none_are_left_out_and_strange_rules_are_plain_text(
    app: ToolkitApp, checked_home: Path
) -> None:
    results = Lakehouse(checked_home / "lakehouse").path("ops.quality_results")
    rows = [
        world.result(0, "'; DROP [b]", "rule", 1),
        world.result(0, "silver.strange", "x') OR [red]1=1 \x1b[31m", 1),
    ]
    append(results, rows)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4")
        assert "DROP" not in screen_text(app)
        assert app.screen.query_one(ScoreList).found[1].table == "silver.strange"
        await press(pilot, "down", "enter")
        assert "x') OR [red]1=1 ␛[31m" in screen_text(app)
        await press(pilot, "f")
        assert isinstance(app.screen, QualityScreen)
        assert any("not the name of a rule" in n.message for n in app._notifications)
        await press(pilot, "enter")
        assert "not the name of a rule" in screen_text(app)


async def test_both_themes_tell_states_apart_by_sign_and_by_colour(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        heat = await on_map(pilot, app)
        for theme in (DARK, LIGHT):
            assert app.theme == theme.name
            states = ("passed", "tolerated", "failed-0", "failed-3")
            assert len({heat._style(state).color for state in states}) == len(states)
            assert "▵" in screen_text(app)
            await press(pilot, "ctrl+t")


async def test_goldens(checked_home: Path, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    del checked_home
    app = ToolkitApp()
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4")
        golden(app, f"quality-scores-{size[0]}")
        await press(pilot, "down", "enter", "down", "left")
        golden(app, f"quality-map-{size[0]}")
        await press(pilot, "enter")
        golden(app, f"quality-rule-{size[0]}")
        await press(pilot, "escape", "up", "f")
        golden(app, f"quality-failing-{size[0]}")
