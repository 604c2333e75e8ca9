"""The lineage of statements that write: INSERT, CREATE TABLE AS, MERGE, UPDATE, DELETE.

A statement is resolved by Spark, with Delta's own rules, and not executed: it is read before it is run, or without being run.
Delta resolves a MERGE to a value for each column of the table in each clause, so `SET *` and `INSERT *` need no rule here.
Owns what each of these commands does to the columns of its table:

- INSERT and CREATE TABLE AS: the columns are those of the query; what REPLACE WHERE replaces by is a filter on all. A column
  that is left out and that the table generates is unknown: Delta works it out while it writes, after the plan is resolved.
- MERGE: an assigned value gives edges to its column. The condition is a join, that of a clause which inserts or deletes a
  filter, both on all columns. The condition of an UPDATE, and of a MERGE that only updates, decides over assigned columns only.
- UPDATE: its condition decides over the columns that it assigns, as that of a CASE does.
- DELETE: its condition is a filter on all columns; it gives no values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from toolkit.errors import UsageError
from toolkit.governance.lineage.expressions import flow_of
from toolkit.governance.lineage.flows import NOTHING, Flow, blank, joined
from toolkit.governance.lineage.leaves import Leaves, fields_of, generated_columns, located, of_table
from toolkit.governance.lineage.model import Field, Lineage, Source, Unknown, path_of, unknown_lineage
from toolkit.governance.lineage.operators import OperatorReader, leaf_flows
from toolkit.governance.lineage.plans import CONNECT, jvm, of_plan, of_rows, reading, refuse_deep
from toolkit.governance.lineage.rows import Attribute, Rows, attribute, deciding, fields_in, together
from toolkit.governance.lineage.trees import Node, parsed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.merge import MergeIntoWriter

_CLAUSES = ("matchedClauses", "notMatchedClauses", "notMatchedBySourceClauses")
_COMMAND = "org.apache.spark.sql.catalyst.plans.logical.Command"


def lineage_of_statement(spark: SparkSession, text: str) -> Lineage:
    """The lineage of a statement in SQL, which is not executed; of a SELECT that of its rows.

    Raises:
        UsageError: Spark cannot parse or resolve it.
    """
    if not hasattr(spark, "_jsparkSession"):
        return unknown_lineage((), CONNECT)
    plan = _resolved(spark, lambda: spark._jsparkSession.sessionState().sqlParser().parsePlan(text))
    return _of_command(spark, plan)


def lineage_of_merge(writer: MergeIntoWriter) -> Lineage:
    """The lineage of what `DataFrame.mergeInto` and its clauses describe, before `merge()` is called.

    Raises:
        UsageError: Spark cannot resolve it.
    """
    if not hasattr(writer, "_jwriter"):
        return unknown_lineage((), CONNECT)
    spark = writer._spark
    return _of_command(spark, _resolved(spark, writer._jwriter.mergeCommand))


def _resolved(spark: SparkSession, plan: Callable[[], Any]) -> Any:
    from pyspark.errors import AnalysisException

    skip = jvm(spark).org.apache.spark.sql.execution.CommandExecutionMode.SKIP()
    try:
        return spark._jsparkSession.sessionState().executePlan(plan(), skip).analyzed()
    except AnalysisException as problem:
        told = str(problem).strip().splitlines()[0]
        raise UsageError(
            f"Spark cannot resolve the statement: {told}", cure="Correct it, or make its tables."
        ) from None


def _of_command(spark: SparkSession, plan: Any) -> Lineage:
    name = str(plan.getClass().getSimpleName())
    if read := _COMMANDS.get(name):
        return reading(lambda: read(spark, plan), tuple)
    if jvm(spark).java.lang.Class.forName(_COMMAND, False, plan.getClass().getClassLoader()).isInstance(plan):
        return unknown_lineage((), f"the command {name} is not understood")
    return reading(lambda: of_plan(plan), lambda: fields_of(plan))


class _Command:
    """A command, and what its trees read.

    Args:
        plan: Java's command.
        parts: its plans that are no children of it.
    """

    def __init__(self, plan: Any, parts: Iterable[Any]) -> None:
        given = list(parts)
        for one in (plan, *given):
            refuse_deep(one)
        leaves = Leaves([plan, *given])
        self.node: Node = parsed(plan.toJSON())
        self.reader = OperatorReader(leaves.source, leaves.expansions)

    def rows(self, name: str) -> Rows:
        """The rows of one of its plans."""
        tree = self.node.tree(name)
        return self.reader.rows(tree) if tree else Rows(reason=f"the command has no {name}")

    def flow(self, node: Node, *rows: Rows) -> Flow:
        """The value of an expression over rows."""
        return flow_of(node, self.reader.scope(together(*rows), None))


def _insert(spark: SparkSession, plan: Any) -> Lineage:
    del spark
    command, target = _Command(plan, [plan.query()]), of_table(plan.table())
    table = command.node.tree("table")
    own = tuple(map(attribute, table.trees("output"))) if table else ()
    rows = command.rows("query")
    condition = command.node.tree("deleteExpr")
    if condition and condition.name != "Literal":
        command.reader.seen[target] = None
        rows = deciding(rows, [command.flow(condition, Rows(own, leaf_flows(own, target)))], "filter")
    fields = fields_of(plan.query())
    if not command.node.fields.get("isByName"):
        # More columns than the table has are added to it.
        fields = tuple(Field(own[at].name if at < len(own) else one.name, one.type) for at, one in enumerate(fields))
    lineage = of_rows(rows, fields, command.reader.seen, target)
    left_out = {one.name for one in own} - {one.name for one in fields}
    made = [one for one in generated_columns(plan.table()) if one.name in left_out] if left_out else []
    blanks = tuple(Unknown(one.name, "the table generates it from other columns", lineage.sources) for one in made)
    return replace(lineage, columns=(*fields, *made), unknown=(*lineage.unknown, *blanks))


def _create(spark: SparkSession, plan: Any) -> Lineage:
    command = _Command(plan, [plan.query()])
    target = _made_at(spark, plan)
    return of_rows(command.rows("query"), fields_of(plan.query()), command.reader.seen, target)


def _made_at(spark: SparkSession, plan: Any) -> Source:
    """Where a table will lie: at its path, where it says, or where its catalogue puts tables."""
    identifier = plan.name().identifier()
    name, space = str(identifier.name()), [str(one) for one in identifier.namespace()]
    if space == ["delta"]:
        return Source("table", located(name))
    catalog, parser = spark._jsparkSession.sessionState().catalog(), spark._jsparkSession.sessionState().sqlParser()
    known = parser.parseTableIdentifier(".".join(f"`{one.replace('`', '``')}`" for one in (*space, name)))
    place = plan.tableSpec().location()
    if place.isDefined():
        uri = place.get()
    elif catalog.tableExists(known):
        uri = unquote(catalog.getTableMetadata(known).location().toString())
    else:
        uri = unquote(catalog.defaultTablePath(known).toString())
    return Source("table", located(uri), called=".".join((*space, name)))


def _delete(spark: SparkSession, plan: Any) -> Lineage:
    del spark
    command = _Command(plan, [plan.target()])
    rows = command.rows("target")
    target = _written(rows)
    if condition := command.node.tree("condition"):
        rows = deciding(rows, [command.flow(condition, rows)], "filter")
    return _changed(command, rows, target, {})


def _update(spark: SparkSession, plan: Any) -> Lineage:
    del spark
    command = _Command(plan, [plan.target()])
    rows = command.rows("target")
    target = _written(rows)
    condition = command.node.tree("condition")
    decides = command.flow(condition, rows).deciding("conditional") if condition else NOTHING
    values = command.node.trees("updateExpressions")
    if len(values) != len(rows.output):
        return unknown_lineage(rows.fields, "the values of UPDATE are not those of its table", target=target)
    assigned = {
        one.name: joined([flow, decides], flow.text)
        for one, value in zip(rows.output, values, strict=True)
        if not _is_kept(flow := command.flow(value, rows), one.name, target)
    }
    return _changed(command, rows, target, assigned)


def _merge(spark: SparkSession, plan: Any) -> Lineage:
    del spark
    command = _Command(plan, [plan.source(), plan.target()])
    source, table = command.rows("source"), command.rows("target")
    target, fields = _written(table), _final_fields(command.node)
    clauses = [clause for name in _CLAUSES for clause in command.node.trees(name)]
    matched = _matched(command, source, table)
    only_updates = all("Update" in one.name for one in clauses)
    rows = replace(table, decisions={}, unknown=())
    if not only_updates:
        rows = deciding(rows, [matched], "join")
    given: dict[str, list[Flow]] = {}
    for clause in clauses:
        decides = command.flow(told, source, table) if (told := clause.tree("condition")) else NOTHING
        updates = "Update" in clause.name
        rows = rows if updates else deciding(rows, [decides], "filter")
        over = [decides.deciding("conditional"), *([matched] if only_updates else [])] if updates else []
        for name, value in _assigned(clause, fields):
            flow = command.flow(value, source, table) if value else blank("what MERGE assigns cannot be told")
            if not _is_kept(flow, name, target):
                given.setdefault(name, []).append(joined([flow, *over], flow.text))
    return _changed(command, rows, target, {name: joined(flows) for name, flows in given.items()}, fields)


def _matched(command: _Command, source: Rows, table: Rows) -> Flow:
    """What decides which rows of the source meet which of the table: the condition, and what decided over the source."""
    condition = command.node.tree("condition")
    flow = command.flow(condition, source, table) if condition else blank("the condition of MERGE cannot be read")
    rows = Flow(indirect=source.decisions, unknown=source.unknown, sources=source.sources if source.unknown else ())
    return joined([flow.deciding("join"), rows])


def _assigned(clause: Node, fields: tuple[Field, ...]) -> Iterator[tuple[str, Node | None]]:
    """The columns of a clause with their values; Delta gives a value to each column of the table, in its order."""
    actions = clause.trees("actions")
    if not actions:
        return
    alike = len(actions) == len(fields)
    for at, one in enumerate(fields):
        action = actions[at] if alike else None
        named = action is not None and action.fields.get("targetColNameParts") == f"[{one.name}]"
        yield one.name, action.children[0] if action and named else None


def _final_fields(node: Node) -> tuple[Field, ...]:
    """The columns that the table has after a MERGE, which may add some."""
    return fields_in(node.fields.get("migratedSchema"))


def _is_kept(flow: Flow, name: str, target: Source) -> bool:
    """Whether a column is assigned its own value."""
    ways = [(origin.source.key, origin.column, way.subtype) for origin, way in flow.direct.items()]
    return ways == [(target.key, path_of(name), "identity")] and not flow.indirect and not flow.unknown


def _written(rows: Rows) -> Source:
    """The table of a command, whatever version of it is read."""
    if len(rows.sources) != 1:
        raise ValueError("the table that is written cannot be told")
    return replace(rows.sources[0], version=None)


def _changed(
    command: _Command,
    rows: Rows,
    target: Source,
    assigned: Mapping[str, Flow],
    fields: tuple[Field, ...] = (),
) -> Lineage:
    """The lineage of a command that changes rows of its table: columns that it does not assign have no values from it."""
    columns = fields or rows.fields
    made = [Attribute(-at, one.name, one.type) for at, one in enumerate(columns, start=1)]
    flows = {one.id: assigned.get(one.name, NOTHING) for one in made}
    result = replace(rows, output=tuple(made), flows=flows)
    return of_rows(result, columns, command.reader.seen, target)


_COMMANDS: Mapping[str, Callable[[SparkSession, Any], Lineage]] = {
    "AppendData": _insert,
    "OverwriteByExpression": _insert,
    "OverwritePartitionsDynamic": _insert,
    "CreateTableAsSelect": _create,
    "ReplaceTableAsSelect": _create,
    "MergeIntoCommand": _merge,
    "UpdateCommand": _update,
    "DeleteCommand": _delete,
}
