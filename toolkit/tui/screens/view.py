"""The page of every view: read in the background, filtered, sorted, paged, exported, and left through its links.

Knows no area. What it shows, and where it leads, is declared by the view (`toolkit.views`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import accumulate
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from toolkit import areas, exports, fitting
from toolkit.areas import Question
from toolkit.governance.lens import looked_at
from toolkit.kinds import HEAT_LEGEND
from toolkit.tui import command_lines
from toolkit.tui.background import in_background
from toolkit.tui.drawings import plot
from toolkit.tui.problems import Problem
from toolkit.tui.screens.page import Page
from toolkit.tui.widgets.frame import EmptyState, ProblemPanel
from toolkit.tui.widgets.grid import ViewGrid
from toolkit.views import Column, Link, Result, Row, View
from toolkit.words import literal, plural

REFRESH_SECONDS = 2.0
PAGE_ROWS = 200
TALL, LOW, SMALL = 10, 7, 30
"""Lines of a plot on a screen of many lines, and on one of fewer than `SMALL`."""
FILLED_AT_ONCE = 10
FOOTER = 55
"""Characters for the links' keys at the bottom of a narrow screen, beside those that every page has."""


class ViewScreen(Page):
    """A view, with what is asked of it. Made by `page_of`, which gives it the keys of the view's links.

    Args:
        question: the view and its parameters.
    """

    CSS_PATH = "view.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", show=False, tooltip="Show only rows with some words."),
        Binding("s", "sort", "Sort", show=False, tooltip="Sort by the next column; a click on a heading sorts, too."),
        Binding("S", "turn", "Turn", show=False, tooltip="Sort the other way round."),
        Binding("space", "whole", "Row", show=False, tooltip="Show every column of this row."),
        Binding("e", "export", "Export", show=False, tooltip="Write the rows to a CSV file."),
        Binding("o", "options", "Options", show=False, tooltip="Ask for something else: change the parameters."),
        Binding("right_square_bracket", "page(1)", "Next page", show=False, key_display="]", tooltip="The next rows."),
        Binding(
            "left_square_bracket", "page(-1)", "Page before", show=False, key_display="[", tooltip="The rows before."
        ),
        Binding("down", "rows", "To the rows", show=False, priority=True, tooltip="From the filter to the rows."),
        Binding("escape", "leave", "Back", tooltip="Forget the filter; without one, back to where you came from."),
        Binding("f5", "reload", "Reload", show=False, tooltip="Read it again."),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.view: View[Any] = areas.view(question.address)
        self.result: Result | None = None
        self.rows: list[Row] = []
        self.first = 0
        self._going = False
        self._whole: dict[tuple[Any, ...], tuple[Row, Row]] = {}
        """By its key, a row as it was read, and what it became when it was filled."""

    @property
    def mode(self) -> str:  # type: ignore[override]
        """The tab: that of its area."""
        return self.question.address.partition(".")[0]

    @property
    def HELP_TITLE(self) -> str:  # type: ignore[override]  # noqa: N802
        """What the help calls it."""
        return self.view.title

    def body(self) -> Iterable[Widget]:
        """What it is, the filter, the drawing, the rows, and the row under the cursor in words."""
        yield ProblemPanel()
        yield EmptyState("Reading …", id="nothing")
        yield Horizontal(
            Static("", id="caption"), Input(placeholder="/ to filter", compact=True, id="filter"), id="bar"
        )
        yield Static("", id="plot")
        yield ViewGrid(id="rows")
        yield Static("", id="sentence", markup=False)

    def on_mount(self) -> None:
        """The rows appear when they are read."""
        for part in ("#bar", "#plot", "#rows", "#sentence"):
            self.query_one(part).display = False
        self._say_command()
        self.set_interval(REFRESH_SECONDS, self._reload_if_going)

    # Reading

    def on_screen_resume(self) -> None:
        """Something may have happened meanwhile."""
        super().on_screen_resume()
        self.action_reload()

    def _reload_if_going(self) -> None:
        """While a run is at work, and once more when it is over."""
        if self.is_current and (self._going or self.toolkit.going):
            self._going = bool(self.toolkit.going)
            self.action_reload()

    def action_reload(self) -> None:
        """Read it in a thread; what is shown stays until then."""
        view, asked = self.view, self.question.parameters
        in_background(self, lambda: view.read(looked_at(), asked), self._read, self._failed, group="view")

    def _failed(self, problem: Problem) -> None:
        self.query_one("#nothing").display = False
        self.query_one(ProblemPanel).show(problem.what, problem.choices, problem.cure)

    def _read(self, result: Result) -> None:
        self.query_one(ProblemPanel).show("\n".join(result.problems))
        if result == self.result:
            return
        first = self.result is None
        self.result = result
        self._arrange()
        if first and self.rows:
            self.query_one(ViewGrid).focus()

    # Showing

    @property
    def columns(self) -> Sequence[Column]:
        """All of them, those without room included."""
        return (self.result.columns if self.result else ()) or self.view.columns

    def _arrange(self) -> None:
        """Filter and sort anew; the cursor stays on its row."""
        if self.result is None:
            return
        chosen = self.view.row_key(self.current) if self.current else None
        known = replace(self.result, rows=[self._filled(row) for row in self.result.rows])
        self.rows = self.question.arrangement.of(known, self.columns)
        line = next((i for i, row in enumerate(self.rows) if self.view.row_key(row) == chosen), 0)
        self.first = line // PAGE_ROWS * PAGE_ROWS
        self._paint(line - self.first)

    def _paint(self, line: int = 0) -> None:
        """Show the page of rows that begins at the offset."""
        result = self.result
        if result is None:
            return
        none = self.query_one("#nothing", EmptyState)
        title, advice = (
            ("No row has these words.", "Press Escape to show all.") if result.rows else ("", self.view.empty)
        )
        none.say(title, advice)
        none.display = not self.rows
        self.query_one("#bar").display = bool(result.rows) or bool(self.question.arrangement.words)
        grid = self.query_one(ViewGrid)
        grid.display = bool(self.rows)
        arrangement = self.question.arrangement
        grid.show(fitting.usual(self.columns), self.page, arrangement.sort, arrangement.descending)
        grid.go_to(line)
        self.query_one("#caption", Static).update(self._caption(result))
        self._say()
        self._fill()

    @property
    def page(self) -> list[Row]:
        """The rows of the page that is shown."""
        return self.rows[self.first : self.first + PAGE_ROWS]

    def _caption(self, result: Result) -> Content:
        asked = self.question.parameters.model_dump(exclude_defaults=True)
        subject = " · ".join(literal(str(value)) for value in asked.values() if isinstance(value, str))
        shown, every = len(self.rows), len(result.rows)
        many = plural(every, "row") if shown == every else f"{shown:,} of {plural(every, 'row')}"
        if shown > PAGE_ROWS:
            many = f"{self.first + 1:,}–{min(self.first + PAGE_ROWS, shown):,} of {many} ([ ])"
        if missing := len(self._missing(result.rows)):
            many = f"{many}, {missing:,} being read"
        return Content.assemble(
            (self.view.title, "bold $primary"), f"  {subject}" if subject else "", (f"  {many}", "$text-muted")
        )

    def _filled(self, row: Row) -> Row:
        """The row as it was filled, unless it has been read with something new since."""
        read, whole = self._whole.get(self.view.row_key(row), (None, row))
        return whole if read == row else row

    def _missing(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are not filled yet; none where the view gives whole rows."""
        if self.view.fill is None:
            return []
        known = [(row, self._whole.get(self.view.row_key(row))) for row in rows]
        return [row for row, pair in known if pair is None or (pair[0] != row and pair[1] is not row)]

    def _fill(self) -> None:
        """Read the rest of rows that came by name only, a few at a time, those of this page first."""
        fill, result = self.view.fill, self.result
        if fill is None or result is None:
            return
        some = (self._missing(self.page) or self._missing(result.rows))[:FILLED_AT_ONCE]
        if some:
            took = partial(self._fill_in, result, some)
            in_background(self, lambda: [fill(looked_at(), row) for row in some], took, group="fill")

    def _fill_in(self, result: Result, read: list[Row], filled: list[Row]) -> None:
        """Show what rows have become; columns and order take it in when no more of the page, or at all, are to come."""
        to_come, current = bool(self._missing(self.page)), self.current
        self._whole |= {self.view.row_key(row): (row, whole) for row, whole in zip(read, filled, strict=True)}
        self.rows = [self._filled(row) for row in self.rows]
        arrangement = self.question.arrangement
        if (arrangement.sort or arrangement.words) and not self._missing(result.rows):
            self._arrange()
        elif to_come and not self._missing(self.page):
            self._paint(self.query_one(ViewGrid).cursor_row)
        else:
            self.query_one(ViewGrid).update_lines(self.page)
            self.query_one("#caption", Static).update(self._caption(result))
            if current in read:
                self._say()
            self._fill()

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        line = self.query_one(ViewGrid).cursor_row
        return self.page[line] if 0 <= line < len(self.page) else None

    @on(ViewGrid.Moved)
    def _say(self) -> None:
        """Say in words what is under the cursor, draw it, and show the command."""
        row, result = self.current, self.result
        words = self.query_one("#sentence", Static)
        parts = [self.view.sentence(row)] if row else []
        if any(column.kind == "heat" for column in self.query_one(ViewGrid).columns_shown):
            parts.append(HEAT_LEGEND)
        parts += result.notes if result else ()
        words.update(literal("\n".join(part for part in parts if part), lines=True))
        words.display = bool(any(parts))
        self._draw()
        self._say_command()
        self.refresh_bindings()

    def _draw(self) -> None:
        place = self.query_one("#plot", Static)
        place.display = bool(self.view.plot and len(self.rows) > 1)
        if self.view.plot and self.rows:
            line = self.first + self.query_one(ViewGrid).cursor_row
            size = (self.size.width - 4, LOW if self.size.height < SMALL else TALL)
            place.update(plot.draw(self.view.plot, self.columns, self.rows, line, size))

    def on_resize(self) -> None:
        """Other columns may have room."""
        self._paint(self.query_one(ViewGrid).cursor_row)

    @property
    def command_words(self) -> list[str]:
        """The words after `toolkit` that print the rows which are shown."""
        shown = len(self.rows)
        arrangement = self.question.arrangement
        if self.first:
            arrangement = replace(arrangement, offset=self.first, limit=PAGE_ROWS)
        elif self.view.limit is not None and shown > self.view.limit:
            arrangement = replace(arrangement, limit=shown)
        return replace(self.question, arrangement=arrangement).words()

    def _say_command(self) -> None:
        self.show_command(command_lines.line(*self.command_words))

    # Arranging

    def _rearrange(self, **changes: Any) -> None:
        self.question = replace(self.question, arrangement=replace(self.question.arrangement, **changes))
        self._arrange()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        if event.value != self.question.arrangement.words:
            self._rearrange(words=event.value)

    @on(Input.Submitted, "#filter")
    def action_rows(self) -> None:
        """On to the rows."""
        self.query_one(ViewGrid).focus()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one("#filter").focus()

    @on(ViewGrid.Sorted)
    def _heading_clicked(self, event: ViewGrid.Sorted) -> None:
        """By that column: ascending, the second time descending, the third time as read."""
        arrangement = self.question.arrangement
        if arrangement.sort != event.name:
            self._rearrange(sort=event.name, descending=False)
        elif not arrangement.descending:
            self._rearrange(descending=True)
        else:
            self._rearrange(sort="", descending=False)

    def action_sort(self) -> None:
        """By the next column that is shown."""
        names = ["", *(column.name for column in self.query_one(ViewGrid).columns_shown)]
        now = self.question.arrangement.sort
        self._rearrange(sort=names[(names.index(now) + 1) % len(names) if now in names else 0], descending=False)

    def action_turn(self) -> None:
        """The other way round."""
        if self.question.arrangement.sort:
            self._rearrange(descending=not self.question.arrangement.descending)

    def action_page(self, by: int) -> None:
        """The rows after these, or before."""
        offset = self.first + by * PAGE_ROWS
        if 0 <= offset < len(self.rows):
            self.first = offset
            self._paint()
            self._say_command()

    # Leaving

    def action_leave(self) -> None:
        """Forget the filter; without one, go back."""
        field = self.query_one("#filter", Input)
        if field.value or field.has_focus:
            field.value = ""
            self.query_one(ViewGrid).focus()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @on(ViewGrid.Opened)
    async def _opened(self) -> None:
        """Enter follows the link of that key, or shows the whole row."""
        link = next((link for link in self.view.links if link.key == "enter"), None)
        if link is None:
            self.action_whole()
        else:
            await self._follow(link)

    async def action_follow(self, key: str) -> None:
        """Go where a key leads from this row."""
        await self._follow(next(link for link in self.view.links if link.key == key))

    async def _follow(self, link: Link) -> None:
        values = link.values(self.current, self.question.parameters)
        if values is not None and self.on_top:
            await self.toolkit.open_part(link.to, values)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense for this row."""
        match action:
            case "follow":
                link = next(link for link in self.view.links if link.key == parameters[0])
                return link.values(self.current, self.question.parameters) is not None
            case "whole" | "sort" | "turn" | "filter" | "export":
                return bool(self.result and self.result.rows)
            case "options":
                return bool(self.view.parameters.model_fields)
            case "rows":
                return isinstance(self.focused, Input)
            case _:
                return True

    def action_whole(self) -> None:
        """Every column of the row."""
        from toolkit.tui.screens.row import RowScreen

        if self.current is not None and self.on_top:
            row = self.current
            self.app.push_screen(RowScreen(self.view.title, self.columns, row, self.view.sentence(row)))

    def action_export(self) -> None:
        """Write the rows that are wanted, with all columns."""
        names = [column.name for column in self.columns]
        text = exports.csv_text(names, [[row.get(name) for name in names] for row in self.rows])
        stem = self.question.address.replace(".", "-")

        def done(file: Any) -> None:
            self.app.notify(f"{plural(len(self.rows), 'row')} written to {file}", markup=False)

        in_background(self, partial(exports.write_csv, stem, text), done, group="export")

    async def action_options(self) -> None:
        """The parameters, in a form."""
        await self.toolkit.open_form(self.question.address, self.question.parameters.model_dump())


@cache
def _class_for(address: str) -> type[ViewScreen]:
    """A page with the keys of a view's links, in the order declared; the help has those without room below."""
    view = areas.view(address)
    links = [link for link in view.links if link.key != "enter"]
    ends = accumulate(len(f"{link.key} {link.label} ") for link in links)
    keys = [
        Binding(link.key, f"follow('{link.key}')", link.label, tooltip=link.tip, show=end <= FOOTER)
        for link, end in zip(links, ends, strict=True)
    ]
    return type(f"{view.name.title().replace('_', '')}Page", (ViewScreen,), {"BINDINGS": keys, "__module__": __name__})


def page_of(address: str, values: Mapping[str, Any] | None = None) -> ViewScreen:
    """The page of a view, asked with values by name.

    Raises:
        UsageError: there is no such view, or a value is wrong.
        SetupError: its area cannot be loaded.
    """
    return _class_for(address)(areas.question(address, values))
