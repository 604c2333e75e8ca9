"""Writes records as a run does, without a JVM."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from toolkit.store.records import Record, arrow_schema, encode


def append(path: Path, records: Iterable[Record], record: type[Record] | None = None) -> None:
    """Add records to their table at `path`; `record` says which they are where there are none."""
    rows = list(records)
    schema = arrow_schema(record or type(rows[0]))
    write_deltalake(path, pa.Table.from_pylist([encode(one) for one in rows], schema=schema), mode="append")
