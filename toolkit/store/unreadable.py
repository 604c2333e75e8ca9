"""Why a table cannot be read without Spark, as a small family of errors; the one place that reads the engine's messages.

    Unreadable            DataError   a table that cannot be read as asked
    ├── Damaged                       its log or a data file is broken: Spark cannot read it either
    ├── FilesGone                     an earlier version whose data files were removed, as VACUUM does
    ├── NeedsSpark                    a sound table with something that this reader does not know
    └── NotAllowed                    the system does not let us read it
    VersionGone           UsageError  a version that the log no longer describes

A table is called damaged only on evidence: a commit that is missing or cut, a data file that is missing or is no Parquet
file. No cure says to delete a table: moved aside it makes the same room, and nothing is lost if we are wrong.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote

from toolkit.errors import DataError, ToolkitError, UsageError
from toolkit.store.delta_log import DeltaLog, ranges
from toolkit.store.location import Location
from toolkit.store.objects import refused as store_refused

LONGEST_REASON = 300
_FILE_FAULTS = ("Parquet error", "Object Store error", "Kernel error", "Checkpoint")
"""How the engine's messages speak of files; `_QUESTION` says when they mean what was asked all the same."""
_QUESTION = ("Compute error", "Error evaluating filter predicate")
_FAR_TIMES = ("Nanosecond", "Timestamp(ns)", "nanoseconds")
_PARQUET = b"PAR1"


class Unreadable(DataError):
    """A table cannot be read as asked."""


class Damaged(Unreadable):
    """The table's log or one of its files is broken."""


class FilesGone(Unreadable):
    """Data files of an earlier version were removed, as VACUUM does; other versions can be read."""


class NeedsSpark(Unreadable):
    """The table is sound, but has something that the reader without a JVM does not know."""


class NotAllowed(Unreadable):
    """The system does not let this user read the table's files."""


class VersionGone(UsageError):
    """The log of that version was cleaned up, as Delta does with old ones."""


_UNKNOWN_TO_US: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"Unsupported table features required: \[([^\]]+)\]", lambda m: f"it uses {_features(m[1])}"),
    (r"Feature '([^']+)' is not supported", lambda m: f"it uses {_features(m[1])}"),
    (r"Unsupported minimum reader version (\d+)", lambda m: f"its protocol asks for reader version {m[1]}"),
    (r"(?i)max catalog version", lambda _: "a catalog keeps its versions (the feature catalogManaged)"),
    (r"Invalid protocol action in the delta log: (.+)", lambda m: f"its protocol is not one that is known: {m[1]}"),
    (r"does not have the required '([^']+)' feature", lambda m: f"its protocol does not name the feature {m[1]}"),
)


def explained(name: str, path: Location, version: int | None, problem: BaseException) -> ToolkitError:
    """The state of a table that could not be opened or read.

    Args:
        name: how messages call the table.
        path: its folder.
        version: the earlier version that was asked for; None for the newest.
        problem: what the engine raised.
    """
    if isinstance(problem, ToolkitError):
        return problem
    said = str(problem)
    if not isinstance(path, Path) and (outside := store_refused(path, said)):
        return outside
    if "Permission denied" in said or isinstance(problem, PermissionError):
        return NotAllowed(f"{name} may not be read by this user.", cure=f"Give yourself the right to read {path}.")
    try:
        log = DeltaLog(path)
        return _state(name, log, version, said)
    except OSError as failed:
        return Unreadable(f"{name} cannot be read: {failed}.", cure=f"Look at the files in {path}.")


def _state(name: str, log: DeltaLog, version: int | None, said: str) -> ToolkitError:
    if log.newest is None:
        return DataError(f"There is no Delta table in {log.path}.", cure="`toolkit tables` lists all.")
    described = log.versions()
    if version is not None and version not in described and described:
        return version_gone(name, version, log)
    at = "" if version is None else f" at version {version}"
    if "empty schema" in said:
        return NeedsSpark(f"{name}{at} has no columns yet, so it has no rows.", cure="Write rows to it first.")
    if reason := _unknown_to_us(log, said):
        return needs_spark(f"{name}{at}", log.path, version, reason)
    if fault := log.damage(version):
        return damaged(f"{name}{at}", log, fault, but=version)
    if any(sign in said for sign in _FILE_FAULTS):
        return damaged(f"{name}{at}", log, cause(said), but=version)
    return needs_spark(f"{name}{at}", log.path, version, cause(said))


def damaged(
    what: str, log: DeltaLog, fault: str, *, readable: Iterable[int] | None = None, but: int | None = None
) -> Damaged:
    """The error for a table of which something is broken; names the versions that can still be read.

    Args:
        what: the table, with its version if an earlier one was asked for.
        log: its log.
        fault: what is broken.
        readable: the versions that can be read; found in the log when None.
        but: the version that was asked for; the newest when None.
    """
    asked = log.newest if but is None else but
    others = [v for v in (log.versions(sound=True) if readable is None else readable) if v != asked]
    if what.startswith("ops."):
        otherwise = "move it aside and begin a new history: what it held cannot be made again"
    else:
        otherwise = "move it aside and run its scenario again"
    restore = f"Its log or a file in {log.path} is damaged; restore that folder from a backup, or {otherwise}."
    return Damaged(f"{what} cannot be read: {fault}.", cure=f"{_can_be_read(others)}{restore}")


