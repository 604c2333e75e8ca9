"""The tab of an area that cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from toolkit.errors import ToolkitError
from toolkit.tui.screens.page import Page
from toolkit.tui.widgets.frame import ProblemPanel


class BrokenArea(Page):
    """Says what is wrong with it; the other tabs are unharmed."""

    HELP_TITLE = "An area that cannot be loaded"

    def __init__(self, area: str, problem: ToolkitError) -> None:
        super().__init__()
        self.mode = area  # type: ignore[misc]
        self.problem = problem

    def body(self) -> Iterable[Widget]:
        """The problem."""
        yield ProblemPanel()

    def on_mount(self) -> None:
        """Show it, and the command that tells the same."""
        self.query_one(ProblemPanel).show(self.problem.what, self.problem.choices, self.problem.cure)
        self.show_command(f"toolkit {self.mode}")
