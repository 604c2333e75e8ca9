"""Judging 2,000 rows by a command: with the Spark session that is kept ready, and with one of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import MIB, python, resident, run
from benchmarks.ratios import Choices, Ratio, median
from toolkit import service_processes

ORDERS = 16_000
TABLE, JOINED = "silver.customers", "silver.orders"
"""The first has some 2,000 rows then and rules about itself; those of the second look three other tables up."""
REPEAT = 3
MOST_SECONDS = 4.0
UNMEASURED = 3
"""Uses before those that are measured: Java compiles what it has run some times."""
REST_SECONDS = 5
OWN = {"TOOLKIT_WARM_MINUTES": "0"}


def measure(choices: Choices) -> Iterator[Ratio]:
    """The same command, from Enter to its end, in fresh processes."""
    repeat = choices.repeat or REPEAT
    with tempfile.TemporaryDirectory(prefix="bench-warm-") as scratch:
        home = Path(scratch)
        choices.tell(f"  building the retail lakehouse of {ORDERS:,} orders")
        run(python("toolkit", "run", "retail_lakehouse", "-p", "orders", str(ORDERS)), home=home, variables=OWN)
        choices.tell("  judging with a session of its own")
        own = [_judged(home, TABLE, OWN) for _ in range(repeat)]
        own_joined = [_judged(home, JOINED, OWN) for _ in range(repeat)]
        run(python("toolkit", "services", "start", "spark"), home=home)
        try:
            choices.tell("  judging with the session that is kept ready")
            ready = [_judged(home, TABLE, {}) for _ in range(UNMEASURED + repeat)][UNMEASURED:]
            joined = [_judged(home, JOINED, {}) for _ in range(UNMEASURED + repeat)][UNMEASURED:]
            time.sleep(REST_SECONDS)
            resting = _held(home)
        finally:
            run(python("toolkit", "services", "stop", "spark"), home=home)
    command = "`toolkit quality run {}`, process start to end, medians of {}; {} uses of the session before it."
    what = command.format(TABLE, repeat, UNMEASURED)
    yield Ratio("judging 2,000 rows", median(ready), None, MOST_SECONDS, "s", what)
    yield Ratio("against a session of its own", median(ready), median(own), None, "s", what)
    what = command.format(JOINED, repeat, UNMEASURED) + f" {ORDERS:,} rows, three other tables looked up."
    yield Ratio("with other tables looked up", median(joined), median(own_joined), None, "s", what)
    note = f"What the keeper and its Java hold (resident), {REST_SECONDS} s after the last use."
    yield Ratio("memory at rest", resting, None, None, "MiB", note)


def _judged(home: Path, table: str, variables: dict[str, str]) -> float:
    return run(python("toolkit", "quality", "run", table), home=home, variables=variables).seconds


def _held(home: Path) -> float:
    """MiB of the keeper and its Java."""
    note = service_processes.read(home / "services" / "spark")
    return sum(resident(note.pid if note else 0).values()) / MIB
