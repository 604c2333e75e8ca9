"""A silent drift, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.quality.quarantine import quarantine_of
from toolkit.scenario import Parameters, Scenario, Step, load_tables

_TABLES = load_tables(Path(__file__).with_name("tables.toml"))
_ORDERS = next(table for table in _TABLES if table.name == "silver.drift_orders")
ROW_RULES, NIGHT_RULES = "rules/orders.yaml", "rules/nights.yaml"


class DriftParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(
        40_000,
        ge=40_000,
        le=1_000_000,
        description="Orders in the shop's ninety days; with fewer, chance makes as much of a night as the drift does",
    )
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


SCENARIO = Scenario(
    id="silent_drift",
    title="A silent drift",
    question="Every row keeps every rule, yet the numbers are wrong: what drifted, since when, and by how much?",
    story=(
        "Six weeks of orders, one file a night. Every row keeps every rule, no night fails, revenue goes up and down with the "
        "week as it always did. And yet it has been wrong for days: one source has changed what it sends, and told nobody. A "
        "rule on rows cannot see it, for each row could be true. What can is memory: every night measured, and held against "
        "the nights before."
    ),
    parameters=DriftParameters,
    steps=(
        Step("land", "Land the feed", "Six weeks of nightly files from one shop; on one day the source changes."),
        Step(
            "check",
            "Check the rows",
            "Every row against every rule on rows: all of them are good.",
            reads=("shop", ROW_RULES),
            writes=("silver.drift_orders", "quarantine.drift_orders"),
        ),
        Step(
            "measure",
            "Measure the nights",
            "Take the shapes of the first fortnight, then measure counts, means and shapes of all nights in one query.",
            reads=("silver.drift_orders", NIGHT_RULES),
            # It adds to ops.quality_results, which has other writers: nobody can say of it that it is up to date.
            writes=(),
        ),
        Step(
            "find",
            "Find what is unusual",
            "Hold every number against its past, and the promises against their error budgets.",
            reads=("silver.drift_orders", NIGHT_RULES),
            writes=("ops.drift_findings", "ops.drift_promises"),
        ),
        Step(
            "explain",
            "Explain it",
            "Profile the suspicious rows before and since, and tell what differs.",
            reads=("silver.drift_orders", "ops.drift_findings"),
            writes=("ops.drift_profiles",),
        ),
        Step(
            "correct",
            "Correct the numbers",
            "With the amounts that the source sends when asked: revenue as it was told, and as it was.",
            reads=("shop", "silver.drift_orders"),
            writes=("gold.drift_revenue",),
        ),
    ),
    tables=(*_TABLES, quarantine_of(_ORDERS)),
    topics=("distribution drift", "PSI and KS", "anomalies", "error budgets", "profiles", "root cause"),
    minutes=1,
    order=40,
)
