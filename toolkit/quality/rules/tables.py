"""Rules on a table as a whole: how many rows, how fresh, does it agree with another, is everything there.

Where there is nothing to measure (no rows, or only null), a rule is neither kept nor broken: it is not measured, which is no
pass unless its `if_unmeasured` says so. NaN is within no bounds.
"""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, FiniteFloat, model_validator

from toolkit.quality.rules.attempts import attempt, attemptable
from toolkit.quality.rules.base import Context, Dimension, Family, Judged, SetRule, is_among, literal
from toolkit.quality.rules.measures import NUMBER, Bounded, exact_sum, short
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import Listable, comparable_with_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import Column, DataFrame


CLOCKS_DIFFER_MINUTES = 5
"""A time that is this little ahead of ours was written by another clock, not in the future."""


class RowCount(Bounded):
    """The number of rows."""

    nulls: ClassVar[str] = "Rows count, whatever they hold."
    possible: ClassVar[tuple[float, float]] = (0, math.inf)
    dimension: Dimension = "volume"

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The number of rows{f' where {self.where}' if self.where else ''}"

    def measure(self) -> Column:
        """Rows that the rule looks at."""
        return F.count(self.looks_at(F.lit(1)))


class RowCountChange(SetRule):
    """The number of rows differs by at most a share from the median of the last `runs`; it needs three of them to judge."""

    nulls: ClassVar[str] = "Rows count, whatever they hold."
    within: FiniteFloat = Field(0.5, gt=0)
    runs: int = Field(7, ge=3)
    least: ClassVar[int] = 3
    uses_earlier: ClassVar[bool] = True
    dimension: Dimension = "volume"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"The number of rows is within {self.within:.0%} of the median of the last {self.runs} runs."

    def measures(self, context: Context) -> dict[str, Column]:
        """Rows that the rule looks at."""
        del context
        return {"measured": F.count(self.looks_at(F.lit(1))).cast("double")}

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether it is near the median of what earlier runs counted."""
        rows = float(found["measured"])
        before = [float(count) for count in context.earlier.get(self.name, ())][-self.runs :]
        if len(before) < self.least:
            few = f"{len(before)} earlier {'run is' if len(before) == 1 else 'runs are'} too few to compare with"
            return Judged(rows, None, f"{rows:,.0f} rows; {few}.")
        usual = median(before)
        kept = abs(rows - usual) <= self.within * usual
        return Judged(rows, kept, f"{rows:,.0f} rows; usual are {usual:,.0f}, give or take {self.within:.0%}.")


class Freshness(SetRule):
    """The latest time in a column is at most `hours` before the check. A date counts from its midnight.

    Times after the check, such as 9999-12-31, say nothing of how fresh a table is: they are left out, and counted.
    """

    nulls: ClassVar[str] = "Null is left out; a table without any time up to the present is not fresh."
    families: ClassVar[tuple[Family, ...]] = ("time",)
    column: str = Field(min_length=1)
    hours: FiniteFloat = Field(gt=0)
    dimension: Dimension = "timeliness"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"The latest {self.column} is at most {self.hours:g} hours old."

    def measures(self, context: Context) -> dict[str, Column]:
        """The latest time up to now, in seconds since 1970, which no time zone on the way to Python can change; times ahead."""
        time = self.looks_at(F.col(self.column)).cast("timestamp")
        now = F.current_timestamp() if context.at is None else literal(context.at)
        ahead = time > now + F.make_dt_interval(mins=F.lit(CLOCKS_DIFFER_MINUTES))
        return {"latest": F.max(F.when(~ahead, time)).cast("double"), "ahead": F.count_if(ahead)}

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Hours from the latest time to now."""
        ahead = int(found["ahead"])
        left_out = f" {ahead:,} {'row' if ahead == 1 else 'rows'} with a later time left out." if ahead else ""
        if found["latest"] is None:
            until = " up to the present" if ahead else " at all"
            return Judged(None, False, f"{self.column} holds no time{until}.{left_out}")
        age = max(0.0, (context.now.timestamp() - found["latest"]) / 3600)
        said = f"The latest {self.column} is {age:,.1f} hours old; allowed are {self.hours:g}."
        return Judged(age, age <= self.hours, f"{said}{left_out}")


