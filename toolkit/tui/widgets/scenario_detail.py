"""Everything a scenario's declaration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from toolkit.tui.widgets.flow import Flow
from toolkit.words import literal, plural

if TYPE_CHECKING:
    from toolkit.scenario import Scenario


class ScenarioDetail(VerticalScroll):
    """Question, story, steps and tables of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(can_focus=True)
        self.scenario = scenario

    def compose(self) -> ComposeResult:
        """From the question to the tables."""
        one = self.scenario
        with Horizontal(classes="head"):
            yield Static(Content.assemble((literal(one.title), "bold $primary"), "\n", facts(one)), classes="what")
            yield Button("Run (r)", variant="primary", id="run")
        yield Static(literal(one.question), classes="question", markup=False)
        yield Static(literal(one.story.strip(), lines=True), classes="story", markup=False)
        yield Static("Steps", classes="title")
        yield Flow(one)
        yield Static("Tables it writes", classes="title")
        yield Static(_tables(one))


def facts(scenario: Scenario) -> Content:
    """Minutes, topics and services on one line."""
    parts = [scenario.id, f"about {plural(scenario.minutes, 'minute')}", plural(len(scenario.steps), "step")]
    parts += [", ".join(scenario.topics)] if scenario.topics else []
    parts += [f"needs {', '.join(scenario.services)}"] if scenario.services else []
    return Content.styled(literal(" · ".join(parts)), "$text-muted")


def _tables(scenario: Scenario) -> Content:
    from toolkit.tui.catalogue import tables_by_layer

    layers = tables_by_layer(scenario)
    if not layers:
        return Content.styled("None: it only reads.", "$text-muted")
    lines = [
        Content.assemble((f"{layer:<11}", "bold"), (", ".join(names), "$text-muted")) for layer, names in layers.items()
    ]
    return Content("\n").join(lines)
