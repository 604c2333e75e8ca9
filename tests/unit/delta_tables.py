"""Delta tables as other engines write them, made by hand: the log's lines changed, or files of another kind put in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Schema, write_deltalake
from deltalake.transaction import AddAction, create_table_with_add_actions

Action = dict[str, Any]
DAY = date(2024, 1, 1)
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)


def rows_of(n: int = 2) -> pa.Table:
    """`n` rows of (id, day, at, place)."""
    at = pa.array([MOMENT] * n, pa.timestamp("us", "UTC"))
    return pa.table({"id": pa.array(range(n), pa.int64()), "day": [DAY] * n, "at": at, "place": ["Köln"] * n})


def commit(path: Path, version: int) -> Path:
    """The file of a commit."""
    return path / "_delta_log" / f"{version:020}.json"


def edited(path: Path, version: int, change: Callable[[Action], Action | None]) -> None:
    """Write a commit anew, each action changed, or left out where `change` gives None."""
    actions = [json.loads(line) for line in commit(path, version).read_text(encoding="utf-8").splitlines()]
    kept = [one for action in actions if (one := change(action)) is not None]
    commit(path, version).write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")


def with_protocol(reader: int, features: list[str] | None = None) -> Callable[[Action], Action]:
    """Asks for a reader version, and for table features."""
    said: Action = {"minReaderVersion": reader, "minWriterVersion": 7 if features else 2}
    if features is not None:
        said |= {"readerFeatures": features, "writerFeatures": features}
    return lambda action: {"protocol": said} if "protocol" in action else action


def with_type(column: int, declared: Any) -> Callable[[Action], Action]:
    """Declares a column of another type."""

    def change(action: Action) -> Action:
        if "metaData" in action:
            schema = json.loads(action["metaData"]["schemaString"])
            schema["fields"][column]["type"] = declared
            action["metaData"]["schemaString"] = json.dumps(schema)
        return action

    return change


def with_statistics(change: Callable[[str], str | None]) -> Callable[[Action], Action]:
    """Changes the statistics of each file, which stand in the log as text."""

    def changed(action: Action) -> Action:
        return {"add": {**action["add"], "stats": change(action["add"]["stats"])}} if "add" in action else action

    return changed


def with_commit_info(said: Any) -> Callable[[Action], Action | None]:
    """Puts other words in place of what a commit says of itself; None leaves it out."""
    return lambda action: action if "commitInfo" not in action else None if said is None else {"commitInfo": said}


def written_by_spark(path: Path, rows: pa.Table, statistics: Mapping[str, Any] | None = None) -> None:
    """One file with times of 96 bits, and statistics in the log as Spark writes them: cut to milliseconds."""
    path.mkdir(parents=True)
    file = path / "part-0.parquet"
    pq.write_table(rows, file, use_deprecated_int96_timestamps=True, store_schema=False)
    schema = Schema.from_arrow(rows.schema)
    stats = json.dumps({"numRecords": rows.num_rows, **(statistics or {})})
    added = AddAction(file.name, file.stat().st_size, {}, 0, True, stats)
    create_table_with_add_actions(str(path), schema, [added])


def appended(path: Path, times: int) -> None:
    """A table of so many versions, each with a file of two rows."""
    for _ in range(times):
        write_deltalake(path, rows_of(), mode="append")
