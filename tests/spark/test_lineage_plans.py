"""Lineage of frames: what they read, streams and their batches, and all for which the answer has to be `unknown`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.spark.test_lineage_truth import told, truth
from toolkit.errors import UsageError
from toolkit.governance.lineage.composing import compose
from toolkit.governance.lineage.model import Lineage, Source
from toolkit.governance.lineage.plans import DEEPEST, lineage_of
from toolkit.governance.lineage.sql_text import direct_columns
from toolkit.governance.lineage.statements import lineage_of_merge, lineage_of_statement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEMA = "id INT, name STRING, price DOUBLE, at TIMESTAMP"


@pytest.fixture(scope="module")
def lake(shared_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    rows = shared_spark.createDataFrame([(1, "a", 2.0, None)], SCHEMA)
    for name in ("orders", "totals"):
        rows.write.format("delta").option("delta.enableChangeDataFeed", "true").save(str(folder / name))
    rows.write.format("delta").mode("append").save(str(folder / "orders"))
    rows.select("id", "name").write.csv(str(folder / "csv"))
    return folder


@pytest.fixture
def orders(spark: SparkSession, lake: Path) -> DataFrame:
    return spark.read.format("delta").load(str(lake / "orders"))


def delta(spark: SparkSession, lake: Path, stream: bool = False, **options: Any) -> DataFrame:
    reader = spark.readStream if stream else spark.read
    return reader.format("delta").options(**options).load(str(lake / "orders"))


def kafka(spark: SparkSession, stream: bool) -> DataFrame:
    reader = spark.readStream if stream else spark.read
    return reader.format("kafka").option("kafka.bootstrap.servers", "localhost:1").option("subscribe", "clicks").load()


def csv(spark: SparkSession, lake: Path, stream: bool) -> DataFrame:
    reader = spark.readStream if stream else spark.read
    return reader.schema("id INT, name STRING").csv(str(lake / "csv"))


READ: dict[str, tuple[Callable[[Any, Path], DataFrame], Callable[[str], Source]]] = {
    "a table, at its version": (delta, lambda lake: Source("table", f"{lake}/orders", version=1)),
    "an earlier version": (
        lambda spark, lake: delta(spark, lake, versionAsOf=0),
        lambda lake: Source("table", f"{lake}/orders", version=0),
    ),
    "a change feed": (
        lambda spark, lake: delta(spark, lake, readChangeFeed=True, startingVersion=0),
        lambda lake: Source("table", f"{lake}/orders", feed=True),
    ),
    "a table as a stream": (
        lambda spark, lake: delta(spark, lake, stream=True),
        lambda lake: Source("table", f"{lake}/orders"),
    ),
    "a change feed as a stream": (
        lambda spark, lake: delta(spark, lake, stream=True, readChangeFeed=True),
        lambda lake: Source("table", f"{lake}/orders", feed=True),
    ),
    "files": (lambda spark, lake: csv(spark, lake, False), lambda lake: Source("file", f"{lake}/csv", format="csv")),
    "files as a stream": (
        lambda spark, lake: csv(spark, lake, True),
        lambda lake: Source("file", f"{lake}/csv", format="csv"),
    ),
    "a topic": (lambda spark, _: kafka(spark, False), lambda _: Source("topic", "clicks", namespace="localhost:1")),
    "a topic as a stream": (
        lambda spark, _: kafka(spark, True),
        lambda _: Source("topic", "clicks", namespace="localhost:1"),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_told(spark: SparkSession, lake: Path, name: str) -> None:
    read, expected = READ[name]
    frame = read(spark, lake)
    lineage = lineage_of(frame)
    assert lineage.sources == (expected(str(lake)),)
    assert {(edge.column, edge.origin.column, edge.subtype) for edge in lineage.edges} == {
        (column, column, "identity") for column in frame.columns
    }
    assert lineage.is_complete


def test_rows_in_memory_are_told_apart_and_recognised(spark: SparkSession) -> None:
    one, other = (spark.createDataFrame([(1, "a")], "id INT, name STRING") for _ in range(2))
    lineage = lineage_of(one.join(other, "id").join(one.withColumnRenamed("name", "again"), "id"))
    assert [(source.kind, source.name) for source in lineage.sources] == [("memory", "1"), ("memory", "2")]
    assert [[(one.name, one.type) for one in source.schema] for source in lineage.sources] == [
        [("id", "integer"), ("name", "string")]
    ] * 2


def test_frames_have_the_edges_of_their_operators(spark: SparkSession, orders: DataFrame) -> None:
    from pyspark.sql import functions as F

    double = F.udf(lambda value: value, "double")
    cases: dict[str, tuple[DataFrame, str]] = {
        "udf": (orders.select(double("price").alias("x")), "x <- orders.price transformation"),
        "duplicates": (
            orders.dropDuplicates(["id"]).select("name"),
            "name <- orders.name identity; ~ orders.id group_by",
        ),
        "within a watermark": (
            orders.withWatermark("at", "1 minute").dropDuplicatesWithinWatermark(["id"]).select("name"),
            "name <- orders.name identity; ~ orders.id group_by",
        ),
        "unpivot": (
            orders.unpivot("id", ["name"], "kind", "value"),
            "id <- orders.id identity; kind <-; value <- orders.name identity",
        ),
        "union by name": (
            orders.select("id", "name").unionByName(orders.select("price"), allowMissingColumns=True),
            "id <- orders.id identity; name <- orders.name identity; price <- orders.price identity",
        ),
        "sample, limit, repartition": (
            orders.sample(0.5, 1).limit(3).repartition(2, "id").select("name"),
            "name <- orders.name identity",
        ),
        "window of time": (
            orders.groupBy(F.window("at", "1 hour").alias("w")).agg(F.sum("price").alias("p")).select("w.start", "p"),
            # Spark writes a window as a CASE over the time.
            "start <- orders.at transformation, orders.at conditional; p <- orders.price aggregation; "
            "~ orders.at group_by, orders.at filter, orders.at conditional",
        ),
        "observed": (
            orders.observe("seen", F.count(F.lit(1)).alias("n")).select("id"),
            "id <- orders.id identity",
        ),
        "metadata": (
            orders.select("_metadata.file_name"),
            "file_name <- orders._metadata.file_name identity",
        ),
    }
    for name, (frame, expected) in cases.items():
        lineage = lineage_of(frame)
        assert told(lineage) == truth(expected), name
        assert lineage.is_complete, name


def test_a_cached_frame_and_views_have_the_lineage_of_their_query(spark: SparkSession, orders: DataFrame) -> None:
    cached = orders.selectExpr("id", "upper(name) AS loud").cache()
    cached.createOrReplaceTempView("loud")
    for frame in (cached.select("loud"), spark.sql("SELECT loud FROM loud")):
        assert told(lineage_of(frame)) == {"loud <- orders.name transformation"}


def unknown_frames(orders: DataFrame) -> dict[str, tuple[DataFrame, set[str | None]]]:
    """Frames, and the columns that are unknown; None: what decides over the rows is."""
    from pyspark.sql import functions as F
    from pyspark.sql.functions import udtf

    @udtf(returnType="word STRING")
    class Words:
        def eval(self, text: str) -> Iterator[Any]:
            yield (text,)

    def frames(of: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        return of

    few = orders.select("id", "name")
    spark = orders.sparkSession
    spark.udtf.register("words", Words)
    few.createOrReplaceTempView("few")
    deep = F.lit("end")
    for at in range(DEEPEST + 1):
        deep = F.when(orders["id"] == at, orders["name"]).otherwise(deep)
    return {
        "mapInPandas": (few.mapInPandas(frames, "id INT"), {"id", None}),
        "mapInArrow": (few.mapInArrow(lambda batches: batches, "id INT"), {"id", None}),
        "applyInPandas": (
            few.groupBy("id").applyInPandas(lambda rows: rows, "id INT, name STRING"),
            {"id", "name", None},
        ),
        "cogroup": (
            few.groupBy("id").cogroup(few.groupBy("id")).applyInPandas(lambda one, other: one, "id INT, name STRING"),
            {"id", "name", None},
        ),
        "through later operators": (
            few.mapInPandas(frames, "id INT")
            .join(orders.select("id", "price"), "id")
            .selectExpr("id + 1 AS more", "price"),
            {"more", None},
        ),
        "a table function": (spark.sql("SELECT f.id, w.word FROM few f, LATERAL words(f.name) w"), {"word", None}),
        "a query of itself": (
            spark.sql(
                "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) "
                "SELECT n, id FROM r CROSS JOIN few"
            ),
            {"n", None},
        ),
        "too deep": (orders.select("id", deep.alias("deep")), {"id", "deep"}),
    }


def test_what_is_not_understood_is_unknown(spark: SparkSession, orders: DataFrame) -> None:
    for name, (frame, expected) in unknown_frames(orders).items():
        lineage = lineage_of(frame)
        assert {one.column for one in lineage.unknown} == expected, name
        assert all(one.reason for one in lineage.unknown), name
        if name != "too deep":
            assert any(Path(source.name).name == "orders" for source in lineage.sources), name


@pytest.mark.parametrize(
    "statement",
    ["OPTIMIZE {orders}", "EXPLAIN SELECT 1", "ALTER TABLE {orders} SET TBLPROPERTIES (a = 'b')", "VACUUM {orders}"],
)
def test_commands_that_are_not_understood_are_unknown(spark: SparkSession, lake: Path, statement: str) -> None:
    lineage = lineage_of_statement(spark, statement.format(orders=f"delta.`{lake / 'orders'}`"))
    assert not lineage.edges
    assert [one.column for one in lineage.unknown] == [None]
    assert "is not understood" in lineage.unknown[0].reason


@pytest.mark.parametrize(
    "text", ["SELEC 1", "SELECT nothing FROM delta.`/nowhere`", "INSERT INTO missing SELECT 1", ""]
)
def test_a_statement_that_spark_cannot_resolve_is_the_users_error(spark: SparkSession, text: str) -> None:
    with pytest.raises(UsageError, match="Spark cannot resolve the statement"):
        lineage_of_statement(spark, text)


def test_without_a_plan_everything_is_unknown() -> None:
    class OfConnect:
        dtypes = (("id", "int"), ("name", "string"))

    lineage = lineage_of(OfConnect())  # type: ignore[arg-type]
    assert [(one.column, one.reason) for one in lineage.unknown] == [
        (name, "over Spark Connect there is no plan to read") for name in ("id", "name")
    ]


def test_merge_into_by_a_frame(spark: SparkSession, lake: Path, orders: DataFrame) -> None:
    from pyspark.sql import functions as F

    target = f"delta.`{lake / 'totals'}`"
    source = orders.where("name = 'x'").alias("s")
    writer = source.mergeInto("t", F.expr("t.id = s.id")) if False else source.mergeInto(target, F.expr("s.id = 1"))
    lineage = lineage_of_merge(writer.whenMatched().update({"name": F.expr("upper(s.name)")}))
    assert lineage.target == Source("table", str(lake / "totals"))
    assert told(lineage) == truth(
        "id <-; name <- orders.name transformation, orders.id join, orders.name filter; price <-; at <-"
    )


def test_a_column_that_the_table_generates_is_unknown_where_a_statement_leaves_it_out(
    spark: SparkSession, lake: Path, tmp_path: Path
) -> None:
    table = f"delta.`{tmp_path / 'days'}`"
    spark.sql(
        f"CREATE TABLE {table} (id INT, at TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(at AS DATE))) USING delta"
    )
    spark.read.format("delta").load(str(lake / "orders")).createOrReplaceTempView("orders")
    lineage = lineage_of_statement(spark, f"INSERT INTO {table} (id, at) SELECT id, at FROM orders")
    assert told(lineage) == {"id <- orders.id identity", "at <- orders.at identity", "day <-"}
    assert [(one.column, one.reason) for one in lineage.unknown] == [
        ("day", "the table generates it from other columns")
    ]
    changed = lineage_of_statement(spark, f"UPDATE {table} SET at = at + INTERVAL 1 DAY")
    assert told(changed) == {"id <-", "at <- days.at transformation", "day <- days.at transformation"}


def test_a_stream_has_its_lineage_before_it_is_started(spark: SparkSession, lake: Path) -> None:
    stream = delta(spark, lake, stream=True).withWatermark("at", "1 minute").where("price > 1").groupBy("name").count()
    assert told(lineage_of(stream)) == truth(
        "name <- orders.name identity; count <-; ~ orders.price filter, orders.name group_by"
    )


def test_a_batch_is_put_behind_its_stream(spark: SparkSession, lake: Path, tmp_path: Path) -> None:
    stream = (
        delta(spark, lake, stream=True)
        .where("price > 1")
        .selectExpr("id", "sha2(name, 256) AS who", "price * 2 AS dear")
    )
    batches: list[Lineage] = []

    def write(rows: DataFrame, number: int) -> None:
        batches.append(lineage_of(rows.groupBy("who").agg({"dear": "sum"}).withColumnRenamed("sum(dear)", "total")))

    query = (
        stream.writeStream.trigger(availableNow=True).option("checkpointLocation", str(tmp_path)).foreachBatch(write)
    )
    query.start().awaitTermination(60)
    whole = compose(batches[0], lineage_of(stream))
    assert whole.is_complete
    assert told(whole) == truth(
        "who <- orders.name transformation masks; total <- orders.price aggregation; "
        "~ orders.name group_by, orders.price filter"
    )
    assert whole.sources == (Source("table", f"{lake}/orders"),)
    assert not compose(batches[0], lineage_of(stream.select("id"))).is_complete


AGREED = [
    "SELECT id, upper(name) AS loud FROM orders WHERE price > 1",
    "SELECT o.id, t.name FROM orders o LEFT JOIN totals t ON o.id = t.id",
    "SELECT name, sum(price) AS total, count(*) AS n, max(at) AS latest FROM orders GROUP BY name",
    "WITH x AS (SELECT id, coalesce(name, 'none') AS name FROM orders) "
    "SELECT x.id, concat(x.name, t.name) AS both FROM x JOIN totals t ON x.id = t.id",
    "SELECT id, name FROM orders UNION ALL SELECT id, lower(name) FROM totals",
    "SELECT s.id, s.dear FROM (SELECT id, price * 2 AS dear FROM orders WHERE name IS NOT NULL) s ORDER BY s.dear LIMIT 3",
]


@pytest.mark.parametrize("text", AGREED)
def test_the_text_and_the_plan_agree_on_direct_columns(spark: SparkSession, lake: Path, text: str) -> None:
    columns = {"id": "INT", "name": "STRING", "price": "DOUBLE", "at": "TIMESTAMP"}
    for name in ("orders", "totals"):
        spark.read.format("delta").load(str(lake / name)).createOrReplaceTempView(name)
    lineage = lineage_of_statement(spark, text)
    by_plan = {
        one.name: {
            (Path(edge.origin.source.name).name, edge.origin.column)
            for edge in lineage.edges
            if edge.column == one.name and edge.kind == "direct"
        }
        for one in lineage.columns
    }
    assert by_plan == direct_columns(text, {"orders": columns, "totals": columns})


def test_a_plan_of_three_hundred_expressions_is_read_in_no_time(spark: SparkSession, orders: DataFrame) -> None:
    frame = orders.selectExpr(*(f"price * {at} + length(name) AS c{at}" for at in range(300)))
    begun = time.perf_counter()
    lineage = lineage_of(frame)
    assert time.perf_counter() - begun < 3  # a tenth of it on a machine that does nothing else
    assert len(lineage.edges) == 600
