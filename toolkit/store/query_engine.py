"""The SQL engine that reads Delta tables without a JVM, set so that it reads values as Spark wrote them.

Owns its settings. Everything that asks SQL of a Delta table without Spark asks an engine made here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltalake import DeltaTable, QueryBuilder

_SETTINGS = (
    # Spark's times of old have 96 bits, which the engine else takes to nanoseconds: they wrap around in 1677 and 2262.
    "SET datafusion.execution.parquet.coerce_int96 = 'us'",
    # To Spark a number with a point is exact, and 8.89 of a decimal column equals no double.
    "SET datafusion.sql_parser.parse_float_as_decimal = true",
)
_ONE_THREAD = "SET datafusion.execution.target_partitions = 1"
ODD_STATISTICS = ("Json error", "Malformed JSON")
"""How the engine stops at statistics of a data file that it cannot parse."""


def query_engine(table: DeltaTable, *, in_order: bool = False, despite_statistics: str = "") -> QueryBuilder:
    """An engine in which `table` is called `t`.

    Args:
        table: an open table.
        in_order: read with one thread, so that the same rows come in the same order every time.
        despite_statistics: a column of the table. The engine stops at statistics that it cannot parse, unless rows are
            filtered: then it reads those files whole. With this, all rows are asked for as those in which the column is
            null or is not.
    """
    from deltalake import QueryBuilder

    engine = QueryBuilder()
    for setting in (*_SETTINGS, *((_ONE_THREAD,) if in_order else ())):
        engine.execute(setting).read_all()
    if not despite_statistics:
        return engine.register("t", table)
    engine.register("with_statistics", table)
    name = quoted(despite_statistics)
    every = f"SELECT * FROM with_statistics WHERE {name} IS NULL OR {name} IS NOT NULL"  # noqa: S608 - quoted
    engine.execute(f"CREATE VIEW t AS {every}").read_all()
    return engine


def type_of(engine: QueryBuilder, expression: str) -> str:
    """The Arrow type of an expression over the table, such as `Decimal128(10, 2)`; empty when the engine knows none."""
    try:
        empty = engine.execute(f"SELECT ({expression}\n) FROM t LIMIT 0").read_all()  # noqa: S608 - no row is read
    except Exception:  # what is wrong with the expression is said when it is asked
        return ""
    return str(empty.schema.field(0).type).strip().partition("<")[2].removesuffix(">")


def literal(text: str) -> str:
    """A text, whatever is in it, as that engine takes it."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """One name, whatever is in it, as the engine takes it that reads without Spark."""
    return '"' + name.replace('"', '""') + '"'
