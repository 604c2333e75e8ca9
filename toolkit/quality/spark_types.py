"""Spark's column types as text: read, spelled in one way, compared, and named as the Open Data Contract Standard names them.

Owns the grammar of a type (`array<struct<id:bigint,price:decimal(10,2)>>`). Must not import Spark: rules and contracts are read
by programs that answer at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from toolkit.columns import quoted
from toolkit.errors import UsageError, nearest

Width = Literal["same", "wider", "narrower", "other"]

DEEPEST = 32
"""How many types may lie inside each other."""
_ALIASES = {
    "byte": "tinyint",
    "short": "smallint",
    "integer": "int",
    "long": "bigint",
    "real": "float",
    "dec": "decimal",
    "numeric": "decimal",
    "timestamp_ltz": "timestamp",
}
LOGICAL = {
    "tinyint": "integer",
    "smallint": "integer",
    "int": "integer",
    "bigint": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "string": "string",
    "varchar": "string",
    "char": "string",
    "binary": "string",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
    "time": "time",
    "interval": "string",
    "variant": "object",
    "struct": "object",
    "map": "object",
    "array": "array",
}
"""Spark's name of a type → the standard's."""
NOTHING = "void"
"""The type of a column that holds nothing but null; the standard has no name for it."""
NAMES = (*LOGICAL, NOTHING, *_ALIASES)
"""Every name that a type has."""
LOGICAL_TYPES = (
    "string",
    "date",
    "timestamp",
    "time",
    "number",
    "integer",
    "object",
    "array",
    "boolean",
    "map",
    "vector",
)
"""All logical types of the standard; `map` and `vector` since v3.2.0."""
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_BINARY_FRACTIONS = ("float", "double")
_LONGEST_DECIMAL = 38

_WORD = re.compile(r"\s*([A-Za-z_]+)")
_INTERVAL = re.compile(r"\s+(year|month|day|hour|minute|second)(\s+to\s+(month|hour|minute|second))?\b", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_FIELD = re.compile(r"\s*(?:`((?:``|[^`])+)`|([^:<>,`\s][^:<>,`]*?)(?=\s*:)|(\w+)(?=\s))\s*:?")
_NOT_NULL = re.compile(r"\s+not\s+null\b", re.IGNORECASE)
_PLAIN = re.compile(r"[^:<>,`\s]([^:<>,`]*[^:<>,`\s])?")


@dataclass(frozen=True)
class Field:
    """One field of a struct."""

    name: str
    type: SparkType
    nullable: bool = True


@dataclass(frozen=True)
class SparkType:
    """A type: its name in Spark's short spelling, and what it is made of."""

    name: str
    arguments: tuple[int, ...] = ()
    unit: str = ""
    """Of an interval: `day to second`."""
    parts: tuple[SparkType, ...] = ()
    """Of an array its element, of a map its key and its value."""
    fields: tuple[Field, ...] = ()

    @property
    def text(self) -> str:
        """As Spark spells it: `array<struct<id:bigint>>`."""
        if self.name == "struct":
            return struct_text((field.name, field.type.text) for field in self.fields)
        inner = ",".join(part.text for part in self.parts) or ",".join(map(str, self.arguments))
        if self.parts:
            return f"{self.name}<{inner}>"
        return f"{self.name}({inner})" if inner else f"{self.name} {self.unit}".strip()

    @property
    def logical(self) -> str:
        """The standard's name for it; empty for `void`."""
        return LOGICAL.get(self.name, "")

    @property
    def stored(self) -> SparkType:
        """The type as a table holds it: text of limited length is a string there, checked when it is written."""
        return SparkType(
            "string" if self.name in {"varchar", "char"} else self.name,
            () if self.name in {"varchar", "char"} else self.arguments,
            self.unit,
            tuple(part.stored for part in self.parts),
            tuple(Field(field.name, field.type.stored, field.nullable) for field in self.fields),
        )

    @property
    def compared(self) -> SparkType:
        """The type as a table holds it and Spark tells it from others: fields by name without case, whatever may be null."""
        stored = self.stored
        return SparkType(
            stored.name,
            stored.arguments,
            stored.unit,
            tuple(part.compared for part in stored.parts),
            tuple(Field(field.name.lower(), field.type.compared) for field in stored.fields),
        )


def struct_text(fields: Iterator[tuple[str, str]]) -> str:
    """`struct<name:type,…>`; a name that would not be read back stands in backquotes."""
    return f"struct<{','.join(f'{_quoted(name)}:{type_}' for name, type_ in fields)}>"


