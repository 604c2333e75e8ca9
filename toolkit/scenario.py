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
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import scenarios
from toolkit import paths
from toolkit.errors import UsageError, closest, reason_of

LAYERS = ("bronze", "silver", "gold", "quarantine", "ops")
_TABLE_NAME = re.compile(rf"({'|'.join(LAYERS)})\.[a-z][a-z0-9_]*")
_SCENARIO_ID = re.compile(r"[a-z][a-z0-9_]*")


class Parameters(BaseModel):
    """Base of every scenario's parameter model: typos are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        for step in self.steps:
            if step.name == name:
                return step
        raise UsageError.unknown("step", name, [step.name for step in self.steps])

    def table(self, name: str) -> Table:
        """The declaration of table `name`.

        Raises:
            UsageError: this scenario does not declare it.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise UsageError.unknown("table", name, [table.name for table in self.tables])

    def bodies(self) -> ModuleType:
        """The module `steps.py`; imports Spark."""
        return importlib.import_module(f"scenarios.{self.id}.steps")

    def body(self, step: str) -> Callable[[Any], Any]:
        """The function that does `step`; imports Spark."""
        function: Callable[[Any], Any] | None = getattr(self.bodies(), self.step(step).name, None)
        if function is None:
            raise UsageError(
                f"steps.py of {self.id} has no function {step!r}.", cure="Give each step a function of its name."
            )
        return function

    def parse(self, values: Mapping[str, Any]) -> Parameters:
        """Check `values` against the parameter model; what is missing takes its default.

        Raises:
            UsageError: all unknown names and all values of the wrong type or range, in one message.
        """
        try:
            return self.parameters.model_validate(dict(values))
        except ValidationError as problem:
            known = self.parameters.model_fields
            wrong = "; ".join(parameter_problem(error, known) for error in problem.errors())
            misspelt = any(error["type"] == "extra_forbidden" for error in problem.errors())
            raise UsageError(
                f"{self.id} cannot start: {wrong}.",
                choices=known if misspelt else (),
                cure=f"`toolkit scenarios show {self.id}` lists each parameter with its range.",
            ) from problem


def parameter_problem(error: Any, known: Iterable[str] = ()) -> str:
    """One pydantic error in the user's words: `orders = 'many': it should be a valid integer`."""
    name = ".".join(map(str, error["loc"])) or "parameters"
    if error["type"] == "extra_forbidden":
        meant = closest(name, known)
        return f"there is no parameter {name!r}" + (f" (did you mean {meant!r}?)" if meant else "")
    reason = reason_of(error)
    return f"{name} = {error.get('input')!r}: {reason[:1].lower()}{reason[1:]}"


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


def discover() -> dict[str, Scenario]:
    """Every scenario, by id, in the order of lists: a folder with a `scenario.py` that binds `SCENARIO`.

    Raises:
        UsageError: a folder of `TOOLKIT_SCENARIOS` is not there, two scenarios share an id, or one cannot be imported.
    """
    found: dict[str, Scenario] = {}
    for root in _roots():
        if not root.is_dir():
            raise UsageError(
                f"TOOLKIT_SCENARIOS names {root}, which is not a folder.",
                cure="Name folders that hold scenario folders.",
            )
        if str(root) not in scenarios.__path__:
            scenarios.__path__.append(str(root))
        for file in sorted(root.glob("*/scenario.py")):
            if file.parent.name in found:
                raise UsageError(
                    f"Two scenarios are called {file.parent.name!r}; the second is in {file.parent}.",
                    cure="Rename one of the folders.",
                )
            found[file.parent.name] = _declared_in(file)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def writer_of(table: str) -> str:
    """The id of a scenario that writes `table`; empty when none does, or not all of them can be read."""
    try:
        return next((one.id for one in discover().values() if table in one.written), "")
    except UsageError:
        return ""


def _declared_in(file: Path) -> Scenario:
    """The `SCENARIO` of one `scenario.py`."""
    name = file.parent.name
    if not _SCENARIO_ID.fullmatch(name):
        raise UsageError(
            f"{file.parent} is not a scenario id.", cure="Use small letters, digits and underscores for the folder."
        )
    importlib.invalidate_caches()
    try:
        declared = importlib.import_module(f"scenarios.{name}.scenario").SCENARIO
    except Exception as problem:
        raise UsageError(
            f"The scenario in {file} cannot be read: {type(problem).__name__}: {problem}.",
            cure="It has to bind SCENARIO to a toolkit.scenario.Scenario.",
        ) from problem
    if not isinstance(declared, Scenario) or declared.id != name:
        raise UsageError(
            f"{file} declares {getattr(declared, 'id', declared)!r}.",
            cure=f"SCENARIO has to be a Scenario with the id of its folder, {name!r}.",
        )
    return declared


def get(scenario_id: str) -> Scenario:
    """The scenario of that id.

    Raises:
        UsageError: there is none; the nearest spelling is offered.
    """
    found = discover()
    if scenario_id not in found:
        raise UsageError.unknown("scenario", scenario_id, found)
    return found[scenario_id]
