"""The steps of delays as they come. What the streams do is in `streams.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from datasets.flights.departures import Departure, departures
from datasets.flights.replay import Faults, Reported, replay
from scenarios.flight_delays_live import streams
from scenarios.flight_delays_live.scenario import ALERTS, SILVER, WINDOWS
from toolkit import service_leases
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.streaming.producers import Message, send
from toolkit.streaming.records import DEAD_LETTERS, LATE_ROWS
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

PORTIONS, PARTITIONS = 2, 4
BATCHES = 2
"""In each portion, of the stream that reads the topic."""
STREAMS = ("departures", "delays", "alerts")
BY = ("origin", "carrier")
"""A window is compared by airport and airline: of fewer, what one lacks and another has too often would come to nothing."""


def land(platform: DataPlatform) -> None:
    """Land the flights."""
    platform.landing.land("flights")


def faults(platform: DataPlatform) -> Faults:
    """What is wrong with some of the events."""
    return Faults(twice=97, cut=211, changed=307, shuffled=10, seed=platform.parameters.seed)


def sent(platform: DataPlatform) -> Iterator[Departure]:
    """The departures that are sent, in order."""
    return departures(platform.landing.folder("flights"), platform.parameters.events)


def stream(platform: DataPlatform) -> None:
    """Send the departures in portions; after each, the streams go on where they stopped."""
    for table in (SILVER, WINDOWS, "gold.worst_airlines", ALERTS):
        platform.etl.empty(table)
    platform.streaming.begin_anew(*STREAMS)
    with service_leases.leased(kafka.KAFKA) as running:
        broker = kafka.broker(running)
        Topics(broker).make_anew(streams.TOPIC, PARTITIONS, KEPT_FOR_EVER)
        reported = list(replay(sent(platform), faults(platform)))
        size = math.ceil(len(reported) / PORTIONS)
        # Spark rounds what it takes of each partition down.
        most = math.ceil(size / BATCHES) + PARTITIONS
        for portion in _portions(reported, size):
            count = send(broker, streams.TOPIC, messages(portion)).count
            platform.metric("events sent", count, "events")
            platform.streaming.take(streams.departures(platform, most))
            platform.streaming.take(streams.delays(platform), streams.alerts(platform))


def _portions(reported: list[Reported], size: int) -> Iterator[list[Reported]]:
    return (reported[n : n + size] for n in range(0, len(reported), size))


def messages(reported: Iterable[Reported]) -> Iterator[Message]:
    """The events as the topic gets them, each with the time at which the flight left."""
    for one in reported:
        yield Message(one.departure.key, one.value, int(one.departure.departed_at.timestamp() * 1000))


def compare(platform: DataPlatform) -> None:
    """The windows of all flights by a batch, beside the live ones and what was put aside."""
    columns = ("flight_id", "carrier", "origin", streams.AT, "delay")
    schema = "flight_id LONG, carrier STRING, origin STRING, scheduled_at TIMESTAMP, delay LONG"
    rows = [tuple(getattr(one, name) for name in columns) for one in sent(platform)]
    flights = platform.spark.createDataFrame(rows, schema)
    late, unreadable = _late(platform), _unreadable(platform)
    unreadable = flights.join(unreadable, "flight_id", "left_semi")
    by_batch = _counted(streams.windowed(flights, *BY), "flights", 1)
    live = _counted(platform.read(WINDOWS), "live", -1)
    put_aside = _counted(streams.windowed(flights.join(late, "flight_id", "left_semi"), *BY), "late", -1)
    gone = _counted(streams.windowed(unreadable, *BY), "unreadable", -1)
    names = ("flights", "live", "late", "unreadable")
    found = by_batch
    for one in (live, put_aside, gone):
        found = found.unionByName(one, allowMissingColumns=True)
    each = found.groupBy(*BY, "window_start").agg(
        *[F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in names],
        F.abs(F.sum("difference")).alias("unexplained"),
        F.abs(F.sum("minutes")).alias("unexplained_minutes"),
    )
    sums = [F.sum(name).alias(name) for name in (*names, "unexplained", "unexplained_minutes")]
    checks = each.groupBy("origin").agg(F.count_if(F.col("flights") > 0).alias("windows"), *sums).orderBy("origin")
    platform.write("gold.window_checks", checks.coalesce(1))


def _counted(windows: DataFrame, name: str, sign: int) -> DataFrame:
    """Flights and minutes of each window of an airport, and the same with a sign, so that all of them come to nothing."""
    counted = windows.groupBy(*BY, "window_start").agg(
        F.sum("flights").alias(name), F.sum("delay_minutes").alias("minutes")
    )
    return counted.withColumns({"difference": sign * F.col(name), "minutes": sign * F.col("minutes")})


def _late(platform: DataPlatform) -> DataFrame:
    """The flights that were left out as late, and whose event was not there in time, too."""
    return _put_aside(platform, LATE_ROWS, F.col("content"))


def _unreadable(platform: DataPlatform) -> DataFrame:
    """The flights of messages that could not be read, and of which no other could."""
    return _put_aside(platform, DEAD_LETTERS, F.col("value").cast("string"))


def _put_aside(platform: DataPlatform, table: str, text: Column) -> DataFrame:
    """The ids of the flights in JSON that this stream has put aside, less those that silver has."""
    if not platform.lakehouse.has_version(table):
        return platform.spark.createDataFrame([], "flight_id LONG")
    of_stream = F.col("checkpoint_id") == platform.streaming.checkpoint("departures").identity
    ids = (
        platform.read(table)
        .where(of_stream)
        .select(F.get_json_object(text, "$.flight_id").cast("long").alias("flight_id"))
    )
    return ids.where("flight_id IS NOT NULL").distinct().join(platform.read(SILVER), "flight_id", "left_anti")


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    sums: tuple[Any, ...] = platform.sql(
        "gold.window_checks",
        "SELECT sum(windows), sum(flights), sum(live), sum(late), sum(unreadable), "
        "sum(unexplained + unexplained_minutes) FROM t",
    )
    windows, flights, live, late, unreadable, unexplained = sums
    if unexplained:
        return f"No: {unexplained:,} flights or minutes are missing in the live windows, or too many, and nothing says why."
    return (
        f"Yes: in {windows:,} windows of an hour, {live:,} of {flights:,} flights are counted live; {late:,} came after the "
        f"watermark, {unreadable:,} could not be read, each of them is kept, and nothing else differs."
    )
