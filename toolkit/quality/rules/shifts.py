"""Rules on the shape of a column's values: has it moved away from what it was?

The shape that is expected is written in the rule, or taken from another frame when the check begins; the table itself is
counted in the one pass.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from toolkit.errors import UsageError
from toolkit.quality.rules.base import Context, Dimension, Family, Judged, SetRule, literal
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import Listable, comparable_with_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

SMALLEST_SHARE = 0.0001
"""Stands in for a share of nothing, whose logarithm there is none of."""
_SUM_SLACK = 0.001
_LISTED = {"string", "boolean", "date", "timestamp", "timestamp_ntz"}
"""Types whose values are counted one by one."""


class Distribution(BaseModel):
    """Shares of values, or of ranges between edges.

    A range goes from its edge up to but without the next; the first and the last are open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    values: tuple[Listable, ...] = ()
    edges: tuple[FiniteFloat, ...] = ()
    shares: tuple[FiniteFloat, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Distribution:
        if bool(self.values) == bool(self.edges):
            raise ValueError("needs values or edges, not both")
        wanted = len(self.values) or len(self.edges) + 1
        if len(self.shares) != wanted:
            raise ValueError(f"needs {wanted} shares, one for each {'value' if self.values else 'range between edges'}")
        twice = [str(value) for value, count in Counter(self.values).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} is listed twice: each value has one share")
        if any(low >= high for low, high in pairwise(self.edges)):
            raise ValueError("edges must increase")
        if any(share < 0 for share in self.shares) or abs(sum(self.shares) - 1) > _SUM_SLACK:
            raise ValueError("shares must add up to 1")
        return self

    def counters(self, value: Column) -> dict[str, Column]:
        """Aggregates that count each value, or how many lie below each edge; and all that is not null."""
        if self.values:
            found = {f"n_{i}": F.count_if(value == literal(one)) for i, one in enumerate(self.values)}
        else:
            found = {f"n_{i}": F.count_if(value < literal(edge)) for i, edge in enumerate(self.edges)}
        return {**found, "n": F.count(value)}

    def shares_of(self, found: Mapping[str, Any]) -> tuple[float, ...]:
        """The shares that the counters found; what is none of the values is a last share of its own."""
        counts = [int(found[f"n_{i}"]) for i in range(len(self.values) or len(self.edges))]
        total = int(found["n"])
        if self.values:
            return (*(count / total for count in counts), 1 - sum(counts) / total)
        bounds = [0, *counts, total]
        return tuple((high - low) / total for low, high in pairwise(bounds))

    @property
    def expected(self) -> tuple[float, ...]:
        """The shares to compare with, in the same order."""
        return (*self.shares, 0.0) if self.values else self.shares


def distribution(df: DataFrame, column: str, bins: int) -> Distribution:
    """The shape of a column as it is now: up to `bins` values, or ranges that hold about as many rows each.

    Raises:
        ValueError: the column holds nothing, or more than `bins` different texts.
    """
    value = F.col(column)
    if dict(df.select(value.alias("c")).dtypes)["c"].partition("(")[0] in _LISTED:
        counts = (
            df.where(value.isNotNull()).groupBy(value.alias("value")).count().orderBy(F.desc("count")).limit(bins + 1)
        )
        rows = counts.collect()
        if not rows or len(rows) > bins:
            raise ValueError(f"{column} holds {'nothing' if not rows else f'more than {bins} different values'}")
        total = sum(row["count"] for row in rows)
        return Distribution(values=tuple(r["value"] for r in rows), shares=tuple(r["count"] / total for r in rows))
    # NaN has no place among ranges.
    number = F.when(~F.isnan(value), value.cast("double"))
    cuts = df.agg(F.approx_percentile(number, [i / bins for i in range(1, bins)], 10_000).alias("cuts")).first()
    edges = tuple(sorted(set(cuts["cuts"] or ()))) if cuts else ()
    if not edges:
        raise ValueError(f"{column} holds nothing")
    plain = Distribution(edges=edges, shares=(1.0, *[0.0] * len(edges)))
    row = df.agg(*[count.alias(name) for name, count in plain.counters(number).items()]).first()
    return Distribution(edges=edges, shares=plain.shares_of(row.asDict() if row else {}))


class _Shift(SetRule, abstract=True):
    nulls: ClassVar[str] = (
        "Null is left out: how much of it there is is not_null's business. NaN lies in the last range."
    )
    families: ClassVar[tuple[Family, ...]] = ("number", "text", "boolean", "time")
    column: str = Field(min_length=1)
    expected: Distribution | None = None
    to: str | None = None
    bins: int = Field(20, ge=2, le=100)
    dimension: Dimension = "accuracy"

    @model_validator(mode="after")
    def _one_of_two(self) -> _Shift:
        if (self.expected is None) == (self.to is None):
            raise ValueError("needs expected (the shares) or to (the frame to take them from)")
        if self.expected is not None and self.bins != type(self).model_fields["bins"].default:
            raise ValueError("needs no bins: expected has its own")
        return self

    @property
    def columns_there(self) -> tuple[str, ...]:
        """The same column of the other frame."""
        return (self.column,) if self.to else ()

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """What the expected shape can be compared with."""
        if self.expected is None:
            return super().column_families()
        values = self.expected.values
        return {self.column: comparable_with_all(self.name, values) if values else ("number",)}

    def ready(self, context: Context) -> SetRule:
        """The rule with the shape it compares with; reads the other frame.

        Raises:
            UsageError: the other frame's column has no shape to compare with.
        """
        if self.to is None:
            return self
        try:
            expected = distribution(context.references[self.to], self.column, self.bins)
        except ValueError as problem:
            raise UsageError(
                f"Rule {self.name} cannot take a shape from {self.to}: {problem}.",
                cure="Give more bins, or the shares themselves as `expected`.",
            ) from problem
        return self.model_copy(update={"expected": expected})

    def measures(self, context: Context) -> dict[str, Column]:
        """Counts by value or range."""
        del context
        return self.shape.counters(self.looks_at(F.col(self.column)))

    @property
    def shape(self) -> Distribution:
        """What is expected, once it is known."""
        if self.expected is None:
            raise ValueError(f"{self.name} has not been made ready")
        return self.expected


class Psi(_Shift):
    """The population stability index against an expected shape is at most `max`.

    By rule of thumb 0.1 is little and 0.25 a shift.
    """

    max: FiniteFloat = Field(0.25, gt=0)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is spread as expected: PSI at most {self.max:g}."

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """The sum over all shares of (actual - expected) x ln(actual / expected)."""
        del context
        if not found["n"]:
            return Judged(None, None, f"{self.column} holds nothing to compare.")
        pairs = zip(self.shape.shares_of(found), self.shape.expected, strict=True)
        least = ((max(a, SMALLEST_SHARE), max(e, SMALLEST_SHARE)) for a, e in pairs)
        psi = sum((a - e) * math.log(a / e) for a, e in least)
        return Judged(psi, psi <= self.max, f"PSI of {self.column} is {psi:.3f}; allowed is {self.max:g}.")


class Ks(_Shift):
    """The Kolmogorov-Smirnov distance to an expected shape, taken at its edges, is at most `max`; numbers only.

    Between edges the distance may be greater: more `bins` come closer.
    """

    families: ClassVar[tuple[Family, ...]] = ("number",)
    max: FiniteFloat = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _ranges(self) -> Ks:
        if self.expected is not None and self.expected.values:
            raise ValueError("needs edges: values in no order have no distance")
        return self

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is spread as expected: KS distance at most {self.max:g}."

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """The greatest difference between the two shares below an edge."""
        del context
        if not found["n"]:
            return Judged(None, None, f"{self.column} holds nothing to compare.")
        actual, expected, distance = 0.0, 0.0, 0.0
        for one, other in zip(self.shape.shares_of(found), self.shape.expected, strict=True):
            actual, expected = actual + one, expected + other
            distance = max(distance, abs(actual - expected))
        return Judged(
            distance, distance <= self.max, f"KS distance of {self.column} is {distance:.3f}; allowed is {self.max:g}."
        )
