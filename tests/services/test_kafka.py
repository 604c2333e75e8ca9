"""The real Kafka: what was acknowledged outlives it, it listens here alone, and is entered as Event Hubs by a secret."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psutil
import pytest

from tests.services.conftest import marked
from tests.services.test_service import gone
from toolkit import service
from toolkit.broker import Broker
from toolkit.errors import DataError, SetupError, UsageError
from toolkit.service import Running
from toolkit.services import kafka
from toolkit.services.kafka import KAFKA
from toolkit.streaming.producers import Message, send
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]


@pytest.fixture
def running(service_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    del service_home
    # One id in sixty-four begins so, and is no option.
    dashed = UUID(bytes=b"\xf8" + bytes(15))
    monkeypatch.setattr(kafka, "uuid", SimpleNamespace(uuid4=lambda: dashed))
    yield service.start(KAFKA)
    service.stop(KAFKA)


def some(count: int) -> list[Message]:
    return [Message(f"k{n % 7}".encode(), f"event {n}".encode()) for n in range(count)]


def consumed(broker: Broker, topic: str, count: int, group: str = "test") -> list[bytes]:
    """The values of so many messages that the group has not had."""
    from confluent_kafka import Consumer

    consumer = Consumer({**broker.of_client(), "group.id": group, "auto.offset.reset": "earliest", "log_level": 0})
    consumer.subscribe([topic])
    found: list[bytes] = []
    try:
        while len(found) < count:
            (message,) = consumer.consume(1, timeout=20)
            assert message.error() is None, message.error()
            found.append(message.value() or b"")
    finally:
        consumer.close()
    return found


def test_events_outlive_a_broker_that_is_killed_and_it_listens_here_alone(
    running: Running, service_home: Path, cli: Callable[..., Any]
) -> None:
    broker, topics = kafka.broker(running), Topics(kafka.broker(running))
    topics.make("orders", 3)
    assert send(broker, "orders", some(500)).count == 500
    family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
    listening = {c.laddr.ip for one in family for c in one.net_connections() if c.status == psutil.CONN_LISTEN}
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    assert service.status(KAFKA).state == "died"
    with pytest.raises(DataError, match=r"has not taken all events for orders.*It has 0 of them"):
        send(broker, "orders", some(3), patience=2)
    again = service.start(KAFKA)
    assert again.ports == running.ports
    assert sum(partition.kept for partition in topics.partitions("orders")) == 500
    assert send(broker, "orders", some(10)).count == 10
    assert len(consumed(broker, "orders", 510)) == 510
    told = cli("services", "--json")
    assert '"running"' in told.stdout
    assert service.stop(KAFKA)
    assert marked(service_home) == []
    with pytest.raises(SetupError, match="not running"):
        kafka.broker()


def test_as_event_hubs_it_is_entered_with_the_connection_string_alone_which_is_shown_nowhere(running: Running) -> None:
    broker = kafka.broker(running, as_event_hubs=True)
    Topics(broker).make("sensors", 1)
    assert send(broker, "sensors", some(5)).count == 5
    assert len(consumed(broker, "sensors", 5)) == 5
    wrong = replace(broker, connection_string=broker.connection_string[:-4] + "oops")
    with pytest.raises(SetupError, match="does not do it"):
        Topics(wrong).names()
    untrusted = replace(broker, authority="")
    with pytest.raises(SetupError, match="does not do it"):
        Topics(untrusted).names()
    secret = broker.connection_string.rpartition("=")[2]
    assert len(secret) >= 32
    files = [kafka.connection_file(running.place), running.folder / "server.properties"]
    files.append(running.place.data / "secrets" / "server.pem")
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    shown = [repr(broker), repr(running), running.place.log.read_text(encoding="utf-8")]
    shown += psutil.Process(running.pid).cmdline()
    assert secret not in "\n".join(shown)


def test_topics_are_made_described_and_removed(running: Running) -> None:
    topics = Topics(kafka.broker(running))
    topics.make("orders", 2)
    topics.make("orders", 2)
    with pytest.raises(UsageError, match="has 2 partitions, not 3"):
        topics.make("orders", 3)
    with pytest.raises(UsageError, match="orderz") as unknown:
        topics.partitions("orderz")
    assert unknown.value.choices == ("orders",)
    assert [(one.number, one.earliest, one.latest) for one in topics.partitions("orders")] == [(0, 0, 0), (1, 0, 0)]
    with pytest.raises(SetupError, match="does not do it"):
        topics.make("no/slash")
    assert topics.names() == ["orders"]
    assert topics.remove("orders")
    assert not topics.remove("orders")
    topics.make("orders", 5)
    assert len(topics.partitions("orders")) == 5


def test_events_of_a_time_to_come_are_refused_in_words_or_kept_where_that_is_asked_for(running: Running) -> None:
    broker, topics = kafka.broker(running), Topics(kafka.broker(running))
    in_2099 = [*some(3), Message(b"k", b"of 2099", 4_070_908_800_000)]
    topics.make("now", 1)
    with pytest.raises(DataError, match=r"has not taken all events for now: .*imestamp"):
        send(broker, "now", in_2099)
    topics.make("ever", 1, KEPT_FOR_EVER)
    assert send(broker, "ever", in_2099).count == 4
