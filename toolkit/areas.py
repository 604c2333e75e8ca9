"""The areas of the toolkit, loaded when first asked for; `toolkit.listing` has one line for each.

An area that cannot be loaded is told where it would be shown, and harms no other.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from toolkit import parameters as asked
from toolkit.errors import SetupError, UsageError
from toolkit.listing import EXTRA, known
from toolkit.views import Area, Arrangement, Task, View


@cache
def _loaded(name: str, module: str) -> Area:
    try:
        area = importlib.import_module(module).AREA
    except (Exception, SystemExit) as problem:
        said = problem.what if isinstance(problem, UsageError) else f"{type(problem).__name__}: {problem}"
        raise SetupError(
            f"The area {name} cannot be loaded: {said.rstrip('.')}.",
            cure=f"Mend {module or f'{EXTRA}: it is name=module, with commas between'}; the other areas are unharmed.",
        ) from problem
    if not isinstance(area, Area) or area.name != name:
        raise SetupError(f"{module} does not bind AREA to the area {name!r}.", cure="Mend that module.")
    return area


def area(name: str) -> Area:
    """The area of that name.

    Raises:
        UsageError: there is none.
        SetupError: it cannot be loaded.
    """
    if name not in known():
        raise UsageError.unknown("area", name, known())
    return _loaded(name, known()[name].module)


def part(address: str) -> View[Any] | Task[Any, Any]:
    """The view or task at `area.name`.

    Raises:
        UsageError: there is none.
        SetupError: its area cannot be loaded.
    """
    name, _, rest = address.partition(".")
    return area(name).part(rest)


def view(address: str) -> View[Any]:
    """The view at `area.name`.

    Raises:
        UsageError: there is none.
    """
    found = part(address)
    if not isinstance(found, View):
        raise UsageError(f"{address} is a task, not a view.")
    return found


@dataclass(frozen=True)
class Question:
    """A view with what is asked of it; the app's page, a command and a notebook's display of it are the same rows."""

    address: str
    parameters: asked.Parameters
    arrangement: Arrangement = field(default_factory=Arrangement)

    def words(self) -> list[str]:
        """The words after `toolkit` that give the same rows."""
        area_name, _, name = self.address.partition(".")
        words = [area_name, name, *asked.words(self.parameters)]
        arrangement = self.arrangement
        if arrangement.words:
            words += ["--filter", arrangement.words]
        if arrangement.sort:
            words += ["--sort", arrangement.sort, *(["--descending"] if arrangement.descending else [])]
        if arrangement.offset:
            words += ["--offset", str(arrangement.offset)]
        if arrangement.limit is not None:
            words += ["--limit", str(arrangement.limit)]
        return words


def question(address: str, values: Mapping[str, Any] | None = None) -> Question:
    """A view asked with values by name.

    Raises:
        UsageError: there is no such view, or a value is wrong.
    """
    found = view(address)
    cure = f"See: toolkit {address.replace('.', ' ')} --help"
    return Question(address, asked.parse(found.parameters, values or {}, address, cure))


def addresses() -> Sequence[str]:
    """Every view and task of the areas that can be loaded."""
    found = []
    for name in known():
        try:
            parts = area(name)
        except SetupError:
            continue
        found += [f"{name}.{one.name}" for one in parts.parts]
    return found
