"""Reading Delta tables without a JVM, for everything that has to answer at once.

Owns the use of `deltalake`. Rows always come through its SQL engine, which is right on deletion vectors and column mapping
where its other readers are not. Must not write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from toolkit.comparisons import as_spark, meets_double
from toolkit.errors import AccessDenied, DataError, ToolkitError, UsageError
from toolkit.store import unreadable
from toolkit.store.delta_log import DeltaLog, Version, moment
from toolkit.store.location import Location, storage_options
from toolkit.store.query_engine import ODD_STATISTICS, query_engine, quoted, type_of
from toolkit.values import values

if TYPE_CHECKING:
    from deltalake import DeltaTable, QueryBuilder

    from toolkit.store.lens import Lens, Seen

PAGE_ROWS = 200
_SELECT = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_LEAVE = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What ends the process or the thread; all else may come from the engine, whose panics are no `Exception`."""
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
class DataFile:
    """One Parquet file of a table."""

    path: str
    """As the folder has it, relative to the table; absolute where the file is another table's."""
    bytes: int
    rows: int | None
    """None if the log does not say."""
    modified: datetime | None
    """None if the log names no time that can be one."""


@dataclass(frozen=True)
class TableSummary:
    """What the list of tables shows of a table."""

    name: str
    version: int
    rows: int | None
    """None when neither the log nor this reader can tell."""
    files: int
    bytes: int
    modified: datetime | None
    """When the newest commit was made; None when it does not say."""


