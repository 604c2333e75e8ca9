"""The steps of five kills. What the streams do is in `streams.py`, where they are killed in `kills.py`."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

from datasets.flights.departures import departures
from scenarios.exactly_once.kills import POINTS
from scenarios.exactly_once.process import at_work, told
from scenarios.exactly_once.streams import SINK, TABLES, TOPIC, Order, checkpoint
from toolkit import runs, service, service_leases, settings
from toolkit.broker import Broker
from toolkit.errors import SetupError, StepFailed
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.store.location import remove
from toolkit.streaming.checkpoints import Checkpoint
from toolkit.streaming.producers import Message, send
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

NAIVE = ("naive", "naive pair")


def land(platform: DataPlatform) -> None:
    """Land the flights."""
    platform.landing.land("flights")


def stream(platform: DataPlatform) -> None:
    """Send the events, and have them written by a process that is killed so many times, and once by one that is not."""
    if not settings.current().runs_here:
        raise SetupError(
            "The process that is killed starts a Spark of its own, and this run is to use another one.",
            cure="Run this scenario without TOOLKIT_REMOTE and TOOLKIT_MASTER.",
        )
    if os.name != "posix":
        raise SetupError(
            "This scenario ends processes by signals that this system does not have.", cure="Run it on Linux or macOS."
        )
    _emptied(platform)
    with service_leases.leased(kafka.KAFKA) as running:
        broker = kafka.broker(running)
        broker_kills = BrokerKills(platform)
        sent = _sent(platform, broker, broker_kills)
        kills, rows = platform.parameters.kills, []
        batch = math.ceil(sent / (kills + 1))
        for kill in range(1, kills + 1):
            point = POINTS[kill - 1]
            order = _order(platform, broker, batch, point, 0 if kill == 1 else 1)
            ended_by = _ended_by(order)
            if ended_by != signal.SIGKILL or not order.mark.is_file():
                raise StepFailed(f"The process was to be killed {point}; it ended before, by signal {ended_by}.")
            order.mark.unlink()
            rows += [(kill, point, ended_by, *mark) for mark in _marks(platform)]
            platform.alert(f"Kill {kill} of {kills}: {point}.", "info")
            _forget_last_batch(platform)
        with broker_kills.at_new_batch(checkpoint(platform.lakehouse, "once")):
            ended_by = _ended_by(_order(platform, broker, batch, None, 0))
        if ended_by:
            raise StepFailed(f"The last process, which was to write all, was ended by signal {ended_by}.")
    columns = "kill LONG, point STRING, ended_by LONG, stream STRING, batch LONG, is_noted BOOLEAN"
    rows += [(kills + n, when, signal.SIGKILL, "the broker", None, None) for n, when in enumerate(broker_kills.done, 1)]
    _write(platform, "ops.kills", columns, rows)


class BrokerKills:
    """The kills of the broker in a run: each in the midst of something, and started again at once.

    Args:
        platform: of the run.
    """

    def __init__(self, platform: DataPlatform) -> None:
        self.platform, self.left = platform, platform.parameters.broker_kills
        self.done: list[str] = []

    def amid(self, messages: Iterable[Message], many: int) -> Iterator[Message]:
        """The same messages; when half of them are taken, it happens."""
        killer = None
        for number, message in enumerate(messages):
            if number == many // 2 and self.left > 0:
                killer = self._begun("while events are sent", lambda: None)
            yield message
        if killer is not None:
            killer.join()

    @contextlib.contextmanager
    def at_new_batch(self, place: Checkpoint) -> Iterator[None]:
        """Within the block, it happens when a stream has planned a further batch."""
        before, ended = place.newest("offsets") if place.exists else None, threading.Event()

        def until_then() -> None:
            while place.newest("offsets") == before and not ended.wait(0.02):
                pass

        killer = self._begun("while events are taken", until_then) if self.left > 0 else None
        try:
            yield
        finally:
            ended.set()
            if killer is not None:
                killer.join()

    def _begun(self, when: str, await_it: Callable[[], None]) -> threading.Thread:
        self.left -= 1

        def kill() -> None:
            await_it()
            self.platform.alert(f"The broker is killed, {when}.", "info")
            psutil.Process(service.needed(kafka.KAFKA).pid).kill()
            service.start(kafka.KAFKA)
            self.done.append(when)

        killer = threading.Thread(target=kill)
        killer.start()
        return killer


def _emptied(platform: DataPlatform) -> None:
    """Tables without rows, and no checkpoint."""
    types = {"flight_id": "LONG", "delay": "LONG", "departed_at": "TIMESTAMP", "_partition": "INT", "_offset": "LONG"}
    for stream_, tables in TABLES.items():
        remove(checkpoint(platform.lakehouse, stream_).place)
        for table in tables:
            columns = platform.declared(table).columns
            _write(platform, table, ", ".join(f"{name} {types.get(name, 'STRING')}" for name in columns), [])


def _sent(platform: DataPlatform, broker: Broker, kills: BrokerKills) -> int:
    """The events in a new topic, all acknowledged; how many."""
    Topics(broker).make_anew(TOPIC, settings=KEPT_FOR_EVER)
    events = departures(platform.landing.folder("flights"), platform.parameters.events)
    messages = (Message(event.key, event.value, int(event.departed_at.timestamp() * 1000)) for event in events)
    sent = send(broker, TOPIC, kills.amid(messages, platform.parameters.events)).count
    platform.metric("events sent", sent, "events")
    return sent


def _order(platform: DataPlatform, broker: Broker, most: int, point: Any, batches: int) -> Order:
    log = runs.runs_home() / platform.run_id / "streams.txt"
    return Order(broker.address, most, point, batches, platform.signature(), str(log))


def _ended_by(order: Order) -> int:
    """How a process ended that was given this order: the signal that ended it, or 0 where it ended by itself.

    Raises:
        StepFailed: it failed.
    """
    log = Path(order.log).with_suffix(".errors.txt")
    with log.open("ab") as errors, at_work(errors) as process:
        said = told(process, order).strip()
        code = process.wait()
    if code > 0:
        raise StepFailed(
            said or f"The streams ended with code {code}.", cure=f"What they said: {log}; Spark: {order.log}"
        )
    return -code


def _marks(platform: DataPlatform) -> list[tuple[str, int | None, bool | None]]:
    """What each checkpoint says: the batch that was planned last, and whether it is noted as done."""
    found = []
    for stream_ in TABLES:
        place = checkpoint(platform.lakehouse, stream_)
        last = place.last if place.exists else None
        found.append((stream_, last.number if last else None, last.done if last else None))
    return found


def _forget_last_batch(platform: DataPlatform) -> None:
    """Delta's own sink works within Spark, where no point can be chosen: the note that its last batch is done is taken away.

    As when the process was killed between the commit of the table and that note.
    """
    place = checkpoint(platform.lakehouse, SINK)
    newest = place.newest("commits")
    if newest is not None and newest == place.newest("offsets"):
        for name in (str(newest), f".{newest}.crc"):
            remove(place.place.joinpath("commits", name))


def _write(platform: DataPlatform, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    import pyarrow as pa

    kinds = {"LONG": pa.int64(), "INT": pa.int32(), "STRING": pa.string(), "BOOLEAN": pa.bool_()}
    kinds["TIMESTAMP"] = pa.timestamp("us", "UTC")
    fields = [
        pa.field(*pair) for name, kind in (c.split() for c in columns.split(", ")) for pair in [(name, kinds[kind])]
    ]
    schema = pa.schema(fields)
    platform.write_rows(table, pa.Table.from_pylist([dict(zip(schema.names, r, strict=True)) for r in rows], schema))


def count(platform: DataPlatform) -> None:
    """Hold each table against the events that were sent."""
    wanted = {event.flight_id for event in departures(platform.landing.folder("flights"), platform.parameters.events)}
    rows = []
    for stream_, tables in TABLES.items():
        for table in tables:
            ids = [row[0] for row in platform.reader(table).sql("SELECT flight_id FROM t").rows]
            known = wanted.intersection(ids)
            unknown = sum(id_ not in wanted for id_ in ids)
            repeated = len(ids) - unknown - len(known)
            rows.append(
                (table, stream_, stream_ not in NAIVE, len(wanted), len(ids), len(wanted - known), repeated, unknown)
            )
    columns = "table_name STRING, way STRING, is_exactly_once BOOLEAN, sent LONG, row_count LONG, missing LONG, repeated LONG, "
    _write(platform, "gold.sink_counts", columns + "unknown LONG", rows)


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    sent, once, wrong, repeated = platform.sql(
        "gold.sink_counts",
        "SELECT max(sent), count(*) FILTER (WHERE is_exactly_once), "
        "sum(missing + repeated + unknown) FILTER (WHERE is_exactly_once), "
        "sum(repeated) FILTER (WHERE NOT is_exactly_once) FROM t",
    )
    (kills,) = platform.sql("ops.kills", "SELECT max(kill) FROM t")
    if wrong:
        return f"No: after {kills} kills, {wrong:,} rows are missing or too many in tables that are to have each event once."
    return (
        f"Yes: after {kills} kills, each of {sent:,} events is once in each of the {once} tables that are written so that it "
        f"is; those written as one would at first repeat {repeated:,} rows."
    )
