"""Which rows of a table are wanted, and fetching them.

Owns the state of a page: table, version, condition, order and offset. Reads with `toolkit.reader` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit import paths
from toolkit.reader import PAGE_ROWS, Column, DeltaReader, Page, open_table
from toolkit.tui.cells import csv_text


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
            self._open = open_table(self.table, self.wanted)
        return self._open

    def page(self, query: RowsQuery) -> Page:
        """The rows of `query`."""
        return self.reader.page(
            offset=query.offset, where=query.conditions, order_by=query.order_by, descending=query.descending
        )

    def count(self, query: RowsQuery) -> int:
        """How many rows meet the conditions of `query`."""
        return self.reader.count(query.conditions)

    def columns(self) -> list[Column]:
        """The schema."""
        return self.reader.columns()


def together(*conditions: str) -> str:
    """Conditions as one; a line break keeps a comment in one of them from swallowing the rest."""
    parts = [part.strip() for part in conditions if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - one needs no brackets
        return "".join(parts)
    return " AND ".join(f"({part}\n)" if "--" in part else f"({part})" for part in parts)


def position(query: RowsQuery, shown: int, total: int | None) -> str:
    """`rows 201–400 of 1,234`."""
    if not shown:
        return "no row on this page" if query.offset else "no row"
    of = "" if total is None else f" of {total:,}"
    return f"rows {query.offset + 1:,}–{query.offset + shown:,}{of}"


def leading(page: Page, first: Sequence[str]) -> list[int]:
    """Indexes of the columns in the order shown: `first` ahead of the others."""
    ahead = [page.columns.index(name) for name in first if name in page.columns]
    return ahead + [i for i in range(len(page.columns)) if i not in ahead]


def export(page: Page, table: str, version: int) -> Path:
    """Write a page as CSV under `TOOLKIT_HOME/exports`.

    Raises:
        SetupError: that folder cannot be written.
    """
    folder = paths.ensure_folder(paths.home() / "exports")
    first = page.offset + 1 if page.rows else 0
    file = folder / f"{table}-v{version}-rows-{first}-{page.offset + len(page.rows)}.csv"
    paths.write_atomically(file, csv_text(page.columns, page.rows))
    return file
