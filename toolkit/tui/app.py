"""The app itself: modes, themes, and what every screen asks of it.

Importing this costs no more than Textual does: screens, pydantic and deltalake come when a screen needs them, so that the
first screen is painted at once.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from toolkit.listing import known
from toolkit.tui.palette import DARK, LIGHT
from toolkit.tui.stylesheet import ParsedOnce
from toolkit.tui.widgets.frame import CommandBar, TopBar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from textual.command import Provider

    from toolkit.tui.launch import Launcher

WATCH_SECONDS = 2.0
KEEP_READY_AFTER_SECONDS = 3.0
"""By then the first screens are there, and the start of a Java does not slow them."""


def _scenarios() -> Screen[Any]:
    from toolkit.tui.screens.scenarios import ScenariosScreen

    return ScenariosScreen()


def front_page(area: str) -> Callable[[], Screen[Any]]:
    """Makes the first page of an area; what is wrong with one that cannot be loaded is its page."""

    def made() -> Screen[Any]:
        from toolkit import areas
        from toolkit.errors import ToolkitError

        try:
            from toolkit.tui.screens.view import page_of

            return page_of(f"{area}.{areas.area(area).views[0].name}")
        except ToolkitError as problem:
            from toolkit.tui.screens.broken_area import BrokenArea

            return BrokenArea(area, problem)

    return made


def _palette_commands() -> type[Provider]:
    from toolkit.tui.commands import ToolkitCommands

    return ToolkitCommands


class ToolkitApp(App[None]):
    """Scenarios, and the areas of the toolkit.

    Args:
        launcher: starts runs; the real one unless given.
    """

    TITLE = "Lakehouse toolkit"
    CSS_PATH = "app.tcss"
    MODES: ClassVar[dict[str, Any]] = {
        "scenarios": _scenarios,
        **{name: front_page(name) for name in known()},
    }
    DEFAULT_MODE = "scenarios"
    COMMANDS = {_palette_commands}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "show_mode('scenarios')", "Scenarios", show=False, tooltip="Choose a scenario and run it."),
        *(
            Binding(str(number), f"show_mode('{name}')", listing.title, show=False, tooltip=listing.summary)
            for number, (name, listing) in enumerate(known().items(), 2)
        ),
        Binding("g", "show_going", "Going", show=False, tooltip="Go to the run that is at work."),
        Binding("y", "copy_command", "Copy", show=False, tooltip="Copy the command line below to the clipboard."),
        Binding("ctrl+t", "toggle_theme", "Theme", show=False, tooltip="Change between the dark and the light theme."),
        Binding(
            "question_mark", "help", "Help", key_display="?", tooltip="Show what each key does here; F1 does, too."
        ),
        # For a text field, where the other one is typed.
        Binding("f1", "help", "Help", key_display="F1"),
        Binding("q", "quit", "Quit", tooltip="Leave the app; runs that are at work go on."),
    ]

    def __init__(self, launcher: Launcher | None = None) -> None:
        super().__init__()
        self._launcher = launcher
        self.going = 0
        """How many runs are at work."""
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self.stylesheet = ParsedOnce(variables=self.get_css_variables())

    @property
    def launcher(self) -> Launcher:
        """Starts runs, and knows the processes it started."""
        if self._launcher is None:
            from toolkit.tui.launch import Launcher

            self._launcher = Launcher()
        return self._launcher

    def on_mount(self) -> None:
        """Start to watch for runs, and let memory be collected again, after the first screen is painted."""
        self.call_after_refresh(self._start_watching)

    def _start_watching(self) -> None:
        gc.enable()  # tui.py puts it off until now
        self.watch_runs()
        self.set_interval(WATCH_SECONDS, self.watch_runs)
        self.set_timer(KEEP_READY_AFTER_SECONDS, self._keep_spark_ready)

    def _keep_spark_ready(self) -> None:
        """Start Spark for the small work that will be asked for, if it is wanted; what is wrong is told by those who use it."""
        from toolkit.tui.background import in_background

        def start() -> None:
            from toolkit.services.spark import start_quietly

            start_quietly()

        in_background(self, start, lambda _: None, lambda _: None, group="ready")

    def watch_runs(self) -> None:
        """Count the runs that are at work."""
        from toolkit.tui.background import in_background

        def count() -> int:
            from toolkit import runs

            self.launcher.collect()
            return len(runs.running())

        in_background(self, count, self._say_going, lambda _: None, group="going")

    def _say_going(self, going: int) -> None:
        self.going = going
        for bar in self.screen.query(TopBar):
            bar.going = going

    def action_show_mode(self, mode: str) -> None:
        """Go to one of the tabs, as it was left; from within it to its first screen."""
        if self.screen.is_modal:
            return
        if self.current_mode != mode:
            self.switch_mode(mode)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()

    async def action_show_going(self) -> None:
        """Go to the run that is at work, or to the list when there are several."""
        from toolkit import runs

        running = runs.running()
        if len(running) == 1:
            await self.open_run(running[0].run_id)
        elif running:
            self.action_show_mode("runs")
        else:
            self.notify("No run is at work. Press 1, choose a scenario and press r.")

    def action_toggle_theme(self) -> None:
        """Dark to light, and back."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def action_copy_command(self) -> None:
        """Put the command line on the clipboard."""
        for bar in self.screen.query(CommandBar):
            self.copy_to_clipboard(bar.command)
            self.notify(f"Copied: {bar.command}", markup=False)

    def action_help(self) -> None:
        """Explain the keys of the screen."""
        from toolkit.tui.screens.help import HelpScreen

        if not self.screen.is_modal:
            self.push_screen(HelpScreen.of(self.screen))

    async def open_scenario(self, scenario_id: str) -> None:
        """Go to a scenario."""
        from toolkit.tui.screens.scenarios import ScenariosScreen

        screen = await self._base("scenarios")
        if isinstance(screen, ScenariosScreen):
            screen.choose(scenario_id)

    async def open_run(self, run_id: str) -> None:
        """Go to a run, at work or over."""
        from toolkit.tui.screens.run import RunScreen

        await self._base("runs")
        await self.push_screen(RunScreen(run_id))

    async def open_table(self, table: str) -> None:
        """Go to a table."""
        from toolkit.tui.screens.table import TableScreen

        await self._base("tables")
        await self.push_screen(TableScreen(table))

    async def open_part(self, address: str, values: Mapping[str, Any]) -> None:
        """Go to a view above the present screen, or to the form of a task; some views have a screen of their own.

        Args:
            address: as `area.name`.
            values: its parameters by name.
        """
        from toolkit import areas
        from toolkit.tui.problems import told
        from toolkit.views import View

        try:
            part = areas.part(address)
            missing = [
                n for n, field in part.parameters.model_fields.items() if field.is_required() and n not in values
            ]
            if not isinstance(part, View) or missing:
                await self.open_form(address, values)
                return
            from toolkit.tui.pages import page

            made = page(address, values)
        except Exception as problem:
            self.notify(told(problem).text(), severity="error", timeout=10, markup=False)
            return
        await self.push_screen(made)

    async def open_form(self, address: str, values: Mapping[str, Any]) -> None:
        """Show the form of a view's parameters or of a task."""
        from toolkit.tui.screens.form import PartForm

        await self.push_screen(PartForm(address, values))

    async def _base(self, mode: str) -> Screen[Any]:
        """Go to the first screen of a mode."""
        if self.current_mode != mode:
            await self.switch_mode(mode)
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        return self.screen

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[Any]:
        """Only what this app offers; its own provider adds the rest."""
        del screen
        from textual.app import SystemCommand

        yield SystemCommand("Theme: dark or light", "Change between the two themes", self.action_toggle_theme)
        yield SystemCommand("Help", "What each key does on this screen", self.action_help)
        yield SystemCommand("Quit", "Leave the app; runs go on", self.action_quit)


def main() -> None:
    """Run the app in this terminal.

    Raises:
        UsageError: there is none: its output goes to a file or to another program.
    """
    # A server of terminals in a browser names a driver of its own, which needs none.
    if not (os.environ.get("TEXTUAL_DRIVER") or (sys.stdin.isatty() and sys.stdout.isatty())):
        from toolkit.errors import UsageError

        raise UsageError(
            "The app needs a terminal, and here is none.",
            cure="Start it by hand in a terminal; in a script use the commands that it shows: toolkit --help",
        )
    ToolkitApp().run()


if __name__ == "__main__":
    main()
