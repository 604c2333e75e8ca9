"""What is true of good data: rules, declared as data.

A rule is a frozen model, so it can be listed, compared and written to a file; only `broken` and `prepared` touch Spark, and
import it when they do. A new kind of rule is one small class. Unless a rule says otherwise, null breaks nothing: whether a
value may be missing is `NotNull`'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Severity = Literal["info", "warn", "error", "critical"]
Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "accuracy", "timeliness", "volume"]
QUARANTINING: tuple[Severity, ...] = ("error", "critical")


class Rule(BaseModel):
    """Base of all rules.

    Attributes:
        name: unique within a table; what reports and the quarantine call it.
        description: what is true of good data, as a sentence.
        severity: info and warn keep the row; error and critical send it to quarantine.
        where: SQL condition; the rule looks only at rows that meet it.
        tolerance: share of rows, 0 to 1, that may break the rule before it counts as failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    severity: Severity = "error"
    dimension: Dimension = "validity"
    where: str = ""
    tolerance: float = Field(0.01, ge=0, le=1)
    owner: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at; the first one's value is shown for a bad row."""
        return (getattr(self, "column", ""),)

    @property
    def quarantines(self) -> bool:
        """Whether a row that breaks it leaves the table."""
        return self.severity in QUARANTINING

    def prepared(self, marked: DataFrame, rows: DataFrame, references: Mapping[str, DataFrame]) -> DataFrame:
        """`marked` with what the rule needs beyond the row itself, in columns that start with `_rule_`.

        Args:
            marked: the rows, with what other rules needed beside them.
            rows: the same rows as they came, to gather values from without computing what others needed.
            references: the frames that rules refer to.
        """
        del rows, references
        return marked

    def broken(self) -> Column:
        """True for a row that breaks the rule; false or null otherwise."""
        raise NotImplementedError


class NotNull(Rule):
    """The value is there. Empty text counts as there: trim it to null first."""

    column: str
    dimension: Dimension = "completeness"

    def broken(self) -> Column:
        """True where the value is null."""
        from pyspark.sql import functions as F

        return F.col(self.column).isNull()


class OneOf(Rule):
    """The value is one of a few."""

    column: str
    values: tuple[Any, ...] = Field(min_length=1)

    def broken(self) -> Column:
        """True where the value is another one."""
        from pyspark.sql import functions as F

        return ~F.col(self.column).isin(list(self.values))


class Matches(Rule):
    """The text matches a regular expression, from its first character to its last."""

    column: str
    pattern: str

    def broken(self) -> Column:
        """True where it does not match."""
        from pyspark.sql import functions as F

        return ~F.col(self.column).rlike(rf"\A(?:{self.pattern})\z")


class Email(Matches):
    """The text has the form of an e-mail address: a name, one @, a domain with a dot, no space."""

    pattern: str = r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+"


class NotMojibake(Rule):
    """The text is not UTF-8 that was read as Latin-1: no `Ã` or `Â` before a character from the second half of Latin-1."""

    column: str
    dimension: Dimension = "accuracy"

    def broken(self) -> Column:
        """True where such a pair of characters occurs."""
        from pyspark.sql import functions as F

        return F.col(self.column).rlike("[\u00c2-\u00c5][\u0080-\u00bf]")


class Holds(Rule):
    """A SQL condition is true, or null."""

    condition: str
    column: str

    def broken(self) -> Column:
        """True where the condition is false."""
        from pyspark.sql import functions as F

        return ~F.expr(self.condition)


class References(Rule):
    """The value is a key of another frame, which `references` names."""

    column: str
    to: str
    key: str
    dimension: Dimension = "consistency"

    def prepared(self, marked: DataFrame, rows: DataFrame, references: Mapping[str, DataFrame]) -> DataFrame:
        """Join the keys of the other frame, each once; Spark broadcasts them where they are few."""
        from pyspark.sql import functions as F

        del rows
        mark = f"_rule_{self.name}"
        keys = references[self.to].select(F.col(self.key).alias(mark)).distinct()
        return marked.join(keys, F.col(self.column) == F.col(mark), "left")

    def broken(self) -> Column:
        """True where no key was found."""
        from pyspark.sql import functions as F

        return F.col(self.column).isNotNull() & F.col(f"_rule_{self.name}").isNull()


class EachReferences(Rule):
    """Every value of an array is a key of another frame; the values that are not have to fit in memory.

    `column` may reach into an array of structs: `items.product_id`.
    """

    column: str
    to: str
    key: str
    dimension: Dimension = "consistency"

    def prepared(self, marked: DataFrame, rows: DataFrame, references: Mapping[str, DataFrame]) -> DataFrame:
        """Put the values that are no key, all of them, beside every row."""
        from pyspark.sql import functions as F

        keys = references[self.to].select(F.col(self.key).alias("_value"))
        values = rows.select(F.explode(F.col(self.column)).alias("_value")).distinct()
        strangers = values.join(keys, "_value", "left_anti")
        return marked.crossJoin(F.broadcast(strangers.agg(F.collect_set("_value").alias(f"_rule_{self.name}"))))

    def broken(self) -> Column:
        """True where the array holds one of them."""
        from pyspark.sql import functions as F

        return F.arrays_overlap(F.col(self.column), F.col(f"_rule_{self.name}"))
