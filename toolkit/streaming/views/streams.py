"""How streams are: at work or not, how far they are, how fast they were, and what they keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from toolkit.errors import DataError
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import Checkpoint
from toolkit.streaming.declared import declared_streams
from toolkit.streaming.records import StreamBatch
from toolkit.streaming.views.naming import (
    EMPTY,
    SHOWN,
    STEERED,
    TO_BATCHES,
    TO_CHECKPOINT,
    TO_DEAD,
    TO_LATE,
    TO_RUN,
    OfStream,
    checkpoint,
    checkpoints,
    records,
)
from toolkit.views import Column, Plot, Result, Row, View

TREND = 30
"""Batches of which the rate is drawn."""


def _streams(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    del parameters
    there = checkpoints(lakehouse)
    begun = {name.partition(".")[0] for name in there}
    # Beside a stream that has begun, those of its scenario that have not, such as one that was rewound.
    new = (name for name in declared_streams() if name.partition(".")[0] in begun)
    found = {**dict.fromkeys(new), **there}
    told: dict[str, list[StreamBatch]] = {}
    for one in records(lakehouse, StreamBatch, "began_at DESC"):
        told.setdefault(one.stream, []).append(one)
    rows: list[Row] = []
    problems: list[str] = []
    for name, place in sorted(found.items()):
        if place is None:
            rows.append({"stream": name, "state": "new"})
            continue
        row, problem = _stream(lakehouse, place, told.get(name, []))
        rows.append(row)
        problems += [problem] if problem else []
    return Result(rows, problems=tuple(problems))


def _stream(lakehouse: Lakehouse, place: Checkpoint, told: Sequence[StreamBatch]) -> tuple[Row, str]:
    """A row, and what could not be read of it; batches of an earlier checkpoint are of another stream."""
    try:
        last, identity = place.last, place.identity
    except DataError as problem:
        return {"stream": place.stream, "state": "damaged", "why": problem.what}, problem.what
    batches = [one for one in told if one.checkpoint_id == identity]
    newest = batches[0] if batches else None
    return {
        "stream": place.stream,
        "state": _state(lakehouse, place),
        "batch": last.number if last else None,
        "rows": sum(one.rows for one in batches) if batches else None,
        "rate": [_rate(one) for one in batches[TREND - 1 :: -1]],
        "lag": newest.lag if newest else None,
        "watermark": last.watermark if last else None,
        "state_rows": newest.state_rows if newest else None,
        "state_bytes": newest.state_bytes if newest else None,
        "late": sum(one.late_rows for one in batches) if batches else None,
        "at": newest.began_at if newest else None,
        "run": (newest.run_id or None) if newest else None,
    }, ""


def _state(lakehouse: Lakehouse, place: Checkpoint) -> str:
    """Interrupted where a batch was planned and is not noted as done."""
    does = steering.state(lakehouse.root, place)
    if does == "stop":
        last = place.last
        return "interrupted" if last is not None and not last.done else "stopped"
    return "unknown" if does is None else {"run": "running", "pause": "paused", "wait": "waiting"}[does]


def _rate(one: StreamBatch) -> float | None:
    return one.rows / one.seconds if one.seconds else None


_OF_STATE = {
    "new": "has not begun: it can be started, or its scenario be run",
    "running": "is at work",
    "waiting": "is at work, and waits for its broker, which does not answer: see toolkit services",
    "paused": "is at work, and takes no batches until it is started",
    "stopped": "is not at work, and has done all that it had planned",
    "interrupted": "is not at work, and has planned a batch that it did not do: its next start does it",
    "damaged": "has a checkpoint that cannot be read",
    "unknown": "is somebody else's: whether it is at work could not be seen",
}
STREAMS = View(
    "streams",
    "Streams",
    "How are the streams: how far have they come, how fast were they, and what do they keep?",
    _streams,
    (
        Column("stream", "name"),
        Column("state", "state"),
        Column("batch", "version"),
        Column("rate", "trend", "rows/s", shown="wide"),
        Column("lag", "count", "lag then", shown="wide"),
        Column("rows", "count", shown="wide"),
        Column("watermark", "moment", shown="wide"),
        Column("state_rows", "count", "state", shown="wide"),
        Column("state_bytes", "size", "memory", shown="wide"),
        Column("late", "count", "late in Spark", shown="asked"),
        Column("at", "moment", "last batch", shown="wide"),
        Column("why", "text", shown="asked"),
        Column("run", "name", shown="asked"),
    ),
    Parameters,
    sentence=lambda row: f"{row['stream']} {_OF_STATE[row['state']]}." + (f"\n{row['why']}" if row.get("why") else ""),
    links=(TO_BATCHES, *STEERED, TO_CHECKPOINT, TO_LATE, TO_DEAD, TO_RUN),
    empty=EMPTY,
)


def _batches(lakehouse: Lakehouse, parameters: OfStream) -> Result:
    """The newest first."""
    identity = checkpoint(lakehouse, parameters.stream).identity
    found = records(lakehouse, StreamBatch, "began_at DESC", parameters.stream)
    rows = [_batch(one) for one in found if one.checkpoint_id == identity]
    return Result(rows)


def _batch(one: StreamBatch) -> dict[str, Any]:
    return {
        "batch": one.batch,
        "at": one.began_at,
        "rows": one.rows,
        "rate": _rate(one),
        "seconds": one.seconds,
        "planning": one.planning_seconds,
        "writing": one.writing_seconds,
        "noting": one.noting_seconds,
        "lag": one.lag,
        "lag_by_partition": one.lag_by_partition,
        "watermark": one.watermark,
        "state_rows": one.state_rows,
        "state_bytes": one.state_bytes,
        "late": one.late_rows,
        "run": one.run_id or None,
    }


BATCHES = View(
    "batches",
    "Batches",
    "What came in each batch of a stream, and what did it take? The newest first.",
    _batches,
    (
        Column("batch", "version"),
        Column("rows", "count"),
        Column("rate", "number", "rows/s"),
        Column("seconds", "duration", "took"),
        Column("planning", "duration", shown="wide"),
        Column("writing", "duration", shown="wide"),
        Column("noting", "duration", shown="asked"),
        Column("lag", "count"),
        Column("watermark", "moment", shown="wide"),
        Column("state_rows", "count", "state", shown="wide"),
        Column("state_bytes", "size", "memory", shown="asked"),
        Column("late", "count", "late in Spark", shown="asked"),
        Column("lag_by_partition", "names", shown="asked"),
        Column("at", "moment", "began"),
        Column("run", "name", shown="asked"),
    ),
    OfStream,
    sentence=lambda row: f"Batch {row['batch']}: {row['rows']:,} rows in {row['seconds']:.1f} s.",
    links=(TO_CHECKPOINT, TO_LATE, TO_DEAD, TO_RUN),
    empty="Nothing is kept of its batches: none was done, or whoever did them was killed or keeps nothing.",
    plot=Plot("at", "rate"),
    limit=SHOWN,
)
