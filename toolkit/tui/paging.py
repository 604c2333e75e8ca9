"""Which rows of a table are wanted, and fetching them.

Owns the state of a page: table, version, condition, order and offset. Reads with `toolkit.store.reader` only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.exports import csv_text, write_csv
from toolkit.governance.lens import looked_at
from toolkit.store.reader import PAGE_ROWS, Column, DeltaReader, Page
from toolkit.words import plural

LONGEST_NAME = 60
"""Characters of a condition in the name of a file."""
_SIGNS = (("<=", "le"), (">=", "ge"), ("<>", "ne"), ("!=", "ne"), ("<", "lt"), (">", "gt"), ("=", "eq"), ("%", "any"))
_NO_NAME = re.compile(r"[^\w.]+")


@dataclass(frozen=True)
class RowsQuery:
    """The rows that a screen wants.

    Attributes:
        base: a condition that always holds, such as "broke this rule".
        typed: the user's own condition.
    """

    table: str
    version: int | None = None
    base: str = ""
    typed: str = ""
    order_by: str | None = None
    descending: bool = False
    offset: int = 0

    @property
    def conditions(self) -> tuple[str, str]:
        """What the rows meet."""
        return self.base, self.typed

    @property
    def where(self) -> str:
        """Both conditions as one, as a command takes it."""
        return together(*self.conditions)

    def filtered(self, typed: str) -> RowsQuery:
        """From the first row that meets `typed`."""
        return replace(self, typed=typed, offset=0)

    def sorted_by(self, column: str) -> RowsQuery:
        """By `column`: ascending, the second time descending, the third time as they come."""
        if self.order_by != column:
            return replace(self, order_by=column, descending=False, offset=0)
        if not self.descending:
            return replace(self, descending=True, offset=0)
        return replace(self, order_by=None, descending=False, offset=0)

    def next_page(self) -> RowsQuery:
        """The page after this one."""
        return replace(self, offset=self.offset + PAGE_ROWS)

    def previous_page(self) -> RowsQuery:
        """The page before this one."""
        return replace(self, offset=max(self.offset - PAGE_ROWS, 0))


class TableSource:
    """One table at one version, opened when it is first needed and then kept open."""

    def __init__(self, table: str, version: int | None = None) -> None:
        self.table = table
        self.wanted = version
        self._open: DeltaReader | None = None

    @property
    def reader(self) -> DeltaReader:
        """The open table.

        Raises:
            UsageError: no such table or version.
            DataError: its log is damaged.
        """
        if self._open is None:
            self._open = looked_at().open(self.table, self.wanted)
        return self._open

    def page(self, query: RowsQuery) -> Page:
        """The rows of `query`."""
        return self.reader.page(
            offset=query.offset, where=query.conditions, order_by=query.order_by, descending=query.descending
        )

    def count(self, query: RowsQuery) -> int:
        """How many rows meet the conditions of `query`."""
        return self.reader.count(query.conditions)

    def everything(self, query: RowsQuery) -> int:
        """How many rows there are whatever the user typed."""
        return self.reader.count(query.base)

    def columns(self) -> list[Column]:
        """The schema."""
        return self.reader.columns()


def together(*conditions: str) -> str:
    """Conditions as one; a line break keeps a comment in one of them from swallowing the rest."""
    parts = [part.strip() for part in conditions if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - one needs no brackets
        return "".join(parts)
    return " AND ".join(f"({part}\n)" if "--" in part else f"({part})" for part in parts)


def position(query: RowsQuery, shown: int, total: int | None, everything: int | None = None) -> str:
    """`rows 201–400 of 1,234`; `0 of 198,300 rows` where a typed condition fits none of `everything`."""
    if not shown:
        none = "no row" if everything is None else f"0 of {plural(everything, 'row')}"
        return "no row on this page" if query.offset else none
    of = "" if total is None else f" of {total:,}"
    return f"rows {query.offset + 1:,}–{query.offset + shown:,}{of}"


def leading(page: Page, first: Sequence[str]) -> list[int]:
    """Indexes of the columns in the order shown: `first` ahead of the others."""
    ahead = [page.columns.index(name) for name in first if name in page.columns]
    return ahead + [i for i in range(len(page.columns)) if i not in ahead]


def export(page: Page, query: RowsQuery, version: int) -> Path:
    """Write a page as CSV under `TOOLKIT_HOME/exports`; its name says which rows it holds, and no file is overwritten.

    Raises:
        SetupError: that folder cannot be written.
    """
    first = page.offset + 1 if page.rows else 0
    filtered = f"-where-{_as_name(query.where)}" if query.where else ""
    order = f"-by-{_as_name(query.order_by)}{'-down' if query.descending else ''}" if query.order_by else ""
    stem = f"{query.table}-v{version}{filtered}{order}-rows-{first}-{page.offset + len(page.rows)}"
    return write_csv(stem, csv_text(page.columns, page.rows))


def _as_name(text: str) -> str:
    """A condition or a column as a part of a file's name: `price < 10` as `price-lt-10`, cut when long, and then numbered."""
    words = text
    for sign, word in _SIGNS:
        words = words.replace(sign, f" {word} ")
    name = _NO_NAME.sub("-", words).strip("-")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
