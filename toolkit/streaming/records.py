"""What is kept of streams: each batch with what it took, rows that came too late, and messages that could not be read.

Must not import Spark, since every run declares these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from toolkit.store.records import CONTENT, Record

BATCHES, LATE_ROWS, DEAD_LETTERS = "ops.stream_batches", "ops.late_rows", "ops.dead_letters"
RELEASED = "ops.released_letters"


@dataclass(frozen=True)
class StreamBatch(
    Record, table=BATCHES, description="One batch of a stream that was done: what came, and what it took."
):
    """One batch of a stream that was done.

    Lag is what the source had, when the batch was planned, beyond the end of the batch.
    """

    stream: Annotated[str, "The stream, as scenario.stream."]
    checkpoint_id: Annotated[str, "Identity of its checkpoint; another one counts its batches from 0 again."]
    batch: Annotated[int, "Number of the batch, from 0."]
    began_at: Annotated[datetime, "When it began."]
    rows: Annotated[int, "Rows that its sources gave."]
    seconds: Annotated[float, "From its planning to its end."]
    planning_seconds: Annotated[
        float, "Of those: asking the sources, planning the batch and its queries, noting the plan."
    ]
    writing_seconds: Annotated[float, "Of those: working out and writing the rows."]
    noting_seconds: Annotated[float, "Of those: noting that it is done."]
    watermark: Annotated[datetime | None, "The watermark when it was planned; null where the stream has none yet."]
    late_rows: Annotated[int, "Rows that Spark's own operators left out as late, by the watermark of the batch before."]
    state_rows: Annotated[int, "Rows of state after it."]
    state_bytes: Annotated[int, "Memory that the state takes."]
    lag: Annotated[int | None, "Events that the sources had beyond the batch; null where they do not tell."]
    lag_by_partition: Annotated[tuple[str, ...], "The same for each partition that has any, as topic/partition=events."]
    run_id: Annotated[str, "The run that the stream was of."]


@dataclass(frozen=True)
class LateRow(Record, table=LATE_ROWS, description="One row that came after the watermark had passed it."):
    """One row that came after the watermark had passed it, and so was left out of what the stream makes."""

    stream: Annotated[str, "The stream, as scenario.stream."]
    checkpoint_id: Annotated[str, "Identity of its checkpoint."]
    batch: Annotated[int, "Number of the batch that it came in."]
    event_at: Annotated[datetime, "Its event time."]
    watermark: Annotated[datetime, "The watermark of that batch."]
    late_seconds: Annotated[float, "How long before the watermark its event time is."]
    content: Annotated[str, "The row in JSON.", CONTENT]


@dataclass(frozen=True)
class DeadLetter(
    Record, table=DEAD_LETTERS, description="One message of a topic that could not be read, with the reason."
):
    """One message of a topic that could not be read."""

    stream: Annotated[str, "The stream, as scenario.stream."]
    checkpoint_id: Annotated[str, "Identity of its checkpoint."]
    batch: Annotated[int, "Number of the batch that it came in."]
    topic: Annotated[str, "Where it lies."]
    partition: Annotated[int, "Of the topic."]
    offset: Annotated[int, "Its place in the partition."]
    sent_at: Annotated[datetime | None, "The time that the message carries."]
    key: Annotated[bytes | None, "Its key, as it came.", CONTENT]
    value: Annotated[bytes | None, "Its content, as it came; null for a tombstone.", CONTENT]
    reason: Annotated[str, "Why it cannot be read.", CONTENT]


@dataclass(frozen=True)
class ReleasedLetter(Record, table=RELEASED, description="One dead letter that was sent to its topic again."):
    """One dead letter that was sent to its topic again."""

    stream: Annotated[str, "The stream that could not read it, as scenario.stream."]
    checkpoint_id: Annotated[str, "Identity of its checkpoint."]
    topic: Annotated[str, "Where it lies, and was sent to."]
    partition: Annotated[int, "Of the topic."]
    offset: Annotated[int, "Its place in the partition."]
    is_repaired: Annotated[bool, "Whether it was sent with another content."]
    value: Annotated[bytes | None, "The content that was sent.", CONTENT]
    released_at: Annotated[datetime, "When."]
    run_id: Annotated[str, "The run that did it."]
