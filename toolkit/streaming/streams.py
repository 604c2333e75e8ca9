"""Streams of a run: each with a checkpoint of its own, taken to the end of what there is, and each batch of them kept.

Owns where checkpoints lie and how a stream ends: done, or failed in words. What is done with a batch is the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.store.location import remove
from toolkit.store.locks import writing
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of, lock_of
from toolkit.streaming.faults import known, meaning
from toolkit.streaming.progress import batches_of
from toolkit.streaming.records import StreamBatch
from toolkit.streaming.sinks import BatchBody, each_batch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

    from toolkit.store.tables import Tables

LOOK_SECONDS = 0.1
COLLECT_EVERY = 20
"""Looks; Spark tells of the last hundred batches only."""


@dataclass(frozen=True)
class Stream:
    """Rows that keep coming, and what is done with each batch of them.

    Attributes:
        name: of it and of its checkpoint, such as `departures`.
        rows: a streaming frame.
        body: what is done with a batch.
        mode: what a batch has of rows that stand for many: new ones only, or also those that have changed, or all.
        may_not_write: the body does something else with the rows than to write them, see `sinks.each_batch`.
    """

    name: str
    rows: DataFrame
    body: BatchBody
    mode: str = "append"
    may_not_write: bool = False


class Streams:
    """The streams of one run.

    Args:
        tables: of the run.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def checkpoint(self, stream: str) -> Checkpoint:
        """The checkpoint of a stream of this scenario."""
        return checkpoint_of(self.tables.lakehouse.root, self.tables.scenario.id, stream)

    def begin_anew(self, *streams: str) -> None:
        """Forget how far streams have come; their tables are the caller's to empty.

        Raises:
            BusyError: another process has one of them at work.
            DataError: a checkpoint could not be removed whole.
        """
        with self._held(streams):
            for stream in streams:
                place = self.checkpoint(stream).place
                remove(place)
                if place.is_dir():
                    raise DataError(f"The checkpoint {place} could not be removed whole.", cure="Remove it by hand.")

    def take(self, *streams: Stream) -> list[StreamBatch]:
        """Take all that the sources have now, all streams side by side; what each batch took is kept in `ops.stream_batches`.

        Raises:
            BusyError: another process has one of these streams at work.
            ToolkitError: one failed, which ends the others: what a batch function has raised, or what Spark's error means. What
                was done until then is kept.
        """
        names = [stream.name for stream in streams]
        if len(set(names)) < len(names):
            raise UsageError(f"Two streams have one name: {', '.join(names)}.", cure="Give each its own.")
        self.tables.refuse_other_shape(StreamBatch)
        for name in names:
            if (place := self.checkpoint(name)).exists:
                _ = place.identity, place.last  # one that is damaged is refused before anything starts
        with self._held(names):
            done: dict[str, list[StreamBatch]] = {name: [] for name in names}
            try:
                self._until_the_end(streams, done)
            finally:
                batches = sorted((one for some in done.values() for one in some), key=lambda one: one.began_at)
                self.tables.append(batches)
        return batches

    def _held(self, streams: Iterable[str]) -> AbstractContextManager[None]:
        """Keep other processes from having these streams at work."""
        names = [lock_of(self.checkpoint(stream)) for stream in streams]
        return writing(self.tables.lakehouse.root, names, self.tables.run_id)

    def _until_the_end(self, streams: Sequence[Stream], done: dict[str, list[StreamBatch]]) -> None:
        raised: dict[str, Exception] = {}
        queries: dict[str, StreamingQuery] = {}
        try:
            for stream in streams:
                queries[stream.name] = self._start(stream, raised)
            looks = 0
            while any(query.isActive for query in queries.values()):
                self._refuse_failed(queries, raised)
                looks += 1
                if looks % COLLECT_EVERY == 0:
                    self._collect(queries, done)
                time.sleep(LOOK_SECONDS)
        finally:
            for query in queries.values():
                if query.isActive:
                    query.stop()
            self._collect(queries, done)
        self._refuse_failed(queries, raised)

    def _start(self, stream: Stream, raised: dict[str, Exception]) -> StreamingQuery:
        place = self.checkpoint(stream.name)
        body = _remembered(stream, each_batch(place, stream.body, may_not_write=stream.may_not_write), raised)
        writer = stream.rows.writeStream.foreachBatch(body).outputMode(stream.mode).trigger(availableNow=True)
        named = writer.queryName(place.stream)
        try:
            return named.option("checkpointLocation", str(place.place)).start()
        except Exception as problem:
            raise meaning(problem, place.stream) from problem

    def _collect(self, queries: Mapping[str, StreamingQuery], done: dict[str, list[StreamBatch]]) -> None:
        for name, query in queries.items():
            last = done[name][-1].batch if done[name] else -1
            done[name] += batches_of(query, self.checkpoint(name).stream, self.tables.run_id, last)

    def _refuse_failed(self, queries: Mapping[str, StreamingQuery], raised: Mapping[str, Exception]) -> None:
        for name, query in queries.items():
            if (problem := query.exception()) is None:
                continue
            stream, own = self.checkpoint(name).stream, raised.get(name)
            if own is None:
                raise meaning(problem, stream) from problem
            # Java has only the text of what the body raised; and what Java had raised in it may be known.
            told = None if isinstance(own, ToolkitError) else known(own, stream)
            if told is None:
                raise own
            raise told from own


def _remembered(
    stream: Stream, work: Callable[[DataFrame, int], None], raised: dict[str, Exception]
) -> Callable[[DataFrame, int], None]:
    """What is done with a batch, and what it raises is kept: on its way through Java it would become a text."""

    def done(rows: DataFrame, number: int) -> None:
        try:
            work(rows, number)
        except Exception as problem:
            raised[stream.name] = problem
            raise

    return done
