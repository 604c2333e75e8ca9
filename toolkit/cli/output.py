"""Showing rows: a table for a person, JSON for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
LONGEST_CELL = 120
SHORT_CELL = 16
THOUSAND = 1000
MINUTE = 60


def show(rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "", empty: str = "Nothing to show.") -> None:
    """Print `rows`, all with the same keys; `empty` tells a person what to do when there are none."""
    if as_json:
        print_json(rows)
    elif not rows:
        err.print(empty)
    else:
        out.print(_table(rows, title))


def print_json(value: Any) -> None:
    """Print `value` as JSON; dates in ISO 8601, decimals as text, what is no number as null."""
    try:
        text = json.dumps(value, default=_plain, indent=2, ensure_ascii=False, allow_nan=False)
    except ValueError:
        plain = json.loads(json.dumps(value, default=_plain), parse_constant=lambda _: None)
        text = json.dumps(plain, indent=2, ensure_ascii=False)
    sys.stdout.write(text + "\n")


def _table(rows: Sequence[Mapping[str, Any]], title: str) -> Table:
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for position, (name, value) in enumerate(rows[0].items()):
        numeric = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
        # What the next command takes, and what is short, is never broken over lines; prose makes room.
        short = max(len(cell(row[name])) for row in rows) <= SHORT_CELL
        table.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=position == 0 or short)
    for row in rows:
        # Text, not markup: what stands in a table is shown as it stands.
        table.add_row(*[Text(cell(value)) for value in row.values()])
    return table


def cell(value: Any) -> str:
    """A value as a person reads it, cut when long."""
    match value:
        case None:
            text = "NULL"
        case bool():
            text = "yes" if value else "no"
        case int():
            text = f"{value:,}"
        case float():
            text = f"{value:,.2f}"
        case datetime():
            # Not strftime, which writes the year 1 as one digit.
            naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            text = naive.isoformat(sep=" ", timespec="minutes")
        case list() | dict():
            text = json.dumps(value, default=_plain, ensure_ascii=False)
        case _:
            text = str(value)
    printable = "".join(c if c.isprintable() else "�" for c in text)
    return printable if len(printable) <= LONGEST_CELL else printable[: LONGEST_CELL - 1] + "…"


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return str(value)


def size(count: int) -> str:
    """Bytes in the largest unit that keeps the number above one."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < THOUSAND:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= THOUSAND
    return f"{amount:.1f} GB"


def duration(seconds: float) -> str:
    """Seconds as `4.2 s` or `3 min 05 s`."""
    return f"{seconds:.1f} s" if seconds < MINUTE else f"{int(seconds // MINUTE)} min {int(seconds % MINUTE):02d} s"
