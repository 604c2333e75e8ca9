"""Departures as events: what each flight reported when it left, in the order in which that was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

DEPARTED = 328_521
"""Flights of the year that departed."""


@dataclass(frozen=True)
class Departure:
    """One flight that left.

    Attributes:
        flight_id: its number among all flights of the year, from 0.
        carrier: two-letter code.
        origin: airport it left.
        dest: airport it went to.
        scheduled_at: when it was to leave; UTC.
        departed_at: when it left; UTC.
        delay: minutes between; negative if early.
    """

    flight_id: int
    carrier: str
    origin: str
    dest: str
    scheduled_at: datetime
    departed_at: datetime
    delay: int

    @property
    def key(self) -> bytes:
        """What keeps the events of one airport in order."""
        return self.origin.encode()

    @property
    def value(self) -> bytes:
        """The event in JSON; moments are ISO 8601."""
        moments = {"scheduled_at": self.scheduled_at, "departed_at": self.departed_at}
        return json.dumps({**vars(self), **{name: at.isoformat() for name, at in moments.items()}}).encode()


def departures(folder: Path, most: int) -> Iterator[Departure]:
    """The first departures of the year, in the order in which the flights left.

    Args:
        folder: of the landed dataset.
        most: how many; there are 328,521.
    """
    scheduled_at = pl.col("time_hour") + pl.duration(minutes=pl.col("minute"))
    delay = pl.col("dep_delay").cast(pl.Int64)
    found = (
        pl.scan_parquet(folder / "flights.parquet")
        .with_row_index("flight_id")
        .filter(delay.is_not_null())
        .select(
            pl.col("flight_id").cast(pl.Int64),
            *("carrier", "origin", "dest"),
            scheduled_at.alias("scheduled_at"),
            (scheduled_at + pl.duration(minutes=delay)).alias("departed_at"),
            delay.alias("delay"),
        )
        .sort("departed_at", "flight_id")
        .head(most)
        .collect()
    )
    return (Departure(*row) for row in found.iter_rows())
