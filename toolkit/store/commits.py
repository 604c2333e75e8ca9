"""How a commit is made, what it did to its table, and small commits that need no Spark: a few rows are written in milliseconds.

Only to plain tables in folders; what asks for more, or lies in an object store, is written by Spark. Must not import pyspark.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeGuard

from toolkit.errors import DataError
from toolkit.scenario import Table
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    import pyarrow as pa

    from toolkit.store.observer import Observer

Mode = Literal["overwrite", "append"]
_PLAIN_READER, _PLAIN_WRITER = 1, 2
"""Protocol versions that know no table features."""
_ONCE = 1
"""The version of a named write, of which there is only one."""


LOAD = "load"
"""Under which name a commit says what kind of load made it."""
Evolution = Literal["refuse", "add", "widen"]


class Once(NamedTuple):
    """A load that is done once: its name, and a number that grows from one load of that name to the next.

    A load with the number of one that was done, or a smaller one, is left out. So a retry is harmless, and a name is never
    used for two sequences: derive it from what the numbers belong to.
    """

    name: str
    number: int


@dataclass(frozen=True)
class Way:
    """How a load is written.

    Attributes:
        signature: who does it and from what; kept in the commit.
        once: its name and number, so that a retry is left out.
        evolution: what becomes of columns that the table does not have: they are refused, or added; or added, and types
            of columns made wider where Delta can do it without a change of values.
        partition_by: columns that part the folder of a table that is made now.
        cluster_by: columns that a table that is made now is clustered by (liquid clustering); not together with partitions.
        declared: the columns that the table has, and their comments; those of the rows when None.
        properties: of a table that is made now, such as `delta.enableChangeDataFeed`.
        observer: is told what was written from what.
    """

    signature: Mapping[str, str] | None = None
    once: Once | None = None
    evolution: Evolution = "refuse"
    partition_by: Sequence[str] = ()
    cluster_by: Sequence[str] = ()
    declared: Table | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    observer: Observer | None = field(default=None, compare=False, repr=False)

    def noted(self, load: str, **counts: int | str) -> Way:
        """The same, with what the commit says of the load: its kind, unless that was said before, and what it counted."""
        counted = {name: str(value) for name, value in counts.items()}
        return replace(self, signature={LOAD: load, **(self.signature or {}), **counted})


PLAIN = Way()


@dataclass(frozen=True)
class Written:
    """What a write did to its table."""

    table: str
    version: int
    rows: int
    """Rows that this write added."""
    files: int
    bytes: int
    deleted: int = 0
    """Rows that it put others in place of, where Delta counts them."""


def written(path: Location, table: str) -> Written:
    """What the newest commit did to its table."""
    newest = DeltaReader(path, table).history(1)[0]
    metrics = newest.metrics
    return Written(
        table,
        newest.version,
        (newest.rows or 0) - newest.copied,
        int(metrics.get("numFiles", 0)),
        int(metrics.get("numOutputBytes", 0)),
        int(metrics.get("numDeletedRows", 0)),
    )


def refuse_other_columns(declared: Table, columns: Sequence[str]) -> None:
    """Raise unless `columns` are those of the table, in any order.

    Raises:
        DataError: columns are missing, or there are some that the table does not declare.
    """
    missing = [name for name in declared.columns if name not in columns]
    extra = [name for name in columns if name not in declared.columns]
    extra += sorted({f"a second {name}" for name in columns if list(columns).count(name) > 1})
    if missing or extra:
        raise DataError(
            f"{declared.name} was not written: missing columns {missing or 'none'}, undeclared columns {extra or 'none'}.",
            cure="Make the frame and the table's declaration agree.",
        )


def is_plain_protocol(reader: int, writer: int) -> bool:
    """Whether a table with these versions of the protocol has no table features."""
    return reader <= _PLAIN_READER and writer <= _PLAIN_WRITER


def is_plain_folder(path: Location) -> TypeGuard[Path]:
    """Whether it is a folder in which no table is yet, or one that asks for nothing but plain Delta without partitions."""
    from deltalake import DeltaTable

    if not isinstance(path, Path):
        return False
    if DeltaLog(path).newest is None:
        return True
    table = DeltaTable(str(path))
    protocol = table.protocol()
    plain = is_plain_protocol(protocol.min_reader_version, protocol.min_writer_version)
    return plain and not table.metadata().partition_columns


def write_rows(
    rows: pa.Table, path: Path, declared: Table, *, mode: Mode, signature: Mapping[str, str], once: str = ""
) -> Written | None:
    """Write rows to a plain table in a folder, in one commit; None where a write of that name was made before.

    Args:
        rows: has the declared columns, in their order.
        path: the table's folder; `is_plain_folder`.
        declared: names and comments of the columns.
        mode: replace the content, or add to it.
        signature: who wrote it and from what; kept in the commit.
        once: a name for this write; a second write of the same name to the same table is left out.

    Raises:
        DataError: it cannot be written, or the table has other columns.
    """
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
    from deltalake.exceptions import DeltaError

    refuse_other_columns(declared, rows.column_names)
    there = DeltaLog(path).newest is not None
    if once and there and (DeltaTable(str(path)).transaction_version(once) or 0) >= _ONCE:
        return None
    described = pa.schema([field.with_metadata({"comment": declared.columns[field.name]}) for field in rows.schema])
    properties = CommitProperties(
        custom_metadata={"userMetadata": json.dumps(dict(signature))},
        app_transactions=[Transaction(once, _ONCE)] if once else None,
    )
    try:
        path.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_arrays(rows.columns, schema=described)
        schema_mode: Literal["overwrite", "merge"] = "overwrite" if mode == "overwrite" else "merge"
        write_deltalake(str(path), table, mode=mode, schema_mode=schema_mode, commit_properties=properties)
    except (DeltaError, OSError) as problem:
        raise DataError(
            f"{declared.name} was not written: {problem}", cure="Do it again; nothing was changed."
        ) from problem
    done = written(path, declared.name)
    lines = (path / "_delta_log" / f"{done.version:020}.json").read_text(encoding="utf-8").splitlines()
    sizes = [int(action["add"]["size"]) for action in map(json.loads, lines) if "add" in action]
    return replace(done, files=len(sizes), bytes=sum(sizes))
