"""Forms of parameters, judged by their own model as the user types: of a scenario, of a task, of a view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Static

from toolkit import areas, parameters
from toolkit.governance.lens import permitted
from toolkit.parameters import Parameters
from toolkit.tui import command_lines, form
from toolkit.tui.background import in_background
from toolkit.tui.problems import Problem, told
from toolkit.tui.screens.page import Leaf
from toolkit.tui.widgets.parameter_field import ParameterField
from toolkit.tui.widgets.tick import Tick
from toolkit.views import Task
from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.scenario import Scenario


class Form(Leaf):
    """Set parameters and start.

    Args:
        model: judges them.
        given: their texts; what is missing has its default.
    """

    CSS_PATH = "form.tcss"
    HELP_TITLE = "Parameters"
    AUTO_FOCUS = "ParameterField Input, ParameterField Select, ParameterField Checkbox, #start"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "start", "Start", tooltip="Start with these parameters; Enter in a field does, too."),
        Binding("f5", "defaults", "Defaults", tooltip="Set every parameter back to its default."),
    ]

    def __init__(self, model: type[Parameters], given: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.model = model
        self.fields = form.fields_of(model)
        self.given = dict(given or {})

    def heading(self) -> Content:
        """Above the fields."""
        return Content("")

    def foot(self) -> Iterable[Widget]:
        """Left of the button."""
        return [Static("", id="space")]

    def body(self) -> Iterable[Widget]:
        """A part for each parameter, what it would do, and the button."""
        yield VerticalScroll(
            Static(self.heading(), id="heading"),
            *(ParameterField(f, self.given.get(f.name, f.default)) for f in self.fields),
            Static("There is no parameter." if not self.fields else "", id="none"),
            Static("", id="whole", markup=False),
            Static("", id="preview", markup=False),
            can_focus=False,
        )
        yield Horizontal(*self.foot(), Button("Start", variant="primary", id="start", compact=True), id="foot")

    def on_mount(self) -> None:
        """Judge what the form starts with."""
        self.query_one("#none").display = not self.fields
        self._judge()

    @property
    def texts(self) -> dict[str, str]:
        """The text of each field."""
        return {part.field.name: part.text for part in self.query(ParameterField)}

    def asked(self) -> Parameters:
        """What the fields say, as the model reads it."""
        return self.model.model_validate(form.values(self.fields, self.texts))

    @on(ParameterField.Changed)
    def edited(self) -> None:
        """Judge again."""
        self._judge()

    def _judge(self) -> bool:
        """Show each problem beneath its field; whether there is none."""
        problems = form.problems(self.model, self.fields, self.texts)
        for part in self.query(ParameterField):
            part.show_problem(problems.get(part.field.name, ""))
        known = {f.name for f in self.fields}
        rest = [text for name, text in problems.items() if name not in known]
        whole = self.query_one("#whole", Static)
        whole.update(literal("\n".join(f"✖ {text}" for text in rest), lines=True))
        whole.display = bool(rest)
        self.query_one("#start", Button).disabled = bool(problems)
        self.judged(sound=not problems)
        return not problems

    def judged(self, *, sound: bool) -> None:
        """Show the command, and whatever follows from what the form says now."""

    @on(ParameterField.Submitted)
    @on(Button.Pressed, "#start")
    async def submitted(self) -> None:
        """Enter and the button start it."""
        await self.action_start()

    async def action_start(self) -> None:
        """Start it, unless something is wrong."""
        if not self._judge():
            self.app.notify("Correct what is marked first.", severity="warning")
            return
        await self.start()

    async def start(self) -> None:
        """Do it."""

    async def follow(self, words: list[str], subject: str) -> None:
        """Start a command in a process of its own, and go to its run."""
        try:
            run = self.toolkit.launcher.start(subject, words)
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


class ScenarioForm(Form):
    """Set the parameters of a scenario and run it."""

    mode = "scenarios"

    def __init__(self, scenario: Scenario, given: Mapping[str, str] | None = None, notebook: bool = False) -> None:
        super().__init__(scenario.parameters, given)
        self.scenario = scenario
        self.notebook = notebook

    def heading(self) -> Content:
        """Which scenario."""
        return Content.assemble(("Run ", "bold"), (literal(self.scenario.title), "bold $primary"))

    def foot(self) -> Iterable[Widget]:
        """The ways to run it."""
        yield Tick("through the notebook", self.notebook, compact=True, id="notebook")
        yield Tick("every step afresh", False, compact=True, id="fresh")

    @on(Checkbox.Changed, "#notebook, #fresh")
    def way_changed(self) -> None:
        """Another command."""
        self._judge()

    @property
    def options(self) -> list[str]:
        """How to run, as the command's options."""
        return [name for name in ("notebook", "fresh") if self.query_one(f"#{name}", Checkbox).value]

    def _words(self) -> list[str]:
        return command_lines.run_words(self.scenario.id, form.changed(self.fields, self.texts), self.options)

    def judged(self, *, sound: bool) -> None:
        """Show the command."""
        del sound
        self.show_command(command_lines.line(*self._words()))

    async def start(self) -> None:
        """Run it."""
        await self.follow(self._words(), self.scenario.id)


class PartForm(Form):
    """Set the parameters of a task and do it, or of a view and see it.

    Args:
        address: of the view or task, as `area.name`.
        values: its parameters by name, as far as they are known.
    """

    def __init__(self, address: str, values: Mapping[str, Any]) -> None:
        self.part = areas.part(address)
        given = {name: form.text_of(value) for name, value in values.items()}
        super().__init__(self.part.parameters, given)
        self.address = address

    @property
    def mode(self) -> str:  # type: ignore[override]
        """The tab: that of its area."""
        return self.address.partition(".")[0]

    def heading(self) -> Content:
        """What it is, and what it does or answers."""
        part = self.part
        told = part.does if isinstance(part, Task) else part.question
        return Content.assemble((part.title, "bold $primary"), f"\n{told}")

    def _words(self) -> list[str]:
        area, _, name = self.address.partition(".")
        return [area, name, *parameters.words(self.asked())]

    def judged(self, *, sound: bool) -> None:
        """Show the command, and what the task would do."""
        preview = self.query_one("#preview", Static)
        if not sound:
            preview.update("")
            return
        self.show_command(command_lines.line(*self._words()))
        part, asked = self.part, self.asked()
        if isinstance(part, Task):
            in_background(self, partial(_preview, part, asked), preview.update, self._refused, group="preview")

    def _refused(self, problem: Problem) -> None:
        self.query_one("#preview", Static).update(f"✖ {problem.text()}")

    async def start(self) -> None:
        """Do the task as a run, or show the view."""
        if isinstance(self.part, Task):
            await self.follow(self._words(), self.address.replace(".", "_"))
            return
        from toolkit.tui.pages import page

        try:
            made = page(self.address, self.asked().model_dump())
        except Exception as problem:
            self.complain(told(problem))
            return
        self.app.switch_screen(made)


def _preview(task: Task[Any, Any], asked: Parameters) -> str:
    """What a task would do; empty where it cannot tell. Refuses what the task would refuse."""
    permitted(task, asked)
    return task.preview(asked) if task.preview else ""
