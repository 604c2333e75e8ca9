"""What a profile is: frozen results that go to JSON and back, and are read without Spark.

Owns the words in which a table is described. Must not measure anything.

Numbers are exact unless their description says otherwise. Decimals, dates and times stay text, as Spark writes them (times in
the session's time zone), so that JSON loses nothing; beside them, `Spread` has them as floating-point numbers to compute
and draw with.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from toolkit.errors import UsageError

Kind = Literal["number", "time", "text", "boolean", "array", "map", "struct", "binary", "other"]
"""What sort of value a column holds: it decides what is measured. Dates are times; arrays and maps are known by their size."""
Value = bool | int | float | str
WHOLE = 100


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Top(_Frozen):
    """A frequent value and how many rows have it."""

    value: Value
    """Texts are cut after 128 characters."""
    count: int


class Histogram(_Frozen):
    """Bins of equal width; a value on an edge lies in the bin that ends there, the smallest value in the first.

    Counts come from a quantile sketch: exact in small columns, within 0.25% of the rows in others.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def most(self) -> int:
        """The count of the highest bin."""
        return max(self.counts, default=0)


class Spread(_Frozen):
    """Where the finite numbers of a column lie; for dates and times, in seconds since 1970."""

    mean: float | None = None
    stddev: float | None = None
    """Of a sample; None for fewer than two values."""
    percentiles: tuple[float, ...] = ()
    """The 0th to the 100th, each a value that occurs; from a sketch, so within 0.25% of the rows of the exact one."""
    nan: int = 0
    infinite: int = 0
    future: int = 0
    """Times after the moment of the profile."""

    def quantile(self, percent: int) -> float:
        """The `percent`th percentile, from 0 to 100.

        Raises:
            UsageError: the column has no values, or there is no such percentile.
        """
        if not self.percentiles or not 0 <= percent <= WHOLE:
            raise UsageError(
                f"There is no {percent}th percentile.", cure="Ask a column that has values, for one from 0 to 100."
            )
        return self.percentiles[percent]

    def share_up_to(self, value: float) -> float:
        """The share of values at or below `value`, to within a hundredth."""
        steps = self.percentiles
        if not steps or value < steps[0]:
            return 0.0
        last = max(i for i, step in enumerate(steps) if step <= value)
        if last == WHOLE:
            return 1.0
        below, above = steps[last], steps[last + 1]
        return (last + (value - below) / (above - below)) / WHOLE


class Sizes(_Frozen):
    """Characters of a text, bytes of a binary, elements of an array or map; of the rows that are not null."""

    min: int
    max: int
    mean: float
    empty: int
    """How many have size zero."""


class Form(_Frozen):
    """A form that texts of the column have, by a kind of rule: `email`, or `date_format` with its letters."""

    kind: str
    letters: str = ""
    count: int


class Texts(_Frozen):
    """How texts look."""

    blank: int
    """Empty, or nothing but white space."""
    non_ascii: int
    shapes: tuple[Top, ...] = ()
    """The most frequent shapes of the first 40 characters: A for a capital, a for another letter, 9 for a digit."""
    forms: tuple[Form, ...] = ()
    """Forms that at least one text has."""


class ColumnProfile(_Frozen):
    """One column, or one field of a struct.

    Attributes:
        name: as `F.col` takes it: dots lead into structs, a name that has dots itself stands in backticks.
        type: as Spark writes it in a schema.
        distinct: different values; null is none, NaN is one. An estimate (HyperLogLog, standard error 0.8%) unless
            `distinct_exact`. None for what cannot be compared.
        min: the smallest finite value; of texts, the first 128 characters.
        top: the most frequent values; all of them when there are at most 20. Counts are exact if `top_exact`; otherwise
            at most 0.2% of the rows too high.
        likely_key: no nulls, and as many values as rows, as far as the estimate can tell. Never a fraction or a time.
    """

    name: str
    type: str
    kind: Kind
    rows: int
    nulls: int
    distinct: int | None = None
    distinct_exact: bool = False
    min: Value | None = None
    max: Value | None = None
    spread: Spread | None = None
    histogram: Histogram | None = None
    sizes: Sizes | None = None
    texts: Texts | None = None
    top: tuple[Top, ...] = ()
    top_exact: bool = False
    likely_key: bool = False

    @property
    def given(self) -> int:
        """Rows that are not null."""
        return self.rows - self.nulls

    @property
    def null_share(self) -> float:
        """Nulls among all rows; 0 for an empty table."""
        return self.nulls / self.rows if self.rows else 0.0

    @property
    def categorical(self) -> bool:
        """Whether `top` has every value there is."""
        return bool(self.top) and self.top_exact and sum(top.count for top in self.top) == self.given


class Correlation(_Frozen):
    """Two numeric columns that go together: Pearson's r."""

    one: str
    other: str
    r: float


class Ordering(_Frozen):
    """Two columns of times, the first of which is seldom after the second."""

    first: str
    second: str
    rows: int
    """Where both are given."""
    kept: int
    """Where the first is not after the second."""


class ForeignKey(_Frozen):
    """A column whose values were looked up, one and all, among the keys of another table."""

    column: str
    to: str
    key: str
    rows: int
    """Rows that are not null."""
    found: int
    """Of these, rows whose value is a key over there."""
    named_alike: bool
    """Whether the names agree, too; without that, small whole numbers are found in any key."""


class Profile(_Frozen):
    """A table, or a sample of one."""

    format: Literal[1] = 1
    table: str = ""
    measured_at: datetime
    rows: int
    """Rows that were read; of the sample, when it is one."""
    sample: float | None = None
    """The share that was asked for; None for the whole table."""
    columns: tuple[ColumnProfile, ...] = ()
    refuted_keys: tuple[str, ...] = ()
    """The columns that seemed to be keys until their values were counted."""
    correlations: tuple[Correlation, ...] = ()
    """The strongest first; from a sample of about 10,000 rows where there are more."""
    correlated: tuple[str, ...] = ()
    """The columns that were compared; at most 30."""
    orderings: tuple[Ordering, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = Field(default=())

    def __str__(self) -> str:
        """How `print` shows it: what was read, a line for each column, and what is worth a sentence."""
        from toolkit.quality.profiling.sentences import as_text

        return as_text(self)

    def column(self, name: str) -> ColumnProfile:
        """The profile of one column.

        Raises:
            UsageError: there is none; the nearest spelling is offered.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError.unknown("column", name, [column.name for column in self.columns])

    @property
    def likely_keys(self) -> tuple[str, ...]:
        """The columns that may be keys."""
        return tuple(column.name for column in self.columns if column.likely_key)
