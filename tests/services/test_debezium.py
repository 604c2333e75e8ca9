"""The real Debezium: changes of a real PostgreSQL in topics of a real Kafka, with their places in the log, after kills, too."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from tests.services.conftest import marked
from tests.services.test_kafka import consumed
from tests.services.test_service import gone
from toolkit import service
from toolkit.errors import DataError, SetupError, UsageError
from toolkit.service import Running
from toolkit.services import debezium, kafka, postgres
from toolkit.services.debezium import DEBEZIUM, Capture
from toolkit.services.kafka import KAFKA
from toolkit.services.postgres import POSTGRES
from toolkit.streaming.topics import Topics

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]
SHOP = Capture("shop_changes", ["public.orders"])


@pytest.fixture
def database(service_home: Path, postgres_installed: None) -> Iterator[Running]:
    del service_home, postgres_installed
    running = service.start(POSTGRES)
    service.start(KAFKA)
    try:
        yield running
    finally:
        for one in (DEBEZIUM, KAFKA, POSTGRES):
            service.stop(one)


def changes() -> list[dict[str, Any]]:
    """All that are there, without tombstones."""
    broker, topic = kafka.broker(), SHOP.topic("public.orders")
    (partition,) = Topics(broker).partitions(topic)
    return [json.loads(value) for value in consumed(broker, topic, partition.latest, uuid.uuid4().hex) if value]


def done(statements: str) -> str:
    """Make changes; returns a place in the log after them."""
    with postgres.connected() as connection:
        connection.execute(statements.encode())
        place = postgres.log_place(connection)
        assert place
        return place


def test_changes_come_with_their_places_in_the_log_and_kills_lose_none(database: Running, service_home: Path) -> None:
    with postgres.connected() as connection:
        connection.execute("CREATE TABLE orders (id INT PRIMARY KEY, price NUMERIC(9,2))")
        connection.execute("INSERT INTO orders VALUES (0, 0), (1, 10.50)")
    running = service.start(DEBEZIUM)
    assert debezium.state(SHOP.name) == "ABSENT"
    debezium.capture(SHOP)
    assert debezium.state(SHOP.name) == "RUNNING"
    debezium.await_sent(SHOP.name, done("UPDATE orders SET price = 11 WHERE id = 1"))
    first = changes()
    assert [(one["op"], one["after"]["price"]) for one in first] == [
        ("r", "0.00"),
        ("r", "10.50"),
        ("u", "11.00"),
    ]
    os.kill(running.pid, signal.SIGKILL)
    gone(running.pid)
    os.kill(database.pid, signal.SIGKILL)
    gone(database.pid)
    with pytest.raises(SetupError, match="PostgreSQL is not running"):
        service.start(DEBEZIUM)
    service.start(POSTGRES)
    done("INSERT INTO orders VALUES (3, 30)")
    service.start(DEBEZIUM)
    debezium.await_sent(SHOP.name, done("DELETE FROM orders WHERE id = 1"))
    found: dict[int, tuple[str, int]] = {}
    for one in changes():
        # What comes again has the place that it had.
        found.setdefault(one["source"]["lsn"], (one["op"], (one["after"] or one["before"])["id"]))
    assert [found[lsn] for lsn in sorted(found)][1:] == [("u", 1), ("c", 3), ("d", 1)]
    secret = postgres.database().password
    assert not [
        file
        for file in (service_home / "services" / "debezium").rglob("*")
        if file.is_file() and secret.encode() in file.read_bytes()
    ], "the password is in no file of the worker's"
    debezium.release(SHOP.name)
    assert debezium.state(SHOP.name) == "ABSENT"
    with postgres.connected() as connection:
        assert connection.execute("SELECT count(*) FROM pg_replication_slots").fetchone() == (0,)
    assert service.stop(DEBEZIUM)
    assert len(marked(service_home)) > 0, "Kafka and PostgreSQL go on"


def largest_message(topic: str, size: int) -> None:
    """Let a topic take messages of that many bytes at most."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    asked = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    client = AdminClient(kafka.broker().of_client())
    client.incremental_alter_configs([asked])[asked].result()


def test_a_capture_that_failed_is_started_again_and_why_is_said(database: Running) -> None:
    del database
    done("CREATE TABLE orders (id INT PRIMARY KEY, note TEXT)")
    service.start(DEBEZIUM)
    debezium.capture(SHOP)
    assert debezium.await_sent(SHOP.name, done("INSERT INTO orders VALUES (1)")) == ()
    largest_message(SHOP.topic("public.orders"), 2_000)
    place = done("INSERT INTO orders VALUES (2, repeat('x', 9000)), (3, NULL)")
    with pytest.raises(SetupError, match=r"has not sent the changes up to .*: it is .*larger than the max"):
        debezium.await_sent(SHOP.name, place, patience=15)
    largest_message(SHOP.topic("public.orders"), 1_000_000)
    why = debezium.await_sent(SHOP.name, place)
    assert len(why) >= 1
    assert all("larger than the max" in one for one in why)
    # What could be sent beside the one that could not comes again.
    by_place = {one["source"]["lsn"]: one["after"]["id"] for one in changes()}
    assert [by_place[place] for place in sorted(by_place)] == [1, 2, 3]


def test_what_cannot_be_captured_is_said_and_holds_up_nothing_else(database: Running) -> None:
    with pytest.raises(UsageError, match="'Shop-1' cannot name a slot"):
        Capture("Shop-1", ["public.orders"])
    with pytest.raises(SetupError, match="Debezium is not running"):
        debezium.capture(SHOP)
    running = service.start(DEBEZIUM)
    with pytest.raises(DataError, match=r"public\.orders is not in the database"):
        debezium.capture(SHOP)
    with postgres.connected(database) as connection:
        connection.execute("CREATE TABLE orders (id INT)")
        with pytest.raises(DataError, match=r"public\.orders has no primary key"):
            debezium.capture(SHOP)
        assert debezium.state(SHOP.name) == "ABSENT"
        connection.execute("ALTER TABLE orders ADD PRIMARY KEY (id); CREATE TABLE more (id INT PRIMARY KEY)")
        debezium.capture(SHOP)
        with pytest.raises(UsageError, match=r"shop_changes captures other tables: public\.orders"):
            debezium.capture(Capture(SHOP.name, ["public.orders", "public.more"]))
        service.stop(DEBEZIUM)
        # As a kill leaves it that came while it was written.
        (running.place.data / "captures" / "broken.json").write_text("{", encoding="utf-8")
        service.start(DEBEZIUM)
        assert (debezium.state("broken"), debezium.state("none")) == ("REFUSED", "ABSENT")
        connection.execute("INSERT INTO orders VALUES (7)")
        debezium.await_sent(SHOP.name, done("SELECT 1"))
        assert [one["after"]["id"] for one in changes()] == [7]
        debezium.release("broken")
        assert debezium.state("broken") == "ABSENT"
