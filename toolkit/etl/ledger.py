"""The plan of what a flow loads: which file belongs to which batch, written before the batch is.

A batch is loaded where its table has its number, which came with the rows, in their commit. So the plan may be ahead of the
table by a crash, and is then carried out; it is never behind. Must not read files, nor load rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit.etl.discovery import Print
from toolkit.etl.records import IngestedFile
from toolkit.store.delta_log import DeltaLog
from toolkit.store.few_rows import arrow_of, write_few
from toolkit.store.location import Location
from toolkit.store.query_engine import literal
from toolkit.store.reader import DeltaReader
from toolkit.store.records import columns_of, decode_all, refuse_other_shape, table_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Ledger:
    """The plans of flows, in a Delta table that is made when the first is written.

    Args:
        path: of the table.
        session: gives the SparkSession, where writing needs one: in an object store.
        signature: who writes; kept in the commits.
    """

    def __init__(
        self, path: Location, session: Callable[[], SparkSession], signature: Mapping[str, str] | None = None
    ) -> None:
        self.path = path
        self.session = session
        self.signature = signature

    def files(self, table: str = "", flow: str = "") -> list[IngestedFile]:
        """The files that were planned, in the order of their batches; those of one table, or of one flow, where it is named.

        Raises:
            DataError: the ledger was written by another version, or cannot be read.
        """
        if DeltaLog(self.path).newest is None:
            return []
        reader = DeltaReader(self.path, self.path.name)
        refuse_other_shape(IngestedFile, reader)
        names = ", ".join(f'"{one.name}"' for one in columns_of(IngestedFile))
        wanted = {"table_name": table, "flow": flow}
        condition = " AND ".join(f"{name} = {literal(value)}" for name, value in wanted.items() if value) or "true"
        page = reader.sql(
            f"SELECT {names} FROM t WHERE {condition} ORDER BY batch, planned_at, file",  # noqa: S608 - texts are quoted
            as_it_stands=True,
        )
        return decode_all(IngestedFile, page.columns, page.rows)

    def plan(self, files: Sequence[IngestedFile], once: str) -> bool:
        """Write the plan of a batch, or what has become of one; a second plan of that name is left out.

        Returns:
            Whether it was written.
        """
        declared, rows = table_of(IngestedFile), arrow_of(files)
        return write_few(rows, self.path, declared, self.session, signature=self.signature, once=once) is not None


def commits_of(flow: str) -> str:
    """How the commits of a flow's batches are numbered in its table: see `Once`."""
    return f"files:{flow}"


def loaded(files: Sequence[IngestedFile], done: int) -> dict[str, Print]:
    """The files of the batches that are done, as they were when they were loaded last."""
    kept = [one for one in _since_refresh(files) if one.batch <= done]
    return {one.file: print_of(one) for one in kept if one.file}


def print_of(planned: IngestedFile) -> Print:
    """A file as it was planned."""
    return Print(planned.bytes, planned.modified_at, planned.digest)


def ahead(files: Sequence[IngestedFile], done: int) -> list[list[IngestedFile]]:
    """The batches that were planned and are not done, in order; each file once, as it was planned last."""
    batches: dict[int, dict[str, IngestedFile]] = {}
    for one in _since_refresh(files):
        if one.batch > done:
            batches.setdefault(one.batch, {})[one.file] = one
    return [list(batches[number].values()) for number in sorted(batches)]


def last_batch(files: Sequence[IngestedFile]) -> int:
    """The greatest number that a batch was planned with; 0 where none was."""
    return max((one.batch for one in files), default=0)


def _since_refresh(files: Sequence[IngestedFile]) -> Sequence[IngestedFile]:
    """The plans from the last one on by which the table begins anew."""
    begin = max((number for number, one in enumerate(files) if not one.file), default=0)
    return files[begin:]
