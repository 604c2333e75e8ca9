"""Foreign keys of a contract as rules: `relationships` of a column, or of a table.

Owns how a reference is read: `customers.id` by names, or `schema/customers_tbl/properties/id_prop` by the elements' ids. The
other table is looked for in the same contract; where it is not there, whoever judges has to name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.contracts.elements import Element, Statement, elements, family_at, named
from toolkit.quality.contracts.literals import Unfit
from toolkit.quality.contracts.model import Column, Contract, ContractTable, same_column
from toolkit.quality.rules import parse


@dataclass(frozen=True)
class _Target:
    """A column that a reference names."""

    table: str
    """The standard's name of its table."""
    path: str
    promised: ContractTable | None
    """What the contract says of that table, if it has it."""


def statements(table: ContractTable, contract: Contract | None = None) -> Iterator[Statement]:
    """Every relationship of a table and of its columns.

    Args:
        table: the table.
        contract: the one that it is of; without it references are read by names only, as they stand there.
    """
    for element in elements(table):
        for told in _listed(element.column.extras):
            yield _tried(
                element.told, told, lambda told=told, element=element: _of_column(element, told, table, contract)
            )
    for told in _listed(table.extras):
        yield _tried("", told, lambda told=told: _of_table(told, table, contract))


def references_of(contract: Contract) -> dict[str, str]:
    """The tables of a contract as rules name them: the standard's name of each, and where it lies."""
    return {table.title: table.name for table in contract.tables}


def _listed(extras: Mapping[str, Any]) -> list[Any]:
    found = extras.get("relationships")
    return found if isinstance(found, list) else []


def _called(told: Any) -> str:
    to = told.get("to") if isinstance(told, Mapping) else None
    return f"the relationship to {', '.join(map(str, to)) if isinstance(to, list) else to}"


def _tried(where: str, told: Any, read: Any) -> Statement:
    try:
        return Statement(where, _called(told), parse(read()))
    except Unfit as problem:
        return Statement(where, _called(told), None, str(problem))
    except UsageError as problem:
        return Statement(where, _called(told), None, problem.what.rstrip("."))


def _of_column(element: Element, told: Any, table: ContractTable, contract: Contract | None) -> dict[str, Any]:
    to = _target(_one(_checked(told).get("to")), table, contract)
    if element.too_deep:
        raise Unfit("arrays inside arrays are not looked into")
    _refuse_unlike(element, to)
    inner = element.item.partition(".")[2]
    column = f"{element.path}.{inner}" if inner else element.path
    where = {"where": element.where} if element.where else {}
    return {
        "kind": "each_references" if element.item else "references",
        "name": named(element.name, "reference"),
        "column": column,
        "to": to.table,
        "key": to.path,
        **where,
    }


def _of_table(told: Any, table: ContractTable, contract: Contract | None) -> dict[str, Any]:
    given = _checked(told)
    ends = [given.get(end) for end in ("from", "to")]
    ours, theirs = (
        [_target(one, table, contract) for one in (end if isinstance(end, list) else [end])] for end in ends
    )
    if len(ours) != len(theirs):
        raise Unfit(f"it names {len(ours)} columns here and {len(theirs)} there")
    if len({one.table for one in theirs}) != 1 or any(one.table != table.title for one in ours):
        raise Unfit("its columns are not all of this table, or not all of one other table")
    by_path = {same_column(one.path): one for one in elements(table) if not one.item}
    for mine, other in zip(ours, theirs, strict=True):
        if by_path and same_column(mine.path) not in by_path:
            raise Unfit(f"{table.name} has no column {mine.path} outside an array")
        if by_path:
            _refuse_unlike(by_path[same_column(mine.path)], other)
    columns, keys = [one.path for one in ours], [one.path for one in theirs]
    head = {"name": named("_".join(columns), "reference"), "to": theirs[0].table}
    if len(columns) == 1:
        return {"kind": "references", **head, "column": columns[0], "key": keys[0]}
    return {"kind": "references_together", **head, "columns": columns, "keys": keys}


def _checked(told: Any) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise Unfit("it is no mapping")
    if told.get("type") not in {None, "foreignKey"}:
        raise Unfit(f"there is no rule for the type {told['type']!r}")
    return told


def _one(to: Any) -> Any:
    if isinstance(to, list) and len(to) != 1:
        raise Unfit(f"it names {len(to)} columns for one")
    return to[0] if isinstance(to, list) else to


def _refuse_unlike(element: Element, to: _Target) -> None:
    """Values of two sorts are not compared."""
    there = family_at(to.promised, to.path) if to.promised else None
    if element.family and there and element.family != there:
        raise Unfit(f"{element.told} is {element.called}, and {to.path} of {to.table} is not of that sort")


# --- what a reference names


def _target(reference: Any, table: ContractTable, contract: Contract | None) -> _Target:
    if not isinstance(reference, str) or not reference:
        raise Unfit("it does not say to which column")
    if "#" in reference:
        raise Unfit("it refers to another contract")
    tables = contract.tables if contract else (table,)
    parts = reference.strip("/").split("/")
    if len(parts) > 1:
        return _by_ids(reference, parts, tables)
    name, *path = reference.split(".")
    if not path:
        raise Unfit(f"{reference!r} names a table, but no column")
    promised = next((one for one in tables if one.title.lower() == name.lower()), None)
    if promised is None or not promised.columns:
        return _Target(name if promised is None else promised.title, ".".join(map(sql_text.named, path)), promised)
    return _Target(promised.title, _path(reference, path, promised, _by_name), promised)


def _by_ids(reference: str, parts: Sequence[str], tables: Sequence[ContractTable]) -> _Target:
    if parts[0] != "schema" or len(parts) < 4 or set(parts[2::2]) != {"properties"} or len(parts) % 2:  # noqa: PLR2004
        raise Unfit(f"{reference!r} is no reference to a column")
    promised = next((one for one in tables if one.extras.get("id") == parts[1]), None)
    if promised is None:
        raise Unfit(f"no table of this contract has the id {parts[1]!r}")
    return _Target(
        promised.title, _path(reference, parts[3::2], promised, lambda column: column.extras.get("id")), promised
    )


def _by_name(column: Column) -> str:
    return (column.label or column.name).lower()


def _path(reference: str, parts: Sequence[str], table: ContractTable, called: Any) -> str:
    """The path of a column as Spark has it."""
    columns, found = table.columns, []
    for part in parts:
        wanted = part.lower() if called is _by_name else part
        column = next((one for one in columns if called(one) == wanted), None)
        if column is None:
            raise Unfit(f"{table.name} has no column {reference.partition('.')[2] or part!r}")
        found.append(sql_text.named(column.name))
        columns = column.fields
    return ".".join(found)
