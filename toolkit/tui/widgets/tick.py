"""A box to tick that reads without colour, too."""

from __future__ import annotations

from textual.widgets import Checkbox


class Tick(Checkbox):
    """Textual's own box shows the same cross in both states and tells them apart by colour alone."""

    def on_mount(self) -> None:
        """Show what it starts with."""
        self.BUTTON_INNER = "X" if self.value else " "
        self.refresh(layout=True)

    def watch_value(self) -> None:
        """Show the cross only when it is ticked."""
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()
