"""Running a peer's program in its own environment, on a JVM started by the toolkit's own command.

Owns what makes the sides comparable: one way to start the JVM, one set of Spark properties. Must not know what a program does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import REPOSITORY, ChildFailed, environment
from toolkit import java, session
from toolkit.errors import SetupError, UsageError
from toolkit.quality import rules as quality_rules
from toolkit.settings import Settings, current

OF_QUALITY = ("great_expectations", "cuallee", "dqx")
"""Check rules; measured by `measure`."""
PEERS = (*OF_QUALITY, "mack")
FLOOR = "floor"
RULES = REPOSITORY / "benchmarks" / "quality_rules.yaml"
PROGRAMS = Path(__file__).with_name("programs")
ENVIRONMENTS = REPOSITORY / ".venv-peers"
MEMORY = "4g"
ENDING_SECONDS = 20


@dataclass(frozen=True)
class Found:
    """What a program told.

    Attributes:
        version: of the peer; of Spark for the floor.
        seconds: of counting the bad rows, each repetition.
        counts: bad rows by rule.
        unchecked_seconds: of writing the rows to one table without looking at them, in the same process.
        split_seconds: of writing valid and bad rows, with their reasons, to two tables.
        split: rows of the two tables.
        way: which of the peer's ways was the faster and is therefore the one in `seconds`; empty when it has one.
        split_way: the same for `split_seconds`.
        other_seconds: of its slower way to count.
        other_split_seconds: of its slower way to split.
    """

    version: str
    seconds: list[float]
    counts: dict[str, int]
    unchecked_seconds: list[float] = field(default_factory=list)
    split_seconds: list[float] = field(default_factory=list)
    split: dict[str, int] = field(default_factory=dict)
    way: str = ""
    split_way: str = ""
    other_seconds: list[float] = field(default_factory=list)
    other_split_seconds: list[float] = field(default_factory=list)


def rules() -> quality_rules.RuleSet:
    """The rules that every side checks, as the toolkit's own."""
    return quality_rules.load(RULES)


def settings() -> Settings:
    """What every side runs with."""
    chosen = {"master": "local[2]", "remote": "", "memory": MEMORY, "shuffle_partitions": 2}
    return current().model_copy(update={**chosen, "quick_start": False, "ui": False})


def python_of(peer: str) -> Path:
    """The Python of a peer's environment; the floor runs in our own.

    Raises:
        UsageError: no such peer.
        SetupError: its environment has not been made.
    """
    if peer == FLOOR:
        return Path(sys.executable)
    if peer not in PEERS:
        raise UsageError.unknown("peer", peer, [*PEERS, FLOOR])
    found = ENVIRONMENTS / peer / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not found.exists():
        raise SetupError(f"The environment of {peer} is missing.", cure="Type ./run peers once: it makes it.")
    return found


def measure(peer: str, flights: Path, *, repeat: int, scratch: Path | None = None) -> Found:
    """Let a peer, or the floor, check the rules on the flights, warm, in a process and a JVM of its own.

    Args:
        peer: one of `OF_QUALITY`, or `FLOOR`.
        flights: folder of Parquet files, from `benchmarks.peers.data.flights`.
        repeat: measured repetitions; one before them is not measured.
        scratch: folder to write tables in, where the writes are to be measured, too; what lies in it is deleted.

    Raises:
        SetupError: its environment has not been made, or Spark does not start.
        ChildFailed: the program did not end well.
    """
    order = {
        "flights": str(flights),
        "rules": [{"name": rule.name, **rule.as_data()} for rule in rules().rules],
        "repeat": repeat,
        "scratch": str(scratch) if scratch else None,
    }
    return Found(**run(peer, order))


def run(peer: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """Let a peer's program carry out an order, in a process and a JVM of its own; gives what it told.

    Args:
        peer: one of `PEERS`, or `FLOOR`.
        order: what the program reads; the properties of Spark are added.

    Raises:
        SetupError: its environment has not been made, or Spark does not start.
        ChildFailed: the program did not end well.
    """
    interpreter, chosen = python_of(peer), settings()
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:
        file = Path(folder) / "order.json"
        file.write_text(json.dumps({**order, "properties": session.properties(chosen)}), encoding="utf-8")
        gateway = session.launch(chosen, log=Path(folder) / "java.log")
        try:
            return _run([str(interpreter), str(_program(peer)), str(file)], gateway, Path(folder), interpreter)
        finally:
            java.end(gateway.process, patience=ENDING_SECONDS)


def _program(peer: str) -> Path:
    return PROGRAMS / (f"{peer}.py" if peer == FLOOR else f"with_{peer}.py")


def _run(command: list[str], gateway: java.Gateway, folder: Path, interpreter: Path) -> dict[str, Any]:
    """What the program told on its last line."""
    done = subprocess.run(  # noqa: S603 - our own program, in an environment that we made
        command, cwd=folder, env=_variables(gateway, folder, interpreter), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ChildFailed(f"{Path(command[1]).name} ended with {done.returncode}:\n{done.stderr.strip()[-3000:]}")
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


def _variables(gateway: java.Gateway, folder: Path, interpreter: Path) -> dict[str, str]:
    """A plain `SparkSession.builder` uses the JVM that is there; nothing of ours is on the path; nobody calls home."""
    found = environment(
        folder,
        {
            "PYSPARK_GATEWAY_PORT": str(gateway.port),
            "PYSPARK_GATEWAY_SECRET": gateway.secret,
            "PYSPARK_PYTHON": str(interpreter),
            "PYSPARK_DRIVER_PYTHON": str(interpreter),
            "GX_ANALYTICS_ENABLED": "false",
        },
    )
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "SPARK_HOME", "CUALLEE_CLOUD_TOKEN"):
        found.pop(name, None)
    return found
