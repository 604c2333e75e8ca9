"""The steps of ten days of files. What comes when is in `deliveries.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from datasets.shop import schemas
from scenarios.incremental_loads import crash
from scenarios.incremental_loads.deliveries import CRASH_ON, DAYS, HAPPENED, UP_TO_DATE_ON, Deliveries
from toolkit import paths
from toolkit.errors import DataError
from toolkit.etl.discovery import Place
from toolkit.etl.extract import read_json, with_origin
from toolkit.etl.incremental import Followed
from toolkit.etl.ingest import FileFlow, Ingested
from toolkit.etl.load import Loaded, sync_keys
from toolkit.etl.records import FILES
from toolkit.etl.transform import trimmed, typed
from toolkit.etl.windows import latest
from toolkit.platform import DataPlatform
from toolkit.store.location import Location

BRONZE, SILVER = "bronze.daily_orders", "silver.daily_orders"
AT_ONCE, DAY_BY_DAY = "all files at once", "day by day"
NEW_NAMES, HIGHER_NAMES, APPENDED = "files with a new name", "files with a higher name", "new names, appended"


def land(platform: DataPlatform) -> None:
    """Land the shop, and ten days of deliveries made of its files."""
    shop = platform.landing.land("shop", orders=platform.parameters.orders, seed=platform.parameters.seed)
    deliveries_of(platform).write(shop)


def deliveries_of(platform: DataPlatform) -> Deliveries:
    """The folders of the ten days."""
    chosen = platform.parameters
    return Deliveries(paths.home() / "landing" / f"incremental_loads-orders={chosen.orders}-seed={chosen.seed}")


def flow_of(inbox: Location) -> FileFlow:
    """The files that come: read as JSON lines, what is replaced is loaded anew."""
    return FileFlow(Place(inbox, "*.json"), schemas.ORDERS, read_json, name="shop", replaced="reload")


def load(platform: DataPlatform) -> None:
    """Each day files come and the new ones are loaded, once each; on some, the orders are brought up to date with them."""
    came, days = deliveries_of(platform), []
    came.empty_inbox()
    for day in range(1, DAYS + 1):
        came.deliver(day)
        inbox = platform.landing.readable(came.inbox)
        if day == CRASH_ON:
            crash_once(platform, inbox)
        taken = platform.etl.ingest(BRONZE, flow_of(inbox), full_refresh=day == 1)
        changed = follow_bronze(platform) if day in UP_TO_DATE_ON else None
        days.append(_day(platform, day, taken, changed))
    columns = (
        "day LONG, happened STRING, files LONG, resumed LONG, lines LONG, replaced_lines LONG, corrupt_lines LONG, "
    )
    schema = columns + "inserted LONG, updated LONG, deleted LONG, orders LONG"
    platform.write("ops.daily_loads", platform.spark.createDataFrame(days, schema).coalesce(1))


def crash_once(platform: DataPlatform, inbox: Location) -> None:
    """A load in a process of its own, which is killed between its plan and its rows."""
    ended = crash.killed(inbox, platform.lakehouse.path(BRONZE), platform.lakehouse.path(FILES), BRONZE)
    if ended >= 0:
        raise DataError(f"The load that was to be killed ended by itself, with {ended}.", cure="Run the step again.")
    platform.alert(f"A load was killed by signal {-ended}: it had planned its batch, and had not loaded it.", "info")


def follow_bronze(platform: DataPlatform) -> Loaded | None:
    """Bring the orders up to date with all that changed in bronze since that was done last."""
    return platform.etl.follow(BRONZE, SILVER, "orders", lambda new: bring_up_to_date(platform, new))


def bring_up_to_date(platform: DataPlatform, new: Followed) -> Loaded:
    """Work out anew the orders that a change of bronze is about, whatever the change was: lines that came, or went."""
    about = new.changes.select("order_id").where("order_id IS NOT NULL").distinct()
    lines = platform.read(BRONZE, new.until).join(about, "order_id", "left_semi")
    return platform.etl.into(SILVER, sync_keys, lines.transform(orders), ["order_id"], about, way=new.way)


def orders(lines: DataFrame) -> DataFrame:
    """The newest line of each order; of two that are equally new and come from two files, the later file's."""
    return tidy(lines).transform(latest(["order_id"], ["updated_at", "source"]))


