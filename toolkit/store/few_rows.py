"""A few rows that are at hand, written in one commit: without Spark where the table is a plain one in a folder, else by Spark.

Must not import pyspark unless it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit.scenario import Table
from toolkit.store.commits import Mode, Written, is_plain_folder, write_rows
from toolkit.store.delta_log import DeltaLog
from toolkit.store.location import Location
from toolkit.store.records import Record, arrow_schema, encode

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession


def arrow_of(records: Sequence[Record]) -> pa.Table:
    """Records of one kind, one at least, as the rows of their table."""
    import pyarrow as pa

    return pa.Table.from_pylist([encode(one) for one in records], schema=arrow_schema(type(records[0])))


def write_few(
    rows: pa.Table,
    path: Location,
    declared: Table,
    session: Callable[[], SparkSession],
    *,
    mode: Mode = "append",
    signature: Mapping[str, str] | None = None,
    once: str = "",
) -> Written | None:
    """Write rows in one commit; None where a write of that name is known to have been made before.

    Args:
        rows: with the declared columns, in their order.
        path: the table's folder; it is made if it is not there.
        declared: names and comments of the columns.
        session: gives the SparkSession, where one is needed.
        mode: replace the content, or add to it.
        signature: who wrote it and from what; kept in the commit.
        once: a name for this write; a second write of the same name to the same table is left out.
    """
    if is_plain_folder(path):
        return write_rows(rows, path, declared, mode=mode, signature=signature or {}, once=once)
    from toolkit.store.write import write_table

    frame, before = session().createDataFrame(rows).coalesce(1), DeltaLog(path).newest
    done = write_table(frame, path, declared, mode=mode, signature=signature, once=once)
    return None if once and done.version == before else done