class Share(Bounded):
    """The share of rows that meet a SQL condition: returns between 2% and 8%, no channel gone quiet."""

    nulls: ClassVar[str] = "A row for which the condition is null does not meet it."
    possible: ClassVar[tuple[float, float]] = (0, 1)
    condition: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The share of rows with {self.condition}"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The condition."""
        return (self.condition,)

    def measure(self) -> Column:
        """The mean of a one for each row that meets it and a zero for the others."""
        return F.avg(self.looks_at(F.when(attempt(F.expr(self.condition)), 1).otherwise(0)))


class ContainsAll(SetRule):
    """Each of some values occurs at least once: no shop, no currency is missing from the delivery."""

    nulls: ClassVar[str] = "Null is no value. In a table without rows every value is missing."
    families: ClassVar[tuple[Family, ...]] = ("number", "text", "time", "boolean")
    column: str = Field(min_length=1)
    values: tuple[Listable, ...] = Field(min_length=1)
    dimension: Dimension = "completeness"

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """The sorts of value that all of those listed compare with."""
        return {self.column: comparable_with_all(self.name, self.values)}

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} has each of {', '.join(map(str, self.values))} at least once."

    def measures(self, context: Context) -> dict[str, Column]:
        """For each value, whether it occurs."""
        del context
        value = self.looks_at(F.col(self.column))
        return {
            f"has_{i}": F.coalesce(F.bool_or(value == literal(one)), F.lit(False)) for i, one in enumerate(self.values)
        }

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """How many are missing, and which."""
        del context
        missing = [str(value) for i, value in enumerate(self.values) if not found[f"has_{i}"]]
        return Judged(
            float(len(missing)), not missing, f"Missing from {self.column}: {', '.join(missing) or 'nothing'}."
        )


class NoGaps(SetRule):
    """Whole numbers, or dates, follow each other by `step`, within each `per` if given: invoice numbers, days.

    A value between two steps, counted from the first, fills no gap.
    """

    nulls: ClassVar[str] = (
        "Null is left out; null in `per` is a group of its own. A value that occurs twice leaves no gap: see `unique`."
    )
    families: ClassVar[tuple[Family, ...]] = ("number", "time")
    column: str = Field(min_length=1)
    step: int = Field(1, ge=1)
    per: tuple[str, ...] = ()
    dimension: Dimension = "completeness"

    @model_validator(mode="after")
    def _of_several_values(self) -> NoGaps:
        if is_among(self.column, self.per):
            raise ValueError(f"{self.column} is in per, too: no gap lies within one value")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The sequence, and the groups."""
        return (self.column, *self.per)

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """Only the sequence has to be countable."""
        return {**dict.fromkeys(self.per, ()), self.column: self.families}

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} leaves no gap{' within each ' + ', '.join(self.per) if self.per else ''}."

    def apart(self, rows: DataFrame, context: Context) -> DataFrame:
        """How many values are missing between the first and the last of each group."""
        del context
        kept = rows.where(self.applies()) if self.where else rows
        groups = [F.col(name).alias(f"_per_{i}") for i, name in enumerate(self.per)]
        value = _counted_up(rows, self.column).alias("_value")
        each = kept.select(*groups, value).where("_value IS NOT NULL").distinct()
        names = [f"_per_{i}" for i in range(len(self.per))]
        # The values of one remainder are steps apart; of all remainders, that of the first value counts.
        runs = each.groupBy(*names, F.pmod("_value", F.lit(self.step)).alias("_remainder")).agg(
            F.min("_value").alias("_first"), F.max("_value").alias("_last"), F.count("*").alias("_there")
        )
        steps = F.floor((F.max("_last") - F.min("_first")) / self.step) + 1
        found = runs.groupBy(*names).agg((steps - F.min_by("_there", "_first")).alias("_missing"))
        return found.agg(F.sum("_missing").cast("double").alias("missing"))

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether none is missing."""
        del context
        missing = found["missing"]
        if missing is None:
            return Judged(None, None, f"{self.column} holds nothing to count.")
        return Judged(missing, missing == 0, f"{missing:,.0f} values are missing from {self.column}.")


