"""A profile says what a table holds: checked against values that are known."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import UsageError
from toolkit.quality.engine import split
from toolkit.quality.profiling import ColumnProfile, Profile, as_yaml, confirmed, drift, profile, suggest
from toolkit.quality.profiling.measure import COUNTED_AT_ONCE
from toolkit.quality.profiling.model import Sizes
from toolkit.quality.rules import load

NAN, INFINITE = float("nan"), float("inf")


def column(spark: SparkSession, type_: str, *values: Any) -> ColumnProfile:
    """The profile of one column with these values."""
    return profile(spark.createDataFrame([(value,) for value in values], f"c {type_}")).column("c")


def test_numbers_are_described_and_nan_and_infinities_are_set_apart(spark: SparkSession) -> None:
    found = column(spark, "DOUBLE", 1.0, 2.0, 3.0, 4.0, NAN, INFINITE, -INFINITE, None)
    assert found.spread is not None
    assert (found.rows, found.nulls, found.spread.nan, found.spread.infinite) == (8, 1, 1, 2)
    assert (found.min, found.max, found.spread.mean) == (1.0, 4.0, 2.5)
    assert found.spread.stddev == pytest.approx(math.sqrt(5 / 3))
    assert [found.spread.quantile(p) for p in (0, 25, 50, 75, 100)] == [1.0, 1.0, 2.0, 3.0, 4.0]
    assert {top.value for top in found.top} == {1.0, 2.0, 3.0, 4.0}


def test_a_histogram_has_bins_of_equal_width_that_hold_every_finite_value(spark: SparkSession) -> None:
    df = spark.range(1, 101).select(F.col("id").cast("double").alias("c"))
    found = profile(df, bins=4).column("c").histogram
    assert found is not None
    assert found.edges == (1.0, 25.75, 50.5, 75.25, 100.0)
    assert found.counts == (25, 25, 25, 25)


def test_a_column_of_one_value_has_one_bin(spark: SparkSession) -> None:
    found = column(spark, "INT", 7, 7, 7)
    assert found.histogram is not None
    assert found.histogram.counts == (3,)
    assert found.spread is not None
    assert found.spread.stddev == 0


def test_extreme_numbers_do_not_overflow_the_bins(spark: SparkSession) -> None:
    found = column(spark, "DOUBLE", -1.7e308, 0.0, 1.7e308)
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 3
    Profile.model_validate_json(profile(spark.createDataFrame([(1.7e308,), (1.7e308,)], "c DOUBLE")).model_dump_json())


def test_texts_have_shapes_lengths_and_blanks(spark: SparkSession) -> None:
    found = column(spark, "STRING", "AB-1234", "CD-5678", "", "  ", "\u00a0\t", "Éa9", None)
    assert found.texts is not None
    assert found.sizes is not None
    assert (found.texts.blank, found.texts.non_ascii, found.nulls) == (3, 2, 1)
    assert (found.sizes.min, found.sizes.max, found.sizes.empty) == (0, 7, 1)
    shapes = {top.value: top.count for top in found.texts.shapes}
    assert shapes["AA-9999"] == 2
    assert shapes["Aa9"] == 1
    assert {top.value: top.count for top in found.top}["AB-1234"] == 1


def test_letters_and_digits_of_other_scripts_have_shapes_too(spark: SparkSession) -> None:
    found = column(spark, "STRING", "Жж٣", "日本-1")
    assert found.texts is not None
    assert {top.value for top in found.texts.shapes} == {"Aa9", "aa-9"}


def test_well_known_forms_are_told_by_the_rules_that_check_them(spark: SparkSession) -> None:
    found = column(
        spark,
        "STRING",
        "ada@example.org",
        "no@domain",
        "GB82WEST12345698765432",
        "GB82WEST12345698765433",
        "2026-02-28",
        "2026-02-30",
        "123e4567-e89b-42d3-a456-426614174000",
        "28/02/2026",
    )
    assert found.texts is not None
    assert {(form.kind, form.letters): form.count for form in found.texts.forms} == {
        ("email", ""): 1,
        ("iban", ""): 1,
        ("date_format", "yyyy-MM-dd"): 1,
        ("date_format", "dd/MM/yyyy"): 1,
        ("uuid", ""): 1,
    }


def test_decimals_dates_and_times_stay_text(spark: SparkSession) -> None:
    noon = datetime(2024, 2, 29, 12, 30)  # noqa: DTZ001 - the session's time zone is UTC
    row = (
        Decimal("1.50"),
        date(2024, 2, 29),
        noon,
        noon,
        True,
        b"\0x",
    )
    df = spark.createDataFrame(
        [row, (None,) * 6], "money DECIMAL(10,2), day DATE, at TIMESTAMP, wall TIMESTAMP_NTZ, yes BOOLEAN, raw BINARY"
    )
    found = {c.name: c for c in profile(df).columns}
    assert (found["money"].min, found["money"].top[0].value) == ("1.50", "1.50")
    assert found["day"].max == "2024-02-29"
    assert found["at"].min == found["wall"].min == "2024-02-29 12:30:00"
    assert found["day"].spread is not None
    assert found["day"].spread.quantile(50) == 19782 * 86_400
    assert found["at"].spread is not None
    assert found["at"].spread.quantile(50) == 19782 * 86_400 + 12.5 * 3600
    assert (found["yes"].min, found["yes"].kind) == (True, "boolean")
    assert found["raw"].sizes is not None
    assert (found["raw"].sizes.max, found["raw"].distinct) == (2, 1)


def test_times_beyond_what_python_can_hold_are_described(spark: SparkSession) -> None:
    df = spark.sql("SELECT CAST('+12345-01-01' AS DATE) AS c UNION ALL SELECT DATE'2024-01-01'")
    found = profile(df).column("c")
    assert found.max == "+12345-01-01"
    assert found.spread is not None
    assert found.spread.future == 1


def test_fields_of_structs_have_dotted_names_and_arrays_and_maps_their_sizes(spark: SparkSession) -> None:
    df = spark.sql(
        """SELECT named_struct('city', 'Oslo', 'geo', named_struct('a.b', 1.5D)) AS place, array(1, 2, 3) AS tags,
           map('k', 1) AS more, array(map('k', 1)) AS maps, 5 AS `dotted.name`, NULL AS nothing
           UNION ALL SELECT NULL, array(), NULL, NULL, 6, NULL"""
    )
    found = {c.name: c for c in profile(df).columns}
    assert list(found) == [
        "place", "place.city", "place.geo", "place.geo.`a.b`", "tags", "more", "maps", "`dotted.name`", "nothing",
    ]  # fmt: skip
    assert (found["place"].kind, found["place"].nulls) == ("struct", 1)
    assert (found["place.city"].nulls, found["place.city"].top[0].value) == (1, "Oslo")
    assert found["place.geo.`a.b`"].max == 1.5
    assert found["tags"].sizes is not None
    assert (found["tags"].sizes.min, found["tags"].sizes.max, found["tags"].sizes.empty) == (0, 3, 1)
    assert found["tags"].distinct == 2
    assert (found["more"].nulls, found["more"].distinct) == (1, None)
    assert (found["nothing"].kind, found["nothing"].nulls) == ("other", 2)
    assert found["`dotted.name`"].max == 6


def test_an_empty_table_and_an_all_null_column_have_a_profile(spark: SparkSession) -> None:
    schema = "a INT, b STRING, c DATE, d DOUBLE, e ARRAY<INT>, f BOOLEAN, g DECIMAL(5,2), h BINARY"
    empty = profile(spark.createDataFrame([], schema))
    nulls = profile(spark.createDataFrame([(None,) * 8, (None,) * 8], schema))
    assert (empty.rows, suggest(empty)) == (0, ())
    for found, rows in ((empty, 0), (nulls, 2)):
        assert {(c.rows, c.nulls, c.distinct, c.min, c.histogram, c.top) for c in found.columns} == {
            (rows, rows, 0, None, None, ())
        }
    assert "between" not in {one.rule.kind for one in suggest(nulls)}


def orders(spark: SparkSession, rows: int = 3000) -> DataFrame:
    return spark.range(rows).select(
        F.format_string("O%06d", "id").alias("order_id"),
        (F.col("id") % 50 + 1).alias("customer_id"),
        (F.col("id") % 7).alias("quantity"),
        (F.col("id") * 2 + 1).cast("double").alias("gross"),
        (F.col("id") * 1.6).alias("net"),
        F.element_at(F.array(F.lit("placed"), F.lit("sent")), (F.col("id") % 2 + 1).cast("int")).alias("status"),
        F.date_add(F.lit("2024-01-01").cast("date"), (F.col("id") % 30).cast("int")).alias("ordered_on"),
        F.date_add(F.lit("2024-01-03").cast("date"), (F.col("id") % 30).cast("int")).alias("sent_on"),
    )


def customers(spark: SparkSession) -> DataFrame:
    return spark.range(1, 101).select(F.col("id").alias("customer_id"), F.lit("x").alias("name"))


def test_keys_references_correlations_and_orders_are_found(spark: SparkSession) -> None:
    found = profile(orders(spark), references={"silver.customers": customers(spark)})
    assert found.likely_keys == ("order_id",)
    keys = {(key.column, key.to, key.key, key.rows, key.found, key.named_alike) for key in found.foreign_keys}
    assert ("customer_id", "silver.customers", "customer_id", 3000, 3000, True) in keys
    assert [(c.one, c.other) for c in found.correlations] == [("gross", "net")]
    assert found.correlations[0].r == pytest.approx(1.0)
    assert [(o.first, o.second, o.rows, o.kept) for o in found.orderings] == [("ordered_on", "sent_on", 3000, 3000)]


def test_a_number_that_does_not_vary_where_another_is_given_goes_with_none(spark: SparkSession) -> None:
    df = spark.createDataFrame([(1, 3), (1, 4), (2, None), (None, 9)], "a INT, b INT")
    found = profile(df)
    assert (set(found.correlated), found.correlations) == ({"a", "b"}, ())


def test_a_reference_with_strangers_is_counted_exactly(spark: SparkSession) -> None:
    mine = orders(spark).withColumn(
        "customer_id", F.when(F.col("customer_id") > 49, 77).otherwise(F.col("customer_id"))
    )
    few = customers(spark).where("customer_id != 13")
    (key,) = [k for k in profile(mine, references={"silver.customers": few}).foreign_keys if k.column == "customer_id"]
    assert (key.rows, key.found) == (3000, 3000 - 60)


def test_what_is_suggested_holds_on_the_table_that_suggested_it(spark: SparkSession) -> None:
    df = orders(spark)
    found = confirmed(df, profile(df, table="silver.orders", references={"silver.customers": customers(spark)}))
    read = load(as_yaml(suggest(found), "silver.orders"))
    kinds = {(rule.kind, *rule.columns) for rule in read.rules}
    assert {
        ("unique", "order_id"),
        ("matches", "order_id"),
        ("one_of", "status"),
        ("references", "customer_id"),
        ("between", "gross"),
        ("not_in_future", "ordered_on"),
        ("compare", "ordered_on", "sent_on"),
    } <= kinds
    parted = split(df, "silver.orders", read.rules, {"silver.customers": customers(spark)})
    assert parted.quarantined.count() == 0
    assert parted.valid.count() == 3000


def test_a_key_with_one_value_twice_is_not_confirmed(spark: SparkSession) -> None:
    df = spark.range(20_000).select(F.greatest(F.col("id"), F.lit(1)).alias("key"))
    found = profile(df)
    assert found.likely_keys == ("key",)
    exact = confirmed(df, found)
    assert (exact.likely_keys, exact.refuted_keys, exact.column("key").distinct) == ((), ("key",), 19_999)


def test_keys_are_counted_several_at_a_time_and_each_for_itself(spark: SparkSession) -> None:
    once = [(F.col("id") * (i + 1)).alias(f"once_{i}") for i in range(COUNTED_AT_ONCE)]
    df = spark.range(5_000).select(*once, F.greatest(F.col("id"), F.lit(2)).alias("twice"))
    found = profile(df)
    assert len(found.likely_keys) == COUNTED_AT_ONCE + 1
    exact = confirmed(df, found)
    assert (len(exact.likely_keys), exact.refuted_keys) == (COUNTED_AT_ONCE, ("twice",))
    assert {exact.column(name).distinct for name in exact.likely_keys} == {5_000}
    severities = {one.rule.columns[0]: one.rule.severity for one in suggest(exact) if one.rule.kind == "unique"}
    assert severities == dict.fromkeys(exact.likely_keys, "error")


def test_estimates_stay_within_their_errors_in_a_large_column(spark: SparkSession) -> None:
    df = spark.range(200_000).select((F.col("id") * 7919 % 100_000).alias("c"))
    found = profile(df).column("c")
    assert found.distinct == pytest.approx(100_000, rel=0.03)
    assert found.spread is not None
    assert found.spread.quantile(50) == pytest.approx(50_000, abs=500)
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 200_000
    assert all(count == pytest.approx(10_000, abs=1000) for count in found.histogram.counts)


def test_top_values_are_counted_exactly_where_there_are_few(spark: SparkSession) -> None:
    found = profile(spark.range(1000).select((F.sqrt("id") / 2).cast("int").alias("c")), top=3).column("c")
    assert [(top.value, top.count) for top in found.top][:3] == [(14, 116), (13, 108), (12, 100)]
    assert found.top_exact
    assert found.distinct == 16


def test_a_sample_says_that_it_is_one(spark: SparkSession) -> None:
    found = profile(orders(spark), sample=0.5)
    assert found.sample == 0.5
    assert 1200 < found.rows < 1800
    assert "row_count" not in {one.rule.kind for one in suggest(found)}
    with pytest.raises(UsageError, match="sample cannot confirm"):
        confirmed(orders(spark), found)


def test_two_versions_of_a_table_differ_where_it_was_changed(spark: SparkSession) -> None:
    before = orders(spark)
    after = before.withColumn("gross", F.col("gross") + 3000).withColumn("status", F.lit("lost"))
    found = drift(profile(before), profile(after))
    assert {one.column for one in found if one.verdict == "drifted"} == {"gross", "status"}
    assert {one.what for one in found if one.column == "status" and one.verdict == "drifted"} >= {
        "shares",
        "new values",
    }


def test_the_profile_is_read_back_from_json(spark: SparkSession) -> None:
    found = profile(orders(spark), table="silver.orders")
    assert Profile.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sample": 0.0}, "not a share"),
        ({"sample": 1.5}, "not a share"),
        ({"sample": NAN}, "not a share"),
        ({"top": 0}, "top = 0"),
        ({"bins": 1000}, "bins = 1000"),
        ({"correlated": 2.0}, "correlated"),
    ],
)
def test_numbers_out_of_range_are_refused(spark: SparkSession, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        profile(spark.range(1), **wrong)


def test_streams_and_ambiguous_columns_are_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="stream has no end"):
        profile(spark.readStream.format("rate").load())
    with pytest.raises(UsageError, match="several columns called id"):
        profile(spark.range(1).select("id", "id"))
    with pytest.raises(UsageError, match="no columns"):
        profile(spark.range(1).select())


@pytest.mark.slow
def test_hundreds_of_columns_are_profiled_in_several_passes(spark: SparkSession) -> None:
    df = spark.range(50).select(*[(F.col("id") + i).alias(f"c{i}") for i in range(400)])
    found = profile(df)
    assert len(found.columns) == 400
    assert (found.column("c399").min, found.column("c399").max) == (399, 448)
    assert len(found.correlated) <= 30


@pytest.mark.slow
def test_numbers_and_texts_of_a_wide_table_are_profiled_in_several_passes(spark: SparkSession) -> None:
    numbers = [(F.col("id") + i).alias(f"n{i}") for i in range(65)]
    texts = [F.concat(F.lit(f"{i}-"), F.col("id")).alias(f"t{i}") for i in range(65)]
    found = profile(spark.range(50).select(*numbers, *texts))
    assert [one.name for one in found.columns] == [*(f"n{i}" for i in range(65)), *(f"t{i}" for i in range(65))]
    assert (found.column("n64").min, found.column("n64").max) == (64, 113)
    assert (found.column("t64").distinct, found.column("t64").sizes) == (50, Sizes(min=4, max=5, mean=4.8, empty=0))
    assert len(found.correlated) <= 30
