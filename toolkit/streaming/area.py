"""Streams: how they are, what each batch took, what was put aside, what lies in the topics; kept at work, stopped, rewound."""

from __future__ import annotations

from toolkit.streaming.records import DeadLetter, LateRow, ReleasedLetter, StreamBatch
from toolkit.streaming.tasks import TASKS
from toolkit.streaming.views.aside import DEAD, LATE
from toolkit.streaming.views.checkpoint import CHECKPOINT
from toolkit.streaming.views.streams import BATCHES, STREAMS
from toolkit.streaming.views.topics import TOPICS
from toolkit.views import Area

AREA = Area(
    "streaming",
    "Streams",
    views=(STREAMS, BATCHES, LATE, DEAD, CHECKPOINT, TOPICS),
    tasks=TASKS,
    records=(StreamBatch, LateRow, DeadLetter, ReleasedLetter),
)
