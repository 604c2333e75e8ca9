"""A table of lines that is painted as wide as what stands in it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey


class Lines(DataTable[Text]):
    """A `DataTable` that may be filled anew at any time.

    It measures its columns when nothing else is to be done. Lines that were painted before that are as wide as the headers,
    and would stay so where the table as a whole has the size that it had.
    """

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        super()._update_dimensions(new_rows)
        self._clear_caches()
        self.refresh()
