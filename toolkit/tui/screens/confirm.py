"""A question with two answers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something that cannot be taken back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", tooltip="Do it."),
        Binding("n,escape", "answer(False)", "No", tooltip="Leave everything as it is."),
    ]

    def __init__(self, question: str, details: str, yes: str) -> None:
        super().__init__()
        self.question, self.details, self.yes = question, details, yes

    def compose(self) -> ComposeResult:
        """The question, what would happen, and two buttons."""
        with Vertical(classes="dialog"):
            yield Static(self.question, classes="title", markup=False)
            yield Static(self.details, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(f"{self.yes} (y)", variant="error", id="yes")
                yield Button("No (n)", id="no")

    def on_mount(self) -> None:
        """The harmless answer is the one that Enter gives."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def answered(self, event: Button.Pressed) -> None:
        """Give the answer of the button."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """Give the answer of the key."""
        self.dismiss(answer)
