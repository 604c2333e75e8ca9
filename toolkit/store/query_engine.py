"""The SQL engine that reads Delta tables without a JVM, set so that it reads values as Spark wrote them.

Owns its settings. Everything that asks SQL of a Delta table without Spark asks an engine made here.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltalake import DeltaTable, QueryBuilder

    from toolkit.store.lens import Seen

_SETTINGS = (
    # Spark's times of old have 96 bits, which the engine else takes to nanoseconds: they wrap around in 1677 and 2262.
    "SET datafusion.execution.parquet.coerce_int96 = 'us'",
    # To Spark a number with a point is exact, and 8.89 of a decimal column equals no double.
    "SET datafusion.sql_parser.parse_float_as_decimal = true",
)
_EVERY = 2**62
"""More rows than any table has."""
_ONE_THREAD = "SET datafusion.execution.target_partitions = 1"
ODD_STATISTICS = ("Json error", "Malformed JSON")
"""How the engine stops at statistics of a data file that it cannot parse."""


def query_engine(
    table: DeltaTable,
    *,
    in_order: bool = False,
    despite_statistics: str = "",
    seen: Seen | None = None,
    columns: Sequence[str] = (),
) -> QueryBuilder:
    """An engine in which `table` is called `t`.

    Args:
        table: an open table.
        in_order: read with one thread, so that the same rows come in the same order every time.
        despite_statistics: a column of the table. The engine stops at statistics that it cannot parse, unless rows are
            filtered: then it reads those files whole. With this, all rows are asked for as those in which the column is
            null or is not.
        seen: what of the table `t` is to be; all when None.
        columns: of the table, where not all of it is seen.
    """
    from deltalake import QueryBuilder

    engine = QueryBuilder()
    for setting in (*_SETTINGS, *((_ONE_THREAD,) if in_order else ())):
        engine.execute(setting).read_all()
    if not despite_statistics and seen is None:
        return engine.register("t", table)
    # Nobody who asks of `t` can name what it is a view of.
    whole = f"whole_{secrets.token_hex(16)}"
    engine.register(whole, table)
    engine.execute(f"CREATE VIEW t AS {_view(whole, despite_statistics, seen, columns)}").read_all()
    return engine


def _view(whole: str, despite_statistics: str, seen: Seen | None, columns: Sequence[str]) -> str:
    name = quoted(despite_statistics)
    where = [f"({name} IS NULL OR {name} IS NOT NULL)"] if despite_statistics else []
    shown = "*"
    if seen is not None:
        where += [seen.where] if seen.where else []
        shown = ", ".join(f"{seen.columns.get(one, quoted(one))} AS {quoted(one)}" for one in columns)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    # The engine works out all conditions for all rows: one that is typed could stop at a row that is not seen, and the message
    # would show it. Below a limit, which leaves nothing out, it does not look.
    limit = f" LIMIT {_EVERY}" if seen is not None and seen.where else ""
    return f"SELECT {shown} FROM {whole}{condition}{limit}"  # noqa: S608 - quoted, and made by governance


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
