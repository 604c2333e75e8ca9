"""Topics of a broker: made, removed, and what lies in them.

Owns the questions that are asked of a broker's administration; how events get into a topic is said in `streaming.producers`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from toolkit import service
from toolkit.broker import Broker
from toolkit.errors import SetupError, UsageError

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

KEPT_FOR_EVER = {"retention.ms": "-1", "message.timestamp.after.max.ms": str(2**63 - 1)}
"""Settings of a topic for a replay: events are deleted by the time that they carry, and refused if it is one to come."""
ANSWER_SECONDS = 10.0
POLL_SECONDS = 0.1
_CURE = "See how it is: toolkit services; what it says: toolkit services log kafka"
LOCAL = "kafka"
"""The service, by its name: what is told of topics does not start it."""
_SOON = frozenset({3, 5, 6})
"""Kafka's codes of errors that pass: unknown topic or partition, no leader yet, not the leader."""


def local_broker() -> Broker | None:
    """The broker that is at work on this computer; None where none is."""
    running = service.running(LOCAL)
    return None if running is None else Broker(f"{service.HOST}:{running.ports['plain']}")


@dataclass(frozen=True)
class Partition:
    """One partition of a topic.

    Attributes:
        topic: its name.
        number: from 0.
        earliest: the offset of the oldest event that is kept.
        latest: the offset that the next event gets.
    """

    topic: str
    number: int
    earliest: int
    latest: int

    @property
    def kept(self) -> int:
        """How many offsets lie between; compaction and transactions take some of them."""
        return self.latest - self.earliest


class Topics:
    """The topics of a broker.

    Args:
        broker: that is at work.
    """

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    @cached_property
    def _admin(self) -> AdminClient:
        from confluent_kafka.admin import AdminClient

        return AdminClient({**self.broker.of_client(), "log_level": 0})

    def names(self) -> list[str]:
        """All topics but those that the broker keeps for itself.

        Raises:
            SetupError: the broker does not answer.
        """
        return sorted(name for name in self._described() if not name.startswith("__"))

    def make(self, name: str, partitions: int = 4, settings: Mapping[str, str] | None = None) -> None:
        """Make a topic; one that is there has to have as many partitions, and keeps the settings that it has.

        Raises:
            SetupError: the broker does not answer, or refuses.
            UsageError: it is there with another number of partitions.
        """
        from confluent_kafka import KafkaError, KafkaException
        from confluent_kafka.admin import NewTopic

        wanted = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(settings or {}))
        try:
            self._admin.create_topics([wanted], operation_timeout=ANSWER_SECONDS)[name].result()
        except KafkaException as problem:
            if problem.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise self._refused(problem) from problem
            there = len(self._described()[name])
            if there != partitions:
                raise UsageError(
                    f"The topic {name} has {there} partitions, not {partitions}.",
                    cure="Take another name, or remove the topic first.",
                ) from None
        self._await(name, there=True)

    def make_anew(self, name: str, partitions: int = 4, settings: Mapping[str, str] | None = None) -> None:
        """Make a topic without events; one of that name is removed, with all that is in it.

        Raises:
            SetupError: the broker does not answer, or refuses.
        """
        self.remove(name)
        self.make(name, partitions, settings)

    def remove(self, name: str) -> bool:
        """Remove a topic and all that is in it; whether it was there.

        Raises:
            SetupError: the broker does not answer, or refuses.
        """
        from confluent_kafka import KafkaError, KafkaException

        try:
            self._admin.delete_topics([name], operation_timeout=ANSWER_SECONDS)[name].result()
        except KafkaException as problem:
            if problem.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise self._refused(problem) from problem
            return False
        self._await(name, there=False)
        return True

    def partitions(self, name: str) -> list[Partition]:
        """What lies in a topic, by partition.

        Raises:
            SetupError: the broker does not answer.
            UsageError: there is no such topic.
        """
        from confluent_kafka import KafkaException, TopicPartition
        from confluent_kafka.admin import OffsetSpec

        described = self._described()
        if name not in described:
            raise UsageError.unknown("topic", name, self.names())
        places = [TopicPartition(name, number) for number in sorted(described[name])]

        def ends(of: OffsetSpec) -> Iterator[int]:
            asked = self._admin.list_offsets(dict.fromkeys(places, of), request_timeout=ANSWER_SECONDS)
            return (asked[place].result().offset for place in places)

        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                both = zip(places, ends(OffsetSpec.earliest()), ends(OffsetSpec.latest()), strict=True)
                return [Partition(name, place.partition, first, end) for place, first, end in both]
            except KafkaException as problem:
                # A topic that was made just now is known before its partitions are served.
                if problem.args[0].code() not in _SOON or time.monotonic() > until:
                    raise self._refused(problem) from problem
                time.sleep(POLL_SECONDS)

    def _await(self, name: str, *, there: bool) -> None:
        """Wait until whoever asks is told of what was done: a broker takes note of it a moment later."""
        until = time.monotonic() + ANSWER_SECONDS
        while (name in self._described()) is not there:
            if time.monotonic() > until:
                raise SetupError(
                    f"The broker at {self.broker.address} has not taken note of what was done to the topic {name}.",
                    cure=_CURE,
                )
            time.sleep(POLL_SECONDS)

    def _described(self) -> dict[str, list[int]]:
        """The partitions of each topic."""
        from confluent_kafka import KafkaException

        try:
            topics = self._admin.list_topics(timeout=ANSWER_SECONDS).topics
        except KafkaException as problem:
            raise self._refused(problem) from problem
        return {name: list(topic.partitions) for name, topic in topics.items()}

    def _refused(self, problem: BaseException) -> SetupError:
        return SetupError(
            f"The broker at {self.broker.address} does not do it: {said(problem)}.",
            cure=_CURE,
        )


def said(problem: BaseException) -> str:
    """What the client says of an error, without its code."""
    error = problem.args[0] if problem.args else problem
    return str(error.str() if hasattr(error, "str") else error).rstrip(".")
