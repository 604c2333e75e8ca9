"""Rows are written once, looked at, and become visible in one commit, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError
from toolkit.scenario import Table
from toolkit.store.reader import DeltaReader
from toolkit.store.staging import Staged, discard, publish, stage

GOOD = Table("silver.parcels", "A parcel.", {"id": "Its number.", "weight": "Kilograms.", "seen_at": "When."})
BAD = Table("quarantine.parcels", "A refused parcel.", {"id": "Its number.", "_why": "The reason."})
SIGNATURE = {"run_id": "20260301-101500-parcels-0a1b", "step": "check", "fingerprint": "abc"}


def parcels(spark: SparkSession, count: int, bad_every: int = 4) -> DataFrame:
    return spark.range(count).select(
        "id",
        (F.col("id") * 1.25).cast("decimal(20,3)").alias("weight"),
        F.lit("2026-03-01 10:00:00.123456").cast("timestamp").alias("seen_at"),
        F.when(F.col("id") % bad_every == 0, F.lit("broken")).alias("_why"),
        (F.col("id") % bad_every == 0).alias("_bad"),
    )


@pytest.fixture
def staged(spark: SparkSession, tmp_path: Path) -> Staged:
    """20 parcels, of which 5 are bad."""
    return stage(parcels(spark, 20), tmp_path / "staging", "_bad")


def ids(path: Path) -> list[int]:
    return sorted(row[0] for row in DeltaReader(path, "t").sql("SELECT id FROM t").rows)


def test_what_is_staged_is_in_no_table_and_counted(staged: Staged, tmp_path: Path) -> None:
    assert (staged.rows(True), staged.rows(False), staged.total) == (5, 15, 20)
    assert sorted(row["id"] for row in staged.frame(True).collect()) == [0, 4, 8, 12, 16]
    assert not (tmp_path / "good").exists()


def test_each_part_becomes_its_table_in_one_signed_commit(spark: SparkSession, staged: Staged, tmp_path: Path) -> None:
    done = publish(staged, False, tmp_path / "good", GOOD, signature=SIGNATURE)
    publish(staged, True, tmp_path / "bad", BAD, signature=SIGNATURE)
    discard(staged)
    found = DeltaReader(tmp_path / "good", "t")
    assert (done.version, done.rows, done.files) == (0, 15, len(found.files()))
    assert done.bytes == sum(file.bytes for file in found.files())
    assert [(c.name, c.comment) for c in found.columns()] == list(GOOD.columns.items())
    assert found.history()[0].user_metadata == SIGNATURE
    assert found.history()[0].rows == 15
    assert ids(tmp_path / "good") == [i for i in range(20) if i % 4]
    by_spark = spark.read.format("delta").load(str(tmp_path / "good"))
    assert by_spark.columns == list(GOOD.columns)
    assert by_spark.agg(F.sum("weight")).first()[0] == sum(i * 1250 for i in range(20) if i % 4) / 1000
    assert by_spark.where("seen_at = '2026-03-01 10:00:00.123456'").count() == 15
    assert {row["_why"] for row in spark.read.format("delta").load(str(tmp_path / "bad")).collect()} == {"broken"}


def test_a_part_becomes_its_table_where_a_first_write_was_stopped(staged: Staged, tmp_path: Path) -> None:
    (tmp_path / "good" / "_delta_log" / "_staged_commits").mkdir(parents=True)
    (tmp_path / "good" / "part-00000.parquet").touch()
    assert publish(staged, False, tmp_path / "good", GOOD, signature=SIGNATURE).version == 0
    assert ids(tmp_path / "good") == [i for i in range(20) if i % 4]


def test_the_next_load_replaces_or_adds_and_the_one_before_can_be_read(spark: SparkSession, tmp_path: Path) -> None:
    for count, mode in ((20, "overwrite"), (8, "overwrite"), (4, "append")):
        publish(stage(parcels(spark, count), tmp_path / "staging", "_bad"), False, tmp_path / "good", GOOD, mode=mode)
    assert ids(tmp_path / "good") == sorted([1, 2, 3, 5, 6, 7, 1, 2, 3])
    assert DeltaReader(tmp_path / "good", "t", 0).count() == 15
    spark.sql(f"OPTIMIZE delta.`{tmp_path / 'good'}`")
    assert ids(tmp_path / "good") == sorted([1, 2, 3, 5, 6, 7, 1, 2, 3])


def test_a_part_without_rows_is_an_empty_table(spark: SparkSession, tmp_path: Path) -> None:
    good = parcels(spark, 8).where("not _bad")
    for _ in range(2):
        publish(stage(good, tmp_path / "staging", "_bad"), True, tmp_path / "bad", BAD)
    found = DeltaReader(tmp_path / "bad", "t")
    assert (found.count(), found.version) == (0, 1)
    assert spark.read.format("delta").load(str(tmp_path / "bad")).columns == list(BAD.columns)


def test_a_table_that_lost_its_rows_gets_others(spark: SparkSession, tmp_path: Path) -> None:
    publish(stage(parcels(spark, 8), tmp_path / "staging", "_bad"), True, tmp_path / "bad", BAD)
    none = parcels(spark, 8).where("not _bad")
    publish(stage(none, tmp_path / "staging", "_bad"), True, tmp_path / "bad", BAD)
    assert DeltaReader(tmp_path / "bad", "t").count() == 0


def test_columns_may_change_when_the_table_is_replaced(spark: SparkSession, tmp_path: Path) -> None:
    publish(stage(parcels(spark, 8), tmp_path / "staging", "_bad"), False, tmp_path / "good", GOOD)
    narrow = Table(GOOD.name, GOOD.description, {"id": "Its number."})
    publish(stage(parcels(spark, 8), tmp_path / "staging", "_bad"), False, tmp_path / "good", narrow)
    assert spark.read.format("delta").load(str(tmp_path / "good")).columns == ["id"]


def test_a_missing_column_is_refused_before_a_file_moves(staged: Staged, tmp_path: Path) -> None:
    wider = Table(GOOD.name, GOOD.description, {**GOOD.columns, "colour": "Its colour."})
    with pytest.raises(DataError, match=r"missing columns \['colour'\]"):
        publish(staged, False, tmp_path / "good", wider)
    assert not (tmp_path / "good").exists()
    assert staged.frame(False).count() == 15


def test_a_table_that_asks_for_more_than_plain_delta_gets_a_copy(
    spark: SparkSession, staged: Staged, tmp_path: Path
) -> None:
    path = tmp_path / "good"
    spark.sql(
        f"CREATE TABLE delta.`{path}` (id LONG, weight DECIMAL(20,3), seen_at TIMESTAMP) USING delta "
        "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')"
    )
    done = publish(staged, False, path, GOOD, signature=SIGNATURE)
    assert (done.version, done.rows) == (1, 15)
    assert ids(path) == [i for i in range(20) if i % 4]
    assert DeltaReader(path, "t").history(1)[0].user_metadata == SIGNATURE


def test_rows_whose_types_ask_for_more_are_copied_too(spark: SparkSession, tmp_path: Path) -> None:
    wall_clock = parcels(spark, 8).withColumn("seen_at", F.col("seen_at").cast("timestamp_ntz"))
    publish(stage(wall_clock, tmp_path / "staging", "_bad"), False, tmp_path / "good", GOOD)
    found = spark.read.format("delta").load(str(tmp_path / "good"))
    assert (found.count(), dict(found.dtypes)["seen_at"]) == (6, "timestamp_ntz")


def test_what_an_interrupted_attempt_left_is_replaced(spark: SparkSession, staged: Staged, tmp_path: Path) -> None:
    assert (tmp_path / "staging").exists()
    again = stage(parcels(spark, 4), tmp_path / "staging", "_bad")
    assert again.total == 4
    discard(again)
    assert not (tmp_path / "staging").exists()
