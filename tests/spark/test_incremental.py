"""Only what is new is loaded, nothing is missed, and what cannot be known any more is an error."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl.change_flow import ChangeFlow
from toolkit.etl.changes import Applied, apply_changes
from toolkit.etl.incremental import FEED_ORDER, Followed, follow, newer_than
from toolkit.etl.load import append, upsert
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def content(table: Path) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[:2]) for row in DeltaReader(table, "t").page(limit=1000).rows)


# the high-water mark


def test_rows_above_the_mark_are_taken_and_late_ones_within_the_overlap(spark: SparkSession, tmp_path: Path) -> None:
    def rows(hours: dict[int, int | None]) -> Any:
        at = [(n, None if h is None else NOON + timedelta(hours=h)) for n, h in hours.items()]
        return spark.createDataFrame(at, "id INT, changed TIMESTAMP")

    target = tmp_path / "t"
    first = newer_than(rows({1: 0, 2: 5, 3: None}), target, "changed")
    assert sorted(row["id"] for row in first.collect()) == [1, 2]
    upsert(target, first, ["id"])
    later = rows({1: 0, 2: 5, 4: 4, 5: 6, 6: -90, 7: None})
    assert [row["id"] for row in newer_than(later, target, "changed").collect()] == [5]
    again = newer_than(later, target, "changed", overlap="2 hours")
    assert sorted(row["id"] for row in again.collect()) == [2, 4, 5]
    done = upsert(target, again, ["id"])
    assert (done.inserted, done.unchanged) == (2, 1)


def test_a_mark_is_a_number_too_and_what_is_no_mark_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    source, target = spark.range(10).withColumnRenamed("id", "n"), tmp_path / "t"
    append(target, source.where("n < 6"))
    assert sorted(row["n"] for row in newer_than(source, target, "n").collect()) == [6, 7, 8, 9]
    assert sorted(row["n"] for row in newer_than(source, target, "n", overlap="2").collect()) == [3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(UsageError, match="nn"):
        newer_than(source, target, "nn")
    with pytest.raises(UsageError, match="'2 dys' cannot be taken from n"):
        newer_than(source, target, "n", overlap="2 dys")


# the change feed


def feeding(spark: SparkSession, table: Path) -> None:
    spark.sql(
        f"CREATE TABLE delta.`{table}` (id INT, name STRING) USING delta TBLPROPERTIES (delta.enableChangeDataFeed = true)"
    )


def copy(target: Path, new: Followed) -> Applied:
    """Keeps a copy of the source, whatever happened to a key."""
    flow = ChangeFlow(["id"], FEED_ORDER, apply_as_deletes="_change_type = 'delete'", column_list=["id", "name"])
    return apply_changes(target, new.changes, flow, way=new.way)


def sql(spark: SparkSession, table: Path, *statements: str) -> None:
    for statement in statements:
        spark.sql(statement.format(t=f"delta.`{table}`"))


def test_a_copy_follows_its_source_through_every_change(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    feeding(spark, source)
    seen: list[tuple[int | None, int]] = []

    def load(new: Followed) -> Applied:
        seen.append((new.since, new.until))
        return copy(target, new)

    steps: Sequence[Sequence[str]] = (
        ["INSERT INTO {t} VALUES (1, 'a'), (2, 'b'), (3, 'c')"],
        [
            "UPDATE {t} SET name = 'B' WHERE id = 2",
            "DELETE FROM {t} WHERE id = 3",
            "INSERT INTO {t} VALUES (3, 'again')",
        ],
        ["MERGE INTO {t} x USING (SELECT 1 AS id, 'A' AS name) s ON x.id = s.id WHEN MATCHED THEN UPDATE SET *"],
        ["OPTIMIZE {t}"],
        ["DELETE FROM {t}"],
    )
    for statements in steps:
        for statement in statements:
            sql(spark, source, statement)
        follow(spark, source, target, "copy", load)
        assert content(target) == content(source), statements
        assert follow(spark, source, target, "copy", load) is None or statements == ["OPTIMIZE {t}"]
    assert seen[0] == (None, 1)


def test_a_load_that_was_done_is_not_done_again_and_a_gap_is_an_error(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    feeding(spark, source)
    sql(spark, source, "INSERT INTO {t} VALUES (1, 'a')")

    def load(new: Followed) -> Any:
        return append(target, new.changes.select("id", "name"), new.way)

    follow(spark, source, target, "copy", load)
    sql(spark, source, "INSERT INTO {t} VALUES (2, 'b')", "INSERT INTO {t} VALUES (3, 'c')")
    killed: list[Followed] = []
    follow(spark, source, target, "copy", killed.append)
    assert content(target) == [(1, "a")], "it was killed before it wrote"
    follow(spark, source, target, "copy", load)
    assert load(killed[0]).skipped
    assert content(target) == [(1, "a"), (2, "b"), (3, "c")]
    sql(spark, source, "INSERT INTO {t} VALUES (4, 'd')", "INSERT INTO {t} VALUES (5, 'e')")
    version = DeltaReader(target, "t").version
    DeltaTable(source).create_checkpoint()
    for file in (source / "_delta_log").glob("*.json"):
        if int(file.stem) <= 4:
            file.unlink()
    with pytest.raises(DataError, match=r"not all there: its log has no version 4 any more\."):
        follow(spark, source, target, "copy", load)
    assert DeltaReader(target, "t").version == version


def test_files_of_the_feed_that_were_vacuumed_are_an_error(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    feeding(spark, source)
    sql(spark, source, "INSERT INTO {t} VALUES (1, 'a'), (2, 'b')")
    follow(spark, source, target, "copy", lambda new: copy(target, new))
    sql(spark, source, "UPDATE {t} SET name = 'x' WHERE id = 1")
    for file in (source / "_change_data").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="files of them were removed by VACUUM"):
        follow(spark, source, target, "copy", lambda new: copy(target, new))
    assert content(target) == [(1, "a"), (2, "b")]


def test_a_source_without_a_feed_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    append(source, spark.createDataFrame([(1, "a")], "id INT, name STRING"))
    follow(spark, source, target, "copy", lambda new: copy(target, new))
    append(source, spark.createDataFrame([(2, "b")], "id INT, name STRING").withColumn("name", F.lit("b")))
    with pytest.raises(DataError, match="keeps no change feed"):
        follow(spark, source, target, "copy", lambda new: copy(target, new))
    assert content(target) == [(1, "a")]
