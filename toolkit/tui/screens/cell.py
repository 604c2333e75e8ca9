"""One value, whole."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from toolkit.tui.cells import whole
from toolkit.words import as_text, literal


class CellScreen(ModalScreen[None]):
    """A whole cell; nested values as indented JSON."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", tooltip="Close the cell."),
        Binding("y", "copy", "Copy", tooltip="Copy the value to the clipboard."),
    ]

    def __init__(self, column: str, value: Any, type_text: str = "") -> None:
        super().__init__()
        self.column, self.value, self.type_text = column, value, type_text

    def compose(self) -> ComposeResult:
        """The column, its type and the value."""
        with Vertical(classes="dialog -cell"):
            yield Static(
                Content.assemble((literal(self.column), "bold $primary"), "  ", (self.type_text, "$text-muted"))
            )
            with VerticalScroll(can_focus=True):
                yield Static(self._shown(), id="value")
            yield Static(f"{_extent(self.value)}Escape closes this, y copies the value.", classes="muted", markup=False)

    def _shown(self) -> Content:
        if self.value is None:
            return Content.styled("NULL", "italic $text-muted")
        if self.value == "":
            return Content.styled("empty text", "italic $text-muted")
        return Content(whole(self.value))

    def on_mount(self) -> None:
        """Arrow keys scroll the value."""
        self.query_one(VerticalScroll).focus()

    def action_copy(self) -> None:
        """Put the value on the clipboard."""
        self.app.copy_to_clipboard(as_text(self.value))
        self.app.notify("Copied.")

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss(result)


def _extent(value: Any) -> str:
    match value:
        case str():
            return f"{len(value):,} characters. "
        case list():
            return f"{len(value):,} items. "
        case _:
            return ""
