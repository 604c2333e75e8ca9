"""Rules on a text as it is written: not blank, so long, of that pattern, of a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, field_validator

from toolkit import casts
from toolkit.errors import UsageError
from toolkit.quality import sql_text
from toolkit.quality.rules.base import Dimension, Family
from toolkit.quality.rules.spark_functions import F
from toolkit.quality.rules.values import OnColumn, Sized, within
from toolkit.quality.spark_types import parse_type

if TYPE_CHECKING:
    from pyspark.sql import Column

_OF_ANY_TEXT = {"string", "varchar", "char", "binary", "variant", "void"}
"""Types that every text can be read as, or none can."""


class NotBlank(OnColumn):
    """The text is there and holds more than white space, of which Unicode has invisible sorts, too."""

    nulls: ClassVar[str] = "Null breaks it, and so does empty text."
    families: ClassVar[tuple[Family, ...]] = ("text",)
    dimension: Dimension = "completeness"

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is given and not blank."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is missing or blank"

    def broken(self) -> Column:
        """True where nothing is left without white space."""
        return self.value.isNull() | ~self.value.rlike(f"[^{sql_text.SPACE}]")


class Length(Sized):
    """The text has at least `min` and at most `max` characters."""

    families: ClassVar[tuple[Family, ...]] = ("text",)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"The length of {self.column} is {within(self.min, self.max)}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"The length of {self.column} is not {within(self.min or None, self.max)}"

    def broken(self) -> Column:
        """True where it is shorter or longer."""
        return self.outside(F.length(self.value))


class Matches(OnColumn):
    """The text matches a regular expression, in Java's dialect, from its first character to its last."""

    families: ClassVar[tuple[Family, ...]] = ("text",)
    pattern: str = Field(min_length=1)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} matches {self.pattern}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} does not match {self.pattern}"

    @property
    def anchored(self) -> str:
        """The pattern for the whole of the text."""
        return rf"\A(?:{self.pattern})\z"

    def broken(self) -> Column:
        """True where it does not match."""
        return ~self.value.rlike(self.anchored)


class NotMatches(OnColumn):
    """No part of the text matches a regular expression, in Java's dialect."""

    families: ClassVar[tuple[Family, ...]] = ("text",)
    pattern: str = Field(min_length=1)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"No part of {self.column} matches {self.pattern}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"A part of {self.column} matches {self.pattern}"

    def broken(self) -> Column:
        """True where some part matches."""
        return self.value.rlike(self.pattern)


class Trimmed(OnColumn):
    """The text neither begins nor ends with white space, of whatever sort Unicode has."""

    families: ClassVar[tuple[Family, ...]] = ("text",)

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} has no white space around it."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} has white space around it"

    def broken(self) -> Column:
        """True where it begins or ends with some."""
        return self.value.rlike(rf"\A[{sql_text.SPACE}]|[{sql_text.SPACE}]\z")


class Cased(OnColumn):
    """The text is written in small letters, or in capitals."""

    families: ClassVar[tuple[Family, ...]] = ("text",)
    case: Literal["lower", "upper"]

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} is written in {'small letters' if self.case == 'lower' else 'capitals'}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} is not written in {'small letters' if self.case == 'lower' else 'capitals'}"

    def broken(self) -> Column:
        """True where changing its case changes it."""
        return self.value != (F.lower(self.value) if self.case == "lower" else F.upper(self.value))


class Castable(OnColumn):
    """The text can be read, without change, as a type such as `int`, `decimal(10,2)` or `timestamp`."""

    families: ClassVar[tuple[Family, ...]] = ("text",)
    to_type: str = Field(pattern=r"^[a-z_]+(\(\d+(,\s*\d+)?\))?$")

    @field_validator("to_type")
    @classmethod
    def _of_a_type_that_there_is(cls, to_type: str) -> str:
        try:
            found = parse_type(to_type)
        except UsageError as problem:
            raise ValueError(str(problem)) from problem
        if found.name in _OF_ANY_TEXT:
            which = "no text" if found.name == "void" else "every text"
            raise ValueError(f"{which} can be read as {to_type}, so the rule would tell nothing")
        return to_type

    def sentence(self) -> str:
        """What is true of good data."""
        return f"{self.column} can be read as {self.to_type}."

    def fault(self) -> str:
        """What is wrong with a row that breaks it."""
        return f"{self.column} cannot be read as {self.to_type}"

    def broken(self) -> Column:
        """True where there is text, but no such value in it, or only one that has been changed."""
        return self.value.isNotNull() & casts.exactly(self.value, self.to_type).isNull()
