"""What was believed on one day of another: rows with the time for which they hold, and the time in which that was thought.

`valid_from` up to, and without, `valid_to` is the time in the world; `recorded_from` up to, and without, `recorded_to` the time
in which the table said so. An end of null lasts. What is recorded later only ends `recorded` intervals, so what a report
said can be said again. Must not read or write a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import UsageError
from toolkit.etl.load import refuse_repeated_keys

Transform = Callable[[DataFrame], DataFrame]

VALID_FROM, VALID_TO = "valid_from", "valid_to"
RECORDED_FROM, RECORDED_TO = "recorded_from", "recorded_to"
_BOUND, _AT, _LATER = "_bound", "_at", "_later"


def bitemporal(
    events: DataFrame, keys: Sequence[str], valid_time: str, recorded_time: str, *, apply_as_deletes: str = ""
) -> DataFrame:
    """The table that events make which say since when something holds, and came to be known at another time.

    An event holds from its valid time to that of the next event of its key, as far as that is known; one that is recorded
    later of the same valid time takes its place. The order of the rows has no part in it. Each event is held against the
    later ones of its key, so the price grows with the square of the events of a key.

    Args:
        events: in any order; one that comes several times counts once.
        keys: columns that say what an event is about.
        valid_time: since when it holds.
        recorded_time: when it came to be known.
        apply_as_deletes: SQL condition of events that say that nothing holds from then on; they make no row.

    Returns:
        The columns of the events but the two times, with `valid_from`, `valid_to`, `recorded_from` and `recorded_to`. No two
        rows of a key overlap in both times. Neighbours with equal values are not put together.

    Raises:
        UsageError: a column is not there, or is called as one that is made.
        DataError: two events of a key have equal times and say different things, or one lacks a key or a time. Nothing was
            made.
    """
    made = (VALID_FROM, VALID_TO, RECORDED_FROM, RECORDED_TO)
    others = [name for name in events.columns if name not in (valid_time, recorded_time)]
    if taken := [name for name in others if name in made]:
        raise UsageError(f"There is a column {taken[0]} already.", cure="Rename it, or leave it out.")
    once = events.distinct()
    refuse_repeated_keys(once, [*keys, valid_time, recorded_time])
    is_delete = F.coalesce(F.expr(apply_as_deletes), F.lit(False)) if apply_as_deletes else F.lit(False)
    of_time = Window.partitionBy(*cols([*keys, valid_time])).orderBy(quoted(recorded_time))
    told = once.select(
        *cols(others),
        F.col(quoted(valid_time)).alias(VALID_FROM),
        F.col(quoted(recorded_time)).alias(RECORDED_FROM),
        F.lead(quoted(recorded_time)).over(of_time).alias(RECORDED_TO),
        is_delete.alias("_is_delete"),
    )
    bounded = _bounded(told, keys).where("NOT _is_delete")
    return bounded.select(*cols([*others, *made]))


def _bounded(events: DataFrame, keys: Sequence[str]) -> DataFrame:
    """A row for each event and each time at which the next one was another than before."""
    later = events.select(
        *[F.col(quoted(name)).alias(f"_key_{n}") for n, name in enumerate(keys)],
        F.col(VALID_FROM).alias(_BOUND),
        F.col(RECORDED_FROM).alias(_LATER),
    )
    same = F.lit(True)
    for n, name in enumerate(keys):
        same = same & (F.col(quoted(name)) == F.col(f"_key_{n}"))
    lasting = F.col(RECORDED_TO).isNull() | (F.col(_LATER) < F.col(RECORDED_TO))
    # What was known when the event came bounds it from its beginning.
    at = F.greatest(_LATER, RECORDED_FROM).alias(_AT)
    met = events.join(later, same & (F.col(_BOUND) > F.col(VALID_FROM)) & lasting).select(
        *cols(events.columns), at, _BOUND
    )
    alone = events.withColumns({_AT: F.col(RECORDED_FROM), _BOUND: F.lit(None)})
    steps = met.union(alone).groupBy(*cols(events.columns), _AT).agg(F.min(_BOUND).alias(_BOUND))
    event = Window.partitionBy(*cols([*keys, VALID_FROM, RECORDED_FROM])).orderBy(_AT)
    nearest = F.min(_BOUND).over(event.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    placed = steps.withColumn(VALID_TO, nearest).withColumn("_was", F.lag(VALID_TO).over(event))
    kept = placed.where((F.col(_AT) == F.col(RECORDED_FROM)) | ~F.col(VALID_TO).eqNullSafe(F.col("_was")))
    ended = kept.withColumn(RECORDED_TO, F.coalesce(F.lead(_AT).over(event), RECORDED_TO))
    return ended.withColumn(RECORDED_FROM, F.col(_AT))


def believed(*, believed_at: Column | Any, valid_at: Column | Any) -> Transform:
    """The rows that the table had at one time about another: what did we believe on day X about day Y.

    Args:
        believed_at: X: a value of the type of `recorded_from`, or a column.
        valid_at: Y: a value of the type of `valid_from`, or a column.
    """
    recorded, valid = F.lit(believed_at), F.lit(valid_at)

    def transform(df: DataFrame) -> DataFrame:
        return df.where(_holds(recorded, RECORDED_FROM, RECORDED_TO) & _holds(valid, VALID_FROM, VALID_TO))

    return transform


def _holds(at: Column, start: str, end: str) -> Column:
    return (F.col(start) <= at) & (F.col(end).isNull() | (at < F.col(end)))
