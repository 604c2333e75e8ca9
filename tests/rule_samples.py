"""A rule of every kind, for tests that a file keeps whatever it holds."""

from __future__ import annotations

from typing import Any

from toolkit.quality.rules import KINDS, Rule, SetRule, parse

# Something for every field that some kind has to be given.
VALUES: dict[str, Any] = {
    "column": "c",
    "columns": ("c", "d"),
    "dependent": "e",
    "other": "d",
    "by": "d",
    "per": ("e",),
    "end": "e",
    "among": ("c", "d"),
    "parts": ("d", "e"),
    "values": ("x", "NO", "1", 1, True, 2.5),
    "pattern": r"^[a-z]+\\?$",
    "condition": "c > 0 AND d != 'x: #y'",
    "then": "d IS NOT NULL",
    "case": "lower",
    "to_type": "decimal(10,2)",
    "format": "yyyy-MM-dd",
    "places": 2,
    "days": 3,
    "hours": 1.5,
    "to": "silver.others",
    "key": "id",
    "keys": ("id", "part"),
    "op": "<=",
    "schema": {"c": "int", "d": "struct<e:string>"},
}
BOUNDED = {name for name, kind in KINDS.items() if {"min", "max"} <= set(kind.model_fields)}
ON_THE_WHOLE = {name for name, kind in KINDS.items() if issubclass(kind, SetRule)}
IN_FILES = sorted(set(KINDS) - {"expression"})
"""All but one: no file can hold a function of Python."""


def given(kind: str) -> dict[str, Any]:
    """What a rule of that kind has to be given."""
    fields = {field.alias or name: field for name, field in KINDS[kind].model_fields.items()}
    found = {name: VALUES[name] for name, field in fields.items() if field.is_required()}
    if kind in BOUNDED:
        found |= {"min": 1, "max": 3 if kind in {"length", "size"} else 2.5}
    if kind in {"psi", "ks"}:
        found["to"] = VALUES["to"]
    return found


def sample(kind: str, **more: Any) -> Rule:
    """One rule of that kind; `more` as far as the kind has it."""
    missing = ({"tolerance"} if kind in ON_THE_WHOLE else set()) | ({"where"} if kind == "has_schema" else set())
    return parse({"kind": kind, **given(kind), **{name: one for name, one in more.items() if name not in missing}})
