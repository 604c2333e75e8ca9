"""What a commit says of the load that made it, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from toolkit.etl.commit_counts import is_load, load_of
from toolkit.store.delta_log import Version

PLAIN = Version(4, None, None, "", "", None)
MERGED = {"numSourceRows": "9", "numTargetRowsInserted": "2", "numTargetRowsUpdated": "3", "numOutputRows": "100"}


@pytest.mark.parametrize(
    ("operation", "rows", "said", "wanted"),
    [
        ("WRITE", 3, {}, True),
        ("MERGE", None, {}, True),
        ("CREATE TABLE", 3, {}, True),  # staged rows, published for the first time
        ("CREATE TABLE", 0, {}, True),
        ("CREATE TABLE", None, {}, False),
        ("OPTIMIZE", 3, {}, False),
        (None, None, {}, False),
        ("anything", None, {"load": "upsert"}, True),
    ],
)
def test_a_load_is_told_from_what_tidies_up(
    operation: str, rows: int | None, said: dict[str, Any], wanted: bool
) -> None:
    assert is_load(replace(PLAIN, operation=operation, rows=rows, user_metadata=said)) is wanted


def test_a_merge_counts_its_own_rows_and_not_those_that_it_copied() -> None:
    found = load_of("silver.orders", replace(PLAIN, operation="MERGE", metrics=MERGED))
    assert (found["load"], found["inserted"], found["updated"], found["unchanged"]) == ("merge", 2, 3, 4)
    assert found["deleted"] is None
    assert found["received"] is None


def test_rows_that_were_written_again_with_their_file_are_none_that_came() -> None:
    replaced = {"numOutputRows": "10", "numCopiedRows": "8", "numDeletedRows": "3"}
    found = load_of("silver.orders", replace(PLAIN, operation="WRITE", metrics=replaced))
    assert (found["inserted"], found["deleted"]) == (2, 3)


@pytest.mark.parametrize("kind", ["changes", "sync_keys"])
def test_of_loads_whose_source_has_more_than_rows_nothing_is_called_unchanged(kind: str) -> None:
    said = {"load": kind, "received": "7", "late": "many"}
    found = load_of("t", replace(PLAIN, operation="MERGE", metrics=MERGED, user_metadata=said))
    assert "unchanged" not in found
    assert (found["load"], found["received"], found["late"]) == (kind, 7, None)
