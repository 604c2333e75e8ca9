"""A Spark session that is kept ready, for small work: it saves each piece the start of a Java."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from toolkit import paths, service, settings
from toolkit.errors import SetupError, ToolkitError
from toolkit.service import Place, Service, http_answers

MEMORY_TO_SPARE = 2
"""Heaps that have to be free before a session is started that nobody asked for."""


def command(place: Place) -> Sequence[str]:
    """How its keeper is started; relative paths will mean what they mean here and now."""
    return [sys.executable, "-m", "toolkit.warm_host", str(place.ports["http"]), str(Path.cwd())]


def environment(place: Place) -> Mapping[str, str]:
    """The same state, and the same code, wherever the keeper is started."""
    del place
    return {"TOOLKIT_HOME": str(paths.home()), "PYTHONPATH": paths.python_path()}


def refuse_unwanted() -> None:
    """Say now that no session would stay.

    Raises:
        SetupError: the settings want none, or Spark runs elsewhere.
    """
    chosen = settings.load()
    if chosen.remote:
        raise SetupError(
            f"Spark runs at {chosen.remote}, which is ready already.", cure="Unset TOOLKIT_REMOTE to run Spark here."
        )
    if not chosen.warm_minutes:
        raise SetupError(
            f"The settings of {chosen.env} keep no Spark session ready: warm_minutes is 0.",
            cure="Set TOOLKIT_WARM_MINUTES to the idle minutes after which it is to end, such as 10, for runs, too.",
        )


def healthy(place: Place) -> bool:
    """Whether its keeper answers."""
    return http_answers(place.ports["http"])


SPARK = Service(
    "spark",
    "Spark",
    "A Spark session that is kept ready: small work starts at once.",
    command,
    healthy,
    install=refuse_unwanted,
    environment=environment,
    patience=240.0,
    hint="Runs use it while it is free; it ends after some idle minutes.",
)


def start_quietly() -> None:
    """Start it in a process of its own, which outlives this one, if the settings want one and there is memory to spare."""
    chosen = settings.load()
    heap = int(chosen.memory[:-1]) * (1024**3 if chosen.memory.endswith("g") else 1024**2)
    spare = psutil.virtual_memory().available > MEMORY_TO_SPARE * heap
    if chosen.warm_minutes and chosen.runs_here and spare and service.running(SPARK.name) is None:
        subprocess.Popen(  # noqa: S603 - this very module, in our own Python
            [sys.executable, "-m", __name__],
            env={**os.environ, **environment(Place(paths.home(), {}))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


if __name__ == "__main__":
    try:
        service.start(SPARK)
    except ToolkitError as problem:  # the list of services says what is wrong, to those who look
        sys.exit(int(problem.exit_code))
