"""A second writer that comes between the rows of the first one and its commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from toolkit.scenario import Table
from toolkit.store.commits import Written
from toolkit.store.location import Location
from toolkit.store.write import write_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def overtaken(
    spark: SparkSession, place: Location, table: Table, scratch: Path, rival: Callable[[], object]
) -> Future[Written]:
    """What came of writing a row to `table`, with `rival` called while it was on its way."""
    started, go = scratch / "started", scratch / "go"

    def hold(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        started.touch()
        while not go.exists():
            time.sleep(0.02)
        yield from batches

    slow = spark.range(0, 1, 1, 1).mapInArrow(hold, "id LONG")
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_table, slow, place, table)
        while not started.exists():
            assert not writing.done(), writing.exception()
            time.sleep(0.02)
        try:
            rival()
        finally:
            go.touch()
    return writing
