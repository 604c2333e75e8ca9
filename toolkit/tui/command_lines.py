"""The command that does what a screen shows or does.

Every action of the app is also a command; these are their texts, quoted so that they can be pasted into a shell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit.words import command_line

if TYPE_CHECKING:
    from toolkit.tui.paging import RowsQuery

line = command_line


def scenario(scenario_id: str) -> str:
    """Show a scenario."""
    return line("scenarios", "show", scenario_id)


def run_words(scenario_id: str, values: Mapping[str, str], options: Sequence[str] = ()) -> list[str]:
    """The words after `toolkit` that run a scenario; options are `notebook` and `fresh`."""
    words = ["run", scenario_id]
    for name, value in values.items():
        words += ["-p", name, value]
    return words + [f"--{option}" for option in options]


def run(scenario_id: str, values: Mapping[str, str], options: Sequence[str] = ()) -> str:
    """Run a scenario."""
    return line(*run_words(scenario_id, values, options))


def show_run(run_id: str) -> str:
    """Show a run."""
    return line("runs", "show", run_id)


def cancel_run(run_id: str) -> str:
    """Stop a run."""
    return line("runs", "cancel", run_id)


def table(name: str, version: int | None = None, where: str = "", tab: str = "rows") -> str:
    """Show a table, at a version: its rows that meet a condition, or its schema, history or files."""
    return line(*_table_words(name, version, where), *([] if tab == "rows" else [f"--{tab}"]))


def rows(query: RowsQuery) -> str:
    """Show the rows of a table that are shown, in their order."""
    words = _table_words(query.table, query.version, query.where)
    if query.order_by is not None:
        words += ["--sort", query.order_by, *(["--descending"] if query.descending else [])]
    if query.offset:
        from toolkit.store.reader import PAGE_ROWS

        words += ["--offset", str(query.offset), "--limit", str(PAGE_ROWS)]
    return line(*words)


def _table_words(name: str, version: int | None, where: str) -> list[str]:
    words = ["tables", "show", name]
    if version is not None:
        words += ["--version", str(version)]
    return words + (["--where", where.strip()] if where.strip() else [])
