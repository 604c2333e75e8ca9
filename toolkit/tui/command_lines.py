"""The command that does what a screen shows or does.

Every action of the app is also a command; these are their texts, quoted so that they can be pasted into a shell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
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
    return line(*words)


def _table_words(name: str, version: int | None, where: str) -> list[str]:
    words = ["tables", "show", name]
    if version is not None:
        words += ["--version", str(version)]
    return words + (["--where", where.strip()] if where.strip() else [])


def quality(run_id: str = "", table_name: str = "", *, broken: bool = False) -> str:
    """Show the quality of a run, or of one table in it; all rules, or only those that some row breaks."""
    words = ["quality"]
    if run_id:
        words += ["--run", run_id]
    if table_name:
        words += ["--table", table_name]
    return line(*words, *(["--broken"] if broken else []))


def scores() -> str:
    """Show the score of every table."""
    return line("quality", "scores")


def rule_history(table_name: str, rule: str) -> str:
    """Show what one rule measured in every run."""
    return line("quality", "history", table_name, "--rule", rule)


def quarantine(table_name: str, rule: str = "") -> str:
    """Show a table's quarantine by reason, or the rows of one reason."""
    return line("quality", "quarantine", table_name, *(["--rule", rule] if rule else []))


def failing_words(table_name: str, rule: str) -> list[str]:
    """The words after `toolkit` that show the rows which break a rule."""
    return ["quality", "rows", table_name, rule]


def release_words(
    table_name: str, rule: str = "", where: str = "", sets: Sequence[str] = (), *, dry_run: bool = False
) -> list[str]:
    """The words after `toolkit` that repair and release rows; each of `sets` is `column=expression`."""
    words = ["quality", "release", table_name]
    if rule:
        words += ["--rule", rule]
    if where.strip():
        words += ["--where", where.strip()]
    for one in sets:
        words += ["--set", one]
    return words + (["--dry-run"] if dry_run else [])


def profile_words(table_name: str) -> list[str]:
    """The words after `toolkit` that measure a profile and keep it."""
    return ["quality", "profile", table_name]


def judged_by(table_name: str, contract: Path) -> str:
    """Hold the rows of a table against the contract in a file."""
    return line("quality", "run", table_name, "--contract", str(contract))


def contract(table_name: str, file: Path | None = None) -> str:
    """Hold tables against the contract in a file; without one, draft one for a table."""
    return line("quality", "contract", *(["draft", table_name] if file is None else ["check", str(file)]))
