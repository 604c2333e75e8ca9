"""A lakehouse that comes under governance, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.etl.bronze import bronze_tables
from toolkit.governance.records import CLASSES, LINEAGE
from toolkit.scenario import Parameters, Scenario, Step, load_tables


class GovernParameters(Parameters):
    """What can be chosen."""

    orders: int = Field(20_000, ge=1_000, le=1_000_000, description="Orders to generate")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Same seed, same data")


SOURCES = {"bronze.crm_customers": "customers.csv", "bronze.crm_orders": "orders/*.json"}
CUSTOMERS, ORDERS = "silver.crm_customers", "silver.crm_orders"
VALUE, NEWSLETTER, AGES, SCORES = "gold.crm_values", "gold.crm_newsletters", "gold.crm_age_groups", "gold.crm_scores"
REPORT = "gold.column_reports"
BUILT = (*SOURCES, CUSTOMERS, ORDERS, VALUE, NEWSLETTER, AGES, SCORES)
SCENARIO = Scenario(
    id="govern_a_lakehouse",
    title="Govern a lakehouse",
    question="Where are the personal data, where do they come from, and where have they gone?",
    story=(
        "A lakehouse has grown: customers come in, are cleaned, are joined with their orders, and end in tables for marketing, "
        "finance and a model. Somebody asks where e-mail addresses are. You take the lakehouse into a catalogue, have its "
        "columns looked at and confirm what was found, and let the classes travel along the lineage that Spark's own plans "
        "give. Where a plan does not say, the answer is: unknown. That is worth more than a guess."
    ),
    parameters=GovernParameters,
    steps=(
        Step("land", "Land the files", "The shop's customers and orders."),
        Step("begin", "Begin to govern", "Take the lakehouse into a catalogue; from now on lineage is kept."),
        Step(
            "build",
            "Build the tables",
            "Bronze, silver and gold, as any pipeline would; each write says which columns it was made of.",
            reads=("shop",),
            writes=BUILT,
            parameters=("orders", "seed"),
        ),
        Step(
            "describe", "Describe", "Say what the tables are for, tag them, and declare what is anonymous.", reads=BUILT
        ),
        Step(
            "classify",
            "Classify",
            "Look at names and sampled values, let a person confirm, and let classes travel along lineage.",
            reads=BUILT,
        ),
        Step(
            "report",
            "Report",
            "For each column: how sensitive it is, who says so, and how much of its origin is known.",
            reads=(*BUILT, CLASSES, LINEAGE),
            writes=(REPORT,),
        ),
    ),
    tables=(*bronze_tables("shop", SOURCES), *load_tables(Path(__file__).with_name("tables.toml"))),
    topics=("Unity Catalog", "classification", "personal data", "column lineage", "impact analysis", "provenance"),
    minutes=2,
    order=50,
)
