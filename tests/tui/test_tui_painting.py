"""Tables are painted with columns as wide as what stands in them, also after they were filled anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from tui_driving import press, screen_text, settle

from toolkit.tui.app import ToolkitApp
from toolkit.tui.screens.quality_quarantine import QuarantineScreen
from toolkit.tui.widgets.table_rows import TableRows

pytestmark = pytest.mark.asyncio


@pytest.fixture
def app(checked_home: Path) -> ToolkitApp:
    """The app over a home whose tables were checked fifty times."""
    del checked_home
    return ToolkitApp()


async def resized(pilot: Pilot[None], *sizes: tuple[int, int]) -> None:
    """Another size after another."""
    for size in sizes:
        await pilot.resize_terminal(*size)
        await settle(pilot)


async def test_scores_are_whole_after_the_terminal_was_smaller(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4")
        before = screen_text(app)
        assert "silver.customers" in before
        await resized(pilot, (80, 12), (80, 24))
        assert screen_text(app) == before


async def test_reasons_and_rows_are_whole_after_they_were_read_again(app: ToolkitApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "4", "down", "x")
        screen = app.screen
        assert isinstance(screen, QuarantineScreen)
        assert screen.found is not None
        assert screen.query_one(TableRows).page is not None
        before = screen_text(app)
        assert "customer_is_known" in before
        for _ in range(3):
            # Filled anew and painted before the columns are measured, as by a reload that finds the same.
            reasons, rows = screen.query_one("#reasons"), screen.query_one(TableRows)
            reasons.show(screen.found)  # type: ignore[attr-defined]
            rows._fill(rows.page)  # type: ignore[arg-type]
            screen._refresh_layout()
            screen_text(app)
            await settle(pilot)
            assert screen_text(app) == before
