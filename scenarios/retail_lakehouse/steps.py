"""The steps of the retail lakehouse.

Each is short: what is done to a frame is in `transforms.py`, what is true of good data in `rules.py`.
"""

from __future__ import annotations

import pyarrow as pa

from scenarios.retail_lakehouse import transforms as t
from scenarios.retail_lakehouse.rules import DETECTED_BY, rules
from toolkit.errors import QualityGateFailed
from toolkit.etl.extract import read_csv, read_json
from toolkit.platform import DataPlatform
from toolkit.quality.engine import Check
from toolkit.store.write import export

__all__ = ["DETECTED_BY", "answer", "check", "checks", "clean", "enrich", "ingest", "land", "model", "publish"]

GOLD = ("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk")


def land(platform: DataPlatform) -> None:
    """Put the shop's files where a pipeline can find them."""
    platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)


def ingest(platform: DataPlatform) -> None:
    """Read every file into bronze as it is: nothing is dropped, nothing is guessed."""
    spark, files = platform.spark, platform.landing.files("shop")
    for table, file, schema in t.CSV_FILES:
        platform.landing.ingest(table, read_csv(spark, files / file, schema), "shop")
    for table, file, schema in t.JSON_FILES:
        platform.landing.ingest(table, read_json(spark, files / file, schema), "shop")


def clean(platform: DataPlatform) -> None:
    """Say what a clean row is; Spark does the work when `check` asks for the rows."""
    for name, cleaned in t.CLEANED.items():
        platform.frames[name] = platform.read(f"bronze.{name}").transform(cleaned)


def checks(platform: DataPlatform) -> dict[str, Check]:
    """The rules of each table, with the frames that they refer to."""
    references = {name: platform.read(f"bronze.{name}") for name in ("products", "exchange_rates", "orders")}
    return {table: Check(declared, references) for table, declared in rules(platform.parameters.as_of).items()}


def check(platform: DataPlatform) -> None:
    """Part good rows from bad, count both, and stop if the run is strict and the data is not good enough."""
    for table, declared in checks(platform).items():
        platform.quality.check(table, platform.frames[table.removeprefix("silver.")], declared)
    platform.quality.record()
    failed = [f"{r.rule.name} on {found.table}" for found in platform.quality.results for r in found.blocking]
    if failed and platform.parameters.fail_on_quality:
        raise QualityGateFailed(
            f"Stopped before enriching: more rows than allowed break {', '.join(failed)}.",
            cure="Look at the rows: toolkit quality results. Then mend the source, or run without fail_on_quality.",
        )


def enrich(platform: DataPlatform) -> None:
    """One row per order line, in euros, with returns and stock."""
    until = platform.parameters.as_of
    lines = (
        platform.read("silver.orders")
        .transform(t.with_rate_of_the_day(platform.read("silver.exchange_rates"), until))
        .transform(t.with_refund_share(platform.read("silver.returns")))
        .transform(t.one_row_per_item)
        .transform(t.with_category(platform.read("silver.products")))
        .transform(t.with_stock(platform.read("silver.inventory_snapshots"), until))
        .transform(t.with_amounts_in_euros)
    )
    platform.write("silver.order_items", lines)


def model(platform: DataPlatform) -> None:
    """Answer the question, three ways."""
    as_of = platform.parameters.as_of
    items = platform.read("silver.order_items")
    customers = items.transform(t.orders_per_customer(as_of)).persist()  # asked twice
    platform.write("gold.daily_sales", items.transform(t.sales_per_day))
    platform.write("gold.customers_rfm", customers.transform(t.rfm_scored(platform.read("silver.customers"))))
    platform.write("gold.churn_risk", customers.transform(t.churn_judged(platform.read("quarantine.orders"))))
    customers.unpersist()


def publish(platform: DataPlatform) -> None:
    """Export gold for those who cannot read Delta, and note what was exported."""
    rows = []
    for table in GOLD:
        df = platform.read(table)
        version, count = platform.state(table)
        for form in ("parquet", "avro"):
            folder = platform.export_folder(table, form)
            export(df, folder, form)
            rows.append((table, version, form, f"exports/{table}/{form}", count))
    names = "table_name", "table_version", "format", "location", "row_count"
    platform.write_rows("ops.publications", pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]))


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    slipping, customers, euros, doubtful = platform.sql("gold.churn_risk", t.ANSWER)
    trust = (
        f"{doubtful:,} of them may only seem to: a later order of theirs lies in quarantine."
        if doubtful
        else "None of them has a later order in quarantine."
    )
    return f"{slipping:,} of {customers:,} customers are slipping away; they spent {euros:,.0f} EUR. {trust}"
