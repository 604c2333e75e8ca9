"""Whoever is told what was written from what: writers hand over the frame or the statement once its commit is made.

Owns the shape of it. The area of governance reads lineage so; a writer that is given no observer tells nobody. Must not import
Spark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from toolkit.store.location import Location

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Observer(Protocol):
    """Is told of each write, and never stops one."""

    def frame(self, df: DataFrame, path: Location) -> None:
        """A frame was written to a table."""
        ...

    def statement(self, spark: SparkSession, text: str, path: Location) -> None:
        """A statement has changed a table; what it reads is still there."""
        ...

    def stream(self, df: DataFrame) -> None:
        """A stream begins: its batches come as rows of which nothing says where they are from."""
        ...
