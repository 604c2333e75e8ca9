"""Schema, history and files of one table at one version."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from toolkit.store.delta_log import Version
from toolkit.store.reader import Column, DataFile
from toolkit.tui.widgets.verdict_tables import Grid
from toolkit.words import NOT_TOLD, ago, count, cut, literal, plural, size, when


class SchemaList(Grid):
    """Columns with their types and comments."""

    def show(self, columns: list[Column]) -> None:
        """Show the columns."""
        self.again = partial(self.show, columns)
        self.clear(columns=True)
        for label in ("column", "type", "null", "comment"):
            self.add_column(label)
        for one in columns:
            may = Text("may be") if one.nullable else self.tint("never", "primary")
            self.add_row(
                Text(literal(one.name), style="bold"),
                Text(cut(literal(one.type), 40)),
                may,
                Text(literal(one.comment)) if one.comment else Text("–", style="dim"),
            )


class FileList(Grid):
    """The files of a version."""

    def show(self, files: list[DataFile]) -> None:
        """Show the files, with their total first."""
        self.again = partial(self.show, files)
        self.clear(columns=True)
        for label in ("size", "rows", "written", "file"):
            self.add_column(label)
        rows = None if any(f.rows is None for f in files) else sum(f.rows or 0 for f in files)
        total = self.right(size(sum(f.bytes for f in files))), self.right(count(rows)), Text(""), Text(_all(files))
        for text in total:
            text.stylize("bold")
        self.add_row(*total)
        for one in files:
            self.add_row(
                self.right(size(one.bytes)),
                self.right(count(one.rows)),
                Text(ago(one.modified)),
                Text(literal(one.path)),
            )


class HistoryList(Grid):
    """Every version, newest first; one of them can be looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "see", "See version", tooltip="See the table as it was at this version; Enter does, too.")
    ]

    class Chosen(Message):
        """The user wants to see a version."""

        def __init__(self, version: Version) -> None:
            super().__init__()
            self.version = version

    versions: list[Version]

    def show(self, versions: list[Version], shown: int) -> None:
        """Show the versions; the one that the other tabs show is marked."""
        self.versions = versions
        self.again = partial(self.show, versions, shown)
        self.clear(columns=True)
        for label in ("", "version", "when", "operation", "rows", "step", "run"):
            self.add_column(label)
        for one in versions:
            self.add_row(
                self.tint("●", "primary") if one.version == shown else Text(" "),
                self.right(str(one.version)),
                Text(when(one.at)),
                Text(literal(one.operation or NOT_TOLD)),
                self.right(count(one.rows)),
                Text(literal(one.step) or "–"),
                Text(literal(one.run_id) or "–"),
            )

    @on(DataTable.RowSelected)
    def _entered(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.action_see()

    def action_see(self) -> None:
        """Ask for the version under the cursor."""
        if 0 <= self.cursor_row < len(self.versions):
            self.post_message(self.Chosen(self.versions[self.cursor_row]))


def _all(files: list[DataFile]) -> str:
    return f"{plural(len(files), 'file')} in all"