@dataclass(frozen=True)
class Page:
    """Some rows of a table."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    offset: int
    total: int | None
    """Rows that meet the condition; None when they were not counted."""

    def named(self) -> list[dict[str, Any]]:
        """The rows, each value by the name of its column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class DeltaReader:
    """One table at one version.

    Args:
        path: the table's folder.
        name: how messages call it.
        version: an earlier version; the newest when None.
        lens: what may be seen of it; everything when None.

    Raises:
        DataError: there is no table, or it cannot be read: see `toolkit.store.unreadable`.
        UsageError: the log no longer describes that version.
        AccessDenied: nothing of it may be seen.
    """

    def __init__(self, path: Location, name: str, version: int | None = None, lens: Lens | None = None) -> None:
        self.path = path
        self.name = name
        self._asked = version
        self._despite_statistics = ""
        self._options = storage_options(path) or None
        self._table = self._open()
        self.version = self._table.version()
        newest = path / "_delta_log" / f"{self.version:020}.json"
        # The engine takes a commit of no bytes for one that changes nothing; a full disk leaves such a file.
        if newest.exists() and newest.stat().st_size == 0:
            raise unreadable.damaged(name, DeltaLog(path), f"commit {self.version} of its log is empty")
        self._seen = self._look(lens)

    def _look(self, lens: Lens | None) -> Seen | None:
        """What may be seen of it; None where that is everything."""
        if lens is None:
            return None
        seen = lens.seen(self.name, {column.name: column.type for column in self.columns()}, self._asked)
        return None if seen.is_all else seen

    def _open(self) -> DeltaTable:
        from deltalake import DeltaTable

        if reason := unreadable.odd_path(self.path):
            raise unreadable.needs_spark(self.name, self.path, self._asked, reason)
        log = self._guard(lambda: DeltaLog(self.path))
        if self._asked is not None and log.newest is not None and self._asked not in log.versions():
            raise unreadable.version_gone(self.name, self._asked, log)
        return self._guard(lambda: DeltaTable(str(self.path), self._asked, self._options))

    @property
    def id(self) -> str:
        """Delta's own id of the table: another one once it was deleted and made anew."""
        return str(self._table.metadata().id)

    @property
    def is_whole(self) -> bool:
        """Whether every row and column is seen as it is."""
        return self._seen is None

    def done(self, name: str) -> int | None:
        """The number of the newest write of that name (`Once`); None if there was none."""
        return self._guard(lambda: self._table.transaction_version(name))

    def columns(self) -> list[Column]:
        """The schema, with the comments kept in the table."""
        fields = json.loads(self._guard(lambda: self._table.schema().to_json()))["fields"]
        return [
            Column(f["name"], _type_text(f["type"]), f["nullable"], (f.get("metadata") or {}).get("comment", ""))
            for f in fields
        ]

    def history(self, limit: int | None = None) -> list[Version]:
        """Commits, newest first, up to this version; there is always one."""
        return self._guard(lambda: DeltaLog(self.path).history(self.version, limit))

    def files(self) -> list[DataFile]:
        """The files that make up this version, largest first."""
        found = [
            DataFile(
                unquote(path),
                size,
                None if rows is None or rows < 0 else rows,
                moment(modified),
            )
            for path, size, rows, modified in self._added("path", "size_bytes", "num_records", "modification_time")
        ]
        return sorted(found, key=lambda file: -file.bytes)

    def _added(self, *names: str) -> list[tuple[Any, ...]]:
        """What the log says of each file; statistics of columns are left alone, where any value may stand."""
        actions = self._guard(lambda: self._table.get_add_actions(flatten=True))
        there = list(actions.schema.names)
        columns = [
            actions.column(there.index(name)).to_pylist() if name in there else [None] * actions.num_rows
            for name in names
        ]
        return list(zip(*columns, strict=True))

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
        """`where` as the end of a SELECT from this table, compared as Spark compares; empty where every row is meant.

        Raises:
            UsageError: a part of it is not one condition by itself: `a) OR (b` is one between brackets only.
        """
        parts = [part for part in ([where] if isinstance(where, str) else where) if part.strip()]
        types = self._type_of()
        exact = [as_spark(part, types) for part in parts]
        for part, mended in zip(parts, exact, strict=True):
            # What the engine can read without brackets around it does not close those that are put around it.
            self._refuse_inexact(part, f"SELECT 1 FROM t WHERE {mended}\n")  # noqa: S608
        # The line break keeps a comment in a condition from swallowing the bracket.
        return f" WHERE {' AND '.join(f'({part}{chr(10)})' for part in exact)}" if parts else ""

    def _refuse_inexact(self, typed: str, query: str) -> None:
        """Refuse what the engine would still compare as decimals though one side is a double: it finds nothing, silently.

        Args:
            typed: what the user typed.
            query: the SELECT that comes of it.
        """
        plan = str(self._query(f"EXPLAIN {query}")[1][0])
        exact = [column.name for column in self.columns() if column.type.startswith("decimal")]
        if meets_double(plan, exact) and not re.search(r"(?i)decimal|numeric", typed):
            raise UsageError(
                f"That does not work on {self.name}: a double and a decimal meet in {' '.join(typed.split())!r}.",
                cure="Say what the decimal is to be compared as: CAST(… AS DOUBLE), or 5e-1 in place of 0.5.",
            )

    def sql(self, query: str, *, as_it_stands: bool = False) -> Page:
        """The result of a SELECT in which this table is called `t`.

        Args:
            query: the SELECT.
            as_it_stands: it compares nothing with a value of another kind, so that no time is spent on looking.

        Raises:
            UsageError: it is not valid, or it is no SELECT: the engine could write files, too.
        """
        if not _SELECT.match(query):
            raise UsageError("Only a SELECT can be asked.", cure="Begin with SELECT or WITH; the table is called t.")
        exact = query if as_it_stands else as_spark(query, self._type_of())
        if not as_it_stands and re.search(r"\d\.|\.\d", query):
            self._refuse_inexact(query, exact)
        columns, rows = self._query(exact)
        return Page(columns, rows, 0, len(rows))

    def summary(self) -> TableSummary:
        """Version, rows, files, bytes and when it was last written."""
        files = self.files()
        size = sum(file.bytes for file in files)
        return TableSummary(self.name, self.version, self._rows(files), len(files), size, self.history(1)[0].at)

    def _rows(self, files: list[DataFile]) -> int | None:
        counted = [file.rows for file in files]
        # Statistics know neither of deletion vectors nor of who is looking; then the rows have to be counted.
        if self._seen is None and not self._has_deletion_vectors() and None not in counted:
            return sum(n for n in counted if n is not None)
        try:
            return self.count()
        except unreadable.NeedsSpark:
            return None

    def _has_deletion_vectors(self) -> bool:
        return "deletionVectors" in (self._table.protocol().reader_features or [])

    def _engine(self, *, in_order: bool = False) -> QueryBuilder:
        names = [column.name for column in self.columns()] if self._seen else []
        return query_engine(
            self._table,
            in_order=in_order,
            despite_statistics=self._despite_statistics,
            seen=self._seen,
            columns=names,
        )

    def _type_of(self) -> Callable[[str], str]:
        """Asks one engine for the types of expressions."""
        engine: list[QueryBuilder] = []

        def asked(expression: str) -> str:
            if not engine:  # most conditions have no type to ask for
                engine.append(self._engine())
            return type_of(engine[0], expression)

        return asked

    def _query(self, sql: str, *, in_order: bool = False) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Run a SELECT; `in_order` reads with one thread, so that the same rows come in the same order every time."""
        try:
            table = self._engine(in_order=in_order).execute(sql).read_all()
        except _LEAVE:
            raise
        except BaseException as problem:
            if any(sign in str(problem) for sign in ODD_STATISTICS) and self._look_past_statistics():
                return self._query(sql, in_order=in_order)
            raise self._blame(sql, problem) from problem
        names = tuple(table.schema.names)
        # By column: rows as dicts would lose one of two columns of the same name.
        return names, list(zip(*(values(table.column(i)) for i in range(len(names))), strict=True))

    def _look_past_statistics(self) -> bool:
        """Read without statistics from now on; whether there was a way that was not yet taken."""
        plain = [c.name for c in self.columns() if "<" not in c.type]
        first, self._despite_statistics = not self._despite_statistics, next(iter(plain), "")
        return first and bool(plain)

    def _blame(self, sql: str, problem: BaseException) -> ToolkitError:
        """Tell a condition that does not fit from a table that cannot be read: the latter fails without one, too."""
        plain = "SELECT * FROM t LIMIT 1"
        if sql != plain and unreadable.is_question(str(problem)):
            try:
                self._query(plain)
            except DataError as state:
                return state
            return unreadable.refused(self.name, problem)
        return self._file_fault() or unreadable.explained(self.name, self.path, self._asked, problem)

    def _file_fault(self) -> ToolkitError | None:
        """The error for data files that are missing, or are not what they should be; None when all seem well."""
        newest = self if self._asked is None else DeltaReader(self.path, self.name)
        files, newest_files = ([path for (path,) in one._added("path")] for one in (self, newest))
        return unreadable.file_fault(self.name, DeltaLog(self.path), self.version, files, newest_files)

    def _guard(self, action: Callable[[], T]) -> T:
        """Run `action`, and say in the user's words what the engine has against the table."""
        try:
            return action()
        except (*_LEAVE, ToolkitError):
            raise
        except BaseException as problem:
            raise unreadable.explained(self.name, self.path, self._asked, problem) from problem


def done(path: Location, name: str) -> int | None:
    """The number of the newest write of that name (`Once`) to the table there; None if there was none, or is no table."""
    return None if DeltaLog(path).newest is None else DeltaReader(path, path.name).done(name)


def summary(path: Location, table: str, lens: Lens | None = None) -> TableSummary | DataError:
    """A table in short; of one that cannot be read its error, whatever that is, so that it hides no other."""
    try:
        return DeltaReader(path, table, lens=lens).summary()
    except AccessDenied as problem:
        return DataError(problem.what, cure=problem.cure)
    except _LEAVE:
        raise
    except BaseException as problem:
        state = unreadable.explained(table, path, None, problem)
        return state if isinstance(state, DataError) else DataError(state.what, cure=state.cure)


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
