"""How late streams are: real-time mode against micro-batches, changes of a database on their way to bronze; and large state."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from benchmarks.ratios import Choices, NotComparable, Ratio
from toolkit import service, session
from toolkit.driver import FOLDERS
from toolkit.events import EventLog
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Scenario, Table
from toolkit.services import SERVICES, debezium, kafka, postgres
from toolkit.services.debezium import Capture
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming import steering
from toolkit.streaming.captured import captured
from toolkit.streaming.producers import Message, send
from toolkit.streaming.sinks import MicroBatch, append_once
from toolkit.streaming.sources import read_topic
from toolkit.streaming.streams import Stream, ToTopic
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

if TYPE_CHECKING:
    from toolkit.broker import Broker

EVENTS, PER_SECOND, WARM_SECONDS = 5_000, 250, 15
NOTE_SECONDS = 10
CHANGES, CHANGES_PER_SECOND, PER_TRANSACTION = 20_000, 500, 10
KEYS, CHANGED_KEYS = 1_000_000, 10_000
IN, OUT = "latency.in", "latency.out"
BRONZE = Table("bronze.changes", "One change.", {})
BENCH = Scenario("bench_latency", "Bench", "How late?", "A benchmark.", Parameters, (), (BRONZE,))
STARTED = ("kafka", "postgres", "debezium")
CAPTURE = Capture("latency", ["public.readings"])


def measure(choices: Choices) -> Iterator[Ratio]:
    """One session, one broker, one database; one thing after the other."""
    with tempfile.TemporaryDirectory(prefix="bench-latency-") as scratch:
        before = os.environ.get("TOOLKIT_HOME")
        os.environ["TOOLKIT_HOME"] = scratch
        try:
            for name in STARTED:
                choices.tell(f"  starting {name}")
                SERVICES[name].install()
                service.start(SERVICES[name])
            yield from _measured(Path(scratch), choices)
        finally:
            for name in reversed(STARTED):
                service.stop(SERVICES[name])
            os.environ.pop("TOOLKIT_HOME") if before is None else os.environ.update(TOOLKIT_HOME=before)


def _measured(home: Path, choices: Choices) -> Iterator[Ratio]:
    spark = session.start(name="bench latency", driver=FOLDERS.with_jars("kafka"))
    try:
        log = EventLog(home / "events.jsonl", "bench")
        platform = DataPlatform(BENCH, Parameters(), "bench", log, lambda: spark, Lakehouse(home / "lakehouse"))
        yield from _real_time(platform, choices)
        yield from _changes(platform, choices)
        yield from _state(platform, home, choices)
    finally:
        session.stop(spark)


class _Kept:
    """A stream that a thread keeps at work until the end of the block."""

    def __init__(self, platform: DataPlatform, stream: Stream) -> None:
        self.platform, self.stream = platform, stream
        self.thread = threading.Thread(target=lambda: platform.streaming.keep(stream, every=0))

    def __enter__(self) -> None:
        self.thread.start()
        time.sleep(WARM_SECONDS)

    def __exit__(self, *problem: object) -> None:
        place = self.platform.streaming.checkpoint(self.stream.name)
        steering.ask(self.platform.lakehouse.root, place, "stop")
        self.thread.join()


def _real_time(platform: DataPlatform, choices: Choices) -> Iterator[Ratio]:
    took: dict[bool, list[float]] = {}
    for real_time in (True, False):
        choices.tell(f"  {EVENTS:,} events, {'in real-time mode' if real_time else 'in micro-batches'}")
        took[real_time] = _through(platform, kafka.broker(), real_time=real_time)
    what = (
        f"{EVENTS:,} events, {PER_SECOND} a second, from a topic of one partition to another; from before an event is sent to "
        f"when a consumer has it. It is noted every {NOTE_SECONDS} seconds how far the stream is. Against: the same stream in "
        "micro-batches, one after the other without a pause."
    )
    for share, name in ((0.5, "median"), (0.9, "90th percentile"), (0.99, "99th percentile")):
        ours, floor = (_percentile(took[mode], share) * 1000 for mode in (True, False))
        yield Ratio(f"real-time mode, {name}", ours, floor, None, "ms", what)


def _through(platform: DataPlatform, broker: Broker, *, real_time: bool) -> list[float]:
    """Seconds that each event took from one topic to the other."""
    from confluent_kafka import Consumer, TopicPartition

    for topic in (IN, OUT):
        Topics(broker).make_anew(topic, 1, KEPT_FOR_EVER)
    platform.streaming.begin_anew("through")
    rows = read_topic(platform.spark, broker, IN).selectExpr("_key AS key", "_value AS value")
    settings = {"group.id": f"latency-{real_time}", "auto.offset.reset": "earliest", "fetch.wait.max.ms": 5}
    took: list[float] = []
    with _Kept(platform, Stream("through", rows, ToTopic(broker, OUT, real_time=real_time, note_seconds=NOTE_SECONDS))):
        consumer = Consumer({**broker.of_client(), **settings})
        # A group would wait three seconds for others to join it.
        consumer.assign([TopicPartition(OUT, 0, 0)])
        sender = threading.Thread(target=lambda: send(broker, IN, _timed(EVENTS, PER_SECOND)))
        sender.start()
        until = time.monotonic() + 2 * EVENTS / PER_SECOND + 30
        while len(took) < EVENTS and time.monotonic() < until:
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                took.append(time.time() - float(message.value()))
        consumer.close()
        sender.join()
    if len(took) != EVENTS:
        raise NotComparable(f"{len(took):,} events came of {EVENTS:,}.")
    return took


def _timed(events: int, per_second: int) -> Iterator[Message]:
    """Events that say when they are sent."""
    for _ in _ticks(events, per_second):
        yield Message(None, str(time.time()).encode())


def _ticks(many: int, per_second: float) -> Iterator[int]:
    began = time.monotonic()
    for number in range(many):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        yield number


def _changes(platform: DataPlatform, choices: Choices) -> Iterator[Ratio]:
    choices.tell(f"  {CHANGES:,} changes of a database, {CHANGES_PER_SECOND} a second")
    broker, done = kafka.broker(), dict[int, float]()
    with postgres.connected() as connection:
        connection.execute("CREATE TABLE readings (id INT PRIMARY KEY, at DOUBLE PRECISION, note TEXT)")
        debezium.capture(CAPTURE)
        # A topic is there with its first change; and the way is warm before it is measured.
        connection.execute("INSERT INTO readings VALUES (-1, 0, '')")
        debezium.await_sent(CAPTURE.name, postgres.log_place(connection))

        def body(batch: MicroBatch) -> None:
            rows = batch.rows.withColumn("batch", F.lit(batch.number))
            append_once(MicroBatch(rows, batch.number, batch.checkpoint, batch.names), platform.path(BRONZE.name))
            done[batch.number] = time.time()

        topics = ",".join([*map(CAPTURE.topic, CAPTURE.tables), CAPTURE.transactions])
        rows = captured(read_topic(platform.spark, broker, topics))
        with _Kept(platform, Stream("changes", rows, body)):
            for number in _ticks(CHANGES // PER_TRANSACTION, CHANGES_PER_SECOND / PER_TRANSACTION):
                first = number * PER_TRANSACTION
                values = ", ".join(f"({first + n}, {time.time()}, 'x')" for n in range(PER_TRANSACTION))
                connection.execute(f"INSERT INTO readings VALUES {values}".encode())
            debezium.await_sent(CAPTURE.name, postgres.log_place(connection))
            time.sleep(5)
        debezium.release(CAPTURE.name)
    at = F.get_json_object("after", "$.at").cast("double")
    found = platform.read(BRONZE.name).where("op = 'c'").select("batch", at.alias("at")).where("at > 0").collect()
    if len(found) != CHANGES:
        raise NotComparable(f"{len(found):,} changes are in bronze, of {CHANGES:,}.")
    took = [done[row["batch"]] - row["at"] for row in found]
    what = (
        f"{CHANGES:,} rows inserted, {CHANGES_PER_SECOND} a second in transactions of {PER_TRANSACTION}; from before each to "
        "the commit of the bronze table, through Debezium, Kafka, and micro-batches without a pause."
    )
    for share, name in ((0.5, "median"), (0.99, "99th percentile")):
        yield Ratio(f"change capture, {name}", _percentile(took, share) * 1000, None, None, "ms", what)


def _state(platform: DataPlatform, home: Path, choices: Choices) -> Iterator[Ratio]:
    choices.tell(f"  state of {KEYS:,} keys")
    spark, source = platform.spark, home / "keys"
    spark.range(KEYS).write.format("delta").save(str(source))
    rows = spark.readStream.format("delta").load(str(source)).groupBy("id").count()
    stream = Stream("keys", rows, lambda batch: batch.rows.count(), mode="update", may_not_write=True)
    first = platform.streaming.take(stream)[0]
    spark.range(CHANGED_KEYS).write.format("delta").mode("append").save(str(source))
    later = platform.streaming.take(stream)[0]
    shutil.rmtree(source)
    if (first.state_rows, later.state_rows) != (KEYS, KEYS):
        raise NotComparable(f"The state has {later.state_rows:,} keys, not {KEYS:,}.")
    what = f"a count for each of {KEYS:,} keys, in RocksDB"
    yield Ratio("state, the batch that makes it", first.seconds, None, None, "s", f"{what}: all are new.")
    yield Ratio("state, a batch later", later.seconds, None, None, "s", f"{what}: {CHANGED_KEYS:,} of them change.")
    yield Ratio("state, memory", later.state_bytes / 2**20, None, None, "MiB", f"{what}, as Spark tells it.")


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
