"""The retail lakehouse as one plain PySpark script: what the toolkit's run is measured against.

It imports nothing of the toolkit. Same files in; same bronze, silver, quarantine and gold tables and the same exports out,
by the same rules, with the usual economies: broadcast joins, keys held as literals, aggregates that are used twice cached.
It writes no quality results, no publications, no commit signatures and no column comments, counts nothing, and cannot
resume.

    python plain_retail.py LANDED_FOLDER LAKEHOUSE_FOLDER AS_OF PROPERTIES_JSON
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

ORIGIN = "_source", "_row", "_ingested_at", "_run_id"
HIDDEN = "_row", "_known"
READABLE = "_corrupt_record IS NULL"
CSV = {
    "customers": "customer_id STRING, first_name STRING, last_name STRING, email STRING, phone STRING, street STRING, "
    "city STRING, postcode STRING, country STRING, birth_date STRING, segment STRING, registered_at STRING, "
    "updated_at STRING",
    "products": "product_id STRING, name STRING, category STRING, tags STRING, unit_price STRING, updated_at STRING",
    "exchange_rates": "rate_date STRING, currency STRING, rate_to_eur STRING",
    "inventory_snapshots": "snapshot_date STRING, product_id STRING, warehouse STRING, quantity_on_hand STRING",
}
JSON = {
    "orders": "order_id STRING, customer_id STRING, ordered_at STRING, status STRING, updated_at STRING, "
    "channel STRING, currency STRING, "
    "payment STRUCT<method: STRING, card_last4: STRING, amount: DECIMAL(12,2), installments: INT>, "
    "items ARRAY<STRUCT<product_id: STRING, quantity: INT, unit_price: DECIMAL(12,2)>>, note STRING",
    "returns": "return_id STRING, order_id STRING, returned_at STRING, reason STRING, refund_share DECIMAL(5,4)",
}
Rule = tuple[str, str, str, str, str]
"""Name, column, SQL condition that is true of a bad row, what such a row is said to be, what was expected."""


class Lakehouse:
    """Delta tables in a folder; prints how long each write took."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        self.spark = spark
        self.root = root
        self.began = time.monotonic()

    def read(self, table: str) -> DataFrame:
        """A table, by `layer.name`."""
        return self.spark.read.format("delta").load(str(self.root.joinpath(*table.split("."))))

    def write(self, table: str, df: DataFrame) -> None:
        """Replace a table."""
        df.write.format("delta").mode("overwrite").save(str(self.root.joinpath(*table.split("."))))
        self.tell(table)

    def export(self, table: str) -> None:
        """Write a table as one Parquet and one Avro file."""
        for form in ("parquet", "avro"):
            folder = self.root / "exports" / table / form
            self.read(table).coalesce(1).write.format(form).mode("overwrite").save(str(folder))
        self.tell(f"exports of {table}")

    def tell(self, what: str) -> None:
        """Print the seconds since the last such line."""
        now = time.monotonic()
        sys.stdout.write(json.dumps({"what": what, "seconds": round(now - self.began, 3)}) + "\n")
        self.began = now


# --- bronze ---------------------------------------------------------------------------------------------------------------


def ingest(lake: Lakehouse, landed: Path) -> None:
    """Every file into bronze, as it is."""
    reader = lake.spark.read.option("columnNameOfCorruptRecord", "_corrupt_record")
    for name, schema in CSV.items():
        with_corrupt = reader.schema(f"{schema}, _corrupt_record STRING")
        df = with_corrupt.option("header", True).option("escape", '"').csv(str(landed / f"{name}.csv"))
        lake.write(f"bronze.{name}", with_origin(df, landed))
    for name, schema in JSON.items():
        files = landed / ("orders/*.json" if name == "orders" else f"{name}.json")
        df = lake.spark.read.schema(f"{schema}, _corrupt_record STRING").json(str(files))
        lake.write(f"bronze.{name}", with_origin(whole_lines(df), landed))


