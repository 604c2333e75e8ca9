"""Where the value of an expression comes from.

A function gives, of its arguments, what it makes of them: that is the rule, for Spark's own functions and for users'. Owns the
exceptions: conditions, windows, struct fields, functions of the rows and not of their values, and expressions that hold a plan.
Must not read operators of plans; what is asked of them comes through `Scope.plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolkit.governance.lineage import texts
from toolkit.governance.lineage.flows import NOTHING, Flow, blank, joined, part
from toolkit.governance.lineage.masking import hides
from toolkit.governance.lineage.model import IndirectSubtype
from toolkit.governance.lineage.trees import Node

if TYPE_CHECKING:
    from toolkit.governance.lineage.rows import Rows

AGGREGATE = "AggregateExpression"
_OF_ROWS = {"RowNumber", "Rank", "DenseRank", "PercentRank", "CumeDist", "NTile"}
"""Functions of a window that tell where a row stands; Spark gives some of them the order as arguments."""
_SAME = {"Alias", "OuterReference", "NamedArgumentExpression", "KnownNotNull", "KnownNullable", "TempResolvedColumn"}
_SECOND_DECIDES: dict[str, IndirectSubtype] = {
    "GetArrayItem": "conditional",
    "GetMapValue": "conditional",
    "ElementAt": "conditional",
    "ArrayFilter": "conditional",
    "MapFilter": "conditional",
    "MaxBy": "sort",
    "MinBy": "sort",
}
"""Expressions whose first argument gives the value, and whose second says which."""
_WITH_PLAN = {"ScalarSubquery", "Exists", "ListQuery", "InSubquery", "LateralSubquery"}


@dataclass
class Scope:
    """What an expression can name.

    Attributes:
        columns: the flow of each attribute, by its number.
        plan: reads the plan of a subquery.
        outer: what a subquery sees of the query around it.
        missing: the flow of an attribute that is none of them, where an operator below was not understood.
    """

    columns: Mapping[int, Flow]
    plan: Callable[[Node, Scope], Rows]
    outer: Scope | None = None
    missing: Flow | None = None

    def attribute(self, node: Node) -> Flow:
        """The flow of an attribute."""
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.columns.get(node.id)) is not None:
                return found
            scope = scope.outer
        return self.missing or blank(f"the column {node.fields.get('name')} is not one of those that were read")


def flow_of(node: Node, scope: Scope) -> Flow:
    """Where the value of an expression comes from."""
    if node.name in {"AttributeReference", "NamedLambdaVariable"}:
        return scope.attribute(node)
    if node.name == "Literal":
        return Flow(text=texts.literal_text(node))
    if node.name in _SAME:
        # What an outer reference names is a field where Spark did not make it a child.
        inner = node.children[0] if node.children else node.tree("e")
        return flow_of(inner, scope) if inner else blank(f"{node.name} cannot be read")
    if special := _SPECIAL.get(node.name):
        return special(node, scope)
    if node.tree("plan") is not None:
        return blank(f"the subquery {node.name} is not understood")
    return _function(node, scope)


def _function(node: Node, scope: Scope) -> Flow:
    inner = _arguments(node, scope)
    return _made(node, inner, joined(inner))


def _arguments(node: Node, scope: Scope) -> list[Flow]:
    """The flows of the arguments; a lambda's variables stand for elements of those that are no lambdas."""
    if not any(child.name == "LambdaFunction" for child in node.children):
        return [flow_of(child, scope) for child in node.children]
    given = joined(flow_of(child, scope) for child in node.children if child.name != "LambdaFunction")
    return [
        _lambda(child, given, scope) if child.name == "LambdaFunction" else flow_of(child, scope)
        for child in node.children
    ]


def _lambda(node: Node, given: Flow, scope: Scope) -> Flow:
    body, *variables = node.children
    named = {one.id: given.changed(texts.text_of(one, [])) for one in variables}
    flow = flow_of(body, replace(scope, columns={**scope.columns, **named}))
    return replace(flow, text=f"{', '.join(one.text for one in named.values())} -> {flow.text}")


def _made(node: Node, inner: Sequence[Flow], flow: Flow) -> Flow:
    text = texts.text_of(node, [one.text for one in inner])
    return flow.changed(text, masks=hides(node.name))


def _cast(node: Node, scope: Scope) -> Flow:
    child = node.children[0]
    flow = flow_of(child, scope)
    same = child.name == "AttributeReference" and child.fields.get("dataType") == node.fields.get("dataType")
    return flow if same else _made(node, [flow], flow)


def _case(node: Node, scope: Scope) -> Flow:
    flows = [flow_of(child, scope) for child in node.children]
    whens, odd = flows[::2], len(flows) % 2
    given = [*flows[1::2], *(whens[-1:] if odd else [])]
    return _chosen(node, flows, whens[: len(whens) - odd], given)


def _if(node: Node, scope: Scope) -> Flow:
    flows = [flow_of(child, scope) for child in node.children]
    return _chosen(node, flows, flows[:1], flows[1:])


