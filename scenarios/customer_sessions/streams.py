"""The four streams: clicks from the topic, each once; sessions; carts that were left; checkouts beside their payments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from datasets.shop.clicks import STAGES
from scenarios.customer_sessions.carts import CART, AbandonedCarts
from scenarios.customer_sessions.scenario import CARTS, CHECKOUTS, CLICKS, SESSIONS
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.store.reuse import persisted
from toolkit.streaming.aside import dead_letters, put_aside, readable
from toolkit.streaming.records import DeadLetter
from toolkit.streaming.sinks import MicroBatch, append_once
from toolkit.streaming.sources import parsed, read_topic
from toolkit.streaming.streams import Stream

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

CLICK_TOPIC, PAYMENT_TOPIC = "customer_sessions.clicks", "customer_sessions.payments"
CLICK = "click_id STRING, customer_id STRING, at TIMESTAMP, stage STRING, product_id STRING, order_id STRING"
PAYMENT = "order_id STRING, at TIMESTAMP, amount DOUBLE"
LATENESS = "20 minutes"
"""Clicks come so much out of order at most; a second one of the same id is looked for within as long."""
PAID_WITHIN = "15 minutes"


def clicks(platform: DataPlatform) -> Stream:
    """From the topic to silver: each click once, also if it was sent twice."""
    topic = read_topic(platform.spark, kafka.broker(), CLICK_TOPIC, begin=platform.streaming.begin("clicks"))
    messages = parsed(topic, CLICK, ("click_id", "customer_id", "at", "stage"))
    # What cannot be read has no id, and none of it is a repetition.
    named = messages.withColumn("_once", F.coalesce("click_id", F.concat_ws("/", "_topic", "_partition", "_offset")))
    rows = named.withWatermark("at", LATENESS).dropDuplicatesWithinWatermark(["_once"]).drop("_once")

    def body(batch: MicroBatch) -> None:
        # Worked out once: what has come before is looked up in the state.
        with persisted(batch.rows) as rows:
            batch = replace(batch, rows=rows)
            append_once(replace(batch, rows=readable(batch)), platform.path(CLICKS), platform.way(CLICKS))
            put_aside(platform, batch, dead_letters(batch), DeadLetter)

    return Stream("clicks", rows, body)


def sessions(platform: DataPlatform) -> Stream:
    """Sessions that are over: when the watermark has passed the gap after their last click."""
    rows = sessions_of(_clicks(platform), platform.parameters.gap)
    return Stream("sessions", rows, lambda batch: append_once(batch, platform.path(SESSIONS), platform.way(SESSIONS)))


def sessions_of(rows: DataFrame, gap: int) -> DataFrame:
    """Clicks in sessions of their customers, by Spark's own windows."""
    window = F.session_window("at", f"{gap} minutes").alias("window")
    found = rows.groupBy("customer_id", window).agg(
        F.min("at").alias("session_start"),
        F.max("at").alias("session_end"),
        F.count("*").alias("clicks"),
        F.size(F.collect_set("product_id")).alias("products"),
        F.max(number_of_stage()).alias("stage"),
    )
    return found.drop("window")


def number_of_stage() -> Column:
    """How far a click is, from 1."""
    return F.array_position(F.array(*map(F.lit, STAGES)), F.col("stage")).cast("int")


def carts(platform: DataPlatform) -> Stream:
    """Sessions that filled a cart and bought nothing, when they are over."""
    of_customer = _clicks(platform).select("customer_id", "at", "stage", "product_id").groupBy("customer_id")
    rows = of_customer.transformWithState(AbandonedCarts(platform.parameters.gap * 60), CART, "append", "eventTime")
    return Stream("carts", rows, lambda batch: append_once(batch, platform.path(CARTS), platform.way(CARTS)))


def checkouts(platform: DataPlatform) -> Stream:
    """Each purchase beside its payment; those whose payment did not come in time have none."""
    bought = (
        _clicks(platform).where("stage = 'purchase'").select("order_id", "customer_id", F.col("at").alias("bought_at"))
    )
    messages = read_topic(platform.spark, kafka.broker(), PAYMENT_TOPIC)
    told = parsed(messages, PAYMENT, ("order_id", "at", "amount")).where("_problem IS NULL")
    paid = told.select(F.col("order_id").alias("_order"), F.col("at").alias("paid_at"), "amount")
    paid = paid.withWatermark("paid_at", LATENESS)
    within = f"paid_at BETWEEN bought_at AND bought_at + INTERVAL {PAID_WITHIN}"
    rows = bought.join(paid, (F.col("order_id") == F.col("_order")) & F.expr(within), "left_outer").drop("_order")
    return Stream(
        "checkouts", rows, lambda batch: append_once(batch, platform.path(CHECKOUTS), platform.way(CHECKOUTS))
    )


def _clicks(platform: DataPlatform) -> DataFrame:
    rows = platform.spark.readStream.format("delta").load(str(platform.path(CLICKS)))
    return rows.withWatermark("at", LATENESS)
