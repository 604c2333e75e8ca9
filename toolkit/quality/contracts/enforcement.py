"""A frame held to its contract: what differs in its schema.

Owns the comparison of columns. Works on the schema alone, so it needs no query and no Spark at import.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from toolkit.errors import DataError, nearest
from toolkit.quality.contracts.model import Column, Contract, ContractTable, column_of
from toolkit.quality.contracts.physical import is_map
from toolkit.quality.spark_types import from_json, parse_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    Frame = TypeVar("Frame", bound=DataFrame)


@dataclass(frozen=True)
class Difference:
    """One way in which columns are not as promised."""

    kind: Literal["missing", "extra", "type"]
    column: str
    """Its path: `items.price`."""
    expected: str
    found: str

    def __str__(self) -> str:
        match self.kind:
            case "missing":
                return f"{self.column} ({self.expected or 'of any type'}) is missing.{self.found}"
            case "extra":
                return f"{self.column} ({self.found}) is not in the contract."
        return f"{self.column} is {self.found}, not {self.expected}."


def enforce(df: Frame, contract: Contract, table: str) -> Frame:
    """`df` itself, if its schema is what `contract` promises of `table`; to be called before anything is written.

    Whether values keep the contract, null in a required column above all, `rules_of` says in the quality pass.

    Raises:
        DataError: it is not; every difference is named.
        UsageError: the contract has no such table.
    """
    wrong = violations(contract.table(table), df.schema)
    if wrong:
        raise DataError(
            f"{table} would break version {contract.version} of its contract {contract.id}: {' '.join(map(str, wrong))}",
            cure="Change the frame, or agree on a new version of the contract: `compare` says what it means for readers.",
        )
    return df


def violations(table: ContractTable, schema: StructType) -> tuple[Difference, ...]:
    """Where the schema of a frame differs from what `table` promises.

    A column may stand anywhere, and those whose name starts with an underscore may come along. That a column could
    hold null is no
    difference: whether it does is a rule's question.
    """
    found = tuple(column_of(f["name"], from_json(f["type"])) for f in schema.jsonValue()["fields"])
    return differences(table, found)


def differences(table: ContractTable, found: tuple[Column, ...]) -> tuple[Difference, ...]:
    """Where some columns differ from what `table` promises; a contract that names no columns promises none."""
    return tuple(_compared(table.columns, found, "")) if table.columns else ()


def _compared(promised: tuple[Column, ...], found: tuple[Column, ...], inside: str) -> Iterator[Difference]:
    # Spark does not tell `Id` from `id`.
    there = {column.name.lower(): column for column in found}
    names = {column.name.lower() for column in promised}
    strangers = [one.name for name, one in there.items() if name not in names and not name.startswith("_")]
    for column in promised:
        path = f"{inside}{column.name}"
        if column.name.lower() in there:
            yield from _typed_alike(column, there[column.name.lower()], path)
        else:
            told = column.type or str(column.extras.get("physicalType") or column.logical_type)
            yield Difference("missing", path, told, nearest(column.name, strangers))
    yield from (Difference("extra", f"{inside}{name}", "", _type(there[name.lower()])) for name in strangers)


def _typed_alike(promised: Column, found: Column, path: str) -> Iterator[Difference]:
    if promised.fields and found.fields:
        yield from _compared(promised.fields, found.fields, f"{path}.")
    elif promised.items is not None and found.items is not None:
        yield from _typed_alike(promised.items, found.items, path)
    elif promised.type:
        expected = parse_type(promised.type)
        if not found.type or expected.compared != parse_type(found.type).compared:
            yield Difference("type", path, promised.type, _type(found))
    elif not _logical_alike(promised, found):
        yield Difference("type", path, f"of the logical type {promised.logical_type}", _type(found))


def _logical_alike(promised: Column, found: Column) -> bool:
    if is_map(promised.logical_type, str(promised.extras.get("physicalType") or "")):
        return found.type.startswith("map<") or not found.type
    return not promised.logical_type or promised.logical_type == found.logical_type


def _type(column: Column) -> str:
    told: Any = column.type or column.extras.get("physicalType") or column.logical_type
    return str(told)
