"""The steps of customers' sessions. What the streams do is in `streams.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from datasets.shop.clicks import STAGES, Click, Payment, sent, visits
from scenarios.customer_sessions import streams
from scenarios.customer_sessions.scenario import CARTS, CHECKOUTS, CHECKS, CLICKS, FUNNEL, SESSIONS
from toolkit import service_leases
from toolkit.columns import cols
from toolkit.etl import windows
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.store.reuse import persisted
from toolkit.streaming.producers import Message, send
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics
from toolkit.words import plural

PORTIONS, PARTITIONS = 2, 4
SENT_AGAIN = timedelta(minutes=15)
"""Within the watermark, which allows for more."""
STREAMS = ("clicks", "sessions", "carts", "checkouts")


def land(platform: DataPlatform) -> None:
    """Land the shop."""
    orders = max(5_000, platform.parameters.orders)
    platform.landing.land("shop", orders=orders, seed=platform.parameters.seed)


def made(platform: DataPlatform) -> tuple[list[Click], list[Payment]]:
    """The clicks and the payments, in the order of their times."""
    return visits(platform.landing.folder("shop"), platform.parameters.orders, platform.parameters.seed)


def stream(platform: DataPlatform) -> None:
    """Send clicks and payments in two portions; after each, the streams go on where they stopped."""
    for table in (CLICKS, SESSIONS, CARTS, CHECKOUTS):
        platform.etl.empty(table)
    platform.streaming.begin_anew(*STREAMS)
    clicks, payments = made(platform)
    with service_leases.leased(kafka.KAFKA) as running:
        broker = kafka.broker(running)
        for topic in (streams.CLICK_TOPIC, streams.PAYMENT_TOPIC):
            Topics(broker).make_anew(topic, PARTITIONS, KEPT_FOR_EVER)
        until = clicks[len(clicks) // PORTIONS].at
        for portion in ((None, until), (until, None)):
            # The sender of the second portion does not know how far the first one came: it sends its last once more.
            again = _between(clicks, until - SENT_AGAIN, until) if portion[0] else []
            some = sent([*again, *_between(clicks, *portion)], platform.parameters.seed)
            count = send(broker, streams.CLICK_TOPIC, (_message(one.customer_id, one) for one in some)).count
            count += send(
                broker, streams.PAYMENT_TOPIC, (_message(one.order_id, one) for one in _between(payments, *portion))
            ).count
            platform.metric("events sent", count, "events")
            platform.streaming.take(streams.clicks(platform))
            platform.streaming.take(streams.sessions(platform), streams.carts(platform), streams.checkouts(platform))


def _between(events: Sequence[Any], since: Any, until: Any) -> list[Any]:
    return [one for one in events if (since is None or one.at >= since) and (until is None or one.at < until)]


def _message(key: str, event: Click | Payment) -> Message:
    return Message(key.encode(), event.value, int(event.at.timestamp() * 1000))


def compare(platform: DataPlatform) -> None:
    """The funnel of the sessions; and what a batch makes of all clicks, beside what the streams made of them as they came."""
    platform.write(FUNNEL, funnel_of(platform.read(SESSIONS)).coalesce(1))
    clicks, payments = made(platform)
    spark, gap = platform.spark, f"{platform.parameters.gap} minutes"
    rows = [(one.click_id, one.customer_id, one.at, one.stage, one.product_id, one.order_id) for one in clicks]
    told = [(one.order_id, one.at, one.amount) for one in payments]
    with persisted(spark.createDataFrame(rows, streams.CLICK)) as every:
        # A click exactly at the end of the gap begins a session for Spark; for `windows.sessions` one that is later.
        sessions = sessions_by_batch(every, f"{platform.parameters.gap - 1} minutes 59.999999 seconds")
        carts = sessions.where("filled AND NOT bought")
        carts = carts.select("customer_id", "session_start", F.col("session_end").alias("left_at"), "in_cart")
        checkouts = checkouts_by_batch(every, spark.createDataFrame(told, streams.PAYMENT))
        session_columns = ("customer_id", "session_start", "session_end", "clicks", "products", "stage")
        checks = [
            _check(platform, CLICKS, every, ""),
            _check(platform, SESSIONS, sessions.select(*session_columns), f"session_end + INTERVAL {gap}"),
            _check(platform, CARTS, carts.withColumnRenamed("in_cart", "products"), f"left_at + INTERVAL {gap}"),
            _check(
                platform,
                CHECKOUTS,
                checkouts,
                f"IF(paid_at IS NULL, bought_at + INTERVAL {streams.PAID_WITHIN}, NULL)",
            ),
        ]
        found = checks[0]
        for check in checks[1:]:
            found = found.unionByName(check)
        platform.write(CHECKS, found.coalesce(1))


def funnel_of(sessions: DataFrame) -> DataFrame:
    """How many sessions came to each stage."""
    stages = [F.struct(F.lit(n).alias("stage"), F.lit(name).alias("name")) for n, name in enumerate(STAGES, start=1)]
    each = sessions.select(F.col("stage").alias("reached"), F.explode(F.array(*stages)).alias("one"))
    counted = (
        each.select("reached", "one.*")
        .groupBy("stage", "name")
        .agg(F.count_if(F.col("reached") >= F.col("stage")).alias("sessions"))
    )
    return counted.orderBy("stage")


def sessions_by_batch(clicks: DataFrame, gap: str) -> DataFrame:
    """Sessions as one finds them who has all clicks: by the time between one click and the next."""
    numbered = clicks.transform(windows.sessions(["customer_id"], "at", gap))
    return numbered.groupBy("customer_id", "session").agg(
        F.min("at").alias("session_start"),
        F.max("at").alias("session_end"),
        F.count("*").alias("clicks"),
        F.countDistinct("product_id").cast("int").alias("products"),
        F.max(streams.number_of_stage()).alias("stage"),
        F.bool_or(F.col("stage") == "cart").alias("filled"),
        F.bool_or(F.col("stage") == "purchase").alias("bought"),
        F.countDistinct(F.when(F.col("stage") == "cart", F.col("product_id"))).cast("int").alias("in_cart"),
    )


def checkouts_by_batch(clicks: DataFrame, payments: DataFrame) -> DataFrame:
    """Purchases beside the payments that came in time."""
    bought = clicks.where("stage = 'purchase'").select("order_id", "customer_id", F.col("at").alias("bought_at"))
    paid = payments.select(F.col("order_id").alias("_order"), F.col("at").alias("paid_at"), "amount")
    in_time = f"order_id = _order AND paid_at BETWEEN bought_at AND bought_at + INTERVAL {streams.PAID_WITHIN}"
    return bought.join(paid, F.expr(in_time), "left_outer").drop("_order")


def _check(platform: DataPlatform, table: str, expected: DataFrame, decided: str) -> DataFrame:
    """One row: what a table is to have, what it lacks, what it has too many, and what cannot be decided yet.

    Args:
        platform: of the run.
        table: the table.
        expected: what it has in the end.
        decided: SQL for the watermark that a row is decided at; empty, or null: when it comes.
    """
    mark = None
    if decided:
        last = platform.streaming.checkpoint(table.split(".")[1].removeprefix("abandoned_")).last
        mark = last.watermark if last else None
    is_open = F.coalesce(F.expr(decided) > F.lit(mark), F.lit(False)) if decided and mark else F.lit(bool(decided))
    here = platform.read(table).select(*expected.columns).withColumns({"_here": F.lit(-1), "_open": F.lit(False)})
    counted = expected.withColumns({"_here": F.lit(1), "_open": is_open}).unionByName(here)
    each = counted.groupBy(*cols(expected.columns)).agg(
        F.sum("_here").alias("here"),
        F.bool_or("_open").alias("open"),
        F.count_if(F.col("_here") == 1).alias("expected"),
    )
    is_open_still = F.col("open") & (F.col("here") > 0)
    return each.agg(
        F.lit(table).alias("table"),
        F.sum(F.when(~is_open_still, F.col("expected")).otherwise(0)).alias("expected"),
        F.sum(F.when(~is_open_still, F.greatest("here", F.lit(0))).otherwise(0)).alias("missing"),
        F.sum(F.greatest(-F.col("here"), F.lit(0))).alias("extra"),
        F.count_if(is_open_still).alias("open"),
    )


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    (wrong, still_open, least) = platform.sql(CHECKS, "SELECT sum(missing + extra), sum(open), min(expected) FROM t")
    if not least:
        return "Unknown: of one of the tables no row can be decided yet, since its stream has no watermark."
    if wrong:
        return f"No: {wrong:,} rows of the streams' tables are missing or too many, by a batch over all clicks."
    (left,) = platform.sql(CARTS, "SELECT count(*) FROM t")
    (filled,) = platform.sql(FUNNEL, "SELECT max(sessions) FROM t WHERE name = 'cart'")
    (unpaid,) = platform.sql(CHECKOUTS, "SELECT count(*) FILTER (WHERE paid_at IS NULL) FROM t")
    return (
        f"Yes: of {filled:,} sessions that filled a cart, {left:,} left it, {unpaid:,} purchases have no payment, and a batch "
        f"over all clicks says the same. {plural(still_open, 'row')} may still come: what decides on them has not come yet."
    )
