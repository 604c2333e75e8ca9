"""What is done with a stream from outside of it: kept at work, paused, stopped, started again, rewound."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from toolkit import scenario as scenarios
from toolkit.errors import BusyError, UsageError
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.locks import is_held
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import lock_of
from toolkit.streaming.declared import Declared, declared, one_declared
from toolkit.streaming.steering import Begin, Wish, begin_of_batch
from toolkit.streaming.views.naming import OfStream
from toolkit.views import Link, Task
from toolkit.words import count, plural, size

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform
    from toolkit.streaming.producers import Feed, Sent
    from toolkit.streaming.streams import Kept

PATIENCE_SECONDS = 120.0
"""A batch under way, and the end of a process, may be waited for so long."""
LOOK_SECONDS = 0.1
TO_TOPICS = Link("enter", "Topics", "streaming.topics", "Show what lies in the topics.")
TO_STREAMS = Link("enter", "Streams", "streaming.streams", "Show how the streams are.")


def _states(asked: OfStream) -> dict[str, Wish | None]:
    root = Lakehouse.default().root
    return {one.name: steering.state(root, one.checkpoint) for one in declared(asked.stream)}


# start


class Named(OfStream):
    """One stream, or all those of a scenario."""

    stream: str = Field(
        description="As scenario.stream; a scenario alone means all its streams.",
        examples=["flight_delays_live.departures", "flight_delays_live"],
    )


class Keep(Named):
    """How a stream is kept at work."""

    every: float = Field(1.0, ge=0, le=3_600, description="Seconds from one batch to the next; 0: without a pause")
    seconds: float = Field(0, ge=0, le=1e7, description="Stop by itself after so many seconds; 0: when asked to")


def _startable(asked: OfStream) -> None:
    for name, state in _states(asked).items():
        if state == "run":
            raise BusyError(f"{name} is at work already.", cure=f"Stop it: toolkit streaming stop {name}")


def _start(platform: DataPlatform, asked: Keep) -> Kept | None:
    found, root = declared(asked.stream), Lakehouse.default().root
    paused = [one for one in found if steering.state(root, one.checkpoint) == "pause"]
    for one in paused:
        _wish(one, "run")
    return None if paused else _keep(platform, asked)


def _keep(platform: DataPlatform, asked: Keep) -> Kept:
    """Have streams at work, and their tables, until they are asked to stop."""
    found = declared(asked.stream)
    tables = {table for one in found for table in one.stream.writes}
    with platform.lakehouse.writing(tables, platform.run_id):
        streams = [one.scenario.stream_body(one.stream.name)(platform) for one in found]
        return platform.streaming.keep(*streams, every=asked.every, seconds=asked.seconds or None)


def _kept(asked: OfStream, kept: Kept | None) -> str:
    if kept is None:
        return f"{asked.stream} goes on."
    batches = f"{kept.batches:,} {'batch' if kept.batches == 1 else 'batches'}"
    done = f"{asked.stream} has done {batches} with {plural(kept.rows, 'row')}."
    if not kept.restarts:
        return done
    return f"{done} It was started again {plural(kept.restarts, 'time')}, since its broker did not answer."


# pause, stop


def _steered(wish: Wish) -> Callable[[DataPlatform, OfStream], list[str]]:
    def body(platform: DataPlatform, asked: OfStream) -> list[str]:
        """The streams of which it was asked."""
        del platform  # no table, and no Spark
        return [one.name for one in declared(asked.stream) if _wish(one, wish)]

    return body


def _wish(one: Declared, wish: Wish) -> bool:
    """Leave a wish, and wait until it is done; whether the stream was at work.

    Raises:
        BusyError: it is not done within two minutes.
    """
    root, place = Lakehouse.default().root, one.checkpoint
    if steering.state(root, place) == "stop":
        return False
    steering.ask(root, place, wish)
    until = time.monotonic() + PATIENCE_SECONDS
    while (state := steering.state(root, place)) not in (wish, "stop"):
        if time.monotonic() > until:
            said = "may not be asked" if state is None else "has a batch under way"
            raise BusyError(
                f"{one.name} {said}; it does what it was asked to when that is done.",
                cure="See how it is: toolkit streaming streams",
            )
        time.sleep(LOOK_SECONDS)
    return True


def _answered(done: str) -> Callable[[OfStream, list[str]], str]:
    def answer(asked: OfStream, names: list[str]) -> str:
        return f"{', '.join(names)}: {done}" if names else f"{asked.stream} was not at work."

    return answer


def _known(asked: OfStream) -> None:
    declared(asked.stream)


# restart


def _restart(platform: DataPlatform, asked: Keep) -> Kept:
    for one in declared(asked.stream):
        _wish(one, "stop")
        _await_end(one)
    return _keep(platform, asked)


def _await_end(one: Declared) -> None:
    """Wait until the process that had it at work has ended.

    Raises:
        BusyError: it has not within two minutes.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while is_held(Lakehouse.default().root, lock_of(one.checkpoint)) is not False:
        if time.monotonic() > until:
            raise BusyError(
                f"{one.name} has stopped, and its process goes on with other streams.",
                cure=f"Stop them, too: toolkit streaming stop {one.scenario.id}",
            )
        time.sleep(LOOK_SECONDS)


