"""What each key does on the screen beneath, in plain sentences."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

ALWAYS = (
    ("Tab", "Move to the next part of the screen; Shift+Tab moves back."),
    ("↑ ↓ ← →", "Move in a list or table; the mouse works everywhere, too."),
    ("Ctrl+P", "Find any scenario, table, run or action by its name."),
)


def explained(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys that do something on `screen` now, with a sentence each, the screen's own first."""
    found: dict[str, tuple[str, str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if active.enabled and binding.tooltip:
            key = screen.app.get_key_display(binding)
            if binding.action not in found or binding.show:
                found[binding.action] = (key, binding.tooltip)
    return [entry for action, entry in found.items() if action != "command_palette"]


class HelpScreen(ModalScreen[None]):
    """The keys of one screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss", "Close", tooltip="Close this help.")
    ]

    def __init__(self, title: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self.heading = title
        self.keys = keys

    @classmethod
    def of(cls, screen: Screen[Any]) -> HelpScreen:
        """The help for `screen`."""
        return cls(str(getattr(screen, "HELP_TITLE", "") or "This screen"), explained(screen))

    def compose(self) -> ComposeResult:
        """A title and a line for each key."""
        with VerticalScroll(classes="dialog -help"):
            yield Static(f"{self.heading}: keys", classes="title", markup=False)
            for key, sentence in (*self.keys, *ALWAYS):
                with Horizontal(classes="key-line"):
                    yield Static(key, classes="key", markup=False)
                    yield Static(sentence, classes="sentence", markup=False)
            yield Static("Escape closes this.", classes="muted foot")

    async def action_dismiss(self, result: None = None) -> None:
        """Close."""
        self.dismiss(result)
