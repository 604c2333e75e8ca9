"""The columns of a contract as rules see them: where each value stands, in which rows it can be there, and of which sort it is.

Owns the way into structs and arrays. What is said of an element becomes a rule on a column, or a condition for `each` item of
an array; arrays inside arrays, and maps, are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.contracts.model import Column, ContractTable
from toolkit.quality.rules import Rule, parse
from toolkit.quality.rules.base import Family
from toolkit.quality.spark_types import SparkType, parse_type

_FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "float", "double", "decimal"), "number"),
    **dict.fromkeys(("string", "varchar", "char"), "text"),
    **dict.fromkeys(("date", "timestamp", "timestamp_ntz"), "time"),
    "boolean": "boolean",
    "array": "array",
    "struct": "struct",
}
_BY_LOGICAL_TYPE: Mapping[str, Family] = {
    **dict.fromkeys(("integer", "number"), "number"),
    **dict.fromkeys(("date", "timestamp"), "time"),
    "string": "text",
    "boolean": "boolean",
    "array": "array",
    "time": "other",
    "map": "other",
    "vector": "other",
}
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_NOT_COMPARED = {"map", "variant"}
"""Types whose values are neither equal nor in order."""


@dataclass(frozen=True)
class Statement:
    """One thing that a contract says: the rule that checks it, or why none does."""

    where: str
    """`items.price`; empty for the whole table."""
    what: str
    """As a sentence names it: `maximum`, `the service level latency`."""
    rule: Rule | None
    why_not: str = ""


@dataclass(frozen=True)
class Element:
    """A column, a field of a struct, or what an array holds."""

    column: Column
    told: str
    """Its path in messages: `items[].price`."""
    path: str
    """As rules name it; of an element inside an array, that array's."""
    where: str = ""
    """The rows in which it can be there at all."""
    item: str = ""
    """Inside an array, its path from the item on; empty elsewhere."""
    guards: tuple[str, ...] = ()
    """Inside an array, conditions under which it cannot be there."""
    too_deep: bool = False
    """Whether it lies in an array inside an array."""

    @property
    def value(self) -> str:
        """The value in SQL."""
        return sql_text.column(self.item or self.path)

    @property
    def name(self) -> str:
        """What names of rules begin with."""
        return f"{self.path}.{self.item}" if self.item else self.path

    @property
    def type(self) -> SparkType | None:
        """The type of Spark's that is promised, if one is."""
        return parse_type(self.column.type) if self.column.type else None

    @property
    def family(self) -> Family | None:
        """Which sort of value it holds; None when the contract does not say."""
        return family_of(self.column)

    @property
    def called(self) -> str:
        """Its type in messages."""
        column = self.column
        return column.type or str(column.extras.get("physicalType") or "") or column.logical_type or "of any type"

    @property
    def comparable(self) -> bool:
        """Whether its values can be told to be equal, as far as the contract says what they are."""
        return self.column.logical_type != "map" and (self.type is None or not _holds_any(self.type, _NOT_COMPARED))

    def said(self, what: str, why_not: str) -> Statement:
        """That something said of it is not checked."""
        return Statement(self.told, what, None, why_not)

    def holds(
        self, what: str, ends: str, condition: str, rule: Mapping[str, Any] | None = None, *, description: str = ""
    ) -> Statement:
        """What is said of it, as a rule.

        Args:
            what: as a sentence names it.
            ends: what the rule's name ends with.
            condition: the same in SQL, of `value`, without OR; for an item of an array it is asked of each.
            rule: a kind of rule that says it, with its fields; `holds` with the condition when None.
            description: what is true of good data; the rule's own words when empty.
        """
        if self.too_deep:
            return self.said(what, "arrays inside arrays are not looked into")
        if self.item:
            rule, description = {"kind": "each", "condition": " OR ".join([*self.guards, condition])}, ""
        found = {**(rule or {"kind": "holds", "condition": condition}), "name": named(self.name, ends)}
        if "columns" not in found:
            found["column"] = self.path
        given = {"where": self.where, "description": description}
        try:
            return Statement(self.told, what, parse({**found, **{name: text for name, text in given.items() if text}}))
        except UsageError as problem:
            return self.said(what, problem.what.removeprefix("The rule cannot be used: ").rstrip("."))


def elements(table: ContractTable) -> Iterator[Element]:
    """Every element of a table, each column before its parts."""
    for column in table.columns:
        path = sql_text.named(column.name)
        yield from _with_parts(Element(column, column.name, path))


def _with_parts(element: Element) -> Iterator[Element]:
    yield element
    column = element.column
    for field in column.fields:
        inner, told = sql_text.named(field.name), f"{element.told}.{field.name}"
        if element.item:
            guards = (*element.guards, f"{element.value} IS NULL")
            inside = Element(
                field, told, element.path, element.where, f"{element.item}.{inner}", guards, element.too_deep
            )
        else:
            given = f"{element.value} IS NOT NULL"
            there = f"{element.where} AND {given}" if element.where else given
            inside = Element(field, told, f"{element.path}.{inner}", there)
        yield from _with_parts(inside)
    if column.items is not None:
        deep = bool(element.item)
        item = Element(column.items, f"{element.told}[]", element.path, element.where, "item", too_deep=deep)
        yield from _with_parts(item)


def family_of(column: Column) -> Family | None:
    """Which sort of value a column holds; None when the contract leaves it open."""
    if column.type:
        return _FAMILIES.get(parse_type(column.type).name, "other")
    return "struct" if column.fields else _BY_LOGICAL_TYPE.get(column.logical_type)


def family_at(table: ContractTable, path: str) -> Family | None:
    """Which sort of value stands at a path: of a field inside an array, an array of them."""
    for element in elements(table):
        inner = element.item.partition(".")[2]
        if sql_text.parts(f"{element.path}.{inner}" if inner else element.path) == sql_text.parts(path):
            return element.family if not element.item else "array"
    return None


def named(path: str, what: str) -> str:
    """The name of a rule that follows from what is said of a column."""
    plain = _NOT_IN_A_NAME.sub("_", path.lower()).strip("_")[:100]
    return f"{plain}_{what}" if plain[:1].isalpha() else f"column_{plain}_{what}"


def _holds_any(type_: SparkType, names: set[str]) -> bool:
    inner = (*type_.parts, *(field.type for field in type_.fields))
    return type_.name in names or any(_holds_any(one, names) for one in inner)
