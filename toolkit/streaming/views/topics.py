"""The topics of the local broker: what lies in them, and how far the streams of this lakehouse have read."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit import service
from toolkit.broker import Broker
from toolkit.errors import DataError, ToolkitError
from toolkit.parameters import Parameters
from toolkit.service import HOST
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.topics import Partition, Topics
from toolkit.streaming.views.naming import checkpoints
from toolkit.views import Column, Result, Row, View

BROKER = "kafka"
"""The service; its port for clients in the clear is called `plain`."""


def _topics(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    """A row for each partition and each stream that reads it; one without a stream where none does."""
    del parameters
    running = service.running(BROKER)
    if running is None:
        return Result([], notes=("The broker is not at work, so what lies in its topics is not known.",))
    topics = Topics(Broker(f"{HOST}:{running.ports['plain']}"))
    problems: list[str] = []
    rows: list[Row] = []
    read = _read(lakehouse, problems)
    try:
        for name in topics.names():
            rows += [row for partition in topics.partitions(name) for row in _rows(partition, read)]
    except ToolkitError as problem:
        problems.append(problem.what)
    return Result(rows, problems=tuple(problems))


def _read(lakehouse: Lakehouse, problems: list[str]) -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """By stream, topic and partition, the offset that the stream goes on at."""
    found = {}
    for name, place in checkpoints(lakehouse).items():
        try:
            last = place.last
        except DataError as problem:
            problems.append(problem.what)
            continue
        for offset in last.offsets if last else ():
            if isinstance(offset, dict) and all(isinstance(parts, dict) for parts in offset.values()):
                found[name] = offset
    return found


def _rows(partition: Partition, read: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[Row]:
    row = {
        "topic": partition.topic,
        "partition": partition.number,
        "earliest": partition.earliest,
        "latest": partition.latest,
        "kept": partition.kept,
    }
    streams = {
        name: int(offsets[partition.topic][str(partition.number)])
        for name, offsets in sorted(read.items())
        if str(partition.number) in offsets.get(partition.topic, {})
    }
    if not streams:
        return [row]
    return [{**row, "stream": name, "read": at, "lag": partition.latest - at} for name, at in streams.items()]


TOPICS = View(
    "topics",
    "Topics",
    "What lies in the topics of the local broker, and how far have the streams read?",
    _topics,
    (
        Column("topic", "name"),
        Column("partition", "version"),
        Column("kept", "count", "events"),
        Column("earliest", "version", shown="wide"),
        Column("latest", "version", shown="wide"),
        Column("stream", "name", shown="wide"),
        Column("read", "version", "read up to", shown="wide"),
        Column("lag", "count"),
    ),
    Parameters,
    key=("topic", "partition", "stream"),
    empty="There is no topic, or no broker at work. Start one: toolkit services start kafka",
)
