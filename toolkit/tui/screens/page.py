"""The frame of every full screen: tabs above, body, command line and keys below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from toolkit.tui.problems import Problem
from toolkit.tui.widgets.frame import CommandBar, TopBar

if TYPE_CHECKING:
    from toolkit.tui.app import ToolkitApp


class Page(Screen[None]):
    """A screen in one of the modes.

    Attributes:
        mode: the tab it belongs to.
        HELP_TITLE: what the help calls it.
    """

    mode: ClassVar[str] = ""
    HELP_TITLE: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    AUTO_FOCUS: ClassVar[str | None] = ""

    def compose(self) -> ComposeResult:
        """The frame around `body`."""
        yield TopBar(self.mode)
        yield from self.body()
        yield CommandBar()
        yield Footer(show_command_palette=False, compact=True)

    def body(self) -> Iterable[Widget]:
        """The screen's own widgets."""
        return ()

    @property
    def toolkit(self) -> ToolkitApp:
        """The app."""
        return cast("ToolkitApp", self.app)

    @property
    def on_top(self) -> bool:
        """Whether no other screen is above this one: keys pressed faster than a screen opens are to open it once."""
        return self.app.screen is self

    def show_command(self, command: str) -> None:
        """Show the command that does what the screen shows."""
        self.query_one(CommandBar).command = command

    def complain(self, problem: Problem) -> None:
        """Say in a corner what went wrong."""
        self.app.notify(problem.text(), severity="error", timeout=10, markup=False)

    def on_screen_resume(self) -> None:
        """Show the runs that are going now."""
        self.query_one(TopBar).going = self.toolkit.going


class Leaf(Page):
    """A page above another one, that Escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", tooltip="Go back to the screen before this one.")
    ]

    def action_leave(self) -> None:
        """Go back; what was started goes on."""
        self.app.pop_screen()
