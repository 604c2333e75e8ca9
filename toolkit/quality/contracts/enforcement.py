"""A frame held to its contract: what differs in its schema, and the rules that the contract implies.

Owns the comparison of columns; the rules are run by the quality engine in its one pass, and nothing is counted here.
Works on the schema alone, so it needs no query and no Spark at import.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from toolkit.errors import DataError, nearest
from toolkit.quality import sql_text
from toolkit.quality.contracts.model import Column, Contract, ContractTable, column_of
from toolkit.quality.contracts.quality_entries import foreign_rules
from toolkit.quality.rules import Each, Freshness, HasSchema, Length, NotNull, RowCount, Rule, Unique
from toolkit.quality.spark_types import from_json, parse_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    Frame = TypeVar("Frame", bound=DataFrame)

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Difference:
    """One way in which columns are not as promised."""

    kind: Literal["missing", "extra", "type"]
    column: str
    """Its path: `items.price`."""
    expected: str
    found: str

    def __str__(self) -> str:
        match self.kind:
            case "missing":
                return f"{self.column} ({self.expected or 'of any type'}) is missing.{self.found}"
            case "extra":
                return f"{self.column} ({self.found}) is not in the contract."
        return f"{self.column} is {self.found}, not {self.expected}."


def enforce(df: Frame, contract: Contract, table: str) -> Frame:
    """`df` itself, if its schema is what `contract` promises of `table`; to be called before anything is written.

    Whether values keep the contract, null in a required column above all, `rules_of` says in the quality pass.

    Raises:
        DataError: it is not; every difference is named.
        UsageError: the contract has no such table.
    """
    wrong = violations(contract.table(table), df.schema)
    if wrong:
        raise DataError(
            f"{table} would break version {contract.version} of its contract {contract.id}: {' '.join(map(str, wrong))}",
            cure="Change the frame, or agree on a new version of the contract: `compare` says what it means for readers.",
        )
    return df


def violations(table: ContractTable, schema: StructType) -> tuple[Difference, ...]:
    """Where the schema of a frame differs from what `table` promises.

    A column may stand anywhere, and those whose name starts with an underscore may come along. That a column could
    hold null is no
    difference: whether it does is a rule's question.
    """
    found = tuple(column_of(f["name"], from_json(f["type"])) for f in schema.jsonValue()["fields"])
    return differences(table, found)


def differences(table: ContractTable, found: tuple[Column, ...]) -> tuple[Difference, ...]:
    """Where some columns differ from what `table` promises; a contract that names no columns promises none."""
    return tuple(_compared(table.columns, found, "")) if table.columns else ()


def rules_of(table: ContractTable) -> tuple[Rule, ...]:
    """Every rule that follows from what `table` promises, and those it names.

    A required column is `not_null`, a key is `unique`, text of limited length has a `length`, the types are
    `has_schema` (critical, since no row can be blamed), freshness and volume are rules on the table. A row that
    breaks its promise is quarantined, so that the table keeps it. A rule of the contract that says the same as one of
    these takes its place, with its own severity.
    """
    named = [*table.rules, *foreign_rules(table)]
    same = {(rule.kind, rule.columns) for rule in named if not rule.where and not rule.tolerance}
    implied = [rule for rule in _implied(table) if (rule.kind, rule.columns) not in same]
    return _told_apart([*implied, *named])


def _told_apart(rules: list[Rule]) -> tuple[Rule, ...]:
    """The rules with a number after names that came up before; those that the contract names keep theirs."""
    taken: set[str] = set()
    found: list[Rule] = []
    for rule in reversed(rules):
        name, number = rule.name, 1
        while name in taken:
            number += 1
            name = f"{rule.name[:120]}_{number}"
        taken.add(name)
        found.append(rule if name == rule.name else rule.model_copy(update={"name": name}))
    return tuple(reversed(found))


def _implied(table: ContractTable) -> Iterator[Rule]:
    types = {c.name: parse_type(c.type).stored.text for c in table.columns if c.type}
    # Spark spells odd names without quotes, which cannot be told from the rest of the type.
    plain = {name: type_ for name, type_ in types.items() if "`" not in type_}
    if plain:
        yield HasSchema(name="contract_schema", severity="critical", schema=plain, more=True)
    for column in table.columns:
        yield from _implied_by(column, sql_text.named(column.name), "")
    if table.primary_key:
        given = [k for k in table.primary_key if table.column(k).nullable]
        yield from (NotNull(name=_named(k, "in_key"), column=sql_text.named(k)) for k in given)
        yield Unique(name="contract_primary_key", columns=tuple(map(sql_text.named, table.primary_key)))
    if promise := table.freshness:
        yield Freshness(name="contract_freshness", column=promise.column, hours=promise.hours)
    volume = table.volume
    # That there are no fewer than no rows goes without a rule.
    if volume and (volume.min_rows or volume.max_rows is not None):
        yield RowCount(name="contract_volume", min=volume.min_rows, max=volume.max_rows)


def _implied_by(column: Column, path: str, where: str) -> Iterator[Rule]:
    """Rules on a column and the fields of its struct; those of a struct that is not there are not asked for."""
    if not column.nullable:
        yield NotNull(name=_named(path, "required"), column=path, where=where)
    if column.unique:
        yield Unique(name=_named(path, "unique"), columns=(path,), where=where)
    if column.type.startswith(("varchar(", "char(")):
        yield Length(name=_named(path, "length"), column=path, max=parse_type(column.type).arguments[0], where=where)
    given = f"{sql_text.column(path)} IS NOT NULL"
    there = f"{where} AND {given}" if where else given
    for field in column.fields:
        yield from _implied_by(field, f"{path}.{sql_text.named(field.name)}", there)
    if column.items is not None:
        for condition, inner in _of_items(column.items, "item"):
            yield Each(name=_named(f"{path}.{inner}", "required"), column=path, condition=condition, where=where)


def _of_items(item: Column, path: str) -> Iterator[tuple[str, str]]:
    """Conditions on what an array holds, with what they are about; arrays inside arrays are not looked into."""
    if not item.nullable:
        yield f"{sql_text.column(path)} IS NOT NULL", path
    for field in item.fields:
        inner = f"{path}.{sql_text.named(field.name)}"
        for condition, about in _of_items(field, inner):
            yield f"{sql_text.column(path)} IS NULL OR {condition}", about


def _named(path: str, what: str) -> str:
    plain = _NOT_IN_A_NAME.sub("_", path.lower()).strip("_")[:100]
    return f"{plain}_{what}" if plain[:1].isalpha() else f"column_{plain}_{what}"


def _compared(promised: tuple[Column, ...], found: tuple[Column, ...], inside: str) -> Iterator[Difference]:
    there = {column.name: column for column in found}
    names = {column.name for column in promised}
    strangers = [name for name in there if name not in names and not name.startswith("_")]
    for column in promised:
        path = f"{inside}{column.name}"
        if column.name in there:
            yield from _typed_alike(column, there[column.name], path)
        else:
            yield Difference("missing", path, column.type or column.logical_type, nearest(column.name, strangers))
    yield from (Difference("extra", f"{inside}{name}", "", _type(there[name])) for name in strangers)


def _typed_alike(promised: Column, found: Column, path: str) -> Iterator[Difference]:
    if promised.fields and found.fields:
        yield from _compared(promised.fields, found.fields, f"{path}.")
    elif promised.items is not None and found.items is not None:
        yield from _typed_alike(promised.items, found.items, path)
    elif promised.type:
        expected = parse_type(promised.type).stored.text
        if expected != (parse_type(found.type).stored.text if found.type else _type(found)):
            yield Difference("type", path, promised.type, _type(found))
    elif (
        promised.logical_type
        and {"map": "object"}.get(promised.logical_type, promised.logical_type) != found.logical_type
    ):
        yield Difference("type", path, f"of the logical type {promised.logical_type}", _type(found))


def _type(column: Column) -> str:
    told: Any = column.type or column.extras.get("physicalType") or column.logical_type
    return str(told)
