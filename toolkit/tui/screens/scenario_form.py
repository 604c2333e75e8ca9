"""The parameters of a scenario, judged by its own model as the user types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Static

from toolkit.tui import command_lines, form
from toolkit.tui.problems import told
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.parameter_field import ParameterField
from toolkit.tui.widgets.tick import Tick
from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.scenario import Scenario


class ScenarioForm(Leaf):
    """Set parameters and start."""

    mode = "scenarios"
    HELP_TITLE = "Parameters"
    CSS_PATH = "scenario_form.tcss"
    AUTO_FOCUS = "ParameterField Input, ParameterField Select, ParameterField Checkbox, #start"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "start", "Start", tooltip="Start the run with these parameters; Enter in a field does, too."),
        Binding("f5", "defaults", "Defaults", tooltip="Set every parameter back to its default."),
    ]

    def __init__(self, scenario: Scenario, given: Mapping[str, str] | None = None, notebook: bool = False) -> None:
        super().__init__()
        self.scenario = scenario
        self.fields = form.fields_of(scenario)
        self.given = dict(given or {})
        self.notebook = notebook

    def body(self) -> Iterable[Widget]:
        """A part for each parameter, the way to run, and the button."""
        title = Content.assemble(("Run ", "bold"), (literal(self.scenario.title), "bold $primary"))
        yield VerticalScroll(
            Static(title, id="heading"),
            *(ParameterField(f, self.given.get(f.name, f.default)) for f in self.fields),
            Static("This scenario takes no parameter." if not self.fields else "", id="none"),
            Static("", id="whole", markup=False),
            can_focus=False,
        )
        yield Horizontal(
            Tick("through the notebook", self.notebook, compact=True, id="notebook"),
            Tick("every step afresh", False, compact=True, id="fresh"),
            Button("Start", variant="primary", id="start", compact=True),
            id="foot",
        )

    def on_mount(self) -> None:
        """Judge what the form starts with."""
        self.query_one("#none").display = not self.fields
        self._judge()

    @property
    def texts(self) -> dict[str, str]:
        """The text of each field."""
        return {part.field.name: part.text for part in self.query(ParameterField)}

    @on(ParameterField.Changed)
    @on(Checkbox.Changed, "#notebook, #fresh")
    def edited(self) -> None:
        """Judge again."""
        self._judge()

    def _judge(self) -> bool:
        """Show each problem beneath its field; whether there is none."""
        problems = form.problems(self.scenario, self.fields, self.texts)
        for part in self.query(ParameterField):
            part.show_problem(problems.get(part.field.name, ""))
        known = {f.name for f in self.fields}
        rest = [text for name, text in problems.items() if name not in known]
        whole = self.query_one("#whole", Static)
        whole.update(literal("\n".join(f"✖ {text}" for text in rest), lines=True))
        whole.display = bool(rest)
        self.query_one("#start", Button).disabled = bool(problems)
        self.show_command(command_lines.run(self.scenario.id, form.changed(self.fields, self.texts), self.options))
        return not problems

    @property
    def options(self) -> list[str]:
        """How to run, as the command's options."""
        return [name for name in ("notebook", "fresh") if self.query_one(f"#{name}", Checkbox).value]

    @on(ParameterField.Submitted)
    @on(Button.Pressed, "#start")
    async def submitted(self) -> None:
        """Enter and the button start the run."""
        await self.action_start()

    async def action_start(self) -> None:
        """Start the run in a process of its own, and go to it."""
        if not self._judge():
            self.app.notify("Correct what is marked first.", severity="warning")
            return
        values = form.changed(self.fields, self.texts)
        try:
            run = self.toolkit.launcher.start(self.scenario.id, values, self.options)
        except Exception as problem:
            self.complain(told(problem))
            return
        self.dismiss()
        await self.toolkit.open_run(run.run_id)

    def action_defaults(self) -> None:
        """Every parameter back to its default."""
        self.given = {}
        self.refresh(recompose=True)
        self.call_after_refresh(self._judge)
