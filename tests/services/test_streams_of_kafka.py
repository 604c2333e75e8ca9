"""Streams of a real Kafka that go wrong: offsets that are gone, a topic that is not there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.test_kafka import consumed
from tests.spark.kept import AtWork, eventually
from toolkit import service
from toolkit.broker import Broker
from toolkit.errors import DataError, SetupError
from toolkit.events import EventLog
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Scenario, Table
from toolkit.services import kafka
from toolkit.services.kafka import KAFKA
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.streaming import steering
from toolkit.streaming.aside import dead_letters, put_aside, readable
from toolkit.streaming.letters import send_again, waiting
from toolkit.streaming.producers import Message, paced, send
from toolkit.streaming.records import DeadLetter
from toolkit.streaming.sinks import MicroBatch, append_once
from toolkit.streaming.sources import parsed, read_topic
from toolkit.streaming.steering import Begin, begin_of_batch
from toolkit.streaming.streams import Stream, ToTopic
from toolkit.streaming.topics import Topics

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow, pytest.mark.spark]
TABLE = "bronze.events"
TINY = Scenario("tiny_topic", "Tiny", "Is it lost?", "A tiny topic.", Parameters, (), (Table(TABLE, "An event.", {}),))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(tmp_path_factory.mktemp("kafka")))
        running = service.start(KAFKA)
        yield kafka.broker(running)
        service.stop(KAFKA)


@pytest.fixture
def platform(spark: SparkSession, tmp_path: Path) -> DataPlatform:
    log = EventLog(tmp_path / "events.jsonl", "a-run")
    return DataPlatform(TINY, Parameters(), "a-run", log, lambda: spark, Lakehouse(tmp_path / "lakehouse"))


def stream(platform: DataPlatform, broker: Broker, topic: str, most: int | None = None) -> Stream:
    rows = read_topic(platform.spark, broker, topic, begin=platform.streaming.begin("events"), most=most)
    return Stream("events", rows, lambda batch: append_once(batch, platform.path(TABLE), platform.way(TABLE)))


def some(count: int) -> list[Message]:
    return [Message(b"k", f"event {n}".encode(), 1_000 * n) for n in range(count)]


def rows(platform: DataPlatform) -> int:
    return DeltaReader(platform.lakehouse.path(TABLE), "t").count()


def delete_before(broker: Broker, topic: str, offset: int) -> None:
    """As retention does it."""
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    client = AdminClient({**broker.of_client(), "log_level": 0})
    for answer in client.delete_records([TopicPartition(topic, 0, offset)]).values():
        answer.result(10)


def test_offsets_that_are_gone_end_the_stream_and_nothing_is_passed_over(
    platform: DataPlatform, broker: Broker
) -> None:
    Topics(broker).make("short", 1, {"retention.ms": "-1"})
    send(broker, "short", some(10))
    (first,) = platform.streaming.take(stream(platform, broker, "short"))
    assert (first.rows, first.lag, rows(platform)) == (10, 0, 10)
    send(broker, "short", some(10))
    delete_before(broker, "short", 15)
    with pytest.raises(
        DataError, match=r"tiny_topic.events is to go on at offsets that its topic does not have any more"
    ):
        platform.streaming.take(stream(platform, broker, "short"))
    assert rows(platform) == 10


def test_a_topic_that_is_not_there_is_said(platform: DataPlatform, broker: Broker) -> None:
    with pytest.raises(DataError, match=r"The topic of the stream tiny_topic.events is not there"):
        platform.streaming.take(stream(platform, broker, "nowhere"))


def test_a_rewound_stream_begins_where_it_was_told_under_another_name(platform: DataPlatform, broker: Broker) -> None:
    Topics(broker).make("again", 2, {"retention.ms": "-1"})
    send(broker, "again", [Message(str(n).encode(), b"e", 1_000 * n) for n in range(1, 41)])
    batches = platform.streaming.take(stream(platform, broker, "again", most=16))
    took = {one.batch: one.rows for one in batches}
    place = platform.streaming.checkpoint("events")
    identity, total = place.identity, 40
    assert sum(took.values()) == rows(platform) == total
    since_batch = begin_of_batch(place, 1)
    for begin, again in (
        (since_batch, total - took[0]),
        (Begin(since=31_000), 10),
        (Begin(latest=True), 0),
        (Begin(), total),
    ):
        platform.streaming.rewind("events", begin)
        assert not place.exists
        platform.streaming.take(stream(platform, broker, "again"))
        total += again
        assert rows(platform) == total, begin
        assert place.identity != identity
    assert sum(since_batch.offsets["again"].values()) == took[0] if since_batch.offsets else False
    platform.streaming.take(stream(platform, broker, "again"))
    assert rows(platform) == total, "where it began is of concern once"


def test_a_broker_that_is_killed_or_down_is_waited_for_and_nothing_is_lost(
    platform: DataPlatform, broker: Broker
) -> None:
    Topics(broker).make("killed", 1, {"retention.ms": "-1"})
    send(broker, "killed", some(10))
    at_work = AtWork(platform, stream(platform, broker, "killed"))
    try:
        eventually(lambda: platform.lakehouse.has_version(TABLE) and rows(platform) == 10)
        os.kill(service.needed(KAFKA).pid, signal.SIGKILL)
        with pytest.raises(SetupError, match=r"The broker of the stream tiny_topic.other does not answer"):
            platform.streaming.take(replace(stream(platform, broker, "killed"), name="other"))
        eventually(lambda: bool(at_work.alerts()), 60)
        assert at_work.state("events") == "wait"
        assert kafka.broker(service.start(KAFKA)).address == broker.address
        send(broker, "killed", some(10))
        eventually(lambda: rows(platform) == 20, 60)
        eventually(lambda: at_work.alerts()[-1] == "The stream tiny_topic.events goes on.")
    finally:
        steering.ask(platform.lakehouse.root, platform.streaming.checkpoint("events"), "stop")
    kept = at_work.ended()
    assert (kept.rows, kept.restarts) == (20, len(at_work.alerts()) - 1)
    assert "The broker of the stream tiny_topic.events does not answer. It is started again" in at_work.alerts()[0]


def test_a_dead_letter_that_is_repaired_is_in_the_table_once(platform: DataPlatform, broker: Broker) -> None:
    Topics(broker).make("dead", 1, {"retention.ms": "-1"})
    send(
        broker,
        "dead",
        [Message(b"k", b'{"id": 1}', 1_000), Message(b"k", b'{"id": "2 x"}', 2_000), Message(b"k", b"{", 3_000)],
    )

    def events() -> Stream:
        def body(batch: MicroBatch) -> None:
            good = replace(batch, rows=readable(batch).select("id"))
            append_once(good, platform.path(TABLE), platform.way(TABLE))
            put_aside(platform, batch, dead_letters(batch), DeadLetter)

        return Stream("events", parsed(read_topic(platform.spark, broker, "dead"), "id LONG"), body)

    platform.streaming.take(events())
    (letter,) = waiting(platform.lakehouse, "tiny_topic.events", find=r'"(\d) x"', put=r"\1")
    send_again(broker, [letter])
    platform.streaming.take(events())
    assert sorted(row[0] for row in DeltaReader(platform.lakehouse.path(TABLE), "t").page(limit=9).rows) == [1, 2]
    assert len(waiting(platform.lakehouse, "tiny_topic.events")) == 2, "that it was sent is recorded by the task"


def test_in_real_time_rows_go_on_as_they_come_and_after_a_stop_where_it_was(
    platform: DataPlatform, broker: Broker
) -> None:
    for topic in ("now", "then"):
        Topics(broker).make(topic, 1, {"retention.ms": "-1"})

    def relayed() -> AtWork:
        rows = read_topic(platform.spark, broker, "now").selectExpr(
            "_key AS key", "upper(CAST(_value AS STRING)) AS value"
        )
        return AtWork(platform, Stream("events", rows, ToTopic(broker, "then", real_time=True, note_seconds=5)))

    def came() -> int:
        return sum(partition.latest for partition in Topics(broker).partitions("then"))

    for sent in (5, 10):
        at_work = relayed()
        try:
            send(broker, "now", some(5))
            # Long before the note that would end a batch.
            eventually(lambda sent=sent: came() == sent, 30)  # type: ignore[misc]
        finally:
            eventually(lambda: at_work.state("events") == "run")  # noqa: B023
            at_work.ask("stop", "events")
        assert at_work.ended().rows == 5
    assert consumed(broker, "then", 10, "reads")[:2] == [b"EVENT 0", b"EVENT 1"]


def test_a_pace_keeps_the_distances_of_the_events() -> None:
    began = time.monotonic()
    assert len(list(paced(some(5), 20.0))) == 5
    assert 0.2 <= time.monotonic() - began < 2
