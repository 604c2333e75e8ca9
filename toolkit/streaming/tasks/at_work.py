"""Streams that a process of their own keeps at work: started, paused, stopped, started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from toolkit.errors import BusyError
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.locks import is_held
from toolkit.streaming import steering
from toolkit.streaming.checkpoints import lock_of
from toolkit.streaming.declared import Declared, declared
from toolkit.streaming.steering import State, Wish
from toolkit.streaming.tasks.asked import TO_STREAMS, Named, scenario_of, services_of
from toolkit.streaming.views.naming import OfStream
from toolkit.views import Task
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.platform import DataPlatform
    from toolkit.streaming.streams import Kept

PATIENCE_SECONDS = 120.0
"""A batch under way, and the end of a process, may be waited for so long."""
LOOK_SECONDS = 0.1


def _states(asked: OfStream) -> dict[str, State | None]:
    root = Lakehouse.default().root
    return {one.name: steering.state(root, one.checkpoint) for one in declared(asked.stream)}


class Keep(Named):
    """How a stream is kept at work."""

    every: float = Field(1.0, ge=0, le=3_600, description="Seconds from one batch to the next; 0: without a pause")
    seconds: float = Field(0, ge=0, le=1e7, description="Stop by itself after so many seconds; 0: when asked to")


def _startable(asked: OfStream) -> None:
    for name, state in _states(asked).items():
        if state in ("run", "wait"):
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


def _steered(wish: Wish) -> Callable[[DataPlatform, OfStream], list[str]]:
    def body(platform: DataPlatform, asked: OfStream) -> list[str]:
        """The streams of which it was asked."""
        del platform  # no table, and no Spark
        return [one.name for one in declared(asked.stream) if _wish(one, wish)]

    return body


def _wish(one: Declared, wish: Wish) -> bool:
    """Leave a wish, and wait until it is done; whether the stream was at work.

    Raises:
        BusyError: it is not done within two minutes, or the stream is one that a run takes to its end.
    """
    root, place = Lakehouse.default().root, one.checkpoint
    if steering.state(root, place) == "stop":
        return False
    if not steering.is_kept(root, place):
        raise BusyError(
            f"{one.name} is taken to its end by a run of its scenario, which does not stop before.",
            cure="Wait until it has, or stop the run: toolkit runs",
        )
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


START = Task(
    "start",
    "Start",
    "Keep a stream at work until it is asked to stop; one that is paused goes on. Its services are started.",
    Keep,
    _start,
    answer=_kept,
    prepare=_startable,
    scenario=scenario_of,
    needs=services_of,
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
    scenario=scenario_of,
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
    scenario=scenario_of,
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
    scenario=scenario_of,
    needs=services_of,
    then=TO_STREAMS,
)
