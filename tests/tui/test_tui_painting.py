"""Tables are painted with columns as wide as what stands in them, also after they were filled anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from tui_driving import press, screen_text, settle

from toolkit.tui.app import ToolkitApp

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
