"""A customer's history, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.etl.bronze import bronze_tables
from toolkit.scenario import Parameters, Scenario, Step, load_tables

_SOURCES = {
    "bronze.history_customers": "customers.csv",
    "bronze.history_changes": "customer_changes.csv",
    "bronze.history_orders": "orders/*.json",
}


class HistoryParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(20_000, ge=5_000, le=1_000_000, description="Orders in the shop's ninety days")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


SCENARIO = Scenario(
    id="customer_history",
    title="What she was when she ordered",
    question="What did a customer's segment look like when she ordered?",
    story=(
        "Customers move, take other names, become businesses, and are deleted; the shop sends each change, up to a week out of "
        "order, and some of them twice. A report by segment that is made of today's customers tells a past that never was. You "
        "keep a history that depends on no order of arrival, build a star schema on it whose facts point to the customer as "
        "they were then, and put right what came late: customers whose orders were there before them."
    ),
    parameters=HistoryParameters,
    steps=(
        Step("land", "Land the files", "Put the shop's files where a pipeline can find them."),
        Step(
            "ingest",
            "Ingest to bronze",
            "Read customers, their changes and orders as they are.",
            reads=("shop",),
            writes=tuple(_SOURCES),
        ),
        Step(
            "history",
            "Keep the history",
            "Apply customers and changes in three deliveries: the earlier changes after the later ones, and twice.",
            reads=("bronze.history_customers", "bronze.history_changes"),
            # The history itself is written once more when the late customers come.
            writes=("ops.history_deliveries",),
        ),
        Step(
            "star",
            "Build the star",
            "A dimension of dates, one of customers as they were, and facts that point to both; who is unknown is inferred.",
            reads=("ops.history_deliveries", "bronze.history_orders"),
            writes=("gold.dim_dates", "ops.inferred_customers"),
        ),
        Step(
            "late",
            "Put right what came late",
            "The customers arrive whose orders were there before them; facts that belong elsewhere are moved.",
            reads=("bronze.history_customers", "ops.inferred_customers"),
            writes=("silver.customer_histories", "gold.dim_customers", "gold.fact_orders"),
        ),
        Step(
            "ask",
            "Ask",
            "Orders and revenue by segment, as it was and as it is.",
            reads=("gold.dim_customers", "gold.fact_orders"),
            writes=("gold.segment_answers",),
        ),
    ),
    tables=(*bronze_tables("shop", _SOURCES), *load_tables(Path(__file__).with_name("tables.toml"))),
    topics=("SCD2", "change data capture", "star schema", "late-arriving dimensions", "referential integrity"),
    minutes=3,
    order=26,
)
