"""Dimensions and the facts that refer to them, by keys that are equal after a rebuild.

A dimension is made of a history or of present rows; a fact is given the key of the version that was newest when it
happened. Where the dimension knows nothing of it yet, the fact has the key of an inferred member, which takes the attributes
later and keeps the key. All of it is a function of the rows, whatever came first. Must not read or write a table: what is made
is loaded by `etl.load`. How keys are hashed is said in `etl.surrogates`, junk dimensions and bridges are in `etl.side_tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructType

from toolkit.columns import cols, quoted
from toolkit.errors import UsageError
from toolkit.etl.histories import DELETED, END, START
from toolkit.etl.surrogates import UNKNOWN, family, hashed, surrogate_key
from toolkit.etl.windows import date_spine

Transform = Callable[[DataFrame], DataFrame]

IS_CURRENT, IS_INFERRED = "is_current", "is_inferred"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SATURDAY = 6
_FOUND, _BEGUN, _ENDED = "_found", "_begun", "_ended"


# dates


def date_key(day: Column | str) -> Column:
    """A date as the number yyyymmdd; -1 where there is none. A timestamp has the day of the session's time zone."""
    at = (F.col(quoted(day)) if isinstance(day, str) else day).cast("date")
    number = F.year(at) * 10_000 + F.month(at) * 100 + F.day(at)
    return F.coalesce(number, F.lit(UNKNOWN)).cast("int")


def date_dimension(
    spark: SparkSession, first: date, last: date, *, fiscal_from: int = 1, holidays: DataFrame | None = None
) -> DataFrame:
    """One row for each day from `first` to `last`, both among them, and one for "no date", whose key is -1.

    Names are English whatever the session's language. `weekday` is 1 on Monday; `iso_week` belongs to `iso_year`, which
    differs from `year` around New Year.

    Args:
        spark: the session.
        first: day.
        last: day.
        fiscal_from: the month with which a fiscal year begins. It is called as the calendar year in which it ends.
        holidays: `date` and `holiday`, its name; several of one day are put together. Without, nothing is said of holidays.

    Raises:
        UsageError: the last day is before the first, there is no such month, or the holidays have other columns.
    """
    if not 1 <= fiscal_from <= len(MONTHS):
        raise UsageError(f"There is no month {fiscal_from}.", choices=map(str, range(1, len(MONTHS) + 1)))
    unknown = spark.range(1).select(F.lit(None).cast("date").alias("date"))
    days = _attributes_of_days(date_spine(spark, first, last, "date").union(unknown), fiscal_from)
    return days if holidays is None else _with_holidays(days, holidays)


def _attributes_of_days(days: DataFrame, fiscal_from: int) -> DataFrame:
    at, month = F.col("date"), F.month("date")
    weekday = F.weekday(at) + 1
    fiscal_month = F.pmod(month - fiscal_from, F.lit(len(MONTHS))) + 1
    ends_next_year = (month >= fiscal_from).cast("int") if fiscal_from > 1 else F.lit(0)
    return days.select(
        date_key(at).alias("date_key"),
        at,
        F.year(at).alias("year"),
        F.quarter(at).alias("quarter"),
        month.alias("month"),
        _named(month, MONTHS).alias("month_name"),
        F.day(at).alias("day"),
        F.dayofyear(at).alias("day_of_year"),
        F.extract(F.lit("YEAROFWEEK"), at).alias("iso_year"),
        F.weekofyear(at).alias("iso_week"),
        weekday.alias("weekday"),
        _named(weekday, WEEKDAYS).alias("weekday_name"),
        (weekday >= _SATURDAY).alias("is_weekend"),
        (F.year(at) + ends_next_year).alias("fiscal_year"),
        F.ceil(fiscal_month / 3).cast("int").alias("fiscal_quarter"),
        fiscal_month.cast("int").alias("fiscal_month"),
    )


def _named(number: Column, names: Sequence[str]) -> Column:
    return F.element_at(F.array(*map(F.lit, names)), number)


