"""What the views of streams are asked with, and where their keys lead."""

from __future__ import annotations

from pydantic import Field

from toolkit.errors import UsageError
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.location import Location
from toolkit.store.records import R, decode_all
from toolkit.streaming.checkpoints import Checkpoint, folder_of
from toolkit.views import Link

SHOWN = 40
"""Rows that a command prints unless asked for more."""
EMPTY = "No stream has run yet. Run a scenario with streams: toolkit run flight_delays_live"


class OfStream(Parameters):
    """One stream."""

    stream: str = Field(description="As scenario.stream.", examples=["flight_delays_live.departures"])


class OfAnyStream(Parameters):
    """One stream, or all of them."""

    stream: str = Field("", description="Only this stream, as scenario.stream.")


OF_STREAM = {"stream": "stream"}
TO_RUN = Link("u", "Run", "runs.show", "Show the run that it was of.", {"run": "run"})
TO_BATCHES = Link("enter", "Batches", "streaming.batches", "Show what each batch took.", OF_STREAM)
TO_CHECKPOINT = Link("c", "Checkpoint", "streaming.checkpoint", "Say in words what its checkpoint holds.", OF_STREAM)
TO_LATE = Link("l", "Late rows", "streaming.late", "Show the rows that came after the watermark.", OF_STREAM)
TO_DEAD = Link("d", "Dead letters", "streaming.dead", "Show the messages that could not be read.", OF_STREAM)

STEERED = (
    Link("a", "Start", "streaming.start", "Keep it at work; one that is paused goes on.", OF_STREAM),
    Link("p", "Pause", "streaming.pause", "Have it take no more batches for now.", OF_STREAM),
    Link("x", "Stop", "streaming.stop", "Stop it when its batch is done.", OF_STREAM),
    Link("w", "Rewind", "streaming.rewind", "Have it begin at a place of your choice.", OF_STREAM),
)


def checkpoints(lakehouse: Lakehouse) -> dict[str, Checkpoint]:
    """Every checkpoint in a lakehouse, by its stream."""
    folders = _inside(folder_of(lakehouse.root))
    found = [Checkpoint(place) for folder in folders if folder.is_dir() for place in _inside(folder)]
    return {one.stream: one for one in found if one.exists}


def _inside(folder: Location) -> list[Location]:
    return sorted(folder.iterdir(), key=str) if folder.is_dir() else []


def checkpoint(lakehouse: Lakehouse, stream: str) -> Checkpoint:
    """The checkpoint of a stream.

    Raises:
        UsageError: there is none of that name.
    """
    known = checkpoints(lakehouse)
    if stream not in known:
        raise UsageError.unknown("stream", stream, known, cure="See: toolkit streaming streams")
    return known[stream]


def records(lakehouse: Lakehouse, record: type[R], order: str, stream: str = "", most: int | None = 10_000) -> list[R]:
    """The newest rows of a table of records; those of one stream where one is named.

    Args:
        lakehouse: that has it, or not.
        record: whose table.
        order: columns, the newest first.
        stream: only this one.
        most: rows; None for all.
    """
    from toolkit.store.query_engine import literal
    from toolkit.store.records import table_of

    table = table_of(record).name
    if not lakehouse.has_version(table):
        return []
    where = f" WHERE stream = {literal(stream)}" if stream else ""
    limit = "" if most is None else f" LIMIT {most}"
    page = lakehouse.open(table).sql(f"SELECT * FROM t{where} ORDER BY {order}{limit}", as_it_stands=True)  # noqa: S608
    return decode_all(record, page.columns, page.rows)
