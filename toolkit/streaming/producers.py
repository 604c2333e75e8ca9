"""Events sent to a topic: keyed, in order for each key, and written once by the broker however often they are sent.

Owns the sending. What is sent, and when, is the caller's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.broker import Broker
from toolkit.errors import DataError, UsageError
from toolkit.streaming.topics import said

if TYPE_CHECKING:
    from confluent_kafka import Producer

PATIENCE_SECONDS = 60.0
"""A broker that is gone for longer is given up."""
_QUEUED = 100_000


@dataclass(frozen=True)
class Message:
    """One event as a topic has it.

    Attributes:
        key: events of one key stay in order; None: no order.
        value: its content; None is a tombstone.
        at: milliseconds since 1970 that the topic keeps of it, and by which it deletes what is older than its retention; None:
            when it is sent.
        headers: what is said beside it.
    """

    key: bytes | None
    value: bytes | None
    at: int | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Sent:
    """What became of events.

    Attributes:
        count: events that the broker has acknowledged.
        bytes: of their values.
    """

    count: int
    bytes: int


@dataclass(frozen=True)
class Feed:
    """Events that come in while streams are at work.

    Attributes:
        broker: that is at work.
        topic: that is there.
        messages: each with its time, in the order of these.
    """

    broker: Broker
    topic: str
    messages: Iterator[Message]


def paced(messages: Iterable[Message], speed: float) -> Iterator[Message]:
    """The same messages, each when its time has come, counted from that of the first.

    Args:
        messages: in the order of their times, which each has.
        speed: seconds of theirs that pass in one of ours; 3600 gives an hour in each second.

    Raises:
        UsageError: the speed is none, or a message has no time.
    """
    if not speed > 0:
        raise UsageError(f"{speed:g} is no speed.", cure="Give how many seconds pass in one.")
    began, first = time.monotonic(), None
    for message in messages:
        if message.at is None:
            raise UsageError(
                "A message without a time has no pace.", cure="Give each message its time: at=milliseconds."
            )
        first = message.at if first is None else first
        wait = (message.at - first) / 1000 / speed - (time.monotonic() - began)
        if wait > 0:
            time.sleep(wait)
        yield message


def send(broker: Broker, topic: str, messages: Iterable[Message], *, patience: float = PATIENCE_SECONDS) -> Sent:
    """Send events, and wait until the broker has them all.

    Args:
        broker: that is at work; a while in which it is not is waited for.
        topic: that is there.
        messages: are taken one by one as they come.
        patience: seconds until an event that the broker does not take is given up.

    Raises:
        DataError: it has not acknowledged some; how many it has is said. It may have more of them, if its answer was lost.
    """
    from confluent_kafka import KafkaError, KafkaException, Producer

    count = size = 0
    refused: list[str] = []
    milliseconds = str(int(patience * 1000))
    settings = {"enable.idempotence": "true", "linger.ms": "5", "delivery.timeout.ms": milliseconds, "log_level": "0"}
    producer = Producer({**broker.of_client(), **settings, "queue.buffering.max.messages": str(_QUEUED)})

    def acknowledged(problem: Any, message: Any) -> None:
        nonlocal count, size
        if problem is not None:
            # That another one of its batch was refused says nothing of why.
            is_other = problem.code() == KafkaError._INVALID_DIFFERENT_RECORD
            refused.insert(len(refused) if is_other else 0, said(KafkaException(problem)))
        else:
            count, size = count + 1, size + len(message.value() or b"")

    try:
        for message in messages:
            _queued(producer, topic, message, acknowledged)
            if refused:
                break
        producer.flush(patience)
    except KafkaException as problem:
        refused.append(said(problem))
    if refused or len(producer):
        why = refused[0] if refused else "it does not answer"
        raise DataError(
            f"The broker has not taken all events for {topic}: {why}. It has {count:,} of them.",
            cure="See how it is: toolkit services. Send the rest when it answers; some of them may be there already.",
        )
    return Sent(count, size)


def _queued(producer: Producer, topic: str, message: Message, acknowledged: Any) -> None:
    """Queue it, waiting while the queue is full."""
    more: dict[str, Any] = {} if message.at is None else {"timestamp": message.at}
    while True:
        try:
            producer.produce(
                topic,
                message.value,
                message.key,
                on_delivery=acknowledged,
                headers=list(message.headers) or None,
                **more,
            )
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)
