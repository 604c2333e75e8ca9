"""What a stream does with a batch: once, however often the batch is done; and what of a topic cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.errors import DataError, UsageError
from toolkit.store.reader import DeltaReader
from toolkit.streaming.checkpoints import Checkpoint
from toolkit.streaming.schemas import SchemaFolder
from toolkit.streaming.sinks import MicroBatch, append_once, each_batch, merge_once
from toolkit.streaming.sources import PROBLEM, parsed, parsed_avro

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def checkpoint(place: Path, identity: str) -> Checkpoint:
    place.mkdir()
    (place / "metadata").write_text(json.dumps({"id": identity}))
    return Checkpoint(place)


def content(table: Path) -> list[tuple[Any, ...]]:
    return sorted(DeltaReader(table, "t").page(limit=1_000).rows)


def rows(spark: SparkSession, *ids: int | None) -> DataFrame:
    return spark.createDataFrame([(n, f"v{n}") for n in ids], "id INT, v STRING")


def test_a_batch_that_is_done_again_adds_nothing_and_another_checkpoint_is_another_stream(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = tmp_path / "t"
    first, second = (checkpoint(tmp_path / name, name) for name in ("one", "two"))
    body = each_batch(first, lambda batch: append_once(batch, table))
    for number, ids in ((0, (1, 2)), (0, (1, 2)), (1, (3,)), (1, (3,)), (0, (1, 2))):
        body(rows(spark, *ids), number)
    assert [row[0] for row in content(table)] == [1, 2, 3]
    each_batch(second, lambda batch: append_once(batch, table))(rows(spark, 9), 0)
    assert [row[0] for row in content(table)] == [1, 2, 3, 9], "its batch 0 is not the first one's"


def test_two_writes_of_a_batch_to_one_table_need_two_names(spark: SparkSession, tmp_path: Path) -> None:
    table, batch = tmp_path / "t", MicroBatch(rows(spark, 1), 0, checkpoint(tmp_path / "c", "c"))
    for part in ("here", "there", "there"):
        append_once(batch, table, part=part)
    assert len(content(table)) == 2


def test_a_merge_takes_each_key_once_within_a_batch_and_from_one_to_the_next(
    spark: SparkSession, tmp_path: Path
) -> None:
    table, place = tmp_path / "t", checkpoint(tmp_path / "c", "c")
    for number, ids in ((0, (1, 1, 2)), (1, (2, 3)), (1, (2, 3)), (2, (3,))):
        merge_once(MicroBatch(rows(spark, *ids), number, place), table, ["id"])
    assert [row[0] for row in content(table)] == [1, 2, 3]
    before = DeltaReader(table, "t").version
    with pytest.raises(DataError, match="Rows of batch 3 have no id"):
        merge_once(MicroBatch(rows(spark, None, 4), 3, place), table, ["id"])
    assert DeltaReader(table, "t").version == before


def test_an_append_and_a_merge_of_a_batch_into_one_table_need_two_names(spark: SparkSession, tmp_path: Path) -> None:
    table, batch = tmp_path / "t", MicroBatch(rows(spark, 1), 0, checkpoint(tmp_path / "c", "c"))
    append_once(batch, table)
    for _ in range(2):
        merge_once(replace(batch, rows=rows(spark, 1, 2)), table, ["id"], part="more")
    assert [row[0] for row in content(table)] == [1, 2]


def test_a_real_stream_tells_its_checkpoint_and_a_restart_adds_nothing(spark: SparkSession, tmp_path: Path) -> None:
    source, table, folder = tmp_path / "source", tmp_path / "t", tmp_path / "checkpoint"
    place = Checkpoint(folder)
    assert (place.exists, place.last) == (False, None)
    with pytest.raises(DataError, match="There is no checkpoint"):
        _ = place.identity

    def run() -> None:
        writer = spark.readStream.format("delta").load(str(source)).writeStream
        writer = writer.foreachBatch(each_batch(place, lambda batch: append_once(batch, table)))
        query = writer.option("checkpointLocation", str(place.place)).trigger(availableNow=True).start()
        query.awaitTermination()

    rows(spark, 1, 2).write.format("delta").save(str(source))
    run()
    identity = place.identity
    rows(spark, 3).write.format("delta").mode("append").save(str(source))
    run()
    last = place.last
    assert last is not None
    assert (place.identity, last.number, last.done, last.watermark) == (identity, 1, True, None)
    (folder / "commits" / "1").unlink()
    (folder / "commits" / ".1.crc").unlink()
    again = place.last
    assert again is not None
    assert not again.done
    run()
    assert [row[0] for row in content(table)] == [1, 2, 3]


def test_a_damaged_checkpoint_is_said_and_no_stack_is_shown(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    place = checkpoint(folder, "c")
    (folder / "offsets").mkdir()
    for text in ("", "v1\n", "v1\n{}\n{}", "v9\n{}\n{}", "v1\n[]\n"):
        (folder / "offsets" / "0").write_text(text)
        with pytest.raises(DataError, match="is damaged: 0 cannot be read"):
            _ = place.last
    (folder / "metadata").write_text("[")
    with pytest.raises(DataError, match="is damaged: metadata"):
        _ = place.identity


def test_a_message_that_does_not_fit_keeps_its_bytes_and_says_why(spark: SparkSession) -> None:
    values = [
        b'{"id": 1, "v": "a"}',
        b'{"v": "a"}',
        b"{",
        b"\xff\xfe",
        None,
        b"[1]",
        b'{"id": "x"}',
        b"",
        b'{"id": 2, "more": 1}',
    ]
    messages = spark.createDataFrame(
        [(b"k", value, "t", 0, n, None) for n, value in enumerate(values)],
        "_key BINARY, _value BINARY, _topic STRING, _partition INT, _offset LONG, _sent_at TIMESTAMP",
    )
    found = parsed(messages, "id INT, v STRING", ("id",)).orderBy("_offset").collect()
    form = "It is not JSON of the expected form."
    assert [row[PROBLEM] for row in found] == [
        None,
        "It has no id.",
        form,
        "It is no text in UTF-8.",
        "It is a tombstone: a key without a value.",
        form,
        form,
        form,
        None,
    ]
    assert [row["_value"] and bytes(row["_value"]) for row in found] == values
    assert (found[0]["id"], found[0]["v"], found[8]["id"]) == (1, "a", 2)
    with pytest.raises(UsageError, match="column of the messages"):
        parsed(messages, "id INT", ("idd",))


def test_avro_is_read_whichever_version_it_was_written_with(spark: SparkSession, tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    first = {
        "type": "record",
        "name": "Click",
        "fields": [{"name": "id", "type": "long"}, {"name": "v", "type": "string"}],
    }
    device = {"name": "device", "type": ["null", "string"], "default": None}
    schemas.add("clicks", first)
    old = schemas.encode("clicks", {"id": 1, "v": "a"})
    schemas.add("clicks", {**first, "fields": [*first["fields"], device]})
    new = schemas.encode("clicks", {"id": 2, "v": "b", "device": "phone"})
    values = [
        old,
        new,
        None,
        b"{}",
        b"",
        b"\0\0\0\0\x09" + new[5:],
        new[:7],
        schemas.encode("clicks", {"id": 3, "v": "c"}),
    ]
    messages = spark.createDataFrame(
        [(b"k", value, "t", 0, n, None) for n, value in enumerate(values)],
        "_key BINARY, _value BINARY, _topic STRING, _partition INT, _offset LONG, _sent_at TIMESTAMP",
    )
    found = parsed_avro(messages, schemas, "clicks", ("device",)).orderBy("_offset").collect()
    no_version = "It does not say the version of its schema."
    assert [(row["id"], row["device"], row[PROBLEM]) for row in found] == [
        (None, None, "It has no device."),
        (2, "phone", None),
        (None, None, "It is a tombstone: a key without a value."),
        (None, None, no_version),
        (None, None, no_version),
        (None, None, "It was written with a version of clicks that is not known."),
        (None, None, "It is not Avro of its version, or has no value."),
        (None, None, "It has no device."),
    ]
    assert [row["_value"] and bytes(row["_value"]) for row in found] == values
    assert [row["id"] for row in parsed_avro(messages, schemas, "clicks").orderBy("_offset").collect()][:2] == [1, 2]
    older = parsed_avro(messages, schemas, "clicks", version=1)
    assert older.columns[:2] == ["id", "v"]
    assert [row["v"] for row in older.orderBy("_offset").collect()][:2] == ["a", "b"]
    with pytest.raises(UsageError, match="column of the messages"):
        parsed_avro(messages, schemas, "clicks", ("idd",))
