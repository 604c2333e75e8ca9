"""Rules as `quality` entries of the Open Data Contract Standard, and the entries of others as rules where they mean the same.

Owns the mapping. A rule is written as one of the standard's own metrics where that says exactly the same, so that
other tools can check it too; otherwise as an entry for this toolkit's engine. An entry that means something else, or
leaves open what it means, is no rule: whoever reads the file keeps it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from typing import Any

from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.contracts.limits import Volume
from toolkit.quality.contracts.metrics import READERS, Entry, metric_of
from toolkit.quality.contracts.model import Column, ContractTable
from toolkit.quality.contracts.odcs_keys import OPERATORS
from toolkit.quality.rules import KINDS, Rule, parse
from toolkit.yaml_text import read_mapping

ENGINE = "lakehouse-toolkit"

_DIMENSIONS = {"validity": "conformity", "volume": "coverage"}
"""Our dimension → the standard's, where the words differ."""
_READ_DIMENSIONS = {"conformity": "validity", "cf": "validity", "coverage": "volume", "cv": "volume"}
_SHORT_DIMENSIONS = {
    "ac": "accuracy",
    "cp": "completeness",
    "cs": "consistency",
    "tm": "timeliness",
    "uq": "uniqueness",
}
_SEVERITIES = {
    "info": "info",
    "low": "info",
    "warn": "warn",
    "warning": "warn",
    "medium": "warn",
    "error": "error",
    "high": "error",
    "critical": "critical",
    "blocker": "critical",
}
_HEAD = ("name", "description", "severity", "dimension", "tags")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def entry_of(rule: Rule, home: str | None) -> dict[str, Any]:
    """The entry that says what `rule` says; at the column `home`, or on the whole table.

    Raises:
        UsageError: no file can hold the rule.
    """
    metric = metric_of(rule, home)
    if metric is not None:
        entry = {**_head(rule), "type": "library", **metric}
        if rule_of(entry, home or "") == rule:
            return entry
    given = {name: value for name, value in rule.as_data().items() if name not in _HEAD}
    return {**_head(rule), "type": "custom", "engine": ENGINE, "implementation": given}


def rule_of(entry: Entry, column: str | None) -> Rule | None:
    """The rule that says what `entry` says; None when there is none.

    Args:
        entry: one quality entry.
        column: the path of the column it stands at; empty for the table, None inside an array, where no rule of one
        value applies.

    Raises:
        UsageError: it is an entry for this toolkit, and no rule of it.
    """
    if is_ours(entry):
        return _own(entry, column)
    metric = entry.get("metric") or entry.get("rule")
    if column is None or entry.get("type", "library") != "library" or metric not in READERS:
        return None
    found = READERS[str(metric)](entry, column)
    if found is None:
        return None
    try:
        return parse({**_told(entry), **found})
    except UsageError:
        return None


def is_ours(entry: Entry) -> bool:
    """Whether the entry is written for this toolkit's engine."""
    return entry.get("type") == "custom" and entry.get("engine") == ENGINE


def foreign_rules(table: ContractTable) -> tuple[Rule, ...]:
    """What can be checked of the entries that others wrote."""
    return tuple(rule for _, _, rule in foreign_entries(table) if rule is not None)


def foreign_entries(table: ContractTable) -> Iterator[tuple[str | None, dict[str, Any], Rule | None]]:
    """Every entry of others, with the path of its column as `rule_of` takes it, and its rule, if it is one."""
    names = {(column.label or column.name).lower(): sql_text.named(column.name) for column in table.columns}
    for column in table.columns:
        yield from (
            (path, entry, rule_of(entry, path)) for path, entry in _entries(column, sql_text.named(column.name))
        )
    yield from (("", entry, rule_of(_renamed(entry, names), "")) for entry in table.checks)


def _renamed(entry: Entry, names: Mapping[str, str]) -> Entry:
    """The entry with columns as the table has them; the standard may have other names for them."""
    arguments = entry.get("arguments")
    if not isinstance(arguments, Mapping) or not isinstance(arguments.get("properties"), list):
        return entry
    # A column that is not there makes no rule.
    found = [names.get(str(name).lower()) for name in arguments["properties"]]
    return {**entry, "arguments": {**arguments, "properties": None if None in found else found}}


def _entries(column: Column, path: str | None) -> Iterator[tuple[str | None, dict[str, Any]]]:
    yield from ((path, entry) for entry in column.checks)
    for field in column.fields:
        yield from _entries(field, None if path is None else f"{path}.{sql_text.named(field.name)}")
    if column.items is not None:
        yield from _entries(column.items, None)


