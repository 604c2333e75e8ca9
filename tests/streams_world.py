"""A home in which streams have run, as they leave it, without a JVM."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.records import append
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of
from toolkit.streaming.records import BATCHES, DEAD_LETTERS, LATE_ROWS, DeadLetter, LateRow, StreamBatch

RUN_ID = "20260301-101500-corner_shop-0a1b"
HOSTILE = "[red]not markup[/red] \x1b[31mnot red\x1b[0m \x00 end"
SCENARIO, READER, STUCK, BROKEN = "flight_delays_live", "departures", "delays", "alerts"
IDENTITY, EARLIER = "6f0c1b1e-0000-4000-8000-000000000001", "6f0c1b1e-0000-4000-8000-000000000000"
FIRST = datetime(2026, 6, 1, 4, tzinfo=UTC)
WATERMARK = datetime(2013, 1, 2, 5, 30, tzinfo=UTC)
KAFKA = {"live_departures": {"0": 40, "1": 2}}
DELTA = {"sourceVersion": 1, "reservoirId": "5b", "reservoirVersion": 7, "index": -1, "isStartingVersion": False}


def build(home: Path, *, damaged: bool = False) -> None:
    """Fill `home`: a stream that has done all, one that was interrupted, and, if asked for, one whose checkpoint is damaged."""
    lakehouse = Lakehouse(home / "lakehouse")
    reader = write(lakehouse, READER, IDENTITY, 3, KAFKA, done=True)
    write(lakehouse, STUCK, "6f0c1b1e-0000-4000-8000-000000000002", 1, DELTA, done=False)
    if damaged:
        broken = write(lakehouse, BROKEN, "6f0c1b1e-0000-4000-8000-000000000003", 0, DELTA, done=True)
        (Path(str(broken.place)) / "offsets" / "0").write_text("v1\n", encoding="utf-8")
    batches = [batch(reader, EARLIER, 0, 500), *(batch(reader, IDENTITY, number, 100 + number) for number in range(4))]
    append(lakehouse.path(BATCHES), batches)
    append(lakehouse.path(LATE_ROWS), [late(reader, 2, 90), late(reader, 3, 5400)])
    dead = [
        DeadLetter(reader.stream, IDENTITY, 1, "live_departures", 0, n, FIRST, b"JFK", *what)
        for n, what in enumerate(DEAD)
    ]
    append(lakehouse.path(DEAD_LETTERS), dead)


DEAD = (
    (b'{"flight_id": 1', "It is not JSON of the expected form."),
    (None, "It is a tombstone: a key without a value."),
    (b"\xff\xfe", "It is no text in UTF-8."),
    (HOSTILE.encode(), "It is not JSON of the expected form."),
)


def write(
    lakehouse: Lakehouse, stream: str, identity: str, newest: int, offset: dict[str, Any], *, done: bool
) -> Checkpoint:
    """A checkpoint, as Spark writes it."""
    place = checkpoint_of(lakehouse.root, SCENARIO, stream)
    folder = Path(str(place.place))
    for name in ("offsets", "commits"):
        (folder / name).mkdir(parents=True)
    (folder / "metadata").write_text(json.dumps({"id": identity}), encoding="utf-8")
    for number in range(newest + 1):
        about = {
            "batchWatermarkMs": int(WATERMARK.timestamp() * 1000),
            "batchTimestampMs": int(FIRST.timestamp() * 1000),
            "conf": {"spark.sql.shuffle.partitions": "2"},
        }
        text = "\n".join(["v1", json.dumps(about), json.dumps(offset)])
        (folder / "offsets" / str(number)).write_text(text, encoding="utf-8")
        if number < newest or done:
            (folder / "commits" / str(number)).write_text('v1\n{"nextBatchWatermarkMs":0}', encoding="utf-8")
    return place


def rows(cli: Callable[..., Any], *words: str) -> list[dict[str, Any]]:
    """What `toolkit streaming …` gives as JSON."""
    found: list[dict[str, Any]] = json.loads(cli("streaming", *words, "--json").stdout)
    return found


def batch(place: Checkpoint, identity: str, number: int, rows: int) -> StreamBatch:
    """One that took two seconds."""
    return StreamBatch(
        stream=place.stream,
        checkpoint_id=identity,
        batch=number,
        began_at=FIRST + timedelta(minutes=number, hours=0 if identity == IDENTITY else -1),
        rows=rows,
        seconds=2.0,
        planning_seconds=0.3,
        writing_seconds=1.5,
        noting_seconds=0.1,
        watermark=WATERMARK,
        late_rows=0,
        state_rows=7,
        state_bytes=4_096,
        lag=30 - 10 * number,
        lag_by_partition=("live_departures/0=30",) if number == 0 else (),
        run_id=RUN_ID,
    )


def late(place: Checkpoint, number: int, seconds: int) -> LateRow:
    """A row that came so much too late."""
    at = WATERMARK - timedelta(seconds=seconds)
    content = json.dumps({"flight_id": number, "carrier": HOSTILE})
    return LateRow(place.stream, IDENTITY, number, at, WATERMARK, float(seconds), content)
