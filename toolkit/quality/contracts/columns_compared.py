"""Two versions of the columns of a table: gone, new, renamed, and each one's type, null, uniqueness and classification.

Owns the comparison, into nested fields. What it means for a reader, `compatibility` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from toolkit.quality.contracts.constraints_compared import (
    Found,
    enum_compared,
    options_compared,
    relationships_compared,
)
from toolkit.quality.contracts.model import Column
from toolkit.quality.spark_types import parse_type, width

CLASSIFICATIONS = ("public", "internal", "confidential", "restricted")
"""From what anyone may see to what few may."""


def columns_compared(inside: str, old: tuple[Column, ...], new: tuple[Column, ...]) -> Iterator[Found]:
    """Every change from the columns `old` to the columns `new`; `inside` is the path of what holds them."""
    before, after = ({column.name: column for column in columns} for columns in (old, new))
    renamed = dict(_renamed(old, new))
    for name, column in before.items():
        where = f"{inside}.{name}"
        if name in after:
            yield from _column(where, column, after[name])
        elif name in renamed:
            yield "column_renamed", where, f"{name} → {renamed[name]}, as it seems"
            yield from _column(f"{inside}.{renamed[name]}", column, after[renamed[name]])
        else:
            yield "column_removed", where, column.type or column.logical_type
    for name, column in after.items():
        if name not in before and name not in renamed.values():
            yield "column_added", f"{inside}.{name}", column.type or column.logical_type
    common = [[name for name in names if name in before and name in after] for names in (before, after)]
    if common[0] != common[1]:
        yield "moved", inside, ", ".join(common[1])


def _renamed(old: tuple[Column, ...], new: tuple[Column, ...]) -> Iterator[tuple[str, str]]:
    """Columns that seem to have a new name: same type, and the same description or place as one that is gone."""
    names = {column.name for column in new}
    free = [(i, column) for i, column in enumerate(new) if column.name not in {c.name for c in old}]
    for place, gone in enumerate(old):
        if gone.name in names or not gone.type:
            continue
        alike = [(i, c) for i, c in free if c.type == gone.type]
        told = [(i, c) for i, c in alike if gone.description and c.description == gone.description]
        found = told or [(i, c) for i, c in alike if i == place]
        if found:
            free.remove(found[0])
            yield gone.name, found[0][1].name


def _column(where: str, old: Column, new: Column) -> Iterator[Found]:
    yield from _types(where, old, new)
    if old.nullable != new.nullable:
        yield "made_nullable" if new.nullable else "made_required", where, ""
    if old.unique != new.unique:
        yield "unique_added" if new.unique else "unique_dropped", where, ""
    if old.classification != new.classification:
        kind = "classification_raised" if _raised(old.classification, new.classification) else "classification_lowered"
        yield kind, where, f"{old.classification or 'none'} → {new.classification or 'none'}"
    yield from _said(where, old, new)


_OF_VALUES: Mapping[str, Callable[[str, Any, Any], Iterator[Found]]] = {
    "logicalTypeOptions": options_compared,
    "enum": enum_compared,
    "relationships": relationships_compared,
}
"""What the standard says of a column's values, for which there is no field here."""
_OF_MAPS = ("map", "properties", "items")
"""What it says of the keys and values of a map, which is only the same or not."""


def _said(where: str, old: Column, new: Column) -> Iterator[Found]:
    for name, changes in _OF_VALUES.items():
        yield from changes(where, old.extras.get(name), new.extras.get(name))
    if changed := [name for name in _OF_MAPS if old.extras.get(name) != new.extras.get(name)]:
        yield "type_changed", where, f"{', '.join(changed)} of the map"
    words = [name for name in ("description", "examples", "tags", "label") if getattr(old, name) != getattr(new, name)]
    elsewhere = {*_OF_VALUES, *_OF_MAPS, "physicalType"}
    kept = [{k: v for k, v in column.extras.items() if k not in elsewhere} for column in (old, new)]
    if kept[0] != kept[1]:
        words.append("what else is said of it")
    if words:
        yield "described", where, ", ".join(words)


def _raised(old: str, new: str) -> bool:
    """Whether fewer may see it now; numbers are classes of data, from 1 up."""
    if not new:
        return False
    try:
        ranks = [
            int(word) if word.isdecimal() else CLASSIFICATIONS.index(word.lower()) for word in (old or "public", new)
        ]
    except ValueError:
        return True
    return ranks[1] > ranks[0] if old.isdecimal() == new.isdecimal() or not old else True


def _types(where: str, old: Column, new: Column) -> Iterator[Found]:
    # A physical type that is not Spark's is part of the promise, though only whether it is the same can be told.
    strange = [column.extras.get("physicalType", "") for column in (old, new)]
    told = [c.type or s or c.logical_type or "any type" for c, s in zip((old, new), strange, strict=True)]
    said = " → ".join(told)
    if old.fields and new.fields:
        yield from columns_compared(where, old.fields, new.fields)
    elif old.items is not None and new.items is not None:
        yield from _column(where, old.items, new.items)
    elif (old.type, old.logical_type, strange[0]) == (new.type, new.logical_type, strange[1]):
        return
    elif not old.type and not strange[0] and old.logical_type in ("", new.logical_type):
        yield "type_declared", where, said
    elif not old.type or not new.type:
        yield "type_changed", where, said
    else:
        kinds = {"same": "type_changed", "wider": "type_widened", "narrower": "type_narrowed", "other": "type_changed"}
        yield kinds[width(parse_type(old.type), parse_type(new.type))], where, said
