"""What ends a stream, in words: what happened, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from toolkit.errors import DataError, SetupError, StepFailed, ToolkitError, UsageError

_Meaning = tuple[str, Callable[[str], ToolkitError]]
_ANEW = (
    "Begin anew: remove its checkpoint and empty its tables. What the source does not have any more is not read again."
)
_MEANINGS: tuple[_Meaning, ...] = (
    (
        r"KAFKA_DATA_LOSS|data may have been lost|Some data may have been lost",
        lambda name: DataError(
            f"The stream {name} is to go on at offsets that its topic does not have any more: events that it had not read are "
            "gone. It has stopped, and nothing was passed over.",
            cure=f"See how far it had come: toolkit streaming checkpoint {name}. {_ANEW}",
        ),
    ),
    (
        r"UnknownTopicOrPartition|UNKNOWN_TOPIC",
        lambda name: DataError(
            f"The topic of the stream {name} is not there.",
            cure="Make it and send to it; see: toolkit streaming topics",
        ),
    ),
    (
        r"(?s)kafka.*(?:TimeoutException|Timed out waiting|Failed to construct|DisconnectException)",
        lambda name: SetupError(
            f"The broker of the stream {name} does not answer.",
            cure="See how it is: toolkit services. Then run it again: it goes on where it stopped.",
        ),
    ),
    (
        r"There are \[\d+\] sources in the checkpoint|STREAMING_STATEFUL_OPERATOR_NOT_MATCH|STATE_STORE_\w*SCHEMA|"
        r"Provided schema doesn't match|CHECKPOINT_MISMATCH|DIFFERENT_DELTA_TABLE_READ",
        lambda name: UsageError(
            f"The stream {name} is not the one that its checkpoint is of: its sources, or what it keeps in its state, have "
            "changed.",
            cure=f"Take the change back, or begin anew: {_ANEW}",
        ),
    ),
    (
        r"(?s)(?:Incomplete log file|malformed|JsonParseException|No state to start|CANNOT_LOAD_STATE|"
        r"FAILED_TO_READ_\w+|OffsetSeq|CommitLog|FileNotFoundException.*checkpoint)",
        lambda name: DataError(
            f"The checkpoint of the stream {name} is damaged.", cure=f"Put it back from a copy. {_ANEW}"
        ),
    ),
)


def meaning(problem: BaseException, stream: str) -> ToolkitError:
    """What an error of Spark says of a stream."""
    text = str(problem)
    for pattern, translated in _MEANINGS:
        if re.search(pattern, text):
            return translated(stream)
    first = next((line for line in text.splitlines() if line.strip()), type(problem).__name__)
    return StepFailed(f"The stream {stream} failed: {first[:300]}")
