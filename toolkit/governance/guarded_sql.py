"""SQL over a governed lakehouse: one SELECT, whose tables are looked up by their names and stand for what the principal sees.

Owns what may stand in it. It is read twice: by a parser of ours, which finds every table and puts a view of what is seen in its
place; and by Spark, whose analysed plan is then searched for anything that is read in another way. What either of them does not
understand is refused: two parsers that read one text differently are a way around.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from toolkit.columns import quoted
from toolkit.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from toolkit.governance.governed import Governed

# What it cannot parse it says in a warning; here that is an error, and said as one.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
TABLE_FUNCTIONS = frozenset(
    {
        "range",
        "explode",
        "explode_outer",
        "posexplode",
        "posexplode_outer",
        "inline",
        "inline_outer",
        "stack",
        "json_tuple",
    }
)
"""Functions that give rows and read nothing."""
REFUSED_FUNCTIONS = frozenset(
    {
        "java_method", "reflect", "try_reflect", "input_file_name", "input_file_block_start", "input_file_block_length",
        "current_catalog", "secret", "try_secret", "from_avro", "to_avro", "from_protobuf", "to_protobuf",
    }
)  # fmt: skip
"""Functions that run code, tell where files lie, or read them."""
_HARMLESS_LEAVES = frozenset({"OneRowRelation", "LocalRelation", "Range", "CTERelationRef", "EmptyRelation"})
_VIEW = re.compile(r"`?governed_[0-9a-f]{32}`?")
_CURE = "Ask a SELECT over tables by their names, such as silver.customers."


DEEPEST = 8
"""Views that may stand on each other."""


def refuse_no_select(query: str) -> None:
    """Nothing, where a text is a SELECT that could be asked.

    Raises:
        UsageError: it is none.
    """
    _parsed(query)


def guarded(lake: Governed, query: str) -> DataFrame:
    """The result of a SELECT, each table in it as the principal sees it.

    Raises:
        AccessDenied: there is a table in it that is none, or that the principal may not read.
        UsageError: it is no SELECT, or has something in it that could go around the policies.
    """
    spark = lake.spark
    from toolkit.governance.governed import hide_keys

    if not hasattr(spark, "_jsparkSession"):
        raise UsageError(
            "SQL cannot be held to the policies over Spark Connect, where its plan cannot be seen.",
            cure="Use table() and the functions of frames; they are held there, too.",
        )
    tree = _parsed(query)
    views: dict[str, str] = {}
    # A session of its own: no view that somebody made in the other one is taken for a table.
    own = spark.newSession()
    hide_keys(own)
    places = []
    for table in _tables(tree):
        name = ".".join(part.name for part in table.parts)
        if name not in views:
            views[name] = f"governed_{secrets.token_hex(16)}"
            _as_in(own, lake.table(name)).createOrReplaceTempView(views[name])
        places.append((*_span(table, query), views[name], "" if table.alias else f" AS {quoted(table.name)}"))
    plan = _resolved(own, _spliced(query, places))
    _refuse_strays(own, plan, frozenset(views.values()))
    return _frame_of(own, plan)


def _resolved(session: Any, text: str) -> Any:
    """The plan of a text, which is not executed: Spark would do what it takes for a command at once.

    Raises:
        UsageError: Spark cannot parse or resolve it.
    """
    from pyspark.errors import AnalysisException

    skip = session._jvm.org.apache.spark.sql.execution.CommandExecutionMode.SKIP()
    state = session._jsparkSession.sessionState()
    try:
        return state.executePlan(state.sqlParser().parsePlan(text), skip).analyzed()
    except AnalysisException as problem:
        # Its first line is for people; what follows shows the query with views in place of tables.
        said = _VIEW.sub("a table", str(problem).strip().splitlines()[0])
        raise UsageError(f"Spark cannot do that: {said}", cure=_CURE) from problem


def _frame_of(session: Any, plan: Any) -> DataFrame:
    """A plan as a frame of a session."""
    from pyspark.sql.classic.dataframe import DataFrame as Classic

    return Classic(session._jvm.org.apache.spark.sql.classic.Dataset.ofRows(session._jsparkSession, plan), session)


def _as_in(session: Any, frame: DataFrame) -> DataFrame:
    """The same frame as one of another session of the same Spark."""
    return _frame_of(session, frame._jdf.queryExecution().analyzed())


def _parsed(query: str) -> exp.Query:
    try:
        trees = sqlglot.parse(query, read="spark")
    except (SqlglotError, RecursionError) as problem:
        raise UsageError("That is no SELECT that can be held to the policies.", cure=_CURE) from problem
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise UsageError("Only one SELECT can be asked.", cure=_CURE)
    tree = trees[0]
    for node in tree.walk():
        _refuse(node)
    return tree


def _refuse(node: exp.Expr) -> None:
    """Refuse what runs code, reads files, writes, or is not understood."""
    if isinstance(node, (exp.Command, exp.DDL, exp.DML, exp.Into, exp.Placeholder, exp.Parameter)) and not isinstance(
        node, exp.Query
    ):
        raise UsageError(f"{_shown(node)} cannot be asked.", cure=_CURE)
    name = str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
    if isinstance(node, exp.Func) and not name:
        name = node.sql_name().lower()
    if name in REFUSED_FUNCTIONS:
        raise UsageError(f"The function {name} cannot be asked: it could go around the policies.", cure=_CURE)
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        called = str(node.this.this).lower() if isinstance(node.this, exp.Anonymous) else node.this.sql_name().lower()
        if called not in TABLE_FUNCTIONS:
            raise UsageError(f"{_shown(node)} cannot be read.", cure=_CURE)
    if isinstance(node, exp.TableSample):
        raise UsageError("A sample cannot be asked for.", cure="Take one of what is seen: table(name).sample(0.1)")
    if isinstance(node, exp.Table) and (node.args.get("version") or node.args.get("when")):
        raise UsageError(
            "An earlier version cannot be asked for in SQL.", cure="Use table(name, version=…), which is held as well."
        )


def _shown(node: exp.Expr) -> str:
    return node.sql(dialect="spark")[:60]


def _tables(tree: exp.Query) -> Iterator[exp.Table]:
    """The tables of a query: all that it does not name itself. Spark looks for those first, too, and the plan is searched."""
    named = {one.alias for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        hinted = table.find_ancestor(exp.Hint) is not None
        if (
            isinstance(table.this, exp.Identifier)
            and not hinted
            and not (len(table.parts) == 1 and table.name in named)
        ):
            yield table


def _span(table: exp.Table, query: str) -> tuple[int, int]:
    """Where the name of a table stands in the text.

    Raises:
        UsageError: the parser does not say.
    """
    metas = [part.meta for part in table.parts]
    if any("start" not in meta for meta in metas):
        raise UsageError(f"{_shown(table)} cannot be placed in the query.", cure=_CURE)
    start, end = min(meta["start"] for meta in metas), max(meta["end"] for meta in metas) + 1
    if not query[start:end].strip():
        raise UsageError(f"{_shown(table)} cannot be placed in the query.", cure=_CURE)
    return start, end


def _spliced(query: str, places: list[tuple[int, int, str, str]]) -> str:
    """The query with views in place of its tables, from its end to its beginning."""
    for start, end, view, alias in sorted(places, reverse=True):
        query = f"{query[:start]}{view}{alias}{query[end:]}"
    return query


def _refuse_strays(session: Any, plan: Any, views: frozenset[str]) -> None:
    """Refuse a plan that does anything, or reads anything but the views that were put there.

    Raises:
        UsageError: it does.
    """
    from py4j.java_gateway import is_instance_of

    logical = "org.apache.spark.sql.catalyst.plans.logical"
    for node in _nodes(plan, views):
        kind = str(node.nodeName())
        if any(
            is_instance_of(session._sc._gateway, node, f"{logical}.{one}") for one in ("Command", "ParsedStatement")
        ):
            raise UsageError(f"Only one SELECT can be asked ({kind}).", cure=_CURE)
        if node.children().isEmpty() and kind not in _HARMLESS_LEAVES:
            raise UsageError(f"The query reads something that is no table of the catalogue ({kind}).", cure=_CURE)


def _nodes(plan: Any, views: frozenset[str]) -> Iterator[Any]:
    """All nodes of a plan that are not below one of the views, those of its subqueries as well."""
    kind = str(plan.nodeName())
    if kind == "View" and str(plan.desc().identifier().table()) in views:
        return
    yield plan
    parts = [plan.children(), plan.subqueries()]
    if kind == "WithCTE":
        parts.append(plan.cteDefs())
    for some in parts:
        for at in range(some.size()):
            yield from _nodes(some.apply(at), views)
