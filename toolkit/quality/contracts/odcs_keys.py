"""The keys of the Open Data Contract Standard (v3.0.0 to v3.2.0), and a first look at what a file holds.

Owns which keys there are, and of what type: facts of the standard,
https://bitol-io.github.io/open-data-contract-standard. Every unknown key and every value of the wrong type is found
before anything is built, so that one message names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.errors import UsageError, closest

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
"""Versions of the standard that can be read. Later ones may have keys that are not known here."""
MOST_TOLD = 20

Wanted = type | tuple[type, ...]
_ELEMENT: dict[str, Wanted] = {
    "id": str,
    "name": str,
    "physicalName": str,
    "physicalType": str,
    "logicalType": str,
    "description": str,
    "businessName": str,
    "deprecated": bool,
    "synonyms": list,
    "authoritativeDefinitions": list,
    "tags": list,
    "customProperties": list,
    "relationships": list,
    "quality": list,
    "properties": list,
}
CONTRACT: Mapping[str, Wanted] = {
    "apiVersion": str,
    "kind": str,
    "id": str,
    "name": str,
    "version": str,
    "status": str,
    "tenant": str,
    "domain": str,
    "dataProduct": str,
    "description": dict,
    "context": object,
    "tags": list,
    "schema": list,
    "servers": list,
    "support": list,
    "price": dict,
    "team": (dict, list),
    "roles": list,
    "slaDefaultElement": str,
    "slaProperties": list,
    "authoritativeDefinitions": list,
    "customProperties": list,
    "contractCreatedTs": object,
}
DESCRIPTION: Mapping[str, Wanted] = {
    "purpose": str,
    "usage": str,
    "limitations": str,
    "authoritativeDefinitions": list,
    "customProperties": list,
}
TABLE: Mapping[str, Wanted] = {**_ELEMENT, "dataGranularityDescription": str, "context": object}
COLUMN: Mapping[str, Wanted] = {
    **_ELEMENT,
    "required": bool,
    "unique": bool,
    "primaryKey": bool,
    "primaryKeyPosition": int,
    "partitioned": bool,
    "partitionKeyPosition": int,
    "classification": str,
    "criticalDataElement": bool,
    "encryptedName": str,
    "examples": list,
    "enum": list,
    "items": dict,
    "map": dict,
    "vector": dict,
    "logicalTypeOptions": dict,
    "semanticType": str,
    "transformSourceObjects": list,
    "transformLogic": str,
    "transformDescription": str,
}
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
QUALITY: Mapping[str, Wanted] = {
    "id": str,
    "name": str,
    "description": str,
    "type": str,
    "metric": str,
    "rule": str,
    "arguments": dict,
    "unit": str,
    "query": str,
    "engine": str,
    "implementation": object,
    "dimension": str,
    "severity": str,
    "method": str,
    "businessImpact": str,
    "schedule": str,
    "scheduler": str,
    "tags": list,
    "customProperties": list,
    "authoritativeDefinitions": list,
    **dict.fromkeys(OPERATORS, object),
}
SERVICE_LEVEL: Mapping[str, Wanted] = {
    "id": str,
    "property": str,
    "value": object,
    "valueExt": object,
    "unit": str,
    "element": str,
    "driver": str,
    "description": str,
    "schedule": str,
    "scheduler": str,
    "customProperties": list,
    "authoritativeDefinitions": list,
}
_CALLED: Mapping[Wanted, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "a mapping",
    (dict, list): "a mapping or a list",
}


def refuse_unfit(data: Mapping[str, Any], where: str) -> None:
    """Refuse a mapping that is no data contract of the standard.

    Raises:
        UsageError: it is of another kind or version, or has keys or values that the standard does not know: all are
        named.
    """
    if data.get("kind") != "DataContract":
        raise UsageError(
            f"{where} is no data contract: its kind is {data.get('kind')!r}.",
            cure="Write `kind: DataContract` at its top.",
        )
    version = data.get("apiVersion")
    if not isinstance(version, str) or not version.startswith("v3."):
        raise UsageError(
            f"{where} is written in version {version!r} of the standard.",
            choices=VERSIONS,
            cure="Write `apiVersion: v3.1.0` at its top.",
        )
    later = version not in VERSIONS
    wrong = list(_problems(data, later=later))
    if wrong:
        more = f"; and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise UsageError(
            f"{where} cannot be used: {'; '.join(wrong[:MOST_TOLD])}{more}.",
            cure="What the standard has no key for goes under `customProperties`, as `property` and `value`.",
        )


def _problems(data: Mapping[str, Any], *, later: bool) -> Iterator[str]:
    """Everything wrong with the keys of a contract, in the order of the file."""
    for key in ("id", "version"):
        if data.get(key) is None:
            yield f"`{key}` is missing"
    for place, entry, known in _places(data):
        if not isinstance(entry, Mapping):
            yield f"{place} is {_shown(entry)}; it should be a mapping"
            continue
        for key, value in entry.items():
            if key in known:
                yield from _unlike(f"{place}.{key}".lstrip("."), value, known[key])
            elif not later:
                meant = closest(key, known)
                yield f"{f'{place} has' if place else 'there is'} no key {key!r}" + (
                    f" (did you mean {meant!r}?)" if meant else ""
                )


def _unlike(place: str, value: Any, wanted: Wanted) -> Iterator[str]:
    # Null stands for a key that was left out; True is no whole number.
    fits = value is None or (isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)))
    if not fits:
        hint = f'; in quotes it is text: "{value}"' if wanted is str and isinstance(value, (int, float)) else ""
        yield f"{place} is {_shown(value)}; it should be {_CALLED[wanted]}{hint}"
    elif place.rpartition(".")[2] == "tags":
        yield from (
            f"{place} holds {_shown(tag)}; it should be text" for tag in value or () if not isinstance(tag, str)
        )


def _places(data: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Wanted]]]:
    yield "", data, CONTRACT
    if isinstance(data.get("description"), Mapping):
        yield "description", data["description"], DESCRIPTION
    for number, table in enumerate(listed(data, "schema"), 1):
        place = called(table, f"schema {number}")
        yield place, table, TABLE
        yield from _within(place, table)
    for number, level in enumerate(listed(data, "slaProperties"), 1):
        yield f"slaProperties {number}", level, SERVICE_LEVEL


def _within(place: str, element: Any) -> Iterator[tuple[str, Any, Mapping[str, Wanted]]]:
    if not isinstance(element, Mapping):
        return
    for number, entry in enumerate(listed(element, "quality"), 1):
        yield f"{place}, quality {number}", entry, QUALITY
    for number, column in enumerate(listed(element, "properties"), 1):
        inside = f"{place}.{called(column, f'property {number}')}"
        yield inside, column, COLUMN
        yield from _within(inside, column)
    if isinstance(element.get("items"), Mapping):
        yield f"{place}, items", element["items"], COLUMN
        yield from _within(f"{place}, items", element["items"])


def listed(data: Mapping[str, Any], key: str) -> list[Any]:
    """The list under `key`; empty where there is none."""
    found = data.get(key)
    return found if isinstance(found, list) else []


def called(element: Any, otherwise: str) -> str:
    """The name of a table or column in messages."""
    name = (element.get("physicalName") or element.get("name")) if isinstance(element, Mapping) else None
    return str(name) if name else otherwise


def _shown(value: Any) -> str:
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, Mapping) else repr(value)[:60]
