"""Streams at work in this process: each a query of Spark, what its batches took, and how it ended, in words.

Owns how a query is started and stopped. What is recorded of it, and until when it is at work, is `streams`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError
from toolkit.streaming.checkpoints import Checkpoint
from toolkit.streaming.faults import known, meaning
from toolkit.streaming.progress import batches_of
from toolkit.streaming.records import StreamBatch
from toolkit.streaming.sinks import BatchBody, each_batch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery
    from pyspark.sql.streaming.readwriter import DataStreamWriter

    from toolkit.broker import Broker

HALT_SECONDS = 60.0
"""A batch under way may end in that time; what is stopped in its midst is done again."""
LOOK_SECONDS = 0.1
END_SECONDS = 0.02
"""Between the end of a batch and the plan of the next one."""


@dataclass(frozen=True)
class ToTopic:
    """Where rows go that have a `value`, and a `key` if they like.

    Each comes at least once: a batch that is done again is sent again, as other events.

    Attributes:
        broker: that is at work.
        topic: that is there.
        real_time: each row as it comes, and not with its batch; the rows are to come from a topic, too.
        note_seconds: in real time, how often it is noted how far the stream is; while that is done rows wait, and what came
            since the last note comes again after a kill. Spark allows for 5 and more.
    """

    broker: Broker
    topic: str
    real_time: bool = False
    note_seconds: int = 60


@dataclass(frozen=True)
class Stream:
    """Rows that keep coming, and what is done with them.

    Attributes:
        name: of it and of its checkpoint, such as `departures`.
        rows: a streaming frame.
        body: what is done with a batch, or the topic that rows are sent to.
        mode: what a batch has of rows that stand for many: new ones only, or also those that have changed, or all.
        may_not_write: the body does something else with the rows than to write them, see `sinks.each_batch`.
    """

    name: str
    rows: DataFrame
    body: BatchBody | ToTopic
    mode: str = "append"
    may_not_write: bool = False

    @property
    def note_seconds(self) -> int:
        """How often one in real time notes how far it is; 0 of one that works in batches."""
        return self.body.note_seconds if isinstance(self.body, ToTopic) and self.body.real_time else 0


@dataclass
class Query:
    """One stream in this process: at work, halted, or ended.

    Attributes:
        stream: what it does.
        place: its checkpoint.
        run_id: of the run that has it at work.
        trigger: when a batch is planned, as `DataStreamWriter.trigger` takes it.
        new: batches that were done since they were taken from here.
    """

    stream: Stream
    place: Checkpoint
    run_id: str
    trigger: Mapping[str, Any]
    new: list[StreamBatch] = field(default_factory=list)
    _query: StreamingQuery | None = None
    _raised: Exception | None = None
    _last: int = -1

    @property
    def is_active(self) -> bool:
        """Whether it is at work."""
        return self._query is not None and self._query.isActive

    def start(self) -> None:
        """Begin, or go on where its checkpoint is.

        Raises:
            ToolkitError: it cannot.
        """
        self._raised = None
        try:
            writer = self._writer().queryName(self.place.stream)
            self._query = writer.option("checkpointLocation", str(self.place.place)).start()
        except Exception as problem:
            raise meaning(problem, self.place.stream) from problem

    def _writer(self) -> DataStreamWriter:
        stream, body = self.stream, self.stream.body
        writer: DataStreamWriter = stream.rows.writeStream
        if not isinstance(body, ToTopic):
            work = self._remembered(each_batch(self.place, body, may_not_write=stream.may_not_write))
            return writer.foreachBatch(work).outputMode(stream.mode).trigger(**self.trigger)
        writer = writer.format("kafka").options(**body.broker.of_spark()).option("topic", body.topic)
        if not stream.note_seconds:
            return writer.outputMode(stream.mode).trigger(**self.trigger)
        # The mode that it asks for, of rows that never change.
        real_time: Mapping[str, Any] = {"realTime": f"{stream.note_seconds} seconds"}
        return writer.outputMode("update").trigger(**real_time)

    def reset(self) -> None:
        """Forget how it ended, once that is dealt with."""
        self.collect()
        self._query = None

    @property
    def has_answered(self) -> bool:
        """Whether its sources have answered since it was started last, be it that nothing is new."""
        return self._progress() is not None

    def collect(self) -> None:
        """Take what Spark tells of batches that are done; it keeps the last hundred."""
        if self._query is not None:
            self.new += batches_of(self._query, self.place.stream, self.run_id, self._last)
            self._last = self.new[-1].batch if self.new else self._last

    def halt(self, patience: float = 0.0) -> None:
        """Stop it, if it is at work; it goes on where it was when it is started again.

        Args:
            patience: seconds in which a batch under way may end.
        """
        if patience and self.stream.note_seconds:
            patience = max(patience, self.stream.note_seconds + HALT_SECONDS)
        until, done = time.monotonic() + patience, self._progress()
        # Where one batch follows the other it is never idle: the end of the one under way is waited for.
        while self.is_active and self._is_busy() and self._progress() == done and time.monotonic() < until:
            time.sleep(END_SECONDS)
        if self._query is not None and self.is_active:
            self._query.stop()
        self.collect()

    def _progress(self) -> tuple[int, str] | None:
        """The batch that was done last, and when it began."""
        last = self._query.lastProgress if self._query is not None else None
        return None if last is None else (last.batchId, last.timestamp)

    def _is_busy(self) -> bool:
        return self._query is not None and bool(self._query.status["isTriggerActive"])

    def refuse_failed(self) -> None:
        """Raise what ended it, if something did.

        Raises:
            ToolkitError: what a batch function has raised, or what Spark's error means.
        """
        if self._query is None or (problem := self._query.exception()) is None:
            return
        own = self._raised
        if own is None:
            raise meaning(problem, self.place.stream) from problem
        # Java has only the text of what the body raised; and what Java had raised in it may be known.
        meant = None if isinstance(own, ToolkitError) else known(own, self.place.stream)
        if meant is None:
            raise own
        raise meant from own

    def _remembered(self, work: Callable[[DataFrame, int], None]) -> Callable[[DataFrame, int], None]:
        """What is done with a batch, and what it raises is kept: on its way through Java it would become a text."""

        def done(rows: DataFrame, number: int) -> None:
            try:
                work(rows, number)
            except Exception as problem:
                self._raised = problem
                raise

        return done


def taken(queries: Sequence[Query]) -> list[StreamBatch]:
    """The batches that were done since they were last taken, in the order in which they began."""
    batches = sorted((one for query in queries for one in query.new), key=lambda one: one.began_at)
    for query in queries:
        query.new = []
    return batches
