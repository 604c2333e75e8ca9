"""Columns called otherwise: rows stay, files stay, and loads go on under the new names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit.errors import DataError, UsageError
from toolkit.etl.load import upsert
from toolkit.etl.renames import rename_columns
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Path:
    path = tmp_path / "customers"
    upsert(
        path,
        spark.createDataFrame([(1, "Ana", "Porto"), (2, "Bo", "Lima")], "id INT, name STRING, town STRING"),
        ["id"],
    )
    return path


def rows(path: Path) -> list[dict[str, object]]:
    """What the reader without a JVM says."""
    return sorted(DeltaReader(path, "t").page(limit=100).named(), key=lambda row: str(row["id"]))


def files(path: Path) -> set[str]:
    return {file.name for file in path.glob("*.parquet")}


def test_rows_and_files_stay_and_a_load_goes_on_under_the_new_name(spark: SparkSession, table: Path) -> None:
    before = files(table)
    version = rename_columns(table, spark, {"TOWN": "home city", "name": "called"})
    assert files(table) == before
    assert rows(table)[0] == {"id": 1, "called": "Ana", "home city": "Porto"}
    assert spark.read.format("delta").load(str(table)).columns == ["id", "called", "home city"]
    assert DeltaReader(table, "t").version == version
    new = spark.createDataFrame([(2, "Bo", "Cusco"), (3, "Cy", "Rome")], "id INT, called STRING, `home city` STRING")
    done = upsert(table, new, ["id"])
    assert (done.inserted, done.updated) == (1, 1)
    assert [row["home city"] for row in rows(table)] == ["Porto", "Cusco", "Rome"]
    old = spark.read.format("delta").option("versionAsOf", 0).load(str(table))
    assert old.columns == ["id", "name", "town"]


def test_a_rename_is_made_once(spark: SparkSession, table: Path) -> None:
    version = rename_columns(table, spark, {"town": "city", "name": "called"})
    assert rename_columns(table, spark, {"town": "city", "name": "called"}) == version
    assert list(rows(table)[0]) == ["id", "called", "city"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"twon": "city"}, "town"),
        ({"town": "NAME"}, "There is a column name already"),
        ({"town": "a", "name": "A"}, "Two columns would be called A"),
        ({"town": "name", "name": "town"}, "There is a column name already"),
        ({"town": "Town"}, "There is a column town already"),
        ({"town": " "}, "would have no name"),
    ],
)
def test_names_that_cannot_be_given_are_refused_and_nothing_changes(
    spark: SparkSession, table: Path, names: dict[str, str], said: str
) -> None:
    before = rows(table)
    with pytest.raises(UsageError, match=said):
        rename_columns(table, spark, {"id": "number", **names})
    assert rows(table) == before
    assert DeltaReader(table, "t").version == 0


def test_a_table_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing is not there"):
        rename_columns(tmp_path / "nothing", spark, {"a": "b"})
