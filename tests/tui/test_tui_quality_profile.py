"""What a table holds, and what was promised about it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import quality_world as world
import tui_world
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static
from tui_driving import press, screen_text, until

from toolkit.errors import DataError
from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume, dump
from toolkit.quality.profiling import ColumnProfile, Correlation, Histogram, Ordering, Profile, Spread, Top
from toolkit.tui import quality_contracts, quality_profile
from toolkit.tui.app import ToolkitApp
from toolkit.tui.quality_jobs import Jobs
from toolkit.tui.screens.quality_contract import ContractScreen
from toolkit.tui.screens.quality_contract import told as contract_text
from toolkit.tui.screens.quality_job import JobScreen
from toolkit.tui.screens.quality_profile import ColumnList, ProfileScreen
from toolkit.tui.widgets.frame import CommandBar, ProblemPanel

Size = tuple[int, int]
RULES = """\
table: silver.orders
owner: shop data
rules:
  - kind: length
    name: note_is_short
    description: Notes fit a label.
    column: note
    max: 40
"""
PROFILE = "import shutil, sys; print('measured', *sys.argv[3:]); shutil.copy(sys.argv[1], sys.argv[2])"


@pytest.fixture
def app(checked_home: Path) -> ToolkitApp:
    """The app over a home with a profile and a contract."""
    del checked_home
    return ToolkitApp()


def command(app: ToolkitApp) -> str:
    """The command line below."""
    return app.screen.query_one(CommandBar).command


async def opened(pilot: Pilot[None], app: ToolkitApp, key: str) -> str:
    """The profile or the contract of `silver.orders`, as one line of text."""
    await press(pilot, "4", "down", key)
    return one_line(app)


def one_line(app: ToolkitApp) -> str:
    """The screen's text without its layout."""
    return " ".join(screen_text(app).split())


