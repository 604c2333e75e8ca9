"""Contracts as YAML of the Open Data Contract Standard (v3), read and written.

Owns the way between the file and the model. What the model has no field for is kept and written again. A file is refused with
everything that is wrong with it in one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from toolkit.errors import UsageError, reason_of
from toolkit.quality import sql_text
from toolkit.quality.contracts.limits import Freshness
from toolkit.quality.contracts.model import Column, Contract, ContractTable, same_column, walk
from toolkit.quality.contracts.odcs_keys import MOST_TOLD, called, listed, refuse_unfit
from toolkit.quality.contracts.odcs_writer import DESCRIPTION, LATENCY, UNITS, Data, as_data, owner_of, usual_team
from toolkit.quality.contracts.physical import is_map, refuse_misspelled, spark_type, systems_of
from toolkit.quality.contracts.quality_entries import VolumeSaid, entry_of, is_ours, rule_of
from toolkit.quality.rules import Rule
from toolkit.yaml_text import read_mapping, write_mapping

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
_PARTS = {"properties", "items"}


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
    systems = systems_of(data.get("servers"))
    tables = [
        _Table(called(one, f"schema {n}"), systems, wrong).read(one) for n, one in enumerate(listed(data, "schema"), 1)
    ]
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


def _contract(
    data: Data, tables: list[ContractTable], levels: list[Data], levels_at: tuple[str | int, ...]
) -> Contract:
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
        levels_at=levels_at,
        api_version=data["apiVersion"],
        extras=extras,
    )


@dataclass
class _Table:
    """The reading of one table."""

    place: str
    """What messages call it."""
    systems: tuple[str, ...]
    """Whose types the file names; Spark's when empty."""
    wrong: _Wrong
    rules: list[Rule] = field(default_factory=list)
    """The rules that its entries are, in the order of the file."""

    def read(self, data: Data) -> ContractTable | None:
        """The table; None, and the reasons noted, when it cannot be read."""
        name = _text(data, "physicalName") or _text(data, "name")
        if not name:
            self.wrong.append(f"{self.place} has no `name`")
            return None
        columns = [self._column(one, number) for number, one in enumerate(listed(data, "properties"), 1)]
        keys = sorted(_key_columns(data))
        if None in columns:
            return None
        volume = VolumeSaid()
        there = tuple(column for column in columns if column)
        paths = {same_column(path) for path, _ in walk(there)}
        checks, checks_at = self._sorted_out(
            listed(data, "quality"),
            self.place,
            "",
            lambda rule: len(rule.columns) != 1 or same_column(rule.columns[0]) not in paths,
            volume.takes,
        )
        label = _text(data, "name")
        return self.wrong.trying(
            self.place,
            lambda: ContractTable(
                name=name,
                description=_text(data, "description"),
                columns=there,
                primary_key=tuple(key for *_, key in keys),
                rules=tuple(self.rules),
                volume=volume.volume,
                tags=tuple(listed(data, "tags")),
                label="" if label in {"", name.rpartition(".")[2]} else label,
                checks=tuple(checks),
                checks_at=checks_at,
                extras={k: v for k, v in _others(data, _OF_TABLE).items() if (k, v) not in _USUAL},
            ),
        )

    def _column(self, data: Data, number: int) -> Column | None:
        name = _text(data, "physicalName") or _text(data, "name")
        if not name:
            self.wrong.append(f"{self.place}: property {number} has no `name`")
            return None
        return self._element(data, name, sql_text.named(name), top=True)

    def _field(self, data: Data, place: str, path: str | None, number: int) -> Column | None:
        name = _text(data, "physicalName") or _text(data, "name")
        if not name:
            self.wrong.append(f"{place}: property {number} has no `name`")
            return None
        return self._element(data, name, None if path is None else f"{path}.{sql_text.named(name)}")

    def _element(self, data: Data, name: str, path: str | None, *, top: bool = False) -> Column | None:
        """A column, a field, or what an array holds; `path` is None inside an array, where a rule has to name its column."""
        place = f"{self.place}.{path or name or 'items'}"
        logical, physical = _text(data, "logicalType"), _text(data, "physicalType")
        # The keys and values of a map are no fields: what is said of them is kept as it is.
        parts = {} if is_map(logical, physical) else data
        fields = [self._field(one, place, path, number) for number, one in enumerate(listed(parts, "properties"), 1)]
        has_items = parts.get("items") is not None
        items = self._element(data["items"], "", None) if has_items else None
        if None in fields or (has_items and items is None):
            return None
        own = (same_column(path or ""),)
        checks, checks_at = self._sorted_out(
            listed(data, "quality"), place, path, lambda rule: tuple(map(same_column, rule.columns)) == own
        )
        modelled = (_OF_COLUMN if parts else _OF_COLUMN - _PARTS) | (_OF_KEY if top else set())
        extras, label = _others(data, modelled), _text(data, "name")

        def make() -> Column:
            type_ = spark_type(physical, self.systems, has_parts=bool(fields) or items is not None)
            if physical and not type_:
                # A type that is not Spark's is not checked, but not lost either.
                extras["physicalType"] = physical
                if not logical and not self.systems:
                    refuse_misspelled(physical)
            made = Column(
                name=name,
                type=type_,
                logical_type=logical,
                **_told(data),
                fields=tuple(one for one in fields if one),
                items=items,
                label="" if label in {"", name} else label,
                checks=tuple(checks),
                checks_at=checks_at,
                extras=extras,
            )
            # Of an array whose items have no type, the word itself is all that the file says.
            lost = physical and not made.type and "physicalType" not in extras
            return made.model_copy(update={"extras": {**extras, "physicalType": physical}}) if lost else made

        return self.wrong.trying(place, make)

    def _sorted_out(
        self,
        entries: list[Data],
        place: str,
        path: str | None,
        stays: Callable[[Rule], bool],
        is_volume: Callable[[Data], bool] = lambda _: False,
    ) -> tuple[list[Data], tuple[int, ...]]:
        """The quality entries of others and their places; what is ours, or what we would write so, joins `rules`.

        Args:
            entries: all of them.
            place: where they stand, for messages.
            path: of their column; empty for the table, None inside an array.
            stays: whether a rule is written there again; others are written at the column that they look at.
            is_volume: whether an entry that comes before all that stay is part of the volume promise.
        """
        others: list[Data] = []
        at: list[int] = []
        rules = 0
        for number, entry in enumerate(entries, 1):
            if not rules and not others and is_volume(entry):
                continue
            told = len(self.wrong)
            rule = self.wrong.trying(f"{place}, quality {number}", lambda entry=entry: rule_of(entry, path))  # type: ignore[misc]
            if rule is not None and (is_ours(entry) or entry_of(rule, path or None) == entry):
                self.rules.append(rule)
                rules += stays(rule)
            elif told == len(self.wrong):
                at.append(rules + len(others))
                others.append(entry)
        last = tuple(range(rules, rules + len(others)))
        return others, () if tuple(at) == last else tuple(at)


