"""Rules on several values of one row: how they compare, what follows from what, any condition at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, FiniteFloat, model_validator

from toolkit.quality import sql_text
from toolkit.quality.rules.base import Dimension, Family, RowRule, is_among
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import OnColumn

if TYPE_CHECKING:
    from pyspark.sql import Column

Operator = Literal["<", "<=", "=", "!=", ">=", ">"]


class Holds(RowRule):
    """A SQL condition is true."""

    nulls: ClassVar[str] = "Where the condition is null, nothing is broken."
    condition: str = Field(min_length=1)
    column: str = ""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.condition}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.condition} is not true"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The condition."""
        return (self.condition,)

    def broken(self) -> Column:
        """True where the condition is false."""
        return ~F.expr(self.condition)


class Expression(RowRule):
    """A condition made of Spark columns is true; for Python only, since a file cannot hold it.

    `condition` is a function of nothing that returns the Column, so that a rule can be declared before Spark runs.
    """

    nulls: ClassVar[str] = "Where the condition is null, nothing is broken."
    condition: Callable[[], Any]
    column: str = ""

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{getattr(self.condition, '__name__', 'The condition')} holds."

    @property
    def attempted(self) -> bool:
        """Always: nobody knows what the function evaluates."""
        return True

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{getattr(self.condition, '__name__', 'The condition')} does not hold"

    def broken(self) -> Column:
        """True where the condition is false."""
        held: Column = self.condition()
        return ~held

    def as_data(self) -> dict[str, Any]:
        """Refuse: a function cannot be written to a file.

        Raises:
            UsageError: always.
        """
        from toolkit.errors import UsageError

        raise UsageError(
            f"{self.name} is a Python function, which no file can hold.", cure="Write it as `holds`, in SQL."
        )


class Compare(OnColumn):
    """Two columns compare: shipped after ordered, net at most gross."""

    nulls: ClassVar[str] = "Where either is null, nothing is broken. NaN equals NaN and is above every number."
    families: ClassVar[tuple[Family, ...]] = ("number", "text", "time", "boolean")
    op: Operator
    other: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _of_two(self) -> Compare:
        if is_among(self.column, [self.other]):
            raise ValueError(f"{self.column} is compared with itself")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Both."""
        return (self.column, self.other)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} {self.op} {self.other}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} {self.op} {self.other} is not true"

    def broken(self) -> Column:
        """True where they do not compare so."""
        one, other = self.value, F.col(self.other)
        match self.op:
            case "<":
                return one >= other
            case "<=":
                return one > other
            case "=":
                return one != other
            case "!=":
                return one == other
            case ">=":
                return one < other
            case _:
                return one <= other


class WhenThen(RowRule):
    """Where one SQL condition is true, another is, too: when status = 'paid' then amount > 0."""

    nulls: ClassVar[str] = "Where either condition is null, nothing is broken."
    condition: str = Field(min_length=1)
    then: str = Field(min_length=1)
    column: str = ""
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _of_two(self) -> WhenThen:
        if self.condition.strip() == self.then.strip():
            raise ValueError("condition and then are the same, so no row could break the rule")
        return self

    def sentence(self) -> str:
        """What is true of good data."""
        return f"When {self.condition}, then {self.then}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.condition}, but not {self.then}"

    @property
    def conditions(self) -> tuple[str, ...]:
        """Both."""
        return (self.condition, self.then)

    def broken(self) -> Column:
        """True where the first is true and the second false."""
        return F.expr(self.condition) & ~F.expr(self.then)


class Given(RowRule):
    """Of several columns, `at_least` and `at_most` so many are given: a phone or an e-mail; a card or an account, not both."""

    nulls: ClassVar[str] = "Null is what it counts."
    among: tuple[str, ...] = Field(min_length=2)
    at_least: int = Field(1, ge=0)
    at_most: int | None = Field(None, ge=1)
    dimension: Dimension = "completeness"

    @model_validator(mode="after")
    def _bounded(self) -> Given:
        there = len(self.among)
        twice = [name for i, name in enumerate(self.among) if is_among(name, self.among[:i])]
        if twice:
            raise ValueError(f"{', '.join(twice)} is listed twice")
        if self.at_least > there:
            raise ValueError(f"at_least {self.at_least} is above the number of columns, {there}")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} is above at_most {self.at_most}")
        if not self.at_least and (self.at_most is None or self.at_most >= there):
            raise ValueError(f"needs an at_least above 0, or an at_most below the number of columns, {there}")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return self.among

    def sentence(self) -> str:
        """What is true of good data."""
        from toolkit.quality.rules.values import within

        return f"Of {', '.join(self.among)}, {within(self.at_least, self.at_most)} are given."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        from toolkit.quality.rules.values import within

        return f"Of {', '.join(self.among)}, not {within(self.at_least, self.at_most)} are given"

    def broken(self) -> Column:
        """True where fewer or more are given."""
        given = reduce(lambda one, other: one + other, [F.col(name).isNotNull().cast("int") for name in self.among])
        few = given < self.at_least
        return few if self.at_most is None else few | (given > self.at_most)


class Sums(OnColumn):
    """One column is the sum of others, give or take `within`."""

    nulls: ClassVar[str] = "Where any of them is null, nothing is broken. NaN adds up to nothing, and breaks it."
    families: ClassVar[tuple[Family, ...]] = ("number",)
    parts: tuple[str, ...] = Field(min_length=1)
    within: FiniteFloat = Field(0.0, ge=0)
    dimension: Dimension = "accuracy"

    @property
    def columns(self) -> tuple[str, ...]:
        """The sum, and its parts."""
        return (self.column, *self.parts)

    def sentence(self) -> str:
        """What is true of good data."""
        slack = f", give or take {self.within}" if self.within else ""
        return f"{self.column} is the sum of {', '.join(self.parts)}{slack}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        slack = f", give or take {self.within}" if self.within else ""
        return f"{self.column} is not the sum of {', '.join(self.parts)}{slack}"

    def broken(self) -> Column:
        """True where the difference is larger: exactly, or as fractions where an exact sum does not fit its type."""
        parts = [F.col(part) for part in self.parts]
        exact = F.try_subtract(self.value, reduce(F.try_add, parts))
        rough = reduce(lambda left, part: left - part.cast("double"), parts, self.value.cast("double"))
        off = F.coalesce(exact.cast("double"), rough)
        return (off > self.within) | (off < -self.within)


class Each(OnColumn):
    """Every element of an array meets a SQL condition, in which it is called `item`."""

    nulls: ClassVar[str] = (
        "Null and an empty array break nothing; an element for which the condition is null does not either."
    )
    families: ClassVar[tuple[Family, ...]] = ("array",)
    condition: str = Field(min_length=1)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"For every item of {self.column}: {self.condition}."

    @property
    def attempted(self) -> bool:
        """Always, like any condition."""
        return True

    @property
    def unevaluated(self) -> str:
        """Its own condition, or the filter."""
        return f"{' and '.join((*self.sql, self.condition))} cannot be evaluated"

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"For an item of {self.column} it is not true that {self.condition}"

    def broken(self) -> Column:
        """True where the condition is false for some element."""
        return F.expr(f"exists({sql_text.column(self.column)}, item -> NOT ({self.condition}))")
