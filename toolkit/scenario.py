"""What a scenario is, and which ones there are.

Owns the declaration that the command line, the notebook, the TUI and the tests all read, and the discovery of the folders
that hold one. Must not run anything, nor import Spark: importing every scenario takes milliseconds.
"""

from __future__ import annotations

import importlib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import scenarios
from toolkit import paths
from toolkit.errors import UsageError
from toolkit.parameters import Parameters as Parameters  # noqa: PLC0414 - declarations take it from here
from toolkit.parameters import parse
from toolkit.words import literal

LAYERS = ("bronze", "silver", "gold", "quarantine", "ops", "linked")
_TABLE_NAME = re.compile(rf"({'|'.join(LAYERS)})\.[a-z][a-z0-9_]*")
_SCENARIO_ID = re.compile(r"[a-z][a-z0-9_]*")
LONGEST_REASON = 300


@dataclass(frozen=True)
class Table:
    """One Delta table of the lakehouse.

    Attributes:
        name: `<layer>.<plural_noun>`.
        description: what one row is.
        columns: the meaning of each column, in order; kept as column comments in the table itself.
    """

    name: str
    description: str
    columns: Mapping[str, str]

    @property
    def layer(self) -> str:
        """bronze, silver, gold, quarantine or ops."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Step:
    """One step of a scenario; its body is the function of the same name in `steps.py`.

    A step whose `writes` are up to date (same code, same parameters, same versions of `reads`) is skipped. A step that
    writes no table always runs, so its body must be cheap to repeat.
    """

    name: str
    title: str
    goal: str
    reads: tuple[str, ...] = ()
    """Tables, landed datasets, and files in the scenario's folder."""
    writes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    """The parameters that change what this step writes."""


@dataclass(frozen=True)
class ScenarioStream:
    """A stream that can be kept at work: a function of its name in `streams.py` makes it of a `DataPlatform`.

    Attributes:
        name: of the function, and of its checkpoint.
        goal: what it does, in a sentence.
        writes: tables that no other run writes meanwhile.
        repeats: an event that it takes again is a row more: it is not merged by a key.
        from_topics: its rows come from topics, so that it can begin at any event of theirs.
    """

    name: str
    goal: str
    writes: tuple[str, ...]
    repeats: bool = False
    from_topics: bool = False


