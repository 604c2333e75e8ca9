"""What a set of change events makes of each key: its intervals or its present row, and the events that those do not tell.

All of it is a function of the set of events: the order in which they came, and their split into batches, have no part in it.
`DataFrame` in, `DataFrame` out. Must not read or write a table; that is `etl.changes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted

SEQUENCE, DELETE = "_sequence", "_delete"
"""Columns of an event: its place among those of its key, and whether it is a delete."""
START, END, DELETED = "_start_at", "_end_at", "_is_deleted"
"""Columns of an interval: from `_start_at` up to, and without, `_end_at`, which is null while it lasts."""
PREVIOUS, CURRENT = "previous_", "current_"
ROW, KEPT, NEWEST = "_row", "_kept", "_newest"
IS_END = "_is_end"
"""A column of events that rows tell: it is where an interval ended."""
LATEST = "_latest"
_RAW, _LIFE, _GROUP = "_raw", "_life", "_group"


@dataclass(frozen=True)
class Shape:
    """How events become rows.

    Attributes:
        keys: columns that name a row.
        columns: all columns of a row, keys among them.
        tracked: columns whose change begins a new interval; the others are as the newest event of the interval has them.
        scd_type: 0, 1, 2, 3 or 6.
        ignore_nulls: a null in an event means "as before", not "none".
        rows_of_deletes: a delete is an interval of its own, with the values that it ended; else it only ends one.
        keeps_deletes: a delete that ends an interval is kept, too: more is to be known of it than when that was.
    """

    keys: tuple[str, ...]
    columns: tuple[str, ...]
    tracked: tuple[str, ...]
    scd_type: int
    ignore_nulls: bool = False
    rows_of_deletes: bool = False
    keeps_deletes: bool = False

    @property
    def others(self) -> tuple[str, ...]:
        """The columns that are no keys."""
        return tuple(name for name in self.columns if name not in self.keys)

    @property
    def untracked(self) -> tuple[str, ...]:
        """The columns whose change begins no interval."""
        return tuple(name for name in self.others if name not in self.tracked)

    @property
    def has_intervals(self) -> bool:
        """Whether a key has a row for each interval, not one in all."""
        return self.scd_type in (2, 6)

    @property
    def row_columns(self) -> tuple[str, ...]:
        """The columns of the table, in order."""
        added = {3: PREVIOUS, 6: CURRENT}.get(self.scd_type)
        derived = [added + name for name in self.tracked] if added else []
        deleted = [DELETED] if self.rows_of_deletes else []
        return (*self.columns, *derived, *([START, END, *deleted] if self.has_intervals else [SEQUENCE]))

    @property
    def changing(self) -> tuple[str, ...]:
        """The columns of a row that later events may change; the others are as the event has them that it began with."""
        others = self.untracked or self.ignore_nulls or self.rows_of_deletes or self.keeps_deletes
        return (END,) if self.scd_type == 2 and not others else self.row_columns  # noqa: PLR2004

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that no two rows of the table share."""
        return (*self.keys, START) if self.has_intervals else self.keys


def as_events(df: DataFrame, shape: Shape, *beside: str) -> DataFrame:
    """Events without what a delete says of other columns than its keys; `df` has `_sequence`, `_delete`, and those beside."""
    told = [F.when(~F.col(DELETE), F.col(quoted(name))).alias(name) for name in shape.others]
    return df.select(*cols(shape.keys), *told, SEQUENCE, DELETE, *beside)


def events_of(rows: DataFrame, shape: Shape, row: str) -> DataFrame:
    """The events that rows of a table tell: each interval began with one, and one that ended was ended by a delete.

    Unless another interval begins there: then `_is_end` says so of an event that counts for nothing, beside the one that does.
    To leave it out here would take a look at the following row.

    Args:
        rows: all rows of some keys.
        shape: of that table.
        row: the column that has a row as a whole; only the event that the row began with has it, too.

    Returns:
        Events with `row` and `_is_end`: whether it is the end of an interval.
    """
    if not shape.has_intervals:
        return rows.select(*cols(shape.columns), SEQUENCE, F.lit(False).alias(DELETE), row, F.lit(False).alias(IS_END))
    if shape.rows_of_deletes:
        begun = rows.withColumns({SEQUENCE: F.col(START), DELETE: F.col(DELETED), IS_END: F.lit(False)})
        return as_events(begun, shape, row, IS_END)
    ends = F.when(F.col(END).isNotNull(), F.array(F.lit(False), F.lit(True))).otherwise(F.array(F.lit(False)))
    told = rows.withColumn(IS_END, F.explode(ends))
    is_end = F.col(IS_END)
    placed = told.withColumns(
        {SEQUENCE: F.when(is_end, F.col(END)).otherwise(F.col(START)), DELETE: is_end, row: F.when(~is_end, F.col(row))}
    )
    return as_events(placed, shape, row, IS_END)


