"""Rules on the columns of a table, whatever its rows hold: are they there, and of which types."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from toolkit.errors import UsageError
from toolkit.quality.rules.base import Context, Dimension, Judged, SetRule
from toolkit.quality.spark_types import parse_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame


class HasSchema(SetRule):
    """The table has certain columns of certain types; others, too, if `more` is allowed, or if their names begin with `_`.

    Names are compared without case, types in any of Spark's spellings; a text of limited length is stored as `string`.
    Measured is the number of differences.
    """

    nulls: ClassVar[str] = "Values are not looked at."
    schema_: dict[str, str] = Field(min_length=1, alias="schema")
    more: bool = False
    dimension: Dimension = "validity"

    @model_validator(mode="after")
    def _of_all_rows(self) -> HasSchema:
        if self.where:
            raise ValueError("looks at columns, not at rows, so it has no where")
        return self

    @field_validator("schema_")
    @classmethod
    def _of_types_that_there_are(cls, schema: dict[str, str]) -> dict[str, str]:
        twice = [name for name, count in Counter(name.lower() for name in schema).items() if count > 1]
        if twice:
            raise ValueError(f"{', '.join(twice)} is declared twice: Spark compares names without case")
        for name, type_ in schema.items():
            try:
                parse_type(type_)
            except UsageError as problem:
                raise ValueError(f"{name}: {problem}") from problem
        return schema

    def sentence(self) -> str:
        """What is true of good data."""
        listed = ", ".join(f"{name} {type_}" for name, type_ in self.schema_.items())
        return f"The columns are {listed}{' and more' if self.more else ''}."

    def apart(self, rows: DataFrame, context: Context) -> None:
        """Nothing: the schema is known without a query."""

    def judged(self, found: Mapping[str, Any], context: Context) -> Judged:
        """Every difference, in words."""
        del context
        there: Mapping[str, str] = found["schema"]
        names = {name.lower(): name for name in there}
        declared = {name.lower() for name in self.schema_}
        wrong = [f"{name} is missing" for name in self.schema_ if name.lower() not in names]
        wrong += [
            f"{name} is {there[names[name.lower()]]}, not {type_}"
            for name, type_ in self.schema_.items()
            if name.lower() in names and not _same_type(there[names[name.lower()]], type_)
        ]
        # What the toolkit and others keep beside the data is no part of it.
        strangers = [name for name in there if name.lower() not in declared and not name.startswith("_")]
        wrong += [] if self.more else [f"{name} is not declared" for name in strangers]
        return Judged(float(len(wrong)), not wrong, "; ".join(wrong) + "." if wrong else "Every column is as declared.")


def _same_type(found: str, declared: str) -> bool:
    try:
        return parse_type(found).compared == parse_type(declared).compared
    except UsageError:
        # Of a sort that cannot be declared, such as a column of nothing but null.
        return False