def why_not(entry: Entry) -> str:
    """Why an entry is no rule, in words."""
    match entry.get("type", "library"):
        case "text":
            return "it is text for people"
        case "sql":
            return "it is a query for another engine"
        case "custom":
            return f"it is written for the engine {entry.get('engine')!r}"
    metric = entry.get("metric") or entry.get("rule")
    if metric not in READERS:
        return f"there is no rule for the metric {metric!r}"
    return "no rule says exactly what it asks for"


def volume_entries(volume: Volume) -> list[dict[str, Any]]:
    """The volume promise as the standard has it: bounds on `rowCount` that are allowed themselves.

    Two bounds are two entries, since the standard's schema takes one operator in each.
    """
    low, high = volume.min_rows, volume.max_rows
    bounds = (("mustBeGreaterOrEqualTo", low), ("mustBeLessOrEqualTo", high)) if low != high else (("mustBe", low),)
    return [{"type": "library", "metric": "rowCount", operator: rows} for operator, rows in bounds if rows is not None]


@dataclass
class VolumeSaid:
    """The volume promise, as it is read from one entry after the other."""

    bounds: dict[str, int] = of_dataclass(default_factory=dict)

    def takes(self, entry: Entry) -> bool:
        """Whether the entry is a part of it, in the order in which `volume_entries` writes them."""
        found = _bound_of(entry)
        follows = [*self.bounds, *found] == ["min_rows", "max_rows"] and self.bounds.get("min_rows", 0) < found.get(
            "max_rows", 0
        )
        if not found or (self.bounds and not follows):
            return False
        self.bounds |= found
        return True

    @property
    def volume(self) -> Volume | None:
        """What was said; None when nothing was."""
        return Volume(**self.bounds) if self.bounds else None


def _bound_of(entry: Entry) -> dict[str, int]:
    """The bounds that an entry says as we would say them, and nothing else; empty when it does not."""
    # `library` is what an entry with a metric is anyway, and rows are what are counted.
    usual = {"type": "library", "unit": "rows", **entry}
    for bounds in (("min_rows",), ("max_rows",), ("min_rows", "max_rows")):
        rows = next((entry[name] for name in OPERATORS if name in entry), None)
        if isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0:
            told = dict.fromkeys(bounds, rows)
            if [usual] == [{**one, "unit": "rows"} for one in volume_entries(Volume(**told))]:
                return told
    return {}


def _head(rule: Rule) -> dict[str, Any]:
    dimension = _DIMENSIONS.get(rule.dimension, rule.dimension)
    head: dict[str, Any] = {
        "name": rule.name,
        "description": rule.description,
        "dimension": dimension,
        "severity": rule.severity,
    }
    return {**head, "tags": list(rule.tags)} if rule.tags else head


def _told(entry: Entry) -> dict[str, Any]:
    """What an entry says in the words that all rules share."""
    found: dict[str, Any] = {}
    name = _NOT_IN_A_NAME.sub("_", str(entry.get("name") or "").lower()).strip("_")[:128]
    if name[:1].isalpha() and name.isascii():
        found["name"] = name
    if entry.get("description"):
        found["description"] = entry["description"]
    dimension = str(entry.get("dimension") or "")
    dimension = _SHORT_DIMENSIONS.get(dimension, _READ_DIMENSIONS.get(dimension, dimension))
    if dimension:
        found["dimension"] = dimension
    if entry.get("severity"):
        found["severity"] = _SEVERITIES.get(str(entry["severity"]).lower(), "error")
    if entry.get("tags"):
        found["tags"] = tuple(entry["tags"])
    return found


def _own(entry: Entry, column: str | None) -> Rule:
    """The rule in an entry for this toolkit; `column` need not be said twice."""
    given = entry.get("implementation")
    if isinstance(given, str):
        given = read_mapping(given)
    if not isinstance(given, Mapping) or not isinstance(given.get("kind"), str):
        raise UsageError("An entry for lakehouse-toolkit needs an `implementation` that begins with `kind`.")
    told = _told(entry)
    both = sorted(name for name in told.keys() & given.keys() if told[name] != _hashable(given[name]))
    if both:
        raise UsageError(
            f"The entry says {', '.join(both)} twice, and differently.", cure="Say it beside `engine` only."
        )
    kind = KINDS.get(given["kind"])
    implied: dict[str, Any] = {}
    if column and kind is not None:
        names = {field.alias or name for name, field in kind.model_fields.items()}
        implied = {"column": column} if "column" in names else {"columns": [column]} if "columns" in names else {}
    return parse({**implied, **told, **given})


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
