"""What stands above and below every screen: the tabs, the runs that are going, and the command line."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive
from textual.widgets import Static

from toolkit.listing import known
from toolkit.words import literal, plural

AROUND_A_TITLE, ROOM_FOR_BRAND, ROOM_FOR_RUNS = 4, 13, 18
"""Characters: a tab's number and its blanks, the app's name, and what is said of runs that are going."""


def tabs() -> list[tuple[str, str]]:
    """The mode and the title of each tab, in the order of their numbers."""
    return [("scenarios", "Scenarios"), *((name, listing.title) for name, listing in known().items())]


class TopBar(Horizontal):
    """The name of the app, the tabs, and a line while runs are going."""

    going = reactive(0)
    """How many runs are at work."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def compose(self) -> ComposeResult:
        """The parts, left to right."""
        yield Static("◆ Lakehouse", id="brand")
        for number, (mode, title) in enumerate(tabs(), 1):
            label = Content.from_markup(
                f"[@click=app.show_mode('{mode}')] [bold]{number}[/bold] $title [/]", title=title
            )
            yield Static(label, classes="tab -active" if mode == self.mode else "tab")
        yield Static("", id="going")

    def on_resize(self, event: Resize) -> None:
        """Leave out the name of the app where there is no room for all titles, then those of the tabs that are not shown."""
        titles = sum(len(title) + AROUND_A_TITLE for _, title in tabs()) + ROOM_FOR_RUNS
        self.set_class(titles + ROOM_FOR_BRAND > event.size.width, "-brandless")
        self.set_class(titles > event.size.width, "-numbers")

    def watch_going(self, going: int) -> None:
        """Say it, and how to get there."""
        # As short as it can be: the tabs leave little room.
        text = f"[@click=app.show_going][$primary]●[/] {plural(going, 'run')}: press [bold]g[/bold][/]"
        if self.is_mounted:
            self.query_one("#going", Static).update(Content.from_markup(text) if going else "")


class CommandBar(Static):
    """The command that does the same as the screen; `y` copies it."""

    command = reactive("toolkit", layout=True)

    def render(self) -> Content:
        """`$ toolkit …`, cut at the screen's edge."""
        return Content.assemble(("$ ", "$primary bold"), (literal(self.command), "$text-muted"))


class EmptyState(Static):
    """What to do when there is nothing to show."""

    def __init__(self, title: str = "", advice: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.say(title, advice)

    def say(self, title: str, advice: str) -> None:
        """Show `title`, and `advice` beneath it."""
        self.update(Content.assemble((title, "bold"), "\n\n", (advice, "$text-muted")))


class ProblemPanel(Static):
    """What went wrong, the valid choices and the cure; hidden while nothing did."""

    def show(self, what: str, choices: tuple[str, ...] = (), cure: str = "") -> None:
        """Show a problem; an empty `what` hides the panel."""
        self.set_class(bool(what), "-shown")
        parts: list[Content | tuple[str, str]] = [("✖ ", "$text-error bold"), (literal(what, lines=True), "")]
        if choices:
            parts.append(("\n" + literal(f"Valid choices: {', '.join(choices[:12])}"), "$text-muted"))
        if cure:
            parts += [("\n→ ", "$primary bold"), (literal(cure, lines=True), "")]
        self.update(Content.assemble(*parts))
