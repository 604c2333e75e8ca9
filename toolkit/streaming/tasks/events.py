"""Events that are sent while streams are at work: those of a scenario in their time, and dead letters once more."""

from __future__ import annotations

import itertools
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from toolkit import scenario as scenarios
from toolkit.errors import SetupError, UsageError
from toolkit.parameters import Parameters
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.records import ReleasedLetter
from toolkit.streaming.tasks.asked import TO_STREAMS, scenario_of, services_of
from toolkit.streaming.topics import local_broker
from toolkit.streaming.views.aside import as_text
from toolkit.streaming.views.naming import OfStream
from toolkit.views import Link, Task
from toolkit.words import count, plural, size

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform
    from toolkit.streaming.letters import Letter
    from toolkit.streaming.producers import Feed, Sent

TO_TOPICS = Link("enter", "Topics", "streaming.topics", "Show what lies in the topics.")


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


def _has_incoming(asked: Replay) -> None:
    if not scenarios.get(asked.scenario).has_incoming:
        known = [one.id for one in scenarios.discover().values() if one.has_incoming]
        raise UsageError(f"{asked.scenario} has no events to come in.", choices=known)


def _replay(platform: DataPlatform, asked: Replay) -> Sent:
    from toolkit.streaming.producers import paced, send

    feed: Feed = platform.scenario.incoming()(platform)
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
    prepare=_has_incoming,
    scenario=lambda asked: asked.scenario,
    needs=lambda asked: scenarios.get(asked.scenario).services,
    then=TO_TOPICS,
)


class Release(OfStream):
    """Which dead letters of a stream are sent again, and what is repaired in them."""

    reason: str = Field("", description="Only letters whose reason has these words.", examples=["not JSON"])
    find: str = Field("", description="A regular expression: only letters that have it, in which it is replaced.")
    put: str = Field("", description="By what it is replaced; \\1 is what the first group fits.")


def _releasable(asked: Release) -> None:
    if asked.put and not asked.find:
        raise UsageError("--put says what is to stand in place of what?", cure="Say it: --find EXPRESSION --put TEXT")
    if not _letters(asked):
        raise UsageError(f"No dead letter of {asked.stream} waits that fits.", cure="See: toolkit streaming dead")


def _letters(asked: Release) -> list[Letter]:
    from toolkit.streaming.letters import waiting

    return waiting(Lakehouse.default(), asked.stream, asked.reason, asked.find, asked.put)


def _release(platform: DataPlatform, asked: Release) -> list[Letter]:
    from toolkit.streaming.letters import send_again

    letters, broker = _letters(asked), local_broker()
    if broker is None:
        raise SetupError("The broker is not at work.", cure="Start it: toolkit services start kafka")
    send_again(broker, letters)
    platform.append([_released_letter(one, platform.run_id) for one in letters])
    return letters


def _released_letter(letter: Letter, run_id: str) -> ReleasedLetter:
    dead = letter.dead
    place = (dead.stream, dead.checkpoint_id, dead.topic, dead.partition, dead.offset)
    return ReleasedLetter(*place, letter.is_repaired, letter.value, datetime.now(UTC), run_id)


def _released(asked: Release, letters: list[Letter]) -> str:
    repaired = sum(one.is_repaired for one in letters)
    return (
        f"{plural(len(letters), 'dead letter')} of {asked.stream} sent again, {count(repaired)} of them repaired. The "
        "stream takes them as any other event: what its watermark has passed is late."
    )


def _would_release(asked: Release) -> str:
    letters = _letters(asked)
    repaired = [one for one in letters if one.is_repaired]
    told = f"{plural(len(letters), 'dead letter')} would be sent again, {count(len(repaired))} of them repaired."
    if not repaired:
        return told
    return f"{told} The first: {as_text(repaired[0].dead.value)} as {as_text(repaired[0].value)}"


RELEASE = Task(
    "release",
    "Release",
    "Send dead letters of a stream to their topic again: repaired, or as they are once the stream can read them.",
    Release,
    _release,
    answer=_released,
    prepare=_releasable,
    scenario=scenario_of,
    needs=services_of,
    preview=_would_release,
    then=TO_STREAMS,
)
