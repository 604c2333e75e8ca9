"""The list of tables, and everything about one."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import tui_world as world
from deltalake import write_deltalake
from textual.pilot import Pilot
from textual.widgets import Input, Static
from tui_driving import press, screen_text, settle, until

from toolkit.store.lakehouse import Lakehouse
from toolkit.tui.app import ToolkitApp
from toolkit.tui.screens.cell import CellScreen
from toolkit.tui.screens.table import TableScreen
from toolkit.tui.screens.view import ViewScreen
from toolkit.tui.widgets.facts import FileList, HistoryList, SchemaList
from toolkit.tui.widgets.frame import CommandBar, ProblemPanel
from toolkit.tui.widgets.table_detail import TableDetail
from toolkit.tui.widgets.table_rows import TableRows

pytestmark = pytest.mark.asyncio
Size = tuple[int, int]


async def open_orders(pilot: Pilot[None], app: ToolkitApp) -> TableRows:
    """The rows of `silver.orders`."""
    await app.open_table("silver.orders")
    await settle(pilot)
    return app.screen.query_one(TableRows)


def command(app: ToolkitApp) -> str:
    """The command line below."""
    return app.screen.query_one(CommandBar).command


def position(app: ToolkitApp) -> str:
    """The line beneath the rows."""
    return str(app.screen.query_one(".position", Static).content)


async def test_the_list_shows_rows_and_freshness_and_leads_to_a_table(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3")
        text = screen_text(app)
        for part in (
            "bronze.orders",
            "449",
            "gold.churn_risk",
            "quarantine.orders",
            "bronze.orders: 460 rows in 1 file",
        ):
            assert part in text
        assert command(app) == "toolkit tables list"
        await press(pilot, "down")
        assert "silver.orders: 449 rows in 2 files" in screen_text(app)
        await press(pilot, "enter")
        assert app.screen.query_one(TableDetail).table == "silver.orders"
        assert command(app) == "toolkit tables show silver.orders"
        await press(pilot, "escape")
        assert isinstance(app.screen, ViewScreen)
        assert app.screen.current
        assert app.screen.current["table"] == "silver.orders"


@pytest.mark.parametrize(("key", "name", "part"), [("c", "columns", "Gross, in the"), ("i", "files", "2 files of")])
async def test_columns_and_files_are_one_key_away(app: ToolkitApp, key: str, name: str, part: str) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3", "down", key)
        assert command(app) == f"toolkit tables {name} silver.orders"
        assert part in screen_text(app)


async def test_the_history_leads_to_the_table_as_it_was_and_to_the_run(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3", "down", "h", "down", "down")
        assert command(app) == "toolkit tables versions silver.orders"
        await press(pilot, "enter")
        assert position(app) == "rows 1–200 of 300"
        assert command(app) == "toolkit tables show silver.orders --version 0"
        await press(pilot, "escape", "u")
        assert command(app) == f"toolkit runs show {world.FAILED_RUN_ID}"


async def test_a_page_of_rows_that_meet_a_condition_can_be_asked_for(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await app.open_part("tables.show", {"table": "silver.orders", "version": 1, "where": "amount > 440"})
        await settle(pilot)
        assert command(app) == "toolkit tables show silver.orders --version 1 --where 'amount > 440'"
        assert position(app).endswith("filtered, Escape shows all")
        await press(pilot, "escape")
        assert position(app) == "rows 1–200 of 450"


async def test_sorting_waits_for_what_opening_tells(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3", "s", "s", "s", "S")
        screen = app.screen
        assert isinstance(screen, ViewScreen)
        assert [row["rows"] for row in screen.rows] == [460, 449, 97, 10]
        assert command(app) == "toolkit tables list --sort rows --descending"
        await press(pilot, "slash", *"449")
        assert [row["table"] for row in screen.rows] == ["silver.orders"]


async def test_only_what_was_written_to_is_opened_again(
    app: ToolkitApp, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    whole = Lakehouse.summary
    monkeypatch.setattr(Lakehouse, "summary", lambda self, name: opened.append(name) or whole(self, name))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3")
        assert sorted(opened) == ["bronze.orders", "gold.churn_risk", "quarantine.orders", "silver.orders"]
        write_deltalake(
            home / "lakehouse" / "gold" / "churn_risk", pa.table({"n": [1]}), mode="overwrite", schema_mode="overwrite"
        )
        opened.clear()
        await press(pilot, "f5")
        assert opened == ["gold.churn_risk"]
        assert {row["table"]: row["rows"] for row in app.screen.rows}["gold.churn_risk"] == 1  # type: ignore[attr-defined]


async def test_pages_go_on_and_back(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_orders(pilot, app)
        assert position(app) == "rows 1–200 of 449"
        await press(pilot, "n", "n", "n")
        assert position(app) == "rows 401–449 of 449"
        await press(pilot, "p")
        assert position(app) == "rows 201–400 of 449"


async def test_s_sorts_by_the_column_under_the_cursor(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        rows = await open_orders(pilot, app)
        await press(pilot, "s", "s")
        assert rows.page
        assert rows.page.rows[0][0] == "O00450"
        assert "order_id ▼" in screen_text(app)
        assert command(app) == "toolkit tables show silver.orders --sort order_id --descending"
        await press(pilot, "s")
        assert rows.rows_query.order_by is None


async def test_a_click_on_a_header_sorts(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        rows = await open_orders(pilot, app)
        await pilot.click(".rows", offset=(3, 0))
        await settle(pilot)
        assert rows.rows_query.order_by == "order_id"


async def test_a_condition_filters_and_escape_shows_all(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_orders(pilot, app)
        await press(pilot, "slash")
        app.screen.query_one(Input).value = "amount > 440 AND note IS NULL"
        await press(pilot, "enter")
        assert position(app).startswith("rows 1–4 of 4 · filtered")
        assert command(app) == "toolkit tables show silver.orders --where 'amount > 440 AND note IS NULL'"
        await press(pilot, "escape")
        assert position(app) == "rows 1–200 of 449"
        assert app.screen.query_one(TableDetail).tab == "rows"


async def test_a_condition_that_fits_no_row_is_told_beside_all_rows(app: ToolkitApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_orders(pilot, app)
        await press(pilot, "slash")
        app.screen.query_one(Input).value = "amount > 1e9"
        await press(pilot, "enter")
        assert position(app).startswith("0 of 449 rows · filtered")


async def test_a_wrong_condition_is_told_and_the_rows_stay(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        rows = await open_orders(pilot, app)
        await press(pilot, "slash", *"nope", "enter")
        panel = rows.query_one(ProblemPanel)
        assert panel.display
        assert "does not work on silver.orders" in str(panel.content)
        assert rows.grid.row_count == 200
        await press(pilot, "escape")
        assert not panel.display


async def test_a_whole_cell_on_enter(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        rows = await open_orders(pilot, app)
        rows.grid.move_cursor(row=0, column=4)
        await press(pilot, "enter")
        assert isinstance(app.screen, CellScreen)
        assert '"product": "P1"' in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, TableScreen)


async def test_null_empty_and_hostile_text_are_told_apart(app: ToolkitApp) -> None:
    async with app.run_test(size=(160, 40)) as pilot:
        rows = await open_orders(pilot, app)
        await press(pilot, "slash")
        app.screen.query_one(Input).value = "order_id IN ('O00001', 'O00003', 'O00005')"
        await press(pilot, "enter")
        notes = [rows.grid.get_cell_at((row, 5)) for row in range(3)]  # type: ignore[arg-type]
        assert [note.plain for note in notes] == ["[red]not markup[/red] ␛[31mnot red␛…", "NULL", '""']
        rows.grid.focus()
        rows.grid.move_cursor(row=0, column=5)
        await press(pilot, "enter")
        assert "[red]not markup[/red] ␛[31mnot red␛[0m ␀ end" in screen_text(app)


async def test_export_writes_the_page_and_says_where(app: ToolkitApp, home: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await open_orders(pilot, app)
        await press(pilot, "n", "e")
        file = home / "exports" / "silver.orders-v2-rows-201-400.csv"
        assert len(file.read_text(encoding="utf-8").splitlines()) == 201
        assert any(str(file) in n.message for n in app._notifications)


async def test_schema_with_comments_and_files_with_total(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_orders(pilot, app)
        await press(pilot, "c")
        schema = app.screen.query_one(SchemaList)
        cells = [cell.plain for cell in schema.get_row_at(4)]
        assert cells[0] == "items"
        assert cells[1].startswith("array<struct<product:string,")
        assert cells[3] == "What was bought"
        assert command(app) == "toolkit tables show silver.orders --schema"
        await press(pilot, "i")
        files = app.screen.query_one(FileList)
        assert [c.plain for c in files.get_row_at(0)][1:] == ["449", "", "2 files in all"]
        assert files.row_count == 3


async def test_a_version_shows_the_table_as_it_was(app: ToolkitApp, size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await open_orders(pilot, app)
        await press(pilot, "h")
        history = app.screen.query_one(HistoryList)
        assert [v.version for v in history.versions] == [2, 1, 0]
        assert history.versions[2].step == "check"
        await press(pilot, "down", "down", "v")
        assert "as of version 0" in screen_text(app)
        assert position(app) == "rows 1–200 of 300"
        assert command(app) == "toolkit tables show silver.orders --version 0"
        await press(pilot, "h")
        assert [v.version for v in app.screen.query_one(HistoryList).versions] == [2, 1, 0]
        await press(pilot, "i")
        assert app.screen.query_one(FileList).row_count == 2
        await press(pilot, "0")
        assert "as of version" not in screen_text(app)
        assert app.screen.query_one(TableDetail).tab == "files"
        assert app.screen.query_one(FileList).row_count == 3


async def test_a_damaged_table_shows_its_error(app: ToolkitApp, home: Path, size: Size) -> None:
    log = home / "lakehouse" / "bronze" / "orders" / "_delta_log"
    shutil.rmtree(log)
    log.mkdir()
    (log / "00000000000000000000.json").write_text("{ not json\n", encoding="utf-8")
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3")
        assert "✖ damaged" in screen_text(app)
        assert "bronze.orders cannot be read" in screen_text(app)
        assert "449" in screen_text(app)
        await press(pilot, "enter")
        panel = app.screen.query_one("#damage", ProblemPanel)
        assert panel.display
        assert "bronze.orders" in str(panel.content)


async def test_a_table_that_went_away_is_told(app: ToolkitApp, home: Path) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3")
        shutil.rmtree(home / "lakehouse" / "gold")
        await app.open_table("gold.churn_risk")
        await settle(pilot)
        assert "There is no table 'gold.churn_risk'." in screen_text(app)
        await press(pilot, "escape")
        assert "gold.churn_risk" not in screen_text(app)


async def test_goldens(app: ToolkitApp, golden: Callable[[ToolkitApp, str], None], size: Size) -> None:
    async with app.run_test(size=size) as pilot:
        await press(pilot, "3", "down", "enter", "s")
        golden(app, f"table-rows-{size[0]}")
        await press(pilot, "c")
        golden(app, f"table-schema-{size[0]}")
        await press(pilot, "h")
        golden(app, f"table-history-{size[0]}")
        await press(pilot, "down", "v", "s")
        golden(app, f"table-version-{size[0]}")


async def test_the_names_are_there_and_keys_work_while_tables_are_opened(
    app: ToolkitApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, whole = threading.Event(), Lakehouse.summary

    def waiting(lakehouse: Lakehouse, name: str) -> object:
        opened.wait(30)
        return whole(lakehouse, name)

    monkeypatch.setattr(Lakehouse, "summary", waiting)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "4 rows, 4 being read" in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: "silver.orders: reading …" in screen_text(app))
        opened.set()
        await until(pilot, lambda: "silver.orders: 449 rows in 2 files" in screen_text(app))
        assert "being read" not in screen_text(app)