def file_fault(
    name: str, log: DeltaLog, version: int, files: Sequence[str], newest_files: Iterable[str]
) -> FilesGone | Damaged | None:
    """The error for data files that are missing, or are no Parquet files; None when all seem well.

    Args:
        name: how messages call the table.
        log: its log.
        version: the version that could not be read.
        files: paths of its files, as the log writes them.
        newest_files: those of the newest version.
    """
    bad = [path for path in files if not is_parquet(log.data_file(path))]
    newest = version if log.newest is None else log.newest
    if not bad:
        return None
    readable = log.versions_with_files(newest_files, newest, is_parquet)
    missing = [path for path in bad if not log.data_file(path).exists()]
    if missing and version < newest:
        return files_gone(name, version, len(missing), len(files), readable)
    state = "is missing" if missing else "is no whole Parquet file"
    fault = f"its data file {unquote((missing or bad)[0])} {state}"
    return damaged(name, log, fault, readable=readable, but=version)


def files_gone(name: str, version: int, missing: int, of: int, readable: list[int]) -> FilesGone:
    """The error for an earlier version whose data files were removed."""
    return FilesGone(
        f"{name} can no longer be read at version {version}: {missing} of its {of} data files were removed, "
        "as VACUUM does with those of earlier versions.",
        cure=_can_be_read(readable).strip() or "Restore the files from a backup.",
    )


def version_gone(name: str, version: int, log: DeltaLog) -> VersionGone | UsageError:
    """The error for a version that the log does not describe: never written, or cleaned up."""
    if log.newest is None or not 0 <= version <= log.newest:
        known = [ranges(log.versions())]
        return UsageError(f"{name} has no version {version}.", choices=known, cure="See its history.")
    return VersionGone(
        f"{name} can no longer be read at version {version}: the log of that version was cleaned up.",
        cure=_can_be_read(log.versions()).strip(),
    )


def needs_spark(what: str, path: Location, version: int | None, reason: str) -> NeedsSpark:
    """The error for a sound table with something that is not known here; its cure is one line that reads it with Spark."""
    option = "" if version is None else f'.option("versionAsOf", {version})'
    load = json.dumps(str(path), ensure_ascii=False)
    begin = "from toolkit import session; session.start()"
    if not isinstance(path, Path):
        lakehouse = "from toolkit.store.lakehouse import Lakehouse"
        begin = f"{lakehouse}; from toolkit import session; session.start(driver=Lakehouse.default().driver)"
    code = f'{begin}.read.format("delta"){option}.load({load}).show()'
    return NeedsSpark(
        f"{what} cannot be read without Spark: {reason}.",
        cure=f"Nothing is known to be damaged. Read it with Spark: python -c {shlex.quote(code)}",
    )


def odd_path(path: Location) -> str:
    """Why the engine would open another folder than `path`, silently if there is one; empty when it would not."""
    if not isinstance(path, Path):
        return ""
    real = os.path.realpath(path)
    if unquote(real) != real:
        return f"it would take the percent code in {real} for another folder's name"
    return f"it would take the backslash in {real} for a folder" if os.sep == "/" and "\\" in real else ""


def is_question(said: str) -> bool:
    """Whether a message of the engine speaks of what was asked, even where it names a file."""
    return any(sign in said for sign in _QUESTION) or not any(sign in said for sign in _FILE_FAULTS)


def refused(name: str, problem: BaseException) -> UsageError:
    """The error for a question that the engine cannot answer about a table that it can read."""
    said = str(problem)
    if any(sign in said for sign in _FAR_TIMES):
        return UsageError(
            f"That does not work on {name}: it computes with times before 1677-09-21 or after 2262-04-11 in nanoseconds.",
            cure="Compare with a time as text, such as '9999-12-31', or make it one in microseconds: "
            "CAST(… AS TIMESTAMP(6)).",
        )
    return UsageError(f"That does not work on {name}: {cause(said)}")


def cause(said: str) -> str:
    """The line of a message that has the cause: what stands last after `caused by`, without the layers named before it."""
    lines = [line.strip() for line in said.rpartition("caused by")[2].splitlines()]
    first = next((line for line in lines if line), "no reason was given")
    first = re.sub(r"^(External error: |Kernel error: |Execution error: |Arrow error: )+", "", first)
    return first.rstrip(".") if len(first) <= LONGEST_REASON else f"{first[:LONGEST_REASON]}…"


def is_parquet(file: Location) -> bool:
    """Whether a file is there, and begins and ends as Parquet files do."""
    try:
        with file.open("rb") as content:
            begin = content.read(len(_PARQUET))
            content.seek(max(content.seek(0, 2) - len(_PARQUET), 0))
            return begin == content.read() == _PARQUET
    except OSError:
        return False


def _unknown_to_us(log: DeltaLog, said: str) -> str:
    for pattern, reason in _UNKNOWN_TO_US:
        if match := re.search(pattern, said):
            return reason(match)
    if match := re.search(r"Unsupported Delta table type: '([^']+)'", said):
        column = log.column_of_type(match[1])
        kind = "a user-defined type (udt)" if match[1] == "udt" else f"type {match[1]}"
        return f"{f'its column {column}' if column else 'a column'} is of {kind}"
    return ""


def _features(named: str) -> str:
    """`[TypeWidening, V2Checkpoint]` as the protocol spells them: `typeWidening, v2Checkpoint`."""
    names = [name.strip() for name in named.split(",")]
    return f"the table feature{'' if len(names) == 1 else 's'} {', '.join(n[:1].lower() + n[1:] for n in names)}"


def _can_be_read(versions: list[int]) -> str:
    if not versions:
        return ""
    return f"{'Version' if len(versions) == 1 else 'Versions'} {ranges(versions)} can be read (--version). "
