"""Dead letters, sent to their topic again: repaired, or as they are once the stream can read them.

Owns which letters were released. They go through the topic, since only so does the stream take each once. Must not start a
stream.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from toolkit.broker import Broker
from toolkit.errors import UsageError
from toolkit.store.lakehouse import Lakehouse
from toolkit.streaming.producers import Message, send
from toolkit.streaming.records import DeadLetter, ReleasedLetter
from toolkit.streaming.views.aside import present
from toolkit.streaming.views.naming import records

HEADER = "released-from"
"""Of a message that was released: where it lay, as partition/offset."""
_ORDER = '"batch", topic, "partition", "offset"'


@dataclass(frozen=True)
class Letter:
    """A dead letter, and what is sent in its place.

    Attributes:
        dead: as it was put aside.
        value: what is sent.
    """

    dead: DeadLetter
    value: bytes | None

    @property
    def is_repaired(self) -> bool:
        """Whether it is sent as another one than it was."""
        return self.value != self.dead.value


def place_of(one: DeadLetter | ReleasedLetter) -> tuple[str, str, int, int]:
    """What tells a letter from the others: each stream that could not read a message has a letter of it."""
    return one.checkpoint_id, one.topic, one.partition, one.offset


def released(lakehouse: Lakehouse, stream: str = "") -> dict[tuple[str, str, int, int], datetime]:
    """When each letter was released that was."""
    every = records(lakehouse, ReleasedLetter, "released_at", stream, most=None)
    return {place_of(one): one.released_at for one in every}


def waiting(lakehouse: Lakehouse, stream: str, reason: str = "", find: str = "", put: str = "") -> list[Letter]:
    r"""The letters of a stream that were not released, in the order in which they came.

    Args:
        lakehouse: that has them.
        stream: whose.
        reason: words that stand in the reason of each.
        find: a regular expression; what fits it in the content is replaced, and letters without it are left out.
        put: by what; `\1` is what the first group fits.

    Raises:
        UsageError: the expression is none, or there is no such group.
    """
    gone = released(lakehouse, stream)
    dead = [one for one in present(lakehouse, DeadLetter, _ORDER, stream, most=None) if place_of(one) not in gone]
    wanted = [one for one in dead if reason.casefold() in one.reason.casefold()]
    try:
        # Byte by byte: not each of them is a text.
        pattern = re.compile(find.encode()) if find else None
        letters = [Letter(one, _replaced(one.value, pattern, put.encode())) for one in wanted]
    except re.error as problem:
        raise UsageError(
            f"{find!r} and {put!r} do not fit together: {problem}.", cure="Mend the expression."
        ) from problem
    return [one for one in letters if pattern is None or pattern.search(one.dead.value or b"")]


def _replaced(value: bytes | None, pattern: re.Pattern[bytes] | None, put: bytes) -> bytes | None:
    return value if value is None or pattern is None else pattern.sub(put, value)


def send_again(broker: Broker, letters: Sequence[Letter]) -> None:
    """Send letters to the topics that they came from, each with its key and its time.

    Raises:
        DataError: the broker has not taken all of them.
    """
    for topic in dict.fromkeys(one.dead.topic for one in letters):
        send(broker, topic, (_message(one) for one in letters if one.dead.topic == topic))


def _message(letter: Letter) -> Message:
    dead = letter.dead
    at = int(dead.sent_at.timestamp() * 1000) if dead.sent_at else None
    return Message(dead.key, letter.value, at, ((HEADER, f"{dead.partition}/{dead.offset}".encode()),))
