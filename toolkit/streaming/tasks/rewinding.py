"""A stream that is to begin at another place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from toolkit.errors import BusyError, UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming import steering
from toolkit.streaming.declared import Declared, one_declared
from toolkit.streaming.steering import Begin, begin_of_batch
from toolkit.streaming.tasks.asked import TO_STREAMS, scenario_of
from toolkit.streaming.views.naming import OfStream
from toolkit.views import Task
from toolkit.words import count

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform

_BATCH = re.compile(r"(?:batch )?([0-9]{1,12})")

FORGETS = "Its state would be gone, and its first batch has no watermark: what was late may be on time."


def _target(text: str) -> str:
    """The text, once it is a place to which a stream can be rewound."""
    if text not in ("earliest", "latest") and not _BATCH.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is neither earliest nor latest, nor the number of a batch, nor a moment such as 2026-05-01T12:00"
            ) from None
    return text


class Rewind(OfStream):
    """Where a stream is to begin."""

    to: Annotated[str, AfterValidator(_target)] = Field(
        description="earliest; latest; the number of a batch: where it began; or the time (UTC) that a message carries.",
        examples=["earliest", "3", "2026-05-01T12:00"],
    )
    repeat: bool = Field(False, description="Also where what it takes again are rows once more")


def _rewindable(asked: Rewind) -> None:
    one = one_declared(asked.stream)
    if steering.state(Lakehouse.default().root, one.checkpoint) != "stop":
        raise BusyError(f"{one.name} is at work.", cure=f"Stop it first: toolkit streaming stop {one.name}")
    if asked.to != "earliest" and not one.stream.from_topics:
        raise UsageError(f"{one.name} reads tables: it can be rewound to the earliest row only.", choices=["earliest"])
    if one.stream.repeats and not asked.repeat:
        raise UsageError(
            f"{one.name} does not merge by a key: what it takes again would be in {', '.join(one.stream.writes)} twice.",
            cure=f"Run {one.scenario.id} anew, which empties them; or empty them yourself, and say --repeat.",
        )
    _begin(one, asked.to)


def _begin(one: Declared, to: str) -> Begin:
    """The place in offsets or a time.

    Raises:
        DataError: that batch is not kept, or its offsets are not those of topics.
    """
    if to in ("earliest", "latest"):
        return Begin(latest=to == "latest")
    if batch := _BATCH.fullmatch(to):
        return begin_of_batch(one.checkpoint, int(batch[1]))
    moment = datetime.fromisoformat(to)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Begin(since=int(moment.timestamp() * 1000))


def _previewed(asked: Rewind) -> str:
    one = one_declared(asked.stream)
    again = f"What it takes again would be in {', '.join(one.stream.writes)} once more." if one.stream.repeats else ""
    told = _rewound(asked, _begin(one, asked.to)).replace(" has no ", " would have no ").replace(" begins ", " begin ")
    return " ".join(filter(None, [told.partition(" Start it")[0], again, FORGETS]))


def _rewind(platform: DataPlatform, asked: Rewind) -> Begin:
    one = one_declared(asked.stream)
    begin = _begin(one, asked.to)
    platform.streaming.rewind(one.stream.name, begin)
    return begin


def _rewound(asked: Rewind, begin: Begin) -> str:
    start = f"Start it: toolkit streaming start {asked.stream}"
    if begin.offsets is None:
        return f"{asked.stream} has no checkpoint any more, and begins at {asked.to}. {start}"
    places = [f"{topic}/{part} at {count(at)}" for topic, parts in begin.offsets.items() for part, at in parts.items()]
    return f"{asked.stream} has no checkpoint any more, and begins at {', '.join(places)}. {start}"


REWIND = Task(
    "rewind",
    "Rewind",
    "Take a stream's checkpoint away, and have it begin at a place of your choice when it is started next.",
    Rewind,
    _rewind,
    answer=_rewound,
    prepare=_rewindable,
    scenario=scenario_of,
    preview=_previewed,
    then=TO_STREAMS,
)
