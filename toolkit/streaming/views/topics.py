"""The topics of the local broker: what lies in them, and how far the streams of this lakehouse have read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.errors import DataError, ToolkitError
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.checkpoints import by_partition
from toolkit.streaming.topics import Partition, Topics, local_broker
from toolkit.streaming.views.naming import checkpoints
from toolkit.views import Column, Result, Row, View

Read = Mapping[tuple[str, int], Mapping[str, int]]
"""By topic and partition: of each stream that reads it, the offset that it goes on at."""


def _topics(lakehouse: Lakehouse, parameters: Parameters) -> Result:
    """A row for each partition and each stream that reads it; one without a stream where none does."""
    del parameters
    problems: list[str] = []
    read = _read(lakehouse, problems)
    there = _partitions(problems)
    notes = () if there is not None else ("The broker is not at work: what lies in its topics is not known.",)
    known = {(one.topic, one.number): one for one in there or ()}
    rows = [row for place in sorted({*known, *read}) for row in _rows(place, known.get(place), read.get(place, {}))]
    return Result(rows, notes, problems=tuple(problems))


def _partitions(problems: list[str]) -> list[Partition] | None:
    """All partitions of all topics; None where no broker says."""
    broker = local_broker()
    if broker is None:
        return None
    topics = Topics(broker)
    try:
        return [partition for name in topics.names() for partition in topics.partitions(name)]
    except ToolkitError as problem:
        problems.append(problem.what)
        return None


def _read(lakehouse: Lakehouse, problems: list[str]) -> Read:
    found: dict[tuple[str, int], dict[str, int]] = {}
    for name, place in checkpoints(lakehouse).items():
        try:
            last = place.last
        except DataError as problem:
            problems.append(problem.what)
            continue
        for offset in last.offsets if last else ():
            for partition, at in (by_partition(offset) or {}).items():
                found.setdefault(partition, {})[name] = at
    return found


def _rows(place: tuple[str, int], partition: Partition | None, streams: Mapping[str, int]) -> list[Row]:
    topic, number = place
    row: dict[str, Any] = {"topic": topic, "partition": number}
    if partition is not None:
        row |= {"earliest": partition.earliest, "latest": partition.latest, "kept": partition.kept}
    if not streams:
        return [row]
    latest = partition.latest if partition else None
    return [
        {**row, "stream": name, "read": at, "lag": None if latest is None else latest - at}
        for name, at in sorted(streams.items())
    ]


TOPICS = View(
    "topics",
    "Topics",
    "What lies in the topics of the local broker, and how far have the streams read them?",
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
    sentence=lambda row: (
        f"{row['topic']}, partition {row['partition']}: {row.get('kept', 'an unknown number of')} events"
        + (
            f"; {row['stream']} goes on at offset {row['read']}."
            if row.get("stream")
            else "; no stream of this lakehouse reads it."
        )
    ),
    empty="There is no topic, or no broker at work. Start one: toolkit services start kafka",
)
