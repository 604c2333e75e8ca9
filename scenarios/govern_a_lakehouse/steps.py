"""The steps of governing a lakehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from datasets.shop import schemas
from scenarios.govern_a_lakehouse.scenario import (
    AGES,
    BUILT,
    CUSTOMERS,
    NEWSLETTER,
    ORDERS,
    REPORT,
    SCORES,
    VALUE,
)
from toolkit.errors import UsageError
from toolkit.etl.extract import read_csv, read_json
from toolkit.etl.windows import latest
from toolkit.governance.names import full_name
from toolkit.governance.tracing import table as traced
from toolkit.platform import DataPlatform
from toolkit.words import plural

if TYPE_CHECKING:
    from toolkit.governance.lineage.graph import LineageGraph

FEWEST = 5
"""Customers of a group that is shown: of fewer, who they are may be guessed."""
PEOPLE = {
    CUSTOMERS: "crm",
    ORDERS: "sales",
    VALUE: "finance",
    NEWSLETTER: "marketing",
    AGES: "marketing",
    SCORES: "science",
}
"""Which domain each table is of."""
SUGGESTED = (CUSTOMERS, ORDERS, VALUE, NEWSLETTER, AGES, SCORES)


def land(platform: DataPlatform) -> None:
    """Land the shop."""
    platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)


def begin(platform: DataPlatform) -> None:
    """Take the lakehouse into a catalogue."""
    fresh = platform.governance.take_in()
    platform.metric("objects taken in", len(fresh), "objects")


def build(platform: DataPlatform) -> None:
    """Bronze, silver and gold."""
    spark, shop = platform.spark, platform.landing.files("shop")
    platform.landing.ingest("bronze.crm_customers", read_csv(spark, shop / "customers.csv", schemas.CUSTOMERS), "shop")
    platform.landing.ingest("bronze.crm_orders", read_json(spark, shop / "orders/*.json", schemas.ORDERS), "shop")
    platform.write(CUSTOMERS, customers(platform.read("bronze.crm_customers")))
    platform.write(ORDERS, orders(platform.read("bronze.crm_orders")))
    people, bought = platform.read(CUSTOMERS), platform.read(ORDERS)
    platform.write(VALUE, values(people, bought))
    platform.write(NEWSLETTER, newsletter(people, platform.read(VALUE)))
    platform.write(AGES, age_groups(people))
    platform.write(SCORES, scores(people))


def customers(lines: DataFrame) -> DataFrame:
    """The last of each customer's lines, cleaned."""
    known = lines.where("customer_id IS NOT NULL AND email LIKE '%@%'").transform(
        latest(["customer_id"], ["updated_at"])
    )
    return known.select(
        "customer_id",
        F.initcap(F.trim("first_name")).alias("first_name"),
        F.initcap(F.trim("last_name")).alias("last_name"),
        F.lower(F.trim("email")).alias("email"),
        "phone",
        "city",
        F.upper("country").alias("country"),
        F.try_to_timestamp("birth_date").cast("date").alias("birth_date"),
        "segment",
    )


def orders(lines: DataFrame) -> DataFrame:
    """Each order once, with what was paid."""
    known = lines.where("order_id IS NOT NULL").transform(latest(["order_id"], ["updated_at"]))
    amount = F.col("payment.amount").cast("decimal(12,2)").alias("amount")
    return known.select("order_id", "customer_id", F.try_to_timestamp("ordered_at").alias("ordered_at"), amount)


def values(people: DataFrame, bought: DataFrame) -> DataFrame:
    """What each customer paid in all."""
    paid = bought.groupBy("customer_id").agg(F.count("*").alias("orders"), F.sum("amount").alias("amount"))
    name = F.concat_ws(" ", "first_name", "last_name").alias("name")
    return people.join(paid, "customer_id").select("customer_id", name, "country", "orders", "amount")


def newsletter(people: DataFrame, worth: DataFrame) -> DataFrame:
    """Where a newsletter goes, and how it begins."""
    bound = worth.agg(F.expr("percentile_approx(amount, 0.9)").alias("bound"))
    best = worth.crossJoin(bound).select("customer_id", (F.col("amount") >= F.col("bound")).alias("best"))
    salutation = F.concat(F.lit("Dear "), "first_name").alias("salutation")
    return people.join(best, "customer_id").select(F.col("email").alias("recipient"), salutation, "best")


