"""A stream is checked as a batch is: the same rows, the same counts; what one micro-batch cannot tell is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from toolkit.errors import UsageError
from toolkit.quality.engine import check, metrics_name, split, watch
from toolkit.quality.results import QualityResult
from toolkit.quality.rules import (
    Between,
    Determines,
    DistinctCount,
    EachReferences,
    Email,
    Increases,
    Mean,
    NoGaps,
    NoOverlap,
    NotNull,
    Psi,
    Quantile,
    References,
    RowCount,
    RowCountChange,
    Rule,
    SameCount,
    Share,
    Unique,
)

TABLE = "silver.parcels"
SCHEMA = "id INT, place STRING, grams DOUBLE, mail STRING, tags ARRAY<STRING>"
RULES: tuple[Rule, ...] = (
    NotNull(column="place"),
    References(column="place", to="places", key="name", severity="critical"),
    Between(column="grams", min=0, max=50, where="place = 'Rom'"),
    Email(column="mail", severity="warn"),
    RowCount(min=1),
    Mean(column="grams", min=0, max=1),
    Quantile(column="grams", max=20),
    DistinctCount(column="place", max=5),
    Share(condition="mail IS NULL", max=0.1),
    Psi(column="grams", expected={"edges": (10.0, 30.0), "shares": (0.3, 0.4, 0.3)}),  # type: ignore[arg-type]
)


@pytest.fixture(scope="module")
def batch(shared_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    """Rows that lie in files, where a stream can find them, too."""
    places, mails = (None, "Rom", "Köln", "Atlantis", ""), ("a@b.co", None, "nobody")
    rows = [(i, places[i % 5], float(i % 70) if i % 7 else float("nan"), mails[i % 3], ["x"]) for i in range(200)]
    folder = str(tmp_path_factory.mktemp("parcels") / "in")
    shared_spark.createDataFrame(rows, SCHEMA).repartition(4).write.parquet(folder)
    return shared_spark.read.schema(SCHEMA).parquet(folder)


@pytest.fixture
def stream(spark: SparkSession, batch: DataFrame) -> DataFrame:
    """The same files, all in one micro-batch."""
    return spark.readStream.schema(SCHEMA).parquet(str(Path(batch.inputFiles()[0].removeprefix("file:")).parent))


@pytest.fixture
def places(spark: SparkSession) -> dict[str, DataFrame]:
    return {"places": spark.createDataFrame([("Rom",), ("Köln",), (None,), ("Rom",)], "name STRING")}


def written(rows: DataFrame, folder: Path) -> list[Any]:
    """The progress of each micro-batch of `rows`, once all that is there has been written to `folder`."""
    query = (
        rows.writeStream.format("parquet")
        .option("checkpointLocation", str(folder / "checkpoint"))
        .option("path", str(folder / "out"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(60)
    return [progress for progress in query.recentProgress if progress.numInputRows]


def told(result: QualityResult) -> list[str]:
    """A result as text, in which NaN equals NaN."""
    return [f"{result.rows} {result.quarantined} {result.passed}", *map(repr, result.rules)]


def read(spark: SparkSession, folder: Path) -> list[Any]:
    return sorted(map(str, spark.read.parquet(str(folder / "out")).collect()))


def test_a_stream_is_split_into_the_same_rows_with_the_same_counts(
    spark: SparkSession, batch: DataFrame, stream: DataFrame, places: dict[str, DataFrame], tmp_path: Path
) -> None:
    expected, parted = split(batch, TABLE, RULES, places), split(stream, TABLE, RULES, places)
    rows = expected.rows.collect()
    (progress,) = written(parted.rows, tmp_path)
    assert read(spark, tmp_path) == sorted(map(str, rows))
    found = parted.result(progress.observedMetrics[metrics_name(TABLE)])
    assert told(found) == told(expected.result()) == told(check(batch, TABLE, RULES, places))
    assert "measured=nan" in str(told(found))
    assert (found.rows, found.quarantined) == (200, sum(row["_quarantined"] for row in rows))
    assert 0 < found.quarantined < 200


def test_both_parts_of_a_stream_are_those_of_a_batch(
    spark: SparkSession, batch: DataFrame, stream: DataFrame, places: dict[str, DataFrame], tmp_path: Path
) -> None:
    expected, parted = split(batch, TABLE, RULES, places), split(stream, TABLE, RULES, places)
    (counting,) = written(parted.valid, tmp_path / "valid")
    (silent,) = written(parted.quarantined, tmp_path / "bad")
    assert read(spark, tmp_path / "valid") == sorted(map(str, expected.valid.collect()))
    assert read(spark, tmp_path / "bad") == sorted(map(str, expected.quarantined.collect()))
    assert metrics_name(TABLE) in counting.observedMetrics
    assert not silent.observedMetrics


def test_a_stream_is_watched_while_somebody_writes_it(
    spark: SparkSession, batch: DataFrame, stream: DataFrame, places: dict[str, DataFrame], tmp_path: Path
) -> None:
    watched = watch(stream, TABLE, RULES, places)
    (progress,) = written(watched.rows, tmp_path)
    assert read(spark, tmp_path) == sorted(map(str, batch.collect()))
    found = watched.result(progress.observedMetrics[metrics_name(TABLE)])
    assert told(found) == told(check(batch, TABLE, RULES, places))


def test_a_batch_of_a_stream_is_held_against_those_before_it(stream: DataFrame, tmp_path: Path) -> None:
    watched = watch(stream, TABLE, [RowCountChange(within=0.5)])
    (progress,) = written(watched.rows, tmp_path)
    counted = progress.observedMetrics[metrics_name(TABLE)]
    assert watched.result(counted).rules[0].said == "200 rows; 0 earlier runs are too few to compare with."
    usual = watched.result(counted, earlier={"row_count_change": [200.0, 180.0, 210.0]})
    halved = watched.result(counted, earlier={"row_count_change": [600.0, 580.0, 610.0]})
    assert (usual.passed, halved.passed) == (True, False)


def test_without_its_progress_a_stream_has_no_counts(stream: DataFrame) -> None:
    with pytest.raises(UsageError, match=r"silver\.parcels is a stream") as refused:
        split(stream, TABLE, [NotNull(column="id")]).result()
    assert "observedMetrics" in refused.value.cure


@pytest.mark.parametrize(
    "rule",
    [
        Unique(columns=("id",)),
        Determines(columns=("place",), dependent="mail"),
        EachReferences(column="tags", to="places", key="name"),
        Increases(column="id", by="grams"),
        NoOverlap(column="id", end="grams", per=("place",)),
        NoGaps(column="id"),
        SameCount(to="places"),
    ],
    ids=lambda rule: rule.kind,
)
def test_what_one_micro_batch_cannot_tell_is_refused(
    stream: DataFrame, places: dict[str, DataFrame], rule: Rule
) -> None:
    with pytest.raises(UsageError, match=rf"Rule {rule.name} of silver\.parcels compares rows") as refused:
        split(stream, TABLE, [NotNull(column="id"), rule], places)
    assert "foreachBatch" in refused.value.cure


def test_inside_foreach_batch_every_rule_works(
    batch: DataFrame, stream: DataFrame, places: dict[str, DataFrame], tmp_path: Path
) -> None:
    rules = [*RULES, Unique(columns=("place", "mail"), where="id < 20"), NoGaps(column="id")]
    found: list[QualityResult] = []

    def write(rows: DataFrame, number: int) -> None:
        parted = split(rows, TABLE, rules, places)
        parted.rows.write.parquet(str(tmp_path / str(number)))
        found.append(parted.result())

    query = (
        stream.writeStream.foreachBatch(write)
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(60)
    assert [told(one) for one in found] == [told(check(batch, TABLE, rules, places))]
    assert {r.rule.kind: r.failed for r in found[0].rules}["unique"] > 0
