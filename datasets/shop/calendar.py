"""The shop's calendar: which days it covers, and how instants are written.

Owns the window and its arithmetic. A day is a number, 0 for the first of the window; an instant is a number
of seconds since 1970 in UTC.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

Numbers = np.ndarray[Any, Any]
"""An array with one number per order, item, customer, … as the name says."""

FIRST_DAY = date(2026, 4, 1)
DAYS = 90
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
DAY_SECONDS = 86_400
EPOCH = date(1970, 1, 1)


def day_of(number: int) -> date:
    """The date of day `number`; negative numbers lie before the window."""
    return FIRST_DAY + timedelta(days=number)


def midnight(day: Any) -> Any:
    """The instant at which `day` (a number or an array of numbers) starts."""
    return ((FIRST_DAY - EPOCH).days + day) * DAY_SECONDS


WINDOW_END = int(midnight(DAYS)) - 1
"""The last second of the window."""


def iso(instants: Numbers) -> pl.Series:
    """Instants as text, `2026-04-01T13:05:09Z`."""
    return pl.Series(instants.astype(np.int64) * 1000).cast(pl.Datetime("ms")).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_dates(days: Numbers) -> pl.Series:
    """Day numbers as text, `2026-04-01`."""
    since_epoch = (days + (FIRST_DAY - EPOCH).days).astype(np.int32)
    return pl.Series(since_epoch).cast(pl.Date).dt.strftime("%Y-%m-%d")


def split_exactly(total: int, weights: Numbers) -> Numbers:
    """Whole numbers in proportion to `weights` that add up to `total`."""
    ends = np.rint(np.cumsum(weights) / np.sum(weights) * total).astype(np.int64)
    return np.diff(ends, prepend=0)
