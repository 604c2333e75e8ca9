"""The page of every view: its own screen where it has one, the page of rows otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual.screen import Screen

from toolkit import areas
from toolkit.tui.screens.view import page_of


def _run(asked: Any) -> Screen[Any]:
    from toolkit import runs
    from toolkit.tui.screens.run import RunScreen

    return RunScreen(runs.find(asked.run).run_id)


def _table(asked: Any) -> Screen[Any]:
    from toolkit.tui.screens.table import TableScreen

    return TableScreen(asked.table, asked.version, asked.where)


SCREENS: Mapping[str, Callable[[Any], Screen[Any]]] = {"runs.show": _run, "tables.show": _table}
"""The views whose rows are not all that there is to see or to do, each with what makes its screen of its parameters."""


def page(address: str, values: Mapping[str, Any]) -> Screen[Any]:
    """The page of a view, asked with values by name.

    Raises:
        UsageError: there is no such view, or a value is wrong.
        SetupError: its area cannot be loaded.
    """
    if address in SCREENS:
        return SCREENS[address](areas.question(address, values).parameters)
    return page_of(address, values)
