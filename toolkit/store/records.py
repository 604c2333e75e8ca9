"""A record declares one row of an `ops` table; the table's name, comments, schemas and encoding follow from it.

    @dataclass(frozen=True)
    class Backup(Record, table="ops.backups", description="One table that was backed up."):
        table: Annotated[str, "Which table.", Named("table_name")]
        rows: Annotated[int, "Rows of it."]
        seconds: Annotated[float | None, "How long it took; null where that was not measured."] = None

Owns what a field's type becomes in Spark, Arrow and Delta. A table that was written with other columns is refused: neither is
a missing value invented, nor an unknown one left out. Must not import Spark, nor any area.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from toolkit.errors import DataError
from toolkit.scenario import Table, check_table_name
from toolkit.words import cut

if TYPE_CHECKING:
    import pyarrow as pa

    from toolkit.store.reader import DeltaReader

LONGEST_VALUE = 60
"""Characters of a value that a message shows."""
R = TypeVar("R", bound="Record")


@dataclass(frozen=True)
class Named:
    """Gives a column another name than its field has: `table_name`, where SQL would need quotes around `table`."""

    column: str


@dataclass(frozen=True)
class Content:
    """Says that a column holds rows or values of other tables, and so is as sensitive as they are."""


CONTENT = Content()


@dataclass(frozen=True)
class Kind:
    """A type of column, as Spark and as Delta call it, and the Python types of its values as they are read."""

    spark: str
    delta: str
    python: frozenset[type]


_KINDS = {
    str: Kind("STRING", "string", frozenset({str})),
    int: Kind("LONG", "long", frozenset({int})),
    float: Kind("DOUBLE", "double", frozenset({float})),
    bool: Kind("BOOLEAN", "boolean", frozenset({bool})),
    bytes: Kind("BINARY", "binary", frozenset({bytes})),
    datetime: Kind("TIMESTAMP", "timestamp", frozenset({datetime})),
    tuple[str, ...]: Kind("ARRAY<STRING>", "array<string>", frozenset({list, tuple})),
}
"""What a field can be; each may also be optional, and a text may be one of several (`Literal`)."""


@dataclass(frozen=True)
class Column:
    """One column of a record's table."""

    field: str
    name: str
    comment: str
    kind: Kind
    optional: bool
    choices: frozenset[str] = frozenset()
    """The only texts that it can hold; any when empty."""
    is_content: bool = False
    """Whether it holds rows or values of other tables."""


class Record:
    """Base of all records: frozen dataclasses whose fields are annotated with a comment, and with `Named` where need be.

    Args:
        table: the table's name, such as `ops.backups`.
        description: what one row is.
    """

    _table: ClassVar[str]
    _description: ClassVar[str]

    def __init_subclass__(cls, *, table: str, description: str) -> None:
        """Keep what the class says of its table."""
        cls._table, cls._description = check_table_name(table), description
        _BY_TABLE[table] = cls


_BY_TABLE: dict[str, type[Record]] = {}
_COLUMNS: dict[type[Record], tuple[Column, ...]] = {}


def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """The columns of a record's table, in order.

    Raises:
        TypeError: a field has no comment, or is of a type that no column has.
    """
    if record not in _COLUMNS:
        hints = get_type_hints(record, include_extras=True)
        fields = dataclasses.fields(record)  # type: ignore[arg-type]
        _COLUMNS[record] = tuple(_column(field.name, hints[field.name]) for field in fields)
    return _COLUMNS[record]


def without_content(table: str) -> frozenset[str]:
    """The columns of a table of records that hold nothing of other tables; none where no loaded record has the table."""
    record = _BY_TABLE.get(table)
    return frozenset(one.name for one in columns_of(record) if not one.is_content) if record else frozenset()


def table_of(record: type[Record]) -> Table:
    """The declaration of a record's table."""
    return Table(record._table, record._description, {one.name: one.comment for one in columns_of(record)})


def spark_schema(record: type[Record]) -> str:
    """The schema of a record's table as Spark's DDL."""
    return ", ".join(f"{one.name} {one.kind.spark}" for one in columns_of(record))


