"""A lakehouse as a principal sees it through Spark: what it is shown, and every way around that was thought of.

The readers without a JVM have theirs in tests/unit/test_governance_access.py.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from tests.governed_world import CUSTOMERS, OPEN, ROWS, KnownKey, World
from tests.spark.conftest import rows
from toolkit.errors import AccessDenied, UsageError
from toolkit.governance import catalogue, granting, protection
from toolkit.governance.governed import Governed, governed
from toolkit.governance.masks import MASKS, Mask, sides, spark_column
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.query_engine import query_engine
from toolkit.store.sql import table_name

FEED = {"configuration": {"delta.enableChangeDataFeed": "true"}}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("governed")


@pytest.fixture(scope="module")
def shared_world(home: Path, shared_spark: SparkSession) -> Iterator[World]:
    """Customers, filtered by country; orders in parts by country, with a change feed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(home))
        world = World(home, lambda: shared_spark)
        world.write("silver.parts", ROWS, partition_by=["country"], **FEED)
        world.govern().of_their_country()
        root = world.steward()
        granting.grant(root, "analysts", "select", "silver.parts")
        protection.confirm(root, "silver.parts", OPEN, "internal")
        protection.filter_rows(root, "silver.parts", "country = attribute('country')")
        yield world


@pytest.fixture
def world(shared_world: World, home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(home))
    return shared_world


@pytest.fixture
def anna(world: World, spark: SparkSession) -> Governed:
    return governed(spark, "anna", lakehouse=world.lakehouse, keys=KnownKey())


@pytest.fixture
def seen(anna: Governed) -> DataFrame:
    return anna.table(CUSTOMERS)


def test_a_frame_has_the_rows_the_masks_and_the_types(world: World, seen: DataFrame) -> None:
    found = sorted(rows(seen), key=lambda row: row["id"])
    assert [row["id"] for row in found] == [0, 2, 4]
    assert {row["salary"] for row in found} == {None}
    assert all(len(row["email"]) == 32 for row in found)
    assert [field.dataType for field in seen.schema] == [
        field.dataType for field in world.platform.read(CUSTOMERS).schema
    ]


def test_spark_and_the_reader_show_the_same(world: World, seen: DataFrame) -> None:
    read = world.as_seen_by("anna").open(CUSTOMERS).page(order_by="id").named()
    assert sorted(rows(seen), key=lambda row: row["id"]) == read


# probing a masked column


@pytest.mark.parametrize(
    "condition", ["email = 'u0@example.com'", "email LIKE '%@%'", "salary > 0", "salary <= 0", "NOT salary > 0"]
)
def test_a_filter_on_a_masked_column_finds_nothing(seen: DataFrame, condition: str) -> None:
    assert seen.where(condition).count() == 0


def test_a_join_on_a_masked_column_finds_nothing(seen: DataFrame, spark: SparkSession) -> None:
    guesses = spark.createDataFrame(
        [(f"u{n}@example.com", 1_000.0 * n) for n in range(6)], "guess STRING, amount DOUBLE"
    )
    assert seen.join(guesses, seen.email == guesses.guess).count() == 0
    assert seen.join(guesses, seen.salary == guesses.amount).count() == 0
    assert seen.join(guesses, seen.salary == guesses.amount, "left_anti").count() == 3


def test_sorting_and_grouping_by_a_masked_column_follow_the_mask(seen: DataFrame) -> None:
    by_mask = [row.email for row in seen.orderBy("email").collect()]
    assert by_mask == sorted(by_mask)
    assert rows(seen.groupBy("salary").count()) == [{"salary": None, "count": 3}]
    assert rows(seen.agg(F.max("salary"), F.min("salary"), F.count("salary"), F.sum("salary")))[0] == {
        "max(salary)": None, "min(salary)": None, "count(salary)": 0, "sum(salary)": None,
    }  # fmt: skip


@pytest.mark.parametrize("table", [CUSTOMERS, "silver.parts"])
@pytest.mark.parametrize(
    "condition",
    ["CAST(code AS INT) > 0", "IF(country = 'FR', raise_error(code), TRUE)", "1 / IF(country = 'FR', 0, 1) > 0"],
)
def test_an_error_at_a_row_that_is_not_seen_does_not_come_up(anna: Governed, table: str, condition: str) -> None:
    assert anna.table(table).where(condition).count() == 3
    assert anna.sql(f"SELECT * FROM {table} WHERE {condition}").count() == 3


