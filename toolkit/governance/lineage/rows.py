"""The rows that an operator of a plan gives: their columns, where each comes from, and what decided which rows there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.governance.lineage.flows import Decisions, Flow, blank
from toolkit.governance.lineage.model import Field, Source
from toolkit.governance.lineage.trees import Node


@dataclass(frozen=True)
class Attribute:
    """A column of an operator: its number in the session, its name, its type."""

    id: int
    name: str
    type: str = ""


@dataclass(frozen=True)
class Rows:
    """What an operator gives.

    Attributes:
        output: its columns in order; None where that is not known.
        flows: of each column, by its number.
        decisions: what decided over the rows.
        unknown: why more may have.
        sources: all that is read.
        reason: of a column that is not in `flows`.
    """

    output: tuple[Attribute, ...] = ()
    flows: Mapping[int, Flow] = field(default_factory=dict)
    decisions: Decisions = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    reason: str = ""

    def flow(self, column: int) -> Flow:
        """The flow of a column."""
        found = self.flows.get(column)
        return blank(self.reason or "its plan is not understood", self.sources) if found is None else found

    @property
    def fields(self) -> tuple[Field, ...]:
        """Names and types of the columns."""
        return tuple(Field(one.name, one.type) for one in self.output)


def attribute(node: Node) -> Attribute:
    """The column that an attribute or an alias names."""
    return Attribute(node.id, str(node.fields.get("name", "")), type_text(node.fields.get("dataType", "")))


def fields_in(schema: Any) -> tuple[Field, ...]:
    """Names and types in a schema, as Spark writes it in JSON."""
    fields = schema.get("fields", []) if isinstance(schema, dict) else []
    return tuple(Field(str(one["name"]), type_text(one["type"])) for one in fields)


def type_text(kind: Any) -> str:
    """A type as a text: `array<struct<sku:string>>`."""
    if not isinstance(kind, dict):
        return str(kind)
    match kind.get("type"):
        case "struct":
            return f"struct<{','.join(f'{one.name}:{one.type}' for one in fields_in(kind))}>"
        case "array":
            return f"array<{type_text(kind.get('elementType'))}>"
        case "map":
            return f"map<{type_text(kind.get('keyType'))},{type_text(kind.get('valueType'))}>"
    return str(kind.get("type"))


def together(*parts: Rows) -> Rows:
    """Rows side by side: all columns, and all that decided over either."""
    return Rows(
        tuple(one for part in parts for one in part.output),
        {number: flow for part in parts for number, flow in part.flows.items()},
        {key: text for part in parts for key, text in part.decisions.items()},
        _once(reason for part in parts for reason in part.unknown),
        tuple(dict.fromkeys(source for part in parts for source in part.sources)),
        next((part.reason for part in parts if part.reason), ""),
    )


def deciding(rows: Rows, flows: Iterable[Flow], subtype: Any) -> Rows:
    """The same rows, of which these values decided which there are."""
    given = list(flows)
    decisions = {**rows.decisions}
    for flow in given:
        decisions |= flow.decisions(subtype)
    unknown = _once([*rows.unknown, *(reason for flow in given for reason in flow.unknown)])
    return Rows(rows.output, rows.flows, decisions, unknown, rows.sources, rows.reason)


def shown(rows: Rows, columns: Iterable[tuple[Attribute, Flow]]) -> Rows:
    """Rows of other columns, over which the same decided."""
    given = list(columns)
    flows = {one.id: flow for one, flow in given}
    return Rows(tuple(one for one, _ in given), flows, rows.decisions, rows.unknown, rows.sources, rows.reason)


def _once(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reasons))
