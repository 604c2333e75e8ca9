"""What the views of loads are asked with, and where their keys lead."""

from __future__ import annotations

from pydantic import Field

from toolkit.parameters import Parameters
from toolkit.views import Link

SHOWN = 40
"""Rows that a command prints unless asked for more."""


class OfAnyTable(Parameters):
    """One table, or all of them."""

    table: str = Field("", description="Only this table.")


class OfTable(Parameters):
    """One table."""

    table: str = Field(description="A table with _start_at and _end_at, such as silver.customer_histories.")


OF_TABLE = {"table": "table"}
TO_RUN = Link("u", "Run", "runs.show", "Show the run that made it.", {"run": "run"})
TO_KEYS = Link("k", "Keys", "etl.keys", "Show the keys with the longest histories.", OF_TABLE)
