"""What is kept of loads: each file that was taken, planned before its rows are written.

What a load did to its table stands in the table's own commit (`etl.notes`). Must not import Spark, since every run declares
these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from toolkit.store.records import Named, Record

FILES = "ops.ingested_files"


@dataclass(frozen=True)
class IngestedFile(
    Record, table=FILES, description="A file in the batch that it was planned for, before it was loaded."
):
    """A file in the batch that it was planned for; loaded where its table has a batch of that number, or a greater one."""

    table: Annotated[str, "The table that its rows go to.", Named("table_name")]
    flow: Annotated[str, "The name of the files, within the table; batches are numbered within it."]
    batch: Annotated[int, "Number of the batch, from 1."]
    file: Annotated[
        str, "Its path below the folder of the flow; empty for a batch that empties the table, to begin anew."
    ]
    bytes: Annotated[int, "Its size.", Named("file_bytes")]
    modified_at: Annotated[datetime, "When it was written last."]
    digest: Annotated[str, "BLAKE2b of its content, 16 bytes in hexadecimal."]
    replaces: Annotated[bool, "Whether an earlier file of that name was loaded, whose rows these take the place of."]
    place: Annotated[str, "Where the files of the flow lie: a folder and a pattern, or a path."]
    planned_at: Annotated[datetime, "When the batch was planned."]
    run_id: Annotated[str, "The run that planned it; empty outside a run."] = ""
