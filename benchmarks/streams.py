"""From Kafka to Delta: events that count once, against events that are appended; and each service from nothing to healthy."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ratios import Choices, NotComparable, Ratio, alternated, median, timed
from toolkit import service, session
from toolkit.driver import FOLDERS
from toolkit.events import EventLog
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Scenario, Table
from toolkit.services import SERVICES, kafka
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.streaming.producers import Message, send
from toolkit.streaming.sinks import append_once
from toolkit.streaming.sources import parsed, read_topic
from toolkit.streaming.streams import Stream
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

EVENTS = 1_000_000
BATCHES = 10
REPEAT = 5
WARM_UPS = 2
MOST = 1 / 0.85
TOPIC, SCHEMA = "bench.events", "id LONG, name STRING, at TIMESTAMP, v DOUBLE"
EVENT_TABLE = Table("bronze.events", "One event.", {})
BENCH = Scenario("bench_streams", "Bench", "How fast?", "A benchmark.", Parameters, (), (EVENT_TABLE,))
STARTED = ("azurite", "kafka", "postgres", "debezium")
"""In this order; the last needs those before it. What they need has been brought before."""


def measure(choices: Choices) -> Iterator[Ratio]:
    """Both sides in one session, on one topic, in turns; each begins anew."""
    with tempfile.TemporaryDirectory(prefix="bench-streams-") as scratch:
        before = os.environ.get("TOOLKIT_HOME")
        os.environ["TOOLKIT_HOME"] = scratch
        try:
            yield from _services(choices)
            yield from _to_delta(Path(scratch), choices)
        finally:
            for name in reversed(STARTED):
                service.stop(SERVICES[name])
            os.environ.pop("TOOLKIT_HOME") if before is None else os.environ.update(TOOLKIT_HOME=before)


def _services(choices: Choices) -> Iterator[Ratio]:
    for name in STARTED:
        choices.tell(f"  starting {name}")
        SERVICES[name].install()
        began = time.perf_counter()
        service.start(SERVICES[name])
        first = time.perf_counter() - began
        yield Ratio(f"{name} from nothing to healthy", first, None, None, "s", "The first start in a new home; once.")
    for name in ("debezium", "postgres", "azurite"):
        service.stop(SERVICES[name])


def _to_delta(home: Path, choices: Choices) -> Iterator[Ratio]:
    events, repeat = choices.rows or EVENTS, choices.repeat or REPEAT
    broker = kafka.broker()
    Topics(broker).make(TOPIC, 4, KEPT_FOR_EVER)
    choices.tell(f"  sending {events:,} events")
    send(broker, TOPIC, (_event(number) for number in range(events)))
    spark = session.start(name="bench streams", driver=FOLDERS.with_jars("kafka"))
    try:
        log = EventLog(home / "events.jsonl", "bench")
        platform = DataPlatform(BENCH, Parameters(), "bench", log, lambda: spark, Lakehouse(home / "lakehouse"))

        def source() -> DataFrame:
            return parsed(read_topic(spark, broker, TOPIC, most=events // BATCHES + 4), SCHEMA, ("id",))

        def ours() -> None:
            platform.streaming.take(
                Stream("events", source(), lambda batch: append_once(batch, platform.path(EVENT_TABLE.name)))
            )

        def floor() -> None:
            _appended(spark, source(), home / "floor", home / "floor-checkpoint")

        def anew_ours() -> float:
            platform.streaming.begin_anew("events")
            shutil.rmtree(home / "lakehouse" / "bronze", ignore_errors=True)
            return timed(ours)()

        def anew_floor() -> float:
            for folder in ("floor", "floor-checkpoint"):
                shutil.rmtree(home / folder, ignore_errors=True)
            return timed(floor)()

        sides = {"exactly once": anew_ours, "append": anew_floor}
        alternated(sides, WARM_UPS)
        took = alternated(sides, repeat, choices.tell)
        for table in (platform.lakehouse.path(EVENT_TABLE.name), home / "floor"):
            if (rows := DeltaReader(table, table.name).count()) != events:
                raise NotComparable(f"{table.name} has {rows:,} rows of {events:,} events.")
    finally:
        session.stop(spark)
    seconds, bare = median(took["exactly once"]), median(took["append"])
    note = (
        f"{events:,} events of one topic in {BATCHES} batches, read as JSON; medians of {repeat}: {events / seconds:,.0f} a "
        f"second. Against: a batch function that appends, {events / bare:,.0f}; most is 1 / 0.85."
    )
    yield Ratio("Kafka to Delta, exactly once", seconds, bare, MOST, "s", note)


def _appended(spark: SparkSession, rows: DataFrame, table: Path, checkpoint: Path) -> None:
    """As one would write it first."""
    del spark

    def body(batch: DataFrame, number: int) -> None:
        del number
        batch.write.format("delta").mode("append").save(str(table))

    writer = rows.writeStream.foreachBatch(body).option("checkpointLocation", str(checkpoint))
    writer.trigger(availableNow=True).start().awaitTermination()


def _event(number: int) -> Message:
    at = f"2026-01-01T00:00:{number % 60:02}Z"
    text = json.dumps({"id": number, "name": f"name {number % 977}", "at": at, "v": round(number / 7, 3)})
    return Message(str(number % 64).encode(), text.encode())
