"""What can be asked and what can be done, declared once: views, tasks, and the areas that hold them.

A view is a question and its rows. The command line, the app and a notebook each draw every view with one renderer, from this
declaration alone. A task is a piece of work outside a scenario's steps; every task is a run. Must not know who draws or runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from toolkit.errors import ExitCode, UsageError
from toolkit.kinds import KINDS, text
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse

P = TypeVar("P", bound=Parameters)
R = TypeVar("R")
Row = Mapping[str, Any]
Shown = Literal["always", "wide", "asked"]

RESERVED_KEYS = frozenset("123456789") | {
    "g", "y", "q", "s", "S", "e", "o", "question_mark", "slash", "space", "right_square_bracket", "left_square_bracket",
    "down", "f1", "f5", "escape", "tab", "ctrl+t", "ctrl+p",
}  # fmt: skip
"""Keys that every page has; a link takes another."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """One column of a view.

    Attributes:
        name: the key in JSON and the head in CSV; what sorting, filtering and choosing name.
        kind: the sort of value, of `toolkit.kinds`.
        heading: what stands above it; the name with spaces when empty.
        shown: `wide` where there is room, the last one given up first; `asked` in JSON, CSV, the whole row, and by name.
    """

    name: str
    kind: str = "text"
    heading: str = ""
    shown: Shown = "always"

    def __post_init__(self) -> None:
        """Refuse a sort that is none.

        Raises:
            UsageError: it is none.
        """
        if self.kind not in KINDS:
            raise UsageError.unknown("kind of column", self.kind, KINDS)

    @property
    def title(self) -> str:
        """What stands above it."""
        return self.heading or self.name.replace("_", " ")


@dataclass(frozen=True)
class Link:
    """Where a key leads from a row: to another view, or to the form of a task.

    Attributes:
        key: as Textual calls it; `enter` opens the row.
        label: what the key is called.
        to: a view or a task, as `area.name`.
        tip: a sentence for the help.
        given: what it is asked with: its parameter, by the column or the parameter here that holds the value.
    """

    key: str
    label: str
    to: str
    tip: str
    given: Mapping[str, str] = field(default_factory=dict)

    def values(self, row: Row | None, parameters: Parameters) -> dict[str, Any] | None:
        """What the target is asked with; None where the row does not say.

        What a view cannot do without is what its page is about, whatever a column of that name holds. What was left out here
        is left out there.
        """
        asked = parameters.model_dump()
        about = {name: asked[name] for name, field in type(parameters).model_fields.items() if field.is_required()}
        known = {**asked, **(row or {}), **about}
        left_out = {name for name, value in asked.items() if value is None and name not in (row or {})}
        values = {name: known.get(source) for name, source in self.given.items() if source not in left_out}
        return None if any(value is None for value in values.values()) else values


@dataclass(frozen=True)
class Plot:
    """Numbers over time, drawn above their rows.

    Attributes:
        x: the column with the moment.
        y: with the number; its kind writes the scale.
        low, high: with the band that was to be expected.
        state: with the state of each point.
    """

    x: str
    y: str
    low: str = ""
    high: str = ""
    state: str = ""


@dataclass(frozen=True)
class Result:
    """What a view read.

    Attributes:
        rows: by the columns' names; what is missing is not known.
        notes: what a reader has to know of all of it, a sentence each.
        columns: in place of the view's own, where only the rows tell them.
        problems: what could not be read, a sentence each; the rows are those that could.
    """

    rows: Sequence[Row]
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class View(Generic[P]):
    """A question and its rows.

    Attributes:
        name: the command's and the page's, within its area.
        title: above the page.
        question: what it answers.
        read: the answer, without a JVM.
        columns: in the order shown.
        parameters: what can be asked; `Parameters` itself for nothing.
        key: the columns that tell a row from the others; the first column when empty.
        sentence: what a row says, for whoever reads only one; markup-free, several lines if need be.
        links: where keys lead from a row.
        empty: what to do when there are no rows.
        plot: the numbers to draw above the rows.
        fill: the rest of a row that `read` gave by name only, where each costs an opening.
        limit: rows that a command prints unless asked for more.
    """

    name: str
    title: str
    question: str
    read: Callable[[Lakehouse, P], Result]
    columns: tuple[Column, ...]
    parameters: type[P]
    key: tuple[str, ...] = ()
    sentence: Callable[[Row], str] = lambda row: ""  # noqa: ARG005
    links: tuple[Link, ...] = ()
    empty: str = "Nothing to show."
    plot: Plot | None = None
    fill: Callable[[Lakehouse, Row], Row] | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse a declaration that cannot be drawn.

        Raises:
            UsageError: a name is none, or a key is taken or given twice.
        """
        _check_name(self.name)
        keys = [link.key for link in self.links]
        for key in keys:
            if key in RESERVED_KEYS or keys.count(key) > 1:
                raise UsageError(f"View {self.name}: the key {key!r} is taken.", cure="Give the link another key.")

    def row_key(self, row: Row) -> tuple[Any, ...]:
        """What tells a row from the others."""
        return tuple(row.get(name) for name in self.key or (self.columns[0].name,))

    def filled(self, lakehouse: Lakehouse, result: Result) -> Result:
        """The result with every row whole."""
        if self.fill is None:
            return result
        rows = [self.fill(lakehouse, row) for row in result.rows]
        return replace(result, rows=rows, problems=(*result.problems, *_problems(rows)))


