"""Six streams of one topic in a process of their own, which is killed where its order says.

`python -m scenarios.exactly_once.streams` reads its order, a line of JSON, from its input, and ends when that is closed: it
does not outlive the run that started it. What went wrong is the one line that it prints.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.exactly_once.kills import Halts, Point, kill
from toolkit.broker import Broker
from toolkit.errors import StepFailed, ToolkitError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location
from toolkit.store.locks import writing
from toolkit.streaming.checkpoints import Checkpoint, checkpoint_of, lock_of
from toolkit.streaming.faults import meaning

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming.query import StreamingQuery

    from toolkit.store.commits import Way
    from toolkit.streaming.sinks import BatchBody, MicroBatch

TOPIC = "exactly_once.departures"
EVENT = "flight_id LONG, carrier STRING, origin STRING, dest STRING, departed_at TIMESTAMP, delay LONG"
PLACE = ("_partition", "_offset")
COLUMNS = ("flight_id", "carrier", "origin", "dest", "departed_at", "delay", *PLACE)
DEPARTURE, DELAY = ("flight_id", "carrier", "origin", "dest", "departed_at"), ("flight_id", "carrier", "delay")
SINK = "delta sink"
TABLES: Mapping[str, tuple[str, ...]] = {
    "naive": ("bronze.naive_events",),
    "once": ("bronze.once_events",),
    SINK: ("bronze.sink_events",),
    "merged": ("bronze.merged_events",),
    "naive pair": ("silver.naive_departures", "silver.naive_delays"),
    "once pair": ("silver.once_departures", "silver.once_delays"),
}
"""The streams, and the tables that each writes."""
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Order:
    """What a process is to do.

    Attributes:
        address: of the broker.
        most: events in a batch.
        point: where it is killed; None: it ends when all events are written.
        batches: that each stream does before.
        signature: of the commits.
        log: the file for what Spark says.
    """

    address: str
    most: int
    point: Point | None
    batches: int
    signature: Mapping[str, str]
    log: str

    @property
    def mark(self) -> Path:
        """A file that is made when the process is killed at its point."""
        return Path(self.log).with_suffix(".killed")

    @property
    def line(self) -> str:
        """As the process takes it."""
        return json.dumps(asdict(self)) + "\n"


def checkpoint(lakehouse: Lakehouse, stream: str) -> Checkpoint:
    """The checkpoint of a stream."""
    return checkpoint_of(lakehouse.root, "exactly_once", stream.replace(" ", "_"))


def bodies(path: Callable[[str], Location], way: Way, halts: Halts) -> Mapping[str, BatchBody]:
    """What each stream does with a batch, but for Delta's own sink, which does it itself."""
    from toolkit.store.write import write_frame
    from toolkit.streaming.sinks import append_once, merge_once

    def naive(batch: MicroBatch) -> None:
        write_frame(batch.rows, path("bronze.naive_events"), way, mode="append")

    def once(batch: MicroBatch) -> None:
        append_once(batch, path("bronze.once_events"), way)

    def merged(batch: MicroBatch) -> None:
        halts.at("merged", "merging")
        merge_once(batch, path("bronze.merged_events"), PLACE, way)

    def naive_pair(batch: MicroBatch) -> None:
        write_frame(batch.rows.select(*DEPARTURE), path("silver.naive_departures"), way, mode="append")
        halts.at("naive pair", "between")
        write_frame(batch.rows.select(*DELAY), path("silver.naive_delays"), way, mode="append")

    def once_pair(batch: MicroBatch) -> None:
        from dataclasses import replace

        append_once(replace(batch, rows=batch.rows.select(*DEPARTURE)), path("silver.once_departures"), way)
        halts.at("once pair", "between")
        append_once(replace(batch, rows=batch.rows.select(*DELAY)), path("silver.once_delays"), way)

    return {"naive": naive, "once": once, "merged": merged, "naive pair": naive_pair, "once pair": once_pair}


def halting(stream: str, body: BatchBody, halts: Halts) -> BatchBody:
    """The same, which tells when it begins and when all is written."""

    def work(batch: MicroBatch) -> None:
        halts.at(stream, "begun")
        body(batch)
        halts.at(stream, "written")

    return work


def started(spark: SparkSession, order: Order, halts: Halts) -> list[StreamingQuery]:
    """All six streams."""
    from toolkit.store.commits import Way
    from toolkit.streaming.sinks import each_batch
    from toolkit.streaming.sources import parsed, read_topic

    lakehouse = Lakehouse.default()
    way = Way(order.signature)

    def events() -> DataFrame:
        messages = read_topic(spark, Broker(order.address), TOPIC, most=order.most)
        return parsed(messages, EVENT, ("flight_id",)).select(*COLUMNS)

    queries = []
    for stream, body in bodies(lakehouse.path, way, halts).items():
        place = checkpoint(lakehouse, stream)
        writer = events().writeStream.foreachBatch(
            each_batch(place, halting(stream, body, halts), may_not_write=stream.startswith("naive"))
        )
        writer = writer.queryName(stream).option("checkpointLocation", str(place.place))
        queries.append(writer.trigger(availableNow=True).start())
    sink = events().writeStream.format("delta").option("userMetadata", json.dumps(dict(order.signature)))
    sink = sink.queryName(SINK).option("checkpointLocation", str(checkpoint(lakehouse, SINK).place))
    (table,) = TABLES[SINK]
    queries.append(sink.trigger(availableNow=True).start(str(lakehouse.path(table))))
    return queries


def await_end(queries: list[StreamingQuery], halts: Halts) -> None:
    """Wait until all have ended; one that fails ends the wait at once, whatever the others do.

    Raises:
        StepFailed: one has failed, or all have ended before the process was killed.
    """
    while any(query.isActive for query in queries):
        _refuse_failed(queries)
        if halts.stopping.is_set():
            halts.kill_soon()
            for query in queries:
                query.stop()
            threading.Event().wait()  # until the kill: what stopping has broken off is no failure
        time.sleep(LOOK_SECONDS)
    _refuse_failed(queries)
    if halts.point is not None:
        raise StepFailed(f"The streams ended by themselves; they were to be killed {halts.point}.")


def _refuse_failed(queries: list[StreamingQuery]) -> None:
    for query in queries:
        if (problem := query.exception()) is not None:
            raise meaning(problem, query.name or "") from problem


def work(order: Order) -> None:
    """Start the streams, and wait until they have written all, or until the process is killed."""
    from toolkit import services, session

    lakehouse = Lakehouse.default()
    driver = lakehouse.driver.with_jars(*services.jars_of(["kafka"]))
    merged = lakehouse.path("bronze.merged_events")
    halts = Halts(order.point, order.batches, len(TABLES) - 1, merged, order.mark)
    held = [lock_of(checkpoint(lakehouse, stream)) for stream in TABLES]
    spark = session.start(name="exactly_once", log=Path(order.log), driver=driver)
    try:
        with writing(lakehouse.root, held, str(order.signature["run_id"])):
            await_end(started(spark, order, halts), halts)
    finally:
        session.stop(spark)


def _end_with_the_run() -> None:
    """Whoever gave the order holds the other end of this process's input, and is gone when it is closed."""
    sys.stdin.read()
    kill()


def main() -> int:
    """Do what the order says."""
    order = Order(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    try:
        work(order)
    except ToolkitError as problem:
        sys.stdout.write(problem.what)
        return 1
    except Exception as problem:
        sys.stdout.write(f"{type(problem).__name__}: {str(problem).strip().splitlines()[0]}")
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The thread that reads the input would keep the interpreter from ending.
    os._exit(code)
