"""Where a lakehouse lies: in a folder of this computer, or in an object store.

A folder is a `pathlib.Path`. What lies in an object store is an `ObjectPath`, which has those of pathlib's methods that reading
a table's log and publishing need, so that one code does both. Who may enter a store, and by which driver, `store.objects` says.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, NamedTuple

from toolkit.errors import UsageError

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo

    from toolkit.store.objects import ObjectStore

SCHEMES = ("abfs", "abfss", "s3a")
_COPIED_AT_ONCE = 8 << 20
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://(.*)", re.DOTALL)
_AZURE = re.compile(r"([a-z0-9](?:[a-z0-9-]{1,61}[a-z0-9]))@([a-z0-9]{3,24})\.dfs\.core\.windows\.net(?:/(.*))?")
_S3 = re.compile(r"([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])(?:/(.*))?")
_AZURE_FORM = "abfss://container@account.dfs.core.windows.net/folder"
_S3_FORM = "s3a://bucket/folder"


class Stat(NamedTuple):
    """What is known of a file without reading it, by the names that `os.stat` has for it."""

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True)
class ObjectPath:
    """A file or folder in an object store; folders there are no more than what names begin with.

    Attributes:
        scheme: how Spark's driver is called: `abfs`, `abfss` (over TLS) or `s3a`.
        authority: `container@account.dfs.core.windows.net`, or a bucket.
        key: what stands after it, without a slash at either end.
    """

    scheme: str
    authority: str
    key: str = ""

    def __str__(self) -> str:
        """The URI, as Spark and messages take it."""
        return f"{self.scheme}://{self.authority}/{self.key}".rstrip("/")

    def __truediv__(self, name: str) -> ObjectPath:
        """What lies below."""
        return ObjectPath(self.scheme, self.authority, f"{self.key}/{name}".strip("/"))

    def joinpath(self, *names: str) -> ObjectPath:
        """What lies further below."""
        return self / "/".join(names)

    @property
    def name(self) -> str:
        """The last part."""
        return self.key.rpartition("/")[2] or self.container

    @property
    def parent(self) -> ObjectPath:
        """The folder that it lies in."""
        return ObjectPath(self.scheme, self.authority, self.key.rpartition("/")[0])

    @property
    def container(self) -> str:
        """The container, or bucket."""
        return self.authority.partition("@")[0]

    @property
    def store(self) -> ObjectStore:
        """The store that it lies in.

        Raises:
            SetupError: there is no way into it: no credentials, or its server is not running.
        """
        from toolkit.store.objects import store_of

        return store_of(self)

    @property
    def inside(self) -> str:
        """How the store's own client names it: container and key."""
        return f"{self.container}/{self.key}".rstrip("/")

    def exists(self) -> bool:
        """Whether there is a file of that name, or one in a folder of that name."""
        return self._kind() != "NotFound"

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self._kind() == "Directory"

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._kind() == "File"

    def stat(self) -> Stat:
        """Size and time.

        Raises:
            FileNotFoundError: it is not there.
        """
        info = self._info()
        if info.type.name == "NotFound":
            raise FileNotFoundError(f"There is no {self}.")
        return Stat(info.size or 0, info.mtime_ns or 0)

    def iterdir(self) -> Iterator[ObjectPath]:
        """What lies in the folder."""
        return iter([self / name for name in self._names()])

    def open(self, mode: Literal["rb"] = "rb") -> IO[bytes]:
        """The file, to be read from anywhere in it.

        Raises:
            FileNotFoundError: it is not there.
        """
        del mode
        with self.store.answering(self):
            # Its own file has no lines.
            return io.BufferedReader(self.store.files.open_input_file(self.inside))

    def read_bytes(self) -> bytes:
        """All of the file.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.open() as stream:
            return stream.read()

    def read_text(self, encoding: str = "utf-8") -> str:
        """All of the file, as text."""
        return self.read_bytes().decode(encoding)

    def _kind(self) -> str:
        info = self._info()
        # Spark's driver marks a folder by an empty file of its name, which the client takes for a file.
        marks = info.type.name == "File" and not info.size and self._names()
        return "Directory" if marks else str(info.type.name)

    def _names(self) -> list[str]:
        """What lies in the folder, each once: a folder may be there as its mark, too."""
        from pyarrow.fs import FileSelector

        with self.store.answering(self):
            infos = self.store.files.get_file_info(FileSelector(self.inside, allow_not_found=True))
        return list(dict.fromkeys(str(info.base_name) for info in infos))

    def _info(self) -> FileInfo:
        with self.store.answering(self):
            return self.store.files.get_file_info(self.inside)


Location = Path | ObjectPath


def located(place: str) -> Location:
    """The folder or the part of a store that a text names.

    Raises:
        UsageError: it is a URI of another kind, or one that lacks something.
    """
    uri = _URI.fullmatch(place)
    if uri is None:
        return Path(place).expanduser().absolute()
    scheme, rest = uri[1].lower(), uri[2]
    if scheme == "file":
        return Path("/" + rest.lstrip("/"))
    if scheme not in SCHEMES:
        raise UsageError(
            f"No driver here reads {scheme}://, as {_without_secrets(place)} asks for.",
            choices=["a folder", "abfs://", "abfss://", "s3a://"],
            cure=f"It looks like: {_AZURE_FORM}",
        )
    form = _S3_FORM if scheme == "s3a" else _AZURE_FORM
    found = (_S3 if scheme == "s3a" else _AZURE).fullmatch(rest)
    if found is None:
        raise UsageError(f"{_without_secrets(place)} is no place in a store.", cure=f"It looks like: {form}")
    key = (found[len(found.groups())] or "").strip("/")
    if any(part in ("", ".", "..") for part in key.split("/")) and key:
        raise UsageError(
            f"{_without_secrets(place)} has an empty part, or a dot for one.", cure=f"It looks like: {form}"
        )
    return ObjectPath(scheme, rest.partition("/")[0], key)


def _without_secrets(place: str) -> str:
    """The URI without what may follow a question mark, where tokens stand, or stand before an @ with a colon."""
    return re.sub(r"://[^/@]*:[^/@]*@", "://…@", place.partition("?")[0])


def remove(place: Location) -> None:
    """Delete a file, or a folder and all in it; nothing is said where there is none."""
    if isinstance(place, Path):
        if place.is_file():
            place.unlink()
        shutil.rmtree(place, ignore_errors=True)
        return
    with place.store.answering(place):
        if place.is_dir():
            place.store.files.delete_dir(place.inside)
        elif place.is_file():
            place.store.files.delete_file(place.inside)


def copied(folder: Path, place: ObjectPath) -> ObjectPath:
    """A copy of a folder's files in a store; those that are there with the same size stay as they are."""
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        there = place.joinpath(*file.relative_to(folder).parts)
        with place.store.answering(there):
            if there.is_file() and there.stat().st_size == file.stat().st_size:
                continue
            # Its client would pack what is called .gz once more.
            with file.open("rb") as source, place.store.files.open_output_stream(there.inside, None) as target:
                shutil.copyfileobj(source, target, _COPIED_AT_ONCE)
    return place


def storage_options(place: Location) -> dict[str, str]:
    """What `deltalake` has to be told to enter the store; nothing for a folder."""
    return {} if isinstance(place, Path) else dict(place.store.delta_options)
