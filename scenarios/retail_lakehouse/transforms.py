"""What the retail lakehouse does to its frames: pure functions, nothing read or written."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from datasets.shop import schemas
from toolkit.etl.transform import Transform, filled_forward, latest_marked, trimmed, typed

SLIPPING, LOST = 3, 6
"""Overdue by so many times the customer's own rhythm."""
RHYTHM_ORDERS = 3
"""Fewer orders than these make no rhythm."""

CSV_FILES = (
    ("bronze.customers", "customers.csv", schemas.CUSTOMERS),
    ("bronze.products", "products.csv", schemas.PRODUCTS),
    ("bronze.exchange_rates", "exchange_rates.csv", schemas.EXCHANGE_RATES),
    ("bronze.inventory_snapshots", "inventory_snapshots.csv", schemas.INVENTORY_SNAPSHOTS),
)
JSON_FILES = (
    ("bronze.orders", "orders/*.json", schemas.ORDERS),
    ("bronze.returns", "returns.json", schemas.RETURNS),
)
"""Table, file and schema of each source. CSV has no types, so bronze keeps its text; JSON's numbers are exact decimals."""


def clean_customers(df: DataFrame) -> DataFrame:
    """Types, tidy text, and which row of a customer is the latest."""
    return (
        df.transform(trimmed("first_name", "last_name", "email", "country", "city"))
        .transform(typed(birth_date="date", registered_at="timestamp", updated_at="timestamp"))
        .transform(latest_marked("customer_id", "updated_at", "_source", "_row"))
    )


def clean_products(df: DataFrame) -> DataFrame:
    """Types, and the tags as an array."""
    return df.transform(typed(unit_price="decimal(12,2)", updated_at="timestamp")).withColumn(
        "tags", F.split("tags", r"\|")
    )


def clean_orders(df: DataFrame) -> DataFrame:
    """Types, tidy text, the payment flattened, and which row of an order is the latest."""
    return (
        df.transform(trimmed("note", lower=["status", "channel"]))
        .transform(typed(ordered_at="timestamp", updated_at="timestamp"))
        .withColumns(
            {
                "order_date": F.to_date("ordered_at"),
                "payment_method": F.col("payment.method"),
                "payment_card_last4": F.col("payment.card_last4"),
                "payment_amount": F.col("payment.amount"),
                "payment_installments": F.col("payment.installments"),
            }
        )
        .drop("payment")
        .transform(latest_marked("order_id", "updated_at", "_source", "_row"))
    )


def clean_returns(df: DataFrame) -> DataFrame:
    """Types and tidy text."""
    return df.transform(trimmed("reason")).transform(typed(returned_at="timestamp"))


def clean_exchange_rates(df: DataFrame) -> DataFrame:
    """Types."""
    return df.transform(typed(rate_date="date", rate_to_eur="decimal(18,8)"))


def clean_inventory_snapshots(df: DataFrame) -> DataFrame:
    """Types."""
    return df.transform(typed(snapshot_date="date", quantity_on_hand="int"))


CLEANED = {
    "customers": clean_customers,
    "products": clean_products,
    "orders": clean_orders,
    "returns": clean_returns,
    "exchange_rates": clean_exchange_rates,
    "inventory_snapshots": clean_inventory_snapshots,
}


def with_rate_of_the_day(rates: DataFrame, until: date) -> Transform:
    """Add `rate_to_eur`: the rate of the order's day, or of the last working day before it."""
    daily = rates.select("currency", F.col("rate_date").alias("order_date"), "rate_to_eur").transform(
        filled_forward("currency", "order_date", F.lit(until))
    )

    def transform(orders: DataFrame) -> DataFrame:
        return orders.join(F.broadcast(daily), ["currency", "order_date"], "left")

    return transform


def one_row_per_item(orders: DataFrame) -> DataFrame:
    """Explode the items; lines count from 1."""
    kept = ["order_id", "customer_id", "order_date", "status", "channel", "currency", "rate_to_eur", "refund_share"]
    lines = orders.select(*kept, F.posexplode("items").alias("_position", "_item"))
    return lines.select(*kept, (F.col("_position") + 1).alias("line"), "_item.*")


def with_category(products: DataFrame) -> Transform:
    """Add the product's `category`."""

    def transform(items: DataFrame) -> DataFrame:
        return items.join(F.broadcast(products.select("product_id", "category")), "product_id", "left")

    return transform


def with_stock(snapshots: DataFrame, until: date) -> Transform:
    """Add `stock_on_hand`: pieces in all warehouses at the last count on or before the order's day."""
    daily = (
        snapshots.groupBy("product_id", F.col("snapshot_date").alias("order_date"))
        .agg(F.sum("quantity_on_hand").alias("stock_on_hand"))
        .transform(filled_forward("product_id", "order_date", F.lit(until)))
    )

    def transform(items: DataFrame) -> DataFrame:
        return items.join(F.broadcast(daily), ["product_id", "order_date"], "left")

    return transform


def with_refund_share(returns: DataFrame) -> Transform:
    """Add `refund_share`: the part of the order that was paid back; null if it did not come back."""
    refunded = returns.groupBy("order_id").agg(F.max("refund_share").alias("refund_share"))

    def transform(orders: DataFrame) -> DataFrame:
        return orders.join(refunded, "order_id", "left")

    return transform


def with_amounts_in_euros(items: DataFrame) -> DataFrame:
    """Gross, refund and net in euros, rounded to cents, and `is_returned` in place of the share."""
    gross = _cents(F.col("quantity") * F.col("unit_price") * F.col("rate_to_eur"))
    refund = _cents(F.col("gross_eur") * F.coalesce("refund_share", F.lit(0)))
    return (
        items.withColumn("gross_eur", gross)
        .withColumn("refund_eur", refund)
        .withColumn("net_eur", (F.col("gross_eur") - F.col("refund_eur")).cast("decimal(14,2)"))
        .withColumn("is_returned", F.col("refund_share").isNotNull())
        .drop("refund_share")
    )


