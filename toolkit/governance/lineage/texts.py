"""A short SQL text of an expression, without its literals.

Literals are written as `?`: a condition on a name or a number of an account holds data. Made for people to read; nothing parses
it. Owns how each class of expression is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from toolkit.governance.lineage.trees import Node

_BETWEEN = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "Remainder": "%", "IntegralDivide": "DIV",
    "And": "AND", "Or": "OR",
    "EqualTo": "=", "EqualNullSafe": "<=>", "GreaterThan": ">", "GreaterThanOrEqual": ">=", "LessThan": "<",
    "LessThanOrEqual": "<=", "Like": "LIKE", "RLike": "RLIKE",
}  # fmt: skip
_PASSED = {"Alias", "AggregateExpression", "OuterReference", "NamedArgumentExpression", "KnownNotNull", "CheckOverflow"}
_CALLED = {
    "StringSplit": "split", "ArrayTransform": "transform", "ArrayFilter": "filter", "ArrayExists": "exists",
    "CreateNamedStruct": "named_struct", "CreateArray": "array", "CreateMap": "map", "RegExpReplace": "regexp_replace",
    "RegExpExtract": "regexp_extract", "StddevSamp": "stddev", "Average": "avg", "StringTrim": "trim",
    "HyperLogLogPlusPlus": "approx_count_distinct", "ConcatWs": "concat_ws", "GetArrayItem": "element_at",
    "GetMapValue": "element_at", "WindowExpression": "window", "PythonUDF": "udf", "ScalaUDF": "udf",
}  # fmt: skip


def text_of(node: Node, inner: list[str]) -> str:
    """The text of an expression.

    Args:
        node: the expression.
        inner: the texts of its children.
    """
    if node.name == "Literal":
        return literal_text(node)
    if node.name in _PASSED and inner:
        return inner[0]
    if len(inner) == 2 and node.name in _BETWEEN:  # noqa: PLR2004 - the two sides
        return f"({inner[0]} {_BETWEEN[node.name]} {inner[1]})"
    if node.fields.get("replacement") == 0 and inner:
        return inner[0]
    return _special(node, inner) or f"{_name(node)}({', '.join(one for one in inner if one)})"


def literal_text(node: Node) -> str:
    """Null, true and false as they are; all else could be data."""
    value = node.fields.get("value")
    if value is None:
        return "NULL"
    return str(value).upper() if node.fields.get("dataType") == "boolean" else "?"


def _special(node: Node, inner: list[str]) -> str:
    write = _WRITTEN.get(node.name)
    return write(node, inner) if write and (inner or node.name == "NamedLambdaVariable") else ""


def _cast(node: Node, inner: list[str]) -> str:
    kind = node.fields.get("dataType")
    return f"CAST({inner[0]} AS {kind})" if isinstance(kind, str) else f"CAST({inner[0]})"


def _case(node: Node, inner: list[str]) -> str:
    del node
    whens = [f"WHEN {when} THEN {then}" for when, then in zip(inner[::2], inner[1::2], strict=False)]
    other = [f"ELSE {inner[-1]}"] if len(inner) % 2 else []
    return " ".join(["CASE", *whens, *other, "END"])


def _name(node: Node) -> str:
    if node.name in {"PythonUDF", "ScalaUDF", "ApplyFunctionExpression"} and isinstance(node.fields.get("name"), str):
        return str(node.fields["name"])
    return _CALLED.get(node.name) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", node.name).lower()


_WRITTEN: Mapping[str, Callable[[Node, list[str]], str]] = {
    "Cast": _cast,
    "CaseWhen": _case,
    "Not": lambda _, inner: f"NOT {inner[0]}",
    "IsNull": lambda _, inner: f"{inner[0]} IS NULL",
    "IsNotNull": lambda _, inner: f"{inner[0]} IS NOT NULL",
    "In": lambda _, inner: f"{inner[0]} IN ({', '.join(dict.fromkeys(inner[1:]))})",
    "SortOrder": lambda _, inner: inner[0],
    "NamedLambdaVariable": lambda node, _: re.sub(r"_\d+$", "", str(node.fields.get("name", "x"))),
}
