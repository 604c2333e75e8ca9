"""Rules on one number of a table: a sum, a mean, a quantile; each measures it and holds it between bounds.

Where there is nothing to measure (no rows, or only null), a rule is neither kept nor broken: it is not measured, which is no
pass unless its `if_unmeasured` says so. NaN is within no bounds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, FiniteFloat, model_validator

from toolkit.quality.rules.base import Context, Dimension, Family, Judged, SetRule
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column

NUMBER: tuple[Family, ...] = ("number",)


class Bounded(SetRule, abstract=True):
    """A number of the table is at least `min` and at most `max`; one of the two may be left out."""

    possible: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """The least and the greatest that the number can be."""
    may_be_nan: ClassVar[bool] = False
    """Whether it can be NaN, too, which is within no bounds."""
    min: int | FiniteFloat | None = None
    max: int | FiniteFloat | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Bounded:
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        least, most = self.possible
        if (self.min is not None and self.min > most) or (self.max is not None and self.max < least):
            raise ValueError(f"{self.number} is never {within(self.min, self.max)}: no table could keep the rule")
        low, high = self.min is None or self.min <= least, self.max is None or self.max >= most
        if low and high and not self.may_be_nan:
            raise ValueError(f"{self.number} is always {within(self.min, self.max)}: no table could break the rule")
        return self

    @property
    def number(self) -> str:
        """What is measured, in words."""
        raise NotImplementedError

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.number} is {within(self.min, self.max)}."

    def measure(self) -> Column:
        """The aggregate."""
        raise NotImplementedError

    def measures(self, context: Context) -> dict[str, Column]:
        """The one number."""
        del context
        return {"measured": self.measure().cast("double")}

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether the number is within the bounds."""
        del context
        measured = found["measured"]
        # A stream's progress is JSON, in which NaN and the infinities are text.
        return self.bounded(None if measured is None else float(measured))

    def bounded(self, value: float | None) -> Judged:
        """The verdict on a number."""
        if value is None:
            return Judged(None, None, f"{self.number}: there was nothing to measure.")
        kept = (
            not math.isnan(value)
            and (self.min is None or value >= self.min)
            and (self.max is None or value <= self.max)
        )
        return Judged(value, kept, f"{self.number} is {short(value)}; it should be {within(self.min, self.max)}.")


class _OfColumn(Bounded, abstract=True):
    column: str = Field(min_length=1)

    @property
    def seen(self) -> Column:
        """The values of the rows that the rule looks at."""
        return self.looks_at(F.col(self.column))


class _OfNumbers(_OfColumn, abstract=True):
    nulls: ClassVar[str] = "Null is left out; NaN makes the number NaN, which is within no bounds."
    families: ClassVar[tuple[Family, ...]] = NUMBER
    may_be_nan: ClassVar[bool] = True
    dimension: Dimension = "accuracy"


class Total(_OfNumbers):
    """The sum of a column."""

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The sum of {self.column}"

    def measure(self) -> Column:
        """The sum."""
        return exact_sum(self.seen)


class Mean(_OfNumbers):
    """The mean of a column."""

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The mean of {self.column}"

    def measure(self) -> Column:
        """The mean, as a fraction, since the sum of large decimals has no decimal to fit in."""
        return F.avg(self.seen.cast("double"))


class Stddev(_OfNumbers):
    """The standard deviation of a column, of a sample (n - 1)."""

    possible: ClassVar[tuple[float, float]] = (0, math.inf)

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The standard deviation of {self.column}"

    def measure(self) -> Column:
        """The deviation; there is none of a single value."""
        return F.stddev_samp(self.seen)


class Quantile(_OfNumbers):
    """A quantile of a column, such as the median (0.5), exact to one part in `accuracy` of its rank."""

    nulls: ClassVar[str] = "Null is left out; NaN counts as greater than any number."
    p: float = Field(0.5, ge=0, le=1)
    accuracy: int = Field(10_000, ge=100, le=1_000_000)

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The {self.p:g} quantile of {self.column}"

    def measure(self) -> Column:
        """The approximate percentile."""
        return F.approx_percentile(self.seen, self.p, self.accuracy)


class Minimum(_OfNumbers):
    """The smallest value of a column: that it is not above what it should be, too, as when a file lacks its small amounts."""

    nulls: ClassVar[str] = "Null is left out; NaN counts as greater than any number."

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The smallest {self.column}"

    def measure(self) -> Column:
        """The minimum."""
        return F.min(self.seen)


class Maximum(_OfNumbers):
    """The greatest value of a column."""

    nulls: ClassVar[str] = "Null is left out; NaN counts as greater than any number, and is within no bounds."

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The greatest {self.column}"

    def measure(self) -> Column:
        """The maximum."""
        return F.max(self.seen)


class DistinctCount(_OfColumn):
    """The number of different values, estimated by HyperLogLog++ to `error` (relative standard deviation)."""

    nulls: ClassVar[str] = "Null is no value; NaN is one. A table without rows has 0 of them."
    possible: ClassVar[tuple[float, float]] = (0, math.inf)
    error: FiniteFloat = Field(0.02, ge=0.005, le=0.4)
    dimension: Dimension = "validity"

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The number of different values of {self.column}"

    def measure(self) -> Column:
        """The estimate."""
        return F.approx_count_distinct(self.seen, self.error)


class Correlation(_OfNumbers):
    """Pearson's correlation of two columns: quantity and weight that have parted company."""

    nulls: ClassVar[str] = (
        "Rows where either is null are left out; a column that never changes has no correlation. NaN makes it NaN, which "
        "is within no bounds."
    )
    possible: ClassVar[tuple[float, float]] = (-1, 1)
    other: str = Field(min_length=1)

    @property
    def columns(self) -> tuple[str, ...]:
        """Both."""
        return (self.column, self.other)

    @property
    def number(self) -> str:
        """What is measured, in words."""
        return f"The correlation of {self.column} and {self.other}"

    def measure(self) -> Column:
        """Over the rows that have both."""
        return pearson(self.seen.cast("double"), self.looks_at(F.col(self.other)).cast("double"))


def pearson(one: Column, other: Column) -> Column:
    """The correlation of two fractions, over the rows that have both; null where one of them does not vary.

    The covariance over both deviations: where one is 0, Spark's own `corr` ends the query.
    """
    both = one.isNotNull() & other.isNotNull()
    spread = F.stddev_pop(F.when(both, one)) * F.stddev_pop(F.when(both, other))
    found = F.try_divide(F.covar_pop(one, other), spread)
    # Rounding may leave it a little outside.
    inside = F.greatest(F.lit(-1.0), F.least(F.lit(1.0), found))
    return F.when(found.isNull() | F.isnan(found), found).otherwise(inside)


def exact_sum(value: Column) -> Column:
    """To the last cent; as a fraction where that does not fit the type."""
    return F.coalesce(F.try_sum(value).cast("double"), F.sum(value.cast("double")))


def short(value: float) -> str:
    """A number as a sentence tells it."""
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