def whole_lines(df: DataFrame) -> DataFrame:
    """Nothing of a line that is kept as text: Spark gives the fields that it read before the damage."""
    return df.withColumns({name: F.when(F.expr(READABLE), F.col(name)) for name in df.columns if name[0] != "_"})


def with_origin(df: DataFrame, landed: Path) -> DataFrame:
    """Add where each row came from."""
    return df.select(
        "*",
        F.substring_index("_metadata.file_path", f"/{landed.name}/", -1).alias("_source"),
        F.monotonically_increasing_id().alias("_row"),
        F.lit(datetime.now(UTC)).cast("timestamp").alias("_ingested_at"),
        F.lit("plain").alias("_run_id"),
    )


# --- silver and quarantine ------------------------------------------------------------------------------------------------


def tidy(name: str) -> Column:
    """Trimmed text; null when nothing is left."""
    return F.nullif(F.trim(F.col(name)), F.lit("")).alias(name)


def cast(name: str, to: str) -> Column:
    """A typed column; null for what cannot be cast."""
    return F.col(name).try_cast(to).alias(name)


def with_latest(df: DataFrame, key: str) -> DataFrame:
    """Mark rows that a later row of the same key supersedes; only keys that occur twice are broadcast."""
    order = F.struct("updated_at", "_source", "_row")
    keyed = df.where(F.col(key).isNotNull()).groupBy(F.col(key).alias("_key"))
    newest = keyed.agg(F.max(order).alias("_newest"), F.count("*").alias("_n")).where("_n > 1").drop("_n")
    joined = df.join(F.broadcast(newest), F.col(key) == F.col("_key"), "left")
    return joined.withColumn("_is_latest", F.coalesce(order >= F.col("_newest"), F.lit(True))).drop("_key", "_newest")


def part(lake: Lakehouse, name: str, df: DataFrame, rules: list[Rule], mild: Iterable[str] = ()) -> None:
    """Write the good rows to silver and the rest, with reasons, to quarantine.

    Args:
        lake: where.
        name: of the table, without its layer.
        df: all rows, with any columns that rules need beyond those of the table.
        rules: all of them.
        mild: names of those that only warn.
    """
    mild = list(mild)
    broken = F.array_compact(F.array(*[F.when(F.expr(rule[2]), reason(rule)) for rule in rules]))
    names = F.expr("transform(_violations, v -> v.rule)")
    warnings = F.array(*map(F.lit, mild)) if mild else F.array().cast("array<string>")
    marked = df.withColumn("_violations", broken).withColumn("_rules", F.array_except(names, warnings))
    kept = [column for column in df.columns if column not in HIDDEN]
    good = [column for column in kept if column not in {"_corrupt_record", "_is_latest"}]
    valid = marked.where("size(_rules) = 0").select(*good, F.array_intersect(names, warnings).alias("_warnings"))
    lake.write(f"silver.{name}", valid)
    lake.write(f"quarantine.{name}", marked.where("size(_rules) > 0").select(*kept, "_violations", "_rules"))


def reason(rule: Rule) -> Column:
    """What the quarantine says of a broken rule."""
    name, column, _, said, expectation = rule
    return F.struct(
        F.lit(name).alias("rule"),
        F.lit(column).alias("column"),
        F.col(column).cast("string").alias("value"),
        F.lit(f"{said}. Expected: {expectation}").alias("message"),
    )


def readable(thing: str) -> Rule:
    """The line could be parsed."""
    return (
        f"{thing}_is_readable",
        "_corrupt_record",
        "_corrupt_record IS NOT NULL",
        "_corrupt_record IS NULL is not true",
        "The line could be read.",
    )


def latest(thing: str) -> Rule:
    """The row was not superseded."""
    return (
        f"{thing}_is_the_latest",
        f"{thing}_id",
        "NOT _is_latest",
        "_is_latest is not true",
        f"No later row of this {thing} was sent.",
    )