def resolved(events: DataFrame, shape: Shape, known: str) -> DataFrame:
    """Each event beside what becomes of it.

    Args:
        events: all of some keys, one for each place in a key's sequence; columns beside those of an event stay.
        shape: what rows are to be made.
        known: the column that says whether an event was known before.

    Returns:
        The values as a row has them; `_row`: whether it makes a row; `_kept`: whether no row will tell that it was there;
        `_latest`: the newest place in the sequence that was known of its key.
    """
    order = _by(shape.keys).orderBy(SEQUENCE)
    latest_known = F.max(F.when(F.col(known), F.col(SEQUENCE))).over(order.rowsBetween(*_ALL))
    before = F.coalesce(
        F.sum(F.col(DELETE).cast("int")).over(order.rowsBetween(Window.unboundedPreceding, -1)), F.lit(0)
    )
    was_deleted = F.lag(DELETE).over(order)
    is_first = was_deleted.isNull() | was_deleted
    differs = ~_struct(shape.tracked).eqNullSafe(F.lag(_struct(shape.tracked)).over(order))
    looks = {_RAW: _struct(shape.others), _LIFE: before, LATEST: latest_known}
    opens = {"_first": is_first & ~F.col(DELETE), "_opens": ~F.col(DELETE) & (is_first | differs)}
    if shape.ignore_nulls:
        in_life = _by((*shape.keys, _LIFE)).orderBy(SEQUENCE).rowsBetween(Window.unboundedPreceding, Window.currentRow)
        filled = {name: F.last(quoted(name), True).over(in_life) for name in shape.others}
        begun = events.withColumns(looks).withColumns(filled).withColumns(opens)
    else:
        # In one go: Spark looks at each key once for all of them, and not once for each.
        begun = events.withColumns({**looks, **opens})
    made = _intervals(begun, shape) if shape.has_intervals else _present(begun, shape)
    told = F.col(ROW) & ~F.col(DELETE) & F.col(_RAW).eqNullSafe(_struct(shape.others))
    return made.withColumn(KEPT, _is_kept(shape, told))


def _is_kept(shape: Shape, told: Column) -> Column:
    if shape.scd_type == 1 and not shape.ignore_nulls:
        # What is older than the newest event never counts again.
        return F.col(NEWEST) & F.col(DELETE)
    if shape.has_intervals and not shape.keeps_deletes:
        return ~told & ~(F.col(DELETE) & F.col("_ends"))
    return ~told


def _intervals(begun: DataFrame, shape: Shape) -> DataFrame:
    order = _by(shape.keys).orderBy(SEQUENCE)
    was_deleted = F.lag(DELETE).over(order)
    ends = (
        F.col(DELETE) & ~was_deleted
        if not shape.rows_of_deletes
        else F.col(DELETE) & (was_deleted.isNull() | ~was_deleted)
    )
    bounded = begun.withColumn("_ends", F.coalesce(ends, F.lit(False)))
    boundary = F.col("_opens") | F.col("_ends")
    grouped = bounded.withColumns(
        {
            _GROUP: F.sum(boundary.cast("int")).over(order),
            END: F.min(F.when(boundary, F.col(SEQUENCE))).over(order.rowsBetween(1, Window.unboundedFollowing)),
            ROW: boundary if shape.rows_of_deletes else F.col("_opens"),
        }
    )
    if shape.untracked:
        whole = _by((*shape.keys, _GROUP)).orderBy(SEQUENCE).rowsBetween(*_ALL)
        grouped = grouped.withColumns({name: F.last(quoted(name)).over(whole) for name in shape.untracked})
    if shape.rows_of_deletes:
        so_far = order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
        living = F.last(F.when(~F.col(DELETE), _struct(shape.others)), True).over(so_far)
        grouped = grouped.withColumn("_living", living).withColumns(
            {
                name: F.when(F.col(DELETE), F.col("_living")[name]).otherwise(F.col(quoted(name)))
                for name in shape.others
            }
        )
    if shape.scd_type == 6:  # noqa: PLR2004
        newest = F.last(F.when(F.col(ROW), _struct(shape.tracked)), True).over(order.rowsBetween(*_ALL))
        grouped = grouped.withColumn("_present", newest).withColumns(
            {CURRENT + name: F.col("_present")[name] for name in shape.tracked}
        )
    return grouped.withColumns({START: F.col(SEQUENCE), DELETED: F.col(DELETE)})


def _present(begun: DataFrame, shape: Shape) -> DataFrame:
    order = _by(shape.keys).orderBy(SEQUENCE)
    whole = order.rowsBetween(*_ALL)
    placed = begun.withColumn(NEWEST, F.lead(SEQUENCE).over(order).isNull())
    if shape.scd_type == 0:
        lives = F.col(_LIFE) == F.max(_LIFE).over(whole)
        return placed.withColumn(ROW, F.col("_first") & lives & ~F.last(DELETE).over(whole))
    if shape.scd_type == 3:  # noqa: PLR2004
        so_far = _by((*shape.keys, _LIFE)).orderBy(SEQUENCE)
        for name in shape.tracked:
            earlier = F.lag(quoted(name)).over(so_far)
            changed = ~F.col("_first") & ~F.col(quoted(name)).eqNullSafe(earlier)
            placed = placed.withColumn("_earlier", F.when(changed, F.struct(earlier.alias("value"))))
            replaced = F.last("_earlier", True).over(so_far.rowsBetween(Window.unboundedPreceding, Window.currentRow))
            placed = placed.withColumn(PREVIOUS + name, replaced["value"]).drop("_earlier")
    return placed.withColumn(ROW, F.col(NEWEST) & ~F.col(DELETE))


def rows_of(found: DataFrame, shape: Shape) -> DataFrame:
    """The rows of the table, out of what `resolved` gave: `shape.row_columns`."""
    return found.where(ROW).select(*cols(shape.row_columns))


def kept_of(found: DataFrame, shape: Shape) -> DataFrame:
    """The events that rows do not tell, as they came, out of what `resolved` gave.

    A late event may make a row of each: of a repetition, of a delete of what was not there, of what came to nothing.
    """
    raw = [F.col(_RAW)[name].alias(name) for name in shape.others]
    return found.where(KEPT).select(*cols(shape.keys), *raw, SEQUENCE, DELETE)


_ALL = (Window.unboundedPreceding, Window.unboundedFollowing)


def _by(keys: Sequence[str]) -> WindowSpec:
    return Window.partitionBy(*cols(keys))


def _struct(names: Sequence[str]) -> Column:
    return F.struct(*cols(names)) if names else F.struct(F.lit(0))
