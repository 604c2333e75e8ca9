"""The Delta log of one table, as its own files state it: versions, who wrote them, and whether the log is whole.

Owns the names and the lines of the files in `_delta_log`. The engine numbers commits by counting those that say who wrote
them, which Delta's protocol does not require of any; the name of a commit's file is its version. Must not write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from toolkit.store.location import SCHEMES, Location, located

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\..+")


@dataclass(frozen=True)
class Version:
    """One commit in a table's history; what the commit does not say is None or empty."""

    version: int
    at: datetime | None
    """When it was committed: what the commit itself says (its in-commit timestamp before its plain one).

    None when it says nothing. The time of the file is not taken, as Spark would: copying a lakehouse, restoring a backup
    or cloning a repository sets it to now.
    """
    operation: str | None
    run_id: str
    """The run that wrote it; empty if no run did."""
    step: str
    rows: int | None
    """Rows this commit wrote; None if it does not say."""
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    """What the commit counted, in the words of the engine that wrote it."""
    user_metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def copied(self) -> int:
        """Rows that a write put into new files with those that came: of files of which only a part was replaced."""
        return (_count(self.metrics.get("numCopiedRows")) or 0) if self.operation == "WRITE" else 0


class DeltaLog:
    """The log of the table in `path`.

    Args:
        path: the table's folder.
    """

    def __init__(self, path: Location) -> None:
        self.path = path
        self.folder = path / "_delta_log"
        names = [file.name for file in self.folder.iterdir()] if self.folder.is_dir() else []
        self.commits = {int(match[1]) for name in names if (match := _COMMIT.fullmatch(name))}
        self.checkpoints = {int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))}

    @property
    def newest(self) -> int | None:
        """The newest version that a file is named after; None when there is none."""
        return max(self.commits | self.checkpoints, default=None)

    def versions(self, *, sound: bool = False) -> list[int]:
        """The versions that the log still describes, oldest first.

        A checkpoint describes its version by itself, and each commit the version after one that is described.

        Args:
            sound: leave out commits that are cut or empty, and the versions that need them; every commit is read for it.
        """
        commits = {commit for commit in self.commits if not self._fault(commit)} if sound else self.commits
        described: set[int] = set()
        for begin in self.checkpoints | {0} & commits:
            version = begin
            while version not in described and (version == begin or version in commits):
                described.add(version)
                version += 1
        return sorted(described)

    def history(self, newest: int, limit: int | None = None) -> list[Version]:
        """The versions up to `newest`, newest first; one whose commit is gone or says nothing still has its number."""
        numbers = sorted({v for v in self.commits | self.checkpoints if v <= newest} | {newest}, reverse=True)
        return [_version(number, self._commit_info(number)) for number in numbers[:limit]]

    def file(self, version: int) -> Location:
        """The file of a commit, whether or not it is there."""
        return self.folder / f"{version:020}.json"

    def actions(self, version: int, kind: str = "") -> Iterator[dict[str, Any]]:
        """The actions of a commit, or those of one kind.

        Raises:
            OSError: the commit is not there.
            ValueError: a line of it is not JSON.
        """
        with self.file(version).open("rb") as lines:
            for line in lines:
                # A commit may add millions of files; the lines that are not asked for need not be parsed.
                if line.strip() and (not kind or kind.encode() in line):
                    action = json.loads(line)
                    if isinstance(action, dict) and (not kind or kind in action):
                        yield action

    def _commit_info(self, version: int) -> dict[str, Any]:
        try:
            info = next(self.actions(version, "commitInfo"), {}).get("commitInfo")
        except (OSError, ValueError):
            return {}
        return info if isinstance(info, dict) else {}

    def damage(self, version: int | None = None) -> str:
        """What is wrong with the files that describe `version`, or the newest one; empty when nothing is."""
        last = self.newest if version is None else version
        if last is None:
            return "its log has no commit"
        begin = max((c for c in self.checkpoints if c <= last), default=-1)
        for commit in range(begin + 1, last + 1):
            if commit not in self.commits:
                return f"commit {commit} is missing from its log"
            if fault := self._fault(commit):
                return f"commit {commit} of its log {fault}"
        return ""

    def _fault(self, commit: int) -> str:
        text = self.file(commit).read_bytes()
        if not text.strip():
            return "is empty"
        for number, line in enumerate(text.splitlines(), 1):
            try:
                json.loads(line or b"{}")
            except ValueError:
                return f"is cut or overwritten: line {number} is not JSON"
        return ""

    def versions_with_files(self, files: Iterable[str], newest: int, sound: Callable[[Location], bool]) -> list[int]:
        """The versions all of whose data files are `sound`, oldest first.

        Args:
            files: paths of the files of version `newest`, as the log writes them.
            newest: where to begin; older versions are found by taking commits back.
            sound: whether a data file is there, and what it should be.
        """
        bad = {path for path in files if not sound(self.data_file(path))}
        versions, described = [], set(self.versions())
        for version in range(newest, -1, -1):
            if not bad and version in described:
                versions.append(version)
            try:
                actions = list(self.actions(version))
            except (OSError, ValueError):
                break
            bad -= {a["add"]["path"] for a in actions if "add" in a}
            removed = {a["remove"]["path"] for a in actions if "remove" in a}
            bad |= {path for path in removed if not sound(self.data_file(path))}
        return versions[::-1]

    def data_file(self, path: str) -> Location:
        """The file that the log means by `path`: written as a URI, relative to the table or absolute."""
        if path.partition("://")[0] in SCHEMES:
            return located(unquote(path))
        return self.path / unquote(path).removeprefix("file://").removeprefix("file:")

    def column_of_type(self, kind: str) -> str:
        """The top column in whose type `kind` occurs, by the newest commit that tells the schema; empty if none does."""
        for version in sorted(self.commits, reverse=True):
            try:
                fields = [
                    json.loads(a["metaData"]["schemaString"])["fields"] for a in self.actions(version, "metaData")
                ]
            except (OSError, ValueError, LookupError, TypeError):
                return ""
            for column in fields[-1] if fields else ():
                if f'"{kind}"' in json.dumps(column.get("type")):
                    return str(column.get("name", ""))
            if fields:
                return ""
        return ""


def ranges(versions: Iterable[int]) -> str:
    """Version numbers as a person says them: `0 to 3, 5, 7 to 9`."""
    runs: list[list[int]] = []
    for version in sorted(set(versions)):
        if runs and runs[-1][-1] == version - 1:
            runs[-1][1:] = [version]
        else:
            runs.append([version])
    return ", ".join(" to ".join(map(str, run)) for run in runs)


def moment(millis: Any) -> datetime | None:
    """A time in milliseconds since 1970; None for what is none, or lies outside of the years 1 to 9999."""
    if not isinstance(millis, int) or isinstance(millis, bool):
        return None
    try:
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _version(number: int, info: dict[str, Any]) -> Version:
    metrics = _dict(info.get("operationMetrics"))
    said = _dict(info.get("userMetadata"))
    at = moment(info.get("inCommitTimestamp"))
    return Version(
        number,
        moment(info.get("timestamp")) if at is None else at,
        str(info["operation"]) if info.get("operation") else None,
        str(said.get("run_id", "")),
        str(said.get("step", "")),
        _count(metrics.get("numOutputRows", metrics.get("num_added_rows"))),
        _dict(info.get("operationParameters")),
        metrics,
        said,
    )


def _dict(value: Any) -> dict[str, Any]:
    """A JSON object, or the text of one; empty for anything else, since what stands here is free-form."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None