def given(name: str, column: str, message: str) -> Rule:
    """A readable row has the value."""
    return (name, column, f"{READABLE} AND {column} IS NULL", f"{column} is missing", message)


def customers(lake: Lakehouse) -> None:
    """One row per customer, as last known."""
    df = lake.read("bronze.customers")
    df = df.withColumns({name: tidy(name) for name in ("first_name", "last_name", "email", "country", "city")})
    df = df.withColumns(
        {"birth_date": cast("birth_date", "date")}
        | {name: cast(name, "timestamp") for name in ("registered_at", "updated_at")}
    )
    address, mojibake = r"^(?:[^@\\s]+@[^@\\s.]+(?:\\.[^@\\s.]+)+)$", "[\u00c2-\u00c5][\u0080-\u00bf]"
    rules = [
        readable("customer"),
        latest("customer"),
        given("customer_id_is_given", "customer_id", "The customer has an id."),
        given("country_is_given", "country", "The country is given."),
        (
            "email_is_an_address",
            "email",
            f"NOT email RLIKE '{address}'",
            "email does not have the form of an e-mail address",
            "The e-mail has the form of an address.",
        ),
        (
            "first_name_is_legible",
            "first_name",
            f"first_name RLIKE '{mojibake}'",
            "first_name was read in another encoding than it was written in",
            "The name's accents were read in the encoding they were written in.",
        ),
    ]
    part(lake, "customers", with_latest(df, "customer_id"), rules)


def products(lake: Lakehouse) -> None:
    """One row per product."""
    df = lake.read("bronze.products").withColumns(
        {
            "unit_price": cast("unit_price", "decimal(12,2)"),
            "updated_at": cast("updated_at", "timestamp"),
            "tags": F.split("tags", r"\|"),
        }
    )
    rules = [
        readable("product"),
        given("product_id_is_given", "product_id", "The product has an id."),
        given("price_is_given", "unit_price", "The price is a number."),
        (
            "price_is_positive",
            "unit_price",
            "unit_price <= 0",
            "unit_price > 0 is not true",
            "The price is above zero.",
        ),
    ]
    part(lake, "products", df, rules)


def orders(lake: Lakehouse, as_of: str) -> None:
    """One row per order, as last known, payment flattened."""
    times = {name: cast(name, "timestamp") for name in ("ordered_at", "updated_at")}
    text = {"note": tidy("note"), "status": F.lower(tidy("status")), "channel": F.lower(tidy("channel"))}
    df = lake.read("bronze.orders").withColumns(times | text).withColumn("order_date", F.to_date("ordered_at"))
    payment = [
        F.col(f"payment.{part}").alias(f"payment_{part}") for part in ("method", "card_last4", "amount", "installments")
    ]
    columns = ("order_id", "customer_id", "ordered_at", "order_date", "status", "channel", "currency")
    df = df.select(*columns, *payment, "items", "note", "updated_at", "_corrupt_record", *ORIGIN)
    known = {
        name: keys(lake, table, name) for table, name in (("products", "product_id"), ("exchange_rates", "currency"))
    }
    part(lake, "orders", with_latest(df, "order_id"), order_rules(as_of, **known), mild=["order_came_in_time"])


def keys(lake: Lakehouse, table: str, column: str) -> str:
    """The distinct values of a small table's key, as SQL literals."""
    found = lake.read(f"bronze.{table}").select(column).where(f"{column} IS NOT NULL").distinct().collect()
    return ", ".join(sorted(repr(row[0]) for row in found))


