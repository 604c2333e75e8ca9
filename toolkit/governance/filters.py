"""Row filters: a condition on a table's own columns that may ask who is looking.

    region = attribute('region') OR is_member('headquarters')

Owns what such a condition may be made of. It is read into a tree, and written anew for each engine with the answers about the
principal in place of the questions: so nothing of it is ever SQL that was not checked, and no function is called that could
have an effect. A row of which the condition is not true, or not known, is not shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from toolkit.errors import UsageError
from toolkit.governance.masks import Sides

QUESTIONS = ("principal", "is_member", "attribute")
"""principal(): its name; is_member('group'); attribute('name'): its values."""
_PARTS = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.EQ, exp.NEQ,
    exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Like, exp.Lower, exp.Upper, exp.Coalesce, exp.Neg,
    exp.DataType, exp.Anonymous,
)  # fmt: skip
_WRITTEN: dict[str, Any] = {"identify": True, "comments": False}
_SAID = (
    "It is made of the table's columns, literals, comparisons, AND, OR, NOT, IN, BETWEEN, LIKE, IS NULL, lower, upper, "
    "coalesce, and principal(), is_member('group'), attribute('name')."
)


@dataclass(frozen=True)
class Viewer:
    """Who is looking, as far as a row filter may ask.

    Attributes:
        name: of the principal.
        groups: that it is in, itself among them.
        attributes: as name=value; a name may occur several times.
    """

    name: str
    groups: frozenset[str]
    attributes: tuple[str, ...]

    def values(self, name: str) -> list[str]:
        """The values of an attribute."""
        return [value for key, _, value in (one.partition("=") for one in self.attributes) if key == name]


def check(condition: str, columns: Collection[str]) -> str:
    """The condition itself, if it can filter the rows of a table with these columns.

    Raises:
        UsageError: it is no condition, names another column, or has a part that a row filter cannot have.
    """
    _parsed(condition, columns)
    return condition


def bound(condition: str, columns: Collection[str], viewer: Viewer) -> Sides:
    """A checked condition as each engine takes it, for one principal.

    Raises:
        UsageError: the table no longer has a column of it.
    """
    tree = _parsed(condition, columns).transform(lambda node: _answered(node, viewer))
    # Without brackets around it, an OR in it would meet an AND outside. The engine without a JVM lets every row through where
    # a condition is null without a look at the row, as that of somebody without an attribute is.
    return Sides(
        f"({tree.sql(dialect='spark', **_WRITTEN)})", f"(({tree.sql(dialect='postgres', **_WRITTEN)}) IS TRUE)"
    )


def _parsed(condition: str, columns: Collection[str]) -> exp.Expr:
    try:
        trees = sqlglot.parse(f"SELECT 1 WHERE {condition}\n", read="spark")
    except (SqlglotError, RecursionError) as problem:
        raise UsageError(f"{condition!r} is no condition.", cure=_SAID) from problem
    select = trees[0] if len(trees) == 1 else None
    if not isinstance(select, exp.Select) or {name for name, part in select.args.items() if part} != {
        "expressions",
        "where",
    }:
        raise UsageError(f"{condition!r} is no condition, or more than one.", cure=_SAID)
    tree: exp.Expr = select.args["where"].this
    for node in tree.walk():
        _refuse_part(condition, node, columns)
    return tree


def _refuse_part(condition: str, node: exp.Expr, columns: Collection[str]) -> None:
    if isinstance(node, exp.Anonymous):
        _refuse_question(condition, node)
    elif isinstance(node, exp.Column) and (node.table or node.name not in columns):
        raise UsageError.unknown("column", node.sql(dialect="spark"), columns)
    elif type(node) not in _PARTS and not (isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal)):
        # DATE '2026-01-01' is a cast, too; one of a column could stop at a value and so say what it is.
        raise UsageError(f"{node.sql(dialect='spark')!r} cannot stand in a row filter.", cure=_SAID)


def _refuse_question(condition: str, node: exp.Anonymous) -> None:
    """Refuse a function that is none of the questions, or one that is asked in another form."""
    name, arguments = str(node.this).lower(), node.expressions
    told = all(isinstance(one, exp.Literal) and one.is_string for one in arguments)
    stands = name != "attribute" or _is_compared(node)
    if name not in QUESTIONS or not told or len(arguments) != (name != "principal") or not stands:
        raise UsageError(f"{node.sql(dialect='spark')!r} cannot stand so in {condition!r}.", cure=_SAID)


def _is_compared(node: exp.Anonymous) -> bool:
    """Whether it is one side of an equation, or all of a list."""
    parent = node.parent
    return isinstance(parent, exp.EQ) or (isinstance(parent, exp.In) and parent.expressions == [node])


def _answered(node: exp.Expr, viewer: Viewer) -> exp.Expr:
    """A question's answer in its place; a comparison with an attribute is one with all its values."""
    if isinstance(node, (exp.EQ, exp.In)) and (asked := _attribute_of(node)) is not None:
        values = [exp.Literal.string(value) for value in viewer.values(asked.expressions[0].name)]
        other = node.this if node.this is not asked else node.expression
        # In none is null for a null on the left, and false for others; a list in SQL has to have something in it.
        return exp.In(this=other.copy(), expressions=values or [exp.Null()])
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "principal":
        return exp.Literal.string(viewer.name)
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "is_member":
        return exp.Boolean(this=node.expressions[0].name in viewer.groups)
    return node


def _attribute_of(node: exp.EQ | exp.In) -> exp.Anonymous | None:
    sides: Iterable[exp.Expr | None] = (node.this, node.args.get("expression"), *node.args.get("expressions", ()))
    return next((one for one in sides if isinstance(one, exp.Anonymous) and str(one.this).lower() == "attribute"), None)
