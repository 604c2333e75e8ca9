"""The steps of a bad day. What goes wrong is in `bad_day.py`, what is true of a good order in `rules/orders.yaml`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from datasets.shop import schemas
from scenarios.quality_gate import bad_day
from toolkit import paths
from toolkit.errors import QualityGateFailed
from toolkit.etl.extract import read_csv, read_json, with_origin
from toolkit.etl.transform import Transform, filled_forward, latest_marked, trimmed, typed
from toolkit.platform import DataPlatform
from toolkit.quality import rules
from toolkit.quality.actions import Actions
from toolkit.quality.engine import Check
from toolkit.quality.history import measurements
from toolkit.quality.recommendations import Recommendation, recommendations
from toolkit.quality.repair import set_columns
from toolkit.store.reader import DeltaReader

ORDERS, QUARANTINE = "silver.gate_orders", "quarantine.gate_orders"
DAY = date.fromisoformat(bad_day.DAY)
DETECTED_BY = {
    "duplicate_order": (ORDERS, "order_is_the_latest"),
    "null_customer": (ORDERS, "customer_is_known"),
    "negative_quantity": (ORDERS, "quantities_are_positive"),
    "unknown_product": (ORDERS, "products_exist"),
    "future_date": (ORDERS, "order_is_not_in_the_future"),
    "malformed_json": (ORDERS, "order_is_readable"),
    "currency_without_rate": (ORDERS, "currency_has_a_rate"),
    "late_file": (ORDERS, "order_came_in_time"),
    "currency_symbol": (ORDERS, "currency_has_a_rate"),
    "lost_customer": (ORDERS, "customer_is_known"),
    "sent_twice": (ORDERS, "order_is_the_latest"),
}
"""Which rule finds which planted defect, the shop's own and those of the bad day: the table it is on, and its name."""
_GOOD_ROWS_GO_OUT = Actions(critical="warn")


def land(platform: DataPlatform) -> None:
    """Land the shop, and beside it the bad day's file, which stands in for the shop's own."""
    shop = platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)
    day = bad_day.write(shop, delivery(platform))
    platform.metric("rows spoilt", len(day.planted), "rows")


def delivery(platform: DataPlatform) -> Path:
    """The folder of the bad day's file, the shop's corrections and the answer key."""
    chosen = platform.parameters
    return paths.home() / "landing" / f"quality_gate-orders={chosen.orders}-seed={chosen.seed}"


def ingest(platform: DataPlatform) -> None:
    """Read every line into bronze as it is; of the bad day, the file that came."""
    spark, shop = platform.spark, platform.landing.files("shop")
    usual = with_origin(
        read_json(spark, shop / "orders/*.json", schemas.ORDERS), shop, platform.run_id, datetime.now(UTC)
    )
    day = platform.landing.readable(delivery(platform))
    came = with_origin(read_json(spark, day / bad_day.FILE, schemas.ORDERS), day, platform.run_id, datetime.now(UTC))
    platform.write("bronze.gate_orders", usual.where(F.col("_source") != bad_day.FILE).unionByName(came))
    platform.landing.ingest("bronze.gate_products", read_csv(spark, shop / "products.csv", schemas.PRODUCTS), "shop")
    platform.landing.ingest(
        "bronze.gate_rates", read_csv(spark, shop / "exchange_rates.csv", schemas.EXCHANGE_RATES), "shop"
    )


def checks(platform: DataPlatform) -> dict[str, Check]:
    """The rules of the published table, with the frames that they refer to."""
    declared = rules.load(platform.scenario.folder / "rules" / "orders.yaml")
    references = {name: platform.read(f"bronze.gate_{name}") for name in ("products", "rates")}
    return {declared.table: Check(declared.rules, references)}


