"""Reading Delta tables without a JVM, for everything that has to answer at once.

Owns the use of `deltalake`. Rows always come through its SQL engine, which is right on deletion vectors and column mapping
where its other readers are not. Must not write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from toolkit.errors import DataError, UsageError
from toolkit.lakehouse import Lakehouse

PAGE_ROWS = 200
LONGEST_REASON = 300
_SELECT = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_DAMAGE = ("Parquet error", "Object Store error", "Kernel error")
"""How the engine's messages begin to speak of files, not of the question."""
T = TypeVar("T")
Conditions = str | Sequence[str]
"""A SQL condition, or several that all have to be met; an empty one is met by every row."""


@dataclass(frozen=True)
class Column:
    """One column of a table's schema."""

    name: str
    type: str
    nullable: bool
    comment: str = ""


@dataclass(frozen=True)
class Version:
    """One commit in a table's history."""

    version: int
    at: datetime
    operation: str
    run_id: str
    """The run that wrote it; empty if no run did."""
    step: str
    rows: int | None
    """Rows this commit wrote; None if it does not say."""
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    """What the commit counted, in the words of the engine that wrote it."""
    user_metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table."""

    path: str
    bytes: int
    rows: int | None
    modified: datetime


@dataclass(frozen=True)
class TableSummary:
    """What the table tree shows of a table."""

    name: str
    version: int
    rows: int
    files: int
    bytes: int
    modified: datetime


@dataclass(frozen=True)
class Page:
    """Some rows of a table."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    offset: int
    total: int | None
    """Rows that meet the condition; None when they were not counted."""


