"""What is asked of a stream: to go on, to pause, to stop, to begin elsewhere; and what became of that.

Owns three small files beside the lock of the stream: the wish, which anyone may write; what the process that has the stream at
work says of it; and where it begins, if it was rewound. Must not start a stream.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from toolkit import paths
from toolkit.errors import DataError
from toolkit.store.location import Location
from toolkit.store.locks import folder_of, is_held
from toolkit.streaming.checkpoints import Checkpoint, by_partition, lock_of

Wish = Literal["run", "pause", "stop"]
State = Literal["run", "pause", "stop", "wait"]
"""As it was asked to, or at work and waiting for its broker."""
WISHES: tuple[Wish, ...] = get_args(Wish)
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class Begin:
    """Where a stream of a topic begins that has no checkpoint yet: at the earliest event, unless something else is said.

    Attributes:
        offsets: by topic and partition, the first event; a partition that is not named begins at its earliest.
        since: milliseconds since 1970: at the first event that is not older, in each partition; at its end where none is.
        latest: at the end: only events that come from now on.
    """

    offsets: Mapping[str, Mapping[str, int]] | None = None
    since: int | None = None
    latest: bool = False


def ask(root: Location, stream: Checkpoint, wish: Wish) -> None:
    """Leave a wish for whoever has the stream at work.

    Args:
        root: of the lakehouse.
        stream: by its checkpoint, which need not be there yet.
        wish: what it is to do.
    """
    paths.write_atomically(_file(root, stream, "wish"), wish)


def asked(root: Location, stream: Checkpoint) -> Wish:
    """What is asked of a stream; to run where nothing is, or nothing that can be read."""
    text = _read(_file(root, stream, "wish"))
    return text if text in WISHES else "run"


def say(root: Location, stream: Checkpoint, state: State) -> None:
    """Say what the stream does now; for the process that has it at work."""
    paths.write_atomically(_file(root, stream, "state"), state)


def state(root: Location, stream: Checkpoint) -> State | None:
    """What it does: `run`, `pause`, `wait`, or `stop` where no process has it at work; None where that could not be asked."""
    held = is_held(root, lock_of(stream))
    if held is None:
        return None
    # A process that was killed says the last thing for ever; its lock was given back.
    text = _read(_file(root, stream, "state"))
    return (text if text in STATES else "run") if held else "stop"


def is_kept(root: Location, stream: Checkpoint) -> bool:
    """Whether a process that has it at work looks at wishes, or the last one that had it did."""
    return _read(_file(root, stream, "state")) is not None


def forget(root: Location, stream: Checkpoint) -> None:
    """Forget wishes of the past; for the process that is about to have it at work."""
    for name in ("wish", "state"):
        _file(root, stream, name).unlink(missing_ok=True)


def begin(root: Location, stream: Checkpoint) -> Begin:
    """Where a stream begins that has no checkpoint yet.

    Raises:
        DataError: it was rewound, and to where cannot be read.
    """
    file = _file(root, stream, "begin")
    try:
        return Begin(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Begin()
    except (ValueError, TypeError) as problem:
        raise DataError(
            f"To where {stream.stream} was rewound cannot be read in {file}.", cure="Rewind it again."
        ) from problem


def begin_at(root: Location, stream: Checkpoint, place: Begin | None) -> None:
    """Have a stream begin there, once it has no checkpoint; None: at the earliest event."""
    file = _file(root, stream, "begin")
    if place is None:
        file.unlink(missing_ok=True)
    else:
        paths.write_atomically(file, json.dumps(asdict(place)))


def begin_of_batch(place: Checkpoint, number: int) -> Begin:
    """Where a batch began: where the one before it ended.

    Raises:
        DataError: one of the two is not kept, or it reads something else than topics.
    """
    _ = place.batch(number)
    if number == 0:
        return Begin()
    offsets: dict[str, dict[str, int]] = {}
    for source in place.batch(number - 1).offsets:
        by_place = by_partition(source)
        if by_place is None:
            raise DataError(f"{place.stream} does not read topics alone.", cure="Rewind it to earliest.")
        for (topic, partition), at in by_place.items():
            offsets.setdefault(topic, {})[str(partition)] = at
    return Begin(offsets=offsets)


def _file(root: Location, stream: Checkpoint, name: str) -> Path:
    return paths.ensure_folder(folder_of(root)) / f"{lock_of(stream)}.{name}"


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
