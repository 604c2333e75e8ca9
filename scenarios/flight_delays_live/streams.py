"""The three streams: departures from the topic, delays in windows, alerts where they last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import Window
from pyspark.sql import functions as F

from scenarios.flight_delays_live.alerts import ALERT, LastingDelays
from scenarios.flight_delays_live.scenario import ALERTS, SILVER, WINDOWS
from toolkit.etl.load import upsert
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.store.reuse import persisted
from toolkit.streaming.aside import dead_letters, late_rows, on_time, put_aside, readable
from toolkit.streaming.records import DeadLetter, LateRow
from toolkit.streaming.sinks import MicroBatch, append_once, merge_once
from toolkit.streaming.sources import parsed, read_topic
from toolkit.streaming.streams import Stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

TOPIC = "flight_delays_live.departures"
EVENT = "flight_id LONG, carrier STRING, origin STRING, dest STRING, scheduled_at TIMESTAMP, departed_at TIMESTAMP, delay LONG"
AT = "scheduled_at"
EVERY_MINUTES = 30
HOUR, EVERY = "1 hour", f"{EVERY_MINUTES} minutes"
THRESHOLD, LASTING = 20.0, 3
"""An alert: so many minutes of mean delay, in so many windows in a row."""


def departures(platform: DataPlatform, most: int | None = None) -> Stream:
    """From the topic to silver, each flight once; what cannot be read and what is late is put aside."""

    def body(batch: MicroBatch) -> None:
        with persisted(batch.rows) as rows:
            batch = replace(batch, rows=rows)
            events = readable(batch)
            put_aside(platform, batch, dead_letters(batch), DeadLetter)
            put_aside(platform, batch, late_rows(batch, events, AT), LateRow)
            merge_once(
                replace(batch, rows=on_time(batch, events, AT)),
                platform.path(SILVER),
                ["flight_id"],
                platform.way(SILVER),
            )

    messages = read_topic(
        platform.spark, kafka.broker(), TOPIC, begin=platform.streaming.begin("departures"), most=most
    )
    return Stream(
        "departures", parsed(messages, EVENT, ("flight_id", AT, "delay")).withWatermark(AT, _lateness(platform)), body
    )


def delays(platform: DataPlatform) -> Stream:
    """Delays by airport and airline in sliding windows, and the list of the worst; a window is there while it grows."""
    landed = platform.landing.readable(platform.landing.land("flights"))
    airlines = platform.spark.read.parquet(str(landed / "airlines.parquet"))
    named = F.broadcast(airlines.select("carrier", F.col("name").alias("airline")))
    by = ("origin", "carrier", "airline")
    rows = windowed(_on_time(platform).join(named, "carrier", "left"), *by)

    def body(batch: MicroBatch) -> None:
        keys = ["origin", "carrier", "window_start"]
        # Worked out once: each further time would count in what Spark tells of the batch, and of its state.
        with persisted(batch.rows) as changed:
            if changed.isEmpty():
                return  # Spark's last batch only moves the watermark
            upsert(platform.path(WINDOWS), changed, keys, way=batch.named(platform.way(WINDOWS)))
        platform.write("gold.worst_airlines", worst(platform.read(WINDOWS)))

    return Stream("delays", rows, body, mode="update")


def alerts(platform: DataPlatform) -> Stream:
    """Airports whose delays last: of windows that are closed, since an open one may still change."""
    closed = windowed(_on_time(platform), "origin")
    lasting = closed.groupBy("origin").transformWithState(
        LastingDelays(THRESHOLD, LASTING, EVERY_MINUTES * 60), ALERT, "append", "None"
    )

    def body(batch: MicroBatch) -> None:
        append_once(batch, platform.path(ALERTS), platform.way(ALERTS))

    return Stream("alerts", lasting, body)


def windowed(events: DataFrame, *by: str) -> DataFrame:
    """Flights and their delays in windows of an hour, of which one begins every thirty minutes."""
    window = F.window(AT, HOUR, EVERY)
    found = events.groupBy(window.alias("window"), *by).agg(
        F.count("*").alias("flights"), F.sum("delay").alias("delay_minutes"), F.mean("delay").alias("mean_delay")
    )
    window_start, window_end = F.col("window.start").alias("window_start"), F.col("window.end").alias("window_end")
    return found.select(*by, window_start, window_end, "flights", "delay_minutes", "mean_delay")


def worst(windows: DataFrame) -> DataFrame:
    """The five airlines with the greatest mean delay in the newest twenty-four hours, of windows that do not overlap."""
    whole = windows.where(F.minute("window_start") == 0)
    newest = whole.agg(F.max("window_end").alias("until"))
    lately = whole.crossJoin(newest).where(F.col("window_start") >= F.col("until") - F.expr("INTERVAL 24 HOURS"))
    mean = (F.sum("delay_minutes") / F.sum("flights")).alias("mean_delay")
    by = ("carrier", "airline", "until")
    place = F.row_number().over(Window.partitionBy("until").orderBy(F.desc("mean_delay"), "carrier"))
    ranked = (
        lately.groupBy(*by).agg(F.sum("flights").alias("flights"), mean).withColumn("place", place).where("place <= 5")
    )
    return ranked.select("place", "carrier", "airline", "flights", "mean_delay", "until").coalesce(1)


def _on_time(platform: DataPlatform) -> DataFrame:
    """What comes into silver, whole commits at a time, so that its watermark is never ahead of the first stream's."""
    rows = platform.spark.readStream.format("delta").load(str(platform.path(SILVER)))
    return rows.withWatermark(AT, _lateness(platform))


def _lateness(platform: DataPlatform) -> str:
    return f"{platform.parameters.lateness} minutes"