def order_rules(as_of: str, product_id: str, currency: str) -> list[Rule]:
    """The rules of orders, given the known products and currencies as SQL literals."""
    came = "try_cast(regexp_extract(_source, '[0-9]{4}-[0-9]{2}-[0-9]{2}', 0) AS DATE)"
    return [
        readable("order"),
        latest("order"),
        given("order_id_is_given", "order_id", "The order has an id."),
        given("customer_is_known", "customer_id", "The order says who ordered."),
        given("time_is_given", "ordered_at", "The time of ordering is a time."),
        (
            "order_is_not_in_the_future",
            "ordered_at",
            f"order_date > DATE '{as_of}'",
            f"order_date <= DATE '{as_of}' is not true",
            f"It was not ordered after {as_of}.",
        ),
        (
            "quantities_are_positive",
            "items",
            "exists(items, i -> i.quantity <= 0)",
            "forall(items, item -> item.quantity > 0) is not true",
            "Every quantity is above zero.",
        ),
        (
            "products_exist",
            "items.product_id",
            f"exists(items, i -> i.product_id NOT IN ({product_id}))",
            "A value in items.product_id is no product_id of products",
            "Every product ordered is one that the shop sells.",
        ),
        (
            "currency_has_a_rate",
            "currency",
            f"currency NOT IN ({currency})",
            "currency is no currency of exchange_rates",
            "There is an exchange rate for the order's currency.",
        ),
        (
            "status_is_known",
            "status",
            "status NOT IN ('placed', 'shipped', 'delivered', 'cancelled')",
            "status is none of its values",
            "The status is one of four.",
        ),
        (
            "channel_is_known",
            "channel",
            "channel NOT IN ('web', 'store', 'app')",
            "channel is none of its values",
            "The channel is one of three.",
        ),
        (
            "order_came_in_time",
            "_source",
            f"date_diff({came}, order_date) > 2",
            "the order came late",
            "The order came at most two days after it was placed.",
        ),
    ]


def returns(lake: Lakehouse) -> None:
    """Returns of orders that exist."""
    df = lake.read("bronze.returns").withColumns(
        {"reason": tidy("reason"), "returned_at": cast("returned_at", "timestamp")}
    )
    wanted = F.broadcast(df.select("order_id"))
    known = lake.read("bronze.orders").select("order_id").join(wanted, "order_id", "left_semi").distinct()
    df = df.join(F.broadcast(known.withColumn("_known", F.lit(True))), "order_id", "left").select(*df.columns, "_known")
    rules = [
        readable("return"),
        given("return_id_is_given", "return_id", "The return has an id."),
        (
            "order_exists",
            "order_id",
            "order_id IS NOT NULL AND _known IS NULL",
            "order_id is no order_id of orders",
            "The order that came back exists.",
        ),
        (
            "refund_is_a_share",
            "refund_share",
            "refund_share <= 0 OR refund_share > 1",
            "refund_share is no share",
            "The refund is above zero and at most the whole amount.",
        ),
    ]
    part(lake, "returns", df, rules)


def exchange_rates(lake: Lakehouse) -> None:
    """Rates, typed."""
    df = lake.read("bronze.exchange_rates").withColumns(
        {"rate_date": cast("rate_date", "date"), "rate_to_eur": cast("rate_to_eur", "decimal(18,8)")}
    )
    rules = [
        readable("rate"),
        given("day_is_given", "rate_date", "The rate has a day."),
        (
            "rate_is_positive",
            "rate_to_eur",
            "rate_to_eur <= 0",
            "rate_to_eur > 0 is not true",
            "The rate is above zero.",
        ),
    ]
    part(lake, "exchange_rates", df, rules)


def inventory_snapshots(lake: Lakehouse) -> None:
    """Stock, typed."""
    df = lake.read("bronze.inventory_snapshots").withColumns(
        {"snapshot_date": cast("snapshot_date", "date"), "quantity_on_hand": cast("quantity_on_hand", "int")}
    )
    rules = [
        readable("snapshot"),
        (
            "stock_is_not_negative",
            "quantity_on_hand",
            "quantity_on_hand < 0",
            "quantity_on_hand >= 0 is not true",
            "There are no fewer than no pieces.",
        ),
    ]
    part(lake, "inventory_snapshots", df, rules)


# --- one row per order line -----------------------------------------------------------------------------------------------