def audit(platform: DataPlatform) -> None:
    """Publish the days before; then try the load of the bad day, and find the published table as it was."""
    came = platform.read("bronze.gate_orders").withColumn("_is_new", _is_new())
    usual = _audited(platform, "the days before", came.where("NOT _is_new"))
    platform.quality.record()
    bad = _audited(platform, f"the night of {bad_day.DAY}", came)
    columns = "load STRING, row_count LONG, new_count LONG, new_bad_count LONG, stopped_by STRING, "
    schema = columns + "version_before LONG, version_after LONG"
    platform.write("ops.gate_audits", platform.spark.createDataFrame([usual, bad], schema).coalesce(1))


def _audited(
    platform: DataPlatform, load: str, came: DataFrame
) -> tuple[str, int, int, int, str, int | None, int | None]:
    """What became of one load: a row of `ops.gate_audits`."""
    before = _version(platform)
    stopped_by = ""
    try:
        platform.quality.check(ORDERS, came.transform(clean), checks(platform)[ORDERS])
    except QualityGateFailed as refused:
        stopped_by = ", ".join(one.rule.name for one in platform.quality.results[-1].stops)
        platform.alert(refused.what)
    new, bad = (_count(frame, "_is_new") for frame in (came, platform.read(QUARANTINE)))
    return load, platform.quality.results[-1].rows, new, bad, stopped_by, before, _version(platform)


def clean(orders: DataFrame) -> DataFrame:
    """Types, tidy text, the amount out of the payment, and which row of an order is the latest."""
    return (
        orders.transform(trimmed(lower=["status", "channel"]))
        .transform(typed(ordered_at="timestamp", updated_at="timestamp"))
        .withColumns({"order_date": F.to_date("ordered_at"), "amount": F.col("payment.amount")})
        .drop("payment", "note")
        .transform(latest_marked("order_id", "updated_at", "_source", "_row"))
    )


def diagnose(platform: DataPlatform) -> None:
    """Ask the evidence: of the rows that broke a rule, what do most have in common, and since when?"""
    found = measurements(platform.reader("ops.quality_results"), table=ORDERS)
    tables = {name: platform.reader(name) for name in (ORDERS, QUARANTINE)}
    rows = [_finding(one, tables[QUARANTINE]) for one in recommendations(found, tables.get)]
    columns = "rule STRING, severity STRING, row_count LONG, cause STRING, cause_share DOUBLE, begins_at TIMESTAMP, "
    platform.write("ops.gate_findings", platform.spark.createDataFrame(rows, columns + "text STRING").coalesce(1))


def _finding(one: Recommendation, quarantine: DeltaReader) -> tuple[object, ...]:
    cause = f"{one.cause.column} = {one.cause.value}" if one.cause else None
    begins_at = None
    if one.cause and one.cause.column == "_source":
        where = f"array_has(_rules, '{one.rule}') AND _source = '{one.cause.value}'"
        begins_at = quarantine.sql(f"SELECT min(ordered_at) FROM t WHERE {where}").rows[0][0]  # noqa: S608 - names of ours
    return one.rule, one.severity, one.rows, cause, one.cause.share if one.cause else None, begins_at, one.text


def repair(platform: DataPlatform) -> None:
    """We have looked: the good rows go out, the bad ones wait; those that can be mended follow, one cause at a time."""
    check = checks(platform)[ORDERS]
    came = platform.read("bronze.gate_orders").withColumn("_is_new", _is_new())
    platform.quality.check(ORDERS, came.transform(clean), Check(check.rules, check.references, _GOOD_ROWS_GO_OUT))
    platform.quality.record()
    platform.quality.release(
        ORDERS,
        check,
        rule="currency_has_a_rate",
        where=f"currency = '{bad_day.SYMBOL}'",
        repair=set_columns("currency = 'EUR'"),
        description=f"currency: {bad_day.SYMBOL} is EUR",
    )
    corrections = platform.landing.readable(delivery(platform)) / bad_day.CORRECTIONS
    found_again = read_csv(platform.spark, corrections, "order_id STRING, customer_id STRING")
    platform.quality.release(
        ORDERS,
        check,
        rule="customer_is_known",
        where="_is_new",
        repair=lambda rows: with_customer(rows, found_again),
        description=f"customer_id: as the shop says in {bad_day.CORRECTIONS}",
    )


