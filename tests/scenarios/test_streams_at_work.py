"""Streams that are kept at work while events come in, and whoever keeps them, or their broker, is killed at any moment."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter

import psutil
import pytest

from scenarios.flight_delays_live.scenario import SILVER
from scenarios.flight_delays_live.streams import TOPIC
from tests.homes import Home, kill_with_children
from tests.services.conftest import marked
from toolkit import service
from toolkit.services import kafka
from toolkit.services.kafka import KAFKA
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import checkpoint_of
from toolkit.streaming.records import DEAD_LETTERS, LATE_ROWS
from toolkit.streaming.topics import Topics

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow, pytest.mark.soak]
STREAM = "flight_delays_live.departures"
KILLS, EVENTS = 6, 24_000
SEED_VARIABLE = "TOOLKIT_SOAK_SEED"


def messages() -> list[tuple[int, int, bytes]]:
    """Partition, offset and value of all that the topic has."""
    from confluent_kafka import Consumer, TopicPartition

    broker = kafka.broker()
    partitions = Topics(broker).partitions(TOPIC)
    consumer = Consumer({**broker.of_client(), "group.id": "all", "log_level": 0})
    consumer.assign([TopicPartition(TOPIC, one.number, 0) for one in partitions])
    found: list[tuple[int, int, bytes]] = []
    while len(found) < sum(one.latest for one in partitions):
        (message,) = consumer.consume(1, timeout=20)
        assert message.error() is None, message.error()
        found.append((message.partition(), message.offset(), message.value() or b""))
    consumer.close()
    return found


def has_read_all(home: Home) -> bool:
    last = checkpoint_of(home.lakehouse.root, *STREAM.split(".")).last
    assert last is not None
    read = {int(part): at for part, at in last.offsets[0][TOPIC].items()}
    return last.done and read == {one.number: one.latest for one in Topics(kafka.broker()).partitions(TOPIC)}


def test_events_come_in_and_at_random_moments_the_process_or_the_broker_is_killed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get(SEED_VARIABLE) or random.randrange(2**31))
    print(f"The seed is {seed}; to have the same moments: {SEED_VARIABLE}={seed}")
    chance = random.Random(seed)
    monkeypatch.setenv("TOOLKIT_HOME", str(home.path))
    home.run("-p", "events=1000", scenario="flight_delays_live")
    assert home.toolkit("services", "start", "kafka").returncode == 0
    try:
        for kill in range(KILLS):
            process = home.start("streaming", "start", STREAM, "--every", "0")
            sent = home.toolkit("streaming", "replay", "--speed", "0", "--events", str(EVENTS // KILLS))
            assert sent.returncode == 0, sent.stderr
            time.sleep(chance.uniform(0, 12))
            if kill % 3 == 2:
                psutil.Process(service.needed(KAFKA).pid).kill()
                time.sleep(chance.uniform(0, 3))
                assert home.toolkit("services", "start", "kafka").returncode == 0
                time.sleep(chance.uniform(0, 12))
            kill_with_children(process)
            process.communicate()
        process = home.start("streaming", "start", STREAM, "--every", "0")
        until = time.monotonic() + 120
        place = checkpoint_of(home.lakehouse.root, *STREAM.split("."))
        while steering.state(home.lakehouse.root, place) != "run" or not has_read_all(home):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
        assert home.toolkit("streaming", "stop", STREAM).returncode == 0
        assert process.communicate(timeout=60) is not None
        each_is_once(home, messages())
    finally:
        home.toolkit("services", "stop", "kafka")
    assert marked(home.path) == []


def each_is_once(home: Home, sent: list[tuple[int, int, bytes]]) -> None:
    """Each event that was sent is in silver, or was put aside as late or unreadable, and once."""
    assert len(sent) > EVENTS
    silver = Counter(row["flight_id"] for row in home.rows(SILVER))
    dead = Counter((row["partition"], row["offset"]) for row in home.rows(DEAD_LETTERS))
    contents = [json.loads(row["content"]) for row in home.rows(LATE_ROWS)]
    late = Counter((row["_partition"], row["_offset"]) for row in contents)
    for counted in (silver, dead, late):
        assert max(counted.values(), default=1) == 1
    assert not dead.keys() & late.keys()
    aside = dead.keys() | late.keys()
    on_time = {json.loads(value)["flight_id"] for partition, offset, value in sent if (partition, offset) not in aside}
    assert silver.keys() == on_time
