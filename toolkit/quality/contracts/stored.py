"""A stored table beside its contract, and the first draft of a contract from a stored table; without a JVM.

Owns what is asked of `toolkit.store.reader`. Must not write.
"""

from __future__ import annotations

from toolkit.errors import UsageError
from toolkit.quality.contracts.enforcement import Difference, differences
from toolkit.quality.contracts.model import Column, Contract, ContractTable, column_of
from toolkit.quality.spark_types import parse_type
from toolkit.store.reader import Column as StoredColumn
from toolkit.store.reader import DeltaReader


def drift(table: ContractTable, reader: DeltaReader) -> tuple[Difference, ...]:
    """Where the columns of a stored table differ from what `table` promises; empty when they do not.

    Raises:
        DataError: the table's log is damaged.
    """
    return differences(table, tuple(_column(column) for column in reader.columns()))


def from_table(reader: DeltaReader) -> Contract:
    """A draft to go on from: the columns of a stored table, with their comments, and no promise that only people can make.

    Raises:
        DataError: the table's log is damaged.
    """
    columns = tuple(_column(column) for column in reader.columns() if not column.name.startswith("_"))
    table = ContractTable(name=reader.name, columns=columns)
    return Contract(id=reader.name, version="0.1.0", status="draft", tables=(table,))


def _column(stored: StoredColumn) -> Column:
    try:
        declared = parse_type(stored.type)
    except UsageError:
        # A field's name may hold any sign, and the reader's text of a type does not quote it.
        told = {"name": stored.name, "nullable": stored.nullable, "description": stored.comment}
        return Column.model_validate({**told, "extras": {"physicalType": stored.type}})
    return column_of(stored.name, declared, nullable=stored.nullable, description=stored.comment)
