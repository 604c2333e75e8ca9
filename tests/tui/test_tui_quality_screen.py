"""The quality of one run, per table, and the rows behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tui_world as world
from textual.widgets import Select
from tui_driving import press, screen_text, settle

from tests.records import rule_found
from toolkit.events import EventLog
from toolkit.runs import RunFolder
from toolkit.tui.app import ToolkitApp
from toolkit.tui.screens.failing import FailingScreen
from toolkit.tui.screens.quality_run import RunQualityScreen
from toolkit.tui.widgets.frame import CommandBar
from toolkit.tui.widgets.table_rows import TableRows
from toolkit.tui.widgets.verdict_tables import RuleVerdicts, TableVerdicts

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]


async def test_the_newest_run_that_checked_is_shown_rule_by_rule(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "o")
        screen = app.screen
        assert isinstance(screen, RunQualityScreen)
        assert [t.table for t in screen.query_one(TableVerdicts).found] == ["silver.orders", "gold.churn_risk"]
        assert len(screen.query_one(RuleVerdicts).found) == 4
        await press(pilot, "down")
        assert [v.rule for v in screen.query_one(RuleVerdicts).found] == ["days_are_known"]
        assert screen.query_one(CommandBar).command == f"toolkit quality --run {world.RUN_ID} --table gold.churn_risk"
        assert "38.1%" in screen_text(app)


async def test_another_run_can_be_chosen(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "o", "o", "down", "enter")
        assert app.screen.query_one("#run", Select).value == world.FAILED_RUN_ID
        assert "This run checked no rule." in screen_text(app)
        command = app.screen.query_one(CommandBar).command
        assert command == f"toolkit quality --run {world.FAILED_RUN_ID}", "the command is about the run that is shown"


async def test_failing_rows_of_an_error_come_from_quarantine(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "o", "tab", "down", "f")
        assert isinstance(app.screen, FailingScreen)
        rows = app.screen.query_one(TableRows)
        assert rows.total == 2
        assert rows.grid.get_cell_at((0, 0)).plain.startswith("amount_is_positive: amount is positive: not so;")  # type: ignore[arg-type]
        assert "--where \"array_has(_rules, 'customer_is_known')\"" in app.screen.query_one(CommandBar).command


async def test_failing_rows_of_a_warning_come_from_their_table(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "o", "tab", "down", "down", "enter")
        rows = app.screen.query_one(TableRows)
        assert rows.source.table == "silver.orders"
        assert rows.total == 9


async def test_the_whole_quarantine_with_reasons(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "o", "tab", "x")
        assert "rows 1–10 of 10" in screen_text(app)
        await press(pilot, "enter")
        assert '"rule": "amount_is_positive"' in screen_text(app)


async def test_a_table_without_quarantine_is_told(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "o", "down", "tab", "f")
        assert "There is no table" not in screen_text(app)
        assert "rows broke this rule when it was measured; none is here now." in " ".join(screen_text(app).split())
        await press(pilot, "escape", "x")
        assert "There is no table" not in screen_text(app)
        assert "Nothing is in quarantine." in screen_text(app)


async def test_a_rule_of_a_hostile_name_is_shown_and_refused(app: ToolkitApp, home: Path) -> None:
    folder = RunFolder(home / "runs" / world.RUN_ID)
    log = EventLog(folder.events_file, folder.run_id)
    hostile = {"dimension": "", "description": "[/]", "examples": ["[x"]}
    log.emit("record", "check", **rule_found("ops.[b]", "x') OR [red]1=1", rows=1, failed=1, **hostile))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "o", "down", "down")
        assert "x') OR [red]1=1" in screen_text(app)
        await press(pilot, "tab", "f")
        assert isinstance(app.screen, RunQualityScreen)
        assert any("not the name of a rule" in n.message for n in app._notifications)


async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "o")
        golden(app, f"quality-run-{size[0]}")
        await press(pilot, "tab", "x")
        await settle(pilot)
        golden(app, f"quarantine-{size[0]}")
