"""From Kafka to Delta: events that count once, against events that are appended; and each service from nothing to healthy."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
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
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.readwriter import DataStreamWriter

EVENTS = 2_000_000
REPEAT = 3
WARM_UPS = 1
BATCHES = {2: 1 / 0.85, 20: None}
"""How many, and the most that is allowed. Counting once has a price a batch: small batches show it, large ones hide it."""
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
    events = choices.rows or EVENTS
    broker = kafka.broker()
    Topics(broker).make(TOPIC, 4, KEPT_FOR_EVER)
    choices.tell(f"  sending {events:,} events")
    send(broker, TOPIC, (_event(number) for number in range(events)))
    spark = session.start(name="bench streams", driver=FOLDERS.with_jars("kafka"))
    try:
        log = EventLog(home / "events.jsonl", "bench")
        platform = DataPlatform(BENCH, Parameters(), "bench", log, lambda: spark, Lakehouse(home / "lakehouse"))
        for batches, limit in BATCHES.items():
            yield from _compared(platform, home, events, batches, limit, choices)
    finally:
        session.stop(spark)


def _compared(
    platform: DataPlatform, home: Path, events: int, batches: int, limit: float | None, choices: Choices
) -> Iterator[Ratio]:
    repeat, spark, broker = choices.repeat or REPEAT, platform.spark, kafka.broker()
    tables = {"ours": platform.lakehouse.path(EVENT_TABLE.name), "append": home / "append", "sink": home / "sink"}

    def source() -> DataFrame:
        return parsed(read_topic(spark, broker, TOPIC, most=events // batches + 4), SCHEMA, ("id",))

    def ours() -> None:
        platform.streaming.take(Stream("events", source(), lambda batch: append_once(batch, tables["ours"])))

    def append() -> None:
        _written(source().writeStream.foreachBatch(_appended(tables["append"])), home / "append-checkpoint")

    def sink() -> None:
        writer = source().writeStream.format("delta").option("path", str(tables["sink"]))
        _written(writer, home / "sink-checkpoint")

    def anew(name: str, side: Callable[[], None]) -> Callable[[], float]:
        def measured() -> float:
            platform.streaming.begin_anew("events")
            for folder in (Path(str(tables[name])), home / f"{name}-checkpoint"):
                shutil.rmtree(folder, ignore_errors=True)
            return timed(side)()

        return measured

    sides = {"ours": anew("ours", ours), "append": anew("append", append), "sink": anew("sink", sink)}
    choices.tell(f"  {events:,} events in {batches} batches")
    alternated(sides, WARM_UPS)
    took = {name: median(seconds) for name, seconds in alternated(sides, repeat, choices.tell).items()}
    for table in tables.values():
        if (rows := DeltaReader(table, table.name).count()) != events:
            raise NotComparable(f"{table.name} has {rows:,} rows of {events:,} events.")
    speed = f"{events / took['ours']:,.0f} events a second"
    what = f"{events:,} events of one topic in {batches} batches, read as JSON; medians of {repeat}: {speed}"
    yield Ratio(
        f"exactly once, {batches} batches",
        took["ours"],
        took["append"],
        limit,
        "s",
        f"{what}. Against: a batch function that only appends, {events / took['append']:,.0f}.",
    )
    yield Ratio(
        f"against Delta's own sink, {batches} batches",
        took["ours"],
        took["sink"],
        None,
        "s",
        f"{what}. Against: the sink of Delta, which counts each event once, too.",
    )


def _appended(table: Path) -> Callable[[DataFrame, int], None]:
    """As one would write it first."""

    def body(batch: DataFrame, number: int) -> None:
        del number
        batch.write.format("delta").mode("append").save(str(table))

    return body


def _written(writer: DataStreamWriter, checkpoint: Path) -> None:
    writer.option("checkpointLocation", str(checkpoint)).trigger(availableNow=True).start().awaitTermination()


def _event(number: int) -> Message:
    at = f"2026-01-01T00:00:{number % 60:02}Z"
    text = json.dumps({"id": number, "name": f"name {number % 977}", "at": at, "v": round(number / 7, 3)})
    return Message(str(number % 64).encode(), text.encode())
