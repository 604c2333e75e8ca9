"""Running a notebook from outside, with papermill.

Owns the check of its parameters (papermill only warns of a misspelt one) and what an error inside it means outside. What
happens inside a notebook is `toolkit.notebook`.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import DataError, StepFailed, ToolkitError, UsageError


def run_notebook(
    notebook: Path, into: Path, parameters: Mapping[str, Any], *, environment: Mapping[str, str] | None = None
) -> None:
    """Execute `notebook` with `parameters`, and keep it with its output as `into`, finished or not.

    Raises:
        UsageError: the notebook has no parameter of such a name.
        ToolkitError: a cell failed; of the same family as the error in it.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    if not notebook.exists():
        raise DataError(f"There is no notebook {notebook}.", cure="Run the scenario without --notebook.")
    known = papermill.inspect_notebook(str(notebook))
    for name in parameters:
        if name not in known:
            raise UsageError.unknown(f"parameter in {notebook.name}:", name, known)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with _environment(environment or {}):
        try:
            papermill.execute_notebook(
                str(notebook), str(into), parameters=dict(parameters), cwd=str(notebook.parent), progress_bar=False
            )
        except PapermillExecutionError as problem:
            raise _meaning(problem, into) from problem


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """What the kernel inherits from us."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _meaning(problem: Any, notebook: Path) -> ToolkitError:
    """The error of the same family as the one raised in the cell."""
    families = {cls.__name__: cls for cls in _subclasses(ToolkitError)}
    family = families.get(problem.ename, StepFailed)
    what = str(problem.evalue) if family is not StepFailed else f"A cell failed: {problem.ename}: {problem.evalue}"
    return family(what, cure=f"The notebook as far as it came: {notebook}.")


def _subclasses(cls: type[ToolkitError]) -> list[type[ToolkitError]]:
    return [cls, *(found for child in cls.__subclasses__() for found in _subclasses(child))]