def _second_decides(node: Node, scope: Scope) -> Flow:
    flows = _arguments(node, scope)
    decides = [one.deciding(_SECOND_DECIDES[node.name]) for one in flows[1:]]
    flow = _made(node, flows, joined([flows[0], *decides]))
    if node.name in {"GetArrayItem", "GetMapValue", "ElementAt"} and flows[0].whole:
        return replace(flow, whole=True)
    return flow


def _chosen(node: Node, flows: Sequence[Flow], whens: Sequence[Flow], given: Sequence[Flow]) -> Flow:
    decides = [one.deciding("conditional") for one in whens]
    return _made(node, flows, joined([*given, *decides]))


def _struct(node: Node, scope: Scope) -> Flow:
    names = [str(child.fields.get("value")) for child in node.children[::2]]
    values = [flow_of(child, scope) for child in node.children[1::2]]
    named = all(child.name == "Literal" for child in node.children[::2])
    flow = joined(values).changed(f"named_struct({', '.join(one.text for one in values if one.text)})")
    parts = dict(zip(names, values, strict=True)) if named else None
    return Flow(flow.direct, flow.indirect, flow.unknown, flow.sources, flow.text, parts)


def _struct_field(node: Node, scope: Scope) -> Flow:
    child = node.children[0]
    name = node.fields.get("name") or _nth_field(child, node.fields.get("ordinal"))
    flow = flow_of(child, scope)
    return part(flow, name) if isinstance(name, str) else _made(node, [flow], flow)


def _field_of_each(node: Node, scope: Scope) -> Flow:
    flow = flow_of(node.children[0], scope)
    told = node.fields.get("field")
    name = told.get("name") if isinstance(told, dict) else None
    return part(flow, name) if isinstance(name, str) else _made(node, [flow], flow)


def _nth_field(node: Node, ordinal: object) -> str | None:
    kind = node.fields.get("dataType")
    fields = kind.get("fields") if isinstance(kind, dict) else None
    if isinstance(fields, list) and isinstance(ordinal, int) and ordinal < len(fields):
        return str(fields[ordinal].get("name"))
    return None


def _aggregate(node: Node, scope: Scope) -> Flow:
    function, *filters = node.children
    value = flow_of(function, scope)
    value = value.changed(value.text, "aggregation")
    return joined([value, *(flow_of(one, scope).deciding("filter") for one in filters)], value.text)


def _pivot(node: Node, scope: Scope) -> Flow:
    by, value = (flow_of(child, scope) for child in node.children[:2])
    return joined([value.changed(value.text, "aggregation"), by.deciding("conditional")])


def _window(node: Node, scope: Scope) -> Flow:
    function, spec = node.children[:2]
    bare = function.name in _OF_ROWS
    value = NOTHING if bare else flow_of(function, scope)
    text = texts.text_of(function, []) if bare else value.text
    over = [flow_of(one, scope) for one in spec.children if one.name != "SpecifiedWindowFrame"]
    return joined([value, *(one.deciding("window") for one in over)], f"{text} OVER (…)").changed(f"{text} OVER (…)")


def _scalar_subquery(node: Node, scope: Scope) -> Flow:
    rows, values = _rows_of(node, scope)
    value = values[0] if values else blank("the subquery has no column")
    return joined([value, _decisions_of(rows)]).changed(f"(SELECT {value.text})")


def _exists(node: Node, scope: Scope) -> Flow:
    rows, _ = _rows_of(node, scope)
    return _decisions_of(rows).changed("EXISTS (…)")


def _list_query(node: Node, scope: Scope) -> Flow:
    rows, values = _rows_of(node, scope)
    return joined([*values, _decisions_of(rows)]).changed("(SELECT …)")


def _in_subquery(node: Node, scope: Scope) -> Flow:
    # The values are a field, and children besides in some versions; each is read once.
    values = node.trees("values") or [one for one in node.children if one.name not in _WITH_PLAN]
    query = node.tree("query")
    flows = [flow_of(one, scope) for one in (*values, *([query] if query else []))]
    text = f"{', '.join(one.text for one in flows[: len(values)])} IN (SELECT …)"
    return joined(flows).changed(text) if query else blank("the subquery of IN is not understood")


def _rows_of(node: Node, scope: Scope) -> tuple[Rows, list[Flow]]:
    plan = node.tree("plan")
    assert plan is not None, node.name  # noqa: S101 - each of these classes has one
    rows = scope.plan(plan, scope)
    return rows, [rows.flow(one.id) for one in rows.output]


def _decisions_of(rows: Rows) -> Flow:
    unknown = tuple(dict.fromkeys(reason for reason in rows.unknown))
    return Flow(indirect=rows.decisions, unknown=unknown, sources=tuple(rows.sources) if unknown else ())


_SPECIAL: Mapping[str, Callable[[Node, Scope], Flow]] = {
    "Cast": _cast,
    "CaseWhen": _case,
    "If": _if,
    **dict.fromkeys(_SECOND_DECIDES, _second_decides),
    "CreateNamedStruct": _struct,
    "GetStructField": _struct_field,
    "GetArrayStructFields": _field_of_each,
    AGGREGATE: _aggregate,
    "PivotFirst": _pivot,
    "WindowExpression": _window,
    "ScalarSubquery": _scalar_subquery,
    "Exists": _exists,
    "ListQuery": _list_query,
    "InSubquery": _in_subquery,
}