def test_an_error_message_at_a_masked_column_has_the_mask_in_it(seen: DataFrame) -> None:
    with pytest.raises(PySparkException) as failed:
        seen.select(F.col("email").cast("int")).collect()
    assert "@" not in str(failed.value)


def test_a_function_of_python_sees_the_mask_and_the_rows(seen: DataFrame) -> None:
    spy = F.udf(lambda email, country: f"{email}|{country}", "string")
    told = [row[0] for row in seen.select(spy("email", "country")).where(spy("email", "country").isNotNull()).collect()]
    assert len(told) == 3
    assert all("@" not in one and one.endswith("|DE") for one in told)


def test_a_plan_does_not_show_the_key(anna: Governed, world: World) -> None:
    query = anna.sql(f"SELECT email FROM {CUSTOMERS}")
    for frame in (anna.table(CUSTOMERS), query):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            frame.explain(extended=True)
        key = KnownKey().key("hash of email").ljust(64, b"\0")
        for pad in (0x36, 0x5C):
            assert bytes(byte ^ pad for byte in key).hex() not in shown.getvalue().lower()
        assert "sha2" in shown.getvalue()


# around the table


def test_an_earlier_version_is_seen_through_the_policies_of_now(anna: Governed) -> None:
    assert sorted(row.id for row in anna.table(CUSTOMERS, version=0).collect()) == [0, 2, 4]
    assert anna.table(CUSTOMERS, version=0).where("email LIKE '%@%'").count() == 0


def test_the_change_feed_is_seen_through_the_same_policies(anna: Governed) -> None:
    changes = rows(anna.changes("silver.parts", 0))
    assert sorted(row["id"] for row in changes) == [0, 2, 4]
    assert {row["email"] for row in changes} == {None}
    assert {row["_change_type"] for row in changes} == {"insert"}


