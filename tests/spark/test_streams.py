"""Streams of a run: taken to their end, kept batch by batch, refused twice at once; late rows and their traps."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.spark.tiny_stream import NOON, SEEN, add, appended, ids, platform_in, readings
from toolkit.errors import BusyError, DataError, UsageError
from toolkit.platform import DataPlatform
from toolkit.store.locks import writing
from toolkit.streaming.aside import late_rows, on_time
from toolkit.streaming.checkpoints import lock_of
from toolkit.streaming.records import BATCHES, LATE_ROWS, LateRow
from toolkit.streaming.sinks import MicroBatch, append_once
from toolkit.streaming.streams import Stream

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def platform(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataPlatform:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    return platform_in(tmp_path, spark)


def test_a_stream_is_taken_to_its_end_and_goes_on_where_it_stopped(platform: DataPlatform) -> None:
    for n in (1, 2):
        add(platform, (n, NOON, "a"))
    first = platform.streaming.take(appended(platform, readings(platform)))
    add(platform, (3, NOON, "a"), (4, NOON, "b"))
    second = platform.streaming.take(appended(platform, readings(platform)))
    assert ids(platform) == [1, 2, 3, 4]
    assert [(one.stream, one.batch, one.rows) for one in (*first, *second)] == [
        ("tiny_stream.seen", 0, 1),
        ("tiny_stream.seen", 1, 1),
        ("tiny_stream.seen", 2, 2),
    ]
    assert all(one.seconds >= one.writing_seconds > 0 for one in first)
    assert (first[0].watermark, first[0].lag, first[0].run_id) == (None, None, "a-run")
    kept = platform.reader(BATCHES).page(limit=10).named()
    assert sorted(row["batch"] for row in kept) == [0, 1, 2]
    (commit,) = platform.reader(SEEN.name).history(1)
    assert commit.user_metadata["run_id"] == "a-run"
    assert {c.name: c.comment for c in platform.reader(SEEN.name).columns()} == dict(SEEN.columns)


def test_what_a_batch_function_raises_comes_out_as_it_is_and_the_batch_is_done_again(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))

    def refuse(batch: MicroBatch) -> None:
        raise DataError(f"Batch {batch.number} is refused.", cure="Try again.")

    with pytest.raises(DataError, match="Batch 0 is refused") as refused:
        platform.streaming.take(Stream("seen", readings(platform), refuse))
    assert refused.value.cure == "Try again."
    last = platform.streaming.checkpoint("seen").last
    assert last is not None
    assert not last.done
    (done,) = platform.streaming.take(appended(platform, readings(platform)))
    assert (done.batch, ids(platform)) == (0, [1])


def test_a_stream_that_fails_ends_the_others_and_what_was_done_is_kept(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))

    def fail(batch: MicroBatch) -> None:
        while (last := platform.streaming.checkpoint("seen").last) is None or not last.done:
            time.sleep(0.05)
        raise ValueError(f"of batch {batch.number}")

    with pytest.raises(ValueError, match="of batch 0"):
        platform.streaming.take(appended(platform, readings(platform)), Stream("other", readings(platform), fail))
    assert [query.name for query in platform.spark.streams.active] == []
    kept = {(row["stream"], row["batch"]) for row in platform.reader(BATCHES).page(limit=10).named()}
    assert kept == {("tiny_stream.seen", 0)}


def test_a_batch_function_that_writes_nothing_is_an_error_and_not_the_end_of_its_rows(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    with pytest.raises(DataError, match=r"tiny_stream.seen wrote nothing of batch 0, which has rows"):
        platform.streaming.take(Stream("seen", readings(platform), lambda batch: batch.rows.count()))
    platform.streaming.take(appended(platform, readings(platform)))
    assert ids(platform) == [1]
    add(platform, (2, NOON, "a"))
    counted: list[int] = []
    platform.streaming.take(
        Stream("seen", readings(platform), lambda batch: counted.append(batch.rows.count()), may_not_write=True)
    )
    assert counted == [1]


def test_a_second_stream_on_one_checkpoint_is_refused_before_it_starts(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    stream = appended(platform, readings(platform))
    held = lock_of(platform.streaming.checkpoint("seen"))
    with writing(platform.lakehouse.root, [held], "another-run"), pytest.raises(BusyError, match="another-run"):
        platform.streaming.take(stream)
    assert not platform.streaming.checkpoint("seen").exists
    with pytest.raises(UsageError, match="Two streams have one name"):
        platform.streaming.take(stream, stream)


def test_begun_anew_a_stream_reads_all_again_under_another_name(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    platform.streaming.take(appended(platform, readings(platform)))
    before = platform.streaming.checkpoint("seen").identity
    platform.streaming.begin_anew("seen")
    platform.streaming.take(appended(platform, readings(platform)))
    assert platform.streaming.checkpoint("seen").identity != before
    assert ids(platform) == [1, 1], "its tables are the caller's to empty; had it the old name, no row would be there"


def test_late_rows_are_put_aside_with_the_watermark_of_their_batch(platform: DataPlatform) -> None:
    to = platform.streaming
    add(platform, (1, NOON, "a"), (2, NOON - timedelta(hours=9), "old, and in the first batch"))
    add(platform, (3, NOON - timedelta(hours=1), "at the watermark"), (4, NOON - timedelta(hours=1, seconds=1), "late"))
    add(platform, (5, NOON + timedelta(hours=1), "new"))

    def body(batch: MicroBatch) -> None:
        append_once(
            MicroBatch(late_rows(batch, batch.rows, "at"), batch.number, batch.checkpoint), platform.path(LateRow)
        )
        rows = on_time(batch, batch.rows, "at")
        append_once(
            MicroBatch(rows, batch.number, batch.checkpoint, batch.names),
            platform.path(SEEN.name),
            platform.way(SEEN.name),
        )

    batches = to.take(Stream("seen", readings(platform, "1 hour"), body))
    assert [one.watermark for one in batches] == [None, NOON - timedelta(hours=1), NOON - timedelta(hours=1)]
    assert ids(platform) == [1, 2, 3, 5]
    (late,) = platform.reader(LATE_ROWS).page(limit=10).named()
    assert (late["stream"], late["batch"], late["late_seconds"]) == ("tiny_stream.seen", 1, 1.0)
    assert late["watermark"] == NOON - timedelta(hours=1)
    assert json.loads(late["content"])["id"] == 4
    assert late["checkpoint_id"] == to.checkpoint("seen").identity


def test_a_watermark_without_delay_makes_spark_drop_the_newest_rows_in_silence_which_are_not_late_here(
    platform: DataPlatform,
) -> None:
    to, by_spark = platform.streaming, []
    add(platform, (1, NOON, "a"))
    add(platform, (2, NOON, "of the same moment, a batch later"))
    add(platform, (3, NOON, "and one more batch later, when Spark judges by the watermark of the batch before"))

    def body(batch: MicroBatch) -> None:
        rows = on_time(batch, batch.rows, "at")
        append_once(
            MicroBatch(rows, batch.number, batch.checkpoint, batch.names),
            platform.path(SEEN.name),
            platform.way(SEEN.name),
        )

    to.take(Stream("seen", readings(platform, "0 seconds"), body))
    assert ids(platform) == [1, 2, 3]
    counted = readings(platform, "0 seconds").groupBy("at").count()

    def keep(batch: MicroBatch) -> None:
        by_spark.extend(row["count"] for row in batch.rows.collect())

    batches = to.take(Stream("counts", counted, keep, may_not_write=True))
    assert (by_spark, sum(one.late_rows for one in batches)) == ([2], 1)


def test_state_and_its_memory_are_told(platform: DataPlatform) -> None:
    add(platform, *((n, NOON + timedelta(hours=n), "a") for n in range(5)))
    days = readings(platform, "1 hour").groupBy("at").count()
    found: list[Any] = []
    batches = platform.streaming.take(
        Stream("days", days, lambda batch: found.extend(batch.rows.collect()), mode="update", may_not_write=True)
    )
    assert batches[0].state_rows == 5
    assert batches[0].state_bytes > 0
    assert len(found) == 5


def test_a_stream_that_was_killed_while_it_wrote_its_first_note_starts_again(platform: DataPlatform) -> None:
    add(platform, (1, NOON, "a"))
    offsets = Path(str(platform.streaming.checkpoint("seen").place)) / "offsets"
    offsets.mkdir(parents=True)
    (offsets / ".0.half-written.tmp").write_text("v1", encoding="utf-8")
    platform.streaming.take(appended(platform, readings(platform)))
    assert ids(platform) == [1]
