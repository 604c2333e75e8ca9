"""How change events are read and what they are made into: the declaration, and what of it is refused.

Must not read or write a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from toolkit.columns import cols
from toolkit.errors import UsageError
from toolkit.etl.histories import CURRENT, DELETE, PREVIOUS, SEQUENCE, Shape
from toolkit.etl.load import is_comparable

ScdType = Literal[0, 1, 2, 3, 4, 6]
REFUSED = "_refused"
"""Whether an event lacks its key or its place in the sequence."""


@dataclass(frozen=True)
class ChangeFlow:
    """How events are read, and what they are made into.

    Attributes:
        keys: columns that name a row.
        sequence_by: a column or SQL expression that orders the events of a key; several order by the first, then the next.
        apply_as_deletes: SQL condition of events that are deletes; none are when empty.
        column_list: columns of the table; all of the source when empty.
        except_column_list: columns of the source that stay out of it.
        track_history_column_list: columns whose change begins a new interval; all but the keys when empty.
        track_history_except_column_list: or all but these.
        ignore_null_updates: a null means "as before".
        stored_as_scd_type: 0 keeps the first values of a key's life, 1 the newest, 2 a row for each interval, 3 the newest and
            those before (`previous_…`), 4 as 1 beside a table as 2, 6 as 2 with the newest values in each row (`current_…`).
        hard_deletes: a delete closes the interval, or is a row of its own with the values that it ended; for types 2 and 6.
        tie_break: columns of the table that decide between events of one key with equal sequence; without, they are an error.
    """

    keys: Sequence[str]
    sequence_by: str | Sequence[str]
    apply_as_deletes: str = ""
    column_list: Sequence[str] = ()
    except_column_list: Sequence[str] = ()
    track_history_column_list: Sequence[str] = ()
    track_history_except_column_list: Sequence[str] = ()
    ignore_null_updates: bool = False
    stored_as_scd_type: ScdType = 1
    hard_deletes: Literal["close", "row"] = "close"
    tie_break: Sequence[str] = ()

    @property
    def sequences(self) -> tuple[str, ...]:
        """What orders the events."""
        return (self.sequence_by,) if isinstance(self.sequence_by, str) else tuple(self.sequence_by)


def shape_of(flow: ChangeFlow, source: DataFrame) -> Shape:
    """What the events of a source become.

    Raises:
        UsageError: the declaration names what the source does not have, or what cannot be.
    """
    types = {field.name: field.dataType for field in source.schema}
    if flow.column_list and flow.except_column_list:
        raise UsageError("Both column_list and except_column_list are given.", cure="Give one of them.")
    if flow.track_history_column_list and flow.track_history_except_column_list:
        raise UsageError("Both lists of tracked columns are given.", cure="Give one of them.")
    lists = (flow.keys, flow.column_list, flow.except_column_list, flow.tie_break)
    tracking = (flow.track_history_column_list, flow.track_history_except_column_list)
    for name in (name for names in (*lists, *tracking) for name in names):
        if name not in types:
            raise UsageError.unknown("column", name, list(types))
    columns = tuple(flow.column_list) or tuple(name for name in types if name not in flow.except_column_list)
    _refuse_columns(flow, columns, types)
    others = [name for name in columns if name not in flow.keys]
    tracked = tuple(flow.track_history_column_list) or tuple(
        name for name in others if name not in flow.track_history_except_column_list
    )
    rows_of_deletes = flow.hard_deletes == "row" and flow.stored_as_scd_type in (2, 6)
    return Shape(
        tuple(flow.keys),
        columns,
        tracked,
        flow.stored_as_scd_type,
        flow.ignore_null_updates,
        rows_of_deletes,
        keeps_deletes=bool(flow.tie_break),
    )


def _refuse_columns(flow: ChangeFlow, columns: Sequence[str], types: Mapping[str, DataType]) -> None:
    if not flow.keys:
        raise UsageError(
            "No key is named.", choices=list(types), cure="Name the columns that tell rows apart: keys=[…]."
        )
    if lacking := [name for name in (*flow.keys, *flow.tie_break) if name not in columns]:
        raise UsageError(
            f"{lacking[0]} is left out of the table, and is needed to know what comes later.", cure="Keep the column."
        )
    if taken := [name for name in columns if name.startswith(("_", PREVIOUS, CURRENT))]:
        raise UsageError(
            f"The column {taken[0]} is called as those are that are added here.",
            cure="Leave it out by except_column_list, or rename it.",
        )
    if unequal := [name for name in columns if not is_comparable(types[name])]:
        raise UsageError(
            f"{unequal[0]} is {types[unequal[0]].simpleString()}, and two values of that type cannot be compared.",
            cure="Leave it out, or make it a STRING or an ARRAY of STRUCTs first.",
        )
    if flow.ignore_null_updates and flow.stored_as_scd_type == 0:
        raise UsageError("Type 0 never updates, so it cannot ignore nulls in updates.", cure="Leave one of them out.")


def received(source: DataFrame, flow: ChangeFlow, shape: Shape) -> DataFrame:
    """The columns of the table, with `_sequence`, `_delete` and `_refused`."""
    try:
        parts = [F.expr(one) for one in flow.sequences]
        is_delete = F.coalesce(F.expr(flow.apply_as_deletes), F.lit(False)) if flow.apply_as_deletes else F.lit(False)
        sequence = parts[0] if len(parts) == 1 else F.struct(*[part.alias(f"_{n}") for n, part in enumerate(parts, 1)])
        lacking = [column.isNull() for column in (*cols(shape.keys), *parts)]
        refused = lacking[0]
        for one in lacking[1:]:
            refused = refused | one
        return source.select(
            *cols(shape.columns), sequence.alias(SEQUENCE), is_delete.alias(DELETE), refused.alias(REFUSED)
        )
    except (AnalysisException, ParseException) as problem:
        raise UsageError(
            f"The source cannot be ordered, or its deletes told: {str(problem).splitlines()[0]}",
            choices=source.columns,
            cure="sequence_by and apply_as_deletes are columns of the source, or SQL over them.",
        ) from problem