class SameCount(SetRule):
    """The table has as many rows as another, give or take a share."""

    nulls: ClassVar[str] = "Rows count, whatever they hold."
    to: str = Field(min_length=1)
    to_where: str = ""
    within: FiniteFloat = Field(0.0, ge=0, lt=1)
    dimension: Dimension = "consistency"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"There are as many rows as in {self.to}{_slack(self.within)}."

    def measures(self, context: Context) -> dict[str, Column]:
        """Rows here."""
        del context
        return {"here": F.count(self.looks_at(F.lit(1))).cast("double")}

    def apart(self, rows: DataFrame, context: Context) -> DataFrame:
        """Rows there."""
        del rows
        return _there(self, context, lambda looked_at: F.count(looked_at).cast("double"), F.lit(1))

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether the difference is small enough."""
        del context
        return _reconciled(self, found, "rows")


class SameTotal(SetRule):
    """A column adds up to the same as a column of another table, give or take a share."""

    nulls: ClassVar[str] = "Null is left out; nothing at all adds up to 0; NaN equals nothing."
    families: ClassVar[tuple[Family, ...]] = NUMBER
    column: str = Field(min_length=1)
    to: str = Field(min_length=1)
    other: str = Field(min_length=1)
    to_where: str = ""
    within: FiniteFloat = Field(0.000001, ge=0)
    dimension: Dimension = "consistency"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} adds up to what {self.other} of {self.to} does{_slack(self.within)}."

    def measures(self, context: Context) -> dict[str, Column]:
        """The sum here."""
        del context
        return {"here": _sum(self.looks_at(F.col(self.column)))}

    def apart(self, rows: DataFrame, context: Context) -> DataFrame:
        """The sum there."""
        del rows
        return _there(self, context, _sum, F.col(self.other))

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether the difference is small enough."""
        del context
        return _reconciled(self, found, self.column)


def _counted_up(rows: DataFrame, column: str) -> Column:
    """A whole number as it is, a date as its number of days."""
    dated = dict(rows.select(F.col(column).alias("_c")).dtypes)["_c"] in {"date", "timestamp", "timestamp_ntz"}
    return F.unix_date(F.col(column).cast("date")) if dated else F.col(column)


def _sum(value: Column) -> Column:
    return F.coalesce(exact_sum(value), F.lit(0.0))


def _slack(share: float) -> str:
    return f", give or take {share:.4%}" if share else ""


def _there(
    rule: SameCount | SameTotal, context: Context, measure: Callable[[Column], Column], value: Column
) -> DataFrame:
    """One row with what is measured in the other table, and how many of its rows `to_where` cannot be evaluated for."""
    other = attemptable(context.references[rule.to])
    applies = attempt(F.expr(rule.to_where)) if rule.to_where else F.lit(True)
    return other.agg(
        measure(F.when(applies, value)).alias("there"), F.count_if(applies.isNull()).alias("unevaluated_there")
    )


def _reconciled(rule: SameCount | SameTotal, found: Mapping[str, Any], what: str) -> Judged:
    if found["unevaluated_there"]:
        rows = f"{found['unevaluated_there']:,} rows of {rule.to}"
        return Judged(None, False, f"{rule.to_where} cannot be evaluated for {rows}.")
    here, there = found["here"], found["there"]
    kept = abs(here - there) <= rule.within * max(abs(here), abs(there))
    return Judged(here - there, kept, f"{what}: {short(here)} here, {short(there)} in {rule.to}.")