def test_a_stream_is_seen_through_the_same_policies(anna: Governed, spark: SparkSession, tmp_path: Path) -> None:
    query = (
        anna.stream("silver.parts")
        .writeStream.format("memory")
        .queryName("seen_by_anna")
        .option("checkpointLocation", str(tmp_path))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    found = rows(spark.table("seen_by_anna"))
    assert sorted(row["id"] for row in found) == [0, 2, 4]
    assert {row["email"] for row in found} == {None}
    with pytest.raises(UsageError, match="no option"):
        anna.stream("silver.parts", path="/elsewhere")


def test_a_cache_of_the_whole_table_is_no_way_around(anna: Governed, world: World, spark: SparkSession) -> None:
    whole = world.platform.read(CUSTOMERS).cache()
    assert whole.count() == 6
    assert anna.table(CUSTOMERS).count() == 3
    assert anna.table(CUSTOMERS).where("email LIKE '%@%'").count() == 0
    whole.unpersist()


def test_a_temporary_view_of_another_is_no_table(anna: Governed, world: World, spark: SparkSession) -> None:
    world.platform.read(CUSTOMERS).createOrReplaceTempView("customers")
    world.platform.read(CUSTOMERS).createOrReplaceGlobalTempView("everybody")
    for name in ("customers", "global_temp.everybody", "`silver.customers2`"):
        with pytest.raises(AccessDenied):
            anna.sql(f"SELECT * FROM {name}")
    spark.catalog.dropGlobalTempView("everybody")


def test_a_clone_in_the_lakehouse_is_masked_until_it_is_classified(
    anna: Governed, world: World, spark: SparkSession
) -> None:
    source, target = (table_name(world.lakehouse.path(name)) for name in ("silver.parts", "silver.clones"))
    spark.sql(f"CREATE TABLE {target} SHALLOW CLONE {source}")
    with pytest.raises(AccessDenied):
        anna.table("silver.clones")
    catalogue.take_in(world.steward(), "main")
    granting.grant(world.steward(), "analysts", "select", "silver.clones")
    assert {value for row in rows(anna.table("silver.clones")) for value in row.values()} == {None}


def test_an_export_has_the_masks_needs_its_own_grant_and_is_noted(anna: Governed, world: World, tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="may not export"):
        anna.export(CUSTOMERS, "parquet", tmp_path / "out")
    made = granting.grant(world.steward(), "anna", "export", CUSTOMERS)
    assert anna.export(CUSTOMERS, "parquet", tmp_path / "out") == 3
    table = pq.read_table(tmp_path / "out")
    assert sorted(table["id"].to_pylist()) == [0, 2, 4]
    assert not any("@" in one for one in table["email"].to_pylist())
    assert world.trail()[-1].action == "export"
    granting.revoke(world.steward(), made.grant)


@pytest.mark.parametrize(
    "name", ["delta.`{path}`", "../silver/customers", "silver.customers/", "{path}", "parquet.`{path}`"]
)
def test_a_path_is_no_table(anna: Governed, world: World, name: str) -> None:
    with pytest.raises(AccessDenied):
        anna.table(name.format(path=world.lakehouse.path(CUSTOMERS)))


# SQL


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT count(*) FROM silver.customers", [(3,)]),
        ("SELECT c.id FROM main.silver.customers AS c ORDER BY 1", [(0,), (2,), (4,)]),
        ("SELECT customers.country, count(*) FROM silver.customers GROUP BY 1", [("DE", 3)]),
        ("WITH x AS (SELECT id FROM silver.customers) SELECT max(id) FROM x", [(4,)]),
        ("SELECT max(id) FROM silver.customers WHERE id IN (SELECT id FROM silver.parts)", [(4,)]),
        ("SELECT (SELECT count(*) FROM silver.customers)", [(3,)]),
        ("SELECT count(*) FROM silver.customers a JOIN silver.customers b ON a.email = b.email", [(3,)]),
        ("SELECT id FROM silver.customers EXCEPT SELECT id FROM silver.parts", []),
        ("SELECT x.n FROM silver.customers LATERAL VIEW explode(array(id)) x AS n ORDER BY 1 LIMIT 1", [(0,)]),
        ("FROM `silver`.`customers` SELECT max(id)", [(4,)]),
        ("SELECT /*+ BROADCAST(c) */ max(c.id) FROM silver.customers c", [(4,)]),
        ("SELECT count(*) FROM silver.customers -- and a comment", [(3,)]),
        ("SELECT count(*) FROM silver.customers WHERE code <> 'silver.parts'", [(3,)]),
        ("SELECT sum(id) FROM range(3)", [(3,)]),
    ],
)
def test_a_select_over_tables_has_what_is_seen_of_them(
    anna: Governed, query: str, found: list[tuple[object, ...]]
) -> None:
    assert [tuple(row) for row in anna.sql(query).collect()] == found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM delta.`{path}`",
        "SELECT * FROM parquet.`{path}/*.parquet`",
        "SELECT * FROM text.`/etc/passwd`",
        "SELECT * FROM silver.customers WHERE EXISTS (SELECT 1 FROM delta.`{path}`)",
        "WITH c AS (SELECT * FROM delta.`{path}`) SELECT * FROM c",
        "SELECT (SELECT max(email) FROM delta.`{path}`)",
        "SELECT * FROM silver.customers VERSION AS OF 0",
        "SELECT * FROM silver.customers TIMESTAMP AS OF '2020-01-01'",
        "SELECT * FROM silver.customers@v0",
        "SELECT * FROM table_changes('silver.customers', 0)",
        "SELECT * FROM IDENTIFIER('silver.customers')",
        "SELECT * FROM IDENTIFIER('delta.`{path}`')",
        "SELECT * FROM ops.grants",
        "SELECT * FROM silver.nothing",
        "SELECT * FROM silver.customers TABLESAMPLE (50 PERCENT)",
        "SELECT java_method('java.lang.System', 'getProperty', 'user.home')",
        "SELECT reflect('java.lang.System', 'getenv')",
        "SELECT try_reflect('java.lang.System', 'getenv')",
        "SELECT input_file_name() FROM silver.customers",
        "SELECT _metadata.file_path FROM silver.customers",
        "CREATE TABLE x AS SELECT * FROM silver.customers",
        "CREATE TEMPORARY VIEW x AS SELECT * FROM silver.customers",
        "INSERT INTO silver.customers SELECT * FROM silver.customers",
        "INSERT OVERWRITE DIRECTORY '{path}' SELECT 1",
        "DELETE FROM silver.customers",
        "CACHE TABLE x AS SELECT * FROM silver.customers",
        "SET spark.sql.redaction.string.regex=x",
        "ADD JAR '/tmp/x.jar'",
        "DESCRIBE HISTORY silver.customers",
        "SHOW TABLES",
        "EXPLAIN SELECT * FROM silver.customers",
        "SELECT 1; SELECT 2",
        "EXECUTE IMMEDIATE 'SELECT 1'",
        "BEGIN SELECT 1; END",
        "SELECT * FROM silver.customers; DROP TABLE silver.customers",
        "FROM silver.customers INSERT INTO silver.parts SELECT *",
        "FROM silver.customers INSERT OVERWRITE TABLE silver.parts SELECT * INSERT INTO silver.customers SELECT *",
        "WITH x AS (SELECT * FROM silver.customers) INSERT INTO silver.parts SELECT * FROM x",
        "SELECT * FROM silver.customers |> WHERE id > 1; SET x = 1",
        "/* /* */ SELECT 1 */ DELETE FROM silver.customers",
        "",
        "SELECT",
        "SELECT ((((((",
        "SELECT /*! * FROM delta.`{path}` */ 1 FROM silver.nothing",
    ],
)
def test_what_goes_around_the_policies_is_refused(anna: Governed, world: World, query: str) -> None:
    with pytest.raises((UsageError, PySparkException)):
        anna.sql(query.format(path=world.lakehouse.path(CUSTOMERS))).collect()


