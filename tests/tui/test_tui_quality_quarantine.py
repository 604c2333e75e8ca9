"""A table's quarantine: by reason, one row explained, repaired and released by a real process that is followed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import quality_world as world
from deltalake import DeltaTable, write_deltalake
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select, Static
from tui_driving import press, screen_text, settle, until

from toolkit.errors import UsageError
from toolkit.lakehouse import Lakehouse
from toolkit.tui.app import ToolkitApp
from toolkit.tui.quality_jobs import MOST_KEPT, Jobs
from toolkit.tui.quality_quarantine import change, explained, preview, read
from toolkit.tui.screens.confirm import ConfirmScreen
from toolkit.tui.screens.quality_job import JobScreen
from toolkit.tui.screens.quality_quarantine import ExplainScreen, QuarantineScreen, ReasonList
from toolkit.tui.screens.quality_release import ReleaseScreen, SetLine
from toolkit.tui.widgets.frame import CommandBar
from toolkit.tui.widgets.table_rows import TableRows

Size = tuple[int, int]
WORK = """
import os, sys, time
from pathlib import Path
from deltalake import DeltaTable
home = Path(os.environ["TOOLKIT_HOME"])
print("[red]released by[/red]", *sys.argv[1:], "\\x1b[31m")
if "--dry-run" in sys.argv:
    sys.exit(0)
while not (home / "go_on").exists():
    time.sleep(0.02)
DeltaTable(str(home / "lakehouse" / "quarantine" / "orders")).delete("amount = 0")
print("10 rows were released")
sys.exit(4 if (home / "fail").exists() else 0)
"""
"""Does to the quarantine what a release would do, once it is told to go on."""


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    """Starts `WORK`, a real process, in the place of the toolkit's own."""
    jobs = Jobs(command=lambda words: [sys.executable, "-c", WORK, *words])
    yield jobs
    for job in jobs._jobs:
        job.process.kill()
        job.process.wait()


@pytest.fixture
def app(checked_home: Path, jobs: Jobs) -> ToolkitApp:
    """The app over a home with a quarantine."""
    del checked_home
    return ToolkitApp(jobs=jobs)


def command(app: ToolkitApp) -> str:
    """The command line below."""
    return app.screen.query_one(CommandBar).command


async def in_quarantine(pilot: Pilot[None], app: ToolkitApp) -> QuarantineScreen:
    """The quarantine of `silver.orders`."""
    await press(pilot, "4", "down", "x")
    assert isinstance(app.screen, QuarantineScreen)
    return app.screen


async def in_form(pilot: Pilot[None], app: ToolkitApp, *texts: str) -> ReleaseScreen:
    """The form for rows of no amount, with a first change typed."""
    await in_quarantine(pilot, app)
    await press(pilot, "down", "down", "r")
    assert isinstance(app.screen, ReleaseScreen)
    for text in texts:
        app.screen.query_one("SetLine Input", Input).value = text
    await settle(pilot)
    return app.screen


