"""What the command palette finds: every tab, scenario, view, task, table and run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.markup import escape

from toolkit.words import literal

if TYPE_CHECKING:
    from toolkit.tui.app import ToolkitApp

MOST_RUNS = 200


@dataclass(frozen=True)
class Place:
    """Somewhere to go."""

    text: str
    help: str
    go: Callable[[], Awaitable[None] | None]


def places(app: ToolkitApp) -> list[Place]:
    """Everywhere the palette leads to, tabs first."""
    return [*_tabs(app), *_scenarios(app), *_parts(app), *_tables(app), *_runs(app)]


def _tabs(app: ToolkitApp) -> list[Place]:
    return [
        Place(f"Go to {mode}", f"Press {number}", partial(app.action_show_mode, mode))
        for number, mode in enumerate(app.MODES, 1)
    ]


def _scenarios(app: ToolkitApp) -> list[Place]:
    from toolkit.tui import catalogue

    return [Place(f"Scenario: {s.title}", s.id, partial(app.open_scenario, s.id)) for s in catalogue.read().scenarios]


def _parts(app: ToolkitApp) -> list[Place]:
    """The views that can be read without a parameter, and all tasks; an area that cannot be loaded has none."""
    from toolkit import areas
    from toolkit.views import Task

    found = []
    for address in areas.addresses():
        part, title = areas.part(address), areas.area(address.partition(".")[0]).title
        if isinstance(part, Task):
            found.append(Place(f"{title}: {part.title}", part.does, partial(app.open_form, address, {})))
        elif not any(field.is_required() for field in part.parameters.model_fields.values()):
            found.append(Place(f"{title}: {part.title}", part.question, partial(app.open_part, address, {})))
    return found


def _tables(app: ToolkitApp) -> list[Place]:
    from toolkit.governance.lens import looked_at

    names = looked_at().tables()
    checked = [name for name in names if name.partition(".")[0] not in ("quarantine", "ops")]
    return [
        *(Place(f"Table: {name}", "Rows, schema, history, files", partial(app.open_table, name)) for name in names),
        *(
            Place(f"Quality: {name}", "Its rules, run by run", partial(app.open_part, "quality.rules", {"table": name}))
            for name in checked
        ),
    ]


def _runs(app: ToolkitApp) -> list[Place]:
    from toolkit import runs

    newest = runs.history()[:MOST_RUNS]
    return [Place(f"Run: {run.run_id}", run.status, partial(app.open_run, run.run_id)) for run in newest]


class ToolkitCommands(Provider):
    """Finds places by any part of their name."""

    async def startup(self) -> None:
        """Collect the places once, off the app's thread, when the palette opens."""
        import asyncio

        app = cast("ToolkitApp", self.app)
        self.places = await asyncio.to_thread(places, app)

    async def search(self, query: str) -> Hits:
        """The places whose name fits what was typed."""
        matcher = self.matcher(query)
        for place in self.places:
            text = literal(place.text)
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, highlighted(matcher, text), place.go, text=text, help=escape(literal(place.help)))

    async def discover(self) -> Hits:
        """The first places, before anything is typed."""
        for place in self.places[:20]:
            yield DiscoveryHit(
                Content(literal(place.text)), place.go, text=place.text, help=escape(literal(place.help))
            )


def highlighted(matcher: Matcher, text: str) -> Content:
    """What fits the query stands out; unlike `Matcher.highlight` this never takes a title's brackets for markup."""
    content = Content(text)
    for offset in matcher.fuzzy_search.match(matcher.query, text)[1]:
        content = content.stylize(matcher.match_style, offset, offset + 1)
    return content
