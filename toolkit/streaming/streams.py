"""Streams of a run: each with a checkpoint of its own, taken to the end of what there is or kept at work, each batch recorded.

Owns where checkpoints lie, how far a stream goes, and from where it begins. What is done with a batch is the caller's.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.errors import DataError, SetupError, UsageError
from toolkit.store.location import remove
from toolkit.store.locks import writing
from toolkit.store.query_engine import literal
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of, lock_of
from toolkit.streaming.queries import HALT_SECONDS, LOOK_SECONDS, Query, Stream, ToTopic, taken
from toolkit.streaming.records import BATCHES, StreamBatch
from toolkit.streaming.steering import Begin

if TYPE_CHECKING:
    from toolkit.store.tables import Tables

__all__ = ["Kept", "Stream", "Streams", "ToTopic"]

COLLECT_EVERY = 20
"""Looks; Spark tells of the last hundred batches only."""
RECORD_SECONDS = 5.0
"""What a stream that is kept at work has done is recorded so often."""
AGAIN_SECONDS, PATIENCE_SECONDS = 5.0, 600.0
"""A broker that does not answer is tried again so often, and so long without an answer."""


@dataclass
class Kept:
    """What streams did while they were kept at work.

    Attributes:
        batches: that were done.
        rows: that came in them.
        restarts: how often one was started again since its broker did not answer.
    """

    batches: int = 0
    rows: int = 0
    restarts: int = 0


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

    def begin(self, stream: str) -> Begin:
        """Where a stream begins that has no checkpoint yet: where it was rewound to, or at the earliest event."""
        return steering.begin(self.tables.lakehouse.root, self.checkpoint(stream))

    def begin_anew(self, *streams: str) -> None:
        """Forget how far streams have come; their tables are the caller's to empty.

        Raises:
            BusyError: another process has one of them at work.
            DataError: a checkpoint could not be removed whole.
        """
        with self._held(streams):
            for stream in streams:
                place = self.checkpoint(stream).place
                steering.begin_at(self.tables.lakehouse.root, self.checkpoint(stream), None)
                remove(place)
                if place.is_dir():
                    raise DataError(f"The checkpoint {place} could not be removed whole.", cure="Remove it by hand.")

    def rewind(self, stream: str, begin: Begin) -> None:
        """Forget how far a stream has come, and have it begin at a place of choice when it is started next.

        Its next checkpoint has another identity, and no state: what it takes again is written again, unless merged by key.

        Args:
            stream: which; its rows come from a topic, read with `begin`.
            begin: where.

        Raises:
            BusyError: some process has it at work.
            DataError: its checkpoint could not be removed whole.
        """
        self.begin_anew(stream)
        steering.begin_at(self.tables.lakehouse.root, self.checkpoint(stream), begin)

    def take(self, *streams: Stream) -> list[StreamBatch]:
        """Take all that the sources have now, all streams side by side; what each batch took is kept in `ops.stream_batches`.

        Raises:
            BusyError: another process has one of these streams at work.
            UsageError: one works in real time, or two have one name.
            ToolkitError: one failed, which ends the others: what a batch function has raised, or what Spark's error means. What
                was done until then is kept.
        """
        for stream in streams:
            if stream.note_seconds:
                raise UsageError(
                    f"{stream.name} has no end: it sends rows as they come.", cure="Keep it at work: keep(…)"
                )
        batches: list[StreamBatch] = []
        self._tell(streams)
        with self._at_work(streams, {"availableNow": True}) as queries:
            try:
                for query in queries:
                    query.start()
                looks = 0
                while any(query.is_active for query in queries):
                    looks += 1
                    for query in queries:
                        query.refuse_failed()
                        if looks % COLLECT_EVERY == 0:
                            query.collect()
                    time.sleep(LOOK_SECONDS)
            finally:
                for query in queries:
                    query.halt()
                batches = taken(queries)
                self.tables.append(batches)
            for query in queries:
                query.refuse_failed()
        return batches

    def _tell(self, streams: Sequence[Stream]) -> None:
        """Tell who keeps lineage, before the batches come."""
        if observer := self.tables.observer():
            for stream in streams:
                observer.stream(stream.rows)

    def keep(self, *streams: Stream, every: float = 1.0, seconds: float | None = None) -> Kept:
        """Keep streams at work until each is asked to stop, or the run is; a broker that does not answer is waited for.

        What was asked of them before is forgotten. Batches are recorded as they are done.

        Args:
            streams: side by side; each can be paused and stopped by itself, see `steering`.
            every: seconds from the beginning of one batch to the next; 0: as soon as one is done.
            seconds: after which they end by themselves.

        Raises:
            BusyError: another process has one of these streams at work.
            ToolkitError: as `take`; a broker that is gone for ten minutes is such an error, too.
        """
        self._tell(streams)
        kept, patience = Kept(), 0.0
        until = None if seconds is None else time.monotonic() + seconds
        with self._at_work(streams, {"processingTime": f"{every:g} seconds"}) as queries:
            steered = [_Steered(query, self.tables) for query in queries]
            try:
                recorded = time.monotonic()
                while not all(one.state == "stop" for one in steered) and (until is None or time.monotonic() < until):
                    for one in steered:
                        one.steer()
                    if time.monotonic() - recorded > RECORD_SECONDS:
                        self._record(queries, kept)
                        recorded = time.monotonic()
                    time.sleep(LOOK_SECONDS)
                patience = HALT_SECONDS
            finally:
                for query in queries:
                    query.halt(patience)
                self._record(queries, kept)
                kept.restarts = sum(one.restarts for one in steered)
        return kept

    def _record(self, queries: Sequence[Query], kept: Kept) -> None:
        for query in queries:
            query.collect()
        batches = taken(queries)
        kept.batches += len(batches)
        kept.rows += sum(one.rows for one in batches)
        self.tables.append(batches)

    @contextlib.contextmanager
    def _at_work(self, streams: Sequence[Stream], trigger: Mapping[str, Any]) -> Iterator[list[Query]]:
        """A query of each, not started yet, which no other process may have at work."""
        names = [stream.name for stream in streams]
        if len(set(names)) < len(names):
            raise UsageError(f"Two streams have one name: {', '.join(names)}.", cure="Give each its own.")
        self.tables.refuse_other_shape(StreamBatch)
        with self._held(names):
            for name in names:
                self._refuse_damaged(self.checkpoint(name))
                steering.forget(self.tables.lakehouse.root, self.checkpoint(name))
            yield [Query(stream, self.checkpoint(stream.name), self.tables.run_id, trigger) for stream in streams]

    def _refuse_damaged(self, place: Checkpoint) -> None:
        """Refuse a checkpoint that Spark would go on with, and lose rows.

        One that was put back from an old copy, or lacks its newest plans, counts numbers again that the tables have had: what
        comes under them would be left out without a word.

        Raises:
            DataError: it cannot be read, or is older than what was recorded of its batches.
        """
        if not place.exists:
            return
        identity, last = place.identity, place.last
        recorded = self._recorded(identity)
        if recorded is not None and (last is None or last.number < recorded):
            planned = f"knows of batch {last.number} only" if last else "knows of no batch"
            raise DataError(
                f"The checkpoint of {place.stream} is older than the stream: batch {recorded} of it was done, and it "
                f"{planned}. What came under the same numbers would be left out by the tables.",
                cure=f"Put the newest copy back; or begin anew, and empty its tables: toolkit streaming rewind {place.stream} "
                "earliest",
            )

    def _recorded(self, identity: str) -> int | None:
        """The greatest batch of a checkpoint that was recorded as done; None where none was."""
        lakehouse = self.tables.lakehouse
        if not lakehouse.has_version(BATCHES):
            return None
        asked = f"SELECT max(batch) FROM t WHERE checkpoint_id = {literal(identity)}"  # noqa: S608 - quoted
        found = lakehouse.open(BATCHES).sql(asked, as_it_stands=True).rows[0][0]
        return None if found is None else int(found)

    def _held(self, streams: Iterable[str]) -> contextlib.AbstractContextManager[None]:
        """Keep other processes from having these streams at work."""
        names = [lock_of(self.checkpoint(stream)) for stream in streams]
        return writing(self.tables.lakehouse.root, names, self.tables.run_id)


class _Steered:
    """One stream that is kept at work as long as it is asked to; what was asked before is forgotten.

    Args:
        query: not started.
        tables: of the run.
    """

    def __init__(self, query: Query, tables: Tables) -> None:
        self.query, self.tables = query, tables
        self.restarts = 0
        self._failed_at: float | None = None
        self._starts_at = 0.0
        self._become("run")

    def steer(self) -> None:
        """Do what is asked now.

        Raises:
            ToolkitError: it failed, by something else than a broker that has been gone for a while.
        """
        wish = steering.asked(self.tables.lakehouse.root, self.query.place)
        if wish != self.state:
            self.query.halt(HALT_SECONDS)
            with contextlib.suppress(SetupError):  # a broker that is gone is of no concern to whoever stops
                self.query.refuse_failed()
            self._become(wish)
        if self.state != "run":
            return
        try:
            self.query.refuse_failed()
        except SetupError as problem:
            self._wait(problem)
        if self._failed_at is not None and self.query.has_answered:
            self.tables.alert(f"The stream {self.query.place.stream} goes on.", "info")
            self._failed_at = None
            self._become("run")
        if not self.query.is_active and time.monotonic() >= self._starts_at:
            self.query.start()

    def _become(self, state: steering.Wish) -> None:
        self.state: steering.Wish = state
        steering.say(self.tables.lakehouse.root, self.query.place, state)

    def _wait(self, problem: SetupError) -> None:
        """Try again in a moment.

        Raises:
            SetupError: what it waits for has been gone for too long.
        """
        now = time.monotonic()
        self._failed_at = self._failed_at or now
        if now - self._failed_at > PATIENCE_SECONDS:
            raise problem
        self._starts_at = now + AGAIN_SECONDS
        self.restarts += 1
        self.query.reset()
        steering.say(self.tables.lakehouse.root, self.query.place, "wait")
        self.tables.alert(f"{problem.what} It is started again in {AGAIN_SECONDS:g} seconds.")
