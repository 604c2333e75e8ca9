"""The columns that readers and loads add to each row of bronze: their names, and what they mean.

Declarations and tasks name them, so it must not import Spark, nor anything that is slow.
"""

from __future__ import annotations

from collections.abc import Mapping

CORRUPT, RESCUED = "_corrupt_record", "_rescued_data"
SOURCE, ROW_NUMBER = "_source", "_row"
ORIGIN: Mapping[str, str] = {
    CORRUPT: "The text of a line that could not be read; null otherwise.",
    SOURCE: "The file the row came from.",
    ROW_NUMBER: "Number of the row within its load.",
    "_ingested_at": "When the row was read.",
    "_run_id": "The run that read it.",
}
"""The columns that readers and `extract.with_origin` add."""
NOT_IN_A_NAME = frozenset(" ,;{}()\n\t=")
"""What a column's name cannot have in a table without column mapping."""
