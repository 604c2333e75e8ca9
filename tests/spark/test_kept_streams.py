"""Streams kept at work, paused and stopped as they are asked to; checkpoints that are damaged or of others; a full disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark.kept import AtWork, eventually
from tests.spark.tiny_stream import NOON, add, appended, ids, platform_in, readings
from toolkit.broker import Broker
from toolkit.errors import BusyError, DataError, SetupError, UsageError
from toolkit.platform import DataPlatform
from toolkit.store.locks import is_held
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import lock_of
from toolkit.streaming.records import BATCHES
from toolkit.streaming.sinks import MicroBatch
from toolkit.streaming.streams import Stream, ToTopic


@pytest.fixture
def platform(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPlatform:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    return platform_in(tmp_path, spark)


@pytest.fixture
def at_work(platform: DataPlatform) -> Iterator[Callable[..., AtWork]]:
    begun: list[AtWork] = []

    def begin(*streams: Stream, **given: float) -> AtWork:
        begun.append(AtWork(platform, *streams, **given))
        return begun[-1]

    yield begin
    for query in platform.spark.streams.active if any(one.thread.is_alive() for one in begun) else ():
        steering.ask(platform.lakehouse.root, platform.streaming.checkpoint(query.name.partition(".")[2]), "stop")
    for one in begun:
        one.thread.join(60)


def rows_are(platform: DataPlatform, *wanted: int) -> bool:
    """Whether the table is there, and has them."""
    return platform.lakehouse.has_version("silver.seen") and ids(platform) == list(wanted)


def test_a_stream_at_work_pauses_goes_on_and_stops_as_it_is_asked(
    platform: DataPlatform, at_work: Callable[..., AtWork]
) -> None:
    add(platform, (1, NOON, "a"))
    steering.ask(platform.lakehouse.root, platform.streaming.checkpoint("seen"), "stop")  # of the past
    kept = at_work(appended(platform, readings(platform)))
    eventually(lambda: rows_are(platform, 1))
    assert kept.state() == "run"
    with pytest.raises(BusyError, match=r"stream tiny_stream.seen is being written by run a-run"):
        platform.streaming.take(appended(platform, readings(platform)))
    kept.ask("pause")
    assert [query.name for query in platform.spark.streams.active] == []
    last = platform.streaming.checkpoint("seen").last
    assert last is not None
    assert last.done
    add(platform, (2, NOON, "a"))
    time.sleep(0.5)
    assert ids(platform) == [1]
    kept.ask("run")
    eventually(lambda: ids(platform) == [1, 2])
    kept.ask("stop")
    done = kept.ended()
    assert (done.batches, done.rows, done.restarts) == (2, 2, 0)
    assert kept.state() == "stop"
    recorded = platform.reader(BATCHES).page(limit=10).named()
    assert sorted((row["batch"], row["rows"]) for row in recorded) == [(0, 1), (1, 1)]


def test_of_two_streams_one_stops_and_both_do_when_time_is_over(
    platform: DataPlatform, at_work: Callable[..., AtWork]
) -> None:
    add(platform, (1, NOON, "a"))
    seen: list[int] = []
    other = Stream("other", readings(platform), lambda batch: seen.append(batch.number), may_not_write=True)
    kept = at_work(appended(platform, readings(platform)), other, seconds=8)
    eventually(lambda: kept.state() == "run" and seen == [0] and rows_are(platform, 1))
    kept.ask("stop")
    add(platform, (2, NOON, "a"))
    eventually(lambda: seen == [0, 1])
    assert kept.state("other") == "run"
    assert kept.ended().batches == 3
    assert ids(platform) == [1]
    assert is_held(platform.lakehouse.root, lock_of(platform.streaming.checkpoint("seen"))) is False


def test_a_stream_that_has_no_end_is_not_taken_to_it(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    endless = Stream("seen", readings(platform), ToTopic(Broker("127.0.0.1:1"), "x", real_time=True))
    with pytest.raises(UsageError, match="seen has no end"):
        platform.streaming.take(endless)


def test_a_stream_at_work_that_fails_says_why_and_lets_go(
    platform: DataPlatform, at_work: Callable[..., AtWork]
) -> None:
    add(platform, (1, NOON, "a"))

    def refuse(batch: MicroBatch) -> None:
        raise DataError(f"Batch {batch.number} is refused.", cure="Try again.")

    kept = at_work(Stream("seen", readings(platform), refuse))
    with pytest.raises(DataError, match="Batch 0 is refused"):
        kept.ended()
    assert kept.state() == "stop"
    assert [query.name for query in platform.spark.streams.active] == []


def test_a_disk_that_is_full_ends_the_stream_and_nothing_is_lost_when_there_is_room(
    platform: DataPlatform,
) -> None:
    """Its function writes to a device that takes nothing, as a disk does that is full."""
    add(platform, (1, NOON, "a"))
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is full")

    def write(batch: MicroBatch) -> None:
        rows = batch.rows.collect()
        with full.open("w") as file:
            file.write(str(rows))

    with pytest.raises(SetupError, match="The disk is full"):
        platform.streaming.take(Stream("seen", readings(platform), write, may_not_write=True))
    platform.streaming.take(appended(platform, readings(platform)))
    assert ids(platform) == [1]


@pytest.mark.parametrize("file", ["metadata", "offsets/0"])
def test_a_checkpoint_that_is_damaged_is_refused_before_anything_starts(
    platform: DataPlatform,
    file: str,
) -> None:
    add(platform, (1, NOON, "a"))
    platform.streaming.take(appended(platform, readings(platform)))
    place = Path(str(platform.streaming.checkpoint("seen").place))
    (place / file).write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"The checkpoint .* is damaged: (metadata|0) cannot be read"):
        platform.streaming.take(appended(platform, readings(platform)))
    assert ids(platform) == [1]


def test_a_checkpoint_that_is_older_than_its_stream_is_refused(platform: DataPlatform) -> None:
    """Spark would count numbers again that the table has had under this name: what came would be left out without a word."""
    for n in (1, 2):
        add(platform, (n, NOON, "a"))
    platform.streaming.take(appended(platform, readings(platform)))
    place = Path(str(platform.streaming.checkpoint("seen").place))
    for number, knows in ((1, "knows of batch 0 only"), (0, "knows of no batch")):
        for folder in ("offsets", "commits"):
            for name in (str(number), f".{number}.crc"):
                (place / folder / name).unlink(missing_ok=True)
        with pytest.raises(DataError, match=rf"batch 1 of it was done, and it {knows}"):
            platform.streaming.take(appended(platform, readings(platform)))


def test_the_checkpoint_of_another_stream_is_refused(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    days = readings(platform, "1 hour").groupBy("at").count()
    platform.streaming.take(Stream("seen", days, lambda batch: batch.rows.collect(), mode="update", may_not_write=True))
    add(platform, (2, NOON, "a"))
    by_value = readings(platform, "1 hour").groupBy("at", "v").count()
    with pytest.raises(UsageError, match="is not the one that its checkpoint is of"):
        platform.streaming.take(
            Stream("seen", by_value, lambda batch: batch.rows.collect(), mode="update", may_not_write=True)
        )
