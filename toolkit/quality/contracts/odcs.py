"""Contracts as YAML of the Open Data Contract Standard (v3), read and written.

Owns the way between the file and the model. What the model has no field for is kept and written again; what cannot be
checked is told by `unread`. A file is refused with everything that is wrong with it in one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from toolkit.errors import UsageError, reason_of
from toolkit.quality.contracts.model import Column, Contract, ContractTable, Freshness
from toolkit.quality.contracts.quality_entries import (
    entry_of,
    foreign_entries,
    is_ours,
    rule_of,
    volume_of,
    why_not,
)
from toolkit.quality.contracts.standard import MOST_TOLD, called, listed, refuse_unfit
from toolkit.quality.contracts.written import DESCRIPTION, UNITS, Data, as_data, owner_of, usual_team
from toolkit.quality.rules import Rule
from toolkit.quality.spark_types import parse_type
from toolkit.quality.yaml_text import read_mapping, write_mapping

T = TypeVar("T")

_LATENCY = {"latency", "ly", "freshness"}
_OF_CONTRACT = {
    "apiVersion",
    "kind",
    "id",
    "name",
    "version",
    "status",
    "domain",
    "description",
    "tags",
    "schema",
    "slaProperties",
}
_OF_TABLE = {"name", "physicalName", "description", "tags", "properties", "quality"}
_OF_KEY = {"primaryKey", "primaryKeyPosition"}
_OF_COLUMN = {
    *("name", "physicalName", "physicalType", "logicalType", "description", "required", "unique", "classification"),
    *("examples", "tags", "properties", "items", "quality"),
}


class _Wrong(list[str]):
    """What is wrong with a file, gathered while its parts are built."""

    def trying(self, place: str, make: Callable[[], T]) -> T | None:
        """What `make` makes; None, and its reasons noted, when it cannot."""
        try:
            return make()
        except UsageError as problem:
            # The choices matter where they are few: a hundred columns help nobody in a list of mistakes.
            few = f" (one of {', '.join(problem.choices)})" if 0 < len(problem.choices) <= MOST_TOLD else ""
            self.append(f"{place}: {problem.what.rstrip('.')}{few}")
        except ValidationError as problem:
            for error in problem.errors():
                about = f"{error['loc'][0]} = {error['input']!r:.60}: " if error["loc"] else ""
                self.append(f"{place}: {about}{reason_of(error)}")
        return None


def load(source: Path | str) -> Contract:
    """The contract in a file, or in a text that holds YAML.

    Raises:
        UsageError: it is no contract of the standard, or makes no sense: everything wrong with it is named.
    """
    where = str(source) if isinstance(source, Path) else "The text"
    data = read_mapping(source, "kind: DataContract")
    refuse_unfit(data, where)
    wrong = _Wrong()
    tables = [_table(one, called(one, f"schema {n}"), wrong) for n, one in enumerate(listed(data, "schema"), 1)]
    found = _with_freshness([table for table in tables if table], data)
    contract = wrong.trying("the contract", lambda: _contract(data, *found)) if not wrong else None
    if contract is None:
        raise UsageError(
            f"{where} cannot be used: {'; '.join(wrong[:MOST_TOLD])}.", cure="docs/contracts.md says how to write one."
        )
    return contract


def dump(contract: Contract) -> str:
    """The file that `load` reads back to an equal contract.

    Raises:
        UsageError: a rule is a Python function, which no file can hold.
    """
    return write_mapping(as_data(contract))


def unread(contract: Contract) -> tuple[str, ...]:
    """What the contract's file says that is kept, but that nothing here checks: one sentence each."""
    return tuple(_unread(contract))


