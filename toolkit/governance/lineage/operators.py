"""What each operator of a logical plan does to the columns and rows that it is given.

Owns the list of operators that are understood. One that is not in it makes the columns unknown that come through it: an
operator that is new in Spark, or a user's function over whole rows, is never guessed at. Must not call Spark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from toolkit.governance.lineage.expressions import Scope, flow_of
from toolkit.governance.lineage.flows import NOTHING, Flow, blank, joined, part, read
from toolkit.governance.lineage.model import IndirectSubtype, Origin, Source, path_of
from toolkit.governance.lineage.rows import Attribute, Rows, attribute, deciding, shown, together
from toolkit.governance.lineage.trees import Node, nested_lists

if TYPE_CHECKING:
    from collections.abc import Iterable

AnySource = Callable[[Node], Source | None]

_PASSING = {
    *("SubqueryAlias", "View", "GlobalLimit", "LocalLimit", "Offset", "Tail", "Sample", "Repartition", "ResolvedHint"),
    *("RepartitionByExpression", "RebalancePartitions", "EventTimeWatermark", "UpdateEventTimeWatermarkColumn"),
    *("CollectMetrics", "CTERelationDef", "LimitAll", "SubqueryExec", "WithWindowDefinition"),
}
"""Operators that give the columns that they get; of the rows they take some by number or by chance, or all."""
_MANY_ROWS = {"Explode", "PosExplode", "Inline"}
"""Generators that make as many rows as their argument says; others make a fixed number."""


class OperatorReader:
    """Reads one plan with its subqueries.

    Args:
        source: says of a leaf what it reads; None where it reads nothing, as a range does.
        expansions: of an Expand whose rows are not in the text: its rows.

    Attributes:
        seen: all that is read, in the order of the plan.
    """

    def __init__(self, source: AnySource, expansions: Callable[[Node], list[list[Node]]]) -> None:
        self.source, self.expansions = source, expansions
        self.seen: dict[Source, None] = {}
        self._named: dict[int, Rows] = {}

    def rows(self, node: Node, outer: Scope | None = None) -> Rows:
        """What an operator, with all below, gives.

        Args:
            node: the operator.
            outer: what it sees of the query around it, where it is a subquery.
        """
        if node.name in _PASSING and len(node.children) == 1:
            return self.rows(node.children[0], outer)
        if not node.children and (leaf := self._leaf(node)):
            return leaf
        if read_as := _OPERATORS.get(node.name):
            return read_as(self, node, outer)
        return self._opaque(node, outer)

    def scope(self, rows: Rows, outer: Scope | None) -> Scope:
        """What expressions over these rows can name."""
        return Scope(rows.flows, self.rows, outer, blank(rows.reason, rows.sources) if rows.reason else None)

    def _leaf(self, node: Node) -> Rows | None:
        output = tuple(map(attribute, node.trees("output")))
        if node.name in {"OneRowRelation", "Range"}:
            return Rows(output, dict.fromkeys((one.id for one in output), NOTHING))
        if node.name in {"CTERelationRef", "UnionLoopRef"} or not (source := self.source(node)):
            return None
        self.seen[source] = None
        return Rows(output, leaf_flows(output, source), sources=(source,))

    def _opaque(self, node: Node, outer: Scope | None) -> Rows:
        """An operator that is not understood: its columns may depend on all that is read below."""
        below = together(*(self.rows(child, outer) for child in node.children))
        output = node.trees("output") or node.trees("outputAttrs")
        reason = f"{node.name} {_OPAQUE.get(node.name, 'is an operator that is not understood')}"
        columns = [(attribute(one), blank(reason, below.sources)) for one in output if one.id >= 0]
        unknown = (*below.unknown, reason)
        return Rows(tuple(one for one, _ in columns), {one.id: flow for one, flow in columns}, below.decisions, unknown,
                    below.sources, reason)  # fmt: skip

    def _project(self, node: Node, outer: Scope | None) -> Rows:
        rows = self.rows(node.children[0], outer)
        scope = self.scope(rows, outer)
        return shown(rows, [(attribute(one), flow_of(one, scope)) for one in node.trees("projectList")])

    def _filter(self, node: Node, outer: Scope | None) -> Rows:
        return self._deciding(node.children[0], [node.tree("condition")], "filter", outer)

    def _sort(self, node: Node, outer: Scope | None) -> Rows:
        return self._deciding(node.children[0], node.trees("order"), "sort", outer)

    def _deduplicate(self, node: Node, outer: Scope | None) -> Rows:
        return self._deciding(node.children[0], node.trees("keys"), "group_by", outer)

    def _distinct(self, node: Node, outer: Scope | None) -> Rows:
        rows = self.rows(node.children[0], outer)
        return deciding(rows, [rows.flow(one.id) for one in rows.output], "group_by")

    def _deciding(self, child: Node, by: Iterable[Node | None], subtype: IndirectSubtype, outer: Scope | None) -> Rows:
        rows = self.rows(child, outer)
        scope = self.scope(rows, outer)
        return deciding(rows, [flow_of(one, scope) for one in by if one], subtype)

    def _join(self, node: Node, outer: Scope | None) -> Rows:
        left, right = (self.rows(child, outer) for child in node.children)
        return self._joined(node, left, right, outer)

    def _lateral_join(self, node: Node, outer: Scope | None) -> Rows:
        left = self.rows(node.children[0], outer)
        query = node.tree("right")
        plan = query.tree("plan") if query else None
        if plan is None:
            return self._opaque(node, outer)
        return self._joined(node, left, self.rows(plan, self.scope(left, outer)), outer)

    def _joined(self, node: Node, left: Rows, right: Rows, outer: Scope | None) -> Rows:
        both = together(left, right)
        scope = self.scope(both, outer)
        conditions = [node.tree("condition"), node.tree("asOfCondition")]
        rows = deciding(both, [flow_of(one, scope) for one in conditions if one], "join")
        kept = str(node.fields.get("joinType")).rstrip("'}$").endswith(("LeftSemi", "LeftAnti"))
        return shown(rows, [(one, left.flow(one.id)) for one in left.output]) if kept else rows

    def _aggregate(self, node: Node, outer: Scope | None) -> Rows:
        rows = self.rows(node.children[0], outer)
        scope = self.scope(rows, outer)
        keys = [flow_of(one, scope) for one in node.trees("groupingExpressions")]
        grouped = shown(rows, [(attribute(one), flow_of(one, scope)) for one in node.trees("aggregateExpressions")])
        return deciding(grouped, keys, "group_by")

    def _window(self, node: Node, outer: Scope | None) -> Rows:
        rows = self.rows(node.children[0], outer)
        scope = self.scope(rows, outer)
        made = [(attribute(one), flow_of(one, scope)) for one in node.trees("windowExpressions")]
        return shown(rows, [*((one, rows.flow(one.id)) for one in rows.output), *made])

    def _expand(self, node: Node, outer: Scope | None) -> Rows:
        below = self.rows(node.children[0], outer)
        scope = self.scope(below, outer)
        rows = nested_lists(node.fields.get("projections")) or self.expansions(node)
        output = [attribute(one) for one in node.trees("output")]
        if not rows or any(len(row) != len(output) for row in rows):
            return self._opaque(node, outer)
        columns = zip(*([flow_of(one, scope) for one in row] for row in rows), strict=True)
        return shown(below, [(one, _shaped_alike(flows)) for one, flows in zip(output, columns, strict=True)])

    def _generate(self, node: Node, outer: Scope | None) -> Rows:
        rows = self.rows(node.children[0], outer)
        scope = self.scope(rows, outer)
        generator, output = node.tree("generator"), [attribute(one) for one in node.trees("generatorOutput")]
        values = _generated(generator, len(output), scope) if generator else None
        if values is None or generator is None:
            reason = f"the generator {generator.name if generator else ''} is not understood"
            rows = replace(rows, unknown=(*rows.unknown, reason))
            values = [blank(reason, rows.sources)] * len(output)
        left_out = set(node.fields.get("unrequiredChildIndex") or ())
        kept = [(one, rows.flow(one.id)) for at, one in enumerate(rows.output) if at not in left_out]
        made = shown(rows, [*kept, *zip(output, values, strict=True)])
        if generator is None or generator.name not in _MANY_ROWS:
            return made
        return deciding(made, [flow_of(one, scope) for one in generator.children], "join")

    def _union(self, node: Node, outer: Scope | None) -> Rows:
        parts = [self.rows(child, outer) for child in node.children]
        if len({len(one.output) for one in parts}) > 1 or any(one.reason and not one.output for one in parts):
            return self._opaque(node, outer)
        flows = [_shaped_alike([one.flow(one.output[at].id) for one in parts]) for at in range(len(parts[0].output))]
        return shown(together(*parts), list(zip(parts[0].output, flows, strict=True)))

    def _set_operation(self, node: Node, outer: Scope | None) -> Rows:
        left, right = (self.rows(child, outer) for child in node.children)
        compared = [one.flow(column.id) for one in (left, right) for column in one.output]
        rows = deciding(together(left, right), compared, "join")
        return shown(rows, [(one, left.flow(one.id)) for one in left.output])

    def _with_cte(self, node: Node, outer: Scope | None) -> Rows:
        plan = node.tree("plan")
        for one in node.trees("cteDefs"):
            self._named[int(one.fields["id"])] = self.rows(one, outer)
        return self.rows(plan, outer) if plan else self._opaque(node, outer)

    def _cte(self, node: Node, outer: Scope | None) -> Rows:
        del outer
        named = self._named.get(int(node.fields.get("cteId", -1)))
        output = [attribute(one) for one in node.trees("output")]
        if named is None or node.fields.get("recursive") or len(named.output) != len(output):
            reason = "a query that refers to itself is not understood"
            sources = named.sources if named else ()
            return Rows(tuple(output), {}, {}, (reason,), sources, reason)
        return shown(named, [(one, named.flow(old.id)) for one, old in zip(output, named.output, strict=True)])


def leaf_flows(output: Iterable[Attribute], source: Source) -> dict[int, Flow]:
    """The columns of what is read."""
    return {one.id: read(Origin(source, path_of(one.name))) for one in output}


def _shaped_alike(flows: Iterable[Flow]) -> Flow:
    """One of several values; fields of structs stay apart where all are put together of the same."""
    given = list(flows)
    flow = joined(given)
    if given and all(one.parts is not None and one.parts.keys() == (given[0].parts or {}).keys() for one in given):
        names = given[0].parts or {}
        parts = {name: joined([(one.parts or {})[name] for one in given]) for name in names}
        return Flow(flow.direct, flow.indirect, flow.unknown, flow.sources, flow.text, parts)
    return flow


def _generated(generator: Node, count: int, scope: Scope) -> list[Flow] | None:
    """The values of a generator's columns; None where it is not understood."""
    flows = [flow_of(child, scope) for child in generator.children]
    match generator.name:
        case "Explode" | "PosExplode":
            return [_element(generator.name, flows[0])] * count
        case "Inline":
            names = _fields_of(generator.children[0])
            element = _element("inline", flows[0])
            return [part(element, name) for name in names] if len(names) == count else [element] * count
        case "Stack":
            values = flows[1:]
            return [joined(values[at::count]) for at in range(count)]
        case "JsonTuple":
            return [flows[0].changed(f"json_tuple({flows[0].text})")] * count
    return None