def age_groups(people: DataFrame) -> DataFrame:
    """How many customers of each country were born in which decade."""
    decade = (F.floor(F.year("birth_date") / 10) * 10).cast("int").alias("decade")
    return people.groupBy("country", decade).agg(F.count("*").alias("customers")).where(F.col("customers") >= FEWEST)


def scores(people: DataFrame) -> DataFrame:
    """What a model makes of customers: Python, into which no plan looks."""

    def made(batches: Iterator[Any]) -> Iterator[Any]:
        for batch in batches:
            frame = batch[["customer_id"]].copy()
            frame["score"] = (batch["email"].str.len() % 10) / 10
            yield frame

    return people.select("customer_id", "email").mapInPandas(made, "customer_id STRING, score DOUBLE")


def describe(platform: DataPlatform) -> None:
    """What the tables are for, of which domain they are, and what in them is anonymous."""
    governance = platform.governance
    governance.take_in()
    for table in BUILT:
        domain = PEOPLE.get(table)
        comment = platform.declared(table).description
        governance.alter(table, comment=comment, tags=[f"domain={domain}"] if domain else [])
    # Groups of five or more are counted: that is said here, by somebody, and stands in the catalogue with their name.
    for column in ("country", "decade", "customers"):
        governance.alter(f"{AGES}.{column}", tags=["anonymised=yes"])


def classify(platform: DataPlatform) -> None:
    """Suggest, confirm what can be confirmed by who knows the tables, and let classes travel."""
    governance = platform.governance
    found = [one for table in SUGGESTED for one in governance.suggest(table)]
    platform.metric("columns suggested", len(found), "columns")
    governance.confirm(CUSTOMERS, ["email", "phone", "first_name", "last_name", "birth_date"], "confidential")
    governance.confirm(CUSTOMERS, ["customer_id", "city", "country", "segment"], "internal")
    governance.confirm(ORDERS, ["order_id", "customer_id", "ordered_at", "amount"], "internal")
    governance.confirm(AGES, ["country", "decade", "customers"], "public")
    done = governance.propagate()
    platform.metric("classes that travelled", len(done.suggested), "columns")
    if done.unknown:
        platform.alert(
            f"Of {plural(len(done.unknown), 'column')} the origin is not known, so no class came to them: "
            f"{', '.join(done.unknown)}."
        )


def report(platform: DataPlatform) -> None:
    """What is known of each column."""
    graph, rows = platform.governance.lineage(), []
    state = platform.governance.steward.policies
    for table in BUILT:
        for column in platform.reader(table).columns():
            one = state.class_of(full_name(table, state.catalog), column.name)
            rows.append(
                {
                    "table_name": table,
                    "column_name": column.name,
                    "sensitivity": one.sensitivity if one else None,
                    "state": one.state if one else "unknown",
                    "source": one.source if one else None,
                    **_origin(graph, table, column.name),
                }
            )
    schema = pa.schema(
        [
            (name, pa.int64() if name in ("origins", "files") else pa.string())
            for name in platform.declared(REPORT).columns
        ]
    )
    platform.write_rows(REPORT, pa.Table.from_pylist(rows, schema=schema))


def _origin(graph: LineageGraph, table: str, column: str) -> dict[str, Any]:
    """How much of a column's origin is known."""
    try:
        found = graph.provenance(traced(table), column)
    except UsageError:
        return {"origins": 0, "files": 0, "origin": "unknown"}
    direct = [one for one in found.columns if one.direct]
    outside = {one.source.name for one in direct if one.source.kind != "table"}
    origin = "unknown" if found.unknown else "known" if direct else "none"
    return {"origins": len(direct), "files": len(outside), "origin": origin}


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    sensitive, tables, gone = platform.sql(
        REPORT,
        "SELECT count(*), count(DISTINCT table_name), count(*) FILTER (WHERE table_name LIKE 'gold.%') FROM t "
        "WHERE sensitivity IN ('confidential', 'restricted')",
    )
    every, unknown, unclassified = platform.sql(
        REPORT,
        "SELECT count(*), count(*) FILTER (WHERE origin = 'unknown'), count(*) FILTER (WHERE state = 'unknown') FROM t",
    )
    return (
        f"Personal data are in {plural(sensitive, 'column')} of {plural(tables, 'table')}; {gone} of them have gone on to "
        f"gold. Of {plural(every, 'column')} the origin of {unknown} is not known; at {unclassified} nobody has looked, "
        "so they stay masked."
    )
