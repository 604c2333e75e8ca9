"""Rules on a row among the others: its key is its own, what it refers to exists, its place in an order is right.

None of them collects values, but for `each_references`, which says so. Those that compare rows of the same table read it a
second time, and only the columns they need.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from toolkit.quality.rules.base import Context, Dimension, Family, RowRule, is_among
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import OnColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

_ORDERED: tuple[Family, ...] = ("number", "text", "time", "boolean")


def _marks(rule: RowRule, number: int) -> list[str]:
    """The columns in which a rule puts that many values beside each row; no rule is called as they go on."""
    return [f"_rule_{i}_{rule.name}" for i in range(number)]


def _given(columns: Sequence[str]) -> Column:
    return reduce(and_, [F.col(column).isNotNull() for column in columns])


def _same(columns: Sequence[str], names: Sequence[str]) -> Column:
    return reduce(and_, [F.col(one) == F.col(other) for one, other in zip(columns, names, strict=True)])


class _OfGroups(RowRule, abstract=True):
    """A rule that is broken by all rows of a group: those that share a key."""

    over_rows: ClassVar[bool] = True

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that make the group."""
        raise NotImplementedError

    def bad_groups(self, rows: DataFrame) -> DataFrame:
        """The groups that break the rule: their keys, as `_key_0` and so on."""
        raise NotImplementedError

    def looked_at(self, rows: DataFrame) -> DataFrame:
        """The rows that meet the filter and have all of the key, which is called `_key_0` and so on."""
        found = rows.where(self.applies()) if self.where else rows
        return found.where(_given(self.keys)).withColumns({f"_key_{i}": F.col(key) for i, key in enumerate(self.keys)})

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """Join the groups that break the rule; where there are none, nothing is moved."""
        del context
        names = _marks(self, len(self.keys))
        bad = self.bad_groups(rows).select(*[F.col(f"_key_{i}").alias(name) for i, name in enumerate(names)])
        return marked.join(bad, _same(self.keys, names), "left")

    def broken(self) -> Column:
        """True where the group is one of them."""
        return F.col(_marks(self, 1)[0]).isNotNull()


class Unique(_OfGroups):
    """No two rows share the values of one or several columns; every row that shares them breaks it."""

    nulls: ClassVar[str] = "A row with null in any of the columns breaks nothing, as in SQL. NaN equals NaN."
    unique: tuple[str, ...] = Field(min_length=1, alias="columns")
    dimension: Dimension = "uniqueness"

    @property
    def columns(self) -> tuple[str, ...]:
        """The key."""
        return self.unique

    @property
    def keys(self) -> tuple[str, ...]:
        """The key."""
        return self.unique

    def sentence(self) -> str:
        """What is true of good data."""
        return f"No two rows have the same {', '.join(self.unique)}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"Several rows have the same {', '.join(self.unique)}"

    def bad_groups(self, rows: DataFrame) -> DataFrame:
        """Keys of more than one row."""
        keys = [f"_key_{i}" for i in range(len(self.keys))]
        return self.looked_at(rows).groupBy(*keys).agg(F.count("*").alias("_rows")).where("_rows > 1")


class Determines(_OfGroups):
    """Rows that agree in some columns agree in another: one postcode, one city. All rows of a group that does not break it."""

    nulls: ClassVar[str] = "Null in a column breaks nothing; nor does null in `dependent`, which agrees with anything."
    families: ClassVar[tuple[Family, ...]] = _ORDERED
    determinants: tuple[str, ...] = Field(min_length=1, alias="columns")
    dependent: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _of_another(self) -> Determines:
        if is_among(self.dependent, self.determinants):
            raise ValueError(f"{self.dependent} is among the columns that determine it, so no row could break the rule")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The dependent column, and those that determine it."""
        return (self.dependent, *self.determinants)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that determine the other."""
        return self.determinants

    def sentence(self) -> str:
        """What is true of good data."""
        return f"Rows with the same {', '.join(self.determinants)} have the same {self.dependent}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"Rows with the same {', '.join(self.determinants)} have another {self.dependent}"

    def bad_groups(self, rows: DataFrame) -> DataFrame:
        """Groups whose smallest dependent value is not their greatest."""
        keys = [f"_key_{i}" for i in range(len(self.keys))]
        value = F.col(self.dependent)
        grouped = self.looked_at(rows).groupBy(*keys)
        return grouped.agg(F.min(value).alias("_low"), F.max(value).alias("_high")).where("_low != _high")


