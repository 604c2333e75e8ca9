"""Departures as a topic gets them: in the order in which the flights left, with faults that are chosen.

A flight is reported when it leaves, and belongs to the hour for which it was scheduled: its delay is how late the event comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from datasets.flights.departures import Departure


@dataclass(frozen=True)
class Faults:
    """What is done to the events, each by how many events lie between two; 0: never.

    Attributes:
        twice: one is sent twice.
        cut: one more is sent, of which the end is missing.
        changed: one has its delay as a text, as after a change of its sender's program.
        shuffled: as many neighbours come in any order.
        seed: of that order.
    """

    twice: int = 0
    cut: int = 0
    changed: int = 0
    shuffled: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Reported:
    """An event as it is sent.

    Attributes:
        departure: what it is about.
        value: what the topic gets.
        fault: which one was done to it; empty: none.
    """

    departure: Departure
    value: bytes
    fault: str = ""


def replay(departures: Iterable[Departure], faults: Faults) -> Iterator[Reported]:
    """The events in the order in which they are sent."""
    order = Random(faults.seed)  # noqa: S311 - no secret
    for number, one in enumerate(_shuffled(departures, faults.shuffled, order), start=1):
        if _is_due(number, faults.changed):
            content = json.loads(one.value) | {"delay": f"{one.delay} min"}
            yield Reported(one, json.dumps(content).encode(), "changed")
            continue
        yield Reported(one, one.value)
        if _is_due(number, faults.twice):
            yield Reported(one, one.value, "twice")
        if _is_due(number, faults.cut):
            yield Reported(one, one.value[: len(one.value) // 2], "cut")


def _is_due(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


def _shuffled(departures: Iterable[Departure], size: int, order: Random) -> Iterator[Departure]:
    """In groups of that size, each in any order."""
    group: list[Departure] = []
    for one in departures:
        group.append(one)
        if len(group) >= size:
            yield from _in_any_order(group, order)
            group = []
    yield from _in_any_order(group, order)


def _in_any_order(group: Sequence[Departure], order: Random) -> list[Departure]:
    return order.sample(group, len(group)) if len(group) > 1 else list(group)
