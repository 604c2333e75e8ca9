"""What the commits of a table say of the loads that made them: which sort, how many rows, and what became of events.

So what a load did is kept in one place, the commit itself. Must not import Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.store.commits import LOAD
from toolkit.store.delta_log import Version

_KINDS = {
    "MERGE": "merge",
    "WRITE": "write",
    "STREAMING UPDATE": "stream",
    "CREATE TABLE AS SELECT": "write",
    "CREATE OR REPLACE TABLE AS SELECT": "write",
    "DELETE": "delete",
    "UPDATE": "update",
    "TRUNCATE": "delete",
}
"""What a commit is called that says nothing of its load, by its operation; others load no rows."""
MAKE = "CREATE TABLE"
"""An empty table is made by it, too; with rows, it is how staged ones are published for the first time."""
EVENTS = ("received", "repeated", "late", "refused", "kept")
"""What a commit counts of change events."""
_METRICS: Mapping[str, Sequence[str]] = {
    "inserted": ("numTargetRowsInserted", "numOutputRows", "num_added_rows"),
    "updated": ("numTargetRowsUpdated", "numUpdatedRows"),
    "deleted": ("numTargetRowsDeleted", "numDeletedRows", "num_deleted_rows"),
    "files": ("numTargetFilesAdded", "numAddedFiles", "numFiles", "num_added_files"),
    "bytes": ("numTargetBytesAdded", "numAddedBytes", "numOutputBytes"),
    "source": ("numSourceRows",),
}


def is_load(version: Version) -> bool:
    """Whether a commit wrote or removed rows on purpose, and not to tidy up."""
    makes_with_rows = version.operation == MAKE and version.rows is not None
    return LOAD in version.user_metadata or version.operation in _KINDS or makes_with_rows


def load_of(table: str, version: Version) -> dict[str, Any]:
    """What one commit did to its table; what it does not tell is None."""
    said, counted = version.user_metadata, {name: _metric(version, name) for name in _METRICS}
    source = counted.pop("source")
    if counted["inserted"] is not None:
        counted["inserted"] -= version.copied
    inserted, updated = counted["inserted"], counted["updated"]
    if source is not None:
        counted["unchanged"] = source - (inserted or 0) - (updated or 0)
    if said.get(LOAD) in ("changes", "sync_keys"):
        counted.pop("unchanged", None)
    told = {name: _whole(said.get(name)) for name in EVENTS}
    return {
        "table": table,
        "version": version.version,
        "at": version.at,
        "load": str(said.get(LOAD) or _KINDS.get(version.operation or "", "write")),
        **counted,
        **told,
        "run": version.run_id or None,
        "step": version.step or None,
    }


def _metric(version: Version, name: str) -> int | None:
    return next((_whole(version.metrics[one]) for one in _METRICS[name] if one in version.metrics), None)


def _whole(value: Any) -> int | None:
    """A count as a commit says it, which is free-form; None for what is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None
