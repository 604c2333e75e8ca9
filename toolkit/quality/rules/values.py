"""Rules on one value: is it there, is it one of these, is it between those."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, FiniteFloat, model_validator

from toolkit.quality.rules.base import Dimension, Family, RowRule, literal
from toolkit.quality.rules.spark_functions import F

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column

_TIME = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")
# Text first: JSON has no times, and a text such as "1" would come back from it as one.
Bound = int | FiniteFloat | str | datetime | date
Listable = bool | int | FiniteFloat | str | datetime | date
"""What can stand in a list of values; not NaN, which is equal to nothing that JSON can hold."""


class OnColumn(RowRule, abstract=True):
    """A rule on the value of one column."""

    column: str = Field(min_length=1)

    @property
    def value(self) -> Column:
        """The value itself."""
        return F.col(self.column)


class NotNull(OnColumn):
    """The value is there. Empty text counts as there: see `not_blank`."""

    nulls: ClassVar[str] = "Null breaks it; NaN does not."
    dimension: Dimension = "completeness"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is given."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is missing"

    def broken(self) -> Column:
        """True where the value is null."""
        return self.value.isNull()


class IsNull(OnColumn):
    """The value is not there: a column out of use, or one that may only be filled under a condition."""

    nulls: ClassVar[str] = "Null is what it asks for."
    dimension: Dimension = "consistency"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is empty."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is given, where it should be empty"

    def broken(self) -> Column:
        """True where there is a value."""
        return self.value.isNotNull()


class _Listed(OnColumn, abstract=True):
    families: ClassVar[tuple[Family, ...]] = ("number", "text", "time", "boolean")
    values: tuple[Listable, ...] = Field(min_length=1)

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """The sorts of value that all of those listed compare with."""
        return {self.column: comparable_with_all(self.name, self.values)}

    @property
    def among(self) -> Column:
        """Whether the value is one of those listed."""
        return self.value.isin([literal(value) for value in self.values])

    @property
    def listed(self) -> str:
        """The values, as a sentence names them."""
        return ", ".join(map(str, self.values))


class OneOf(_Listed):
    """The value is one of a few."""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is one of {self.listed}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is none of {self.listed}"

    def broken(self) -> Column:
        """True where the value is another one."""
        return ~self.among


class NoneOf(_Listed):
    """The value is none of a few: placeholders such as `n/a`, test accounts, retired codes."""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is none of {self.listed}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is one of {self.listed}"

    def broken(self) -> Column:
        """True where the value is one of them."""
        return self.among


class Between(OnColumn):
    """The value is at least `min` and at most `max`; one of the two may be left out."""

    nulls: ClassVar[str] = "Null breaks nothing; NaN is between no two numbers and breaks it."
    families: ClassVar[tuple[Family, ...]] = ("number", "text", "time")
    min: Bound | None = None
    max: Bound | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Between:
        if not self.bounds:
            raise ValueError("needs min, max or both")
        comparable_with(self.bounds)
        try:
            wrong = self.min is not None and self.max is not None and self.min > self.max  # type: ignore[operator]
        except TypeError as problem:
            raise ValueError(
                "min and max have to be alike: two dates, two times with a zone, or two without"
            ) from problem
        if wrong:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """Those that are given."""
        return tuple(bound for bound in (self.min, self.max) if bound is not None)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is {within(self.min, self.max)}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not {within(self.min, self.max)}"

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """Numbers compare with numbers, times with times, text with text."""
        return {self.column: comparable_with(self.bounds)}

    def broken(self) -> Column:
        """True where it is below or above."""
        outside = F.lit(False)
        if self.min is not None:
            outside = self.value < literal(self.min)
        if self.max is not None:
            # NaN counts as greater than any number, so it is above every max.
            above = self.value > literal(self.max)
            return above if self.min is None else outside | above
        return outside | F.isnan(self.value) if isinstance(self.min, (int, float)) else outside


class Sized(OnColumn, abstract=True):
    """A rule on how long a text or an array is: at least `min`, at most `max`; one of the two may be left out."""

    min: int = Field(0, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Sized:
        if not self.min and self.max is None:
            raise ValueError("needs a min above 0, max or both")
        if self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self

    def outside(self, size: Column) -> Column:
        """Whether a size is below `min` or above `max`."""
        if self.max is None:
            return size < self.min
        # Measured once: to count characters takes as long as many another rule.
        return size != self.min if self.min == self.max else ~size.between(self.min, self.max)


class Size(Sized):
    """The array has at least `min` and at most `max` elements."""

    families: ClassVar[tuple[Family, ...]] = ("array",)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"The number of elements in {self.column} is {within(self.min, self.max)}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"The number of elements in {self.column} is not {within(self.min or None, self.max)}"

    def broken(self) -> Column:
        """True where it has fewer or more."""
        return self.outside(F.array_size(self.value))


class Finite(OnColumn):
    """The number is a number: neither NaN nor infinite."""

    nulls: ClassVar[str] = "Null breaks nothing; NaN and both infinities break it."
    families: ClassVar[tuple[Family, ...]] = ("number",)
    dimension: Dimension = "accuracy"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is a finite number."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is NaN or infinite"

    def broken(self) -> Column:
        """True where it is NaN or infinite."""
        number = self.value.cast("double")
        return F.isnan(number) | (F.abs(number) == F.lit(float("inf")))


class Decimals(OnColumn):
    """The number has no more than so many digits after the point: cents have two."""

    nulls: ClassVar[str] = "Null breaks nothing; NaN and both infinities break it."
    families: ClassVar[tuple[Family, ...]] = ("number",)
    places: int = Field(ge=0, le=15)
    dimension: Dimension = "accuracy"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} has at most {self.places} digits after the point."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} has more than {self.places} digits after the point"

    def broken(self) -> Column:
        """True where rounding to that many digits changes it, or a decimal is written with more."""
        rounded = (
            F.isnan(self.value)
            | (F.abs(self.value.cast("double")) == F.lit(float("inf")))
            | (F.round(self.value, self.places) != self.value)
        )
        # Comparing a decimal of 38 digits with a rounded one costs it its last digit.
        more = self.value.cast("string").rlike(rf"\.\d{{{self.places}}}\d*[1-9]")
        return F.when(F.typeof(self.value).startswith("decimal"), more).otherwise(rounded)


class NotInFuture(OnColumn):
    """The time is not after the present, give or take `minutes` for clocks that differ.

    A date counts from its midnight, so that today is not in the future.
    """

    families: ClassVar[tuple[Family, ...]] = ("time",)
    minutes: int = Field(0, ge=0)
    as_of: datetime | date | None = None
    dimension: Dimension = "timeliness"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is not after {self.as_of or 'the present'}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is after {self.as_of or 'the present'}"

    def broken(self) -> Column:
        """True where it lies ahead; a date counts from its midnight, in the session's time zone."""
        now = F.current_timestamp() if self.as_of is None else literal(self.as_of)
        latest = now if not self.minutes else now + F.make_dt_interval(mins=F.lit(self.minutes))
        return self.value > latest