_USUAL = (("logicalType", "object"), ("physicalType", "table"))


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


def _key_columns(data: Data) -> Iterator[tuple[int, int, str]]:
    """The columns of the primary key, with their place in it; those that name none come last, as they stand."""
    properties = listed(data, "properties")
    for number, one in enumerate(properties):
        if one.get("primaryKey"):
            place = one.get("primaryKeyPosition") or 0
            yield place if place > 0 else len(properties) + 1, number, _text(one, "physicalName") or _text(one, "name")


def _with_freshness(
    tables: list[ContractTable], data: Data
) -> tuple[list[ContractTable], list[Data], tuple[str | int, ...]]:
    """The tables with their freshness promises, the service levels that are none, and the order of both."""
    found: dict[str, ContractTable] = {table.name: table for table in tables}
    others: list[Data] = []
    order: list[str | int] = []
    for level in listed(data, "slaProperties"):
        table, promise = _freshness(level, tables, data.get("slaDefaultElement"))
        if table is None or found[table].freshness is not None:
            order.append(len(others))
            others.append(level)
        else:
            order.append(table)
            found[table] = found[table].model_copy(update={"freshness": promise})
    usual = [*(name for name, table in found.items() if table.freshness), *range(len(others))]
    return list(found.values()), others, () if order == usual else tuple(order)


def _freshness(level: Data, tables: list[ContractTable], default: Any) -> tuple[str | None, Freshness | None]:
    value, unit = level.get("value"), str(level.get("unit") or "").lower()
    ours = next((word for word, words in UNITS.items() if unit in words), None)
    latency = str(level.get("property")).lower() in _LATENCY and level.get("valueExt") is None
    if not latency or ours is None or isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return None, None
    name, _, column = str(level.get("element") or default or "").rpartition(".")
    for table in tables:
        # A contract may leave the columns open.
        names = {(c.label or c.name).lower(): c.name for c in table.columns} or {column.lower(): column}
        if (name == table.title or (not name and len(tables) == 1)) and column and column.lower() in names:
            # The words of the file stay, where they are not those that we would write.
            usual = {"property": LATENCY, "unit": UNITS[ours][0]}
            extras = {k: v for k, v in _others(level, {"value", "element"}).items() if usual.get(k) != v}
            return table.name, Freshness(column=names[column.lower()], within=value, unit=ours, extras=extras)
    return None, None


def _text(data: Mapping[str, Any], key: str) -> str:
    return str(data.get(key) or "")


def _others(data: Mapping[str, Any], modelled: set[str]) -> Data:
    return {key: value for key, value in data.items() if key not in modelled}