# replay


class Replay(Parameters):
    """How fast events come in."""

    scenario: str = Field("flight_delays_live", description="Whose events; its streams take them if they are at work")
    speed: float = Field(
        3_600,
        ge=0,
        le=1e9,
        description="Seconds of event time that pass in one; 0: a burst, as fast as the broker takes them",
    )
    events: int = Field(0, ge=0, description="Stop after so many; 0: all that are left")
    seconds: float = Field(60, ge=0, le=1e7, description="Stop after so many seconds; 0: when all are sent")


def _has_feed(asked: Replay) -> None:
    if not scenarios.get(asked.scenario).has_feed:
        known = [one.id for one in scenarios.discover().values() if one.has_feed]
        raise UsageError(f"{asked.scenario} has no events to come in.", choices=known)


def _replay(platform: DataPlatform, asked: Replay) -> Sent:
    from toolkit.streaming.producers import paced, send

    feed: Feed = platform.scenario.feed()(platform)
    messages = paced(feed.messages, asked.speed) if asked.speed else feed.messages
    until = time.monotonic() + asked.seconds if asked.seconds else None
    some = itertools.islice(messages, asked.events or None)
    in_time = itertools.takewhile(lambda _: until is None or time.monotonic() < until, some)
    return send(feed.broker, feed.topic, in_time)


REPLAY = Task(
    "replay",
    "Replay",
    "Send the events of a scenario that have not been sent yet to their topic, in event time at a speed of your choice.",
    Replay,
    _replay,
    answer=lambda asked, sent: f"{plural(sent.count, 'event')} of {asked.scenario} sent: {size(sent.bytes)}.",
    prepare=_has_feed,
    about=lambda _: "",
    scenario=lambda asked: asked.scenario,
    needs=lambda asked: scenarios.get(asked.scenario).services,
    then=TO_TOPICS,
)

# rewind

_BATCH = re.compile(r"(?:batch )?([0-9]{1,12})")


def _target(text: str) -> str:
    """The text, once it is a place to which a stream can be rewound."""
    if text not in ("earliest", "latest") and not _BATCH.fullmatch(text):
        datetime.fromisoformat(text)
    return text


class Rewind(OfStream):
    """Where a stream is to begin."""

    to: Annotated[str, AfterValidator(_target)] = Field(
        description="earliest; latest; the number of a batch: where it began; or a moment (UTC): events sent since.",
        examples=["earliest", "3", "2026-05-01T12:00"],
    )
    repeat: bool = Field(False, description="Also where what it takes again are rows once more")


def _rewindable(asked: Rewind) -> None:
    one = one_declared(asked.stream)
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
    return " ".join(filter(None, [told.partition(" Start it")[0], again, "What it keeps in its state would be gone."]))


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


def _scenario(asked: OfStream) -> str:
    return declared(asked.stream)[0].scenario.id


def _needs(asked: OfStream) -> tuple[str, ...]:
    return declared(asked.stream)[0].scenario.services


START = Task(
    "start",
    "Start",
    "Keep a stream at work until it is asked to stop; one that is paused goes on. Its services are started.",
    Keep,
    _start,
    answer=_kept,
    prepare=_startable,
    about=lambda _: "",
    scenario=_scenario,
    needs=_needs,
    then=TO_STREAMS,
)
PAUSE = Task(
    "pause",
    "Pause",
    "Have a stream take no more batches; its process stays, and `start` lets it go on.",
    Named,
    _steered("pause"),
    answer=_answered("pauses. Let it go on: toolkit streaming start"),
    prepare=_known,
    about=lambda _: "",
    scenario=_scenario,
    then=TO_STREAMS,
)
STOP = Task(
    "stop",
    "Stop",
    "Stop a stream when its batch is done; its next start goes on from there.",
    Named,
    _steered("stop"),
    answer=_answered("stopped"),
    prepare=_known,
    about=lambda _: "",
    scenario=_scenario,
    then=TO_STREAMS,
)
RESTART = Task(
    "restart",
    "Restart",
    "Stop a stream that some process keeps at work, and keep it at work in another one, which reads its code anew.",
    Keep,
    _restart,
    answer=_kept,
    prepare=_known,
    about=lambda _: "",
    scenario=_scenario,
    needs=_needs,
    then=TO_STREAMS,
)
REWIND = Task(
    "rewind",
    "Rewind",
    "Take a stream's checkpoint away, and have it begin at a place of your choice when it is started next.",
    Rewind,
    _rewind,
    answer=_rewound,
    prepare=_rewindable,
    about=lambda _: "",
    scenario=_scenario,
    preview=_previewed,
    then=TO_STREAMS,
)
TASKS = (START, PAUSE, STOP, RESTART, REWIND, REPLAY)
