"""The steps of a scenario as a drawn chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.scenario import Scenario, Step

ARROW = " ─▶ "


def chain(names: list[str]) -> str:
    """`land ─▶ ingest ─▶ clean`, on as many lines as it needs; a line never breaks inside a name."""
    # No-break spaces before the arrow keep it with the name on its left.
    return ARROW.replace(" ", "\u00a0", 1).join(names)


class Flow(Vertical):
    """The chain in one line, then each step with its goal and the tables it writes."""

    DEFAULT_CSS = """
    Flow { height: auto; }
    Flow .chain { color: $text; text-style: bold; margin-bottom: 1; }
    Flow .step { border-left: outer $primary 60%; padding: 0 0 1 1; }
    Flow .step:last-child { padding: 0 0 0 1; }
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self.scenario = scenario

    def compose(self) -> ComposeResult:
        """One part for the chain and one for each step."""
        yield Static(chain([step.name for step in self.scenario.steps]), classes="chain", markup=False)
        for number, step in enumerate(self.scenario.steps, 1):
            yield Static(_told(number, step), classes="step")


def _told(number: int, step: Step) -> Content:
    parts: list[Content | tuple[str, str]] = [
        (f"{number} {step.name}", "bold $primary"),
        (f"  {literal(step.title)}\n", "bold"),
        (literal(step.goal), ""),
    ]
    if step.writes:
        parts.append((f"\n→ {'  '.join(step.writes)}", "$text-muted"))
    return Content.assemble(*parts)