def test_a_table_that_a_query_hides_from_our_parser_is_found_in_the_plan(
    anna: Governed, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the two parsers did not agree: ours sees no table at all."""
    monkeypatch.setattr("toolkit.governance.guarded_sql._tables", lambda tree: iter(()))
    path = table_name(world.lakehouse.path(CUSTOMERS))
    for query in (
        f"SELECT * FROM {path}",
        f"SELECT (SELECT max(id) FROM {path})",
        f"WITH c AS (SELECT * FROM {path}) SELECT * FROM c a JOIN c b USING (id)",
    ):
        with pytest.raises(UsageError, match="reads something that is no table"):
            anna.sql(query)


def test_a_command_that_our_parser_takes_for_a_select_is_never_done(
    anna: Governed, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the two parsers did not agree: ours takes everything for a harmless SELECT."""
    monkeypatch.setattr("toolkit.governance.guarded_sql._parsed", lambda query: sqlglot.parse_one("SELECT 1"))
    path, before = table_name(world.lakehouse.path(CUSTOMERS)), world.lakehouse.open(CUSTOMERS).version
    for command in (
        f"DELETE FROM {path}",
        f"INSERT INTO {path} SELECT * FROM {path}",
        "SET spark.sql.shuffle.partitions = 3",
        "CREATE TEMPORARY VIEW anything AS SELECT 1",
        "SHOW TABLES",
        f"DESCRIBE HISTORY {path}",
    ):
        with pytest.raises(UsageError):
            anna.sql(command)
    assert world.lakehouse.open(CUSTOMERS).version == before


def test_a_view_opens_nothing_and_may_stand_on_another(anna: Governed, world: World) -> None:
    root = world.steward()
    catalogue.register(root, "silver.mailable", "view", definition=f"SELECT id, email, country FROM {CUSTOMERS}")
    catalogue.register(
        root, "silver.mailed", "view", definition="SELECT m.id, m.email FROM silver.mailable m WHERE id > 0"
    )
    with pytest.raises(AccessDenied):
        anna.table("silver.mailed")
    granting.grant(root, "analysts", "select", "silver.mailed")
    with pytest.raises(AccessDenied):
        anna.table("silver.mailed")
    granting.grant(root, "analysts", "select", "silver.mailable")
    assert sorted(row.id for row in anna.table("silver.mailed").collect()) == [2, 4]
    assert anna.sql("SELECT count(*) FROM silver.mailed WHERE email LIKE '%@%'").first()[0] == 0
    with pytest.raises(UsageError, match="has no versions"):
        anna.table("silver.mailed", version=0)
    # One that stands on itself ends in words.
    catalogue.register(root, "silver.mailable", "view", definition="SELECT * FROM silver.mailed")
    with pytest.raises(UsageError, match="stand on each other"):
        anna.table("silver.mailed")


def test_what_is_no_view_and_no_volume_is_not_registered(anna: Governed, world: World, tmp_path: Path) -> None:
    root = world.steward()
    for definition in (
        "",
        "DELETE FROM silver.customers",
        "SELECT * FROM silver.customers; SELECT 1",
        "SELECT java_method('a','b')",
    ):
        with pytest.raises(UsageError):
            catalogue.register(root, "silver.nothing", "view", definition=definition)
    with pytest.raises(UsageError, match="there already"):
        catalogue.register(root, CUSTOMERS, "view", definition="SELECT 1")
    with pytest.raises(UsageError, match="needs a location"):
        catalogue.register(root, "silver.files", "volume")
    with pytest.raises(AccessDenied):
        catalogue.register(world.steward("anna"), "silver.mine", "view", definition="SELECT 1")
    catalogue.register(root, "silver.files", "volume", location=str(tmp_path))
    with pytest.raises(AccessDenied, match="no volume"):
        anna.volume("silver.files")
    granting.grant(root, "analysts", "read_volume", "silver.files")
    assert anna.volume("silver.files") == tmp_path
    with pytest.raises(AccessDenied, match="no volume"):
        anna.volume("silver.nowhere")


# what it costs


def test_conditions_on_open_columns_still_leave_files_out(world: World, spark: SparkSession) -> None:
    world.write("silver.many", {**ROWS, "country": ["DE"] * 6})
    world.write("silver.many", {**ROWS, "id": pa.array(range(100, 106), pa.int64()), "country": ["DE"] * 6})
    root = world.steward()
    catalogue.take_in(root, "main")
    granting.grant(root, "analysts", "select", "silver.many")
    protection.confirm(root, "silver.many", ["id", "country"], "internal")
    protection.filter_rows(root, "silver.many", "country = attribute('country')")
    anna = governed(spark, "anna", lakehouse=world.lakehouse, keys=KnownKey())
    for condition in ("id > 99", "id < 50"):
        mine, theirs = anna.table("silver.many").where(condition), world.platform.read("silver.many").where(condition)
        assert mine.count() == theirs.count() == 6
        assert files(mine) == files(theirs) == 1


def files(frame: DataFrame) -> int:
    """Files that a frame has read, as its executed plan counts them."""
    frame.collect()
    plan = frame._jdf.queryExecution().executedPlan()
    scans = plan.collectLeaves()
    return sum(int(scans.apply(at).metrics().apply("numFiles").value()) for at in range(scans.size()))


@pytest.mark.parametrize("kind", MASKS)
def test_each_mask_shows_the_same_in_both_engines(world: World, spark: SparkSession, tmp_path: Path, kind: str) -> None:
    moment = dt.datetime(1970, 5, 6, 7, 8, 9, 123456, tzinfo=dt.UTC)
    table = pa.table(
        {
            "id": pa.array(range(5), pa.int64()),
            "string": ["anna@example.com", "ü漢\U0001f600", "", None, "x" * 300],
            "long": pa.array([17, -2, None, -(2**63), 2**63 - 1], pa.int64()),
            "integer": pa.array([17, -2, None, 2**31 - 1, -(2**31)], pa.int32()),
            "double": [1.5, -2.5, None, float("nan"), 1e300],
            "date": pa.array([moment.date(), dt.date(1600, 1, 2), None, dt.date(2026, 12, 31), dt.date(2000, 2, 29)]),
            "timestamp": pa.array([moment, None, moment, moment, moment], pa.timestamp("us", "UTC")),
        }
    )
    deltalake.write_deltalake(str(tmp_path / "t"), table)
    frame = spark.read.format("delta").load(str(tmp_path / "t"))
    engine = query_engine(deltalake.DeltaTable(str(tmp_path / "t")))
    arguments = {
        "partial": {"string": "2,4"},
        "generalise": {
            "string": "3",
            "long": "10",
            "integer": "7",
            "double": "2",
            "date": "quarter",
            "timestamp": "hour",
        },
        "noise": dict.fromkeys(("long", "integer", "double"), "100 id"),
    }
    compared = 0
    for column in table.column_names[1:]:
        argument = arguments.get(kind, {}).get(column, "")
        mask = Mask(kind, argument, "tests")  # type: ignore[arg-type]
        if not (MASKS[kind].fits(column) and MASKS[kind].is_argument(argument, column)):
            continue
        by_spark = [
            row[0] for row in frame.orderBy("id").select(spark_column(mask, column, column, KnownKey())).collect()
        ]
        sql = f"SELECT {sides(mask, column, column, KnownKey()).engine} AS v FROM t ORDER BY id"
        by_engine = pa.table(engine.execute(sql).read_all())["v"].to_pylist()
        assert [str(one) for one in plain(by_spark)] == [str(one) for one in plain(by_engine)], column
        compared += 1
    assert compared


def plain(values: list[object]) -> list[object]:
    """Moments without a zone, which the session's is."""
    return [one.replace(tzinfo=None) if hasattr(one, "hour") else one for one in values]  # type: ignore[attr-defined]


def test_it_needs_a_lakehouse_that_is_governed_and_a_principal_that_is_known(
    world: World, spark: SparkSession, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="not governed"):
        governed(spark, "anna", lakehouse=Lakehouse(tmp_path / "bare"))
    with pytest.raises(UsageError, match="no principal"):
        governed(spark, "stranger", lakehouse=world.lakehouse)
