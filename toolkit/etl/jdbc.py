"""Rows of a PostgreSQL database as a frame, read by several connections where that is asked for.

Whatever can be known before rows are read is refused then: host, password, database, table, columns. Must not write to the
database: it is told so. How a type is read is `jdbc_columns`'s, what was left to the database is `pushdown`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from toolkit import session
from toolkit.columns import quoted as in_spark
from toolkit.database import Database
from toolkit.errors import SetupError, UsageError, nearest
from toolkit.etl.jdbc_columns import Source, quoted
from toolkit.postgres_errors import NoSuchTable

T = TypeVar("T")
DRIVER = "org.postgresql.Driver"
ANSWER_SECONDS = 10
UTC = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Universal", "Zulu", "GMT", "Etc/GMT", "Z"})
SHOWN = 20
"""Names of tables in an error."""
TABLES = """
SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END::text AS name
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg_toast%' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
"""
_QUERY = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:select|with|values|table)[\s(]", re.IGNORECASE | re.DOTALL)
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".\s](?:[^".]*[^".\s])?)')


@dataclass(frozen=True)
class Partitions:
    """How a read is divided: into ranges of equal width, between the least and the greatest value that the column has.

    Attributes:
        column: of whole numbers, dates or timestamps; one with an index is read without looking at every row each time.
        number: connections, of which as many are open at once as Spark has cores.

    Raises:
        UsageError: the number is not positive.
    """

    column: str
    number: int

    def __post_init__(self) -> None:
        if self.number < 1:
            raise UsageError(f"number = {self.number} partitions: it should be positive.", cure="Give 1 or more.")


def read_jdbc(
    spark: SparkSession,
    database: Database,
    table: str,
    *,
    columns: Sequence[str] = (),
    where: str = "",
    partitions: Partitions | None = None,
    as_text: Sequence[str] = (),
) -> DataFrame:
    """The rows of a table, a view or a query.

    Filters that are put on the frame, and the choice of its columns, are the database's to do; see `pushdown.pushed_down`. Each
    partition is a transaction of its own: rows that are written meanwhile are in some, and not in others.

    Args:
        spark: a session with the driver: `session.start(driver=FOLDERS.with_jars("postgres"))`.
        database: where it is, and who enters.
        table: `orders` or `sales.orders`, spelt as it is there, a part with a dot in it in double quotes; or a query.
        columns: those that are read; all when empty.
        where: a condition in the database's own SQL, which can use its indexes whatever the types.
        partitions: how the read is divided; one connection when None. Rows whose value is null are in the first.
        as_text: columns that come as the database writes them, such as a date that may be infinity.

    Raises:
        UsageError: there is no such database, table or column, the condition is none, or the column cannot divide the read.
        SetupError: the session has no driver, no server answers, it does not let this user in, or Java's time zone is not UTC
            and times are read.
    """
    relation = _relation(table)
    found = [Source.of(field) for field in _schema(spark, database, relation).fields]
    known = {one.name: one for one in found}
    wanted = list(columns) or list(known)
    for name in (*wanted, *as_text, *((partitions.column,) if partitions else ())):
        if name not in known:
            raise UsageError.unknown("column", name, known)
    rows = f"{relation} AS source" + (f"\nWHERE ({where}\n)" if where.strip() else "")
    selected = [known[name].sql(as_text=name in as_text) for name in wanted]
    if any(known[name].needs_utc and name not in as_text for name in wanted):
        _refuse_another_zone(spark, database)
    if partitions is None:
        df = _read(spark, database, f"SELECT {', '.join(selected)} FROM {rows}")  # noqa: S608 - names are quoted
    else:
        df = _divided(spark, database, selected, rows, known[partitions.column], partitions.number)
    # What Spark noted of each column is of that read alone, and would be kept in the tables that it is written to.
    return df.select(
        *(F.col(in_spark(name)).alias(name, metadata={"source_type": known[name].kind}) for name in wanted)
    )


def _refuse_another_zone(spark: SparkSession, database: Database) -> None:
    """Refuse times where Java has a zone in which some do not exist, or come twice: it would move them without a word.

    Raises:
        SetupError: so it is; the driver tells the database the zone of its Java.
    """
    ((zone,),) = _asked(_read(spark, database, "SELECT current_setting('TimeZone') AS zone").collect)
    if zone not in UTC:
        raise SetupError(
            f"Spark's Java has the time zone {zone}, by which some times would be read as others.",
            cure=f"Start driver and executors with {session.UTC_FLAG}, as session.start does, or take the times as_text.",
        )


def _relation(table: str) -> str:
    """A query in parentheses, or the quoted name of a table.

    Raises:
        UsageError: it is neither.
    """
    if _QUERY.match(table):
        # A comment at its end would go on.
        return f"({table.rstrip().rstrip(';')}\n)"
    parts = _PART.findall(table)
    written = ".".join(f'"{inside}"' if inside else plain for inside, plain in parts)
    if not parts or written != table.strip():
        raise UsageError(f"{table!r} is neither the name of a table nor a query.", cure="Such as sales.orders.")
    return ".".join(f'"{inside}"' if inside else quoted(plain) for inside, plain in parts)


def _schema(spark: SparkSession, database: Database, relation: str) -> StructType:
    """The columns of a table or a query, as Spark would read them."""
    try:
        return _read(spark, database, f"SELECT * FROM {relation} AS source").schema  # noqa: S608 - quoted
    except NoSuchTable as missing:
        tables = [str(row["name"]) for row in _asked(_read(spark, database, TABLES).collect)]
        near = nearest(missing.name, tables)
        shown = sorted(tables, key=lambda name: name not in near)[:SHOWN]
        raise UsageError(
            f"There is no table {missing.name!r} that {database.user} sees in the database.{near}",
            choices=shown,
            cure=f"These are {SHOWN} of {len(tables)}." if len(tables) > SHOWN else "",
        ) from missing


def _read(spark: SparkSession, database: Database, query: str, predicates: list[str] | None = None) -> DataFrame:
    """The frame of a query, of which the database has been asked for the columns; a partition for each predicate."""
    options = {
        "driver": DRIVER,
        "user": database.user,
        "password": database.password,
        "fetchsize": str(database.fetch_size),
        # A time without a zone is none with one.
        "preferTimestampNTZ": "true",
        "readOnly": "true",
        "readOnlyMode": "always",
        "connectTimeout": str(ANSWER_SECONDS),
        "tcpKeepAlive": "true",
        "ApplicationName": "toolkit",
    }
    rows = f"({query}) AS rows_read"

    def ask() -> DataFrame:
        reader = spark.read.options(**options)
        df = reader.jdbc(database.url, rows, predicates=predicates) if predicates else reader.jdbc(database.url, rows)
        df.schema  # noqa: B018 - a client of Spark Connect asks no earlier
        return df

    return _asked(ask)


def _asked(ask: Callable[[], T]) -> T:
    """What the database answers.

    Raises:
        ToolkitError: what its refusal means.
    """
    try:
        return ask()
    except Exception as problem:
        told = session.explain(problem)
        if told is None:
            raise
        raise told from problem


def _divided(
    spark: SparkSession, database: Database, selected: Sequence[str], rows: str, by: Source, number: int
) -> DataFrame:
    """The frame of a query, divided by a column, which is read beside the others under a name of its own."""
    if not by.divides:
        raise UsageError(
            f"{by.name} is {by.kind}, by which a read cannot be divided.",
            cure="Choose a column of whole numbers, dates or timestamps.",
        )
    name = "_divides"
    while any(one.endswith(quoted(name)) for one in selected):
        name += "_"
    asked = f"SELECT min({by.place()}) AS low, max({by.place()}) AS high FROM {rows}"  # noqa: S608 - names are quoted
    (bounds,) = _asked(_read(spark, database, asked).collect)
    inner = limits(bounds["low"], bounds["high"], number)
    # The column itself, not the guarded one: an index on it is used.
    query = f"SELECT {', '.join([*selected, f'{quoted(by.name)} AS {quoted(name)}'])} FROM {rows}"  # noqa: S608
    return _read(spark, database, query, predicates(quoted(name), [by.at(one) for one in inner]))


def limits(low: int | None, high: int | None, number: int) -> list[int]:
    """Where ranges between two whole numbers begin, but for the first: at most one less than `number`, none twice."""
    if low is None or high is None:
        return []
    width = high - low + 1
    return sorted({low + width * one // number for one in range(1, number)} - {low})


def predicates(column: str, inner: Sequence[str]) -> list[str]:
    """Conditions of which every row meets exactly one: also one whose value is null, infinite, or beyond the limits by now."""
    if not inner:
        return ["true"]
    between = [f"{column} >= {a} AND {column} < {b}" for a, b in pairwise(inner)]
    return [f"{column} < {inner[0]} OR {column} IS NULL", *between, f"{column} >= {inner[-1]}"]
