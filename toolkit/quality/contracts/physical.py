"""What a `physicalType` of a file is to Spark: one of its types, or a type of another system, which is kept as it is.

Owns which names mean the same in other systems. A contract says by its `servers` whose types it names; without any they are
Spark's, as far as Spark has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from toolkit.errors import UsageError, closest
from toolkit.quality.spark_types import NAMES, parse_type

_OF_SPARK = {"databricks", "glue", "hive"}
"""Servers whose types are spelled as Spark's; beside one of them the others are taken for copies."""
_WITH_OUR_WHOLE_NUMBERS = {
    *("athena", "cloudsql", "db2", "duckdb", "hana", "mysql", "postgres", "postgresql", "presto", "redshift"),
    *("sqlserver", "synapse", "trino", "vertica"),
}
_DATABASES = {
    *_WITH_OUR_WHOLE_NUMBERS,
    *("bigquery", "clickhouse", "denodo", "dremio", "exasol", "impala", "informix", "ingres", "oracle", "snowflake"),
    *("teradata", "vectorwise", "zen"),
}
"""Servers that have types of their own. Folders and topics have none."""
_EVERYWHERE = re.compile(
    r"(varchar|char)\s*\(\s*\d+\s*\)|(decimal|numeric)\s*\(\s*\d+\s*,\s*\d+\s*\)|boolean", re.IGNORECASE
)
_WHOLE_NUMBERS = re.compile(r"smallint|int|integer|bigint", re.IGNORECASE)
_MAP = re.compile(r"\s*map\b", re.IGNORECASE)
_OTHERS = {
    *("bytea", "bytes", "nchar", "nvarchar", "timestamp_tz", "ubigint", "uint", "uinteger", "usmallint", "utinyint"),
}
"""Names in other systems that are one letter away from one of Spark's."""


def systems_of(servers: Any) -> tuple[str, ...]:
    """The systems whose types a contract names, by its servers; empty where they are Spark's."""
    given = servers if isinstance(servers, list) else []
    types = [str(one.get("type")).lower() for one in given if isinstance(one, Mapping)]
    return () if _OF_SPARK & set(types) else tuple(sorted(_DATABASES & set(types)))


def spark_type(physical: str, systems: Iterable[str] = (), *, has_parts: bool = False) -> str:
    """The type of Spark's that `physical` names; empty where it is another system's.

    Args:
        physical: as the file has it.
        systems: whose types the file names; Spark's when empty.
        has_parts: whether the fields or the items are told beside it, so that `struct` and `array` alone are whole.
    """
    name = physical.strip()
    for system in systems:
        same = _EVERYWHERE.fullmatch(name) or (system in _WITH_OUR_WHOLE_NUMBERS and _WHOLE_NUMBERS.fullmatch(name))
        if not same:
            return ""
    if name.lower() in {"struct", "array"}:
        return name.lower() if has_parts else ""
    try:
        return parse_type(name).text
    except UsageError:
        return ""


def is_map(logical: str, physical: str) -> bool:
    """Whether a column is a map, whose keys and values are no fields."""
    return logical == "map" or bool(_MAP.match(physical))


def refuse_misspelled(physical: str) -> None:
    """Refuse a name that is one letter away from a type of Spark's, and that no other system has.

    Raises:
        UsageError: it is; the type that was meant is offered.
    """
    word = physical.strip().partition("(")[0].lower()
    meant = closest(word, NAMES) if word.isalpha() and word not in {*NAMES, *_OTHERS} else None
    if meant and _one_letter_apart(word, meant):
        raise UsageError(
            f"{physical!r} is no type of Spark's. Did you mean {meant!r}?",
            cure="Where it is another system's, say its `logicalType` beside it.",
        )


def _one_letter_apart(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) == len(long):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    return len(long) == len(short) + 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
