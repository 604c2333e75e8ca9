"""A contract as the mapping that its file holds.

Owns the order of the file, and that whatever the model has no field for is written again as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.quality import sql_text
from toolkit.quality.contracts.model import Column, Contract, ContractTable
from toolkit.quality.contracts.physical import systems_of
from toolkit.quality.contracts.quality_entries import entry_of, volume_entries
from toolkit.quality.rules import Rule

Data = dict[str, Any]

LATENCY = "latency"
"""The standard's word for how old the latest row may be."""
UNITS = {
    "minutes": ("minutes", "minute", "min"),
    "hours": ("h", "hour", "hours", "hr", "hrs"),
    "days": ("d", "day", "days"),
}
"""Our unit of freshness → the words for it in files; the first is the one we write."""
DESCRIPTION = ("purpose", "usage", "limitations")


def as_data(contract: Contract) -> Data:
    """The contract as its file holds it."""
    systems = systems_of(contract.extras.get("servers"))
    kept = {k: v for k, v in contract.extras.items() if k not in {"description", "team"}}
    texts = (contract.description, contract.usage, contract.limitations)
    description = {k: v for k, v in zip(DESCRIPTION, texts, strict=True) if v}
    return (
        _without_empty(
            {
                "apiVersion": contract.api_version,
                "kind": "DataContract",
                "id": contract.id,
                "name": contract.name,
                "version": contract.version,
                "status": contract.status,
                "domain": contract.domain,
                "description": {**description, **contract.extras.get("description", {})},
                "tags": list(contract.tags),
                "schema": [_table_data(table, systems) for table in contract.tables],
                "slaProperties": _levels_data(contract),
                "team": _team_data(contract),
            }
        )
        | kept
    )


def _members(team: Any) -> list[Any]:
    return team if isinstance(team, list) else list(team.get("members") or []) if isinstance(team, Mapping) else []


def _is_owner(member: Any) -> bool:
    return isinstance(member, Mapping) and str(member.get("role")).lower() == "owner" and not member.get("dateOut")


def owner_of(team: Any) -> str:
    """The member who is its owner now, or the name of the team."""
    for member in _members(team):
        if _is_owner(member) and member.get("username"):
            return str(member["username"])
    return str(team.get("name") or "") if isinstance(team, Mapping) else ""


def _table_data(table: ContractTable, systems: tuple[str, ...]) -> Data:
    rules = table.rules_by_column()
    volume = volume_entries(table.volume) if table.volume else []
    whole = in_order([entry_of(rule, None) for rule in rules[""]], table.checks, table.checks_at)
    head = {"name": table.title, "physicalName": table.name, "logicalType": "object", "physicalType": "table"}
    said = {"description": table.description, "tags": list(table.tags)}
    keys = {key: place for place, key in enumerate(table.primary_key, 1)}
    parts = {
        "properties": [
            _column_data(column, sql_text.named(column.name), rules, systems, keys.get(column.name, 0))
            for column in table.columns
        ],
        "quality": [*volume, *whole],
    }
    # What is kept is kept even if it is empty.
    return _without_empty({**head, **said}) | table.extras | _without_empty(parts)


def in_order(rules: Sequence[Data], checks: Sequence[Data], checks_at: Sequence[int]) -> list[Data]:
    """Entries for rules and those of others, these at their places, or last where none are given."""
    own, others = iter(rules), iter(checks)
    found = [next(others if place in checks_at else own, None) for place in range(len(rules) + len(checks))]
    return [one for one in (*found, *own, *others) if one is not None]


def _column_data(
    column: Column, path: str, rules: Mapping[str, list[Rule]], systems: tuple[str, ...], key: int = 0
) -> Data:
    """A column, field or array element; `path` is the one that rules give, `key` its place in the primary key."""
    # What an array holds has the path of the array, which has written its rules already.
    own = [entry_of(rule, path) for rule in rules[path]] if column.name else []
    fields = [_column_data(one, f"{path}.{sql_text.named(one.name)}", rules, systems) for one in column.fields]
    # Spelled out, it would be a type of the other system.
    told_by_parts = systems and (column.fields or column.items is not None)
    return (
        _without_empty(
            {
                "name": column.label or column.name,
                "physicalName": column.name if column.label else "",
                "logicalType": column.logical_type,
                "physicalType": column.extras.get("physicalType") or ("" if told_by_parts else column.type),
                "required": not column.nullable,
                "unique": column.unique,
                "primaryKey": bool(key),
                "primaryKeyPosition": key,
                "description": column.description,
                "classification": column.classification,
                "examples": list(column.examples),
                "tags": list(column.tags),
                "properties": fields,
                "items": _column_data(column.items, path, rules, systems) if column.items is not None else None,
                "quality": in_order(own, column.checks, column.checks_at),
            }
        )
        | column.extras
    )


def _levels_data(contract: Contract) -> list[Data]:
    """Freshness and the other service levels, in the order that the file had."""
    freshness = {table.name: _freshness_data(table) for table in contract.tables if table.freshness}
    found: dict[str | int, Data] = {}
    found.update(freshness)
    found.update(enumerate(contract.service_levels))
    return [found[place] for place in dict.fromkeys((*contract.levels_at, *found)) if place in found]


def _freshness_data(table: ContractTable) -> Data:
    promise = table.freshness
    assert promise is not None  # noqa: S101 - whoever asks has seen to it
    value = int(promise.within) if promise.within == int(promise.within) else promise.within
    labels = {column.name: column.label for column in table.columns}
    extras = dict(promise.extras)
    # The word that the file had for it, unless the unit is another one by now.
    unit = extras.pop("unit", "")
    return {
        "property": extras.pop("property", LATENCY),
        "value": value,
        "unit": unit if str(unit).lower() in UNITS[promise.unit] else UNITS[promise.unit][0],
        "element": f"{table.title}.{labels.get(promise.column) or promise.column}",
        **extras,
    }


def _team_data(contract: Contract) -> Any:
    """The team as the file had it, with the contract's owner in it."""
    kept, owner = contract.extras.get("team"), contract.owner
    if not owner or owner_of(kept) == owner:
        return kept
    if kept is None:
        return usual_team(owner, contract.api_version)
    if any(_is_owner(one) for one in _members(kept)):
        members = [{**one, "username": owner} if _is_owner(one) else one for one in _members(kept)]
        return members if isinstance(kept, list) else {**kept, "members": members}
    return [*kept, *usual_team(owner, "v3.0.0")] if isinstance(kept, list) else {**kept, "name": owner}


def usual_team(owner: str, api_version: str) -> Any:
    """A team of which only the owner is known; up to v3.0 it was a list of people."""
    return [{"username": owner, "role": "owner"}] if api_version.startswith("v3.0.") else {"name": owner}


def _without_empty(data: Data) -> Data:
    # An array holds something, even if nothing is said of it.
    return {key: value for key, value in data.items() if value or (key == "items" and value is not None)}
