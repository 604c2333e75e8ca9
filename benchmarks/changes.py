"""Changes of 1% applied to 1, 4 and 16 million rows: a history of type 2 and an upsert, against hand-written MERGEs."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.peers import launch
from benchmarks.ratios import Choices, NotComparable, Ratio, median, timed
from toolkit import session
from toolkit.etl.changes import ChangeFlow, apply_changes
from toolkit.etl.load import upsert
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MILLION = 1_000_000
SIZES = (MILLION, 4 * MILLION, 16 * MILLION)
REPEAT = 5
WARM_UPS = 4
"""Java still compiles in the first rounds, and more of ours than of one statement."""
MOST_HISTORY, MOST_UPSERT = 1.3, 1.15
EVERY = 100
"""One row in so many changes."""
FLOW = ChangeFlow(["id"], "at", except_column_list=["at"], stored_as_scd_type=2)
HISTORY = """
MERGE INTO {table} t USING (
    SELECT id AS key, * FROM changes
    UNION ALL
    SELECT null AS key, c.* FROM changes c JOIN {table} o ON o.id = c.id AND o._end_at IS NULL
        AND NOT (o.name <=> c.name AND o.city <=> c.city AND o.segment <=> c.segment)
) s ON t.id = s.key AND t._end_at IS NULL
WHEN MATCHED AND NOT (t.name <=> s.name AND t.city <=> s.city AND t.segment <=> s.segment) THEN UPDATE SET _end_at = s.at
WHEN NOT MATCHED THEN INSERT (id, name, city, segment, _start_at, _end_at)
    VALUES (s.id, s.name, s.city, s.segment, s.at, null)
