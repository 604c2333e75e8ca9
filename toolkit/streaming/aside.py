"""Rows of a batch that are put aside, in the form of their tables: what could not be read, and what came too late.

`DataFrame` in, `DataFrame` out. What is put aside here is in no other table of the stream, and what is in one is not here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from toolkit.columns import quoted
from toolkit.store.records import columns_of
from toolkit.streaming.records import DeadLetter, LateRow
from toolkit.streaming.sinks import append_once
from toolkit.streaming.sources import KEY, OFFSET, PARTITION, PROBLEM, SENT_AT, TOPIC, VALUE

if TYPE_CHECKING:
    from toolkit.store.records import Record
    from toolkit.store.tables import Tables
    from toolkit.streaming.sinks import MicroBatch


def dead_letters(batch: MicroBatch) -> DataFrame:
    """The messages of a batch that could not be read, as rows of `ops.dead_letters`.

    Args:
        batch: its rows are those of `sources.parsed`.
    """
    rows = batch.rows.where(F.col(PROBLEM).isNotNull())
    placed = {
        "topic": F.col(TOPIC),
        "partition": F.col(PARTITION).cast("long"),
        "offset": F.col(OFFSET),
        "sent_at": F.col(SENT_AT),
        "key": F.col(KEY),
        "value": F.col(VALUE),
        "reason": F.col(PROBLEM),
    }
    return _as_record(rows.withColumns(placed), DeadLetter, batch)


def readable(batch: MicroBatch) -> DataFrame:
    """The others, without the columns that only dead letters need."""
    return batch.rows.where(F.col(PROBLEM).isNull()).drop(PROBLEM, KEY, VALUE)


def on_time(batch: MicroBatch, rows: DataFrame, at: str) -> DataFrame:
    """The rows that came before the watermark had passed them; those without an event time are among them.

    Args:
        batch: that the rows are of; its stream has a watermark on `at`.
        rows: of the batch.
        at: the column with the event time.
    """
    watermark = batch.watermark
    return rows if watermark is None else rows.where(F.col(at).isNull() | (F.col(at) >= F.lit(watermark)))


def late_rows(batch: MicroBatch, rows: DataFrame, at: str) -> DataFrame:
    """The rows that came after the watermark had passed them, as rows of `ops.late_rows`.

    Args:
        batch: that the rows are of; its stream has a watermark on `at`.
        rows: of the batch.
        at: the column with the event time.
    """
    watermark = F.lit(batch.watermark).cast("timestamp")
    late = rows.where(F.col(at) < watermark)
    content = F.to_json(F.struct(*[F.col(quoted(name)) for name in rows.columns]))
    seconds = (F.unix_micros(watermark) - F.unix_micros(F.col(at))) / 1_000_000
    placed = {"content": content, "event_at": F.col(at), "watermark": watermark, "late_seconds": seconds}
    return _as_record(late.withColumns(placed), LateRow, batch)


def put_aside(tables: Tables, batch: MicroBatch, rows: DataFrame, record: type[Record]) -> None:
    """Add rows that this module gave to the table of their record, if there are any.

    Args:
        tables: of the run.
        batch: that the rows are of; where its rows are persisted, they are worked out once.
        rows: of `dead_letters` or `late_rows`.
        record: what they are.
    """
    if not rows.isEmpty():
        append_once(replace(batch, rows=rows), tables.path(record), tables.way(record))


def _as_record(rows: DataFrame, record: type[Record], batch: MicroBatch) -> DataFrame:
    named = rows.withColumns(
        {
            "stream": F.lit(batch.checkpoint.stream),
            "checkpoint_id": F.lit(batch.checkpoint.identity),
            "batch": F.lit(batch.number).cast("long"),
        }
    )
    return named.select(*[F.col(column.name) for column in columns_of(record)])
