"""The steps of a broken contract. The producer is `feed.py`; what was promised lies in `contracts/`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from scenarios.contract_break import feed
from scenarios.contract_break.scenario import NEW, OLD
from toolkit import paths
from toolkit.errors import DataError, UsageError
from toolkit.etl.extract import CORRUPT, read_json, with_origin
from toolkit.platform import DataPlatform
from toolkit.quality import contracts
from toolkit.quality.contracts import Contract, Difference
from toolkit.quality.engine import Check

FEED = "bronze.contract_orders"
"""The table that the contract is on."""
SILVER, FEED_2 = "silver.contract_orders", "bronze.contract_orders_v2"
OLD_SCHEMA = "order_id STRING, customer_id STRING, ordered_at STRING, status STRING, channel STRING, amount DOUBLE"
CALLED = "1.1.0"
"""The version that the producer gave the new feed, in good faith: something was added, was it not?"""
DETECTED_BY = {"new_status": (SILVER, "status_is_known"), "no_channel": (SILVER, "channel_required")}
"""Which rule finds which planted row: the table it is on, and its name."""


def land(platform: DataPlatform) -> None:
    """Land the shop, and write the feed that its producer makes of it."""
    shop = platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)
    written = feed.write(shop, delivery(platform))
    platform.metric("feed rows", sum(map(len, written.files.values())), "rows")


def delivery(platform: DataPlatform) -> Path:
    """The folder of the feed and of its answer key."""
    chosen = platform.parameters
    return paths.home() / "landing" / f"contract_break-orders={chosen.orders}-seed={chosen.seed}"


def contract(platform: DataPlatform, file: str) -> Contract:
    """One version of the contract."""
    return contracts.load(platform.scenario.folder / file)


def came(platform: DataPlatform, *files: str) -> DataFrame:
    """Deliveries as they are. Here the schema is inferred, and rightly so: the question is what came."""
    folder = platform.landing.readable(delivery(platform))
    rows = platform.spark.read.json([str(folder / file) for file in files])
    return with_origin(rows, folder, platform.run_id, datetime.now(UTC))


def before(platform: DataPlatform) -> DataFrame:
    """The deliveries of the days before the change."""
    names = [f"feed/{file.name}" for file in sorted((delivery(platform) / "feed").glob("*.json"))]
    return came(platform, *[name for name in names if name < feed.file_of(feed.BROKEN)])


def tonight(platform: DataPlatform) -> DataFrame:
    """The delivery of the new program."""
    return came(platform, feed.file_of(feed.BROKEN))


def receive(platform: DataPlatform) -> None:
    """Hold each delivery to the contract before anything of it is written."""
    old = contract(platform, OLD)
    platform.write(FEED, contracts.enforce(before(platform), old, FEED))
    delivered = tonight(platform)
    try:
        contracts.enforce(delivered, old, FEED)
    except DataError as refused:
        platform.alert(refused.what)
    found = contracts.violations(old.table(FEED), delivered.schema)
    rows = [_as_row(one, feed.file_of(feed.BROKEN), old.version) for one in found]
    columns = "subject STRING, version STRING, kind STRING, column STRING, promised STRING, found STRING"
    platform.write("ops.contract_differences", platform.spark.createDataFrame(rows, columns).coalesce(1))
    platform.quality.measure(FEED, Check(contracts.rules_of(old.table(FEED))))
    platform.quality.record()


def _as_row(one: Difference, subject: str, version: str) -> tuple[str, ...]:
    return subject, version, one.kind, one.column, one.expected, one.found


def ignore(platform: DataPlatform) -> None:
    """What a report says that trusts the old schema, beside what is true. Nothing fails."""
    everything = read_json(platform.spark, platform.landing.readable(delivery(platform)) / "feed/*.json", OLD_SCHEMA)
    truth = before(platform).unionByName(as_version_1(tonight(platform)))
    sold = F.when(F.col("status") != "cancelled", F.col("amount"))
    kept = F.when(~F.col("status").isin("cancelled", "returned"), F.col("amount"))
    told = _per_day(everything, "told", sold, F.count("*").alias("orders"), F.count("channel").alias("told_channels"))
    platform.write("gold.contract_silences", told.join(_per_day(truth, "true", kept), "order_date").coalesce(1))


def _per_day(orders: DataFrame, whose: str, amount: Column, *more: Column) -> DataFrame:
    return orders.groupBy(F.to_date("ordered_at").alias("order_date")).agg(
        F.count_distinct("customer_id").alias(f"{whose}_customers"),
        F.sum(F.round(amount, 2).cast("decimal(12,2)")).cast("decimal(18,2)").alias(f"{whose}_revenue_eur"),
        *more,
    )


def compare(platform: DataPlatform) -> None:
    """What the producer changed, what it means for readers, and which version it has to be."""
    old, new = contract(platform, OLD), contract(platform, NEW)
    try:
        contracts.check_version(old, new.model_copy(update={"version": CALLED}))
    except UsageError as refused:
        platform.alert(refused.what)
    found = contracts.check_version(old, new)
    rows = [(one.level, one.kind, one.where, one.said, one.why, found.next_version) for one in found.changes]
    columns = "level STRING, kind STRING, place STRING, said STRING, why STRING, next_version STRING"
    platform.write("ops.contract_changes", platform.spark.createDataFrame(rows, columns).coalesce(1))


def as_version_1(orders: DataFrame) -> DataFrame:
    """The new form under the old names and units. It can rename and convert; it cannot invent."""
    return orders.withColumnRenamed("client_id", "customer_id").withColumn("amount", F.col("amount") / 100)


def as_version_2(orders: DataFrame) -> DataFrame:
    """The old form under the new names and units."""
    cents = F.round(F.col("amount") * 100).cast("long")
    return orders.withColumnRenamed("customer_id", "client_id").withColumn("amount", cents)


def checks(platform: DataPlatform) -> dict[str, Check]:
    """What old readers count on: the rules that follow from version 1.0.0."""
    return {SILVER: Check(contracts.rules_of(contract(platform, OLD).table(FEED)))}


def adapt(platform: DataPlatform) -> None:
    """Give old readers all 28 days in the form that they were promised."""
    old = contract(platform, OLD)
    turned_back = contracts.enforce(as_version_1(tonight(platform)), old, FEED)
    everything = platform.read(FEED).unionByName(turned_back)
    # Quarantine keeps the text of lines that cannot be read; here every line could be.
    platform.quality.check(SILVER, everything.withColumn(CORRUPT, F.lit(None).cast("string")), checks(platform)[SILVER])
    platform.quality.record()


def agree(platform: DataPlatform) -> None:
    """Store all 28 days under version 2.0.0, and hold every stored table beside both versions."""
    new = contract(platform, NEW)
    everything = as_version_2(platform.read(FEED)).unionByName(tonight(platform))
    platform.write(FEED_2, contracts.enforce(everything, new, FEED))
    platform.quality.measure(FEED_2, Check(contracts.rules_of(new.table(FEED))))
    platform.quality.record()
    rows = [
        _drift(platform, table, contract(platform, file)) for table in (FEED, SILVER, FEED_2) for file in (OLD, NEW)
    ]
    columns = "table_name STRING, version STRING, differences LONG, said STRING"
    platform.write("ops.contract_drifts", platform.spark.createDataFrame(rows, columns).coalesce(1))


def _drift(platform: DataPlatform, table: str, held_to: Contract) -> tuple[str, str, int, str]:
    found = contracts.drift(held_to.table(FEED), platform.reader(table))
    return table, held_to.version, len(found), " ".join(map(str, found))


def answer(platform: DataPlatform) -> str:
    """The question, answered from the comparison and from gold."""
    breaking, version = platform.sql(
        "ops.contract_changes", "SELECT count(*), max(next_version) FROM t WHERE level = 'breaking'"
    )
    told, true = platform.sql(
        "gold.contract_silences",
        f"SELECT told_revenue_eur, true_revenue_eur FROM t WHERE order_date = DATE '{feed.BROKEN}'",  # noqa: S608
    )
    return (
        f"{breaking} changes break readers: customer_id is now client_id, amount is in cents, channel may be missing and "
        f"status can be 'returned'. It is version {version}, not {CALLED}. Without the contract, {told:,.2f} EUR would "
        f"have been reported for {true:,.2f} EUR, and not one customer."
    )
