"""A contract as the mapping that its file holds.

Owns the order of the file, and that whatever the model has no field for is written again as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.quality.contracts.model import Column, Contract, ContractTable
from toolkit.quality.contracts.quality_entries import entry_of, volume_entry
from toolkit.quality.rules import Rule

Data = dict[str, Any]

UNITS = {
    "minutes": ("minutes", "minute", "min"),
    "hours": ("h", "hour", "hours", "hr", "hrs"),
    "days": ("d", "day", "days"),
}
"""Our unit of freshness → the words for it in files; the first is the one we write."""
DESCRIPTION = ("purpose", "usage", "limitations")


def as_data(contract: Contract) -> Data:
    """The contract as its file holds it."""
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
                "schema": [_table_data(table) for table in contract.tables],
                "slaProperties": [*_freshness_data(contract), *contract.service_levels],
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


def _table_data(table: ContractTable) -> Data:
    rules = table.rules_by_column()
    whole = [entry_of(rule, None) for rule in rules[""]]
    volume = [volume_entry(table.volume)] if table.volume else []
    head = {"name": table.title, "physicalName": table.name, "logicalType": "object", "physicalType": "table"}
    said = {"description": table.description, "tags": list(table.tags)}
    parts = {
        "properties": [_column_data(column, column.name, table.primary_key, rules) for column in table.columns],
        "quality": [*volume, *whole, *table.checks],
    }
    # What is kept is kept even if it is empty.
    return _without_empty({**head, **said}) | table.extras | _without_empty(parts)


def _column_data(column: Column, path: str, keys: tuple[str, ...], rules: Mapping[str, list[Rule]]) -> Data:
    """A column, field or array element; `path` is the one that rules give."""
    # What an array holds has the path of the array, which has written its key and its rules already.
    key = keys.index(path) + 1 if column.name and path in keys else 0
    own = [entry_of(rule, path) for rule in rules[path]] if column.name else []
    return (
        _without_empty(
            {
                "name": column.label or column.name,
                "physicalName": column.name if column.label else "",
                "logicalType": column.logical_type,
                "physicalType": column.type,
                "required": not column.nullable,
                "unique": column.unique,
                "primaryKey": bool(key),
                "primaryKeyPosition": key,
                "description": column.description,
                "classification": column.classification,
                "examples": list(column.examples),
                "tags": list(column.tags),
                "properties": [_column_data(field, f"{path}.{field.name}", keys, rules) for field in column.fields],
                "items": _column_data(column.items, path, keys, rules) if column.items else None,
                "quality": [*own, *column.checks],
            }
        )
        | column.extras
    )


def _freshness_data(contract: Contract) -> Iterator[Data]:
    for table in contract.tables:
        if promise := table.freshness:
            value = int(promise.within) if promise.within == int(promise.within) else promise.within
            labels = {column.name: column.label for column in table.columns}
            element = f"{table.title}.{labels.get(promise.column) or promise.column}"
            yield {
                "property": "latency",
                "value": value,
                "unit": UNITS[promise.unit][0],
                "element": element,
                **promise.extras,
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
    return {key: value for key, value in data.items() if value}
