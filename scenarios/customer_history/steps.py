"""The steps of a customer's history: from change events to a star schema that knows what was when."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from datasets.shop import schemas
from toolkit.etl.change_flow import ChangeFlow
from toolkit.etl.changes import Applied, apply_changes
from toolkit.etl.extract import read_csv, read_json
from toolkit.etl.late_members import inferred_members, misplaced, put_right
from toolkit.etl.load import insert_only, sync, upsert
from toolkit.etl.modelling import Lookup, date_dimension, date_key, dimension, fact
from toolkit.etl.transform import trimmed, typed
from toolkit.etl.windows import latest
from toolkit.platform import DataPlatform
from toolkit.quality.engine import Check
from toolkit.quality.rules import References, Unique

HISTORY, KEPT = "silver.customer_histories", "silver.customer_histories_kept"
DIM_CUSTOMERS, DIM_DATES, FACT_ORDERS = "gold.dim_customers", "gold.dim_dates", "gold.fact_orders"
LATE_SINCE = "2026-06-10"
"""Customers who registered since then come after their orders."""
KNOWN = ("customer_id", "first_name", "last_name", "street", "city", "postcode", "country", "segment")
"""What both files say of a customer."""
FLOW = ChangeFlow(
    keys=["customer_id"],
    sequence_by="at",
    apply_as_deletes="operation = 'delete'",
    except_column_list=["at", "operation"],
    stored_as_scd_type=2,
)


def land(platform: DataPlatform) -> None:
    """Land the shop."""
    platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)


def ingest(platform: DataPlatform) -> None:
    """Every line as it is."""
    spark, shop = platform.spark, platform.landing.files("shop")
    platform.landing.ingest(
        "bronze.history_customers", read_csv(spark, shop / "customers.csv", schemas.CUSTOMERS), "shop"
    )
    platform.landing.ingest(
        "bronze.history_changes", read_csv(spark, shop / "customer_changes.csv", schemas.CUSTOMER_CHANGES), "shop"
    )
    platform.landing.ingest("bronze.history_orders", read_json(spark, shop / "orders/*.json", schemas.ORDERS), "shop")


def history(platform: DataPlatform) -> None:
    """Three deliveries: the customers with the later half of their changes, the earlier half, and that once more."""
    for table in (HISTORY, KEPT):
        platform.etl.empty(table)
    earlier, later = halves(platform.read("bronze.history_changes"))
    known = customers(platform.read("bronze.history_customers")).where(f"at < '{LATE_SINCE}'")
    deliveries = {
        "customers, and the later half of their changes": known.unionByName(later),
        "the earlier half, which was held up": earlier,
        "the earlier half, sent again": earlier,
    }
    done = [_row(name, deliver(platform, events)) for name, events in deliveries.items()]
    columns = "delivery STRING, received LONG, late LONG, repeated LONG, kept LONG, inserted LONG, updated LONG, "
    schema = columns + "deleted LONG, version LONG"
    platform.write("ops.history_deliveries", platform.spark.createDataFrame(done, schema).coalesce(1))


def deliver(platform: DataPlatform, events: DataFrame) -> Applied:
    """Apply the events of one delivery to the history."""
    return platform.etl.into(HISTORY, apply_changes, events, FLOW)


def customers(rows: DataFrame) -> DataFrame:
    """Customers as events: as each was first known, and sent again."""
    # A row that was changed within the hour of the registration is how they registered.
    first = F.col("updated_at") < F.col("registered_at") + F.expr("INTERVAL 1 HOUR")
    at = F.when(first, F.col("registered_at")).otherwise(F.col("updated_at"))
    times = rows.transform(typed(registered_at="timestamp", updated_at="timestamp"))
    return times.select(*KNOWN, at.alias("at"), F.lit("update").alias("operation"))


def halves(rows: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The changes in two deliveries, as they arrived: `change_id` counts arrivals."""
    events = rows.transform(typed(changed_at="timestamp")).withColumn(
        "_half", F.ntile(2).over(Window.orderBy("change_id"))
    )
    columns = [*KNOWN, F.col("changed_at").alias("at"), "operation"]
    first, second = (events.where(F.col("_half") == half).select(*columns) for half in (1, 2))
    return first, second


def _row(delivery: str, done: Applied) -> tuple[object, ...]:
    counts = (done.received, done.late, done.repeated, done.kept, done.inserted, done.updated, done.deleted)
    return delivery, *counts, done.version