class _Referring(RowRule, abstract=True):
    """A rule whose `columns` are together a key of another frame: its `columns_there`."""

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """Join the keys of the other frame, each once; Spark broadcasts them where they are few."""
        names = _marks(self, len(self.columns))
        # Of the types in which the two are compared: two long numbers may be one fraction, and would double a row.
        ours = rows.select(*map(F.col, self.columns)).schema
        keys = [
            F.coalesce(F.col(key), F.lit(None).cast(field.dataType)).alias(name)
            for key, field, name in zip(self.columns_there, ours, names, strict=True)
        ]
        there = context.references[self.refers_to or ""].select(*keys).where(_given(names)).distinct()
        return marked.join(there, _same(self.columns, names), "left")

    def broken(self) -> Column:
        """True where no key was found."""
        return _given(self.columns) & F.col(_marks(self, 1)[0]).isNull()


class References(OnColumn, _Referring):
    """The value is a key of another frame, which `references` names."""

    to: str = Field(min_length=1)
    key: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"Every {self.column} is a {self.key} of {self.to}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is no {self.key} of {self.to}"


class ReferencesTogether(_Referring):
    """The values of several columns are together a key of another frame: `keys`, in the same order."""

    nulls: ClassVar[str] = "A row with null in any of the columns breaks nothing, as in SQL. NaN equals NaN."
    together: tuple[str, ...] = Field(min_length=2, alias="columns")
    to: str = Field(min_length=1)
    keys: tuple[str, ...] = Field(min_length=2)
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _in_pairs(self) -> ReferencesTogether:
        if len(self.together) != len(self.keys):
            raise ValueError(
                f"{len(self.together)} columns and {len(self.keys)} keys: each column needs a key of its own"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of this table."""
        return self.together

    @property
    def columns_there(self) -> tuple[str, ...]:
        """The columns of the other frame."""
        return self.keys

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{', '.join(self.together)} are found together as {', '.join(self.keys)} in {self.to}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{', '.join(self.together)} are not found together as {', '.join(self.keys)} in {self.to}"


class EachReferences(OnColumn):
    """Every value of an array is a key of another frame; the values that are not have to fit in memory.

    `column` may reach into an array of structs: `items.product_id`.
    """

    over_rows: ClassVar[bool] = True
    nulls: ClassVar[str] = "Null, an empty array and null elements break nothing."
    families: ClassVar[tuple[Family, ...]] = ("array",)
    to: str = Field(min_length=1)
    key: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"Every value in {self.column} is a {self.key} of {self.to}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"A value in {self.column} is no {self.key} of {self.to}"

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """Put the values that are no key, all of them, beside every row."""
        keys = context.references[self.to].select(F.col(self.key).alias("_value"))
        values = rows.select(F.explode(self.value).alias("_value")).distinct()
        strangers = values.join(keys, "_value", "left_anti")
        return marked.crossJoin(F.broadcast(strangers.agg(F.collect_set("_value").alias(f"_rule_{self.name}"))))

    def broken(self) -> Column:
        """True where the array holds one of them."""
        return F.arrays_overlap(self.value, F.col(f"_rule_{self.name}"))


class _InOrder(OnColumn, abstract=True):
    """A rule on a row and the one before it."""

    over_rows: ClassVar[bool] = True
    families: ClassVar[tuple[Family, ...]] = _ORDERED
    per: tuple[str, ...] = ()

    @property
    def apart_by(self) -> str:
        """How a sentence names the groups."""
        return f" within each {', '.join(self.per)}" if self.per else ""

    def previous(self, value: Column, by: str) -> Column:
        """The greatest `value` among the rows before this one in the order of `by`, then of the column."""
        from pyspark.sql import Window

        window = Window.partitionBy(*self.per).orderBy(
            F.col(by).asc_nulls_first(), F.col(self.column).asc_nulls_first()
        )
        return F.max(self.looks_at(value)).over(window.rowsBetween(Window.unboundedPreceding, -1))

    @property
    def mark(self) -> Column:
        """What `prepared` put beside the row."""
        return F.col(f"_rule_{self.name}")


class Increases(_InOrder):
    """In the order of `by`, no value is below an earlier one; within each `per`, if given.

    Without `per` all rows go through one task.
    """

    nulls: ClassVar[str] = (
        "A row with null in the column or in `by` breaks nothing, and is not compared with. Null in `per` is a group of its "
        "own. NaN is greater than any number."
    )
    by: str = Field(min_length=1)
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _in_an_order(self) -> Increases:
        if is_among(self.column, [self.by, *self.per]) or is_among(self.by, self.per):
            raise ValueError("column, by and per have to be different columns, or no row could break the rule")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The value, the order, the groups."""
        return (self.column, self.by, *self.per)

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """What is put in order has to have one."""
        return {**dict.fromkeys(self.per, ()), self.column: _ORDERED, self.by: _ORDERED}

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} never falls in the order of {self.by}{self.apart_by}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} falls in the order of {self.by}{self.apart_by}"

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """Put the greatest earlier value beside each row."""
        del rows, context
        placed = F.when(F.col(self.by).isNotNull(), self.value)
        return marked.withColumn(f"_rule_{self.name}", self.previous(placed, self.by))

    def broken(self) -> Column:
        """True where an earlier value is greater."""
        return self.value < self.mark


