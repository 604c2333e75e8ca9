"""The columns that a SELECT reads, by its text alone, with sqlglot.

A second opinion on what is read from plans, where neither a session nor tables are at hand. It knows no types, no views and no
functions of users, and tells direct columns only: the plan is the truth. Must not import Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.errors import UsageError

Columns = Mapping[str, frozenset[tuple[str, str]]]
"""Of each column of the result, the table and column that its value comes from."""


def direct_columns(text: str, tables: Mapping[str, Mapping[str, str]]) -> Columns:
    """The columns that each column of a SELECT takes values from; what is under a condition or in a window's order is included.

    Args:
        text: of the SELECT, in Spark's SQL.
        tables: the columns of each table, with their types.

    Raises:
        UsageError: sqlglot cannot read it.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify

    try:
        parsed = qualify(parse_one(text, dialect="spark"), schema=dict(tables), dialect="spark")
        if not isinstance(parsed, exp.Query):
            raise UsageError("Only the text of a SELECT can be read.", cure="Read statements by their plans.")
        return {
            name: frozenset(_leaves(lineage(name, parsed, schema=dict(tables), dialect="spark", trim_selects=False)))
            for name in parsed.named_selects
        }
    except (SqlglotError, ValueError, RecursionError) as problem:
        told = (str(problem).splitlines() or ["it is nested too deeply"])[0]
        raise UsageError(f"The text cannot be read: {told}", cure="Read its plan instead.") from None


def _leaves(node: Any) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    for one in node.walk():
        if not one.downstream and isinstance(one.expression, exp.Table):
            yield one.expression.name, str(one.name).rsplit(".", 1)[-1].strip('`"')