def star(platform: DataPlatform) -> None:
    """The star, of what is known: facts whose customers are not are given inferred ones."""
    platform.write(DIM_DATES, date_dimension(platform.spark, date(2026, 1, 1), date(2026, 12, 31)).coalesce(1))
    (version,) = platform.sql("ops.history_deliveries", "SELECT max(version) FROM t")
    known = dimension_of(platform, version)
    for table in (DIM_CUSTOMERS, FACT_ORDERS):
        platform.etl.empty(table)
    platform.etl.into(DIM_CUSTOMERS, upsert, known, ["customer_key"])
    facts = orders(platform.read("bronze.history_orders")).transform(fact(lookup(platform)))
    facts = facts.withColumn("date_key", date_key("ordered_at"))
    platform.etl.into(FACT_ORDERS, upsert, facts, ["order_id"])
    missing = inferred_members(platform.read(FACT_ORDERS), lookup(platform))
    platform.etl.into(DIM_CUSTOMERS, insert_only, missing, ["customer_key"])
    inferred = platform.read(DIM_CUSTOMERS).where("is_inferred").select("customer_key", "customer_id")
    counted = platform.read(FACT_ORDERS).select("customer_key").join(inferred, "customer_key").groupBy("customer_id")
    platform.write("ops.inferred_customers", counted.agg(F.count("*").alias("orders")).coalesce(1))
    judge(platform)


def dimension_of(platform: DataPlatform, version: int | None = None) -> DataFrame:
    """Customers as they were, with their surrogate keys and the unknown customer, of the history as it is or was."""
    unknown = {"segment": None, "last_name": "unknown"}
    return platform.read(HISTORY, version).transform(dimension(["customer_id"], "customer_key", unknown=unknown))


def lookup(platform: DataPlatform) -> Lookup:
    """How a fact finds its customer as they were."""
    return Lookup(platform.read(DIM_CUSTOMERS), "customer_key", on=["customer_id"], time="ordered_at")


def orders(lines: DataFrame) -> DataFrame:
    """The newest line of each order, with types."""
    return (
        lines.where("_corrupt_record IS NULL AND order_id IS NOT NULL")
        .transform(trimmed(lower=["status"]))
        .transform(typed(ordered_at="timestamp", updated_at="timestamp"))
        .transform(latest(["order_id"], ["updated_at", "_source", "_row"]))
        .select("order_id", "customer_id", "ordered_at", "status", "currency", F.col("payment.amount").alias("amount"))
    )


def checks(platform: DataPlatform) -> dict[str, Check]:
    """What holds of the star: each key of a fact is found, and no key stands for two rows."""
    references = {"customers": platform.read(DIM_CUSTOMERS), "dates": platform.read(DIM_DATES)}
    rules = (
        References(column="customer_key", to="customers", key="customer_key", description="Its customer is there."),
        References(column="date_key", to="dates", key="date_key", description="Its day is there."),
        Unique(columns=["order_id"], description="An order is one fact."),
    )
    return {FACT_ORDERS: Check(rules, references)}


def judge(platform: DataPlatform) -> None:
    """Measure the star's integrity after a load; facts of a day that the calendar does not have are found by it."""
    platform.quality.measure(FACT_ORDERS, checks(platform)[FACT_ORDERS])
    platform.quality.record()


def late(platform: DataPlatform) -> None:
    """The late customers come; inferred rows take what is known now, and facts that belong elsewhere move."""
    came = customers(platform.read("bronze.history_customers")).where(f"at >= '{LATE_SINCE}'")
    deliver(platform, came)
    right = put_right(platform.read(DIM_CUSTOMERS), dimension_of(platform), ["customer_id"], "customer_key")
    platform.etl.into(DIM_CUSTOMERS, sync, right, ["customer_key"])
    moved = platform.read(FACT_ORDERS).transform(misplaced(lookup(platform)))
    platform.metric("facts moved", platform.etl.into(FACT_ORDERS, upsert, moved, ["order_id"]).updated, "rows")
    judge(platform)


def ask(platform: DataPlatform) -> None:
    """By the segment that the customer had, and by the one that they have."""
    versions = platform.read(DIM_CUSTOMERS)
    then = versions.select("customer_key", F.col("segment").alias("segment_then"))
    now = versions.where("is_current AND NOT is_inferred AND customer_key != -1")
    now = now.select("customer_id", F.col("segment").alias("segment_now"))
    facts = platform.read(FACT_ORDERS).where("currency = 'EUR' AND status != 'cancelled'")
    joined = facts.join(then, "customer_key", "left").join(now, "customer_id", "left")
    revenue = F.sum("amount").cast("decimal(18,2)").alias("revenue")
    answers = joined.groupBy("segment_then", "segment_now").agg(F.count("*").alias("orders"), revenue)
    platform.write("gold.segment_answers", answers.coalesce(1))


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    known, other, then, now = platform.sql(
        "gold.segment_answers",
        "SELECT sum(orders), sum(orders) FILTER (WHERE segment_then != segment_now), "
        "sum(revenue) FILTER (WHERE segment_then = 'business'), sum(revenue) FILTER (WHERE segment_now = 'business') FROM t",
    )
    return (
        f"Of {known:,} orders in euros, {other or 0:,} were placed in another segment than the customer's today: businesses "
        f"paid {then:,.2f} EUR as they were then, and {now:,.2f} EUR by what they are now."
    )
