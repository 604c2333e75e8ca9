"""One row of a view, whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from toolkit.kinds import spans
from toolkit.tui.palette import variable
from toolkit.views import Column, Row


class RowScreen(ModalScreen[None]):
    """Every column of a row, those without room included."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,space,q", "dismiss", "Close", tooltip="Close the row.")
    ]

    def __init__(self, title: str, columns: Sequence[Column], row: Row, sentence: str = "") -> None:
        super().__init__()
        self.heading, self.columns, self.row, self.sentence = title, columns, row, sentence

    def compose(self) -> ComposeResult:
        """The sentence, and a line for each column."""
        with Vertical(classes="dialog -cell"):
            yield Static(Content.styled(self.heading, "bold $primary"))
            with VerticalScroll(can_focus=True):
                yield Static(self._lines(), id="value")
            yield Static("Escape closes this.", classes="muted", markup=False)

    def _lines(self) -> Content:
        widest = max(len(column.title) for column in self.columns)
        lines = [
            Content.assemble(
                (f"{column.title:<{widest}}  ", "$text-muted"),
                *((part, variable(style)) for part, style in spans(column.kind, self.row.get(column.name))),
            )
            for column in self.columns
        ]
        return Content("\n").join([*([Content(self.sentence), Content("")] if self.sentence else []), *lines])

    def on_mount(self) -> None:
        """Arrow keys scroll it."""
        self.query_one(VerticalScroll).focus()

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss(result)