@dataclass(frozen=True)
class Scenario:
    """One question, and the lakehouse that answers it."""

    id: str
    title: str
    question: str
    story: str
    parameters: type[Parameters]
    steps: tuple[Step, ...]
    tables: tuple[Table, ...]
    topics: tuple[str, ...] = ()
    minutes: int = 1
    services: tuple[str, ...] = ()
    streams: tuple[ScenarioStream, ...] = ()
    order: int = 100
    """Where it stands in lists: the one to begin with first."""

    def __post_init__(self) -> None:
        """Refuse a table that is declared twice, as the quarantine of `silver.orders` and of `gold.orders` would be.

        Raises:
            UsageError: one is.
        """
        names = [table.name for table in self.tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(
                f"Scenario {self.id} declares {', '.join(twice)} more than once.",
                cure="Give each table a name of its own; a table and its quarantine differ by the layer alone.",
            )

    @property
    def folder(self) -> Path:
        """The folder that declares this scenario."""
        file = importlib.import_module(f"scenarios.{self.id}.scenario").__file__
        return Path(str(file)).parent

    @property
    def notebook(self) -> Path:
        """The walkthrough: beside the repository's other notebooks, or in the scenario's own folder."""
        inside = self.folder / f"{self.id}.ipynb"
        return inside if inside.exists() else paths.NOTEBOOKS / f"{self.id}.ipynb"

    @property
    def written(self) -> tuple[str, ...]:
        """Every table that some step writes, in order."""
        return tuple(dict.fromkeys(table for step in self.steps for table in step.writes))

    def step(self, name: str) -> Step:
        """The step called `name`.

        Raises:
            UsageError: there is none.
        """
        return _of_name("step", self.steps, name)

    def table(self, name: str) -> Table:
        """The declaration of table `name`.

        Raises:
            UsageError: this scenario does not declare it.
        """
        return _of_name("table", self.tables, name)

    def bodies(self) -> ModuleType:
        """The module `steps.py`; imports Spark.

        Raises:
            UsageError: it is missing or cannot be imported.
        """
        return _imported(self.id, "steps", "Mend that file; the log of a run has the stack.")

    def stream(self, name: str) -> ScenarioStream:
        """The stream called `name`.

        Raises:
            UsageError: this scenario does not declare it.
        """
        return _of_name(f"stream of {self.id}", self.streams, name)

    def stream_body(self, name: str) -> Callable[[Any], Any]:
        """The function that makes a stream of a `DataPlatform`; imports Spark.

        Raises:
            UsageError: this scenario does not declare it, or `streams.py` has no such function.
        """
        module = _imported(self.id, "streams", "Mend that file.")
        return self._function(module, "streams", "stream", self.stream(name).name)

    @property
    def has_incoming(self) -> bool:
        """Whether `incoming.py` gives events that come in while its streams are at work."""
        return (self.folder / "incoming.py").is_file()

    def incoming(self) -> Callable[[Any], Any]:
        """The function `incoming` of `incoming.py`, which gives such events of a `DataPlatform`; imports Spark.

        Raises:
            UsageError: it cannot be imported.
        """
        function: Callable[[Any], Any] = _imported(self.id, "incoming", "Mend that file.").incoming
        return function

    def body(self, step: str) -> Callable[[Any], Any]:
        """The function that does `step`; imports Spark."""
        return self._function(self.bodies(), "steps", "step", self.step(step).name)

    def _function(self, module: ModuleType, file: str, what: str, name: str) -> Callable[[Any], Any]:
        function: Callable[[Any], Any] | None = getattr(module, name, None)
        if function is None:
            raise UsageError(
                f"{file}.py of {self.id} has no function {name!r}.", cure=f"Give each {what} a function of its name."
            )
        return function

    def parse(self, values: Mapping[str, Any]) -> Parameters:
        """Check `values` against the parameter model; what is missing takes its default.

        Raises:
            UsageError: all unknown names and all values of the wrong type or range, in one message.
        """
        return parse(
            self.parameters, values, self.id, f"`toolkit scenarios show {self.id}` lists each parameter with its range."
        )


_N = TypeVar("_N", Step, Table, ScenarioStream)


def _of_name(what: str, among: Iterable[_N], name: str) -> _N:
    """The one of that name.

    Raises:
        UsageError: there is none.
    """
    found = {one.name: one for one in among}
    if name not in found:
        raise UsageError.unknown(what, name, list(found))
    return found[name]


def is_table_name(name: str) -> bool:
    """Whether `name` is of the form `<layer>.<plural_noun>`."""
    return _TABLE_NAME.fullmatch(name) is not None


def check_table_name(name: str) -> str:
    """`name` itself, if it is of the form `<layer>.<plural_noun>`; safe to build a path from.

    Raises:
        UsageError: it is not.
    """
    if not is_table_name(name):
        raise UsageError(
            f"{name!r} is not a table name.",
            choices=[f"{layer}.<name>" for layer in LAYERS],
            cure="A table is named <layer>.<plural_noun>, in small letters, digits and underscores.",
        )
    return name


def load_tables(file: Path) -> tuple[Table, ...]:
    """Read table declarations from a TOML file: `["silver.orders"]` with `description` and `columns`."""
    declared = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Table(check_table_name(name), entry["description"], dict(entry["columns"])) for name, entry in declared.items()
    )


def _roots() -> list[Path]:
    """The repository's scenarios, then those of `TOOLKIT_SCENARIOS`."""
    extra = os.environ.get("TOOLKIT_SCENARIOS", "")
    return [paths.REPOSITORY / "scenarios", *(Path(p).expanduser() for p in extra.split(os.pathsep) if p)]


@dataclass(frozen=True)
class Survey:
    """The scenarios that can be used, by id and in the order of lists, and the error of each folder that cannot."""

    scenarios: dict[str, Scenario]
    broken: dict[str, UsageError]
    """By the name of the folder; of `TOOLKIT_SCENARIOS`, by the path that it names."""


