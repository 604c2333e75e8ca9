"""What a rule is: a frozen model that can be listed, compared and written to a file, and knows how to ask Spark.

Owns the fields that all rules share and the register of kinds. A new kind is one small class: its fields, `sentence`, and
`broken` (a rule on each row) or `measures` and `judged` (a rule on the whole table). Must not run a query.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from toolkit.quality import sql_text
from toolkit.quality.rules.attempts import attempt
from toolkit.quality.rules.spark_functions import F

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Severity = Literal["info", "warn", "error", "critical"]
Dimension = Literal["completeness", "validity", "uniqueness", "consistency", "accuracy", "timeliness", "volume"]
Family = Literal["number", "text", "time", "boolean", "array", "struct", "other"]
"""What sort of value a column holds, as far as rules tell them apart."""
Scalar = bool | int | float | datetime | date | str
KINDS: dict[str, type[Rule]] = {}
"""Every kind of rule by its name in a file, in the order of the docs."""

_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s+of\s+rows\s*", re.IGNORECASE)
_EXACT, _MOST_DIGITS = 2**53, 18
_LONG, _DECIMAL = 2**63, 10**38
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Context:
    """What a rule may look at beside the table it is on."""

    references: Mapping[str, DataFrame] = field(default_factory=dict)
    """Other frames, by the name that rules give in `to`."""
    earlier: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """What earlier runs measured, by rule, oldest first."""
    at: datetime | None = None
    """The moment that times are held against; that of judging unless given."""

    @property
    def now(self) -> datetime:
        """That moment. A stream goes on for days: what it measured is judged when it is asked for."""
        return self.at or datetime.now(UTC)


@dataclass(frozen=True)
class Judged:
    """What a rule on the whole table found."""

    measured: float | None
    """None where there was nothing to measure."""
    passed: bool | None
    """None where nothing was measured that could be judged: not kept, and not broken either."""
    said: str
    """The finding, in words."""


class Rule(BaseModel):
    """Base of all rules.

    Attributes:
        name: unique within a table; what reports and the quarantine call it. Made from kind and column when left out.
        description: what is true of good data, as a sentence. Made from the fields when left out.
        severity: what happens when it is broken; see `toolkit.quality.actions`.
        where: SQL condition; the rule looks only at rows that meet it.
        tolerance: share of rows, 0 to 1, that may break the rule before it counts as failed; or "99.5% of rows", the share
            that has to keep it. A rule on the whole table has none.
        owner: who is asked about it.
        tags: free labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: ClassVar[str] = ""
    nulls: ClassVar[str] = "Null breaks nothing."
    families: ClassVar[tuple[Family, ...]] = ()
    """What its columns may hold; anything when empty."""
    uses_earlier: ClassVar[bool] = False
    """Whether it compares with what earlier runs measured."""

    name: str = Field("", pattern=r"^([a-z][a-z0-9_]*)?$", max_length=128)
    description: str = ""
    severity: Severity = "error"
    dimension: Dimension = "validity"
    where: str = ""
    tolerance: float = Field(0.0, ge=0, le=1)
    owner: str = ""
    tags: tuple[str, ...] = ()

    def __init_subclass__(cls, *, abstract: bool = False, **kwargs: Any) -> None:
        """Enter a kind into the register, unless its class is only there to share code."""
        super().__init_subclass__(**kwargs)
        if not abstract:
            cls.kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
            KINDS[cls.kind] = cls

    @field_validator("tolerance", mode="before")
    @classmethod
    def _share_that_may_break(cls, value: Any) -> Any:
        if isinstance(value, str):
            kept = _SHARE.fullmatch(value)
            if kept is None:
                raise ValueError('should be a share such as 0.005, or the rows that keep it, such as "99.5% of rows"')
            return float(1 - Decimal(kept[1]) / 100)
        return value

    @model_validator(mode="after")
    def _named(self) -> Rule:
        """Fill in what can be told from the rest; `model_fields_set` still says what was given."""
        if not self.name:
            about = "_".join(self.columns) if self.columns else ""
            plain = _NOT_IN_A_NAME.sub("_", f"{about}_{self.kind}".lower()).strip("_")[:128]
            object.__setattr__(self, "name", plain if plain[:1].isalpha() else f"rule_{plain}"[:128])
        if not self.description:
            object.__setattr__(self, "description", self.sentence())
        return self

    def sentence(self) -> str:
        """What is true of good data, from the fields of the rule."""
        raise NotImplementedError

    def fault(self) -> str:
        """What is wrong with a row that breaks it, the opposite of `sentence`, without a stop; empty if no row breaks it."""
        return ""

    @property
    def message(self) -> str:
        """What is told of a row that breaks it: what is wrong, and what its author wrote that should be true."""
        fault, own = self.fault(), "description" in self.model_fields_set and self.description.strip()
        if not fault:
            return self.description
        return f"{fault}. Expected: {self.description}" if own else f"{fault}."

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it looks at; their values are shown for a bad row."""
        column = getattr(self, "column", "")
        return (column,) if column else ()

    @property
    def refers_to(self) -> str | None:
        """The frame it needs beside the table, by name."""
        return getattr(self, "to", None)

    @property
    def columns_there(self) -> tuple[str, ...]:
        """The columns of that frame that it reads."""
        return tuple(filter(None, (getattr(self, "key", ""), getattr(self, "other", ""))))

    @property
    def conditions(self) -> tuple[str, ...]:
        """The SQL conditions that it judges by."""
        return ()

    @property
    def sql(self) -> tuple[str, ...]:
        """All SQL conditions it was given: the filter, and those that it judges by."""
        return (self.where, *self.conditions) if self.where else self.conditions

    @property
    def attempted(self) -> bool:
        """Whether it evaluates what somebody wrote, which can fail at a row: then the row breaks the rule."""
        return bool(self.sql)

    @property
    def unevaluated(self) -> str:
        """What is told where that cannot be evaluated."""
        return f"{' and '.join(self.sql) or self.description.rstrip('.')} cannot be evaluated"

    def column_families(self) -> Mapping[str, tuple[Family, ...]]:
        """What each of its columns may hold."""
        return dict.fromkeys(self.columns, self.families)

    def as_data(self) -> dict[str, Any]:
        """The rule as a file holds it: its kind, and what was given."""
        given = self.model_dump(exclude_unset=True, by_alias=True)
        return {"kind": self.kind, **{name: _plain(value) for name, value in given.items()}}

    def applies(self) -> Column:
        """Whether the rule looks at a row; null where its `where` cannot be evaluated."""
        return attempt(F.expr(self.where)) if self.where else F.lit(True)

    def looks_at(self, value: Column) -> Column:
        """`value` for the rows that the rule looks at, null for the others."""
        return F.when(self.applies(), value) if self.where else value


class RowRule(Rule, abstract=True):
    """A rule that each row keeps or breaks by itself, or by its place among the others."""

    over_rows: ClassVar[bool] = False
    """Whether a row is judged beside the others; such a rule reads its columns twice, and cannot judge a stream."""

    def broken(self) -> Column:
        """True for a row that breaks the rule; false or null otherwise."""
        raise NotImplementedError

    def fault(self) -> str:
        """What is wrong with a row that breaks it, for a kind that does not say it better."""
        return f"Not so: {self.sentence().rstrip('.')}"

    def prepared(self, marked: DataFrame, rows: DataFrame, context: Context) -> DataFrame:
        """`marked` with what the rule needs beyond the row itself, in columns that start with `_rule_`.

        Args:
            marked: the rows, with what other rules needed beside them.
            rows: the same rows as they came, to gather values from without computing what others needed.
            context: the frames that rules refer to.
        """
        del rows, context
        return marked


class SetRule(Rule, abstract=True):
    """A rule on a table as a whole: a number is measured, and judged.

    Attributes:
        if_unmeasured: what it means when there is nothing to measure: `unknown`, which is no pass, or `pass`.
    """

    if_unmeasured: Literal["unknown", "pass"] = "unknown"

    @model_validator(mode="after")
    def _kept_or_broken(self) -> SetRule:
        if self.tolerance:
            raise ValueError(
                "a rule on the whole table is kept or broken, so it has no tolerance: widen its bounds instead"
            )
        return self

    def ready(self, context: Context) -> SetRule:
        """The rule with all it has to know before the pass begins."""
        del context
        return self

    def measures(self, context: Context) -> dict[str, Column]:
        """Aggregates over the rows that the rule looks at; they are taken in the one pass over the table."""
        del context
        return {}

    def apart(self, rows: DataFrame, context: Context) -> DataFrame | None:
        """One row with what one aggregate over the table cannot tell; None when there is nothing of the kind."""
        del rows, context
        return None

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Whether what was measured is as it should be."""
        raise NotImplementedError


