"""Frames held to a contract: schemas that differ are refused before a row is read, and the rules that follow find the rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.errors import DataError, UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, drift, enforce, from_table, rules_of, violations
from toolkit.quality.contracts.quality_entries import rule_of
from toolkit.quality.rules import Context, HasSchema, RowRule, Rule
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEMA = (
    "id LONG NOT NULL, name STRING, at TIMESTAMP, born DATE, amount DECIMAL(10,2), "
    "items ARRAY<STRUCT<sku: STRING, price: DOUBLE>>, place STRUCT<city: STRING, zip: STRING>, "
    "flags MAP<STRING, BOOLEAN>, local TIMESTAMP_NTZ, _run_id STRING"
)
TABLE = ContractTable(
    name="silver.things",
    columns=(
        Column(name="id", type="bigint", nullable=False),
        Column(name="name", type="varchar(5)"),
        Column(name="at", type="timestamp"),
        Column(name="born", type="date"),
        Column(name="amount", type="decimal(10,2)"),
        Column(name="items", type="array<struct<sku:string not null,price:double>>"),
        Column(name="place", type="struct<city:string not null,zip:string>"),
        Column(name="flags", type="map<string,boolean>"),
        Column(name="local", type="timestamp_ntz"),
    ),
)
CONTRACT = Contract(id="things", version="1.2.0", tables=(TABLE,))


def empty(spark: SparkSession, schema: str) -> DataFrame:
    return spark.createDataFrame([], schema)


def broken(df: DataFrame, rule: Rule) -> list[int]:
    """Ids of the rows that break a rule."""
    from pyspark.sql import functions as F

    assert isinstance(rule, RowRule)
    applies = F.expr(rule.where) if rule.where else F.lit(True)
    found = df.where(F.coalesce(applies & rule.broken(), F.lit(False)))
    return sorted(row["id"] for row in found.collect())


def test_a_frame_as_promised_passes_through(spark: SparkSession) -> None:
    df = empty(spark, SCHEMA)
    assert enforce(df, CONTRACT, "silver.things") is df


def test_the_order_of_columns_is_free(spark: SparkSession) -> None:
    df = empty(spark, SCHEMA)
    assert violations(TABLE, df.select(*reversed(df.columns)).schema) == ()


def test_every_difference_is_named_before_a_row_is_read(spark: SparkSession) -> None:
    from pyspark.sql import functions as F

    # A frame that cannot be computed: only its schema may be asked for.
    df = empty(spark, "id LONG").select(
        F.raise_error(F.lit("a row was read")).cast("int").alias("id"),
        F.lit(None).cast("string").alias("nam"),
        F.lit(None).cast("timestamp").alias("born"),
        F.lit(None).cast("array<struct<sku:int>>").alias("items"),
        F.lit(None).cast("struct<city:string,zip:string,more:int>").alias("place"),
        F.lit(None).cast("string").alias("_source"),
    )
    with pytest.raises(DataError) as told:
        enforce(df, CONTRACT, "silver.things")
    text = str(told.value)
    assert "silver.things would break version 1.2.0 of its contract things" in text
    for part in (
        "id is int, not bigint.",
        "name (varchar(5)) is missing. Did you mean 'nam'?",
        "at (timestamp) is missing.",
        "born is timestamp, not date.",
        "items.sku is int, not string.",
        "items.price (double) is missing.",
        "place.more (int) is not in the contract.",
        "flags (map<string,boolean>) is missing.",
        "nam (string) is not in the contract.",
    ):
        assert part in text
    assert "_source" not in text


def test_a_table_that_the_contract_does_not_have_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'silver\.things'"):
        enforce(empty(spark, "id LONG"), CONTRACT, "silver.thing")


def test_a_field_with_an_odd_name_is_compared_by_its_name(spark: SparkSession) -> None:
    df = empty(spark, "id STRUCT<`a,b:c`: INT>")
    assert (
        violations(ContractTable(name="t", columns=(Column(name="id", type="struct<`a,b:c`:int>"),)), df.schema) == ()
    )


def test_the_rules_that_follow_find_the_rows_that_break_the_promise(spark: SparkSession) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "name": "Ada", "items": [("a", 1.0)], "place": ("Köln", None)},
        {"id": 2, "name": "Adalbert", "items": [("a", 1.0), (None, 2.0)], "place": (None, "5")},
        {"id": 3, "name": None, "items": None, "place": None},
        {"id": 4, "name": "12345", "items": [None, ("b", None)], "place": ("", "")},
        {"id": 5, "name": "", "items": [], "place": ("Bonn", "5")},
    ]
    df = spark.createDataFrame(
        [tuple(row.values()) for row in rows],
        "id LONG, name STRING, items ARRAY<STRUCT<sku: STRING, price: DOUBLE>>, place STRUCT<city: STRING, zip: STRING>",
    )
    found = {rule.name: broken(df, rule) for rule in rules_of(TABLE) if not isinstance(rule, HasSchema)}
    assert found == {"id_required": [], "name_length": [2], "items_item_sku_required": [2], "place_city_required": [2]}


def test_the_schema_rule_agrees_with_the_schema_of_the_frame(spark: SparkSession) -> None:
    rule = rules_of(TABLE)[0]
    assert isinstance(rule, HasSchema)
    good, bad = dict(empty(spark, SCHEMA).dtypes), dict(empty(spark, SCHEMA.replace("born DATE", "born INT")).dtypes)
    assert rule.judged({"schema": good}, Context()).passed
    judged = rule.judged({"schema": bad}, Context())
    assert (judged.passed, judged.measured) == (False, 1.0)


def test_missing_values_of_the_standard_find_null_and_every_listed_text(spark: SparkSession) -> None:
    listed = [None, "", "n/a", "it's", "back\\slash", 'quo"te']
    rule = rule_of({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": listed}}, "name")
    assert rule is not None
    values = [*listed, "good", "N/A", "its"]
    df = spark.createDataFrame(list(enumerate(values)), "id LONG, name STRING")
    assert broken(df, rule) == list(range(len(listed)))


def test_a_table_written_by_spark_is_drafted_and_has_not_drifted(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "things"
    empty(spark, SCHEMA).write.format("delta").save(str(path))
    reader = DeltaReader(path, "silver.things")
    assert drift(TABLE, reader) == ()
    assert violations(from_table(reader).tables[0], empty(spark, SCHEMA).schema) == ()
    narrow = ContractTable(name="silver.things", columns=TABLE.columns[:-1])
    assert [str(one) for one in drift(narrow, reader)] == ["local (timestamp_ntz) is not in the contract."]