def arrow_schema(record: type[Record]) -> pa.Schema:
    """The schema of a record's table for Arrow."""
    import pyarrow as pa

    types_ = {
        "STRING": pa.string(),
        "LONG": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "BINARY": pa.binary(),
        "TIMESTAMP": pa.timestamp("us", "UTC"),
        "ARRAY<STRING>": pa.list_(pa.string()),
    }
    return pa.schema([(one.name, types_[one.kind.spark]) for one in columns_of(record)])


def encode(record: Record) -> dict[str, Any]:
    """A record as a row of its table: values by the names of the columns, in their order."""
    values = ((one.name, getattr(record, one.field)) for one in columns_of(type(record)))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values}


def decode(record: type[R], row: Mapping[str, Any]) -> R:
    """A row of a record's table as that record.

    Raises:
        DataError: a column is missing or unknown, or a value is none that its column can hold.
    """
    (found,) = decode_all(record, tuple(row), [tuple(row.values())])
    return found


def decode_all(record: type[R], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[R]:
    """Rows of a record's table as records; twelve thousand in a tenth of a second.

    Args:
        record: which.
        names: the columns of the rows.
        rows: in the order in which the records are to be.

    Raises:
        DataError: a column is missing or unknown, or a value is none that its column can hold.
    """
    columns = columns_of(record)
    _refuse(record._table, {one.name: "" for one in columns}, dict.fromkeys(names, ""))
    found = dict(zip(names, zip(*rows, strict=True), strict=False))
    if not found:
        return []
    fields = [one.field for one in columns]
    decoded = zip(*(_decoded(record, one, found[one.name]) for one in columns), strict=True)
    return [_made(record, fields, row) for row in decoded]


def refuse_other_shape(record: type[Record], reader: DeltaReader) -> None:
    """Raise unless a table has the columns of a record, in any order.

    Raises:
        DataError: it has others, as one has that another version of this program wrote.
    """
    declared = {one.name: one.kind.delta for one in columns_of(record)}
    _refuse(reader.name, declared, {one.name: one.type for one in reader.columns()}, str(reader.path))


def _refuse(table: str, declared: Mapping[str, str], found: Mapping[str, str], folder: str = "its folder") -> None:
    missing = [name for name in declared if name not in found]
    unknown = [name for name in found if name not in declared]
    retyped = [f"{name} is {found[name]}" for name in declared if found.get(name, declared[name]) != declared[name]]
    if missing or unknown or retyped:
        raise DataError(
            f"{table} was written with other columns than these records have: missing {', '.join(missing) or 'none'}, "
            f"unknown {', '.join(unknown) or 'none'}, of another type {', '.join(retyped) or 'none'}.",
            cure=f"Read it with the version that wrote it, or move {folder} aside: the next run begins the table anew.",
        )


def _column(field: str, hint: Any) -> Column:
    """A field as a column."""
    kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    alternatives = set(get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,))
    plain = next(iter(alternatives - {type(None)}))
    choices = get_args(plain) if get_origin(plain) is Literal else ()
    plain = str if choices else plain
    comment = next((note for note in notes if isinstance(note, str)), "")
    if not comment or plain not in _KINDS or len(alternatives - {type(None)}) > 1:
        raise TypeError(f"{field}: {hint} has no comment, or is none of the types that a record can hold.")
    name = next((note.column for note in notes if isinstance(note, Named)), field)
    optional, is_content = type(None) in alternatives, CONTENT in notes
    return Column(field, name, comment, _KINDS[plain], optional, frozenset(choices), is_content)


def _decoded(record: type[Record], column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """The values of one column, as the fields hold them."""
    known = column.kind.python | ({type(None)} if column.optional else set())
    # All at once, since nearly always there is nothing to find.
    if not known.issuperset(map(type, values)) or (column.choices and not column.choices.issuperset(values)):
        for value in values:
            if type(value) not in known or (column.choices and value is not None and value not in column.choices):
                raise DataError(
                    f"{record._table} holds {cut(repr(value), LONGEST_VALUE)} as {column.name}, which is none of its values.",
                    cure="Somebody else wrote to it: delete those rows, or move the table aside.",
                )
    return [value if value is None else tuple(value) for value in values] if list in column.kind.python else values


def _made(record: type[R], fields: Sequence[str], values: Sequence[Any]) -> R:
    """An instance; a frozen dataclass sets each of its fields by a call, which takes three times as long."""
    made = object.__new__(record)
    made.__dict__.update(zip(fields, values, strict=True))
    return made
