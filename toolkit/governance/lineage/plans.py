"""The lineage of a frame, from the plan that Spark has resolved and not yet optimised.

One call gives the plan as a text, a few more say what its leaves read. Nothing is executed. A plan that cannot be had or read
makes every column unknown, with the reason: reading lineage never stops a write. Must not write anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from toolkit.governance.lineage.flows import decided
from toolkit.governance.lineage.leaves import Leaves, fields_of, items
from toolkit.governance.lineage.model import Field, Lineage, Source, Unknown, unknown_lineage
from toolkit.governance.lineage.operators import OperatorReader
from toolkit.governance.lineage.rows import Rows
from toolkit.governance.lineage.trees import parsed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

DEEPEST = 10
"""Conditions within conditions; the text of a plan is twice as long with each, so what is deeper is not read."""
_NESTING = re.compile(r"\bCASE\b|\bEND\b|[a-z_0-9]*\(|\)")
_REPLACED = {"nvl", "nvl2", "ifnull", "nullif", "nullifzero", "zeroifnull", "left", "right", "to_date", "to_timestamp"}
CONNECT = "over Spark Connect there is no plan to read"


def lineage_of(df: DataFrame, target: Source | None = None) -> Lineage:
    """The lineage of a frame, batch or stream, as it would be written now.

    Args:
        df: whatever is written.
        target: where to.
    """
    if not hasattr(df, "_jdf"):
        return unknown_lineage((Field(name, kind) for name, kind in df.dtypes), CONNECT, target=target)
    plan = df._jdf.queryExecution().analyzed()
    return reading(lambda: of_plan(plan, target), lambda: fields_of(plan), target)


def reading(
    read: Callable[[], Lineage], fields: Callable[[], tuple[Field, ...]], target: Source | None = None
) -> Lineage:
    """What `read` says; where it fails, every column is unknown."""
    try:
        return read()
    except RecursionError:
        reason = "the plan is nested too deeply to be read"
    except Exception as problem:  # whatever Java or a plan of another form raises
        reason = f"the plan could not be read ({type(problem).__name__}: {str(problem).splitlines()[0][:120]})"
    return unknown_lineage(fields(), reason, target=target)


def of_plan(plan: Any, target: Source | None = None) -> Lineage:
    """The lineage of a resolved plan of Java."""
    refuse_deep(plan)
    leaves = Leaves([plan])
    reader = OperatorReader(leaves.source, leaves.expansions)
    return of_rows(reader.rows(parsed(plan.toJSON())), fields_of(plan), reader.seen, target)


def of_rows(rows: Rows, fields: tuple[Field, ...], seen: Iterable[Source], target: Source | None = None) -> Lineage:
    """The lineage of rows that are written as they are.

    Args:
        rows: as they were read.
        fields: the columns that they have.
        seen: all that is read.
        target: where to.
    """
    sources = tuple(seen)
    if len(rows.output) != len(fields):
        return unknown_lineage(fields, rows.reason or "its columns could not be told", target=target, sources=sources)
    flows = [(name.name, rows.flow(one.id)) for name, one in zip(fields, rows.output, strict=True)]
    edges = [edge for name, flow in flows for edge in flow.edges(name)]
    unknown = [blank for name, flow in flows for blank in flow.blanks(name)]
    unknown += [Unknown(None, reason, sources) for reason in rows.unknown]
    return Lineage(target, fields, (*edges, *decided(None, rows.decisions)), tuple(unknown), sources)


def refuse_deep(plan: Any) -> None:
    """Refuse a plan whose text would be too long to be made.

    Spark writes the branches of CASE, and the arguments of functions that it replaces by others, twice.

    Raises:
        RecursionError: conditions are nested too deeply.
    """
    if any(depth_of(text) > DEEPEST for text in _doubled(plan)):
        raise RecursionError


def depth_of(text: str) -> int:
    """How deep CASE, and functions that Spark replaces by others, stand within each other in the text of an expression."""
    opened: list[bool] = []
    deepest = 0
    for found in _NESTING.finditer(text):
        if found[0] in {")", "END"}:
            del opened[-1:]
        else:
            opened.append(found[0] == "CASE" or found[0][:-1] in _REPLACED)
        deepest = max(deepest, sum(opened))
    return deepest


def jvm(spark: Any) -> Any:
    """Java, by the session or the class of its context."""
    return spark._jvm


def _doubled(plan: Any) -> Iterator[str]:
    from pyspark import SparkContext

    patterns = jvm(SparkContext).org.apache.spark.sql.catalyst.trees.TreePattern
    wanted = [patterns.CASE_WHEN(), patterns.RUNTIME_REPLACEABLE()]
    waiting = [plan]
    while waiting:
        one = waiting.pop()
        if any(one.containsPattern(pattern) for pattern in wanted):
            waiting.extend(items(one.children()))
            yield from str(one.expressions().mkString("\n")).split("\n")
