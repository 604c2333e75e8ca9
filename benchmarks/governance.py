"""What governance costs: masks and a row filter on 3.37 million flights against the same by hand; and the rest of it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from deltalake import write_deltalake

from benchmarks.peers import data, launch
from benchmarks.ratios import Choices, NotComparable, Ratio, alternated, median, timed
from toolkit import session
from toolkit.events import EventLog
from toolkit.governance.classes import classify
from toolkit.governance.decisions import Decider, Request
from toolkit.governance.granting import NO_LIMITS, new_grant
from toolkit.governance.policies import Policies, policies
from toolkit.governance.stewardship import Steward
from toolkit.governance.tracing import Tracer
from toolkit.owners import NOBODY
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Table
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.write import write_table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

REPEAT, DECISIONS, GRANTS = 5, 200, 10_000
MOST = 1.15
FILES = 12
WIDE_COLUMNS, WIDE_ROWS = 200, 100_000
TABLE, OWNER, VIEWER = "silver.flights", "root", "anna"
SENSITIVE = ("tailnum", "dest", "dep_delay")
LATE = "month > 9"
"""Keeps a quarter of the year, and of the files."""


class _Key:
    """A key that the side by hand knows, too."""

    def key(self, use: str) -> bytes:
        del use
        return b"k" * 32


def measure(choices: Choices) -> Iterator[Ratio]:
    """One session; a lakehouse of its own."""
    repeat = choices.repeat or REPEAT
    with tempfile.TemporaryDirectory(prefix="bench-governance-") as folder:
        scratch, before = Path(folder), os.environ.get("TOOLKIT_HOME")
        os.environ["TOOLKIT_HOME"] = folder
        try:
            yield from _decisions(choices)
            yield from _classes(scratch, choices)
            spark = session.start(launch.settings(), name="bench governance", log=scratch / "spark.txt")
            try:
                platform = _platform(scratch, spark)
                _fill(platform, data.flights(data.COPIES_FOR_BENCHMARK, scratch / "flights"))
                yield from _reading(platform, repeat, choices)
                yield from _lineage(platform, scratch, repeat, choices)
            finally:
                session.stop(spark)
        finally:
            os.environ.pop("TOOLKIT_HOME") if before is None else os.environ.update(TOOLKIT_HOME=before)


def _platform(scratch: Path, spark: SparkSession) -> DataPlatform:
    log = EventLog(scratch / "events.jsonl", "bench")
    return DataPlatform(NOBODY, Parameters(), "bench", log, lambda: spark, Lakehouse(scratch / "lakehouse"))


def _fill(platform: DataPlatform, flights: Path) -> None:
    """The flights by month, and who may see what of them."""
    rows = platform.spark.read.parquet(str(flights)).repartitionByRange(FILES, "month")
    rows.write.format("delta").save(str(platform.lakehouse.path(TABLE)))
    from toolkit.governance import catalogue, granting, people, protection

    root = Steward(platform, OWNER)
    catalogue.take_in(root, "main")
    people.enroll(root, VIEWER, "user", attributes=["origin=JFK"])
    for privilege, securable in (("use_catalog", "main"), ("use_schema", "silver"), ("select", TABLE)):
        granting.grant(root, VIEWER, privilege, securable)  # type: ignore[arg-type]
    protection.confirm(root, TABLE, [name for name in rows.columns if name not in SENSITIVE], "internal")
    protection.confirm(root, TABLE, SENSITIVE, "confidential")
    protection.mask(root, TABLE, "tailnum", "hash")
    protection.mask(root, TABLE, "dest", "partial", "1,0")
    protection.mask(root, TABLE, "dep_delay", "generalise", "15")
    protection.filter_rows(root, TABLE, "origin = attribute('origin')")


def _governed(platform: DataPlatform) -> DataFrame:
    from toolkit.governance.governed import governed

    return governed(platform.spark, VIEWER, lakehouse=platform.lakehouse, keys=_Key()).table(TABLE).where(LATE)


def _by_hand(platform: DataPlatform) -> DataFrame:
    """The same rows and values, as a person would write it."""
    from pyspark.sql import functions as F

    key = (b"k" * 32).ljust(64, b"\0")
    inner, outer = (F.lit(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))
    digest = F.sha2(F.concat(outer, F.unhex(F.sha2(F.concat(inner, F.col("tailnum").cast("binary")), 256))), 256)
    rest = F.col("dep_delay") % F.lit(15.0)
    masked = {
        "tailnum": F.left(digest, F.lit(32)),
        "dest": F.when(F.char_length("dest") <= 1, "***").otherwise(F.concat(F.left("dest", F.lit(1)), F.lit("***"))),
        "dep_delay": F.when(rest < 0, F.col("dep_delay") - rest - 15.0).otherwise(F.col("dep_delay") - rest),
    }
    masked["dest"] = F.when(F.col("dest").isNotNull(), masked["dest"])
    frame = platform.read(TABLE).where("origin = 'JFK'")
    return frame.select(*[masked[name].alias(name) if name in masked else name for name in frame.columns]).where(LATE)


def _reading(platform: DataPlatform, repeat: int, choices: Choices) -> Iterator[Ratio]:
    def read(made: Callable[[DataPlatform], DataFrame]) -> None:
        made(platform).write.format("noop").mode("overwrite").save()

    ours, theirs = _governed(platform), _by_hand(platform)
    if ours.exceptAll(theirs).count() or theirs.exceptAll(ours).count():
        raise NotComparable("The masked rows are not those that are masked by hand.")
    files = [_files(frame) for frame in (ours, theirs)]
    if files[0] != files[1] or files[0] >= FILES:
        raise NotComparable(f"governed reads {files[0]} files, by hand {files[1]}, of {FILES}.")
    sides = {"governed": timed(partial(read, _governed)), "by hand": timed(partial(read, _by_hand))}
    for side in sides.values():
        side()
    found = alternated(sides, repeat, choices.tell)
    yield Ratio(
        "row filter and three masks",
        median(found["governed"]),
        median(found["by hand"]),
        MOST,
        "s",
        f"3.37 million flights, those of one origin in the last quarter, read through a row filter and three masks (hash, "
        f"partial, generalise), deciding and noting included; floor: the same expressions by hand. Both read {files[0]} of "
        f"{FILES} files. Medians of {repeat}.",
    )


def _files(frame: DataFrame) -> int:
    """Files that a frame has read, as its executed plan counts them."""
    frame._jdf.queryExecution().toRdd().count()
    leaves = frame._jdf.queryExecution().executedPlan().collectLeaves()
    return sum(int(leaves.apply(at).metrics().apply("numFiles").value()) for at in range(leaves.size()))


def _decisions(choices: Choices) -> Iterator[Ratio]:
    """One decision among ten thousand grants, and among ten."""
    found = {}
    for count in (10, GRANTS):
        with tempfile.TemporaryDirectory(prefix="bench-grants-") as folder:
            state = _state(Path(folder), count)
        decider = Decider(state)
        request = Request(VIEWER, "select", "main.silver.flights")
        took = []
        for _ in range(DECISIONS):
            began = time.perf_counter()
            decision = decider.decide(request)
            took.append((time.perf_counter() - began) * 1000)
        if not decision.is_allowed:
            raise NotComparable(f"Among {count} grants it is refused: {decision.reason}")
        found[count] = median(took)
        choices.tell(f"  a decision among {count:,} grants: {found[count]:.2f} ms")
    yield Ratio(
        "a decision among 10,000 grants",
        found[GRANTS],
        found[10],
        None,
        "ms",
        "May a principal in two groups select from a table, with the chain of grants; floor: among 10 grants. "
        f"Medians of {DECISIONS}.",
    )


def _state(folder: Path, count: int) -> Policies:
    """A lakehouse with so many grants, all but three of others on other tables."""
    from toolkit.governance import catalogue, granting, people

    log = EventLog(folder / "events.jsonl", "bench")
    lakehouse = Lakehouse(folder / "lakehouse")
    path = folder / "lakehouse" / "silver" / "flights"
    path.mkdir(parents=True)
    write_deltalake(str(path), pl.DataFrame({"id": [1]}).to_arrow())

    def no_java() -> SparkSession:
        raise AssertionError

    platform = DataPlatform(NOBODY, Parameters(), "bench", log, no_java, lakehouse)
    root = Steward(platform, OWNER)
    catalogue.take_in(root, "main")
    people.enroll(root, "staff", "group")
    people.enroll(root, "analysts", "group", ["staff"])
    people.enroll(root, VIEWER, "user", ["analysts"])
    for privilege, securable in (("use_catalog", "main"), ("use_schema", "silver"), ("select", TABLE)):
        granting.grant(root, "staff", privilege, securable)  # type: ignore[arg-type]
    others = [
        new_grant(root, f"group_{n % 500}", "select", f"main.silver.table_{n % 2_000}", NO_LIMITS) for n in range(count)
    ]
    platform.append(others)
    return policies(lakehouse)


def _classes(scratch: Path, choices: Choices) -> Iterator[Ratio]:
    """Two hundred columns, looked at and judged."""
    kinds: list[Callable[[int], object]] = [
        lambda n: f"user{n}@example.com",
        lambda n: n,
        lambda n: f"{n % 97} Long Street",
        lambda n: datetime(2020, 1, 1 + n % 28, tzinfo=UTC),
        lambda n: f"note {n} of nothing",
    ]
    sample = {f"column_{at}": [kinds[at % len(kinds)](n) for n in range(1_000)] for at in range(WIDE_COLUMNS)}
    frame = pl.concat([pl.DataFrame(sample)] * (WIDE_ROWS // 1_000))
    path = scratch / "lakehouse" / "silver" / "wides"
    path.mkdir(parents=True)
    write_deltalake(str(path), frame.to_arrow())
    reader = Lakehouse(scratch / "lakehouse").open("silver.wides")
    began = time.perf_counter()
    found = classify(reader)
    took = time.perf_counter() - began
    choices.tell(f"  {len(found)} columns classified: {took:.1f} s")
    if len(found) != WIDE_COLUMNS or not all(one.kind == "email" for one in found[:: len(kinds)]):
        raise NotComparable("The columns were not recognised.")
    note = f"{WIDE_COLUMNS} columns of {WIDE_ROWS:,} rows (a fifth of them e-mail addresses), sampled and judged without a JVM."
    yield Ratio("classifying 200 columns", took, None, None, "s", note)


def _lineage(platform: DataPlatform, scratch: Path, repeat: int, choices: Choices) -> Iterator[Ratio]:
    """One write of a join with aggregates, with and without its lineage read and kept."""
    from pyspark.sql import functions as F

    flights = platform.read(TABLE).where(LATE)
    by_plane = flights.groupBy("tailnum").agg(F.avg("dep_delay").alias("usual"))
    joined = flights.join(by_plane, "tailnum").groupBy("carrier", "month").agg(
        F.count("*").alias("flights"), F.avg(F.col("dep_delay") - F.col("usual")).alias("worse")
    )  # fmt: skip
    declared = Table("gold.carriers", "", dict.fromkeys(joined.columns, "A column."))
    # A new tracer each time: one tells the same lineage only once.
    sides = {
        "with lineage": timed(lambda: write_table(joined, scratch / "with", declared, observer=Tracer(platform))),
        "without": timed(lambda: write_table(joined, scratch / "without", declared)),
    }
    for side in sides.values():
        side()
    found = alternated(sides, repeat, choices.tell)
    yield Ratio(
        "a write with its lineage",
        median(found["with lineage"]),
        median(found["without"]),
        None,
        "s",
        "A join with two aggregates on a quarter of the flights, written to a small table; lineage read from the plan and "
        f"kept as rows; floor: without. Medians of {repeat}.",
    )