class NoOverlap(_InOrder):
    """Periods from `column` up to but without `end` do not overlap within each `per`: versions of a dimension, bookings.

    Of two that overlap, the one that begins later breaks it; both, if they begin together.
    """

    nulls: ClassVar[str] = (
        "A period without a beginning breaks nothing; one without an end lasts for ever. Null in `per` is a group of its own."
    )
    families: ClassVar[tuple[Family, ...]] = ("number", "time")
    end: str = Field(min_length=1)
    per: tuple[str, ...] = Field(min_length=1)
    dimension: Dimension = "consistency"

    @model_validator(mode="after")
    def _of_some_length(self) -> NoOverlap:
        if is_among(self.column, [self.end]):
            raise ValueError(f"periods from {self.column} to {self.end} are empty, so no row could break the rule")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Beginning, end, the groups."""
        return (self.column, self.end, *self.per)

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """Both ends are of one sort."""
        return {**dict.fromkeys(self.per, ()), self.column: self.families, self.end: self.families}

    def sentence(self) -> str:
        """What is true of good data."""
        return f"Periods from {self.column} to {self.end} do not overlap{self.apart_by}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"Periods from {self.column} to {self.end} overlap{self.apart_by}"

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """Put the latest end of another period that does not begin later beside each row, and whether one has no end."""
        from pyspark.sql import Window

        del rows, context
        ends = F.struct(F.col(self.end).isNull().alias("open"), F.col(self.end).alias("end"))
        known = self.looks_at(F.when(self.value.isNotNull(), ends))
        # Rows that begin together come in the order of their ends, so that no row's fate hangs on how Spark met it.
        groups = Window.partitionBy(*self.per)
        before = groups.orderBy(self.value, known).rowsBetween(Window.unboundedPreceding, -1)
        together = Window.partitionBy(*self.per, self.column).orderBy(known).rowsBetween(1, Window.unboundedFollowing)
        latest = F.greatest(F.max(known).over(before), F.max(known).over(together))
        return marked.withColumn(f"_rule_{self.name}", latest)

    def broken(self) -> Column:
        """True where another period that does not begin later has not ended."""
        return self.mark["open"] | (self.value < self.mark["end"])
