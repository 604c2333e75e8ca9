"""The checkpoint of a stream in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.checkpoints import Batch, Checkpoint, by_partition
from toolkit.streaming.views.naming import TO_BATCHES, OfStream, checkpoint
from toolkit.views import Column, Result, Row, View
from toolkit.words import when

CHANGES = (
    (
        "may change",
        "What is done with a batch, its size, how often one is taken; filters and columns before any state; the delay of a "
        "watermark.",
    ),
    (
        "may not change",
        "Its sources and their order, its topics; keys, windows, aggregates and joins, whose state it keeps; the "
        "output mode. After such a change, rewind it.",
    ),
)
"""What Spark allows between two starts with one checkpoint; it refuses most of the rest when it starts, and not all."""


def _checkpoint(lakehouse: Lakehouse, parameters: OfStream) -> Result:
    return Result(list(in_words(checkpoint(lakehouse, parameters.stream))))


def in_words(place: Checkpoint) -> Iterator[Row]:
    """What a checkpoint holds, an item each."""
    yield _item("identity", place.identity, "Every restart keeps it; a write that is done once carries it as its name.")
    last = place.last
    if last is None:
        yield _item("planned", None, "No batch was planned yet: a start takes what the source is asked to begin with.")
        return
    done = last.number if last.done else place.newest("commits")
    yield _item("planned", f"batch {last.number}", f"At {when(last.planned_at)}: what belongs to it is fixed.")
    says = (
        "All that was planned is done."
        if last.done
        else "The next start does the planned batch again, with the same events."
    )
    yield _item("done", "none" if done is None else f"batch {done}", says)
    if last.watermark:
        yield _item("watermark", when(last.watermark), "Of that batch: what is older is late.")
    yield from _offsets(last)
    for name, value in sorted(last.settings.items()):
        yield _item(
            "setting",
            f"{name.rpartition('.')[2]} = {value}",
            f"{name}: kept through restarts, whatever the session says.",
        )
    for what, says in CHANGES:
        yield _item(what, None, says)


def _offsets(batch: Batch) -> Iterator[Row]:
    """Where each source goes on, by partition where it has some."""
    for number, offset in enumerate(batch.offsets):
        if offset is None:
            yield _item(f"source {number}", None, "It was not asked yet.")
        elif (places := by_partition(offset)) is not None:
            for (topic, part), at in sorted(places.items()):
                yield _item(f"{topic}/{part}", f"offset {at:,}", "The next batch begins here.")
        elif isinstance(offset, dict) and "reservoirVersion" in offset:
            version, index = offset["reservoirVersion"], offset.get("index", -1)
            says = f"Of the Delta table {offset.get('reservoirId', '')}."
            yield _item(
                f"source {number}", f"version {version}, file {index}" if index >= 0 else f"version {version}", says
            )
        else:
            yield _item(f"source {number}", str(offset), "The next batch begins here.")


def _item(what: str, value: Any, says: str) -> Row:
    return {"what": what, "value": value, "says": says}


CHECKPOINT = View(
    "checkpoint",
    "Checkpoint",
    "What does the checkpoint of a stream hold, and what would its next start do?",
    _checkpoint,
    (Column("what", "name"), Column("value", "text"), Column("says", "text", "which says")),
    OfStream,
    key=("what", "value"),
    sentence=lambda row: f"{row['what']}: {row['value'] or 'nothing'}. {row['says']}",
    links=(TO_BATCHES,),
)
