"""A small lakehouse that is governed: customers in two countries, who may see what of them, and nothing to do with Java.

Root owns everything. Anna and Bob are analysts; Anna's country is DE, Bob has none. E-mail addresses are confidential, salaries
nobody has looked at, the rest is confirmed as internal.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from deltalake import write_deltalake

from toolkit.events import EventLog
from toolkit.governance import catalogue, granting, people, protection
from toolkit.governance.access import Access
from toolkit.governance.audit import Trail
from toolkit.governance.records import AuditEntry
from toolkit.governance.stewardship import Steward
from toolkit.owners import NOBODY
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CUSTOMERS = "silver.customers"
ROWS = {
    "id": pa.array(range(6), pa.int64()),
    "email": [f"u{n}@example.com" for n in range(6)],
    "country": ["DE", "FR"] * 3,
    "salary": [1_000.0 * n for n in range(6)],
    "code": ["1", "secret", "2", "hidden", "3", "covert"],
}
"""What `code` holds is a number for those in DE only: whatever casts it stops at the rows of the others."""
OPEN = ("id", "country", "code")


class KnownKey:
    """A key that is the same in every test."""

    def key(self, use: str) -> bytes:
        import hashlib

        return hashlib.sha256(use.encode()).digest()


def no_java() -> SparkSession:
    raise AssertionError("No Java is needed for that.")


class World:
    """The lakehouse, and those who work in it."""

    def __init__(self, folder: Path, spark: Callable[[], SparkSession] = no_java, *, like: World | None = None) -> None:
        log = EventLog(folder / "events.jsonl", "20260301-101500-governance-0a1b")
        self.folder = folder
        self.lakehouse = Lakehouse(folder / "lakehouse")
        self.platform = DataPlatform(NOBODY, Parameters(), log.run_id, log, spark, self.lakehouse)
        if like is None:
            self.write(CUSTOMERS, ROWS)
            return
        shutil.copytree(str(like.lakehouse.root), str(self.lakehouse.root))
        # The head of a trail is kept by the place of its lakehouse.
        (head,) = (like.folder / "audit").glob("*.json")
        mine = Trail(self.lakehouse).head_file
        mine.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(head, mine)

    def write(self, table: str, rows: dict[str, Any], **options: Any) -> None:
        path = self.lakehouse.path(table)
        path.mkdir(parents=True, exist_ok=True)  # type: ignore[union-attr]
        write_deltalake(str(path), pa.table(rows), mode="append", **options)

    def steward(self, principal: str = "root") -> Steward:
        return Steward(self.platform, principal)

    def govern(self) -> World:
        """Take it in, and grant what the module says."""
        root = self.steward()
        catalogue.take_in(root, "main")
        people.enroll(root, "analysts", "group")
        people.enroll(root, "anna", "user", ["analysts"], ["country=DE"])
        people.enroll(root, "bob", "user", ["analysts"])
        for privilege, securable in (("use_catalog", "main"), ("use_schema", "silver"), ("select", CUSTOMERS)):
            granting.grant(root, "analysts", privilege, securable)  # type: ignore[arg-type]
        protection.confirm(root, CUSTOMERS, OPEN, "internal")
        protection.confirm(root, CUSTOMERS, ["email"], "confidential")
        return self

    def of_their_country(self) -> World:
        """Show to each the rows of its country alone."""
        protection.filter_rows(self.steward(), CUSTOMERS, "country = attribute('country')")
        return self

    def access(self, principal: str, purpose: str = "") -> Access:
        return Access(self.lakehouse, principal, purpose, KnownKey())

    def as_seen_by(self, principal: str, purpose: str = "") -> Lakehouse:
        return Lakehouse(self.lakehouse.root, self.access(principal, purpose))

    def trail(self) -> list[AuditEntry]:
        return Trail(self.lakehouse).entries()