def _unread(contract: Contract) -> Iterator[str]:
    for table in contract.tables:
        for path, column in table.walk():
            if column.extras.get("physicalType"):
                yield (
                    f"{table.name}.{path}: {column.extras['physicalType']!r} is no type of Spark's; "
                    f"only that it is {column.logical_type} is checked."
                )
        for at, entry, rule in foreign_entries(table):
            if rule is None:
                named = entry.get("name") or entry.get("metric") or entry.get("type") or "a quality entry"
                yield f"{table.name}{f'.{at}' if at else ''}: {named} is kept, but not checked: {why_not(entry)}."
    for level in contract.service_levels:
        yield f"{contract.id}: the service level {level.get('property')} is kept, but not checked."


def _contract(data: Data, tables: list[ContractTable], levels: list[Data]) -> Contract:
    description = data.get("description") or {}
    extras = _others(data, _OF_CONTRACT)
    if rest := _others(description, set(DESCRIPTION)):
        extras["description"] = rest
    owner = owner_of(data.get("team"))
    if not data.get("team") or data["team"] == usual_team(owner, data["apiVersion"]):
        extras.pop("team", None)
    return Contract(
        id=data["id"],
        version=data["version"],
        name=_text(data, "name"),
        status=_text(data, "status") or "draft",
        owner=owner,
        domain=_text(data, "domain"),
        description=_text(description, "purpose"),
        usage=_text(description, "usage"),
        limitations=_text(description, "limitations"),
        tags=tuple(listed(data, "tags")),
        tables=tuple(tables),
        service_levels=tuple(levels),
        api_version=data["apiVersion"],
        extras=extras,
    )


def _table(data: Data, place: str, wrong: _Wrong) -> ContractTable | None:
    name = _text(data, "physicalName") or _text(data, "name")
    if not name:
        wrong.append(f"{place} has no `name`")
        return None
    rules: list[Rule] = []
    columns = [_column(one, place, number, rules, wrong) for number, one in enumerate(listed(data, "properties"), 1)]
    keys = sorted(_key_columns(data))
    checks = _sorted_out(data, place, "", rules, wrong)
    promised = next((n for n, entry in enumerate(checks) if volume_of(entry)), None)
    volume = None if promised is None else volume_of(checks.pop(promised))
    if None in columns:
        return None
    label = _text(data, "name")
    return wrong.trying(
        place,
        lambda: ContractTable(
            name=name,
            description=_text(data, "description"),
            columns=tuple(column for column in columns if column),
            primary_key=tuple(key for *_, key in keys),
            rules=tuple(rules),
            volume=volume,
            tags=tuple(listed(data, "tags")),
            label="" if label in {"", name.rpartition(".")[2]} else label,
            checks=tuple(checks),
            extras={k: v for k, v in _others(data, _OF_TABLE).items() if (k, v) not in _USUAL},
        ),
    )


_USUAL = (("logicalType", "object"), ("physicalType", "table"))


def _column(data: Data, place: str, number: int, rules: list[Rule], wrong: _Wrong) -> Column | None:
    """A column of a table; its rules are added to those of the table."""
    name = _text(data, "physicalName") or _text(data, "name")
    if not name:
        wrong.append(f"{place}: property {number} has no `name`")
        return None
    return _element(data, place, name, name, rules, wrong)


def _element(data: Data, table: str, name: str, path: str | None, rules: list[Rule], wrong: _Wrong) -> Column | None:
    """A column, a field, or what an array holds; `path` is None inside an array, where a rule has to name its column."""
    place = f"{table}.{path or name or 'items'}"
    fields = [
        _element(one, table, inner, None if path is None else f"{path}.{inner}", rules, wrong)
        for one in listed(data, "properties")
        if (inner := _text(one, "physicalName") or _text(one, "name"))
    ]
    items = _element(data["items"], table, "", None, rules, wrong) if data.get("items") else None
    if None in fields or (data.get("items") and items is None):
        return None
    checks = _sorted_out(data, place, path, rules, wrong)
    modelled = _OF_COLUMN | (_OF_KEY if path == name else set())
    extras, label = _others(data, modelled), _text(data, "name")
    logical, physical = _text(data, "logicalType"), _text(data, "physicalType")

    def make() -> Column:
        type_ = physical if _is_spark(physical, whole=not fields and items is None) or not logical else ""
        made = Column(
            name=name,
            type=type_,
            logical_type=logical,
            **_told(data),
            fields=tuple(field for field in fields if field),
            items=items,
            label="" if label in {"", name} else label,
            checks=tuple(checks),
            extras=extras,
        )
        # A type that is not Spark's is not checked, but not lost either.
        return (
            made
            if made.type or not physical
            else made.model_copy(update={"extras": {**extras, "physicalType": physical}})
        )

    return wrong.trying(place, make)