def _element(name: str, flow: Flow) -> Flow:
    made = flow.changed(f"{name.lower()}({flow.text})")
    return Flow(made.direct, made.indirect, made.unknown, made.sources, made.text, None, flow.whole)


def _fields_of(node: Node) -> list[str]:
    kind: Any = node.fields.get("dataType")
    element = kind.get("elementType") if isinstance(kind, dict) else None
    fields = element.get("fields") if isinstance(element, dict) else None
    return [str(one["name"]) for one in fields] if isinstance(fields, list) else []


_OPAQUE = dict.fromkeys(
    (
        *("MapInPandas", "MapInArrow", "PythonMapInArrow", "FlatMapGroupsInPandas", "FlatMapGroupsInArrow"),
        *(
            "FlatMapCoGroupsInPandas",
            "FlatMapCoGroupsInArrow",
            "FlatMapGroupsInPandasWithState",
            "TransformWithStateInPySpark",
        ),
        *("TransformWithStateInPandas", "TransformWithState", "FlatMapGroupsWithState", "MapPartitions", "MapElements"),
        *("TypedFilter", "MapGroups", "CoGroup", "SerializeFromObject", "DeserializeToObject", "ScriptTransformation"),
    ),
    "is a function over whole rows: each column may come from all others",
) | dict.fromkeys(("UnionLoop", "UnionLoopRef"), "repeats a query over its own result, which is not understood")

_OPERATORS: Mapping[str, Callable[[OperatorReader, Node, Scope | None], Rows]] = {
    "Project": OperatorReader._project,
    "Filter": OperatorReader._filter,
    "Sort": OperatorReader._sort,
    "Deduplicate": OperatorReader._deduplicate,
    "DeduplicateWithinWatermark": OperatorReader._deduplicate,
    "Distinct": OperatorReader._distinct,
    "Join": OperatorReader._join,
    "AsOfJoin": OperatorReader._join,
    "LateralJoin": OperatorReader._lateral_join,
    "Aggregate": OperatorReader._aggregate,
    "Window": OperatorReader._window,
    "Expand": OperatorReader._expand,
    "Generate": OperatorReader._generate,
    "Union": OperatorReader._union,
    "Intersect": OperatorReader._set_operation,
    "Except": OperatorReader._set_operation,
    "WithCTE": OperatorReader._with_cte,
    "CTERelationRef": OperatorReader._cte,
}
