"""What ends a stream, in words: what happened, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from toolkit.errors import DataError, SetupError, StepFailed, ToolkitError, UsageError
from toolkit.session import explain

_Meaning = tuple[str, Callable[[str], ToolkitError]]
_ANEW = "Or begin anew: remove its checkpoint and empty its tables; what the source does not have any more is not read again."
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
            cure=f"Take the change back. {_ANEW}",
        ),
    ),
    (
        r"Incomplete log file|CANNOT_LOAD_STATE_STORE|CANNOT_READ_CHECKPOINT",
        lambda name: DataError(
            f"The checkpoint of the stream {name} is damaged.", cure=f"Put it back from a copy. {_ANEW}"
        ),
    ),
)


def known(problem: BaseException, stream: str) -> ToolkitError | None:
    """What an error of Spark or Java says of a stream; None when it is not one that we know."""
    text = str(problem)
    found = (translated(stream) for pattern, translated in _MEANINGS if re.search(pattern, text))
    return next(found, None) or explain(problem)


def meaning(problem: BaseException, stream: str) -> ToolkitError:
    """What an error that ended a stream says of it, known or not."""
    first = next((line for line in str(problem).splitlines() if line.strip()), type(problem).__name__)
    return known(problem, stream) or StepFailed(f"The stream {stream} failed: {first[:300]}")
