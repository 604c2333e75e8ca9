"""What a stream does with each batch of rows, so that every row counts once however often the batch is done.

Spark does a batch again that was planned and whose end was not noted: with the same rows and the same number. Delta leaves out
a write of a name and number that it has had, so the name has to be that of the checkpoint: a new checkpoint counts its batches
from 0 again, and under a name of the past they would be left out without a word. Owns that name. Must not start a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame

from toolkit.columns import quoted
from toolkit.errors import DataError
from toolkit.store.commits import PLAIN, Once, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.merge import merge, same_key
from toolkit.store.write import write_frame
from toolkit.streaming.checkpoints import Checkpoint


@dataclass(frozen=True)
class MicroBatch:
    """The rows of one batch, and under which name it is done once.

    Attributes:
        rows: a frame like any other; it is worked out anew for each write, unless it is persisted.
        number: of the batch, from 0.
        checkpoint: of the stream.
    """

    rows: DataFrame
    number: int
    checkpoint: Checkpoint

    def named(self, way: Way, part: str = "") -> Way:
        """The same way, with the name and number of a write of this batch.

        Args:
            way: how it is written.
            part: tells two writes of one batch to the same table apart: of two with one name the second is left out.
        """
        return replace(way, once=Once(f"{self.checkpoint.identity}{f' {part}' if part else ''}", self.number))


BatchBody = Callable[[MicroBatch], object]


def each_batch(checkpoint: Checkpoint, body: BatchBody) -> Callable[[DataFrame, int], None]:
    """What `DataStreamWriter.foreachBatch` takes.

    Args:
        checkpoint: that the stream is started with.
        body: does something with a batch; whatever it raises ends the stream.
    """

    def done(rows: DataFrame, number: int) -> None:
        body(MicroBatch(rows, number, checkpoint))

    return done


def append_once(batch: MicroBatch, table: Location, way: Way = PLAIN, part: str = "") -> None:
    """Add the rows of a batch to a table, unless that was done.

    Args:
        batch: the rows.
        table: is made by the first batch.
        way: how it is written; its name and number are the batch's.
        part: tells two writes of one batch to the same table apart.
    """
    write_frame(batch.rows, table, batch.named(way, part), mode="append")


def merge_once(batch: MicroBatch, table: Location, keys: Sequence[str], way: Way = PLAIN, part: str = "") -> None:
    """Insert the rows of a batch whose key the table does not have; what a batch does twice, and what came twice, counts once.

    Args:
        batch: the rows; of several with one key any is taken.
        table: is made by the first batch.
        keys: the columns that tell two events apart, such as topic, partition and offset, or an id that its sender gave.
        way: how it is written; its name and number are the batch's.
        part: tells two writes of one batch to the same table apart.

    Raises:
        DataError: a row has no key.
    """
    keyless = " OR ".join(f"{quoted(key)} IS NULL" for key in keys)
    if not batch.rows.where(keyless).isEmpty():
        raise DataError(
            f"Rows of batch {batch.number} have no {', '.join(keys)}.", cure="Put them aside before they are merged."
        )
    rows, named = batch.rows.dropDuplicates(list(keys)), batch.named(way, part)
    if DeltaLog(table).newest is None:
        write_frame(rows, table, named, mode="append")
        return
    merge(rows, table, same_key(keys), ["WHEN NOT MATCHED THEN INSERT *"], named)
