"""Writers refuse before they write, describe what they write and sign it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from toolkit.errors import DataError
from toolkit.scenario import Table
from toolkit.store.reader import DeltaReader
from toolkit.store.write import export, write_table

TABLE = Table("silver.parcels", "A parcel.", {"id": "Its number.", "place": "Where it goes."})
SIGNATURE = {"run_id": "20260301-101500-parcels-0a1b", "step": "check", "fingerprint": "abc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "silver" / "parcels"


def written(path: Path) -> DeltaReader:
    return DeltaReader(path, TABLE.name)


def test_a_table_is_written_with_comments_signature_and_counts(spark: SparkSession, path: Path) -> None:
    df = spark.createDataFrame([("x", 1), (None, 2)], "place STRING, id LONG")
    done = write_table(df, path, TABLE, signature=SIGNATURE)
    found = written(path)
    assert [(c.name, c.comment) for c in found.columns()] == [("id", "Its number."), ("place", "Where it goes.")]
    assert found.page(order_by="id").rows == [(1, "x"), (2, None)]
    newest = found.history(1)[0]
    assert (newest.run_id, newest.step, newest.user_metadata) == (SIGNATURE["run_id"], "check", SIGNATURE)
    assert (done.table, done.version, done.rows) == ("silver.parcels", 0, 2)
    assert (done.files, done.bytes) == (len(found.files()), sum(f.bytes for f in found.files()))


def test_overwriting_replaces_and_appending_adds(spark: SparkSession, path: Path) -> None:
    df = spark.createDataFrame([(1, "x"), (2, "y")], "id LONG, place STRING")
    write_table(df, path, TABLE)
    assert write_table(df.limit(1), path, TABLE).rows == 1
    appended = write_table(df, path, TABLE, mode="append")
    assert (appended.version, appended.rows, written(path).count()) == (2, 2, 3)


def test_an_empty_frame_makes_an_empty_table(spark: SparkSession, path: Path) -> None:
    done = write_table(spark.createDataFrame([], "id LONG, place STRING"), path, TABLE)
    assert (done.rows, written(path).count()) == (0, 0)


def test_a_type_may_change_when_the_table_is_replaced(spark: SparkSession, path: Path) -> None:
    write_table(spark.createDataFrame([(1, "x")], "id LONG, place STRING"), path, TABLE)
    write_table(spark.createDataFrame([("one", "x")], "id STRING, place STRING"), path, TABLE)
    assert written(path).columns()[0].type == "string"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": "1"}, r"missing columns \['place'\], undeclared columns none"),
        ({"id": "1", "place": "'x'", "more": "2"}, r"missing columns none, undeclared columns \['more'\]"),
        ({"ID": "1", "place": "'x'"}, r"missing columns \['id'\], undeclared columns \['ID'\]"),
        ({"number": "1"}, r"missing columns \['id', 'place'\], undeclared columns \['number'\]"),
    ],
)
@pytest.mark.parametrize("mode", ["overwrite", "append"])
def test_other_columns_than_declared_are_refused_before_anything_is_written(
    spark: SparkSession, path: Path, columns: Mapping[str, str], said: str, mode: str
) -> None:
    df = spark.range(1).selectExpr(*[f"{value} AS {name}" for name, value in columns.items()])
    with pytest.raises(DataError, match=f"silver.parcels was not written: {said}"):
        write_table(df, path, TABLE, mode=mode)  # type: ignore[arg-type]
    assert not path.exists()


def test_a_column_that_occurs_twice_is_refused(spark: SparkSession, path: Path) -> None:
    left = spark.createDataFrame([(1, "x")], "id LONG, place STRING")
    joined = left.crossJoin(spark.createDataFrame([(1,)], "id LONG"))
    assert joined.columns == ["id", "place", "id"]
    with pytest.raises(DataError, match="a second id"):
        write_table(joined, path, TABLE)


def test_a_refusal_leaves_the_earlier_version_as_it_was(spark: SparkSession, path: Path) -> None:
    write_table(spark.createDataFrame([(1, "x")], "id LONG, place STRING"), path, TABLE)
    before = sorted(p.name for p in path.rglob("*"))
    with pytest.raises(DataError):
        write_table(spark.createDataFrame([(1,)], "id LONG"), path, TABLE)
    assert sorted(p.name for p in path.rglob("*")) == before


def test_a_write_that_fails_halfway_leaves_the_earlier_version_as_it_was(spark: SparkSession, path: Path) -> None:
    write_table(spark.createDataFrame([(1, "x")], "id LONG, place STRING"), path, TABLE)
    failing = spark.range(0, 1000, 1, 4).selectExpr(
        "IF(id = 999, CAST(raise_error('the disk ate it') AS LONG), id) AS id", "'y' AS place"
    )
    with pytest.raises(Exception, match="the disk ate it"):
        write_table(failing, path, TABLE)
    assert (written(path).version, written(path).page().rows) == (0, [(1, "x")])


def test_appending_another_type_is_refused_by_delta(spark: SparkSession, path: Path) -> None:
    write_table(spark.createDataFrame([(1, "x")], "id LONG, place STRING"), path, TABLE)
    with pytest.raises(Exception, match="DELTA_FAILED_TO_MERGE_FIELDS"):
        write_table(spark.createDataFrame([([1], "x")], "id ARRAY<INT>, place STRING"), path, TABLE, mode="append")
    assert written(path).version == 0


def test_exports_are_one_file_that_is_replaced(spark: SparkSession, tmp_path: Path) -> None:
    df = spark.range(0, 10, 1, 4)
    for _ in range(2):
        export(df, tmp_path / "parquet", "parquet")
        export(df, tmp_path / "avro", "avro")
    (parquet,) = (tmp_path / "parquet").glob("*.parquet")
    (avro,) = (tmp_path / "avro").glob("*.avro")
    assert pq.read_table(parquet).num_rows == 10
    assert avro.read_bytes()[:3] == b"Obj"
