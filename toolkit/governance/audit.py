"""The audit trail: what was done and refused, each entry with the hash of the one before, the newest hash kept outside.

Owns the chain. A changed entry no longer has its own hash, a missing or moved one breaks the chain, and a tail that was cut off
no longer ends where the head says. Where an entry cannot be written, what it is of is not done. Whoever can write to both the
table and the head can write a new history: keep a copy of the head elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from toolkit import paths
from toolkit.errors import BusyError, DataError, SetupError
from toolkit.governance.heads import head_file
from toolkit.governance.policies import rows_of
from toolkit.governance.records import AuditEntry
from toolkit.store.few_rows import arrow_of, write_few
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.records import encode, table_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENCE_SECONDS = 60.0
"""Others write their entries meanwhile."""
State = Literal["intact", "broken", "unknown"]


@dataclass(frozen=True)
class Act:
    """What is to be written down.

    Attributes:
        principal: who.
        action: what.
        securable: on what.
        is_allowed: whether it was.
        reason: by which grants, or why not.
        columns: sensitive ones that were shown as they are.
        purpose: what for.
        detail: what else.
        run_id: the run.
    """

    principal: str
    action: str
    securable: str
    is_allowed: bool = True
    reason: str = ""
    columns: tuple[str, ...] = ()
    purpose: str = ""
    detail: str = ""
    run_id: str = ""


@dataclass(frozen=True)
class Head:
    """Where the trail ends.

    Attributes:
        sequence: number of the last entry.
        digest: its hash.
        coming: number and hash of the last of those that were being written; they may be there or not.
    """

    sequence: int = 0
    digest: str = ""
    coming: tuple[int, str] | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether the trail is what was written.

    Attributes:
        state: unknown where there is no head to hold it against.
        entries: how many there are.
        problems: what is wrong, a sentence each.
    """

    state: State
    entries: int
    problems: tuple[str, ...]


def _no_session() -> SparkSession:
    """Stands where nothing gives Spark.

    Raises:
        SetupError: always.
    """
    raise SetupError(
        "The audit trail of a lakehouse in a store is written by Spark, and none is at work here, so nothing may be read.",
        cure="Read it in a pipeline: governed(spark, principal). Or be who manages it on a folder.",
    )


class Trail:
    """The audit trail of a lakehouse."""

    def __init__(self, lakehouse: Lakehouse, session: Callable[[], SparkSession] | None = None) -> None:
        self.lakehouse = lakehouse
        self._session = session or _no_session
        self.head_file = head_file(lakehouse.root)

    def append(self, acts: Sequence[Act]) -> list[AuditEntry]:
        """Write down what was done, in one commit.

        Raises:
            BusyError: others write for a minute.
            DataError: it cannot be written, or the head is damaged: then nothing may be done either.
        """
        if not acts:
            return []
        with self._alone():
            head = self._settled()
            entries = chained(acts, head, datetime.now(UTC))
            last = entries[-1]
            # First what is coming, so that a stop in between does not look like a forged or a cut tail.
            self._keep(Head(head.sequence, head.digest, (last.sequence, last.digest)))
            table = table_of(AuditEntry)
            write_few(arrow_of(entries), self.lakehouse.path(table.name), table, self._session)
            self._keep(Head(last.sequence, last.digest))
        return entries

    def entries(self) -> list[AuditEntry]:
        """All that was written, by number."""
        return rows_of(self.lakehouse, AuditEntry, "sequence")

    def verify(self) -> Verdict:
        """Hold every entry against its hash, the chain and the head."""
        with self._alone():
            entries, head = self.entries(), self.head()
        return verdict_of(entries, head)

    def head(self) -> Head | None:
        """Where the trail ends, as kept outside of it; None where that is not there.

        Raises:
            DataError: it is damaged.
        """
        return _read(self.head_file) if self.head_file.exists() else None

    def _settled(self) -> Head:
        """The head, once it is known whether what was coming has come."""
        head = self.head()
        if head is not None and head.coming is None:
            return head
        entries = self.entries()
        last = Head(entries[-1].sequence, entries[-1].digest) if entries else Head()
        if head is None or head.coming == (last.sequence, last.digest):
            return last
        return Head(head.sequence, head.digest)

    def _keep(self, head: Head) -> None:
        paths.ensure_folder(self.head_file.parent)
        told = {"sequence": head.sequence, "digest": head.digest, "coming": head.coming}
        paths.write_atomically(self.head_file, json.dumps(told))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        paths.ensure_folder(self.head_file.parent)
        lock = FileLock(self.head_file.with_suffix(".lock"))
        try:
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout:
            raise BusyError("Others write to the audit trail.", cure="Do it again in a minute.") from None
        try:
            yield
        finally:
            lock.release()


