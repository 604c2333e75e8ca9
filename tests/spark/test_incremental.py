"""Only what is new is loaded, nothing is missed, and what cannot be known any more is an error."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.etl import incremental
from toolkit.etl.change_flow import ChangeFlow
from toolkit.etl.changes import Applied, apply_changes
from toolkit.etl.incremental import FEED_ORDER, Followed, backfill, follow, newer_than
from toolkit.etl.load import append, overwrite_part, upsert
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


# a past window


def days(spark: SparkSession, rows: Sequence[tuple[int, int, str]]) -> Any:
    """Rows with a number, a day of May and a text."""
    frame = spark.createDataFrame(rows, "id INT, day INT, name STRING")
    return frame.select("id", F.expr("make_date(2026, 5, day)").alias("day"), "name")


def test_a_window_is_what_the_source_has_and_the_rest_stays(spark: SparkSession, tmp_path: Path) -> None:
    target = tmp_path / "t"
    append(target, days(spark, [(1, 1, "a"), (2, 2, "wrong"), (3, 3, "wrong"), (4, 4, "d")]))
    right = days(spark, [(1, 1, "other"), (2, 2, "b"), (5, 2, "new"), (4, 4, "other")])
    done = backfill(target, right, "day", date(2026, 5, 2), date(2026, 5, 4))
    assert done.inserted == 2
    names = {row["id"]: row["name"] for row in DeltaReader(target, "t").page(limit=10).named()}
    assert names == {1: "a", 2: "b", 5: "new", 4: "d"}
    assert newer_than(right, target, "day").isEmpty()


def test_a_window_by_time_or_number_ends_before_its_end(spark: SparkSession, tmp_path: Path) -> None:
    by_time, by_number = tmp_path / "a", tmp_path / "b"
    hours = spark.range(6).select(
        "id", F.expr("timestamp'2026-05-01 00:00:00' + make_interval(0,0,0,0,int(id))").alias("at")
    )
    append(by_time, hours)
    moved = hours.withColumn("id", F.col("id") + 100)
    since = datetime(2026, 5, 1, 3, tzinfo=timezone(timedelta(hours=2)))
    backfill(by_time, moved, "at", since, datetime(2026, 5, 1, 3))  # noqa: DTZ001 - without a zone it is UTC
    assert sorted(row[0] for row in content(by_time)) == [0, 3, 4, 5, 101, 102]
    append(by_number, spark.range(6).withColumn("name", F.lit("old")))
    backfill(by_number, spark.range(9).withColumn("name", F.lit("new")), "id", 2, 4)
    assert content(by_number) == [(n, "new" if n in (2, 3) else "old") for n in range(6)]


def test_a_window_beyond_the_mark_and_one_that_is_none_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    target = tmp_path / "t"
    rows = days(spark, [(1, 1, "a"), (2, 2, "b"), (3, 3, "c")])
    append(target, rows)
    first, third, fourth = date(2026, 5, 1), date(2026, 5, 3), date(2026, 5, 4)
    for column, since, until, said in (
        ("day", first, fourth, "reaches to 2026-05-04, and t to 2026-05-03"),
        ("day", third, first, "is no window"),
        ("dya", first, third, "day"),
        ("day", 1, 2, "no column of days"),
    ):
        with pytest.raises(UsageError, match=said):
            backfill(target, rows, column, since, until)
    with pytest.raises(DataError, match="has no row from 2026-05-01"):
        backfill(target, rows.where("id = 3"), "day", first, third)
    with pytest.raises(DataError, match="other columns than t"):
        backfill(target, rows.withColumn("more", F.lit(1)), "day", first, third)
    assert DeltaReader(target, "t").version == 0


def test_a_live_job_goes_on_beside_a_backfill(spark: SparkSession, tmp_path: Path) -> None:
    target = tmp_path / "t"
    append(target, days(spark, [(1, 1, "wrong"), (9, 9, "live")]))
    arrived = days(spark, [(10, 10, "live")])
    # The live job commits after the backfill has looked, and before it writes.
    right = days(spark, [(1, 1, "right")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incremental, "overwrite_part", beside(lambda: append(target, arrived)))
        backfill(target, right, "day", date(2026, 5, 1), date(2026, 5, 2))
    names = {row["id"]: row["name"] for row in DeltaReader(target, "t").page(limit=10).named()}
    assert names == {1: "right", 9: "live", 10: "live"}


def beside(live: Callable[[], object]) -> Callable[..., Any]:
    """An overwrite before which a live job commits."""

    def overwrite(*given: Any, **named: Any) -> Any:
        live()
        return overwrite_part(*given, **named)

    return overwrite


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
