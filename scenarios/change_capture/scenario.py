"""Change capture, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.scenario import Parameters, Scenario, Step, load_tables


class CaptureParameters(Parameters):
    """What can be chosen."""

    changes: int = Field(6_000, ge=1_000, le=300_000, description="Rows that are changed in the database")
    kills: int = Field(
        3, ge=0, le=3, description="How many of connector, database and broker are killed, in that order"
    )
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same shop")


BRONZE = "bronze.change_events"
CUSTOMERS, CUSTOMER_VERSIONS = "silver.captured_customers", "silver.captured_customer_versions"
ORDERS, ORDER_VERSIONS = "silver.captured_orders", "silver.captured_order_versions"
SILVER = (CUSTOMERS, CUSTOMER_VERSIONS, ORDERS, ORDER_VERSIONS)
REBUILT = "silver.rebuilt_order_versions"
BUSINESS, CHECKS = "gold.business_customers", "gold.capture_checks"
SCENARIO = Scenario(
    id="change_capture",
    title="From a database, change by change",
    question="Is the lakehouse what the database is, and its history what the database has seen?",
    story=(
        "A shop keeps customers and orders in PostgreSQL. Debezium follows the log of the database and sends each change to "
        "Kafka; a stream keeps them as they come, in bronze. From there whole transactions are applied to silver, once as the "
        "present and once as a history. The shop makes it hard: rows are given other keys, come back after they were deleted, "
        "carry large texts that an update does not repeat; a transaction is rolled back, a table emptied, a column added. "
        "Meanwhile the connector, the database and the broker are killed. A witness inside the database, a trigger, notes what "
        "really happened; in the end silver is held against it."
    ),
    parameters=CaptureParameters,
    steps=(
        Step("land", "Land the shop", "The shop whose customers and orders fill the database."),
        Step(
            "capture",
            "Change, capture, apply",
            "Fill the database, follow its changes while servers are killed, and apply whole transactions to silver.",
            reads=("shop",),
            writes=(BRONZE, *SILVER, BUSINESS, "ops.capture_kills"),
            parameters=("changes", "kills", "seed"),
        ),
        Step(
            "compare",
            "Hold it against the database",
            "Compare the present with the tables of the database, the history with its witness, silver with a rebuilt one.",
            reads=(BRONZE, *SILVER, BUSINESS),
            writes=(REBUILT, CHECKS),
            parameters=("changes",),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=("change data capture", "PostgreSQL", "Debezium", "Kafka", "SCD2", "change data feed", "transactions"),
    minutes=3,
    services=("kafka", "postgres"),
    order=32,
)