def daily(df: DataFrame, key: str, as_of: str) -> DataFrame:
    """One row per key and day: each value holds until the next one's day, the last until `as_of`."""
    following = f"lead(order_date) OVER (PARTITION BY {key} ORDER BY order_date)"
    last = f"coalesce(date_sub({following}, 1), greatest(DATE '{as_of}', order_date))"
    until = df.withColumn("_last", F.expr(last))
    return until.withColumn("order_date", F.expr("explode(sequence(order_date, _last))")).drop("_last")


def order_items(lake: Lakehouse, as_of: str) -> None:
    """Orders, one row per line, in euros; what belongs to the order is joined before its lines are told apart."""
    rates = lake.read("silver.exchange_rates").selectExpr("currency", "rate_date AS order_date", "rate_to_eur")
    counts = lake.read("silver.inventory_snapshots").groupBy("product_id", F.col("snapshot_date").alias("order_date"))
    stock = counts.agg(F.sum("quantity_on_hand").alias("stock_on_hand"))
    shares = lake.read("silver.returns").groupBy("order_id").agg(F.max("refund_share").alias("_share"))
    categories = lake.read("silver.products").select("product_id", "category")
    head = ("order_id", "customer_id", "order_date", "status", "channel", "currency", "rate_to_eur", "_share")
    lines = (
        lake.read("silver.orders")
        .join(F.broadcast(daily(rates, "currency", as_of)), ["currency", "order_date"], "left")
        .join(F.broadcast(shares), "order_id", "left")
        .select(*head, F.posexplode("items").alias("_position", "_item"))
        .select(*head, (F.col("_position") + 1).alias("line"), "_item.*")
        .join(F.broadcast(categories), "product_id", "left")
        .join(F.broadcast(daily(stock, "product_id", as_of)), ["product_id", "order_date"], "left")
        .withColumn("gross_eur", F.expr("CAST(round(quantity * unit_price * rate_to_eur, 2) AS DECIMAL(14,2))"))
        .withColumn("refund_eur", F.expr("CAST(round(gross_eur * coalesce(_share, 0), 2) AS DECIMAL(14,2))"))
        .withColumn("net_eur", F.expr("CAST(gross_eur - refund_eur AS DECIMAL(14,2))"))
        .withColumn("is_returned", F.expr("_share IS NOT NULL"))
    )
    lake.write("silver.order_items", lines.select(*LINE_COLUMNS))


LINE_COLUMNS = (
    *("order_id", "line", "customer_id", "order_date", "status", "channel", "product_id", "category", "quantity"),
    *("unit_price", "currency", "rate_to_eur", "gross_eur", "refund_eur", "net_eur", "is_returned", "stock_on_hand"),
)


# --- gold -----------------------------------------------------------------------------------------------------------------


def total(name: str) -> Column:
    """A sum of money."""
    return F.sum(name).cast("decimal(18,2)").alias(name)


def gold(lake: Lakehouse, as_of: str) -> None:
    """Sales per day, customers by recency, frequency and money, and who is slipping away."""
    items = lake.read("silver.order_items").where("status != 'cancelled'")
    money = [total(name) for name in ("gross_eur", "refund_eur", "net_eur")]
    orders, pieces = F.count_if(F.col("line") == 1), F.sum("quantity").alias("items")
    lake.write("gold.daily_sales", items.groupBy("order_date", "channel").agg(orders.alias("orders"), pieces, *money))
    per_customer = items.groupBy("customer_id").agg(
        F.min("order_date").alias("first_order_date"),
        F.max("order_date").alias("last_order_date"),
        orders.alias("frequency"),
        total("net_eur").alias("monetary_eur"),
    )
    per_customer = per_customer.withColumn(
        "recency_days", F.expr(f"date_diff(DATE '{as_of}', last_order_date)")
    ).persist()
    lake.write("gold.customers_rfm", rfm(per_customer, lake.read("silver.customers")))
    lake.write("gold.churn_risk", churn(per_customer, lake.read("quarantine.orders")))
    per_customer.unpersist()


