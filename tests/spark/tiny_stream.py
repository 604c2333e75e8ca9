"""A tiny stream of readings, which tests take to its end, keep at work, and break."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.events import EventLog
from toolkit.parameters import Parameters
from toolkit.platform import DataPlatform
from toolkit.scenario import Scenario, Table
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader
from toolkit.streaming.sinks import append_once
from toolkit.streaming.streams import Stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SEEN = Table("silver.seen", "One reading.", {"id": "Which.", "at": "When.", "v": "What."})
TINY = Scenario(
    "tiny_stream",
    "Tiny",
    "Does it stream?",
    "A tiny stream.",
    Parameters,
    (),
    (SEEN, Table("silver.days", "One day.", {})),
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def platform_in(home: Path, spark: SparkSession) -> DataPlatform:
    """The platform of a run of the tiny scenario, with a lakehouse in a home."""
    log = EventLog(home / "events.jsonl", "a-run")
    return DataPlatform(TINY, Parameters(), "a-run", log, lambda: spark, Lakehouse(home / "lakehouse"))


def source(platform: DataPlatform) -> Path:
    return platform.lakehouse.root / "source"  # type: ignore[return-value]


def add(platform: DataPlatform, *readings: tuple[int, datetime, str]) -> None:
    rows = platform.spark.createDataFrame(list(readings), "id INT, at TIMESTAMP, v STRING")
    rows.coalesce(1).write.format("delta").mode("append").save(str(source(platform)))


def readings(platform: DataPlatform, lateness: str = "") -> DataFrame:
    reader = platform.spark.readStream.format("delta").option("maxFilesPerTrigger", 1)
    rows = reader.load(str(source(platform)))
    return rows.withWatermark("at", lateness) if lateness else rows


def appended(platform: DataPlatform, rows: DataFrame) -> Stream:
    return Stream("seen", rows, lambda batch: append_once(batch, platform.path(SEEN.name), platform.way(SEEN.name)))


def ids(platform: DataPlatform) -> list[int]:
    return sorted(row[0] for row in DeltaReader(platform.lakehouse.path(SEEN.name), "t").page(limit=1_000).rows)
