"""The gate between what came in and what is published, and the door out of quarantine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from toolkit.errors import DataError, QualityGateFailed, UsageError
from toolkit.events import EventLog, read_events
from toolkit.platform import DataPlatform
from toolkit.quality.actions import Actions
from toolkit.quality.engine import Check
from toolkit.quality.history import loads, measurements
from toolkit.quality.quarantine import quarantine_of
from toolkit.quality.repair import BEFORE, chosen, remaining, set_columns
from toolkit.quality.rules import Between, Holds, NotNull, OneOf, RowCount, Rule, Unique
from toolkit.quality.verdicts import by_table, failing_rows
from toolkit.scenario import Parameters, Scenario, Table
from toolkit.store import write
from toolkit.store.lakehouse import Lakehouse

PARCELS = Table(
    "silver.parcels", "A parcel.", {"id": "Number.", "country": "Where to.", "kg": "Weight.", "_warnings": "-"}
)
SCENARIO = Scenario("parcels", "Parcels", "?", "", Parameters, (), (PARCELS, quarantine_of(PARCELS)))
SCHEMA = "id LONG, country STRING, kg DOUBLE, _corrupt_record STRING"
COUNTRY = NotNull(name="country_given", column="country")
WEIGHT = Between(name="kg_sound", column="kg", min=0, max=100)
SOAK = pytest.mark.soak
HEAVY = Between(name="kg_light", column="kg", max=50, severity="warn")
ROWS = [(1, "DE", 5.0, None), (2, None, 6.0, None), (3, "FR", -1.0, None), (4, None, -2.0, None), (5, "IT", 70.0, None)]


@pytest.fixture
def platform(spark: SparkSession, tmp_path: Path) -> DataPlatform:
    return platform_in(tmp_path, spark)


def platform_in(folder: Path, spark: SparkSession) -> DataPlatform:
    log = EventLog(folder / "events.jsonl", "20260301-101500-parcels-0a1b")
    return DataPlatform(SCENARIO, Parameters(), log.run_id, log, lambda: spark, Lakehouse(folder / "lakehouse"))


@pytest.fixture(scope="module")
def checked_once(shared_spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataPlatform:
    """Parcels 1 and 5 are in the table, 2, 3 and 4 in quarantine."""
    platform = platform_in(tmp_path_factory.mktemp("checked"), shared_spark)
    platform.quality.check("silver.parcels", shared_spark.createDataFrame(ROWS, SCHEMA), (COUNTRY, WEIGHT, HEAVY))
    return platform


@pytest.fixture
def checked(checked_once: DataPlatform, platform: DataPlatform) -> DataPlatform:
    """A copy of it, as if this platform had checked."""
    shutil.copytree(checked_once.lakehouse.root, platform.lakehouse.root)
    shutil.copy(checked_once.log.path, platform.log.path)
    platform.quality.results.extend(checked_once.quality.results)
    return platform


def ids(platform: DataPlatform, table: str) -> list[int]:
    return sorted(row[0] for row in platform.reader(table).sql("SELECT id FROM t").rows)


def events(platform: DataPlatform, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in read_events(platform.log.path) if event.kind == kind]


def check(*rules: Rule) -> Check:
    return Check(rules or (COUNTRY, WEIGHT, HEAVY))


def test_good_rows_are_published_and_bad_ones_lie_in_quarantine(checked: DataPlatform) -> None:
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([1, 5], [2, 3, 4])
    told = {data["rule"]: (data["failed"], data["rows"], data["passed"]) for data in events(checked, "record")}
    assert told == {"country_given": (2, 5, False), "kg_sound": (2, 5, False), "kg_light": (1, 5, False)}
    examples = {data["rule"]: [e["key"] for e in data["examples"]] for data in events(checked, "record")}
    assert sorted(examples["country_given"]) == ["2", "4"]
    assert examples["kg_light"] == ["5"]
    assert [alert["message"].split(":")[0] for alert in events(checked, "alert")] == ["silver.parcels"]
    assert not (checked.lakehouse.root / "staging" / "silver.parcels").exists()


def test_a_critical_rule_keeps_the_published_table_as_it_was(checked: DataPlatform, spark: SparkSession) -> None:
    bad_day = spark.createDataFrame([(6, None, 1.0, None), (7, "ES", 1.0, None)], SCHEMA)
    critical = COUNTRY.model_copy(update={"severity": "critical"})
    with pytest.raises(QualityGateFailed, match=r"silver\.parcels was not published: country_given"):
        checked.quality.check("silver.parcels", bad_day, (critical, WEIGHT))
    assert ids(checked, "silver.parcels") == [1, 5]
    assert checked.reader("silver.parcels").version == 0
    assert ids(checked, "quarantine.parcels") == [6]
    kept = checked.reader("ops.quality_results").sql("SELECT rule, severity, passed FROM t WHERE row_count = 2").rows
    assert ("country_given", "critical", False) in kept


def test_a_critical_rule_within_its_tolerance_stops_nothing(checked: DataPlatform, spark: SparkSession) -> None:
    day = spark.createDataFrame([(6, None, 1.0, None), (7, "ES", 1.0, None)], SCHEMA)
    checked.quality.check(
        "silver.parcels", day, (COUNTRY.model_copy(update={"severity": "critical", "tolerance": 0.5}),)
    )
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([7], [6])


def test_a_rule_on_the_whole_table_can_stop_too(checked: DataPlatform, spark: SparkSession) -> None:
    with pytest.raises(QualityGateFailed, match="row_count"):
        checked.quality.check(
            "silver.parcels", spark.createDataFrame(ROWS[:1], SCHEMA), (RowCount(min=3, severity="critical"),)
        )
    assert ids(checked, "silver.parcels") == [1, 5]


def test_actions_give_a_severity_another_meaning(platform: DataPlatform, spark: SparkSession) -> None:
    lenient = Check((COUNTRY, WEIGHT), actions=Actions(error="warn"))
    result = platform.quality.check("silver.parcels", spark.createDataFrame(ROWS, SCHEMA), lenient)
    assert (ids(platform, "silver.parcels"), ids(platform, "quarantine.parcels")) == ([1, 2, 3, 4, 5], [])
    assert result.passed
    assert len(result.failed) == 2
    platform.quality.record()
    (told,) = by_table(events(platform, "record"))
    kept = measurements(platform.reader("ops.quality_results"))
    for one in (*told.verdicts, *kept):
        place = failing_rows(one)
        assert platform.reader(place.table).count(place.where) == one.failed == 2


def test_a_column_that_would_get_lost_is_refused_before_anything_is_written(
    platform: DataPlatform, spark: SparkSession
) -> None:
    wider = spark.createDataFrame(ROWS, SCHEMA).withColumn("colour", F.lit("red"))
    with pytest.raises(DataError, match=r"undeclared columns \['colour'\]"):
        platform.quality.check("silver.parcels", wider, (COUNTRY,))
    assert not (platform.lakehouse.root / "staging").exists()


def test_results_keep_what_was_measured(checked: DataPlatform) -> None:
    checked.quality.measure("silver.parcels", check(RowCount(min=1), Between(column="kg", max=60)))
    checked.quality.record()
    found = checked.reader("ops.quality_results").sql(
        "SELECT rule, kind, columns, row_count, failed_count, measured, passed FROM t WHERE table_version = 0 "
        "AND rule IN ('row_count', 'kg_between') ORDER BY rule"
    )
    assert found.rows == [
        ("kg_between", "between", ["kg"], 2, 1, None, False),
        ("row_count", "row_count", [], 2, 0, 2.0, True),
    ]


def test_a_repaired_row_goes_to_its_table_and_is_traced(checked: DataPlatform) -> None:
    found = checked.quality.release(
        "silver.parcels", check(), rule="country_given", repair=set_columns("country='DE'"), description="country='DE'"
    )
    assert (found.looked_at, found.released, found.still_bad) == (2, 1, 1)
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([1, 2, 5], [3, 4])
    (trace,) = checked.reader("ops.quarantine_releases").page().rows
    named = dict(zip((c.name for c in checked.reader("ops.quarantine_releases").columns()), trace, strict=True))
    assert (named["table_name"], named["rules"], named["repair"]) == (
        "silver.parcels",
        ["country_given"],
        "country='DE'",
    )
    assert "country" not in json.loads(named["before"])
    assert json.loads(named["after"])["country"] == "DE"


def test_a_row_that_is_still_bad_stays_as_it_was(checked: DataPlatform) -> None:
    before = sorted(map(str, checked.reader("quarantine.parcels").page().rows))
    found = checked.quality.release("silver.parcels", check(), repair=set_columns("kg = kg * 2"))
    assert (found.looked_at, found.released, found.still_bad) == (3, 0, 3)
    assert sorted(map(str, checked.reader("quarantine.parcels").page().rows)) == before
    assert checked.reader("quarantine.parcels").version == 0


def test_a_warning_goes_along_and_does_not_keep_a_row(checked: DataPlatform) -> None:
    checked.quality.release("silver.parcels", check(), where="id = 3", repair=set_columns("kg = 80"))
    (row,) = checked.reader("silver.parcels").sql("SELECT _warnings FROM t WHERE id = 3").rows
    assert row[0] == ["kg_light"]


def test_a_key_has_to_be_unique_among_the_rows_of_the_table_too(checked: DataPlatform) -> None:
    rules = check(COUNTRY, WEIGHT, Unique(columns=("id",)))
    found = checked.quality.release(
        "silver.parcels", rules, where="id = 2", repair=set_columns("country = 'DE'", "id = 1")
    )
    assert (found.released, found.still_bad) == (0, 1)
    found = checked.quality.release("silver.parcels", rules, where="id = 2", repair=set_columns("country = 'DE'"))
    assert found.released == 1


def test_equal_rows_share_their_fate(platform: DataPlatform, spark: SparkSession) -> None:
    twins = spark.createDataFrame([(2, None, 6.0, None), (2, None, 6.0, None), (9, None, -1.0, None)], SCHEMA)
    platform.quality.check("silver.parcels", twins, check())
    found = platform.quality.release("silver.parcels", check(), repair=set_columns("country = 'DE'"))
    assert (found.looked_at, found.released) == (3, 2)
    assert (ids(platform, "silver.parcels"), ids(platform, "quarantine.parcels")) == ([2, 2], [9])


def test_rows_a_millionth_of_a_second_apart_are_two(spark: SparkSession) -> None:
    rows = spark.sql(
        "SELECT 1 AS id, at, CAST(at AS TIMESTAMP_NTZ) AS local, array('r') AS _rules FROM VALUES "
        "(TIMESTAMP '2026-03-01 10:00:00.123456'), (TIMESTAMP '2026-03-01 10:00:00.123457') AS t(at)"
    )
    released = chosen(rows, where="at < TIMESTAMP '2026-03-01 10:00:00.123457'")
    (row,) = released.collect()
    told = json.loads(row[BEFORE])
    assert (told["at"], told["local"]) == ("2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123456")
    assert [kept.at.microsecond for kept in remaining(rows, released).collect()] == [123457]


def interrupted(platform: DataPlatform, before: str, **asked: Any) -> None:
    """Release rows, and be interrupted before `before` is written."""

    def written(path: Path, *_: Any, **__: Any) -> None:
        if path == platform.lakehouse.path(before):
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        original = write.write_table
        patch.setattr(write, "write_table", lambda df, path, *a, **k: written(path) or original(df, path, *a, **k))
        with pytest.raises(KeyboardInterrupt):
            platform.quality.release("silver.parcels", check(), **asked)


DE, FR = set_columns("country = 'DE'"), set_columns("country = 'FR'")
TABLES = ("silver.parcels", "quarantine.parcels")
AGAIN: dict[str, tuple[dict[str, Any], list[int]]] = {
    "the same": ({"where": "id = 2", "repair": DE}, [3, 4]),
    "another repair": ({"where": "id = 2", "repair": FR}, [3, 4]),
    "another row": ({"where": "id = 3"}, [3, 4]),
    "more rows": ({"repair": set_columns("country = 'FR'", "kg = 50")}, []),
}
SHOWN = {("another repair", "silver.parcels"), ("more rows", "quarantine.parcels")}


@pytest.mark.parametrize(
    ("before", "again", "left"),
    [
        pytest.param(table, *AGAIN[name], id=f"{name}-{table}", marks=() if (name, table) in SHOWN else SOAK)
        for name in AGAIN
        for table in TABLES
    ],
)
def test_a_release_that_was_interrupted_is_finished_as_it_was_begun(
    checked: DataPlatform, before: str, again: dict[str, Any], left: list[int]
) -> None:
    interrupted(checked, before, where="id = 2", repair=set_columns("country = 'DE'"))
    assert ids(checked, "quarantine.parcels") == [2, 3, 4]
    checked.quality.release("silver.parcels", check(), **again)
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == (
        sorted({1, 2, 3, 4, 5} - set(left)),
        left,
    )
    assert checked.reader("silver.parcels").sql("SELECT country, kg, _warnings FROM t WHERE id = 2").rows == [
        ("DE", 6.0, [])
    ]
    assert checked.reader("ops.quarantine_releases").count() == 3 - len(left)
    assert "a release that was interrupted is finished now" in events(checked, "alert")[-1]["message"]


def test_rows_of_a_load_that_was_stopped_are_not_released(checked: DataPlatform, spark: SparkSession) -> None:
    bad_day = spark.createDataFrame([(6, None, 1.0, None), (7, "ES", 1.0, None)], SCHEMA)
    critical = check(COUNTRY.model_copy(update={"severity": "critical"}), WEIGHT)
    with pytest.raises(QualityGateFailed):
        checked.quality.check("silver.parcels", bad_day, critical)
    with pytest.raises(UsageError, match=r"came with a load that country_given stopped: no row of it is in silver"):
        checked.quality.release("silver.parcels", check(), repair=set_columns("country = 'DE'"))
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([1, 5], [6])
    checked.quality.check("silver.parcels", bad_day, Check(critical.rules, actions=Actions(critical="quarantine")))
    assert checked.quality.release("silver.parcels", check(), repair=set_columns("country = 'DE'")).released == 1
    assert ids(checked, "silver.parcels") == [6, 7]


def test_a_release_is_no_load(checked: DataPlatform) -> None:
    checked.quality.release("silver.parcels", check(), where="id = 2", repair=set_columns("country = 'DE'"))
    assert [one.rows for one in loads(checked.reader("silver.parcels"))] == [2]


@pytest.mark.parametrize(
    "repair",
    [
        pytest.param(lambda df: df.unionByName(df.where("id = 2")), id="more rows", marks=SOAK),
        pytest.param(lambda df: df.where("id <> 3"), id="fewer rows", marks=SOAK),
        pytest.param(lambda df: df.where("id <> 3").unionByName(df.where("id = 2")), id="as many rows"),
        pytest.param(lambda df: df.withColumn("_before", F.lit("{}")), id="another past"),
        pytest.param(lambda df: df.withColumn("_key", F.lit("k")), id="another key", marks=SOAK),
        pytest.param(
            lambda df: df.withColumn("_rules_before", F.array(F.lit("another"))), id="other reasons", marks=SOAK
        ),
    ],
)
def test_a_repair_gives_back_the_rows_that_it_was_given(
    checked: DataPlatform, repair: Callable[[DataFrame], DataFrame]
) -> None:
    with pytest.raises(UsageError, match=r"was given 3 rows and gave back \d, not all of them the same"):
        checked.quality.release(
            "silver.parcels", check(), repair=lambda df: repair(df).withColumn("country", F.lit("DE"))
        )
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([1, 5], [2, 3, 4])
    assert not checked.lakehouse.exists("ops.quarantine_releases")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"where": "weight > 1"}, "The condition does not fit the rows"),
        ({"where": "id >"}, "The condition does not fit the rows"),
        ({"repair": set_columns("colour = 'red'")}, "no column to repair: 'colour'"),
        ({"repair": set_columns("_key = 'k'")}, "no column to repair: '_key'"),
        ({"repair": set_columns("kg = wieght")}, "The repair does not fit the rows"),
        ({"repair": lambda df: df.drop("kg")}, r"lost \['kg'\]"),
        ({"repair": lambda df: df.withColumn("kg", F.lit("heavy"))}, r"of another type \['kg'\]"),
        ({"repair": lambda df: df.withColumn("new", F.lit(1))}, r"new \['new'\]"),
    ],
)
def test_a_repair_that_does_not_fit_is_refused(checked: DataPlatform, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        checked.quality.release("silver.parcels", check(), **asked)
    assert (ids(checked, "silver.parcels"), ids(checked, "quarantine.parcels")) == ([1, 5], [2, 3, 4])


@pytest.mark.parametrize("setting", ["country", "= 1", "a b = 1", "country="])
def test_a_setting_needs_a_column_and_sql(setting: str) -> None:
    with pytest.raises(UsageError, match="sets nothing"):
        set_columns(setting)


def test_one_of_several_rules_is_enough_to_stay(checked: DataPlatform) -> None:
    strict = check(COUNTRY, WEIGHT, OneOf(column="country", values=("DE",)))
    assert checked.quality.release("silver.parcels", strict, where="id = 3", repair=set_columns("kg = 1")).released == 0


def test_a_stored_table_is_not_asked_for_what_it_has_not_kept(checked: DataPlatform) -> None:
    readable = Holds(name="readable", condition="_corrupt_record IS NULL", column="_corrupt_record")
    given = COUNTRY.model_copy(update={"where": "_corrupt_record IS NULL AND id > 0"})
    text = OneOf(name="text_kept", column="country", values=("DE", "IT"), where="country <> '_corrupt_record'")
    result = checked.quality.measure("silver.parcels", check(readable, given, text, WEIGHT))
    assert [one.rule.name for one in result.rules] == ["text_kept", "kg_sound"]
    assert "has not kept what readable, country_given looked at" in events(checked, "alert")[-1]["message"]


# rows of a table that was judged as it is


def test_rows_that_break_a_rule_are_found_in_the_table_itself(checked: DataPlatform, spark: SparkSession) -> None:
    rows, total = checked.quality.failing("silver.parcels", check(HEAVY), "kg_light", 10)
    assert (total, [row["id"] for row in rows]) == (1, [5])
    assert next(iter(rows[0].items())) == ("what is wrong", "kg is not at most 50.")
    assert set(rows[0]) == {"what is wrong", "id", "country", "kg"}
    checked.write(
        "silver.parcels",
        spark.createDataFrame([*ROWS, ROWS[0]], SCHEMA).selectExpr("id", "country", "kg", "null _warnings"),
    )
    rows, total = checked.quality.failing("silver.parcels", check(COUNTRY), "country_given", 1)
    assert (total, len(rows)) == (2, 1)
    once = Unique(columns=("id",), name="once")
    assert checked.quality.failing("silver.parcels", check(once), "once", 10)[1] == 2


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("count", "as a whole: no single row"),
        ("country_gven", "Did you mean 'country_given'"),
        ("readable", "has not kept"),
    ],
)
def test_rows_that_cannot_be_found_are_refused_with_the_reason(checked: DataPlatform, rule: str, said: str) -> None:
    readable = Holds(name="readable", condition="_corrupt_record IS NULL", column="_corrupt_record")
    with pytest.raises(UsageError, match=said):
        checked.quality.failing("silver.parcels", check(COUNTRY, readable, RowCount(name="count", min=9)), rule, 10)
