"""Letting rows out of quarantine: what is done in which order, so that an interruption at any point loses and doubles nothing.

Each row is traced first, then added to its table, then removed from quarantine; the trace decides what a release that was
interrupted was to be. What a repair may do, and how rows are known, is `toolkit.quality.repair`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import UsageError
from toolkit.quality import repair as repairs
from toolkit.quality.engine import Check
from toolkit.quality.quarantine import QUARANTINED, quarantine_name
from toolkit.quality.records import RELEASES, Release
from toolkit.quality.repair import Released, Repair

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.store.tables import Tables

STOPPED_BY = "stopped_by"
"""What the commit of a quarantine notes when its load was stopped: the rules that did."""


@dataclass(frozen=True)
class Asked:
    """Which rows, and what is done to them; see `Gate.release`."""

    rule: str
    where: str
    repair: Repair | None
    description: str


def release(tables: Tables, table: str, check: Check, asked: Asked) -> Released:
    """Let rows out of a table's quarantine; see `Gate.release`."""
    tables.refuse_other_shape(Release)
    _refuse_rows_of_a_stopped_load(tables, table)
    _finish_what_was_interrupted(tables, table)
    quarantine = tables.read(quarantine_name(table))
    own = tables.read(table) if tables.lakehouse.exists(table) else None
    rows = repairs.chosen(quarantine, asked.rule, asked.where)
    judged = repairs.judged_again(rows, own, table, check, asked.repair)
    with tables.staged(table, judged, QUARANTINED) as staged:
        released = Released(_id(tables, table, asked), staged.total, staged.rows(False), staged.rows(True))
        if asked.repair:
            repairs.refuse_other_rows(table, rows, staged.frame(False).unionByName(staged.frame(True)))
        if released.released:
            good = staged.frame(False)
            _trace(tables, table, good, released.release_id, asked.description)
            _move(tables, table, quarantine, good, released.release_id)
    tables.metric(f"{table} rows released", released.released, "rows")
    return released


def _refuse_rows_of_a_stopped_load(tables: Tables, table: str) -> None:
    """Raise if the rows in quarantine came with a load of which nothing was published."""
    lying = quarantine_name(table)
    if not tables.lakehouse.exists(lying):
        return
    newest = next((commit for commit in tables.reader(lying).history() if commit.run_id), None)
    rules = newest.user_metadata.get(STOPPED_BY) if newest else None
    if rules:
        raise UsageError(
            f"The rows in {lying} came with a load that {rules} stopped: no row of it is in {table}.",
            cure="Mend the source, or say that the good rows may go out, and load again; then release.",
        )


def _finish_what_was_interrupted(tables: Tables, table: str) -> None:
    """Do what is left of a release that was interrupted: its traces say which rows, and what they were to become."""
    if not tables.lakehouse.exists(RELEASES):
        return
    traces = tables.read(RELEASES).where(f"startswith(release_id, '{_quarantine_state(tables, table)}')")
    begun = traces.first()
    if begun is None:
        return
    quarantine = tables.read(quarantine_name(table))
    rows = repairs.traced(traces, quarantine, tables.declared(table).columns)
    _move(tables, table, quarantine, rows, begun["release_id"])
    tables.alert(
        f"{table}: a release that was interrupted is finished now. It let {traces.count():,} rows out.", "info"
    )


def _trace(tables: Tables, table: str, good: DataFrame, release_id: str, description: str) -> None:
    columns = tables.declared(table).columns
    rows = repairs.trace(good, table, columns, release_id, tables.run_id, description)
    tables.write(Release, rows, "append", release_id)


def _move(tables: Tables, table: str, quarantine: DataFrame, good: DataFrame, release_id: str) -> None:
    """Add rows to their table, and leave the others in quarantine."""
    rows = good.select(*tables.declared(table).columns)
    tables.write(table, rows, "append", release_id, {"release": release_id})
    tables.write(quarantine_name(table), repairs.remaining(quarantine, good))


def _id(tables: Tables, table: str, asked: Asked) -> str:
    """Says which quarantine a release takes rows from, and which."""
    return f"{_quarantine_state(tables, table)}-{_digest(asked.rule, asked.where, asked.description)}"


def _quarantine_state(tables: Tables, table: str) -> str:
    """Stands for a table's quarantine as it is now: with the next change it is another."""
    reader = tables.reader(quarantine_name(table))
    return _digest(table, reader.id, str(reader.version))


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]
