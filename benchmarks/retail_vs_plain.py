"""The retail lakehouse by the toolkit, against one plain Spark script that writes the same tables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.equality import refuse_unequal
from benchmarks.ours import SEED
from benchmarks.processes import MIB, REPOSITORY, ChildFailed, children_cpu, environment, python, run, sampled
from benchmarks.ratios import Choices, Ratio, alternated, median
from benchmarks.where import spent
from toolkit import datasets, java, scenario, session, settings
from toolkit.runs import RunFolder

ORDERS = (200_000,)
REPEAT = 3
MOST_RATIO = 1.15
ENDING_SECONDS = 20
LAYERS = ("bronze", "silver", "quarantine", "gold")


def measure(choices: Choices) -> Iterator[Ratio]:
    """Both in turns, in fresh processes, from the same landed files into empty lakehouses."""
    for orders in choices.orders or ORDERS:
        with tempfile.TemporaryDirectory(prefix="bench-retail-") as scratch:
            contest = Contest(Path(scratch), orders)
            choices.tell(f"  landing {orders:,} orders")
            contest.land()
            sides = {"toolkit": contest.toolkit, "plain": contest.plain}
            found = alternated(sides, choices.repeat or REPEAT, choices.tell)
            refuse_unequal(contest.lakehouse, contest.plain_lakehouse, tables())
            choices.tell(contest.side_by_side())
        yield from _ratios(orders, found, contest)


def tables() -> list[str]:
    """The tables that both sides write."""
    written = scenario.get("retail_lakehouse").written
    return [table for table in written if table.partition(".")[0] in LAYERS]


def _ratios(orders: int, found: dict[str, list[float]], contest: Contest) -> Iterator[Ratio]:
    yield Ratio(
        f"{orders:,} orders",
        median(found["toolkit"]),
        median(found["plain"]),
        MOST_RATIO,
        "s",
        f"Process start to end, JVM included, files landed before; medians of {len(found['plain'])} in turns. Same JVM "
        f"command and Spark properties; {len(tables())} tables found equal in schema and content but for their load's own "
        "columns; both write the exports. Only the toolkit writes events, quality results, publications, signatures and "
        "comments.",
    )
    yield Ratio(
        f"processor time at {orders:,} orders",
        median(contest.cpu["toolkit"]),
        median(contest.cpu["plain"]),
        None,
        "s",
        "What Python and the JVM computed, on all cores; it depends less on what else the computer does.",
    )
    yield Ratio(
        f"memory at {orders:,} orders",
        max(contest.memory["toolkit"]),
        max(contest.memory["plain"]),
        None,
        "MiB",
        "Most that Python and the JVM held (resident), at any repetition.",
    )


@dataclass
class Contest:
    """One folder in which both sides work on the same files."""

    scratch: Path
    orders: int
    memory: dict[str, list[float]] = field(default_factory=lambda: {"toolkit": [], "plain": []})
    cpu: dict[str, list[float]] = field(default_factory=lambda: {"toolkit": [], "plain": []})
    run_id: str = ""
    told: list[dict[str, object]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """`TOOLKIT_HOME` of the toolkit's side."""
        return self.scratch / "home"

    @property
    def lakehouse(self) -> Path:
        """What the toolkit wrote."""
        return self.home / "lakehouse"

    @property
    def plain_lakehouse(self) -> Path:
        """What the plain script wrote."""
        return self.scratch / "plain"

    def land(self) -> None:
        """Make the files that both read."""
        self.landed = datasets.land("shop", self.home / "landing", orders=self.orders, seed=SEED).folder

    def toolkit(self) -> float:
        """Seconds of a run into an empty lakehouse."""
        shutil.rmtree(self.lakehouse, ignore_errors=True)
        found = run(python("benchmarks.ours", "run", str(self.orders)), home=self.home)
        self.run_id = found.output.strip()
        self.memory["toolkit"].append(found.peak_mib)
        self.cpu["toolkit"].append(found.cpu_seconds)
        return found.seconds

    def plain(self) -> float:
        """Seconds of the plain script into an empty folder, on a JVM started by the same command as the toolkit's.

        Spark's own launcher starts one JVM to start another, which costs the plain script a second that is not its fault.
        """
        shutil.rmtree(self.plain_lakehouse, ignore_errors=True)
        chosen = settings.current()
        conf = self.scratch / "properties.json"
        conf.write_text(json.dumps(session.properties(chosen)), encoding="utf-8")
        began, cpu = time.monotonic(), children_cpu()
        gateway = session.launch(chosen, log=self.scratch / "plain.log")
        try:
            self._script(gateway, conf)
        finally:
            _end(gateway)
        self.cpu["plain"].append(children_cpu() - cpu)
        return time.monotonic() - began

    def _script(self, gateway: java.Gateway, conf: Path) -> None:
        command = [sys.executable, str(REPOSITORY / "benchmarks" / "plain_retail.py"), str(self.landed)]
        process = subprocess.Popen(  # noqa: S603 - our own script in our own Python
            [*command, str(self.plain_lakehouse), _as_of(), str(conf)],
            env=environment(self.home, _variables(gateway)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with sampled(process.pid, gateway.process.pid) as memory:
            output, errors = process.communicate()
        if process.returncode:
            raise ChildFailed(f"The plain script ended with {process.returncode}:\n{errors.strip()[-3000:]}")
        self.memory["plain"].append(memory.peak / MIB)
        self.told = [json.loads(line) for line in output.splitlines()]

    def side_by_side(self) -> str:
        """Seconds of the last repetition by table, ours and theirs, one line each."""
        events = RunFolder(self.home / "runs" / self.run_id).events()
        ours: dict[str, float] = {}
        for part in spent(events):
            what = part.what if "." in part.what else f"{part.step}: {part.what}"
            ours[what] = ours.get(what, 0.0) + part.seconds
        theirs = {str(line["what"]): float(str(line["seconds"])) for line in self.told}
        names = [name for name in dict.fromkeys([*ours, *theirs]) if max(ours.get(name, 0), theirs.get(name, 0)) > 0.05]
        lines = [f"  {name:44} {ours.get(name, 0):8.2f} {theirs.get(name, 0):8.2f}" for name in names]
        whole = f"  {'all':44} {sum(ours.values()):8.2f} {sum(theirs.values()):8.2f}"
        return "\n".join(["  seconds, the last time: toolkit, plain", *lines, whole])


def _as_of() -> str:
    return str(scenario.get("retail_lakehouse").parameters().model_dump()["as_of"])


def _variables(gateway: java.Gateway) -> dict[str, str]:
    """What makes a plain `SparkSession.builder` use a JVM that is there already."""
    return {
        "PYSPARK_GATEWAY_PORT": str(gateway.port),
        "PYSPARK_GATEWAY_SECRET": gateway.secret,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def _end(gateway: java.Gateway) -> None:
    """Let the JVM go, as the toolkit's session does at its end."""
    if gateway.process.stdin:
        gateway.process.stdin.close()
    try:
        gateway.process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        gateway.process.kill()
        gateway.process.wait()