def _with_holidays(days: DataFrame, holidays: DataFrame) -> DataFrame:
    for name in ("date", "holiday"):
        if name not in holidays.columns:
            raise UsageError.unknown("column of holidays", name, holidays.columns)
    names = F.array_join(F.array_sort(F.collect_set(F.col("holiday").cast("string"))), ", ")
    known = holidays.groupBy(F.col("date").cast("date").alias("date")).agg(names.alias("holiday"))
    is_holiday = F.when(F.col("date").isNotNull(), F.col("holiday").isNotNull())
    return days.join(known, "date", "left").select(*days.columns, "holiday", is_holiday.alias("is_holiday"))


# dimensions


def dimension(keys: Sequence[str], key: str, *, unknown: Mapping[str, Any] | None = None) -> Transform:
    """A dimension table of a history (a row for each version, with `_start_at` and `_end_at`) or of present rows.

    Adds the surrogate key in front, and `is_current` (a version that lasts and is no delete) and `is_inferred` (false) behind.
    The key of a version is made of the business key and `_start_at`, that of a present row of the business key alone. One row
    more is the unknown member, with the key -1.

    Args:
        keys: the business key.
        key: name of the surrogate key.
        unknown: values of the unknown member's other columns; null where none is given.

    Raises:
        UsageError: there is no such column, or one is called as those that are added.
    """

    def transform(df: DataFrame) -> DataFrame:
        for name in (*keys, *(unknown or {})):
            if name not in df.columns:
                raise UsageError.unknown("column", name, df.columns)
        if taken := [name for name in (key, IS_CURRENT, IS_INFERRED) if name in df.columns]:
            raise UsageError(f"There is a column {taken[0]} already.", cure="Rename it, or leave it out.")
        versions = df.transform(surrogate_key(*_identity(df, keys), name=key)).withColumns(
            {IS_CURRENT: _is_current(df), IS_INFERRED: F.lit(False)}
        )
        given = {**(unknown or {}), key: UNKNOWN, IS_CURRENT: True, IS_INFERRED: False}
        nobody = [F.lit(given.get(field.name)).cast(field.dataType).alias(field.name) for field in versions.schema]
        ordered = [key, *(name for name in versions.columns if name != key)]
        return versions.union(df.sparkSession.range(1).select(*nobody)).select(*cols(ordered))

    return transform


def _identity(df: DataFrame, keys: Sequence[str]) -> list[str]:
    return [*keys, START] if START in df.columns else [*keys]


def _is_current(df: DataFrame) -> Column:
    lasts = F.col(END).isNull() if END in df.columns else F.lit(True)
    return lasts & ~F.coalesce(F.col(DELETED), F.lit(False)) if DELETED in df.columns else lasts


# facts


@dataclass(frozen=True)
class Lookup:
    """Which dimension a fact refers to, and how.

    Attributes:
        dimension: as `dimension` makes it.
        key: its surrogate key, a whole number.
        on: the business key: columns of both; where the fact calls one otherwise, `{"customer_id": "buyer_id"}`.
        time: column of the fact that says when it happened, of the type of `_start_at`; for a dimension with versions.
        name: of the key in the fact, where one dimension has several roles; as in the dimension when empty.
    """

    dimension: DataFrame
    key: str
    on: Sequence[str] | Mapping[str, str]
    time: str = ""
    name: str = ""

    @property
    def column(self) -> str:
        """The key in the fact."""
        return self.name or self.key

    @property
    def pairs(self) -> dict[str, str]:
        """What each column of the business key is called in the fact."""
        return dict(self.on) if isinstance(self.on, Mapping) else {name: name for name in self.on}

    @property
    def types(self) -> dict[str, DataType]:
        """Of the dimension's columns."""
        return {field.name: field.dataType for field in self.dimension.schema}

    @property
    def has_versions(self) -> bool:
        """Whether a business key has a row for each interval."""
        return START in self.dimension.columns

    def unknown(self) -> Column:
        """Whether a fact lacks what it would be looked up by."""
        wanted = [*self.pairs.values(), *([self.time] if self.has_versions else [])]
        return reduce(or_, [column.isNull() for column in cols(wanted)])

    def inferred_key(self, facts: StructType) -> Column:
        """The key of the member that is inferred of a fact: that of its business key, before all versions."""
        fields = [(F.col(quoted(there)), facts[there].dataType) for there in self.pairs.values()]
        start = self.types.get(START)
        before = [(F.lit(None).cast(start), start)] if start else []
        return hashed([*fields, *before])