class DeltaReader:
    """One table at one version.

    Args:
        path: the table's folder.
        name: how messages call it.
        version: an earlier version; the newest when None.

    Raises:
        DataError: there is no table, no such version, or its log is damaged.
    """

    def __init__(self, path: Path, name: str, version: int | None = None) -> None:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        self.path = path
        self.name = name
        try:
            self._table = DeltaTable(str(path), version=version)
        except TableNotFoundError:
            raise DataError(f"There is no Delta table in {path}.", cure="`toolkit tables` lists all.") from None
        except (DeltaError, OSError, ValueError) as problem:
            raise _unreadable(name, path, version, problem) from problem
        self.version = self._table.version()
        self._is_newest = version is None
        newest = path / "_delta_log" / f"{self.version:020}.json"
        # The engine takes a commit of no bytes for one that changes nothing; a full disk leaves such a file.
        if newest.exists() and newest.stat().st_size == 0:
            raise _unreadable(name, path, version, ValueError(f"{newest.name} is empty"))

    @property
    def id(self) -> str:
        """Delta's own id of the table: another one once it was deleted and made anew."""
        return str(self._table.metadata().id)

    def columns(self) -> list[Column]:
        """The schema, with the comments kept in the table."""
        fields = json.loads(self._table.schema().to_json())["fields"]
        return [
            Column(f["name"], _type_text(f["type"]), f["nullable"], (f.get("metadata") or {}).get("comment", ""))
            for f in fields
        ]

    def history(self, limit: int | None = None) -> list[Version]:
        """Commits, newest first, up to this version."""
        if self._is_newest:
            return [_version(entry) for entry in self._guard(lambda: self._table.history(limit))]
        # Asked of an earlier version, the engine lists every commit and numbers them from there.
        newest = DeltaReader(self.path, self.name).history()
        return [entry for entry in newest if entry.version <= self.version][:limit]

    def files(self) -> list[DataFile]:
        """The files that make up this version, largest first."""
        actions = self._guard(lambda: self._table.get_add_actions(flatten=True))
        rows = _rows(actions)
        found = [
            DataFile(r["path"], r["size_bytes"], r.get("num_records"), _from_millis(r["modification_time"]))
            for r in rows
        ]
        return sorted(found, key=lambda file: -file.bytes)

    def count(self, where: Conditions = "") -> int:
        """Rows of the table that meet `where`.

        Raises:
            UsageError: it is not valid SQL, or a part of it is not one condition by itself.
        """
        return int(self._query(f"SELECT count(*) AS n FROM t{self.condition(where)}")[1][0][0])  # noqa: S608

    def page(
        self,
        *,
        offset: int = 0,
        limit: int = PAGE_ROWS,
        where: Conditions = "",
        order_by: str | None = None,
        descending: bool = False,
        counted: bool = False,
    ) -> Page:
        """Some rows: those that meet `where`, sorted by one column.

        Raises:
            UsageError: `where` is not valid SQL, a part of it is not one condition by itself, or there is no such column.
        """
        order = ""
        if order_by is not None:
            names = [c.name for c in self.columns()]
            if order_by not in names:
                raise UsageError.unknown("column", order_by, names)
            order = f" ORDER BY {quoted(order_by)} {'DESC' if descending else 'ASC'} NULLS LAST"
        sql = f"SELECT * FROM t{self.condition(where)}{order} LIMIT {int(limit)} OFFSET {int(offset)}"  # noqa: S608
        # Otherwise two pages of one table could show the same row twice, and another never.
        columns, rows = self._query(sql, in_order=True)
        return Page(columns, rows, offset, self.count(where) if counted else None)

    def condition(self, where: Conditions) -> str:
        """`where` as the end of a SELECT from this table; empty where every row is meant.

        Raises:
            UsageError: a part of it is not one condition by itself: `a) OR (b` is one between brackets only.
        """
        parts = [part for part in ([where] if isinstance(where, str) else where) if part.strip()]
        for part in parts:
            # What the engine can read without brackets around it does not close those that are put around it.
            self._query(f"EXPLAIN SELECT 1 FROM t WHERE {part}\n")  # noqa: S608
        # The line break keeps a comment in a condition from swallowing the bracket.
        return f" WHERE {' AND '.join(f'({part}{chr(10)})' for part in parts)}" if parts else ""

    def sql(self, query: str) -> Page:
        """The result of a SELECT in which this table is called `t`.

        Raises:
            UsageError: it is not valid, or it is no SELECT: the engine could write files, too.
        """
        if not _SELECT.match(query):
            raise UsageError("Only a SELECT can be asked.", cure="Begin with SELECT or WITH; the table is called t.")
        columns, rows = self._query(query)
        return Page(columns, rows, 0, len(rows))

    def summary(self) -> TableSummary:
        """Version, rows, files, bytes and when it was last written."""
        files = self.files()
        counted = [file.rows for file in files]
        # Statistics do not know of deletion vectors; then the rows have to be counted.
        exact = not self._has_deletion_vectors() and None not in counted
        newest = self.history(1)
        return TableSummary(
            self.name,
            self.version,
            sum(n for n in counted if n is not None) if exact else self.count(),
            len(files),
            sum(file.bytes for file in files),
            newest[0].at if newest else datetime.fromtimestamp(self.path.stat().st_mtime, UTC),
        )

    def _has_deletion_vectors(self) -> bool:
        return "deletionVectors" in (self._table.protocol().reader_features or [])

    def _query(self, sql: str, *, in_order: bool = False) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a SELECT; `in_order` reads with one thread, so that the same rows come in the same order every time."""
        from deltalake import QueryBuilder

        try:
            engine = QueryBuilder().register("t", self._table)
            if in_order:
                engine.execute("SET datafusion.execution.target_partitions = 1").read_all()
            table = engine.execute(sql).read_all()
        except Exception as problem:
            raise self._blame(sql, problem) from problem
        names = tuple(table.schema.names)
        # By column: rows as dicts would lose one of two columns of the same name.
        columns = [_values(table.column(i)) for i in range(len(names))]
        return names, list(zip(*columns, strict=True))

    def _blame(self, sql: str, problem: Exception) -> UsageError | DataError:
        """Tell a condition that does not fit from a table that cannot be read: the latter fails without one, too."""
        plain = "SELECT * FROM t LIMIT 1"
        if sql != plain and not any(sign in str(problem) for sign in _DAMAGE):
            try:
                self._query(plain)
            except DataError as damaged:
                return damaged
            return UsageError(f"That does not work on {self.name}: {_first_line(str(problem))}")
        return _unreadable(self.name, self.path, None, problem)

    def _guard(self, action: Callable[[], T]) -> T:
        """Run `action`, and tell a damaged table from a fault of ours."""
        from deltalake.exceptions import DeltaError

        try:
            return action()
        except (DeltaError, OSError) as problem:
            raise _unreadable(self.name, self.path, None, problem) from problem


def _how_it_comes(table: str, where: Lakehouse, there: Sequence[str]) -> str:
    from toolkit.scenario import writer_of

    maker = writer_of(table)
    if not there:
        fill = f"toolkit run {maker or 'retail_lakehouse'}"
        return f"{where.root} holds no table at all: is TOOLKIT_HOME right? A run fills it: {fill}."
    if maker:
        return f"It appears when its scenario runs: toolkit run {maker}."
    return "Tables appear when a scenario runs: toolkit run retail_lakehouse."


def open_table(table: str, version: int | None = None, lakehouse: Lakehouse | None = None) -> DeltaReader:
    """The table of that name, as it is or as it was at `version`.

    Raises:
        UsageError: no such table, or no such version.
        DataError: its log is damaged.
    """
    where = lakehouse or Lakehouse.default()
    if not where.exists(table):
        raise UsageError.unknown("table", table, there := where.tables(), cure=_how_it_comes(table, where, there))
    newest = DeltaReader(where.path(table), table)
    if version is None or version == newest.version:
        return newest
    if not 0 <= version <= newest.version:
        raise UsageError(
            f"{table} has no version {version}.", choices=[f"0 to {newest.version}"], cure="See its history."
        )
    return DeltaReader(where.path(table), table, version)


def summaries(lakehouse: Lakehouse | None = None) -> list[TableSummary | DataError]:
    """One line per table; a damaged table yields its error instead of hiding the others."""
    where = lakehouse or Lakehouse.default()
    found: list[TableSummary | DataError] = []
    for table in where.tables():
        try:
            found.append(DeltaReader(where.path(table), table).summary())
        except DataError as problem:
            found.append(problem)
    return found


def quoted(name: str) -> str:
    """One name, whatever is in it, as the engine takes it that reads without Spark."""
    return '"' + name.replace('"', '""') + '"'


def _values(column: Any) -> list[Any]:
    return [value for chunk in column.chunks for value in chunk.to_pylist()]


def _rows(batch: Any) -> list[dict[str, Any]]:
    names = batch.schema.names
    columns = [_values(batch.column(i)) for i in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _version(entry: dict[str, Any]) -> Version:
    metrics = entry.get("operationMetrics") or {}
    rows = metrics.get("numOutputRows", metrics.get("num_added_rows"))
    try:
        said = json.loads(entry.get("userMetadata") or "{}")
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    return Version(
        int(entry["version"]),
        _from_millis(entry["timestamp"]),
        str(entry.get("operation", "")),
        str(said.get("run_id", "")),
        str(said.get("step", "")),
        None if rows is None else int(rows),
        entry.get("operationParameters") or {},
        metrics,
        said,
    )


def _from_millis(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def _type_text(declared: Any) -> str:
    """A Delta type in Spark's short form: `array<struct<a:int,b:string>>`."""
    if isinstance(declared, str):
        return declared
    match declared["type"]:
        case "array":
            return f"array<{_type_text(declared['elementType'])}>"
        case "map":
            return f"map<{_type_text(declared['keyType'])},{_type_text(declared['valueType'])}>"
        case _:
            inner = ",".join(f"{f['name']}:{_type_text(f['type'])}" for f in declared["fields"])
            return f"struct<{inner}>"


def _unreadable(name: str, path: Path, version: int | None, problem: BaseException) -> DataError:
    at = "" if version is None else f" at version {version}"
    if name.startswith("ops."):
        otherwise = "move it aside and begin a new history: what it held cannot be made again"
    else:
        otherwise = "delete the table's folder and run its scenario again"
    return DataError(
        f"{name}{at} cannot be read: {_first_line(str(problem))}.",
        cure=f"Its log or a file in {path} is damaged; restore that folder from a backup, or {otherwise}.",
    )


def _first_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    return first.rstrip(".") if len(first) <= LONGEST_REASON else f"{first[:LONGEST_REASON]}…"
