"""The form that releases rows: it previews and starts exactly what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest
import quality_world as world
from deltalake import write_deltalake
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static
from tui_driving import press, screen_text, settle

from toolkit.errors import UsageError
from toolkit.lakehouse import Lakehouse
from toolkit.reader import open_table
from toolkit.tui.app import ToolkitApp
from toolkit.tui.quality_quarantine import change
from toolkit.tui.screens.confirm import ConfirmScreen
from toolkit.tui.screens.quality_release import ReleaseScreen, SetLine
from toolkit.tui.widgets.frame import CommandBar

pytestmark = pytest.mark.asyncio
WIDE = (160, 40)


@pytest.fixture
def app(checked_home: Path) -> ToolkitApp:
    """The app over a home with a quarantine."""
    del checked_home
    return ToolkitApp()


async def in_form(pilot: Pilot[None], app: ToolkitApp) -> ReleaseScreen:
    """The form for the ten rows without an amount."""
    await press(pilot, "4", "down", "x", "down", "down", "r")
    assert isinstance(app.screen, ReleaseScreen)
    return app.screen


async def typed(pilot: Pilot[None], screen: ReleaseScreen, where: str) -> None:
    """A condition, and what it sets off."""
    screen.query_one("#where", Input).value = where
    await settle(pilot)


async def test_a_question_that_comes_before_its_preview_names_no_number(app: ToolkitApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        assert screen.preview is not None
        assert screen.preview.rows == 10
        screen.query_one("#where", Input).value = "order_id = 'O09001'"
        # At once, as a quick hand does.
        screen.action_start()
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        assert "Release these rows?" in screen_text(app)
        await press(pilot, "n", "ctrl+r")
        assert "Release 1 row?" in screen_text(app)


async def test_where_no_row_is_meant_nothing_is_asked(app: ToolkitApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        await typed(pilot, screen, "amount > 1000000")
        await press(pilot, "ctrl+r")
        assert app.screen is screen
        assert any("nothing would be released" in n.message for n in app._notifications)


@pytest.mark.parametrize("where", ["order_id = 'O09001') OR (1=1", "1=1) OR (1=1 --"])
async def test_a_condition_is_one_condition(app: ToolkitApp, where: str) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        await typed(pilot, screen, where)
        assert screen.preview is None
        assert "40 rows" not in screen_text(app)
        assert "That does not work on quarantine.orders" in str(screen.query_one("#preview", Static).content)


async def test_a_comment_or_a_bracket_in_a_text_harms_no_condition(app: ToolkitApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        for where in (
            "order_id <> ')' -- not that one",
            "order_id = 'O09001' OR 1=1",
            "note IS NULL OR note <> '-- ('",
        ):
            await typed(pilot, screen, where)
            assert screen.preview is not None
            assert screen.preview.rows == 10


async def test_one_wrong_change_does_not_hide_the_others(app: ToolkitApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        await press(pilot, *"amount = 5", "ctrl+n", *"amuont = 1")
        assert len(screen.query(SetLine)) == 2
        assert app.screen.query_one(CommandBar).command.endswith("--rule amount_is_positive --set amount=5")
        assert screen.query_one("#start", Button).disabled
        await press(pilot, "ctrl+r")
        assert app.screen is screen


async def test_what_is_started_is_what_was_typed(app: ToolkitApp, checked_home: Path) -> None:
    quarantine = str(Lakehouse(checked_home / "lakehouse").path("quarantine.orders"))
    frame = world.quarantined()
    frame = frame.with_columns(frame["order_id"].alias("größe"), frame["note"].alias("order note"))
    write_deltalake(quarantine, frame.to_arrow(), mode="overwrite", schema_mode="overwrite")
    where = "note = 'Anna  Meier' OR amount = 0"
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        await typed(pilot, screen, f"  {where} ")
        assert screen.words[screen.words.index("--where") + 1] == where
        screen.query_one(SetLine).query_one(Input).value = "größe = 'x'"
        await press(pilot, "ctrl+n", *"`order note` = 'y'")
        assert screen.preview is not None
        assert not screen.preview.problem
        from toolkit.quality.repair import settings_of

        sets = [word for before, word in zip(screen.words, screen.words[1:], strict=False) if before == "--set"]
        assert settings_of(sets) == {"größe": "'x'", "order note": "'y'"}, "the command takes what the form took"


async def test_every_column_is_written_so_that_the_command_takes_it() -> None:
    from toolkit.quality.repair import settings_of

    for name in ("amount", "größe", "заказ", "order id", "a-b", "2nd", "tick`ed"):
        quoted = f"`{name.replace('`', '``')}` = 1 = 1"
        word = change(quoted, (name,)).word
        assert settings_of([word]) == {name: "1 = 1"}


async def test_parts_of_a_filter_are_conditions_by_themselves(checked_home: Path) -> None:
    del checked_home
    reader = open_table("quarantine.orders")
    assert reader.count(["amount = 0", "", "order_id = 'O09001' OR 1=1 -- all"]) == 10
    assert reader.page(where=["amount = 0", "1=1"], counted=True).total == 10
    with pytest.raises(UsageError, match="That does not work"):
        reader.page(where=["amount = 0", "1=1) OR (1=1"])


async def test_an_answer_to_what_is_no_longer_asked_is_not_shown(app: ToolkitApp) -> None:
    async with app.run_test(size=WIDE) as pilot:
        screen = await in_form(pilot, app)
        asked, answer = screen._judged, screen.preview
        assert answer is not None
        await typed(pilot, screen, "order_id = 'O09001'")
        screen._previewed(asked, answer)
        assert screen.preview is not None
        assert screen.preview.rows == 1
