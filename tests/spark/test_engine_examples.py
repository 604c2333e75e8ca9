"""A table that is judged as it lies keeps its bad rows; the result shows one for each rule."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from toolkit.quality.actions import Actions
from toolkit.quality.engine import check, exemplified
from toolkit.quality.rules import Between, Holds, NotNull, OneOf, References, RowCount, Rule, Unique

TABLE = "silver.parcels"
SCHEMA = "id STRING, place STRING, `kg.net` DOUBLE"
ROWS = [("a", "Rom", 1.0), ("b", None, 2.0), ("c", "Köln", -3.0), ("d", "Köln", float("nan")), ("d", "Atlantis", 4.0)]


def test_each_broken_rule_shows_a_row_that_breaks_it(spark: SparkSession) -> None:
    df = spark.createDataFrame(ROWS, SCHEMA)
    places = {"places": spark.createDataFrame([("Rom",), ("Köln",)], "name STRING")}
    rules: list[Rule] = [
        NotNull(column="id"),
        NotNull(column="place", severity="warn"),
        Between(column="`kg.net`", min=0, name="kg", description="It weighs something.", where="place = 'Köln'"),
        References(column="place", to="places", key="name", name="known"),
        Unique(columns=("id",), name="once"),
        Holds(name="on_land", condition="place <> 'Atlantis'"),
        RowCount(min=10),
    ]
    found = {one.rule.name: one for one in exemplified(check(df, TABLE, rules, places), df, places).rules}
    assert {name: [(e["key"], e["value"]) for e in one.examples] for name, one in found.items()} == {
        "id_not_null": [],
        "place_not_null": [("b", "None")],
        "kg": [("c", "-3.0")],
        "known": [("d", "Atlantis")],
        "once": [("d", "d")],
        "on_land": [("d", "place=Atlantis")],
        "row_count": [],
    }
    assert found["kg"].examples[0]["message"].endswith("Expected: It weighs something.")


def test_where_no_row_breaks_a_rule_nothing_more_is_read(spark: SparkSession) -> None:
    df = spark.createDataFrame(ROWS, SCHEMA)
    result = check(df, TABLE, [NotNull(column="id"), RowCount(min=10)])
    assert exemplified(result, df) is result


def test_rows_that_were_mended_meanwhile_leave_a_rule_without_an_example(spark: SparkSession) -> None:
    df = spark.createDataFrame(ROWS, SCHEMA)
    result = check(df, TABLE, [NotNull(column="place")])
    (one,) = exemplified(result, df.where("place IS NOT NULL")).rules
    assert (one.failed, one.examples) == (1, ())


@pytest.mark.parametrize("actions", [Actions(error="record"), pytest.param(Actions(), marks=pytest.mark.soak)])
def test_a_hundred_broken_rules_have_an_example_each(spark: SparkSession, actions: Actions) -> None:
    df = spark.range(100).selectExpr("id", "CAST(id AS STRING) AS text")
    rules = [OneOf(column="text", values=("none",), where=f"id = {i}", name=f"r{i}") for i in range(99)]
    rules.append(Holds(name="last", condition="id < 99", column="id", description="It is below 99."))  # type: ignore[arg-type]
    result = exemplified(check(df, TABLE, rules, actions=actions), df)
    assert [one.examples[0]["key"] for one in result.rules] == [str(i) for i in range(100)]
