"""The retail lakehouse, declared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field

from toolkit.etl.bronze import bronze_tables
from toolkit.quality.quarantine import quarantine_name, quarantine_of
from toolkit.scenario import Parameters, Scenario, Step, Table, load_tables

_SOURCES = {
    "bronze.customers": "customers.csv",
    "bronze.products": "products.csv",
    "bronze.orders": "orders/*.json",
    "bronze.returns": "returns.json",
    "bronze.exchange_rates": "exchange_rates.csv",
    "bronze.inventory_snapshots": "inventory_snapshots.csv",
}


class RetailParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(200_000, ge=1_000, le=10_000_000, description="Orders to generate")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")
    as_of: date = Field(
        date(2026, 6, 30),
        ge=date(2026, 4, 2),
        le=date(2026, 12, 31),
        description="The day on which the question is asked; what was ordered after it lies in the future",
    )
    fail_on_quality: bool = Field(
        False, description="Stop before anything is published if a rule is broken more often than it allows"
    )


_DECLARED = load_tables(Path(__file__).with_name("tables.toml"))
_SENT_AGAIN = ("silver.customers", "silver.orders")
_CHECKED = tuple(name.replace("bronze", "silver") for name in _SOURCES)

_LATEST = "Whether no later row of the same key was sent."


def _quarantine(table: Table) -> Table:
    """The quarantine of a table; of those whose rows are sent again, with what their rule on it looks at."""
    return quarantine_of(table, _is_latest=_LATEST) if table.name in _SENT_AGAIN else quarantine_of(table)


SCENARIO = Scenario(
    id="retail_lakehouse",
    title="Retail lakehouse",
    question="Which customers are slipping away, and can we trust the number?",
    story=(
        "A shop sends its files every night, and they are as files are: orders twice, lines cut off, prices in nine "
        "currencies, a whole file nine days late. From them you build a lakehouse, layer by layer, until one table names "
        "the customers who are slipping away. Every row that was not good enough is still there, with the reason: that is "
        "how you know what the number is worth."
    ),
    parameters=RetailParameters,
    steps=(
        Step("land", "Land the files", "Put the shop's files, mess included, where a pipeline can find them."),
        Step(
            "ingest",
            "Ingest to bronze",
            "Read every line as it is, with explicit schemas; keep the text of lines that cannot be read.",
            reads=("shop",),
            writes=tuple(_SOURCES),
        ),
        Step(
            "clean",
            "Clean",
            "Give every column its type, trim the text, flatten the payment, and mark the latest row of each key.",
            reads=tuple(_SOURCES),
        ),
        Step(
            "check",
            "Check",
            "Send valid rows to silver and the rest to quarantine with every reason; no row gets lost.",
            reads=tuple(_SOURCES),
            writes=tuple(name for table in _CHECKED for name in (table, quarantine_name(table))),
            parameters=("as_of", "fail_on_quality"),
        ),
        Step(
            "enrich",
            "Enrich",
            "One row per order line: in euros at the rate of the day, returns marked, stock beside it.",
            reads=_CHECKED,
            writes=("silver.order_items",),
            parameters=("as_of",),
        ),
        Step(
            "model",
            "Model to gold",
            "Sales by day, customers by recency, frequency and money, and who is slipping away.",
            reads=("silver.order_items", "silver.customers", "quarantine.orders"),
            writes=("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"),
            parameters=("as_of",),
        ),
        Step(
            "publish",
            "Publish",
            "Export the gold tables as Parquet and Avro for whoever has no Delta reader.",
            reads=("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"),
            writes=("ops.publications",),
        ),
    ),
    tables=(
        *bronze_tables("shop", _SOURCES),
        *_DECLARED,
        *(_quarantine(table) for table in _DECLARED if table.name in _CHECKED),
    ),
    topics=("medallion layers", "JSON and CSV", "data quality", "quarantine", "as-of join", "RFM", "Delta Lake"),
    minutes=2,
    order=10,
)
