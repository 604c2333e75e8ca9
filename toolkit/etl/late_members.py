"""Facts that come before what they refer to: members inferred of them, put right later, and facts that belong elsewhere now.

The key of an inferred member is made of the business key alone, that of a version of the business key and its beginning, so
neither depends on what came first. Must not read or write a table: the rows are loaded by `etl.load`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from toolkit.columns import cols, quoted
from toolkit.errors import UsageError
from toolkit.etl.histories import END, START
from toolkit.etl.modelling import IS_CURRENT, IS_INFERRED, Lookup, fact, refuse_unlike

Transform = Callable[[DataFrame], DataFrame]

_FIRST, _BEGUN, _WAS = "_first", "_begun", "_was_"


def inferred_members(facts: DataFrame, lookup: Lookup) -> DataFrame:
    """The rows that a dimension lacks: one for each business key of which it knew nothing when a fact happened.

    `is_inferred` is true and all attributes are null where the dimension does not have the business key at all. Where it has,
    and its first version begins after the fact, the row lies before that version and has its attributes, as `put_right` says.

    Args:
        facts: as `fact` made them.
        lookup: with which it did.

    Raises:
        UsageError: the facts have no such key, or a column is not there or of another type.
    """
    if lookup.column not in facts.columns:
        raise UsageError.unknown("column of the facts", lookup.column, facts.columns, cure="Give what `fact` made.")
    refuse_unlike(facts, lookup)
    types = lookup.types
    business = [F.col(quoted(there)).cast(types[name]).alias(name) for name, there in lookup.pairs.items()]
    key = F.col(quoted(lookup.column))
    is_inferred = ~lookup.unknown() & (key == lookup.inferred_key(facts.schema))
    wanted = facts.where(is_inferred).select(key.cast(types[lookup.key]).alias(lookup.key), *business).distinct()
    return _before_versions(_lacking(wanted, lookup.dimension, lookup.key), lookup.dimension, list(lookup.pairs))


def put_right(known: DataFrame, told: DataFrame, keys: Sequence[str], key: str) -> DataFrame:
    """All rows of a dimension, now that more is told of it: what was inferred takes the attributes and keeps its key.

    Of a dimension without versions, the row that came has the key of the inferred one and takes its place. Of one with
    versions, which have keys of their own, the inferred row stays and lies before the first of them: it ends where that begins,
    has its attributes, and is not inferred any more. What the source does not tell of yet stays inferred.

    Args:
        known: the dimension with its inferred members.
        told: the dimension as `dimension` makes it of all that is known now.
        keys: the business key.
        key: the surrogate key.

    Raises:
        UsageError: one of the two lacks a column.
    """
    for name in (*keys, key, IS_INFERRED):
        for side, df in {"dimension that is known": known, "dimension that is told": told}.items():
            if name not in df.columns:
                raise UsageError.unknown(f"column of the {side}", name, df.columns)
    given = reduce(and_, [column.isNotNull() for column in cols(keys)])
    # One that was put right before lies before all versions still, whichever is the first now.
    inferred = known.where(given & (F.col(START).isNull() if START in told.columns else F.col(IS_INFERRED)))
    rows = _lacking(inferred.select(*cols([key, *keys])), told, key)
    return told.unionByName(_before_versions(rows, told, keys))


def misplaced(*lookups: Lookup) -> Transform:
    """The facts whose keys are others now that more is known, with the keys that `fact` would give them.

    A version that came late, or before which another one began, takes facts from the one that they were given. Load them by the
    facts' own key: `upsert(orders, facts.transform(misplaced(lookup)), ["order_id"])`.

    Raises:
        UsageError: the facts have no such key, or a column is not there or of another type.
    """
    names = [lookup.column for lookup in lookups]

    def transform(df: DataFrame) -> DataFrame:
        for name in names:
            if name not in df.columns:
                raise UsageError.unknown("column of the facts", name, df.columns, cure="Give what `fact` made.")
        kept = df.withColumnsRenamed({name: _WAS + name for name in names}).transform(fact(*lookups))
        moved = [~F.col(quoted(name)).eqNullSafe(F.col(quoted(_WAS + name))) for name in names]
        return kept.where(reduce(or_, moved)).select(*cols(df.columns))

    return transform


def _lacking(rows: DataFrame, dimension: DataFrame, key: str) -> DataFrame:
    return rows.join(dimension.select(*cols([key])), key, "left_anti")


def _before_versions(rows: DataFrame, dimension: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Inferred members as rows of a dimension; `rows` has their keys."""
    if START not in dimension.columns:
        first = rows.withColumns({_FIRST: F.lit(None), _BEGUN: F.lit(None)})
        told: dict[str, Column] = {IS_CURRENT: F.lit(True), IS_INFERRED: F.lit(True)}
        attribute = {name: F.lit(None) for name in dimension.columns}
    else:
        begun = dimension.where(F.col(START).isNotNull())
        values = F.struct(*cols(name for name in dimension.columns if name not in keys))
        versions = begun.groupBy(*cols(keys)).agg(F.min_by(values, START).alias(_FIRST), F.min(START).alias(_BEGUN))
        first = rows.join(versions, list(keys), "left")
        alone = F.col(_BEGUN).isNull()
        told = {START: F.lit(None), END: F.col(_BEGUN), IS_CURRENT: alone, IS_INFERRED: alone}
        attribute = {name: F.col(_FIRST)[name] for name in dimension.columns}
    own = {name: F.col(quoted(name)) for name in rows.columns}
    of = {**attribute, **told, **own}
    return first.select(*[of[field.name].cast(field.dataType).alias(field.name) for field in dimension.schema])
