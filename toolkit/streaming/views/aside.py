"""What streams have put aside: rows that came after the watermark, messages that could not be read."""

from __future__ import annotations

import contextlib
from typing import TypeVar

from toolkit.errors import DataError
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.records import DeadLetter, LateRow
from toolkit.streaming.views.naming import OF_STREAM, SHOWN, OfAnyStream, checkpoints, records
from toolkit.views import Column, Link, Result, View
from toolkit.words import duration

A = TypeVar("A", LateRow, DeadLetter)
_TO_CHECKPOINT = Link(
    "enter", "Checkpoint", "streaming.checkpoint", "Say in words what its checkpoint holds.", OF_STREAM
)


def present(lakehouse: Lakehouse, record: type[A], order: str, stream: str, most: int | None = 10_000) -> list[A]:
    """What was put aside under the checkpoints that streams have now; of streams that have none any more, all.

    Args:
        lakehouse: that has it, or not.
        record: what was put aside.
        order: columns, those first that are wanted most.
        stream: only what this one did; of all when empty.
        most: rows that are looked at; None for all.
    """
    identities = {}
    for name, place in checkpoints(lakehouse).items():
        with contextlib.suppress(DataError):  # the list of streams says which checkpoint is damaged
            identities[name] = place.identity
    found = records(lakehouse, record, order, stream, most)
    return [one for one in found if identities.get(one.stream, one.checkpoint_id) == one.checkpoint_id]


def _late(lakehouse: Lakehouse, parameters: OfAnyStream) -> Result:
    rows = [
        {
            "stream": one.stream,
            "event_at": one.event_at,
            "watermark": one.watermark,
            "late_by": one.late_seconds,
            "content": one.content,
            "batch": one.batch,
            "checkpoint_id": one.checkpoint_id,
        }
        for one in present(lakehouse, LateRow, "watermark DESC, late_seconds DESC, content", parameters.stream)
    ]
    return Result(rows)


LATE = View(
    "late",
    "Late rows",
    "Which rows came after the watermark had passed them, and by how much?",
    _late,
    (
        Column("stream", "name"),
        Column("late_by", "duration", "too late by"),
        Column("event_at", "moment", "event time"),
        Column("watermark", "moment", shown="wide"),
        Column("batch", "version", shown="wide"),
        Column("content", "text", shown="wide"),
        Column("checkpoint_id", "name", shown="asked"),
    ),
    OfAnyStream,
    key=("checkpoint_id", "batch", "content"),
    sentence=lambda row: (
        f"It came {duration(row['late_by'])} after the watermark had passed it, and is in no window.\n{row['content']}"
    ),
    links=(_TO_CHECKPOINT,),
    empty="No row came too late; only streams that put such rows aside tell of them.",
    limit=SHOWN,
)


def _dead(lakehouse: Lakehouse, parameters: OfAnyStream) -> Result:
    from toolkit.streaming.letters import place_of, released

    gone = released(lakehouse, parameters.stream)
    rows = [
        {
            "stream": one.stream,
            "state": "released" if place_of(one) in gone else "waiting",
            "released_at": gone.get(place_of(one)),
            "topic": one.topic,
            "partition": one.partition,
            "offset": one.offset,
            "reason": one.reason,
            "value": as_text(one.value),
            "key": as_text(one.key),
            "sent_at": one.sent_at,
            "batch": one.batch,
            "checkpoint_id": one.checkpoint_id,
        }
        for one in present(lakehouse, DeadLetter, '"batch" DESC, topic, "partition", "offset"', parameters.stream)
    ]
    return Result(rows)


def as_text(content: bytes | None) -> str | None:
    """Bytes as a person reads them; what is no text as hexadecimal digits."""
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"0x{content.hex()}"


DEAD = View(
    "dead",
    "Dead letters",
    "Which messages could not be read, where do they lie, and why?",
    _dead,
    (
        Column("stream", "name", shown="wide"),
        Column("topic", "name"),
        Column("partition", "version"),
        Column("offset", "version"),
        Column("state", "state"),
        Column("reason", "text"),
        Column("value", "text", shown="wide"),
        Column("key", "text", shown="asked"),
        Column("sent_at", "moment", shown="asked"),
        Column("released_at", "moment", shown="asked"),
        Column("batch", "version", shown="asked"),
        Column("checkpoint_id", "name", shown="asked"),
    ),
    OfAnyStream,
    key=("checkpoint_id", "topic", "partition", "offset"),
    sentence=lambda row: f"{row['reason']}\n{row['value'] if row['value'] is not None else 'It has no value.'}",
    links=(
        _TO_CHECKPOINT,
        Link("r", "Release", "streaming.release", "Send it again, repaired or as it is.", OF_STREAM),
    ),
    empty="No message was put aside; only streams that do so tell of them.",
    limit=SHOWN,
)
