"""A command at work: what it prints, as it prints it, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Log, Static

from toolkit.errors import ExitCode
from toolkit.tui import command_lines
from toolkit.tui.palette import colour, glyph
from toolkit.tui.quality_jobs import Job
from toolkit.tui.screens.page import Leaf
from toolkit.words import duration, literal

POLL_SECONDS = 0.2


class JobScreen(Leaf):
    """Follows a command; leaving it changes nothing for the command.

    Args:
        job: the command.
        title: what it does, in a few words.
    """

    mode = "quality"
    HELP_TITLE = "Command"
    CSS_PATH = "quality.tcss"
    AUTO_FOCUS: ClassVar[str | None] = "#output"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cancel", "Cancel", tooltip="Stop the command, after a question."),
    ]

    def __init__(self, job: Job, title: str) -> None:
        super().__init__()
        self.job, self.heading = job, title
        self.tail = job.tail()
        self._over = False

    def body(self) -> Iterable[Widget]:
        """How it stands, and what it prints."""
        yield Static("", id="state")
        yield Log(id="output", max_lines=5000)

    def on_mount(self) -> None:
        """Start to follow."""
        self.show_command(command_lines.line(*self.job.words))
        self.follow()
        self.set_interval(POLL_SECONDS, self.follow)

    def follow(self) -> None:
        """Show what was printed since, and how it stands."""
        if self._over:
            return
        code = self.job.exit_code()
        lines = self.tail.new()
        if lines:
            self.query_one("#output", Log).write_lines([literal(line) for line in lines])
        self.query_one("#state", Static).update(self._state(code))
        if code is not None:
            self._over = True
            self.refresh_bindings()

    def _state(self, code: int | None) -> Content:
        state, words = _outcome(code)
        going = "g shows its steps" if self.toolkit.going else ""
        hint = going if code is None else "Escape goes back"
        return Content.assemble(
            (f"{literal(self.heading)}  ", "bold"),
            (f"{glyph(state)} {words}", f"{colour(state)} bold"),
            (f"  {duration(self.job.seconds)}", "$text-muted"),
            (f"  ·  {hint}" if hint else "", "$text-muted"),
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is at work can be stopped."""
        del parameters
        return not self._over if action == "cancel" else True

    def action_cancel(self) -> None:
        """Ask, then stop."""
        from toolkit.tui.screens.confirm import ConfirmScreen

        details = "A table is either changed as a whole, or not at all."
        self.app.push_screen(ConfirmScreen("Stop this command?", details, "Stop it"), self._cancelled)

    def _cancelled(self, yes: bool | None) -> None:
        if yes:
            self.job.interrupt()


def _outcome(code: int | None) -> tuple[str, str]:
    """A state of the palette, and a word for it."""
    match code:
        case None:
            return "running", "at work"
        case 0:
            return "finished", "done"
        case ExitCode.INTERRUPTED:
            return "cancelled", "cancelled"
        case _ if code < 0:
            return "cancelled", f"ended by signal {-code}"
        case _:
            return "failed", f"failed with exit code {code}"
