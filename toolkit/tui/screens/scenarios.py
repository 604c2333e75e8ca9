"""The scenarios: a list that is searched as you type, and what each is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option

from toolkit.tui.background import in_background
from toolkit.tui.screens.page import Page
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.scenario import Scenario
    from toolkit.tui.catalogue import Catalogue

PAINTED_SECONDS = 0.02
"""What the terminal gets to show the first frame before imports hold Python up."""


class ScenariosScreen(Page):
    """Choose a scenario, read about it, run it."""

    mode = "scenarios"
    HELP_TITLE = "Scenarios"
    CSS_PATH = "scenarios.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run", "Run", tooltip="Set the parameters of this scenario and run it."),
        Binding(
            "slash", "search", "Search", key_display="/", tooltip="Search in titles, questions, topics and tables."
        ),
        Binding("escape", "clear", "Clear search", show=False, tooltip="Show all scenarios again."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Look for scenarios again."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.catalogue: Catalogue | None = None
        self.chosen: Scenario | None = None
        self._wanted = ""

    def body(self) -> Iterable[Widget]:
        """The list on the left, the chosen one on the right."""
        yield ProblemPanel()
        yield Horizontal(
            Vertical(
                Input(placeholder="/ to search", compact=True, id="search"),
                OptionList(id="list", markup=False, compact=True),
                id="side",
            ),
            Container(EmptyState("Looking for scenarios …"), id="detail"),
        )

    def on_mount(self) -> None:
        """Read the declarations once the frame is painted."""
        self.show_command("toolkit scenarios")
        self.query_one("#list").focus()
        self.call_after_refresh(self.set_timer, PAINTED_SECONDS, self.action_reload)

    def action_reload(self) -> None:
        """Read all declarations in a thread."""
        in_background(self, _read, self._found, group="catalogue")

    def _found(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        problem = catalogue.problem
        panel = self.query_one(ProblemPanel)
        panel.show(problem.what, problem.choices, problem.cure) if problem else panel.show("")
        self._fill()

    def _fill(self) -> None:
        """The scenarios that fit the search, the chosen one still chosen."""
        from toolkit.tui.catalogue import matching

        if self.catalogue is None:
            return
        found = matching(self.catalogue.scenarios, self.query_one("#search", Input).value)
        options = self.query_one("#list", OptionList)
        options.set_options([Option(_entry(s), id=s.id) for s in found])
        wanted = self._wanted or (self.chosen.id if self.chosen else "")
        ids = [s.id for s in found]
        if found:
            options.highlighted = ids.index(wanted) if wanted in ids else 0
        else:
            self._show(None)

    @on(Input.Changed, "#search")
    def searched(self) -> None:
        """Narrow the list as the user types."""
        self._fill()

    @on(Input.Submitted, "#search")
    def search_done(self) -> None:
        """On to the list."""
        self.query_one("#list").focus()

    @on(OptionList.OptionHighlighted, "#list")
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show what the scenario under the cursor is about."""
        scenarios = self.catalogue.scenarios if self.catalogue else ()
        self._wanted = ""
        self._show(next((s for s in scenarios if s.id == event.option_id), None))

    @on(OptionList.OptionSelected, "#list")
    def selected(self) -> None:
        """Enter on a scenario opens its form."""
        self.action_run()

    @on(Button.Pressed, "#run")
    def pressed(self) -> None:
        """The button does what the key does."""
        self.action_run()

    def _show(self, scenario: Scenario | None) -> None:
        """Put `scenario` on the right."""
        if scenario is not None and self.chosen is scenario:
            return
        from toolkit.tui import command_lines
        from toolkit.tui.widgets.scenario_detail import ScenarioDetail

        self.chosen = scenario
        detail = self.query_one("#detail", Container)
        with self.app.batch_update():
            detail.remove_children()
            detail.mount(ScenarioDetail(scenario) if scenario else EmptyState(*self._nothing()))
        self.show_command(command_lines.scenario(scenario.id) if scenario else "toolkit scenarios")

    def _nothing(self) -> tuple[str, str]:
        if self.catalogue and self.catalogue.scenarios:
            return "No scenario fits.", "Press Escape to show all of them."
        return "There is no scenario yet.", "Add a folder with a scenario.py to scenarios/, then press F5."

    def action_search(self) -> None:
        """To the search field."""
        self.query_one("#search").focus()

    def action_clear(self) -> None:
        """Forget the search."""
        self.query_one("#search", Input).value = ""
        self.query_one("#list").focus()

    def action_run(self) -> None:
        """The form of the chosen scenario."""
        if self.chosen:
            from toolkit.tui.screens.form import ScenarioForm

            self.app.push_screen(ScenarioForm(self.chosen))

    def choose(self, scenario_id: str) -> None:
        """Put the cursor on a scenario; waits for the list if it is not there yet."""
        self._wanted = scenario_id
        self.query_one("#search", Input).value = ""
        self._fill()


def _read() -> Catalogue:
    """In the thread that calls it: what this imports takes longer than the first frame, which must not wait for it."""
    from toolkit.tui import catalogue

    return catalogue.read()


def _entry(scenario: Scenario) -> Content:
    return Content.assemble((literal(scenario.title), "bold"), "\n", (literal(scenario.id), "$text-muted"))
