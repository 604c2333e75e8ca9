"""What every program here does alike: read its order, start Spark, take the time, tell what it found.

Runs in environments that have pyspark and one peer, and nothing of the toolkit. The order is a JSON file, named on the command
line; the answer is the last line on standard output.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

Counts = dict[str, int]
Rule = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """What is to be measured.

    Attributes:
        flights: folder of Parquet files.
        rules: kind, name and fields of each, as in `quality_rules.yaml`.
        properties: of Spark, the same for every side.
        repeat: measured repetitions, after one that is not.
        scratch: folder for written tables; None when only counts are wanted.
    """

    flights: str
    rules: list[Rule]
    properties: dict[str, str]
    repeat: int
    scratch: str | None

    @classmethod
    def read(cls) -> Order:
        """The order that the command line names."""
        return cls(**ordered())

    def spark(self) -> SparkSession:
        """A session on the JVM that is there already."""
        return started(self.properties)


def ordered() -> dict[str, Any]:
    """What the file says that the command line names."""
    found: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    return found


def started(properties: Mapping[str, str]) -> SparkSession:
    """A session on the JVM that is there already."""
    builder = SparkSession.builder.appName("peer")
    for key, value in properties.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def timed(job: Callable[[], Any], repeat: int, before: Callable[[], object] = lambda: None) -> tuple[list[float], Any]:
    """Seconds of each of `repeat` runs after one that warms up, and what the last returned; `before` is not measured."""
    seconds, found = [], None
    for _ in range(repeat + 1):
        before()
        began = time.perf_counter()
        found = job()
        seconds.append(time.perf_counter() - began)
    return seconds[1:], found


def in_turns(jobs: dict[str, Callable[[], Any]], repeat: int, before: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each job's runs, each job once in every turn, so that all meet the same computer; the first turn warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeat + 1):
        for name, job in jobs.items():
            before()
            began = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - began)
    return {name: found[1:] for name, found in seconds.items()}


def write(df: DataFrame, scratch: str, table: str) -> None:
    """Write `df` as a new Delta table."""
    df.write.format("delta").save(str(Path(scratch) / table))


def clear(scratch: str) -> None:
    """Forget the tables of the repetition before."""
    shutil.rmtree(scratch, ignore_errors=True)


def anchored(pattern: str) -> str:
    """The pattern for the whole of a text: the peers look for it anywhere."""
    return rf"\A(?:{pattern})\z"


def tell(**found: object) -> None:
    """Print the answer."""
    sys.stdout.write("\n" + json.dumps(found) + "\n")
    sys.stdout.flush()
