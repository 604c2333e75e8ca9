"""What a stream does with each batch of rows, so that every row counts once however often the batch is done.

Spark does a batch again that was planned and whose end was not noted: with the same rows and the same number. Delta leaves out
a write of a name and number that it has had, so the name has to be that of the checkpoint: a new checkpoint counts its batches
from 0 again, and under a name of the past they would be left out without a word. Owns that name. Must not start a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pyspark.sql import DataFrame

from toolkit.columns import quoted
from toolkit.errors import DataError
from toolkit.store.commits import PLAIN, Once, Way
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.merge import merge, same_key
from toolkit.store.reuse import persisted
from toolkit.store.write import write_frame
from toolkit.streaming.checkpoints import Checkpoint


@dataclass(frozen=True)
class MicroBatch:
    """The rows of one batch, and under which name it is done once.

    Attributes:
        rows: a frame like any other; it is worked out anew for each write, unless it is persisted.
        number: of the batch, from 0.
        checkpoint: of the stream.
        names: under which its rows were asked to be written.
    """

    rows: DataFrame
    number: int
    checkpoint: Checkpoint
    names: list[str] = field(default_factory=list, compare=False)

    @property
    def watermark(self) -> datetime | None:
        """Event time before which its rows are late; None where its stream has no watermark, or none yet."""
        return self.checkpoint.batch(self.number).watermark

    def named(self, way: Way, part: str = "") -> Way:
        """The same way, with the name and number of a write of this batch.

        Args:
            way: how it is written.
            part: tells two writes of one batch to the same table apart: of two with one name the second is left out.
        """
        name = f"{self.checkpoint.identity}{f' {part}' if part else ''}"
        self.names.append(name)
        return replace(way, once=Once(name, self.number))


BatchBody = Callable[[MicroBatch], object]


def each_batch(
    checkpoint: Checkpoint, body: BatchBody, *, may_not_write: bool = False
) -> Callable[[DataFrame, int], None]:
    """What `DataStreamWriter.foreachBatch` takes.

    Spark notes a batch as done whatever its function did. So one that has rows and asked for no name to write them under is an
    error: its rows would be gone.

    Args:
        checkpoint: that the stream is started with.
        body: does something with a batch; whatever it raises ends the stream.
        may_not_write: it does something else with the rows, or writes them by other means.

    Raises:
        DataError: in the stream, where the body wrote nothing of a batch that has rows.
    """

    def done(rows: DataFrame, number: int) -> None:
        batch = MicroBatch(rows, number, checkpoint)
        body(batch)
        if not (batch.names or may_not_write or rows.isEmpty()):
            raise DataError(
                f"The batch function of {checkpoint.stream} wrote nothing of batch {number}, which has rows. The batch is not "
                "noted as done.",
                cure="Write by append_once, merge_once or a way that the batch has named; or say may_not_write.",
            )

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
    named = batch.named(way, part)
    with persisted(batch.rows.dropDuplicates(list(keys))) as rows:
        if not rows.where(" OR ".join(f"{quoted(key)} IS NULL" for key in keys)).isEmpty():
            raise DataError(
                f"Rows of batch {batch.number} have no {', '.join(keys)}.",
                cure="Put them aside before they are merged.",
            )
        if DeltaLog(table).newest is None:
            write_frame(rows, table, named, mode="append")
        else:
            merge(rows, table, same_key(keys), ["WHEN NOT MATCHED THEN INSERT *"], named)
