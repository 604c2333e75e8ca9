"""What Spark tells of a stream's batches, as records. Must not start or stop a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from toolkit.streaming.checkpoints import by_partition
from toolkit.streaming.records import StreamBatch

if TYPE_CHECKING:
    from pyspark.sql.streaming.listener import StreamingQueryProgress
    from pyspark.sql.streaming.query import StreamingQuery

_PLANNING = ("latestOffset", "getBatch", "queryPlanning", "walCommit")
_DONE = "commitOffsets"
"""A phase of batches that were done; what has none tells only that nothing came."""


def batches_of(query: StreamingQuery, stream: str, run_id: str, after: int = -1) -> list[StreamBatch]:
    """The batches that a stream has done, as far as Spark still tells of them: the last hundred.

    Args:
        query: at work, or ended.
        stream: its name.
        run_id: of the run that it is of.
        after: only batches of a greater number.
    """
    found = {one.batchId: one for one in query.recentProgress if _DONE in one.durationMs and one.batchId > after}
    return [batch_of(one, stream, run_id) for _, one in sorted(found.items())]


def batch_of(progress: StreamingQueryProgress, stream: str, run_id: str) -> StreamBatch:
    """What Spark tells of one batch."""
    phases = progress.durationMs
    watermark = progress.eventTime.get("watermark")
    lags = _lags(progress)
    state = progress.stateOperators
    return StreamBatch(
        stream=stream,
        checkpoint_id=str(progress.id),
        batch=progress.batchId,
        began_at=datetime.fromisoformat(progress.timestamp),
        rows=progress.numInputRows,
        seconds=phases.get("triggerExecution", 0) / 1000,
        planning_seconds=sum(phases.get(name, 0) for name in _PLANNING) / 1000,
        writing_seconds=phases.get("addBatch", 0) / 1000,
        noting_seconds=phases.get(_DONE, 0) / 1000,
        watermark=_moment(watermark),
        late_rows=sum(one.numRowsDroppedByWatermark for one in state),
        state_rows=sum(one.numRowsTotal for one in state),
        state_bytes=sum(one.memoryUsedBytes for one in state),
        lag=None if lags is None else sum(lags.values()),
        lag_by_partition=tuple(f"{place}={count}" for place, count in sorted((lags or {}).items()) if count),
        run_id=run_id,
    )


def _moment(text: str | None) -> datetime | None:
    """The watermark; Spark writes the beginning of 1970 while there is none."""
    moment = datetime.fromisoformat(text) if text else None
    return None if moment is None or moment.timestamp() == 0 else moment


def _lags(progress: StreamingQueryProgress) -> Mapping[str, int] | None:
    """By topic and partition, what came after the batch; None where a source does not count its events by offsets."""
    found: dict[str, int] = {}
    for source in progress.sources:
        ends, latest = _offsets(source.endOffset), _offsets(source.latestOffset)
        if ends is None or latest is None:
            return None
        found |= {f"{topic}/{part}": at - ends.get((topic, part), 0) for (topic, part), at in latest.items()}
    return found


def _offsets(text: str | None) -> Mapping[tuple[str, int], int] | None:
    try:
        return by_partition(json.loads(text or "null"))
    except ValueError:
        return None  # a source may write its offsets as it likes