class Recent(OnColumn):
    """The time is at most `days` old."""

    families: ClassVar[tuple[Family, ...]] = ("time",)
    days: int = Field(ge=0)
    as_of: datetime | date | None = None
    dimension: Dimension = "timeliness"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is at most {self.days} days before {self.as_of or 'today'}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is more than {self.days} days before {self.as_of or 'today'}"

    def broken(self) -> Column:
        """True where it is older; whole days are counted."""
        today = F.current_date() if self.as_of is None else literal(self.as_of)
        return F.date_diff(today, self.value) > self.days


def comparable_with(values: Sequence[Listable]) -> tuple[Family, ...]:
    """The sorts of column that all of `values` compare with; text that is a date or a time compares with times, too.

    Raises:
        ValueError: there is no such sort.
    """
    sorts = [_comparable(value) for value in values]
    shared = tuple(family for family in sorts[0] if all(family in sort for sort in sorts))
    if not shared:
        raise ValueError(f"{', '.join(map(repr, values))} are not of one sort, so no column compares with all of them")
    return shared


def comparable_with_all(rule: str, values: Sequence[Listable]) -> tuple[Family, ...]:
    """As `comparable_with`, for a list that a rule was given.

    Raises:
        UsageError: no column compares with all of them.
    """
    from toolkit.errors import UsageError

    try:
        return comparable_with(values)
    except ValueError as problem:
        raise UsageError(f"Rule {rule} cannot be used: {problem}.", cure="List values of one sort.") from problem


def _comparable(value: Listable) -> tuple[Family, ...]:
    match value:
        case bool():
            return ("boolean",)
        case int() | float():
            return ("number",)
        case date():
            return ("time",)
        case _:
            return ("text", "time") if is_time(value) else ("text",)


def is_time(text: str) -> bool:
    """Whether Spark, too, reads the text as a date or a time."""
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def within(low: object, high: object) -> str:
    """`between 1 and 5`, `at least 1` or `at most 5`."""
    if low is None or high is None:
        return f"at most {high}" if low is None else f"at least {low}"
    return f"exactly {low}" if low == high else f"between {low} and {high}"