def fact(*lookups: Lookup) -> Transform:
    """Add the surrogate key of each dimension: that of the newest version that had begun when the fact happened.

    - -1 where the fact's business key or time is null;
    - the key of an inferred member where the dimension has no such business key, or no version that had begun;
    - of a member that was deleted by then, its last version: what is known of it is not lost.

    No fact is lost or repeated, even where a dimension has a key twice. The business key and the time stay, for `misplaced`.
    A dimension that is small enough is broadcast by Spark, and the facts stay where they are.

    Raises:
        UsageError: a column is not there or of another type, or a dimension with versions is looked up without a time.
    """

    def transform(df: DataFrame) -> DataFrame:
        for lookup in lookups:
            if lookup.column in df.columns:
                raise UsageError(f"The facts have a column {lookup.column} already.", cure="Say another name=….")
            df = _looked_up(df, lookup)
        return df

    return transform


def _looked_up(df: DataFrame, lookup: Lookup) -> DataFrame:
    refuse_unlike(df, lookup)
    members = _members(lookup)
    matches = [F.col(quoted(there)) == F.col(f"_on_{n}") for n, there in enumerate(lookup.pairs.values())]
    if lookup.has_versions:
        at, ended = F.col(quoted(lookup.time)), F.col(_ENDED)
        matches += [F.col(_BEGUN) <= at, ended.isNull() | (at < ended)]
    found = F.coalesce(F.col(_FOUND), lookup.inferred_key(df.schema))
    key = F.when(lookup.unknown(), F.lit(UNKNOWN)).otherwise(found).cast("long")
    joined = df.join(members, reduce(and_, matches), "left")
    return joined.select(*cols(df.columns), key.alias(lookup.column))


def _members(lookup: Lookup) -> DataFrame:
    """The keys to be found, no two of which a fact can meet."""
    business = [F.col(quoted(name)).alias(f"_on_{n}") for n, name in enumerate(lookup.pairs)]
    known = lookup.dimension.dropna(subset=list(lookup.pairs))
    key = F.col(quoted(lookup.key)).cast("long")
    if not lookup.has_versions:
        return known.groupBy(*business).agg(F.min(key).alias(_FOUND))
    order = Window.partitionBy(*cols(lookup.pairs)).orderBy(START, quoted(lookup.key))
    # Not `_end_at`: where intervals overlap, it would let a fact meet two.
    ended = F.lead(START).over(order).alias(_ENDED)
    return known.where(F.col(START).isNotNull()).select(*business, F.col(START).alias(_BEGUN), ended, key.alias(_FOUND))


def refuse_unlike(df: DataFrame, lookup: Lookup) -> None:
    """Raise unless a lookup fits its dimension and the facts.

    Raises:
        UsageError: a column is not there or of another type, or a dimension with versions is looked up without a time.
    """
    there, types = {field.name: field.dataType for field in df.schema}, lookup.types
    if not lookup.pairs:
        raise UsageError("No business key is named.", cure="Name its columns: on=[…].")
    if lookup.has_versions and not lookup.time:
        raise UsageError(
            f"The dimension of {lookup.key} has versions, and nothing says when the facts happened.", cure="Say time=…."
        )
    for name in (lookup.key, *lookup.pairs):
        if name not in types:
            raise UsageError.unknown("column of the dimension", name, types)
    times = {lookup.time: START} if lookup.has_versions else {}
    for name, other in {**{fact: own for own, fact in lookup.pairs.items()}, **times}.items():
        if name not in there:
            raise UsageError.unknown("column of the facts", name, there)
        # Of another type it would be compared after a cast, and hashed otherwise.
        own, known = there[name], types[other]
        if own != known if other == START or isinstance(known, StructType) else family(own) != family(known):
            raise UsageError(
                f"{name} is {there[name].simpleString()} in the facts, and {other} is {types[other].simpleString()} in the "
                "dimension.",
                cure="Cast one of them first.",
            )
