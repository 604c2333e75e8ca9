"""One parameter in a form: its title, an input that fits its type, what it means, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Select, Static

from toolkit.tui.form import hint
from toolkit.tui.widgets.tick import Tick
from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.tui.form import FormField


class ParameterField(Vertical):
    """An editable parameter; its value is always a text, as on the command line."""

    class Changed(Message):
        """The user changed the value."""

    class Submitted(Message):
        """The user pressed Enter."""

    def __init__(self, field: FormField, text: str) -> None:
        super().__init__(id=f"field-{field.name}")
        self.field = field
        self.text = text

    def compose(self) -> ComposeResult:
        """Title and input on one line, the rest beneath."""
        title = Content.assemble((literal(self.field.title), "bold"), " ", (self.field.name, "$text-muted"))
        with Horizontal(classes="line"):
            yield Static(title, classes="name")
            yield self._input()
        yield Static(literal(hint(self.field)), classes="hint", markup=False)
        yield Static("", classes="wrong", markup=False)

    def _input(self) -> Input | Select[str] | Checkbox:
        match self.field.kind:
            case "switch":
                return Tick("yes", self.text == "true", compact=True)
            case "choice":
                options = [(Content(literal(text)), text) for text, _ in self.field.choices]
                known = self.text if any(text == self.text for text, _ in self.field.choices) else options[0][1]
                return Select(options, allow_blank=False, value=known, compact=True)
            case _:
                # No character is refused: the model judges, and a key that does nothing explains nothing.
                return Input(self.text, compact=True, placeholder=_placeholder(self.field))

    @on(Input.Changed)
    @on(Checkbox.Changed)
    @on(Select.Changed)
    def edited(self, event: Input.Changed | Checkbox.Changed | Select.Changed) -> None:
        """Tell the form the text of the new value."""
        event.stop()
        text = str(event.value).lower() if isinstance(event.value, bool) else str(event.value)
        if text != self.text:
            self.text = text
            self.post_message(self.Changed())

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter starts the run."""
        event.stop()
        self.post_message(self.Submitted())

    def show_problem(self, problem: str) -> None:
        """Show what is wrong, or nothing."""
        self.set_class(bool(problem), "-wrong")
        self.query_one(".wrong", Static).update(literal(f"✖ {problem}"))


def _placeholder(field: FormField) -> str:
    if field.kind == "date":
        return "YYYY-MM-DD"
    return "not given" if field.optional else ""
