"""Rows as CSV, and as a file under `TOOLKIT_HOME/exports` that overwrites no other."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from toolkit import paths
from toolkit.words import as_text, writable


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV: NULL is an empty field, empty text a quoted one."""
    lines = [",".join(_field(column) for column in columns)]
    lines += [",".join(_field(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def _field(value: Any) -> str:
    if value is None:
        return ""
    text = writable(as_text(value))
    quoted = not text or any(c in text for c in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if quoted else text


def write_csv(stem: str, text: str) -> Path:
    """Write `text` to `<stem>.csv`, or `<stem>-2.csv` where that is there.

    Raises:
        SetupError: the folder of exports cannot be written.
    """
    folder = paths.ensure_folder(paths.home() / "exports")
    for number in itertools.count(1):
        file = folder / f"{stem}{'' if number == 1 else f'-{number}'}.csv"
        with contextlib.suppress(FileExistsError), file.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
            return file
    raise AssertionError  # there are always more numbers
