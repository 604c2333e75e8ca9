"""Frames that are asked more than once, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame


@contextmanager
def persisted(df: DataFrame) -> Iterator[DataFrame]:
    """The frame, whose rows are kept from when they are first asked for until the end."""
    df.persist()
    try:
        yield df
    finally:
        df.unpersist()
