"""Avro schemas of events, in a folder: versions of each subject, and whether a new one may follow those that are there.

An event is written with the newest version and says which one that was: a zero byte, the version in four bytes, then Avro.
That is how a schema registry has it, with its own numbers. Owns the folder. Must not import Spark: a producer needs none.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from toolkit import paths
from toolkit.errors import DataError, UsageError

Compatibility = Literal["backward", "forward", "full", "none"]
MAGIC = b"\0"
HEADER_BYTES = 5
_SUFFIX = ".avsc"


@dataclass(frozen=True)
class SchemaFolder:
    """The schemas of a folder: `<folder>/<subject>/<version>.avsc`.

    Attributes:
        folder: where they lie; it is made by the first schema.
        compatibility: what a new version has to keep, with all that are there. *Backward*: who reads with the new one can read
            what was written with the old ones, so readers change first. *Forward*: who reads with an old one can read what is
            written with the new one, so writers change first. *Full*: both. *None*: nothing is looked at.
    """

    folder: Path
    compatibility: Compatibility = "backward"

    def __post_init__(self) -> None:
        if self.compatibility not in get_args(Compatibility):
            raise UsageError.unknown("compatibility", self.compatibility, get_args(Compatibility))

    def subjects(self) -> list[str]:
        """What there are schemas of."""
        return sorted(found.name for found in self.folder.iterdir() if found.is_dir()) if self.folder.is_dir() else []

    def versions(self, subject: str) -> list[int]:
        """The versions of a subject, from 1; none where there is no such subject."""
        folder = self._of(subject)
        if not folder.is_dir():
            return []
        return sorted(int(file.stem) for file in folder.glob(f"*{_SUFFIX}") if file.stem.isdigit())

    def schema(self, subject: str, version: int | None = None) -> dict[str, Any]:
        """A schema; the newest unless a version is given.

        Raises:
            UsageError: there is no such subject or version.
            DataError: its file cannot be read.
        """
        versions = self.versions(subject)
        if not versions:
            raise UsageError.unknown("subject", subject, self.subjects(), cure=f"Schemas lie in {self.folder}.")
        if version is not None and version not in versions:
            raise UsageError.unknown(f"version of {subject}", str(version), list(map(str, versions)))
        file = self._of(subject) / f"{version or versions[-1]}{_SUFFIX}"
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise DataError(f"The schema {file} cannot be read: {problem}.", cure="Put it back.") from problem
        return _parsed(found, str(file)).content

    def add(self, subject: str, schema: Mapping[str, Any]) -> int:
        """Keep a schema as the next version of a subject, and return its number; that of the newest one if it is the same.

        Raises:
            DataError: it is no schema of Avro, or does not keep what it has to with those that are there: each difference is
                said. Nothing was written.
        """
        wanted = _parsed(schema, f"the schema of {subject}")
        versions = self.versions(subject)
        if versions and self.schema(subject) == wanted.content:
            return versions[-1]
        for version in reversed(versions):
            told = self._differences(wanted, _parsed(self.schema(subject, version), f"version {version}"))
            if told:
                raise DataError(
                    f"The new schema of {subject} is not {self.compatibility}-compatible with version {version}: {told}.",
                    cure=_CURES[self.compatibility],
                )
        number = (versions[-1] if versions else 0) + 1
        folder = paths.ensure_folder(self._of(subject))
        paths.write_atomically(folder / f"{number}{_SUFFIX}", json.dumps(wanted.content, indent=1) + "\n")
        return number

    def encode(self, subject: str, event: Mapping[str, Any], version: int | None = None) -> bytes:
        """An event as it is sent: with the newest version, unless one is given.

        Raises:
            UsageError: there is no such subject or version.
            DataError: the event does not fit the schema; nothing of it is left out in silence.
        """
        import fastavro

        number = version or (self.versions(subject) or [1])[-1]
        schema = _parsed(self.schema(subject, number), subject)
        out = io.BytesIO()
        try:
            fastavro.validation.validate(event, schema.of_fastavro)
            fastavro.schemaless_writer(out, schema.of_fastavro, dict(event), strict_allow_default=True)
        except (fastavro.validation.ValidationError, ValueError, TypeError, KeyError) as problem:
            raise DataError(
                f"An event does not fit version {number} of {subject}: {' '.join(str(problem).split())}.",
                cure="Mend the event, or add a version that it fits.",
            ) from problem
        return MAGIC + number.to_bytes(HEADER_BYTES - 1, "big") + out.getvalue()

    def _of(self, subject: str) -> Path:
        if not subject or subject != Path(subject).name or subject.startswith("."):
            raise UsageError(f"{subject!r} is no name of a subject.", cure="Use letters, digits, dots, - and _.")
        return self.folder / subject

    def _differences(self, new: _Schema, old: _Schema) -> str:
        found = []
        if self.compatibility in ("backward", "full"):
            found += _cannot_read(reader=new, writer=old)
        if self.compatibility in ("forward", "full"):
            found += _cannot_read(reader=old, writer=new)
        return "; ".join(found)


_CURES: Mapping[str, str] = {
    "backward": "Give new fields a default, and keep the names and types of the others.",
    "forward": "Take only fields away that had a default, and keep the names and types of the others.",
    "full": "Add and take away only fields with a default, and keep the names and types of the others.",
}


@dataclass(frozen=True)
class _Schema:
    content: dict[str, Any]

    @cached_property
    def of_fastavro(self) -> Any:
        import fastavro

        return fastavro.parse_schema(self.content)


def _parsed(schema: Mapping[str, Any], what: str) -> _Schema:
    """A schema that Avro takes."""
    import avro.errors
    import avro.schema

    content = json.loads(json.dumps(schema))
    try:
        avro.schema.make_avsc_object(content)
    except avro.errors.AvroException as problem:
        raise DataError(f"{what[:1].upper()}{what[1:]} is none of Avro: {problem}.", cure="Mend it.") from problem
    return _Schema(content)


def _cannot_read(*, reader: _Schema, writer: _Schema) -> list[str]:
    """Why what was written with one cannot be read with the other."""
    import avro.schema
    from avro.compatibility import ReaderWriterCompatibilityChecker

    reads, writes = (avro.schema.make_avsc_object(one.content) for one in (reader, writer))
    found = ReaderWriterCompatibilityChecker().get_compatibility(reads, writes)
    kinds = [kind.value.replace("_", " ") for kind in found.incompatibilities]
    return [
        f"{kind}: {message} at {place}"
        for kind, message, place in zip(kinds, sorted(found.messages), sorted(found.locations), strict=False)
    ] or kinds
