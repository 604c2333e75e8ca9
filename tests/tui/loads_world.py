"""A home in which files were loaded and change events applied, as the loads leave it, without a JVM."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import quality_world
import tui_world
from deltalake import CommitProperties, Transaction, write_deltalake

from tests.records import append
from toolkit.etl.discovery import Place, looked_at
from toolkit.etl.records import FILES, IngestedFile
from toolkit.store.lakehouse import Lakehouse

VISITS, HISTORIES = "bronze.visits", "silver.member_histories"
FIRST = datetime(2026, 6, 1, 4, tzinfo=UTC)


def build(home: Path) -> None:
    """Fill `home`: files of which one was replaced and one waits, and members who moved."""
    lakehouse, folder = Lakehouse(home / "lakehouse"), home / "landing" / "visits"
    folder.mkdir(parents=True)
    loaded = [_write(folder, f"2026-06-0{day}.csv", f"visitor,{day}\n", day) for day in (1, 2)]
    plans = [_plan(folder, file) for file in loaded]
    append(lakehouse.path(FILES), plans)
    quality_world.date(lakehouse.path(FILES), 0, FIRST)
    _write(folder, "2026-06-02.csv", "visitor,22\n", 3)
    _write(folder, "2026-06-03.csv", "visitor,3\n", 3)
    rows = pa.table({"visitor": ["a", "b"], "_source": ["2026-06-01.csv", "2026-06-02.csv"]})
    said = {"run_id": tui_world.RUN_ID, "step": "ingest", "load": "ingest"}
    once = [Transaction("files:visits", 1)]
    _commit(lakehouse.path(VISITS), rows, said, once)
    counts = {"received": 5, "repeated": 1, "late": 1, "refused": 0, "kept": 0}
    said = {"run_id": tui_world.RUN_ID, "step": "history", "load": "changes", "keys": "member_id"}
    _commit(lakehouse.path(HISTORIES), _histories(), {**said, **{name: str(many) for name, many in counts.items()}}, [])


def _write(folder: Path, name: str, text: str, day: int) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    written = (FIRST + timedelta(days=day)).timestamp()
    os.utime(file, (written, written))
    return file


def _plan(folder: Path, file: Path) -> IngestedFile:
    place = Place(folder, "*.csv")
    return IngestedFile(VISITS, "visits", 1, file.name, *looked_at(file), False, str(place), FIRST, tui_world.RUN_ID)


def _histories() -> pa.Table:
    days = [FIRST, FIRST + timedelta(days=10), FIRST + timedelta(days=20)]
    return pa.table(
        {
            "member_id": ["M1", "M1", "M2"],
            "city": ["Oslo", tui_world.HOSTILE, "Rome"],
            "_start_at": pa.array([days[0], days[1], days[0]], pa.timestamp("us", "UTC")),
            "_end_at": pa.array([days[1], None, days[2]], pa.timestamp("us", "UTC")),
        }
    )


def _commit(path: Path, rows: pa.Table, said: dict[str, str], once: list[Transaction]) -> None:
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(said)}, app_transactions=once or None)
    write_deltalake(str(path), rows, commit_properties=properties)
    quality_world.date(path, 0, FIRST)