def sales_per_day(items: DataFrame) -> DataFrame:
    """Sales by day and channel, without cancelled orders."""
    return (
        items.where("status != 'cancelled'")
        .groupBy("order_date", "channel")
        .agg(
            # Every order has one line 1, so counting those counts orders without comparing ids.
            F.count_if(F.col("line") == 1).alias("orders"),
            F.sum("quantity").alias("items"),
            *[_total(name) for name in ("gross_eur", "refund_eur", "net_eur")],
        )
    )


def orders_per_customer(as_of: date) -> Transform:
    """First and last day, number of orders and money of each customer, without cancelled orders."""

    def transform(items: DataFrame) -> DataFrame:
        return (
            items.where("status != 'cancelled'")
            .groupBy("customer_id")
            .agg(
                F.min("order_date").alias("first_order_date"),
                F.max("order_date").alias("last_order_date"),
                F.count_if(F.col("line") == 1).alias("frequency"),
                _total("net_eur").alias("monetary_eur"),
            )
            .withColumn("recency_days", F.date_diff(F.lit(as_of), "last_order_date"))
        )

    return transform


def rfm_scored(customers: DataFrame) -> Transform:
    """Scores 1 to 5 on recency, frequency and money, and the segment they make.

    The limits of the fifths are exact percentiles, so the same data gives the same scores on any number of cores.
    """

    def transform(df: DataFrame) -> DataFrame:
        fifths = F.array(*[F.lit(share) for share in (0.2, 0.4, 0.6, 0.8)])
        limits = df.agg(
            *[F.percentile(name, fifths).alias(f"_{name}") for name in ("recency_days", "frequency", "monetary_eur")]
        )
        scored = df.crossJoin(F.broadcast(limits)).withColumns(
            {
                "recency_score": F.lit(6) - _fifth("recency_days"),
                "frequency_score": _fifth("frequency"),
                "monetary_score": _fifth("monetary_eur"),
            }
        )
        countries = customers.select("customer_id", "country")
        return (
            scored.withColumn("segment", _segment())
            .drop("_recency_days", "_frequency", "_monetary_eur")
            .join(countries, "customer_id", "left")
        )

    return transform


def churn_judged(quarantined_orders: DataFrame) -> Transform:
    """Who is overdue by their own rhythm, and whether an order in quarantine speaks against it."""
    rhythm = F.date_diff("last_order_date", "first_order_date") / (F.col("frequency") - 1)
    # Orders that were sent again are in silver in their later form: they are no sign of anything.
    witnesses = quarantined_orders.where("NOT array_contains(_rules, 'order_is_the_latest')").select(
        "customer_id", "order_date"
    )

    def transform(df: DataFrame) -> DataFrame:
        later = (
            df.select("customer_id", "last_order_date")
            .join(witnesses, "customer_id")
            .where("order_date > last_order_date")
            .groupBy("customer_id")
            .agg(F.count("*").alias("quarantined_orders"))
        )
        return (
            # Twice on one day is no rhythm of zero days: a day is the least.
            df.withColumn(
                "typical_gap_days",
                F.when(F.col("frequency") >= RHYTHM_ORDERS, F.round(F.greatest(rhythm, F.lit(1.0)), 2)),
            )
            .withColumn("overdue_ratio", F.round(F.col("recency_days") / F.col("typical_gap_days"), 2))
            .withColumn("risk", _risk())
            .join(later, "customer_id", "left")
            .withColumn("quarantined_orders", F.coalesce("quarantined_orders", F.lit(0)))
            .withColumn("trust", F.when(F.col("quarantined_orders") > 0, "doubtful").otherwise("solid"))
            .drop("first_order_date", "frequency")
        )

    return transform


ANSWER = (
    "SELECT count(CASE WHEN risk = 'slipping' THEN 1 END), count(*), "
    "coalesce(sum(CASE WHEN risk = 'slipping' THEN monetary_eur END), 0), "
    "count(CASE WHEN risk = 'slipping' AND trust = 'doubtful' THEN 1 END) FROM t"
)
"""Slipping customers, all customers, what the slipping ones spent, and how many of them are doubtful."""


def _cents(amount: Column) -> Column:
    return F.round(amount, 2).cast("decimal(14,2)")


def _total(name: str) -> Column:
    return F.sum(name).cast("decimal(18,2)").alias(name)


def _fifth(name: str) -> Column:
    """1 plus the number of limits that the value is above."""
    return F.lit(1) + F.size(F.filter(F.col(f"_{name}"), lambda limit: F.col(name) > limit))


def _segment() -> Column:
    recent, often, much = (F.col(f"{name}_score") for name in ("recency", "frequency", "monetary"))
    return (
        F.when((recent >= 4) & (often >= 4) & (much >= 4), "champions")  # noqa: PLR2004
        .when((recent >= 3) & (often >= 3), "loyal")  # noqa: PLR2004
        .when(recent >= 4, "promising")  # noqa: PLR2004
        .when((often >= 3) | (much >= 3), "needs attention")  # noqa: PLR2004
        .otherwise("hibernating")
    )


def _risk() -> Column:
    ratio = F.col("overdue_ratio")
    return (
        F.when(ratio.isNull(), "unknown")
        .when(ratio >= LOST, "lost")
        .when(ratio >= SLIPPING, "slipping")
        .otherwise("active")
    )