def _told(data: Data) -> Data:
    """What a file says of an element in so many words."""
    return {
        "nullable": not data.get("required"),
        "unique": bool(data.get("unique")),
        "description": _text(data, "description"),
        "classification": _text(data, "classification"),
        "examples": tuple(listed(data, "examples")),
        "tags": tuple(listed(data, "tags")),
    }


def _is_spark(physical: str, *, whole: bool) -> bool:
    """Whether a physical type is one of Spark's; `struct` and `array` alone are, if the parts are told beside."""
    if physical.lower() in {"struct", "array"}:
        return not whole
    try:
        return bool(physical) and bool(parse_type(physical))
    except UsageError:
        return False


def _key_columns(data: Data) -> Iterator[tuple[int, int, str]]:
    """The columns of the primary key, with their place in it; those that name none come last, as they stand."""
    properties = listed(data, "properties")
    for number, one in enumerate(properties):
        if one.get("primaryKey"):
            place = one.get("primaryKeyPosition") or 0
            yield place if place > 0 else len(properties) + 1, number, _text(one, "physicalName") or _text(one, "name")


def _sorted_out(data: Data, place: str, path: str | None, rules: list[Rule], wrong: _Wrong) -> list[Data]:
    """The quality entries of others; what is ours, or what we would write in the same words, joins `rules`."""
    others: list[Data] = []
    for number, entry in enumerate(listed(data, "quality"), 1):
        told = len(wrong)
        rule = wrong.trying(f"{place}, quality {number}", lambda entry=entry: rule_of(entry, path))  # type: ignore[misc]
        if rule is not None and (is_ours(entry) or entry_of(rule, path or None) == entry):
            rules.append(rule)
        elif told == len(wrong):
            others.append(entry)
    return others


def _with_freshness(tables: list[ContractTable], data: Data) -> tuple[list[ContractTable], list[Data]]:
    """The tables with their freshness promises, and the service levels that are none."""
    found, others = {table.name: table for table in tables}, []
    for level in listed(data, "slaProperties"):
        table, promise = _freshness(level, tables, data.get("slaDefaultElement"))
        if table is None or found[table].freshness is not None:
            others.append(level)
        else:
            found[table] = found[table].model_copy(update={"freshness": promise})
    return list(found.values()), others


def _freshness(level: Data, tables: list[ContractTable], default: Any) -> tuple[str | None, Freshness | None]:
    value, unit = level.get("value"), str(level.get("unit") or "").lower()
    ours = next((word for word, words in UNITS.items() if unit in words), None)
    latency = str(level.get("property")).lower() in _LATENCY and level.get("valueExt") is None
    if not latency or ours is None or isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return None, None
    name, _, column = str(level.get("element") or default or "").rpartition(".")
    for table in tables:
        # A contract may leave the columns open.
        names = {c.label or c.name: c.name for c in table.columns} or {column: column}
        if (name == table.title or (not name and len(tables) == 1)) and column and column in names:
            extras = _others(level, {"property", "value", "unit", "element"})
            return table.name, Freshness(column=names[column], within=value, unit=ours, extras=extras)
    return None, None


def _text(data: Mapping[str, Any], key: str) -> str:
    return str(data.get(key) or "")


def _others(data: Mapping[str, Any], modelled: set[str]) -> Data:
    return {key: value for key, value in data.items() if key not in modelled}