def tidy(lines: DataFrame) -> DataFrame:
    """The lines that could be read and say whose they are, with types."""
    return (
        lines.where("_corrupt_record IS NULL AND order_id IS NOT NULL")
        .transform(trimmed(lower=["status", "channel"]))
        .transform(typed(ordered_at="timestamp", updated_at="timestamp"))
        .select(
            *("order_id", "customer_id", "ordered_at", "status", "updated_at", "channel", "currency"),
            F.col("payment.amount").alias("amount"),
            F.col("_source").alias("source"),
        )
    )


def _day(platform: DataPlatform, day: int, taken: Ingested, changed: Loaded | None) -> tuple[Any, ...]:
    """A row of `ops.daily_loads`."""
    into_bronze = (taken.files, taken.resumed, taken.inserted, taken.deleted if day > 1 else 0, taken.corrupt)
    rows = platform.state(SILVER)[1] if changed else None
    into_silver = (changed.inserted, changed.updated, changed.deleted) if changed else (None, None, None)
    return day, HAPPENED.get(day, ""), *into_bronze, *into_silver, rows


def compare(platform: DataPlatform) -> None:
    """All files as they are in the end, loaded at once, beside the table and beside three jobs that look right."""
    came = deliveries_of(platform)
    root = platform.landing.readable(came.folder)
    new = came.new_names()

    def lines(files: list[str]) -> DataFrame:
        read = read_json(platform.spark, [root.joinpath(*name.split("/")) for name in files], schemas.ORDERS)
        return with_origin(read, root, platform.run_id, datetime.now(UTC))

    at_once = orders(lines(came.in_the_end()))
    ways = {
        AT_ONCE: at_once,
        DAY_BY_DAY: platform.read(SILVER),
        NEW_NAMES: orders(lines(new)),
        HIGHER_NAMES: orders(lines(came.higher_names())),
        APPENDED: tidy(lines(new)),
    }
    platform.write("gold.load_comparisons", compared(ways, at_once).coalesce(1))


def compared(ways: Mapping[str, DataFrame], truth: DataFrame) -> DataFrame:
    """One row for each way: what it lacks, has too much, and has otherwise than the truth."""
    wanted = truth.select("order_id", _content().alias("wanted")).withColumn("is_wanted", F.lit(True))
    rows = [rows.withColumn("way", F.lit(way)) for way, rows in ways.items()]
    revenue = F.sum(F.when((F.col("currency") == "EUR") & (F.col("status") != "cancelled"), F.col("amount")))
    known = F.count_distinct(F.when(F.col("is_wanted"), F.col("order_id")))
    return (
        reduce(DataFrame.unionByName, rows)
        .join(wanted, "order_id", "left")
        .groupBy("way")
        .agg(
            F.count("*").alias("row_count"),
            F.count_distinct("order_id").alias("orders"),
            (F.lit(truth.count()) - known).alias("missing"),
            (F.count("*") - known).alias("surplus"),
            F.count_distinct(F.when(F.col("wanted") != _content(), F.col("order_id"))).alias("different"),
            revenue.cast("decimal(18,2)").alias("revenue"),
        )
    )


def _content() -> Column:
    """All of an order but its file, which may be another one where two have the same line."""
    names = ("customer_id", "ordered_at", "status", "updated_at", "channel", "currency", "amount")
    return F.to_json(F.struct(*names), {"ignoreNullFields": "false"})


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    count, wrong, others = platform.sql(
        "gold.load_comparisons",
        f"SELECT max(orders) FILTER (WHERE way = '{DAY_BY_DAY}'), "  # noqa: S608 - texts of ours
        f"sum(missing + surplus + different) FILTER (WHERE way = '{DAY_BY_DAY}'), "
        f"count(*) FILTER (WHERE way NOT IN ('{DAY_BY_DAY}', '{AT_ONCE}') AND missing + surplus + different > 0) FROM t",
    )
    if wrong:
        return f"No: {wrong:,} of {count:,} orders are not as if all files had come at once."
    return f"Yes: all {count:,} orders are. Of the 3 jobs beside it that look right, {others} give something else."
