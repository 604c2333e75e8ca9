"""What quality's views are asked with, where their keys lead, and what they say when nothing was measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from toolkit.parameters import Parameters
from toolkit.store import links
from toolkit.views import Link

NOTHING = "Nothing was measured yet. Run a scenario that checks its data, or: toolkit quality run TABLE"


class OfTable(Parameters):
    """One table."""

    table: str = Field(description="Such as silver.orders.")


class OfAnyPlace(OfTable):
    """One table, wherever it lies."""

    table: Annotated[str, AfterValidator(links.named)] = Field(
        description="Such as silver.orders; or the path of any Delta table, which is called linked.<its folder> from then on."
    )


class OfRule(OfTable):
    """One rule of a table."""

    rule: str = Field(description="The rule's name.")


class OfAnyTable(Parameters):
    """One table, or all of them."""

    table: str = Field("", description="Only this table.")


_RULE = {"table": "table", "rule": "rule"}
TO_ROWS = Link("f", "Rows", "quality.rows", "Show the rows that break this rule, and why that may be.", _RULE)
TO_MEASUREMENTS = Link("m", "Runs", "quality.measurements", "Show the rule run by run, with its plot.", _RULE)
TO_QUARANTINE = Link("x", "Quarantine", "quality.quarantine", "Show the quarantine by reason.", {"table": "table"})
TO_ADVICE = Link("a", "Advice", "quality.advice", "Say where bad rows come from, and what to do.", {"table": "table"})
TO_COLUMNS = Link("p", "Profile", "quality.columns", "Show what the table's columns hold.", {"table": "table"})
TO_CONTRACTS = Link("c", "Contracts", "quality.contracts", "Hold the table against its contracts.", {"table": "table"})
TO_HISTORY = Link(
    "h", "History", "quality.history", "Show how each rule and the loads went over time.", {"table": "table"}
)
TO_PROFILE = Link(
    "m", "Measure", "quality.profile", "Measure the table anew, and keep its profile.", {"table": "table"}
)
TO_JUDGE = Link("j", "Judge", "quality.run", "Judge the table as it is by its rules.", {"table": "table"})


def entered(link: Link) -> Link:
    """The same, by Enter."""
    return replace(link, key="enter")


def to_results(run: str) -> Link:
    """To what the run found whose id is in the column `run`."""
    return Link(
        "r", "Run", "quality.results", "Show what every rule found in that run.", {"run": run, "table": "table"}
    )
