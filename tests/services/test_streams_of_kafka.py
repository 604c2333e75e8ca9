"""Streams of a real Kafka that go wrong: offsets that are gone, a topic that is not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit import service
from toolkit.broker import Broker
from toolkit.errors import DataError
from toolkit.events import EventLog
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Scenario, Table
from toolkit.services import kafka
from toolkit.services.kafka import KAFKA
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.streaming.producers import Message, paced, send
from toolkit.streaming.sinks import append_once
from toolkit.streaming.sources import read_topic
from toolkit.streaming.streams import Stream
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


def stream(platform: DataPlatform, broker: Broker, topic: str) -> Stream:
    rows = read_topic(platform.spark, broker, topic)
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


def test_a_pace_keeps_the_distances_of_the_events() -> None:
    import time

    began = time.monotonic()
    assert len(list(paced(some(5), 20.0))) == 5
    assert 0.2 <= time.monotonic() - began < 2
