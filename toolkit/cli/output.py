"""Showing rows: a table for a person, JSON for a program."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from toolkit import fitting
from toolkit.kinds import KINDS, newest, spans
from toolkit.words import UNKNOWN, as_text, cut, literal, number, when, writable

if TYPE_CHECKING:
    from toolkit.views import Column

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
LONGEST_CELL = 120
WIDEST = 100_000
"""Characters of a line, in which every table has room."""
SHORT_CELL = 16


def show(
    rows: Sequence[Mapping[str, Any]],
    *,
    as_json: bool,
    title: str = "",
    empty: str = "Nothing to show.",
    stored: bool = False,
) -> None:
    """Print `rows`, all with the same keys; `empty` tells a person what to do when there are none.

    `stored` rows are those of a table: their values are shown as they stand there, neither rounded nor grouped.
    """
    if as_json:
        print_json(rows)
    elif not rows:
        err.print(Text(empty), soft_wrap=True)
    else:
        table = _table(rows, title, as_text if stored else cell)
        # Rather lines that are too long than a number without its last digits, or a column that is not there.
        needed = Measurement.get(out, out.options.update(max_width=WIDEST), table).minimum
        room = out if needed <= out.width else Console(highlight=False, width=needed)
        room.print(table)


def print_json(value: Any) -> None:
    """Print `value` as JSON; dates in ISO 8601, decimals as text, what is no number as null."""
    try:
        text = json.dumps(value, default=_plain, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        plain = json.loads(json.dumps(value, default=_plain), parse_constant=lambda _: None)
        text = json.dumps(plain, indent=2, ensure_ascii=False)
    sys.stdout.write(f"{writable(text)}\n")


def _table(rows: Sequence[Mapping[str, Any]], title: str, write: Callable[[Any], str]) -> Table:
    # Text, not markup: names and values are foreign, and are shown as they stand.
    table = Table(
        title=Text(title) if title else None, title_justify="left", header_style="bold", box=None, pad_edge=False
    )
    cells = [[one_line(write(value)) for value in row.values()] for row in rows]
    for position, (name, value) in enumerate(rows[0].items()):
        numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        # What the next command takes, and what is short, is never broken over lines; prose makes room.
        short = max(len(row[position]) for row in cells) <= SHORT_CELL
        table.add_column(
            Text(one_line(name)),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=position == 0 or short,
        )
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def one_line(text: str) -> str:
    """A foreign text in a cell: nothing in it acts on the terminal, and it is cut when long."""
    return cut(literal(text[: LONGEST_CELL + 1]), LONGEST_CELL)


def cell(value: Any) -> str:
    """What we know or have measured, as a person reads it."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number(value)
        case datetime():
            return when(value)[:16]
        case _:
            return as_text(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return str(value)


STYLES = {
    "success": "green",
    "warning": "yellow",
    "error": "red",
    "secondary": "blue",
    "accent": "cyan",
    "muted": "dim",
}
"""The colours of a terminal for the styles of `toolkit.kinds`."""
WIDE = 200
"""Characters that a line may have where nobody looks at a terminal, before prose is broken."""


def print_grid(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Any]],
    *,
    chosen: Sequence[Column] = (),
    vertical: bool = False,
) -> None:
    """Print rows as a table that fits the terminal; where even the least does not fit, row by row.

    Args:
        columns: all of them.
        rows: by their names.
        chosen: the columns that the user named; those that fit when empty.
        vertical: row by row in any case.
    """
    every = fitting.usual(columns)
    shown = list(chosen) or fitting.fitting(every, rows, room())
    if vertical or not shown:
        _print_vertically(list(chosen) or list(columns), rows)
        return
    _print_table(shown, rows)
    left_out = [column.name for column in every if column not in shown] if not chosen else []
    if left_out:
        err.print(Text(f"No room for {', '.join(left_out)}: see --columns, --vertical, --json.", "dim"), soft_wrap=True)


def room() -> int:
    """Characters of a line; as many as are needed where nobody looks at a terminal, and `COLUMNS` names no width."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal():
        return max(int(named), 1)
    return shutil.get_terminal_size().columns if out.is_terminal else WIDEST


def styled(kind: str, value: Any, width: int | None = None) -> Text:
    """A value in the colours of the terminal; of a series what has room in `width` characters."""
    shown = value if width is None else newest(kind, value, width)
    text = Text.assemble(*((part, STYLES.get(style, "")) for part, style in spans(kind, shown)))
    if width is not None and KINDS[kind].prose and len(text) > LONGEST_CELL:
        text.truncate(LONGEST_CELL, overflow="ellipsis")
    return text


def _print_table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    width = min(room(), WIDE)
    widths = fitting.widths(columns, rows, width)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for column in columns:
        kind = KINDS[column.kind]
        table.add_column(
            Text(literal(column.title)),
            justify="right" if kind.right else "left",
            overflow="fold",
            no_wrap=not kind.prose,
            width=widths[column.name],
        )
    for row in rows:
        table.add_row(*(styled(column.kind, row.get(column.name), widths[column.name]) for column in columns))
    needed = sum(widths.values()) + fitting.GAP * (len(columns) - 1)
    Console(highlight=False, width=max(needed, width), file=out.file).print(table)


def _print_vertically(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> None:
    widest = max(cell_len(column.title) for column in columns)
    for position, row in enumerate(rows):
        if position:
            out.print()
        for column in columns:
            name = Text(f"{column.title:<{widest}}  ", "bold")
            out.print(Text.assemble(name, styled(column.kind, row.get(column.name))), soft_wrap=True)