def _problems(rows: Iterable[Row]) -> list[str]:
    return [str(row["problem"]) for row in rows if row.get("problem")]


@dataclass(frozen=True)
class Task(Generic[P, R]):
    """A piece of work outside a scenario's steps; doing it is a run.

    Attributes:
        name: the command's, within its area.
        title: above its form.
        does: in a sentence, what it does.
        parameters: what it is asked with.
        body: the work, given the run's platform.
        answer: says in a sentence what was done.
        writes: the tables that it holds meanwhile.
        prepare: refuses all that can be refused before Java starts.
        about: the table that it is about, whose scenario it is done for; empty for none.
        scenario: the id of the scenario that it is done for, where that is said and not found by the table.
        needs: services that are at work meanwhile.
        then: the view that shows what came of it, asked with parameters of the task or `run`, the run's id.
        reports: the result in other forms, by the name that `--format` takes.
        verdict: how the command ends; OK unless it says otherwise.
        preview: without Spark, what it would do.
        is_guarded: it decides itself who may do it, or does nothing with tables. Of the others those that name no table are for
            who manages a lakehouse that is governed.
    """

    name: str
    title: str
    does: str
    parameters: type[P]
    body: Callable[[Any, P], R]
    answer: Callable[[P, R], str]
    writes: Callable[[P], tuple[str, ...]] = lambda parameters: ()  # noqa: ARG005
    prepare: Callable[[P], None] = lambda parameters: None  # noqa: ARG005
    about: Callable[[P], str] = lambda parameters: str(getattr(parameters, "table", ""))
    scenario: Callable[[P], str] = lambda parameters: ""  # noqa: ARG005
    needs: Callable[[P], tuple[str, ...]] = lambda parameters: ()  # noqa: ARG005
    then: Link | None = None
    reports: Mapping[str, Callable[[R], str]] = field(default_factory=dict)
    verdict: Callable[[R], ExitCode] = lambda result: ExitCode.OK  # noqa: ARG005
    preview: Callable[[P], str] | None = None
    is_guarded: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that is none."""
        _check_name(self.name)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a view or a task.", cure="Use small letters, digits and underscores.")


@dataclass(frozen=True)
class Area:
    """A part of the toolkit: its views, the first of which is its front page, its tasks and its records."""

    name: str
    title: str
    views: tuple[View[Any], ...]
    tasks: tuple[Task[Any, Any], ...] = ()
    records: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two of one name, which would be one command.

        Raises:
            UsageError: there are.
        """
        names = [part.name for part in self.parts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"Area {self.name} has two of the name {', '.join(twice)}.", cure="Rename one of them.")
        if not self.views:
            raise UsageError(f"Area {self.name} has no view.", cure="Give it one: it is its front page.")

    @property
    def parts(self) -> tuple[View[Any] | Task[Any, Any], ...]:
        """Views and tasks, which share their names."""
        return (*self.views, *self.tasks)

    def part(self, name: str) -> View[Any] | Task[Any, Any]:
        """The view or the task of that name.

        Raises:
            UsageError: there is none.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise UsageError.unknown(f"view or task of {self.name}", name, [part.name for part in self.parts])


@dataclass(frozen=True)
class Arrangement:
    """Which rows of a result are wanted, in which order.

    Attributes:
        words: each of them has to occur in a row, whatever the letter case.
        sort: the column to sort by; as read when empty.
        descending: the largest first.
        limit: rows at most; all when None.
        offset: rows that are left out before the first.
    """

    words: str = ""
    sort: str = ""
    descending: bool = False
    limit: int | None = None
    offset: int = 0

    def of(self, result: Result, columns: Sequence[Column]) -> list[Row]:
        """The rows that are wanted.

        Raises:
            UsageError: there is no such column.
        """
        wanted = self.words.casefold().split()
        rows = [row for row in result.rows if _has(row, columns, wanted)] if wanted else list(result.rows)
        if self.sort:
            rows = _sorted(rows, column_of(columns, self.sort).name, descending=self.descending)
        return rows[self.offset :][: self.limit]


def column_of(columns: Sequence[Column], name: str) -> Column:
    """The column of that name, or with that heading.

    Raises:
        UsageError: there is none.
    """
    for column in columns:
        if name in (column.name, column.title):
            return column
    raise UsageError.unknown("column", name, [column.name for column in columns])


def _has(row: Row, columns: Sequence[Column], wanted: Sequence[str]) -> bool:
    hay = " ".join(text(column.kind, row.get(column.name)) for column in columns if row.get(column.name) is not None)
    return all(word in hay.casefold() for word in wanted)


def _sorted(rows: list[Row], name: str, *, descending: bool) -> list[Row]:
    """By a column; what is not known stands last in either direction."""
    known = [row for row in rows if row.get(name) is not None]
    rest = [row for row in rows if row.get(name) is None]
    return sorted(known, key=lambda row: _order(row[name]), reverse=descending) + rest


def _order(value: Any) -> tuple[int, Any]:
    """Numbers by size, moments by time, all else as text without letter case."""
    if isinstance(value, (int, float, Decimal)):
        return 0, value
    if hasattr(value, "isoformat"):
        return 1, value.isoformat()
    if isinstance(value, (list, tuple)):
        return 2, " ".join(map(str, value)).casefold()
    return 2, str(value).casefold()
