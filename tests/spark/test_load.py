"""Rows loaded into Delta tables: what each load did, what is refused, and that a table is untouched by what was refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.errors import BusyError, DataError, UsageError
from toolkit.etl.load import Loaded, append, insert_only, overwrite_part, sync, sync_keys, upsert
from toolkit.store.commits import Once, Way
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Rows = dict[int, str | None]


def frame(spark: SparkSession, rows: Rows | list[tuple[Any, ...]], columns: str = "id INT, name STRING") -> DataFrame:
    return spark.createDataFrame(list(rows.items()) if isinstance(rows, dict) else rows, columns)


def content(table: Path) -> Rows:
    found = DeltaReader(table, "t").page(limit=10_000).rows
    assert len({row[0] for row in found}) == len(found), "no key twice"
    return {row[0]: row[1] for row in found}


def done(loaded: Loaded) -> tuple[int, int, int, int]:
    return loaded.inserted, loaded.updated, loaded.deleted, loaded.unchanged


def some_rows(dice: random.Random) -> Rows:
    return {key: dice.choice(["x", "y", None]) for key in dice.sample(range(12), dice.randint(1, 9))}


def test_merges_and_syncs_are_those_of_a_dictionary(spark: SparkSession, tmp_path: Path) -> None:
    dice, table, model = random.Random(3), tmp_path / "t", dict[int, str | None]()
    for _ in range(8):
        rows, load = some_rows(dice), dice.choice([upsert, insert_only, sync])
        old = dict(model)
        new = {key: name for key, name in rows.items() if key not in old}
        changed = {key: name for key, name in rows.items() if key in old and old[key] != name}
        gone = [key for key in old if key not in rows] if load is sync else []
        model |= new if load is insert_only else rows
        for key in gone:
            del model[key]
        counts = len(new), 0 if load is insert_only else len(changed), len(gone)
        found = load(table, frame(spark, rows), ["id"])
        assert done(found) == (*counts, len(rows) - counts[0] - counts[1])
        assert content(table) == model
        assert found.version == DeltaReader(table, "t").version


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("load", [upsert, insert_only, sync])
@pytest.mark.parametrize(
    ("rows", "said"),
    [([(1, "a"), (2, "b"), (1, "c")], "id=1"), ([(1, "a"), (None, "b")], "id=None")],
    ids=["repeated", "null"],
)
def test_a_key_that_comes_twice_or_not_at_all_is_refused_before_anything_is_written(
    spark: SparkSession, tmp_path: Path, load: Callable[..., Loaded], rows: list[Any], said: str, there: bool
) -> None:
    table = tmp_path / "t"
    if there:
        upsert(table, frame(spark, {1: "old"}), ["id"])
    with pytest.raises(DataError, match=rf"Keys come more than once, or are null: {said}"):
        load(table, frame(spark, rows), ["id"])
    if there:
        assert (content(table), DeltaReader(table, "t").version) == ({1: "old"}, 0)
    else:
        assert not table.exists()


def test_a_part_is_replaced_and_rows_outside_it_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    columns = "id INT, day STRING"
    append(table, frame(spark, [(1, "mon"), (2, "tue"), (3, "tue")], columns), Way(partition_by=["day"]))
    found = overwrite_part(table, frame(spark, [(4, "tue")], columns), "day = 'tue'")
    assert (content(table), found.inserted) == ({1: "mon", 4: "tue"}, 1)
    with pytest.raises(DataError, match=r"outside the part that they replace \(day = 'tue'\), such as id=5, day=wed"):
        overwrite_part(table, frame(spark, [(5, "wed")], columns), "day = 'tue'")
    with pytest.raises(DataError, match="outside the part"):
        overwrite_part(table, frame(spark, [(5, None)], columns), "day = 'tue'")
    with pytest.raises(UsageError, match="is no condition"):
        overwrite_part(table, frame(spark, [(5, "wed")], columns), "dya = 'tue'")
    assert (content(table), DeltaReader(table, "t").version) == ({1: "mon", 4: "tue"}, 1)


@pytest.mark.parametrize("load", [append, lambda t, df, way: upsert(t, df, ["id"], way)])
def test_a_retry_of_a_named_load_is_left_out(
    spark: SparkSession, tmp_path: Path, load: Callable[[Path, DataFrame, Way], Loaded]
) -> None:
    table = tmp_path / "t"
    for number, rows in ((1, {1: "a"}), (2, {2: "b"})):
        assert not load(table, frame(spark, rows), Way(once=Once("days", number))).skipped
        again = load(table, frame(spark, {9: "again"}), Way(once=Once("days", number)))
        assert (again.skipped, done(again)) == (True, (0, 0, 0, 0))
    assert content(table) == {1: "a", 2: "b"}
    load(table, frame(spark, {3: "c"}), Way(once=Once("other", 1)))
    assert content(table) == {1: "a", 2: "b", 3: "c"}
    assert spark.conf.get("spark.databricks.delta.write.txnAppId", None) is None


def test_an_empty_source_empties_a_table_only_where_that_is_meant(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    sync(table, frame(spark, {1: "a", 2: "b"}), ["id"])
    with pytest.raises(DataError, match="No rows came, and t would be emptied"):
        sync(table, frame(spark, {}), ["id"])
    assert content(table) == {1: "a", 2: "b"}
    assert done(sync(table, frame(spark, {}), ["id"], empty_is_meant=True)) == (0, 0, 2, 0)
    assert content(table) == {}


def test_other_columns_are_refused_added_or_made_wider(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    upsert(table, frame(spark, {1: "a"}), ["id"])
    more = frame(spark, [(1, "a", 7), (2, "b", 8)], "id INT, name STRING, points INT")
    for rows, said in (
        (more, "new are points"),
        (frame(spark, [(1,)], "id INT"), "missing are name"),
        (frame(spark, [(1, 2)], "id INT, name INT"), "name is string there and int here"),
    ):
        with pytest.raises(DataError, match=f"The rows have other columns than t: {said}"):
            upsert(table, rows, ["id"])
    assert DeltaReader(table, "t").version == 0
    assert done(upsert(table, more, ["id"], Way(evolution="add"))) == (1, 1, 0, 0)
    assert sorted(DeltaReader(table, "t").page(limit=10).rows) == [(1, "a", 7), (2, "b", 8)]


def test_a_table_is_clustered_as_it_is_made(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    upsert(table, frame(spark, {1: "a"}), ["id"], Way(cluster_by=["id"]))
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{table}`").collect()[0]
    assert detail["clusteringColumns"] == ["id"]
    with pytest.raises(UsageError, match="parted or clustered, not both"):
        append(tmp_path / "u", frame(spark, {1: "a"}), Way(cluster_by=["id"], partition_by=["name"]))
    assert not (tmp_path / "u").exists()


def test_rows_of_some_keys_follow_another_table_and_those_of_others_stay(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    sync_keys(table, frame(spark, {1: "a", 2: "b", 3: "c"}), ["id"], frame(spark, {1: "", 2: "", 3: ""}))
    among = frame(spark, {1: "", 2: "", 4: "", 5: ""}).union(frame(spark, {1: ""}))
    assert done(sync_keys(table, frame(spark, {1: "A", 4: "d"}), ["id"], among)) == (1, 1, 1, 0)
    assert content(table) == {1: "A", 3: "c", 4: "d"}
    assert done(sync_keys(table, frame(spark, {1: "A"}), ["id"], frame(spark, {1: "", 9: ""}))) == (0, 0, 0, 1)
    with pytest.raises(DataError, match="are null"):
        sync_keys(table, frame(spark, {1: "A"}).union(spark.sql("SELECT CAST(null AS INT), 'x'")), ["id"], among)
    assert content(table) == {1: "A", 3: "c", 4: "d"}


def test_of_two_writers_the_second_is_told_and_the_table_is_as_the_first_left_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    table, seen = tmp_path / "t", tmp_path / "seen"
    upsert(table, frame(spark, {1: "a", 2: "b"}), ["id"])
    frame(spark, {1: "first", 2: "first"}).write.format("delta").save(str(tmp_path / "other"))

    def while_it_is_read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            # The keys are looked at first, then the merge begins; another writer commits in between.
            if seen.exists() and not (table / "_delta_log" / "00000000000000000001.json").exists():
                write_deltalake(
                    table, pa.table({"id": pa.array([1, 2], pa.int32()), "name": ["x", "y"]}), mode="overwrite"
                )
            seen.touch()
            yield batch

    second = frame(spark, {1: "second"}).coalesce(1).mapInArrow(while_it_is_read, "id INT, name STRING")
    with pytest.raises(BusyError, match="Another writer changed the table meanwhile; nothing was written"):
        upsert(table, second, ["id"])
    assert content(table) == {1: "x", 2: "y"}
    assert DeltaReader(table, "t").version == 1


@pytest.mark.parametrize("way", [Way(partition_by=["dya"]), Way(cluster_by=["dya"])], ids=["parted", "clustered"])
def test_a_table_is_parted_by_columns_that_it_has(spark: SparkSession, tmp_path: Path, way: Way) -> None:
    with pytest.raises(UsageError, match=r"There is no column 'dya'\. Did you mean 'day'"):
        append(tmp_path / "t", frame(spark, [(1, "mon")], "id INT, day STRING"), way)
    assert not (tmp_path / "t").exists()


def test_columns_that_change_while_a_table_is_read_are_told(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "t"
    append(source, frame(spark, {1: "a"}))
    before = spark.read.format("delta").load(str(source))
    changed = frame(spark, [("one", 2)], "id STRING, other INT")
    changed.write.format("delta").mode("overwrite").option("overwriteSchema", True).save(str(source))
    with pytest.raises(DataError, match="The columns of a table changed while it was read"):
        upsert(target, before, ["id"])
    assert not target.exists()