@pytest.mark.asyncio
async def test_rows_are_counted_by_reason_and_shown_with_it(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await in_quarantine(pilot, app)
        reasons = screen.query_one(ReasonList)
        assert [(one.rule, one.rows) for one in reasons.reasons] == [
            ("", 40),
            ("customer_is_known", 40),
            ("amount_is_positive", 10),
        ]
        assert reasons.reasons[1].source == world.BAD_FILE
        assert command(app) == "toolkit quality quarantine silver.orders"
        await press(pilot, "down", "down")
        assert screen.query_one(TableRows).total == 10
        assert command(app) == "toolkit quality quarantine silver.orders --rule amount_is_positive"
        await press(pilot, "enter")
        assert screen.query_one(TableRows).grid.has_focus


@pytest.mark.asyncio
async def test_one_row_is_explained(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await in_quarantine(pilot, app)
        await press(pilot, "enter", "w")
        assert isinstance(app.screen, ExplainScreen)
        text = " ".join(screen_text(app).split())
        assert "Why silver.orders refused this row: 2 broken rules" in text
        assert "✖ amount_is_positive the amount is not above zero" in text
        assert f"It came from {world.BAD_FILE}, brought in by run" in text
        assert "order_id O09001" in text
        await press(pilot, "escape")
        assert isinstance(app.screen, QuarantineScreen)


@pytest.mark.asyncio
async def test_the_form_shows_its_command_and_what_it_concerns(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await in_form(pilot, app, "amount = amount + 5")
        assert screen.query_one("#reason", Select).value == "amount_is_positive"
        assert screen.preview is not None
        assert screen.preview.rows == 10
        assert "amount: 0.0 → 5.0" in screen_text(app)
        told = "toolkit quality release silver.orders --rule amount_is_positive --set 'amount=amount + 5'"
        assert command(app) == told
        screen.query_one("#where", Input).value = "order_id = 'O09001'"
        await settle(pilot)
        assert screen.preview.rows == 1
        assert "--where \"order_id = 'O09001'\"" in command(app)
        await press(pilot, "ctrl+n", *"note='x'")
        assert len(screen.query(SetLine)) == 2
        assert command(app).endswith("--set \"note='x'\"")
        assert "note: note 9001 → x" in " ".join(screen_text(app).split()) or "note: NULL → x" in screen_text(app)


@pytest.mark.asyncio
async def test_what_is_wrong_is_said_and_nothing_starts(app: ToolkitApp, jobs: Jobs) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_form(pilot, app, "amuont = 1")
        assert "There is no column 'amuont'." in screen_text(app)
        assert "amount" in screen_text(app)
        assert screen.query_one("#start", Button).disabled
        await press(pilot, "ctrl+r")
        assert not jobs._jobs
        assert any("Correct what is marked first." in n.message for n in app._notifications)


@pytest.mark.asyncio
async def test_an_expression_only_spark_knows_can_still_be_started(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_form(pilot, app, "amount = only_spark_knows(amount)")
        assert "10 rows of 40" in screen_text(app)
        assert "only_spark_knows" in str(screen.query_one("#preview", Static).content)
        assert "This preview is not by Spark" in screen_text(app)
        assert not screen.query_one("#start", Button).disabled
        screen.query_one("#where", Input).value = "only_spark_knows(amount)"
        await settle(pilot)
        assert "This preview is not by Spark" in screen_text(app)
        await press(pilot, "ctrl+r")
        assert "Release these rows?" in screen_text(app)


@pytest.mark.asyncio
async def test_a_release_asks_first_is_followed_and_the_quarantine_is_read_again(
    app: ToolkitApp, checked_home: Path, jobs: Jobs, size: Size
) -> None:
    async with app.run_test(size=size) as pilot:
        await in_form(pilot, app, "amount = 5")
        await press(pilot, "ctrl+r")
        assert isinstance(app.screen, ConfirmScreen)
        assert "Release 10 rows?" in screen_text(app)
        await press(pilot, "n")
        assert isinstance(app.screen, ReleaseScreen)
        assert not jobs._jobs
        await press(pilot, "ctrl+r", "y")
        await until(pilot, lambda: "[red]released by[/red] quality release silver.orders" in screen_text(app))
        assert isinstance(app.screen, JobScreen)
        assert "● at work" in screen_text(app)
        assert command(app) == "toolkit quality release silver.orders --rule amount_is_positive --set amount=5"
        (checked_home / "go_on").touch()
        await until(pilot, lambda: "✔ done" in screen_text(app))
        assert "10 rows were released" in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, QuarantineScreen)
        assert [one.rows for one in app.screen.query_one(ReasonList).reasons] == [30, 30]
        assert app.screen.query_one(TableRows).total == 30


@pytest.mark.asyncio
async def test_a_release_at_work_is_found_again_and_can_be_stopped(app: ToolkitApp, jobs: Jobs) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await in_form(pilot, app)
        await press(pilot, "ctrl+r", "y")
        await until(pilot, lambda: "released by" in screen_text(app))
        await press(pilot, "escape")
        assert isinstance(app.screen, QuarantineScreen)
        await press(pilot, "r")
        assert isinstance(app.screen, JobScreen)
        assert app.screen.job is jobs._jobs[0]
        await press(pilot, "k")
        assert isinstance(app.screen, ConfirmScreen)
        await press(pilot, "y")
        await until(pilot, lambda: "at work" not in screen_text(app))
        assert "■" in screen_text(app) or "✖" in screen_text(app)
        assert read("silver.orders").total == 40


@pytest.mark.asyncio
async def test_a_release_that_fails_says_so(app: ToolkitApp, checked_home: Path) -> None:
    for name in ("go_on", "fail"):
        (checked_home / name).touch()
    async with app.run_test(size=(120, 40)) as pilot:
        await in_form(pilot, app)
        await press(pilot, "ctrl+r", "y")
        await until(pilot, lambda: "✖ failed with exit code 4" in screen_text(app))


@pytest.mark.asyncio
async def test_a_dry_run_starts_without_a_question(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_form(pilot, app)
        screen.query_one("#dry").toggle()  # type: ignore[attr-defined]
        await settle(pilot)
        assert command(app).endswith("--dry-run")
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: "✔ done" in screen_text(app))
        assert "--dry-run" in screen_text(app)


@pytest.mark.asyncio
async def test_a_table_without_quarantine_says_what_that_means(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "4", "x")
        assert isinstance(app.screen, QuarantineScreen)
        assert app.screen.table == "gold.churn_risk"
        assert "Nothing is in quarantine." in screen_text(app)
        assert "No row of gold.churn_risk waits in quarantine." in screen_text(app)
        await press(pilot, "r", "w")
        assert isinstance(app.screen, QuarantineScreen), "there is nothing to release or to explain"


@pytest.mark.asyncio
@pytest.mark.parametrize("key", ["enter", "w", "f1"])
async def test_what_is_filtered_sorted_and_chosen_outlives_a_dialog(app: ToolkitApp, key: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_quarantine(pilot, app)
        await press(pilot, "down", "slash", *"amount > 1", "enter", "right", "s", "down", "down")
        rows = screen.query_one(TableRows)
        before, cursor = rows.rows_query, rows.grid.cursor_coordinate
        assert (before.typed, before.order_by) == ("amount > 1", "order_id")
        await press(pilot, key)
        assert app.screen is not screen
        await press(pilot, "escape")
        assert app.screen is screen
        assert screen.query_one(TableRows) is rows
        assert (rows.rows_query, rows.grid.cursor_coordinate) == (before, cursor)
        assert rows.grid.has_focus


@pytest.mark.asyncio
async def test_the_filter_stays_when_rows_left_meanwhile(app: ToolkitApp, checked_home: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await in_quarantine(pilot, app)
        await press(pilot, "slash", *"amount < 1", "enter")
        rows = screen.query_one(TableRows)
        assert rows.total == 10
        DeltaTable(str(checked_home / "lakehouse" / "quarantine" / "orders")).delete("order_id < 'O09009'")
        await press(pilot, "f5")
        assert (rows.rows_query.typed, rows.total) == ("amount < 1", 8)
        assert [one.rows for one in screen.query_one(ReasonList).reasons] == [32, 32, 8]
        assert rows.grid.has_focus


@pytest.mark.asyncio
async def test_the_filter_is_one_key_away_and_leads_on_to_the_rows(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        screen = await in_quarantine(pilot, app)
        assert screen.query_one(ReasonList).has_focus
        await press(pilot, "slash", *"amoun < 1", "enter")
        rows = screen.query_one(TableRows)
        field = rows.query_one(Input)
        assert field.has_focus, "a condition that does not fit can be mended at once"
        await press(pilot, *["left"] * 4, "t", "enter")
        assert rows.grid.has_focus
        assert rows.total == 10
        await press(pilot, "w")
        assert isinstance(app.screen, ExplainScreen)
        assert field.value == "amount < 1"


@pytest.mark.asyncio
async def test_rows_that_left_are_counted(app: ToolkitApp, checked_home: Path) -> None:
    releases = str(Lakehouse(checked_home / "lakehouse").path("ops.quarantine_releases"))
    write_deltalake(releases, pa.table({"table_name": ["silver.orders"] * 12 + ["silver.customers"]}))
    async with app.run_test(size=(120, 40)) as pilot:
        await in_quarantine(pilot, app)
        assert "12 rows left it so far: see ops.quarantine_releases" in screen_text(app)


@pytest.mark.asyncio
async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await in_quarantine(pilot, app)
        golden(app, f"quality-quarantine-{size[0]}")
        await press(pilot, "enter", "w")
        golden(app, f"quality-explain-{size[0]}")
        await press(pilot, "escape")
    again = ToolkitApp()
    async with again.run_test(size=size) as pilot:
        await in_form(pilot, again, "amount = amount + 5")
        golden(again, f"quality-release-{size[0]}")


def test_a_change_is_a_column_and_an_expression() -> None:
    columns = ("amount", "order id", "_source")
    assert change("amount=abs(amount) = 1", columns).word == "amount=abs(amount) = 1"
    assert change(" `order id` = 'x' ", columns).word == "`order id`='x'"
    for wrong in ("amount", "= 1", "amount =", "amount == 1", "other = 1", "_source = 'x'"):
        with pytest.raises(UsageError):
            change(wrong, columns)


def test_a_preview_changes_nothing_and_keeps_the_condition_whole(checked_home: Path) -> None:
    del checked_home
    columns = read("silver.orders").columns
    found = preview("silver.orders", ["amount = 0 -- the worst"], [change("amount = amount + 1", columns)])
    assert found.rows == 10
    assert found.samples[0] == (("amount", 0.0, 1.0),)
    assert preview("silver.orders", ["", "amount = 0"], []).rows == 10
    with pytest.raises(UsageError):
        preview("silver.orders", ["no_such_column = 1"], [])


def test_a_row_explains_itself_as_far_as_it_can() -> None:
    assert "No reason is kept with this row." in explained({"a": 1}).plain
    assert "It does not say where it came from." in explained({"a": 1}).plain
    assert "The line could not be read." in explained({"_corrupt_record": "{", "_violations": None}).plain
    assert "✖ plain text" in explained({"_violations": ["plain text"]}).plain
    both = {"rule": "r", "column": "sent", "value": "sent=2, came=1", "message": "In order."}
    assert "\n  sent=2, came=1\n" in explained({"_violations": [both]}).plain
    assert "\n  sent = 2\n" in explained({"_violations": [both | {"value": "2"}]}).plain
    assert "\n  a=1\n" in explained({"_violations": [both | {"column": "", "value": "a=1"}]}).plain
    assert "\x1b" not in explained({"a": "\x1b[31m"}).plain


def test_only_some_output_is_kept(checked_home: Path, jobs: Jobs) -> None:
    for _ in range(MOST_KEPT + 3):
        jobs.start(["quality", "release", "silver.orders", "--dry-run"]).process.wait()
    assert len(list((checked_home / "jobs").glob("*.txt"))) == MOST_KEPT
    assert jobs.running(["quality", "release"]) is None