def survey() -> Survey:
    """Look into every scenario folder: one with a `scenario.py` that binds `SCENARIO`.

    A folder that cannot be used never hides the others: it may be somebody's work in progress.
    """
    found: dict[str, Scenario] = {}
    broken: dict[str, UsageError] = {}
    for root in _roots():
        try:
            folders = sorted(entry for entry in root.iterdir() if entry.is_dir())
        except OSError:
            broken[str(root)] = UsageError(
                f"TOOLKIT_SCENARIOS names {literal(str(root))}, which is not a folder that can be read.",
                cure="Name folders that hold scenario folders.",
            )
            continue
        if str(root) not in scenarios.__path__:
            scenarios.__path__.append(str(root))
        for folder in filter(_looks_like_a_scenario, folders):
            try:
                found[folder.name] = _declared_in(folder, found)
            except UsageError as problem:
                broken[folder.name] = problem
    return Survey(dict(sorted(found.items(), key=lambda item: (item[1].order, item[0]))), broken)


def discover() -> dict[str, Scenario]:
    """Every scenario that can be used, by id, in the order of lists; `survey` also says which cannot, and why."""
    return survey().scenarios


def _looks_like_a_scenario(folder: Path) -> bool:
    """Whether a folder is meant to be one: it has a `scenario.py`, or other code and thus lacks it; data has no code."""
    try:
        if (folder / "scenario.py").exists():
            return True
        return folder.name[0] not in "._" and any(entry.suffix in {".py", ".ipynb"} for entry in folder.iterdir())
    except OSError:
        return folder.name[0] not in "._"


def writer_of(table: str) -> str:
    """The id of a scenario that writes `table`; empty when none does that can be read."""
    return next((one.id for one in discover().values() if table in one.written), "")


def _declared_in(folder: Path, found: Mapping[str, Scenario]) -> Scenario:
    """The `SCENARIO` of one folder.

    Raises:
        UsageError: the folder's name is no id or is taken, or its `scenario.py` is missing, cannot be imported, or binds
            something else.
    """
    name, file = folder.name, folder / "scenario.py"
    if not _SCENARIO_ID.fullmatch(name):
        raise UsageError(
            f"The name of {literal(str(folder))} is not a scenario id.",
            cure="Use small letters, digits and underscores for the folder.",
        )
    if name in found:
        raise UsageError(
            f"Two scenarios are called {name!r}; the second is in {literal(str(folder))}.",
            cure="Rename one of the folders.",
        )
    if not file.exists():
        raise UsageError(
            f"{literal(str(folder))} has no scenario.py.",
            cure="Declare the scenario there, or move the folder elsewhere.",
        )
    declared = _imported(name, "scenario", "It has to bind SCENARIO to a toolkit.scenario.Scenario.")
    scenario = getattr(declared, "SCENARIO", None)
    if not isinstance(scenario, Scenario) or scenario.id != name:
        bound = getattr(scenario, "id", scenario) if hasattr(declared, "SCENARIO") else "no SCENARIO"
        raise UsageError(
            f"{literal(str(file))} declares {_one_line(bound if isinstance(bound, str) else repr(bound))}.",
            cure=f"SCENARIO has to be a Scenario with the id of its folder, {name!r}.",
        )
    return scenario


def _imported(scenario_id: str, module: str, cure: str) -> ModuleType:
    """`scenario.py` or `steps.py` of a scenario.

    Raises:
        UsageError: it cannot be imported, for whatever reason: it is somebody else's code.
    """
    importlib.invalidate_caches()
    try:
        return importlib.import_module(f"scenarios.{scenario_id}.{module}")
    except (Exception, SystemExit) as problem:
        file = next((p for root in _roots() if (p := root / scenario_id / f"{module}.py").exists()), f"{module}.py")
        raise UsageError(
            f"{literal(str(file))} cannot be read: {type(problem).__name__}: {_one_line(problem)}.", cure=cure
        ) from problem


def _one_line(value: object) -> str:
    """A foreign text within a message: on one line, without what a terminal would take for a command, and not too long."""
    first = next((line for line in str(value).strip().splitlines() if line.strip()), "no reason given")
    return literal(first)[:LONGEST_REASON].rstrip(".")


def get(scenario_id: str) -> Scenario:
    """The scenario of that id.

    Raises:
        UsageError: there is none, and the nearest spelling is offered; or its folder cannot be used.
    """
    found = survey()
    if scenario_id in found.scenarios:
        return found.scenarios[scenario_id]
    if scenario_id in found.broken:
        raise found.broken[scenario_id]
    raise UsageError.unknown("scenario", scenario_id, found.scenarios)
