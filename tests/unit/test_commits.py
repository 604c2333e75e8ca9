"""Rows that are added to a plain table without Spark."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from toolkit.errors import DataError
from toolkit.scenario import Table
from toolkit.store.commits import is_plain_folder, write_rows, written
from toolkit.store.location import located
from toolkit.store.reader import DeltaReader

NOTES = Table("ops.notes", "One row per note.", {"id": "Its number.", "words": "What it says."})
SIGNED = {"run_id": "r1", "step": "write"}


def notes(*ids: int) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "words": pa.array([str(n) for n in ids], pa.string())})


def test_rows_are_added_with_what_their_columns_mean_and_who_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "ops" / "notes"
    first = write_rows(notes(1, 2), path, NOTES, mode="append", signature=SIGNED)
    second = write_rows(notes(3), path, NOTES, mode="append", signature=SIGNED)
    assert first is not None
    assert second is not None
    assert [(first.version, first.rows, first.files), (second.version, second.rows, second.files)] == [
        (0, 2, 1),
        (1, 1, 1),
    ]
    sizes = [file.stat().st_size for file in path.glob("*.parquet")]
    assert sorted([first.bytes, second.bytes]) == sorted(sizes)
    reader = DeltaReader(path, NOTES.name)
    assert [(column.name, column.comment) for column in reader.columns()] == list(NOTES.columns.items())
    assert [commit.user_metadata for commit in reader.history()] == [SIGNED, SIGNED]
    assert written(path, NOTES.name).rows == 1
    assert reader.count() == 3


def test_a_named_write_is_made_once(tmp_path: Path) -> None:
    assert write_rows(notes(1), tmp_path / "t", NOTES, mode="append", signature=SIGNED, once="r1/write") is not None
    assert write_rows(notes(1), tmp_path / "t", NOTES, mode="append", signature=SIGNED, once="r1/write") is None
    assert write_rows(notes(2), tmp_path / "t", NOTES, mode="append", signature=SIGNED, once="r2/write") is not None
    assert DeltaReader(tmp_path / "t", NOTES.name).count() == 2


def test_the_content_is_replaced_with_its_columns(tmp_path: Path) -> None:
    write_rows(notes(1, 2), tmp_path / "t", NOTES, mode="append", signature=SIGNED)
    fewer = Table("ops.notes", "One row per note.", {"id": "Its number."})
    done = write_rows(notes(7).select(["id"]), tmp_path / "t", fewer, mode="overwrite", signature=SIGNED)
    assert done is not None
    assert (done.version, done.rows, done.files) == (1, 1, 1)
    assert DeltaReader(tmp_path / "t", NOTES.name).page().rows == [(7,)]
    with pytest.raises(DataError, match="missing columns"):
        write_rows(notes(7).select(["id"]), tmp_path / "t", NOTES, mode="overwrite", signature=SIGNED)


def test_rows_of_another_type_are_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    write_rows(notes(1), tmp_path / "t", NOTES, mode="append", signature=SIGNED)
    other = pa.table({"id": pa.array([[1]], pa.list_(pa.int64())), "words": pa.array(["x"])})
    with pytest.raises(DataError, match="was not written"):
        write_rows(other, tmp_path / "t", NOTES, mode="append", signature=SIGNED)
    assert DeltaTable(tmp_path / "t").version() == 0


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="was not written"):
        write_rows(notes(1), tmp_path / "file" / "t", NOTES, mode="append", signature=SIGNED)


def test_what_asks_for_more_than_plain_delta_is_left_to_spark(tmp_path: Path) -> None:
    assert is_plain_folder(tmp_path / "none")
    write_deltalake(tmp_path / "plain", notes(1))
    assert is_plain_folder(tmp_path / "plain")
    write_deltalake(tmp_path / "parted", notes(1), partition_by=["id"])
    assert not is_plain_folder(tmp_path / "parted")
    write_deltalake(tmp_path / "more", notes(1), configuration={"delta.enableChangeDataFeed": "true"})
    assert not is_plain_folder(tmp_path / "more")
    assert not is_plain_folder(located("abfs://lakehouse@devstoreaccount1.dfs.core.windows.net/t"))
