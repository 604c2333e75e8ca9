"""Following a run: live, over, failed, cancelled, left and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tui_world as world
from textual.pilot import Pilot
from textual.widgets import Log, Static
from tui_driving import press, screen_text, settle, until

from toolkit.runs import RunFolder
from toolkit.tui.app import ToolkitApp
from toolkit.tui.launch import PATIENCE, Launcher
from toolkit.tui.screens.confirm import ConfirmScreen
from toolkit.tui.screens.form import ScenarioForm
from toolkit.tui.screens.run import RunScreen
from toolkit.tui.screens.view import ViewScreen
from toolkit.tui.widgets.frame import CommandBar, TopBar
from toolkit.tui.widgets.parameter_field import ParameterField
from toolkit.tui.widgets.verdict_tables import RuleVerdicts

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]


async def started(pilot: Pilot[None], app: ToolkitApp, launcher: Launcher) -> RunScreen:
    """A run that is at work, on screen."""
    folder = launcher.start("corner_shop", ["run", "corner_shop"])
    await app.open_run(folder.run_id)
    screen = app.screen
    assert isinstance(screen, RunScreen)
    await until(pilot, lambda: any(step.tasks for step in screen.follower.view.steps.values()))
    return screen


async def test_steps_progress_and_log_are_live(home: Path, launcher: Launcher, size: Size) -> None:
    app = ToolkitApp(launcher)
    async with app.run_test(size=size) as pilot:
        screen = await started(pilot, app, launcher)
        await until(pilot, lambda: "30%" in screen_text(app))
        assert "● ingest" in screen_text(app)
        assert "✔ land" in screen_text(app)
        assert "1,234" in screen_text(app)
        await press(pilot, "l")
        await until(pilot, lambda: "reading files" in "\n".join(screen.query_one(Log).lines))
        (home / "runs" / screen.run_id / "release").touch()
        await until(pilot, lambda: "Nobody is slipping away." in screen_text(app))
        assert "succeeded" in screen_text(app)


async def test_leaving_does_not_stop_and_g_comes_back(home: Path, launcher: Launcher) -> None:
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await started(pilot, app, launcher)
        run_id = screen.run_id
        await press(pilot, "escape", "3")
        app.watch_runs()
        await until(pilot, lambda: app.screen.query_one(TopBar).going == 1)
        assert "1 run: press g" in screen_text(app)
        await press(pilot, "g")
        assert isinstance(app.screen, RunScreen)
        assert app.screen.run_id == run_id
    assert RunFolder(home / "runs" / run_id).record().status == "running"

    again = ToolkitApp(Launcher())
    async with again.run_test(size=(120, 40)) as pilot:
        await press(pilot, "2", "enter")
        assert isinstance(again.screen, RunScreen)
        assert again.screen.run_id == run_id
        assert again.screen.follower.status == "running"
        (home / "runs" / run_id / "release").touch()
        await until(pilot, lambda: "Nobody is slipping away." in screen_text(again))


async def test_cancel_asks_first(launcher: Launcher, home: Path) -> None:
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await started(pilot, app, launcher)
        await press(pilot, "c")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "n")
        assert RunFolder(home / "runs" / screen.run_id).record().status == "running"
        await press(pilot, "c", "y")
        await until(pilot, lambda: screen.follower.status == "cancelled")
        assert "■ cancelled" in screen_text(app)


async def test_a_run_that_does_not_listen_can_be_ended_harder(home: Path, deaf_launcher: Launcher) -> None:
    app = ToolkitApp(deaf_launcher)
    now = 0.0
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await started(pilot, app, deaf_launcher)
        screen.stopping.clock = lambda: now
        await press(pilot, "c", "y")
        assert "Stopping" in screen_text(app)
        await press(pilot, "k")
        assert app.screen is screen
        now = PATIENCE
        await until(pilot, lambda: "It is still running. Press k" in screen_text(app))
        await press(pilot, "k")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "y")
        await until(pilot, lambda: screen.follower.status == "interrupted")
    assert RunFolder(home / "runs" / screen.run_id).record().status == "interrupted"


async def test_a_process_that_dies_before_it_begins_shows_what_it_said(
    home: Path, stillborn_launcher: Launcher, size: Size
) -> None:
    del home
    app = ToolkitApp(stillborn_launcher)
    async with app.run_test(size=size) as pilot:
        await app.open_run(stillborn_launcher.start("corner_shop", ["run", "corner_shop"]).run_id)
        await until(pilot, lambda: "did not start" in screen_text(app))
        assert "No Java was found." in screen_text(app)
        assert "[red]Set JAVA_HOME.[/red]" in screen_text(app)


async def test_a_past_run_shows_answer_quality_and_hostile_log(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await app.open_run(world.RUN_ID)
        await settle(pilot)
        assert "12 of 97 customers are slipping away." in screen_text(app)
        assert "↷ model" in screen_text(app)
        assert "10 rows went to quarantine." in screen_text(app)
        await press(pilot, "u")
        assert [v.rule for v in app.screen.query_one(RuleVerdicts).found][:2] == [
            "amount_is_positive",
            "customer_is_known",
        ]
        await press(pilot, "l")
        assert "[red]a line with brackets[/red]" in screen_text(app)
        assert "␛[31mescape␛[0m" in screen_text(app)


async def test_a_failed_run_shows_what_and_cure(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await app.open_run(world.FAILED_RUN_ID)
        await settle(pilot)
        assert "✖ The file orders.json is not there." in screen_text(app)
        assert "→ Put it back, or land it again." in screen_text(app)
        assert not app.screen.query_one("#answer", Static).display


async def test_again_opens_the_form_with_the_runs_parameters(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await app.open_run(world.FAILED_RUN_ID)
        await settle(pilot)
        await press(pilot, "a")
        assert isinstance(app.screen, ScenarioForm)
        assert app.screen.query_one("#field-orders", ParameterField).text == "300"
        assert app.screen.query_one(CommandBar).command == "toolkit run corner_shop -p orders 300"


async def test_failing_rows_are_one_key_away(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await app.open_run(world.RUN_ID)
        await settle(pilot)
        await press(pilot, "u", "f")
        assert isinstance(app.screen, ViewScreen)
        assert app.screen.question.address == "quality.rows"
        assert len(app.screen.rows) == 10
        await press(pilot, "escape", "x")
        assert isinstance(app.screen, ViewScreen)
        assert app.screen.question.address == "quality.quarantine"
        await press(pilot, "escape")
        assert isinstance(app.screen, RunScreen)


async def test_a_run_that_is_not_there_is_told(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await app.open_run("20260101-000000-nothing-0000")
        await settle(pilot)
        assert "did not start" in screen_text(app)


async def test_runs_are_listed_newest_first_and_stay_responsive(app: ToolkitApp, home: Path, size: Size) -> None:
    for number in range(1000):
        run_id = f"20260102-{number:06}-corner_shop-{number:04x}"
        world.run_folder(home, run_id).save(world.record(run_id, status="succeeded", orders=number + 1))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2")
        screen = app.screen
        assert isinstance(screen, ViewScreen)
        assert (len(screen.rows), screen.rows[0]["run"]) == (1002, world.RUN_ID)
        assert "1–200 of 1,002 rows" in screen_text(app)
        await press(pilot, *"]]]]]", "ctrl+end", "enter")
        assert isinstance(app.screen, RunScreen)
        assert app.screen.run_id.startswith("20260102-000000")


async def test_the_list_says_what_came_of_the_run_under_the_cursor(app: ToolkitApp, home: Path, size: Size) -> None:
    damaged = world.run_folder(home, "20260302-101500-corner_shop-ffff")
    (damaged.path / "run.json").write_text("{", encoding="utf-8")
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2")
        assert "✖ damaged" in screen_text(app)
        assert "The record of run 20260302-101500-corner_shop-ffff cannot be read" in screen_text(app)
        await press(pilot, "down")
        assert "12 of 97 customers are slipping away." in screen_text(app)
        assert "orders = 1000 · strict = false" in screen_text(app)
        await press(pilot, "down")
        assert "The file orders.json is not there." in screen_text(app)


async def test_the_list_follows_a_run_at_work(home: Path, launcher: Launcher) -> None:
    app = ToolkitApp(launcher)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "2")
        folder = launcher.start("corner_shop", ["run", "corner_shop"])
        await until(pilot, lambda: "● running" in screen_text(app))
        assert "It is at work." in screen_text(app) or "12 of 97" in screen_text(app)
        (folder.path / "release").touch()
        await until(pilot, lambda: "● running" not in screen_text(app))
        assert screen_text(app).count("✔ succeeded") == 2


async def test_without_a_run_the_screens_say_what_to_do(empty_home: Path, size: Size) -> None:
    app = ToolkitApp()
    async with app.run_test(size=size) as pilot:
        for key, none in (("2", "There is no run yet."), ("3", "There is no table yet.")):
            await press(pilot, key)
            text = " ".join(screen_text(app).split())
            assert none in text
            assert "press 1" in text
            assert str(empty_home) in text.replace(" ", "") or str(empty_home) in text
        await press(pilot, "4")
        assert "Nothing was measured yet." in screen_text(app)
        await press(pilot, "g")
        assert any("No run is at work" in n.message for n in app._notifications)


async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "2", "enter")
        golden(app, f"run-steps-{size[0]}")
        await press(pilot, "u")
        golden(app, f"run-quality-{size[0]}")
