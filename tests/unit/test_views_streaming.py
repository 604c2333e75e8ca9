"""`toolkit streaming …`: streams and their checkpoints in words, batches, what was put aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import streams_world
from tests.streams_world import rows
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.locks import writing
from toolkit.streaming.checkpoints import checkpoint_of, lock_of

Cli = Callable[..., Any]
READER, STUCK, BROKEN = (f"{streams_world.SCENARIO}.{name}" for name in ("departures", "delays", "alerts"))


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    streams_world.build(toolkit_home, damaged=True)
    return Lakehouse.default()


@pytest.mark.usefixtures("lakehouse")
def test_streams_say_how_far_they_are_and_a_damaged_checkpoint_harms_no_other(cli: Cli) -> None:
    found = {row["stream"]: row for row in rows(cli, "streams") if row["state"] != "new"}
    assert {name: row["state"] for name, row in found.items()} == {
        READER: "stopped",
        STUCK: "interrupted",
        BROKEN: "damaged",
    }
    reader = found[READER]
    # Batches of the checkpoint before, which counted from 0, too, are not its own.
    assert (reader["batch"], reader["rows"], reader["lag"]) == (3, 100 + 101 + 102 + 103, 0)
    assert reader["rate"] == [50.0, 50.5, 51.0, 51.5]
    assert found[STUCK]["rows"] is None, "nothing was told of its batches, which is not none"
    told = cli("streaming", "streams")
    assert "is damaged: 0 cannot be read" in told.stdout + told.stderr


def test_a_stream_whose_lock_is_held_is_at_work(lakehouse: Lakehouse, cli: Cli) -> None:
    place = checkpoint_of(lakehouse.root, streams_world.SCENARIO, streams_world.STUCK)
    with writing(lakehouse.root, [lock_of(place)], "a-run"):
        assert {row["stream"]: row["state"] for row in rows(cli, "streams")}[STUCK] == "running"
    assert {row["stream"]: row["state"] for row in rows(cli, "streams")}[STUCK] == "interrupted"


@pytest.mark.usefixtures("lakehouse")
def test_batches_are_those_of_the_checkpoint_the_newest_first(cli: Cli) -> None:
    found = rows(cli, "batches", READER)
    assert [(row["batch"], row["rows"], row["lag"]) for row in found] == [
        (3, 103, 0),
        (2, 102, 10),
        (1, 101, 20),
        (0, 100, 30),
    ]
    assert found[-1]["lag_by_partition"] == ["live_departures/0=30"]


@pytest.mark.usefixtures("lakehouse")
def test_late_rows_and_dead_letters_say_why_and_keep_what_came(cli: Cli) -> None:
    assert [(row["batch"], row["late_by"]) for row in rows(cli, "late", "--stream", READER)] == [(3, 5400.0), (2, 90.0)]
    dead = rows(cli, "dead", "--stream", READER)
    assert [row["value"] for row in dead] == ['{"flight_id": 1', None, "0xfffe", streams_world.DEAD[3][0].decode()]
    assert dead[1]["reason"] == "It is a tombstone: a key without a value."
    assert rows(cli, "dead", "--stream", STUCK) == []


@pytest.mark.usefixtures("lakehouse")
def test_a_checkpoint_says_what_the_next_start_does(cli: Cli) -> None:
    reader = {row["what"]: row for row in rows(cli, "checkpoint", READER)}
    assert reader["identity"]["value"] == streams_world.IDENTITY
    assert (reader["planned"]["value"], reader["done"]["value"]) == ("batch 3", "batch 3")
    assert reader["live_departures/0"]["value"] == "offset 40"
    assert reader["setting"]["value"] == "partitions = 2"
    stuck = {row["what"]: row for row in rows(cli, "checkpoint", STUCK)}
    assert (stuck["planned"]["value"], stuck["done"]["value"]) == ("batch 1", "batch 0")
    assert "does the planned batch" in stuck["done"]["says"]
    assert stuck["source 0"]["value"] == "version 7"


@pytest.mark.usefixtures("lakehouse")
def test_what_is_not_there_or_damaged_is_an_error_with_the_choices(cli: Cli) -> None:
    refused = cli("streaming", "checkpoint", "flight_delays_live.departure")
    assert refused.exit_code == 2
    assert READER in refused.stderr
    damaged = cli("streaming", "checkpoint", BROKEN)
    assert damaged.exit_code == 5
    assert "is damaged" in damaged.stderr


def test_without_a_broker_what_lies_in_topics_is_not_known(cli: Cli, toolkit_home: Path) -> None:
    streams_world.build(toolkit_home)
    found = [(row["topic"], row["partition"], row["stream"], row["read"]) for row in rows(cli, "topics")]
    assert found == [("live_departures", 0, READER, 40), ("live_departures", 1, READER, 2)]
    assert all(row["latest"] is None and row["lag"] is None for row in rows(cli, "topics"))
    told = cli("streaming", "topics")
    assert "is not known" in told.stdout + told.stderr