def with_customer(rows: DataFrame, corrections: DataFrame) -> DataFrame:
    """A repair: the customer that the shop found again for an order; none where it did not."""
    known = F.broadcast(corrections.select("order_id", F.col("customer_id").alias("known")))
    joined = rows.join(known, "order_id", "left")
    return joined.withColumn("customer_id", F.coalesce("customer_id", "known")).select(*rows.columns)


def publish(platform: DataPlatform) -> None:
    """Revenue by day, and the bad day's as each of three reports would have told it."""
    in_euros = priced(platform.read("bronze.gate_rates"))
    silver = in_euros(platform.read(ORDERS))
    platform.write("gold.gate_revenue", revenue(silver, "order_date").coalesce(1))
    reports = {
        "no gate": in_euros(clean(platform.read("bronze.gate_orders"))),
        "good rows only": silver.join(released(platform), "order_id", "left_anti"),
        "repaired": silver,
    }
    told = [
        revenue(rows.where(F.col("order_date") == F.lit(DAY)).withColumn("report", F.lit(report)), "report")
        for report, rows in reports.items()
    ]
    platform.write("gold.gate_reports", told[0].unionByName(told[1]).unionByName(told[2]).coalesce(1))


def released(platform: DataPlatform) -> DataFrame:
    """The orders that the repair let go, from the trace that it left."""
    run = platform.reader(ORDERS).history(1)[0].run_id
    mine = platform.read("ops.quarantine_releases").where(F.col("table_name") == ORDERS).where(F.col("run_id") == run)
    return mine.select(F.get_json_object("after", "$.order_id").alias("order_id"))


def priced(rates: DataFrame) -> Transform:
    """A transformation that adds `amount_eur`, at the rate of the order's day or of the last working day before it."""
    daily = (
        rates.transform(typed(rate_date="date", rate_to_eur="decimal(18,8)"))
        .select("currency", F.col("rate_date").alias("order_date"), "rate_to_eur")
        .transform(filled_forward("currency", "order_date", F.lit(DAY)))
    )

    def transform(orders: DataFrame) -> DataFrame:
        rated = orders.join(F.broadcast(daily), ["currency", "order_date"], "left")
        return rated.withColumn("amount_eur", F.round(F.col("amount") * F.col("rate_to_eur"), 2).cast("decimal(14,2)"))

    return transform


def revenue(orders: DataFrame, by: str) -> DataFrame:
    """Orders and revenue of each `by`, without cancelled orders."""
    total = F.sum("amount_eur").cast("decimal(18,2)")
    grouped = orders.where("status != 'cancelled'").groupBy(by)
    return grouped.agg(F.count("*").alias("orders"), total.alias("revenue_eur"))


def answer(platform: DataPlatform) -> str:
    """The question, answered from the audit, the trace and gold."""
    new, bad = platform.sql("ops.gate_audits", "SELECT new_count, new_bad_count FROM t WHERE stopped_by != ''")
    left = platform.reader(QUARANTINE).count("_is_new")
    without, now = (_told(platform, report) for report in ("no gate", "repaired"))
    return (
        f"Not as it came: {bad:,} of {new:,} rows were bad, and {bad - left:,} of them could be saved. "
        f"{now:,.2f} EUR can be defended, with {left:,} rows of that night still in quarantine; "
        f"without the gate, {without:,.2f} EUR would have been reported."
    )


def _told(platform: DataPlatform, report: str) -> float:
    return float(platform.sql("gold.gate_reports", f"SELECT revenue_eur FROM t WHERE report = '{report}'")[0])  # noqa: S608


def _is_new() -> Column:
    return F.col("_source").startswith(f"orders/{bad_day.DAY}")


def _count(rows: DataFrame, where: str) -> int:
    return rows.where(where).count()


def _version(platform: DataPlatform) -> int | None:
    return platform.reader(ORDERS).version if platform.lakehouse.has_version(ORDERS) else None