def _quoted(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else quoted(name)


def parse_type(text: str) -> SparkType:
    """The type that `text` spells, in any of Spark's spellings: `LONG`, `bigint`, `array<int>`, `struct<a INT, b: STRING>`.

    Raises:
        UsageError: it is no type of Spark's; the nearest one is offered.
    """
    reading = _Reading(text)
    found = reading.type()
    reading.end()
    return found


def width(old: SparkType, new: SparkType) -> Width:
    """Whether `new` holds every value of `old` in the same form and more, or fewer; `other` when they are of another kind.

    Only types without parts; `int` and `double` are of another kind, though Delta can widen one to the other, since a
    reader that counts on whole numbers would find fractions.
    """
    if old == new:
        return "same"
    if _holds(new, old):
        return "wider"
    return "narrower" if _holds(old, new) else "other"


def _holds(large: SparkType, small: SparkType) -> bool:
    for order in (_WHOLE, _BINARY_FRACTIONS):
        if large.name in order and small.name in order:
            return order.index(large.name) >= order.index(small.name)
    match large.name, small.name:
        case "decimal", "decimal":
            (p, s), (q, t) = large.arguments, small.arguments
            return s >= t and p - s >= q - t
        case "string", "varchar" | "char":
            return True
        case "varchar", "varchar" | "char":
            return large.arguments[0] >= small.arguments[0] and small.name == "varchar"
    return False


class _Reading:
    """A place in the text of a type."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def refuse(self, why: str) -> UsageError:
        return UsageError(
            f"{self.text!r} is no type of Spark's: {why}{'' if why.endswith('?') else '.'}",
            cure="Types look like bigint, decimal(10,2), array<string>, map<string,int>, struct<id:bigint,name:string>.",
        )

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def sign(self, wanted: str) -> bool:
        rest = self.text[self.at :]
        if rest.lstrip().startswith(wanted):
            self.at += len(rest) - len(rest.lstrip()) + len(wanted)
            return True
        return False

    def expect(self, wanted: str) -> None:
        if not self.sign(wanted):
            raise self.refuse(f"{wanted!r} is missing at position {self.at + 1}")

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.refuse(f"{self.text[self.at :].strip()[:40]!r} follows it")

    def type(self) -> SparkType:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refuse(f"more than {DEEPEST} types lie inside each other")
        word = self.take(_WORD)
        name = word[1].lower() if word else ""
        found = self.built(_ALIASES.get(name, name))
        self.depth -= 1
        return found

    def built(self, name: str) -> SparkType:
        match name:
            case "array":
                self.expect("<")
                parts: tuple[SparkType, ...] = (self.type(),)
                self.expect(">")
                return SparkType(name, parts=parts)
            case "map":
                self.expect("<")
                key = self.type()
                self.expect(",")
                parts = (key, self.type())
                self.expect(">")
                return SparkType(name, parts=parts)
            case "struct":
                return SparkType(name, fields=self.struct_fields())
            case "interval":
                unit = self.take(_INTERVAL)
                return SparkType(name, unit=" ".join(unit[0].lower().split()) if unit else "")
            case "decimal" | "varchar" | "char" | "time":
                return SparkType(name, self.arguments(name))
            case _ if name in LOGICAL or name == NOTHING:
                return SparkType(name)
        unknown = name or self.text[self.at :][:20]
        raise self.refuse(f"there is no type {unknown!r}{nearest(name, sorted(NAMES)).replace(' Did', '. Did')}")

    def arguments(self, name: str) -> tuple[int, ...]:
        given = self.take(_ARGUMENTS)
        numbers = tuple(int(n) for n in given.groups() if n is not None) if given else ()
        match name, numbers:
            case "decimal", ():
                return (10, 0)
            case "decimal", (p, *rest):
                scale = rest[0] if rest else 0
                if not 1 <= p <= _LONGEST_DECIMAL or scale > p:
                    raise self.refuse(f"a decimal has 1 to {_LONGEST_DECIMAL} digits, no more of them after the point")
                return (p, scale)
            case "varchar" | "char", (n,) if n > 0:
                return (n,)
            case "time", () | (_,):
                return numbers or (6,)
        raise self.refuse(f"{name} needs a length in brackets, such as {name}(20)")

    def struct_fields(self) -> tuple[Field, ...]:
        self.expect("<")
        found: list[Field] = []
        while not self.sign(">"):
            if found:
                self.expect(",")
            named = self.take(_FIELD)
            if named is None:
                raise self.refuse(f"a field of a struct is missing at position {self.at + 1}")
            name = named[1].replace("``", "`") if named[1] else (named[2] or named[3])
            type_ = self.type()
            found.append(Field(name, type_, nullable=self.take(_NOT_NULL) is None))
        return tuple(found)


def from_json(declared: Any) -> SparkType:
    """The type in a schema's JSON, which Spark and Delta share."""
    if isinstance(declared, str):
        return parse_type(declared)
    match declared["type"]:
        case "array":
            return SparkType("array", parts=(from_json(declared["elementType"]),))
        case "map":
            return SparkType("map", parts=(from_json(declared["keyType"]), from_json(declared["valueType"])))
        case "struct":
            fields = (Field(f["name"], from_json(f["type"]), f["nullable"]) for f in declared["fields"])
            return SparkType("struct", fields=tuple(fields))
        case _:
            # A user-defined type is stored as another one.
            return from_json(declared["sqlType"])
