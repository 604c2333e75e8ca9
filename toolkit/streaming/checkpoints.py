"""What is in the checkpoint of a stream, in words: who it is, how far it has planned and how far it has come.

Read without Spark, whether or not the stream is at work. Spark plans a batch by a file in `offsets/`, and says that it is done
by one of the same number in `commits/`; a batch that was planned and is not done is done again, with the same events. Source:
Spark's structured streaming (`OffsetSeqLog`, `CommitLog`, `StreamMetadata`). Must not change anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from toolkit.errors import DataError
from toolkit.store.location import Location

FOLDER = "checkpoints"
"""Beside the layers of a lakehouse."""
_NO_SOURCE = "-"
"""What Spark writes of a source that has not been asked yet."""


@dataclass(frozen=True)
class Batch:
    """One batch as it was planned.

    Attributes:
        number: from 0.
        planned_at: when.
        watermark: event time before which rows are late; None before there is one.
        offsets: of each source, where its part of the batch ends, as Spark writes it.
        settings: that the stream keeps through restarts.
        done: whether its end was noted.
    """

    number: int
    planned_at: datetime
    watermark: datetime | None
    offsets: tuple[Any, ...]
    settings: Mapping[str, str]
    done: bool


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of one stream.

    Attributes:
        place: its folder.
    """

    place: Location

    @property
    def stream(self) -> str:
        """The stream by where its checkpoint lies: `scenario.stream`."""
        return f"{self.place.parent.name}.{self.place.name}"

    @property
    def exists(self) -> bool:
        """Whether a stream has begun with it."""
        return (self.place / "metadata").is_file()

    @property
    def identity(self) -> str:
        """The id of the stream that began with it, which every restart keeps and a new checkpoint does not have.

        Raises:
            DataError: there is none, or it cannot be read.
        """
        file = self.place / "metadata"
        try:
            return str(json.loads(file.read_text(encoding="utf-8"))["id"])
        except FileNotFoundError:
            raise DataError(
                f"There is no checkpoint in {self.place}.", cure="Start the stream: it makes one."
            ) from None
        except (ValueError, KeyError, TypeError) as problem:
            raise self._damaged(file) from problem

    def newest(self, kind: str) -> int | None:
        """The greatest number in `offsets` or `commits`; None where there is none."""
        folder = self.place / kind
        numbers = [int(file.name) for file in folder.iterdir() if file.name.isdigit()] if folder.is_dir() else []
        return max(numbers, default=None)

    @property
    def last(self) -> Batch | None:
        """The batch that was planned last; None where none was."""
        number = self.newest("offsets")
        return None if number is None else self.batch(number)

    def batch(self, number: int) -> Batch:
        """A batch, while its plan is kept.

        Raises:
            DataError: it is not kept, or cannot be read.
        """
        file = self.place / "offsets" / str(number)
        try:
            version, about, *sources = file.read_text(encoding="utf-8").splitlines()
            told = json.loads(about)
            if version != "v1":
                raise ValueError(version)
            offsets = tuple(None if source == _NO_SOURCE else json.loads(source) for source in sources)
            watermark = told["batchWatermarkMs"]
            return Batch(
                number,
                _moment(told["batchTimestampMs"]),
                _moment(watermark) if watermark else None,
                offsets,
                told.get("conf", {}),
                (self.place / "commits" / str(number)).is_file(),
            )
        except FileNotFoundError:
            raise DataError(f"Batch {number} is not in {self.place}.", cure="Name a batch that is kept.") from None
        except (ValueError, KeyError, TypeError) as problem:
            raise self._damaged(file) from problem

    def _damaged(self, file: Location) -> DataError:
        return DataError(
            f"The checkpoint {self.place} is damaged: {file.name} cannot be read.",
            cure="Put it back from a copy, or begin a new checkpoint at offsets of your choice.",
        )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def by_partition(offset: Any) -> dict[tuple[str, int], int] | None:
    """Offsets of a source by topic and partition; None where they have not the form in which Kafka's are written."""
    try:
        return {(topic, int(part)): int(at) for topic, parts in offset.items() for part, at in parts.items()}
    except (AttributeError, TypeError, ValueError):
        return None


def folder_of(root: Location) -> Location:
    """Where the checkpoints of the lakehouse at `root` lie."""
    return root / FOLDER


def checkpoint_of(root: Location, scenario: str, stream: str) -> Checkpoint:
    """The checkpoint of a stream of a scenario, in the lakehouse at `root`."""
    return Checkpoint(folder_of(root) / scenario / stream)


def lock_of(checkpoint: Checkpoint) -> str:
    """What is held while a stream is at work, as `store.locks` takes it."""
    return f"stream {checkpoint.stream}"