def _read(file: Path) -> Head:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        coming = told["coming"]
        return Head(int(told["sequence"]), str(told["digest"]), (int(coming[0]), str(coming[1])) if coming else None)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as problem:
        raise DataError(
            f"The head of the audit trail, {file}, is damaged, so nothing can be written down, and nothing done.",
            cure="Find out who changed it. Then put its copy back; or move it away, and the trail goes on from its last entry.",
        ) from problem


def chained(acts: Sequence[Act], head: Head, at: datetime) -> list[AuditEntry]:
    """Acts as entries that follow the head."""
    entries: list[AuditEntry] = []
    for number, act in enumerate(acts, start=head.sequence + 1):
        previous = entries[-1].digest if entries else head.digest
        values = {**vars(act), "sequence": number, "at": at, "previous": previous, "digest": ""}
        entry = AuditEntry(**values)
        entries.append(AuditEntry(**{**values, "digest": digest_of(entry)}))
    return entries


def digest_of(entry: AuditEntry) -> str:
    """SHA-256 of an entry's content, which has the hash of the one before in it."""
    content: dict[str, Any] = {name: value for name, value in encode(entry).items() if name != "digest"}
    content["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ).hexdigest()


def verdict_of(entries: Sequence[AuditEntry], head: Head | None) -> Verdict:
    """Hold entries against their hashes, the chain between them, and the head; None where there is none."""
    problems = [*_broken(entries), *_misplaced_end(entries, head)]
    if not problems and head is None and entries:
        said = "The head of the trail is not there: whether the last entries were cut off is not known."
        return Verdict("unknown", len(entries), (said,))
    return Verdict("broken" if problems else "intact", len(entries), tuple(problems))


def _broken(entries: Sequence[AuditEntry]) -> list[str]:
    """What is wrong with the entries and the chain between them."""
    problems = [
        f"Entry {one.sequence} was changed: it no longer has its hash."
        for one in entries
        if digest_of(one) != one.digest
    ]
    number, digest = 0, ""
    for one in entries:
        if one.sequence == number:
            problems.append(f"There are two entries {number}.")
        elif one.sequence != number + 1:
            gone = str(number + 1) if one.sequence == number + 2 else f"{number + 1} to {one.sequence - 1}"
            problems.append(f"Entry {gone} is missing." if gone.isdigit() else f"Entries {gone} are missing.")
        elif one.previous != digest:
            problems.append(
                f"Entry {one.sequence} does not follow entry {number}: one of them was put in place of another."
            )
        number, digest = one.sequence, one.digest
    return problems


def _misplaced_end(entries: Sequence[AuditEntry], head: Head | None) -> list[str]:
    """What is wrong with where the entries end."""
    if head is None:
        return []
    last = (entries[-1].sequence, entries[-1].digest) if entries else (0, "")
    if last in ((head.sequence, head.digest), head.coming):
        return []
    if last[0] < head.sequence:
        return [f"The last entry is {last[0]}, and {head.sequence} were written: the tail was cut off."]
    if last[0] > head.sequence:
        return [
            f"The last entry is {last[0]}, and only {head.sequence} were written: the rest was put there by others."
        ]
    return [f"The last entry, {last[0]}, is not the one that was written."]