def is_among(column: str, others: Sequence[str]) -> bool:
    """Whether a column is one of `others`, in any spelling that Spark takes for the same."""
    return _path(column) in map(_path, others)


def _path(column: str) -> list[str]:
    return [part.lower() for part in sql_text.parts(column)]


def literal(value: Scalar) -> Column:
    """A value as Spark compares it without loss.

    A fraction becomes a decimal, whose digits are those that were written; a time without a zone is one of the session's.
    """
    match value:
        case datetime():
            return F.lit(value.isoformat()).cast("timestamp")
        case date():
            return F.lit(value.isoformat()).cast("date")
        case int() if abs(value) >= _LONG:
            return F.lit(Decimal(value)) if abs(value) < _DECIMAL else F.lit(float(value))
        case float():
            return _fraction(value)
        case _:
            return F.lit(value)


def _fraction(value: float) -> Column:
    if value.is_integer() and abs(value) < _EXACT:
        return F.lit(int(value))
    if not math.isfinite(value):
        return F.lit(value)
    exact = Decimal(repr(value)).as_tuple()
    short = -_MOST_DIGITS < int(exact.exponent) <= 0 and len(exact.digits) <= _MOST_DIGITS
    return F.lit(Decimal(repr(value))) if short else F.lit(value)


def _plain(value: Any) -> Any:
    """A value as YAML and JSON hold it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(one) for one in value]
    return value
