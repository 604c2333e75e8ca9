"""Which files have come since a flow last looked: new ones, those in the place of others, and those that are gone.

A file is the one that was loaded where its size and time, or else its content, are the same. Owns the choice of the next batch.
Must not read rows, nor keep what it finds; that is `etl.ingest`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from toolkit.errors import UsageError
from toolkit.etl.files import found_in, refusal
from toolkit.store.location import Location, located

_READ_AT_ONCE = 1 << 20
_BETWEEN = "//"
# A URI has two slashes of its own, and the folder of all folders is one.
_WRITTEN = re.compile(r"((?:[a-z0-9]+://)?(?:/|.+?))//(.+)", re.DOTALL)


class Print(NamedTuple):
    """What tells a file from another one of its name.

    Attributes:
        bytes: its size.
        modified_at: when it was written last, to the microsecond.
        digest: of its content; empty where it was not read.
    """

    bytes: int
    modified_at: datetime
    digest: str = ""

    def is_untouched(self, before: Print) -> bool:
        """Whether size and time are as before, so that nothing has to be read."""
        return (self.bytes, self.modified_at) == (before.bytes, before.modified_at)


@dataclass(frozen=True)
class Found:
    """A file that is there.

    Attributes:
        name: its path below the flow's folder, or the whole path.
        place: where it lies.
        print: as it is now, without its digest.
        replaces: it lies in the place of one that was loaded.
    """

    name: str
    place: Location
    print: Print
    replaces: bool = False


@dataclass(frozen=True)
class Discovery:
    """What a look at the files gave.

    Attributes:
        new: not loaded yet, the oldest first.
        replaced: loaded, and other files now.
        seen: how many are as they were loaded.
        gone: names of those that were loaded and are not there any more.
        unfit: files that cannot be read for their name or kind, with the reason; such as one that is still being copied.
    """

    new: tuple[Found, ...]
    replaced: tuple[Found, ...]
    seen: int
    gone: tuple[str, ...]
    unfit: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where files keep coming.

    Attributes:
        folder: below which their names begin.
        pattern: such as `*.csv` or `orders/*.json`; `*`, `?`, `[ab]`, and in a folder `**`, as in `etl.files`.
        more: further patterns.
    """

    folder: Location
    pattern: str
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The folder and the patterns, with two slashes between: `/data/shop//orders/*.json`."""
        return _BETWEEN.join([str(self.folder), self.pattern, *self.more])

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that is written so.

        Raises:
            UsageError: none is.
        """
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise UsageError(f"{text!r} names no folder and pattern.", cure="It looks like /data/shop//orders/*.json.")
        pattern, *more = written[2].split(_BETWEEN)
        return cls(located(written[1]), pattern, tuple(more))

    def file(self, name: str) -> Location:
        """The file of that name."""
        return self.folder.joinpath(*name.split("/"))

    def files(self) -> Iterator[tuple[str, Location]]:
        """The files that are there, by name."""
        skipped = len(str(self.folder).rstrip("/")) + 1
        files = (file for pattern in (self.pattern, *self.more) for file in found_in(self.folder, pattern))
        for file in dict.fromkeys(files):
            yield str(file)[skipped:], file


def discover(place: Place, loaded: Mapping[str, Print]) -> Discovery:
    """Look which files are there: at their sizes and times, and at the content of those that were loaded and touched since.

    Args:
        place: where they come.
        loaded: the files that were loaded, as they were then.
    """
    new: list[Found] = []
    replaced: list[Found] = []
    seen, unfit, there = 0, {}, set()
    for name, file in place.files():
        there.add(name)
        before = loaded.get(name)
        try:
            now = _stat(file)
            if before and now.is_untouched(before):
                seen += 1
            elif problem := refusal(file):
                unfit[name] = problem.what
            elif before is None:
                new.append(Found(name, file, now))
            elif digest(file) == before.digest:
                seen += 1
            else:
                replaced.append(Found(name, file, now, replaces=True))
        except FileNotFoundError:
            # It was moved away while we looked.
            there.discard(name)
    order = sorted(new, key=lambda one: (one.print.modified_at, one.name))
    gone = tuple(sorted(name for name in loaded if name not in there and not place.file(name).exists()))
    return Discovery(tuple(order), tuple(sorted(replaced, key=lambda one: one.name)), seen, gone, unfit)


def batch_of(files: Sequence[Found], most_files: int, most_bytes: int | None) -> tuple[Found, ...]:
    """The first files that are within both limits; one at least, however large it is."""
    taken: list[Found] = []
    total = 0
    for file in files[:most_files]:
        total += file.print.bytes
        if taken and most_bytes is not None and total > most_bytes:
            break
        taken.append(file)
    return tuple(taken)


def looked_at(file: Location, before: Print | None = None) -> Print:
    """A file as it is now; its content is read unless it is untouched since `before`.

    Raises:
        FileNotFoundError: it is not there any more.
    """
    now = _stat(file)
    return before if before and now.is_untouched(before) else now._replace(digest=digest(file))


def digest(file: Location) -> str:
    """BLAKE2b of a file's content, 16 bytes in hexadecimal."""
    found = hashlib.blake2b(digest_size=16)
    with file.open("rb") as stream:
        while piece := stream.read(_READ_AT_ONCE):
            found.update(piece)
    return found.hexdigest()


def _stat(file: Location) -> Print:
    stat = file.stat()
    seconds, rest = divmod(stat.st_mtime_ns, 1_000_000_000)
    return Print(stat.st_size, datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000))
