"""Promises on a table that are numbers: how old its latest row may be, and how many rows it has.

Owns that they can be kept at all.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

_HOURS = {"minutes": 1 / 60, "hours": 1.0, "days": 24.0}


class Frozen(BaseModel):
    """What cannot be changed, and has no other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Freshness(Frozen):
    """The latest time in a column is at most so old when the table is read."""

    column: str = Field(min_length=1)
    within: FiniteFloat = Field(gt=0)
    unit: Literal["minutes", "hours", "days"] = "hours"
    extras: dict[str, Any] = Field(default_factory=dict)

    @property
    def hours(self) -> float:
        """The same in hours."""
        return self.within * _HOURS[self.unit]


class Volume(Frozen):
    """The table has at least and at most so many rows; one of the two may be left out."""

    min_rows: int | None = Field(None, ge=0)
    max_rows: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _bounded(self) -> Volume:
        if self.min_rows is None and self.max_rows is None:
            raise ValueError("a volume needs min_rows, max_rows or both")
        if self.min_rows is not None and self.max_rows is not None and self.min_rows > self.max_rows:
            raise ValueError(f"min_rows {self.min_rows} is above max_rows {self.max_rows}")
        return self