@pytest.mark.asyncio
async def test_a_profile_shows_each_columns_bars(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        text = await opened(pilot, app, "p")
        assert isinstance(app.screen, ProfileScreen)
        assert "900 rows · 4 columns · likely key: order_id (estimated) · refers: customer_id" in text
        assert [c.name for c in app.screen.query_one(ColumnList).columns_shown] == [
            "order_id",
            "amount",
            "note",
            "customer_id",
        ]
        assert "likely a key (estimated)" in text
        assert command(app) == "toolkit quality profile silver.orders"
        await press(pilot, "down")
        assert "mean 25, standard deviation 14.4, median 25" in one_line(app)
        assert re.search(r"0.5 – 10.3  (█{12,24}) 400", screen_text(app))
        await press(pilot, "down")
        assert "600 of 900 rows are null (66.7%)" in one_line(app)
        assert "[red]a[/red]" in one_line(app)
        assert "Top values all values" in one_line(app)


@pytest.mark.asyncio
async def test_a_table_without_profile_says_how_to_make_one_and_makes_it(
    checked_home: Path, tmp_path: Path, size: Size
) -> None:
    kept = checked_home / "profiles" / "silver.orders.json"
    made = kept.rename(tmp_path / "made.json")
    app = ToolkitApp(jobs=Jobs(command=lambda words: [sys.executable, "-c", PROFILE, str(made), str(kept), *words]))
    async with app.run_test(size=size) as pilot:
        assert "Press m to measure the table and keep one." in await opened(pilot, app, "p")
        await press(pilot, "m")
        assert isinstance(app.screen, JobScreen)
        await until(pilot, lambda: "✔ done" in screen_text(app))
        assert "measured quality profile silver.orders" in screen_text(app)
        await press(pilot, "escape")
        assert "900 rows · 4 columns" in one_line(app)


@pytest.mark.asyncio
async def test_what_is_being_measured_says_so_on_both_screens(
    checked_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.tui.screens.quality_profile.REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(ToolkitApp, "watch_runs", lambda _: None)
    go_on = tmp_path / "go_on"
    code = f"import time, pathlib\nwhile not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.02)"
    app = ToolkitApp(jobs=Jobs(command=lambda words: [sys.executable, "-c", code, *words]))
    (checked_home / "profiles" / "silver.orders.json").rename(tmp_path / "kept.json")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "p")
        await press(pilot, "m")
        assert isinstance(app.screen, JobScreen)
        assert "g shows" not in screen_text(app), "nothing is listed as at work yet"
        app.going = 1
        await until(pilot, lambda: "·  g shows its steps" in screen_text(app))
        await press(pilot, "escape")
        assert "It is being measured now: press m." in one_line(app)
        (tmp_path / "kept.json").rename(checked_home / "profiles" / "silver.orders.json")
        await press(pilot, "f5")
        assert "being measured now: press m" in one_line(app)
        await press(pilot, "m")
        assert len(app.jobs._jobs) == 1
        await press(pilot, "escape")
        go_on.touch()
        await until(pilot, lambda: "being measured" not in screen_text(app))
        await press(pilot, "m")
        await until(pilot, lambda: "✔ done" in screen_text(app))
        state = str(app.screen.query_one("#state").render())
        assert state.endswith("Escape goes back")
        assert app.screen.query_one("#state").size.height == 1


@pytest.mark.asyncio
async def test_a_file_that_is_no_profile_is_told(app: ToolkitApp, checked_home: Path) -> None:
    (checked_home / "profiles" / "silver.orders.json").write_text('{"rows": "many"}', encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, "p")
        said = str(app.screen.query_one(ProblemPanel).content)
        assert "is no profile." in said
        assert "→ Make it anew: press m." in said
    with pytest.raises(DataError):
        quality_profile.read("silver.orders")


@pytest.mark.asyncio
async def test_a_contract_says_what_differs(app: ToolkitApp, checked_home: Path, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        text = await opened(pilot, app, "c")
        assert isinstance(app.screen, ContractScreen)
        assert "against contract orders 1.2.0 active · owner: order desk" in text
        assert "✖ 2 differences · amount is double, not decimal(10,2). · note (string) is not in the contract." in text
        assert "✖ customer_is_known The customer of an order exists. 40 of 1,000 rows break it (4%)" in text
        assert "○ order_id_required order_id is given. not measured yet" in text
        assert command(app) == f"toolkit quality contract check {checked_home / 'contracts' / 'orders.yaml'}"


@pytest.mark.asyncio
async def test_a_kept_contract_is_green(app: ToolkitApp, checked_home: Path) -> None:
    note = "  - name: note\n    logicalType: string\n    physicalType: string\n"
    file = checked_home / "contracts" / "orders.yaml"
    file.write_text(world.CONTRACT.format(amount="double") + note, encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        assert "✔ As promised: all 4 columns are as in the contract." in await opened(pilot, app, "c")


@pytest.mark.asyncio
async def test_a_file_that_is_no_contract_does_not_hide_the_others(app: ToolkitApp, checked_home: Path) -> None:
    (checked_home / "contracts" / "a_draft.yaml").write_text("kind: [nonsense]\n", encoding="utf-8")
    async with app.run_test(size=(120, 40)) as pilot:
        text = await opened(pilot, app, "c")
        assert "a_draft.yaml cannot be used" in text
        assert "✖ 2 differences" in text


@pytest.mark.asyncio
async def test_without_a_contract_the_screen_says_how_to_get_one(app: ToolkitApp, checked_home: Path) -> None:
    (checked_home / "contracts" / "orders.yaml").unlink()
    async with app.run_test(size=(120, 40)) as pilot:
        text = await opened(pilot, app, "c")
        assert "No contract names silver.orders." in text
        assert command(app) == "toolkit quality contract draft silver.orders"


@pytest.mark.asyncio
async def test_a_table_that_went_away_is_told(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "4", "c")
        assert "There is no table 'gold.churn_risk'." in str(app.screen.query_one(ProblemPanel).content)


@pytest.mark.asyncio
async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app, "p")
        await press(pilot, "down")
        golden(app, f"quality-profile-{size[0]}")


@pytest.mark.asyncio
async def test_what_a_column_has_to_do_with_others_stands_beside_it(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app, "p")
        await press(pilot, "down", "down", "down")
        said = app.screen.query_one("#detail", Static).content
        assert isinstance(said, Content)
        assert "\ncustomer_id looks like a reference to customers.customer_id (860 of 900 rows found)\n" in said.plain
        assert "looks like a reference to" in one_line(app)


def test_the_head_names_two_of_each_kind_and_counts_the_others() -> None:
    columns = tuple(
        ColumnProfile(name=f"key_{i}", type="int", kind="number", rows=9, nulls=0, distinct=9, likely_key=True)
        for i in range(5)
    )
    profile = Profile(
        table="silver.orders",
        measured_at=datetime(2026, 1, 5, tzinfo=UTC),
        rows=9,
        columns=columns,
        correlations=(Correlation(one="net", other="gross", r=0.9), Correlation(one="net", other="tax", r=0.9)),
        orderings=(Ordering(first="ordered", second="sent", rows=9, kept=9),),
    )
    assert quality_profile.head(profile).plain.endswith(
        " · likely key: key_0, key_1 and 3 more (estimated) · go together: net, gross and 1 more"
        " · in order: ordered, sent"
    )


def test_promises_of_freshness_and_volume_are_held_against_the_table(checked_home: Path) -> None:
    table = ContractTable(
        name="silver.orders",
        columns=(Column(name="_ingested_at", type="timestamp"),),
        freshness=Freshness(column="_ingested_at", within=24),
        volume=Volume(min_rows=1_000),
    )
    text = dump(Contract(id="orders", version="1.0.0", tables=(table,)))
    (checked_home / "contracts" / "orders.yaml").write_text(text, encoding="utf-8")
    told = contract_text(quality_contracts.read("silver.orders", datetime.now(UTC)), "silver.orders").plain
    assert "✔ ok  a load at least every 24 hours: kept on 100% of 1 day of 30 days" in told
    assert "✖ at least 1,000 rows: it has 900" in told
    later = datetime.now(UTC) + timedelta(days=3)
    told = contract_text(quality_contracts.read("silver.orders", later), "silver.orders").plain
    assert "✖ breached" in told
    assert "more than promised and counting" in told


def test_a_description_is_looked_for_where_rules_are_declared(checked_home: Path) -> None:
    del checked_home
    assert quality_contracts.declared("silver.orders", "customer_is_known") == (
        "The customer of an order exists.",
        "customer team",
    )
    assert quality_contracts.declared("silver.orders", "no_such_rule") == ("", "")


def test_a_file_of_rules_beside_a_scenario_describes_them_too(
    checked_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del checked_home
    tui_world.write_scenario(tmp_path / "scenarios")
    folder = tmp_path / "scenarios" / "corner_shop" / "rules"
    folder.mkdir()
    (folder / "broken.yaml").write_text("rules: [", encoding="utf-8")
    (folder / "orders.yaml").write_text(RULES, encoding="utf-8")
    monkeypatch.setenv("TOOLKIT_SCENARIOS", str(tmp_path / "scenarios"))
    assert quality_contracts.declared("silver.orders", "note_is_short") == ("Notes fit a label.", "shop data")
    assert quality_contracts.declared("silver.customers", "note_is_short") == ("", "")


def test_every_kind_of_column_has_its_facts() -> None:
    moments = ColumnProfile(
        name="at",
        type="timestamp",
        kind="time",
        rows=10,
        nulls=0,
        min="2026-01-01 00:00:00",
        max="2026-01-11 00:00:00",
        spread=Spread(future=2),
        histogram=Histogram(edges=(1767225600.0, 1767657600.0, 1768089600.0), counts=(7, 3)),
    )
    text = quality_profile.detail(moments, 60).plain
    assert "2026-01-01 – 2026-01-06  ████████████████████████ 7" in text
    assert "2 in the future" in text
    odd = ColumnProfile(
        name="x",
        type="double",
        kind="number",
        rows=0,
        nulls=0,
        spread=Spread(nan=3, infinite=1),
        top=(Top(value="", count=2),),
    )
    text = quality_profile.detail(odd, 20).plain
    assert "3 NaN" in text
    assert "1 infinite" in text
    assert '""  ████' in text