def rfm(df: DataFrame, customers: DataFrame) -> DataFrame:
    """Scores 1 to 5, by exact fifths that the driver reads once."""
    fifths = "array(0.2, 0.4, 0.6, 0.8)"
    measures = ("recency_days", "frequency", "monetary_eur")
    limits = df.selectExpr(*[f"percentile({name}, {fifths}) AS {name}" for name in measures]).collect()[0]
    above = {name: fifth(name, limits[name] or []) for name in measures}
    scored = df.selectExpr(
        "*",
        f"6 - ({above['recency_days']}) AS recency_score",
        f"{above['frequency']} AS frequency_score",
        f"{above['monetary_eur']} AS monetary_score",
    )
    segment = """CASE
        WHEN recency_score >= 4 AND frequency_score >= 4 AND monetary_score >= 4 THEN 'champions'
        WHEN recency_score >= 3 AND frequency_score >= 3 THEN 'loyal'
        WHEN recency_score >= 4 THEN 'promising'
        WHEN frequency_score >= 3 OR monetary_score >= 3 THEN 'needs attention'
        ELSE 'hibernating' END"""
    joined = scored.join(customers.select("customer_id", "country"), "customer_id", "left")
    return joined.withColumn("segment", F.expr(segment)).select(*RFM_COLUMNS)


def fifth(name: str, limits: list[float]) -> str:
    """SQL for 1 plus the number of limits that the value is above."""
    return " + ".join(["1", *[f"CAST({name} > {limit!r}D AS INT)" for limit in limits]])


RFM_COLUMNS = (
    *("customer_id", "country", "first_order_date", "last_order_date", "recency_days", "frequency", "monetary_eur"),
    *("recency_score", "frequency_score", "monetary_score", "segment"),
)


def churn(df: DataFrame, quarantined: DataFrame) -> DataFrame:
    """Who is overdue by their own rhythm, and whether an order in quarantine speaks against it."""
    witnesses = quarantined.where("NOT array_contains(_rules, 'order_is_the_latest')").select(
        "customer_id", "order_date"
    )
    later = df.select("customer_id", "last_order_date").join(F.broadcast(witnesses), "customer_id")
    later = later.where("order_date > last_order_date").groupBy("customer_id").agg(F.count("*").alias("_later"))
    rhythm = "greatest(date_diff(last_order_date, first_order_date) / (frequency - 1), 1.0D)"
    judged = (
        df.join(F.broadcast(later), "customer_id", "left")
        .withColumn("typical_gap_days", F.expr(f"CASE WHEN frequency > 2 THEN round({rhythm}, 2) END"))
        .withColumn("overdue_ratio", F.expr("round(recency_days / typical_gap_days, 2)"))
        .withColumn("quarantined_orders", F.expr("coalesce(_later, 0L)"))
    )
    risk = """CASE WHEN overdue_ratio IS NULL THEN 'unknown' WHEN overdue_ratio >= 6 THEN 'lost'
        WHEN overdue_ratio >= 3 THEN 'slipping' ELSE 'active' END"""
    trust = "CASE WHEN quarantined_orders > 0 THEN 'doubtful' ELSE 'solid' END"
    return judged.selectExpr(
        *("customer_id", "last_order_date", "recency_days", "typical_gap_days", "overdue_ratio"),
        *(f"{risk} AS risk", "monetary_eur", "quarantined_orders", f"{trust} AS trust"),
    )


def main(landed: Path, root: Path, as_of: str, properties: Path) -> None:
    """Everything, in order."""
    builder = SparkSession.builder.appName("plain retail")
    for key, value in json.loads(properties.read_text(encoding="utf-8")).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    lake = Lakehouse(spark, root)
    ingest(lake, landed)
    for refine in (customers, products):
        refine(lake)
    orders(lake, as_of)
    for refine in (returns, exchange_rates, inventory_snapshots):
        refine(lake)
    order_items(lake, as_of)
    gold(lake, as_of)
    for table in ("gold.daily_sales", "gold.customers_rfm", "gold.churn_risk"):
        lake.export(table)
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
