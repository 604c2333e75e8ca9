"""What quality's views are asked with, and what they say when nothing was measured."""

from __future__ import annotations

from pydantic import Field

from toolkit.parameters import Parameters

NOTHING = "Nothing was measured yet. Run a scenario that checks its data, or: toolkit quality run TABLE"


class OfTable(Parameters):
    """One table."""

    table: str = Field(description="Such as silver.orders.")


class OfRule(OfTable):
    """One rule of a table."""

    rule: str = Field(description="The rule's name.")