"""
"""What does the least for the same result: events in order, one for a key, no repetition, no delete."""
UPSERT = (
    "MERGE INTO {table} t USING changes s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
)


def measure(choices: Choices) -> Iterator[Ratio]:
    """Each size in one warm session, each time on a fresh copy of the table, both sides in turn."""
    spark = session.start(name="bench changes")
    took: dict[str, list[float]] = {"history": [], "upsert": []}
    try:
        for rows in (choices.rows,) if choices.rows else SIZES:
            with tempfile.TemporaryDirectory(prefix="bench-changes-") as scratch:
                for ratio in _measured(spark, rows, Path(scratch), choices):
                    took[ratio.name.split()[0]].append(ratio.ours)
                    yield ratio
        yield from _one_day(spark, choices)
    finally:
        session.stop(spark)
    for what, seconds in took.items():
        if len(seconds) > 1:
            note = f"ours at {SIZES[-1]:,} rows, against ours at {SIZES[0]:,}: sixteen times the rows."
            yield Ratio(f"growth of {what}", seconds[-1], seconds[0], None, "s", note)
    with tempfile.TemporaryDirectory(prefix="bench-mack-") as scratch:
        yield from _against_mack(Path(scratch), choices)


def _one_day(spark: SparkSession, choices: Choices) -> Iterator[Ratio]:
    """One day of changes into the history of a year, against the history of that year and day made from all changes."""
    choices.tell("  one day into a year")
    rows, repeat = (choices.rows or MILLION) // 10, choices.repeat or REPEAT
    year = spark.range(365 * rows // EVERY).selectExpr(
        f"id * 7919 % {rows} AS id",
        "concat('name ', hash(id)) AS name",
        "concat('city ', id % 977) AS city",
        "if(id % 5 = 0, 'business', 'consumer') AS segment",
        f"CAST(id / {rows // EVERY} AS INT) AS at",
    )
    year = year.dropDuplicates(["id", "at"])
    with tempfile.TemporaryDirectory(prefix="bench-year-") as scratch:
        place = Path(scratch)
        year.write.format("delta").save(str(place / "events"))
        events = spark.read.format("delta").load(str(place / "events"))
        apply_changes(place / "history", events.where("at < 364"), FLOW)
        day = events.where("at = 364")
        ours, floor = _both(
            place / "history",
            lambda table: apply_changes(table, day, FLOW),
            lambda table: _rebuilt(table, events),
            repeat,
        )
    what = f"{rows // EVERY:,} changes of {rows:,} keys a day; medians of {repeat}. Against: the table made from all 365 days."
    yield Ratio("one day into a year", ours, floor, None, "s", what)


def _rebuilt(table: Path, events: DataFrame) -> None:
    shutil.rmtree(table)
    apply_changes(table, events, FLOW)


def _against_mack(scratch: Path, choices: Choices) -> Iterator[Ratio]:
    """The same history by mack, where it can do it: each change is newer than all before, and no key has two."""
    choices.tell("  mack")
    rows, repeat = choices.rows or MILLION, choices.repeat or REPEAT
    spark = session.start(launch.settings(), name="bench mack")
    try:
        state, at = _state(spark, rows), "TIMESTAMP '2026-01-01 00:00:00'"
        ours = state.selectExpr("*", f"{at} AS _start_at", "CAST(null AS TIMESTAMP) AS _end_at")
        ours.write.format("delta").save(str(scratch / "history"))
        theirs = state.selectExpr(
            "*", "true AS is_current", f"{at} AS effective_time", "CAST(null AS TIMESTAMP) AS end_time"
        )
        theirs.write.format("delta").save(str(scratch / "theirs"))
        changes = _changes(spark, rows).withColumn("at", F.lit("2026-02-01").cast("timestamp"))
        changes.withColumnRenamed("at", "effective_time").write.format("delta").save(str(scratch / "changes"))
        changes = spark.read.format("delta").load(str(scratch / "changes")).withColumnRenamed("effective_time", "at")
        place, seconds = scratch / "history-ours", []
        for _ in range(WARM_UPS + repeat):
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(scratch / "history", place)
            seconds.append(timed(lambda: apply_changes(place, changes, FLOW))())
        reader = DeltaReader(place, "history")
        left = (reader.count(), reader.sql("SELECT count(*) FROM t WHERE _end_at IS NULL").rows[0][0])
    finally:
        session.stop(spark)
    order = {"table": str(scratch / "theirs"), "changes": str(scratch / "changes"), "repeat": WARM_UPS - 1 + repeat}
    told = launch.run("mack", order)
    if left != (told["rows"], told["current"]):
        raise NotComparable(f"ours has {left} rows and current ones, mack {told['rows'], told['current']}.")
    what = f"a history of {rows:,} rows; one row in {EVERY} changes, each newer than all before; a JVM for each side, "
    what += f"medians of {repeat}."
    name, taken = f"against mack {told['version']}", median(seconds[-repeat:])
    yield Ratio(name, taken, median(told["seconds"][-repeat:]), None, "s", what)


def _measured(spark: SparkSession, rows: int, scratch: Path, choices: Choices) -> Iterator[Ratio]:
    state = _state(spark, rows)
    history, table = scratch / "history", scratch / "table"
    choices.tell(f"  writing {rows:,} rows")
    ends = state.selectExpr("*", "CAST(0 AS INT) AS _start_at", "CAST(null AS INT) AS _end_at")
    ends.write.format("delta").save(str(history))
    state.write.format("delta").save(str(table))
    changes = _changes(spark, rows)
    changes.write.format("delta").save(str(scratch / "changes"))
    changes = spark.read.format("delta").load(str(scratch / "changes"))
    changes.createOrReplaceTempView("changes")
    repeat, what = choices.repeat or REPEAT, f"one row in {EVERY} of {rows:,} changes; one warm session, medians of "
    choices.tell("  a history of type 2")
    ours, floor = _both(
        history,
        lambda place: apply_changes(place, changes, FLOW),
        lambda place: _by_hand(spark, HISTORY, place),
        repeat,
    )
    yield Ratio(f"history of {rows:,} rows", ours, floor, MOST_HISTORY, "s", f"{what}{repeat}.")
    choices.tell("  an upsert")
    changes.drop("at").createOrReplaceTempView("changes")
    ours, floor = _both(
        table,
        lambda place: upsert(place, changes.drop("at"), ["id"]),
        lambda place: _by_hand(spark, UPSERT, place),
        repeat,
    )
    yield Ratio(f"upsert into {rows:,} rows", ours, floor, MOST_UPSERT, "s", f"{what}{repeat}.")


def _state(spark: SparkSession, rows: int) -> DataFrame:
    return spark.range(rows).selectExpr(
        "id",
        "concat('name ', hash(id)) AS name",
        "concat('city ', id % 977) AS city",
        "if(id % 5 = 0, 'business', 'consumer') AS segment",
    )


def _changes(spark: SparkSession, rows: int) -> DataFrame:
    """Rows from all over the table that have moved, and as many tenths of them that are new."""
    moved = _state(spark, rows).where(f"id % {EVERY} = 7").selectExpr("id", "name", "'moved' AS city", "segment")
    new = _state(spark, rows // EVERY // 10).selectExpr(f"id + {rows} AS id", "name", "city", "segment")
    return moved.union(new).selectExpr("*", "CAST(1 AS INT) AS at").coalesce(2)


def _both(
    table: Path, ours: Callable[[Path], object], floor: Callable[[Path], object], repeat: int
) -> tuple[float, float]:
    """Median seconds of both sides, once Java has compiled them.

    Raises:
        NotComparable: they do not leave the same rows.
    """
    seconds: dict[str, list[float]] = {"ours": [], "floor": []}
    for turn in range(-WARM_UPS, repeat):
        left = {}
        for side, work in (("ours", ours), ("floor", floor)):
            place = table.with_name(f"{table.name}-{side}")
            shutil.copytree(table, place)
            begun = time.perf_counter()
            work(place)
            if turn >= 0:
                seconds[side].append(time.perf_counter() - begun)
            left[side] = _fingerprint(place)
            shutil.rmtree(place)
        if left["ours"] != left["floor"]:
            raise NotComparable(f"{table.name}: {left}")
    return median(seconds["ours"]), median(seconds["floor"])


def _by_hand(spark: SparkSession, merge: str, place: Path) -> None:
    spark.sql(merge.format(table=f"delta.`{place}`"))


def _fingerprint(place: Path) -> tuple[object, ...]:
    """What tells whether two tables have the same rows: how many, and sums over all their columns."""
    reader = DeltaReader(place, place.name)
    ends = ", count(_end_at), sum(_start_at)" if "_end_at" in [column.name for column in reader.columns()] else ""
    query = f"SELECT count(*), sum(id), count(DISTINCT name), sum(CASE WHEN city = 'moved' THEN id END){ends} FROM t"
    return tuple(reader.sql(query).rows[0])
