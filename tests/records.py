"""Records and the events of them as a run leaves them, without a JVM."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from toolkit.quality.actions import DEFAULT
from toolkit.quality.records import RESULTS
from toolkit.store.records import Record, arrow_schema, encode


def append(path: Path, records: Iterable[Record], record: type[Record] | None = None) -> None:
    """Add records to their table at `path`; `record` says which they are where there are none."""
    rows = list(records)
    schema = arrow_schema(record or type(rows[0]))
    write_deltalake(path, pa.Table.from_pylist([encode(one) for one in rows], schema=schema), mode="append")


def rule_found(table: str, rule: str, **changed: Any) -> dict[str, Any]:
    """The data of the event that tells what a rule found."""
    rows, failed = changed.get("rows", 10), changed.get("failed", 0)
    return {
        "record": RESULTS,
        "table": table,
        "population": "incoming",
        "rule": rule,
        "kind": "holds",
        "columns": [],
        "severity": "error",
        "action": getattr(DEFAULT, changed.get("severity", "error")),
        "dimension": "validity",
        "description": "",
        "fault": "",
        "rows": rows,
        "failed": failed,
        "measured": None,
        "said": "",
        "pass_rate": 1 - failed / rows,
        "tolerance": 0.0,
        "unevaluated": 0,
        "passed": not failed,
        "examples": [],
    } | changed
