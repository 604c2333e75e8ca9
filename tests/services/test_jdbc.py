"""Rows of a real PostgreSQL come into Spark as they are, in parts or whole, or an error says why not."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from tests.services.postgres_client import sql
from tests.services.test_postgres import until
from tests.services.test_service import gone
from toolkit import service, session
from toolkit.database import Database
from toolkit.errors import DataError, SetupError, ToolkitError, UsageError
from toolkit.etl import jdbc
from toolkit.etl.jdbc import Partitions, read_jdbc
from toolkit.etl.load import append
from toolkit.etl.pushdown import Pushed, parsed, pushed_down
from toolkit.service import Running
from toolkit.services import postgres
from toolkit.services.postgres import POSTGRES
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow]
READING = """
SELECT pid FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND query LIKE '%pg_sleep%' AND state IN ('active', 'idle in transaction')
"""
TABLES = r"""
CREATE TABLE orders (
    id bigserial, placed date, "at" timestamp, at_zone timestamptz, amount numeric(10, 2), note text, "Odd ""na`me.x" int
);
INSERT INTO orders SELECT n, DATE '2026-01-01' + n::int, TIMESTAMP '2026-01-01' + n * INTERVAL '1 hour',
    TIMESTAMPTZ '2026-01-01 00:00+02' + n * INTERVAL '1 hour', n, 'note ' || n, n FROM generate_series(1, 100) AS n;
INSERT INTO orders (id, note) VALUES (101, 'without'), (102, NULL);
UPDATE orders SET id = 1000000 WHERE id = 100;
ALTER TABLE orders ALTER id DROP NOT NULL;
INSERT INTO orders (id, note) VALUES (NULL, 'no number');
CREATE TABLE empty (id int, name text);
CREATE SCHEMA sales; CREATE TABLE sales."dotted.name" (id int); INSERT INTO sales."dotted.name" VALUES (7);
CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE kinds (
    n2 numeric(10, 2), n numeric, n50 numeric(50, 20), nneg numeric(3, -2), at timestamp, at_zone timestamptz, day date,
    code uuid, doc json, docb jsonb, ints int[], texts text[], numbers numeric[], moments timestamptz[], raw bytea, yes bool,
    words text, c5 char(5), v5 varchar(5), price money, span interval, bits bit(3), clock time, address inet,
    small positive, feels mood, f8 float8, f4 float4, i2 int2, i8 int8,
    i2s int2[], i8s int8[], f4s float4[], f8s float8[], yess bool[], vs varchar(5)[], codes uuid[], days date[]
);
INSERT INTO kinds VALUES (
    1.10, 1.1234567890123456789012345, 123456789012345678901234567890.5, 1200, '2026-03-08 02:30:00.123456',
    '2026-03-08 02:30:00.123456+02', '2026-03-08', '11111111-2222-3333-4444-555555555555', '{"a":  1}', '{"b": [1, null]}',
    '{1,NULL,3}', '{a,NULL,"x,y"}', '{1.5,NaN}', '{infinity}', '\x00ff', true,
    E'ünï \U0001F600 ''"`\\ \n\t\u2028', 'ab', 'ab', 12.5, '1 day 2 hours', B'101', '10:00:00.5', '10.0.0.1',
    5, 'glad', 'NaN', 'infinity', -32768, 9223372036854775807,
    '{1,NULL}', '{9223372036854775807}', '{1.5,-Infinity}', '{0.1,NULL}', '{t,NULL,f}', '{ab}',
    '{11111111-2222-3333-4444-555555555555}', '{-infinity,1582-10-10}'
);
INSERT INTO kinds (words) VALUES (NULL);
CREATE TABLE odd (id int, day date, at timestamp, at_zone timestamptz, amount numeric(5, 2), ints int[]);
INSERT INTO odd VALUES (1, 'infinity', NULL, NULL, NULL, NULL), (2, '-infinity', NULL, NULL, NULL, NULL),
    (3, NULL, 'infinity', NULL, NULL, NULL), (4, NULL, NULL, '-infinity', NULL, NULL),
    (5, NULL, '0044-03-15 12:00 BC', NULL, NULL, NULL), (6, '1582-10-10', NULL, NULL, NULL, NULL),
    (7, NULL, NULL, NULL, 'NaN', NULL), (8, NULL, NULL, NULL, NULL, '{{1,2},{3,4}}'),
    (9, '1582-10-15', '0001-01-01', '1582-10-04 12:00+00', 1, '{}'),
    (10, '9999-12-31', '9999-12-31 23:59:59.999999', NULL, NULL, NULL);
"""


@pytest.fixture(scope="module")
def running(postgres_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with tables, for the tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOOLKIT_HOME", str(tmp_path_factory.mktemp("jdbc-home")))
        started = service.start(POSTGRES)
        sql(started, TABLES)
        yield started
        service.stop(POSTGRES)


@pytest.fixture
def database(running: Running, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("TOOLKIT_HOME", str(running.folder.parents[1]))
    return postgres.database(running)


def value(df: DataFrame) -> Any:
    """The only value."""
    ((found,),) = df.collect()
    return found


# rows


def test_a_table_a_part_of_it_and_a_query_are_read(spark: SparkSession, database: Database) -> None:
    whole = read_jdbc(spark, database, "orders")
    assert whole.columns == ["id", "placed", "at", "at_zone", "amount", "note", 'Odd "na`me.x']
    assert whole.count() == 103
    part = read_jdbc(spark, database, "public.orders", columns=["note", 'Odd "na`me.x'], where="id < 3 -- few")
    assert sorted(map(tuple, part.collect())) == [("note 1", 1), ("note 2", 2)]
    query = "-- newest\nWITH o AS (SELECT id FROM orders) SELECT max(id) AS top FROM o; "
    assert value(read_jdbc(spark, database, query)) == 1_000_000
    assert value(read_jdbc(spark, database, 'sales."dotted.name"')) == 7
    assert read_jdbc(spark, database, "empty").collect() == []
    assert read_jdbc(spark, database, "empty").dtypes == [("id", "int"), ("name", "string")]


@pytest.mark.parametrize("column", ["id", "placed", "at", "at_zone"])
def test_a_divided_read_has_every_row_once_also_those_without_a_value(
    spark: SparkSession, database: Database, column: str
) -> None:
    divided = read_jdbc(spark, database, "orders", columns=["note"], partitions=Partitions(column, 4))
    assert divided.columns == ["note"]
    assert pushed_down(divided).partitions == 4
    whole = sql_notes(database)
    assert sorted(str(row["note"]) for row in divided.collect()) == whole
    by_part = {row[0]: row[1] for row in divided.groupBy(F.spark_partition_id()).count().collect()}
    assert len(by_part) == (2 if column == "id" else 4), "equal ranges: one number lies far off"


def sql_notes(database: Database) -> list[str]:
    found = service.running("postgres")
    assert found is not None
    return sorted(sql(found, "SELECT coalesce(note, 'None') FROM orders").splitlines())


def test_an_empty_table_and_one_of_nulls_are_divided_too(spark: SparkSession, database: Database) -> None:
    assert read_jdbc(spark, database, "empty", partitions=Partitions("id", 4)).collect() == []
    nulls = read_jdbc(spark, database, "orders", where="id IS NULL", partitions=Partitions("id", 4))
    assert nulls.count() == 1
    few = read_jdbc(spark, database, "orders", where="id < 3", partitions=Partitions("id", 50))
    assert (few.count(), pushed_down(few).partitions) == (2, 2)


def test_a_column_that_cannot_divide_is_refused_and_so_are_no_partitions(
    spark: SparkSession, database: Database
) -> None:
    with pytest.raises(UsageError, match="amount is numeric, by which a read cannot be divided"):
        read_jdbc(spark, database, "orders", partitions=Partitions("amount", 4))
    with pytest.raises(UsageError, match="There is no column 'idd'"):
        read_jdbc(spark, database, "orders", partitions=Partitions("idd", 4))
    with pytest.raises(UsageError, match="number = 0"):
        Partitions("id", 0)
    with pytest.raises(UsageError, match="fetch_size = 0"):
        Database("jdbc:postgresql://h/d", "u", "p", fetch_size=0)


def test_ranges_meet_and_do_not_overlap() -> None:
    assert jdbc.limits(1, 100, 4) == [26, 51, 76]
    assert jdbc.limits(5, 6, 10) == [6]
    assert jdbc.limits(3, 3, 5) == jdbc.limits(None, None, 5) == jdbc.limits(1, 9, 1) == []
    assert jdbc.limits(-(2**63), 2**63 - 1, 2) == [0]
    assert jdbc.predicates("c", ["1", "5"]) == ["c < 1 OR c IS NULL", "c >= 1 AND c < 5", "c >= 5"]


# types


def test_every_type_comes_as_it_is_or_as_its_text(spark: SparkSession, database: Database) -> None:
    df = read_jdbc(spark, database, "kinds", where="code IS NOT NULL")
    (row,) = df.collect()
    found, types = row.asDict(), dict(df.dtypes)
    assert isnan(found.pop("f8"))
    assert found == {
        "n2": Decimal("1.10"),
        "n": "1.1234567890123456789012345",
        "n50": "123456789012345678901234567890.50000000000000000000",
        "nneg": "1200",
        "at": datetime(2026, 3, 8, 2, 30, 0, 123456),  # noqa: DTZ001 - it has no zone
        "at_zone": datetime(2026, 3, 8, 0, 30, 0, 123456, tzinfo=UTC).replace(tzinfo=None),
        "day": date(2026, 3, 8),
        "code": "11111111-2222-3333-4444-555555555555",
        "doc": '{"a":  1}',
        "docb": '{"b": [1, null]}',
        "ints": [1, None, 3],
        "texts": ["a", None, "x,y"],
        "numbers": ["1.5", "NaN"],
        "moments": ["infinity"],
        "raw": bytearray(b"\x00\xff"),
        "yes": True,
        "words": "ünï 😀 '\"`\\ \n\t\u2028",
        "c5": "ab   ",
        "v5": "ab",
        "price": "$12.50",
        "span": "1 day 02:00:00",
        "bits": "101",
        "clock": "10:00:00.5",
        "address": "10.0.0.1/32",
        "small": 5,
        "feels": "glad",
        "f4": float("inf"),
        "i2": -32768,
        "i8": 2**63 - 1,
        "i2s": [1, None],
        "i8s": [2**63 - 1],
        "f4s": [1.5, float("-inf")],
        "f8s": [0.1, None],
        "yess": [True, None, False],
        "vs": ["ab"],
        "codes": ["11111111-2222-3333-4444-555555555555"],
        "days": ["-infinity", "1582-10-10"],
    }
    told = ("n2", "n", "at", "at_zone", "ints", "numbers", "raw")
    assert [types[name] for name in told] == [
        "decimal(10,2)", "string", "timestamp_ntz", "timestamp", "array<int>", "array<string>", "binary",
    ]  # fmt: skip
    (nulls,) = read_jdbc(spark, database, "kinds", where="code IS NULL").collect()
    assert set(nulls) == {None}


def test_what_is_read_is_written_and_written_again(spark: SparkSession, database: Database, tmp_path: Path) -> None:
    for _ in range(2):
        append(tmp_path / "t", read_jdbc(spark, database, "kinds", where="code IS NOT NULL"))
    written = spark.read.format("delta").load(str(tmp_path / "t")).select("words", "c5", "n").distinct()
    assert [tuple(row) for row in written.collect()] == [
        ("ünï 😀 '\"`\\ \n\t\u2028", "ab   ", "1.1234567890123456789012345")
    ]


@pytest.mark.parametrize(
    ("row", "column", "said", "text"),
    [
        (1, "day", "Column day has the value infinity", "infinity"),
        (2, "day", "Column day has the value -infinity", "-infinity"),
        (3, "at", "Column at has the value infinity", "infinity"),
        (4, "at_zone", "Column at_zone has the value -infinity", "-infinity"),
        (5, "at", "Column at has the value 0044-03-15 12:00:00 BC", "0044-03-15 12:00:00 BC"),
        (6, "day", "Column day has the value 1582-10-10", "1582-10-10"),
        (7, "amount", "A numeric column has the value NaN", "NaN"),
        (8, "ints", "arrays of more than one dimension", "{{1,2},{3,4}}"),
    ],
)
def test_a_value_that_spark_does_not_have_is_an_error_or_text_never_another_value(
    spark: SparkSession, database: Database, row: int, column: str, said: str, text: str
) -> None:
    df = read_jdbc(spark, database, "odd", columns=[column], where=f"id = {row}")
    with pytest.raises(Exception, match=r".") as failed:
        df.collect()
    told = session.explain(failed.value)
    assert isinstance(told, DataError)
    assert said in told.what
    assert "as_text" in told.cure
    assert value(read_jdbc(spark, database, "odd", columns=[column], where=f"id = {row}", as_text=[column])) == text


def test_the_first_and_last_moments_come_as_they_are(spark: SparkSession, database: Database) -> None:
    df = read_jdbc(spark, database, "odd", columns=["day", "at", "at_zone"], where="id IN (9, 10)")
    assert sorted(map(tuple, df.select(*(F.col(c).cast("string") for c in df.columns)).collect()), key=str) == [
        ("1582-10-15", "0001-01-01 00:00:00", "1582-10-04 12:00:00"),
        ("9999-12-31", "9999-12-31 23:59:59.999999", None),
    ]


def test_infinity_in_the_column_that_divides_is_not_lost(spark: SparkSession, database: Database) -> None:
    df = read_jdbc(spark, database, "odd", columns=["id"], partitions=Partitions("day", 3))
    assert sorted(row["id"] for row in df.collect()) == list(range(1, 11))


# errors before the first row


@pytest.mark.parametrize(
    ("change", "family", "said"),
    [
        ({"url": "jdbc:postgresql://127.0.0.1:1/toolkit"}, SetupError, "No PostgreSQL answers at 127.0.0.1:1"),
        ({"url": "jdbc:postgresql://no-host.invalid:5432/toolkit"}, SetupError, "There is no host no-host.invalid"),
        ({"password": "wrong"}, SetupError, "PostgreSQL does not let toolkit in"),
        ({"user": "nobody"}, SetupError, "PostgreSQL does not let nobody in"),
        ({"url": "/tolkit"}, UsageError, "There is no database 'tolkit'"),
    ],
)
def test_who_cannot_enter_is_told_why(
    spark: SparkSession, database: Database, change: dict[str, Any], family: type[ToolkitError], said: str
) -> None:
    if change.get("url", "").startswith("/"):
        change = {"url": database.url.rpartition("/")[0] + change["url"]}
    other = replace(database, **change)
    with pytest.raises(family, match=said) as refused:
        read_jdbc(spark, other, "orders")
    assert refused.value.cure
    assert database.password not in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "family", "said"),
    [
        ({"table": "ordes"}, UsageError, r"There is no table 'ordes'.*Did you mean 'orders'\?"),
        ({"table": "Orders"}, UsageError, r"There is no table 'Orders'.*Did you mean 'orders'\?"),
        ({"table": "sale.orders"}, UsageError, "There is no table 'sale.orders'"),
        ({"table": "orders; DROP TABLE orders"}, UsageError, "There is no table 'orders; DROP TABLE orders'"),
        ({"table": "a..b"}, UsageError, "neither the name of a table nor a query"),
        ({"table": ""}, UsageError, "neither the name of a table nor a query"),
        ({"columns": ["nte"]}, UsageError, "There is no column 'nte'. Did you mean 'note'"),
        ({"as_text": ["nte"]}, UsageError, "There is no column 'nte'. Did you mean 'note'"),
        ({"where": "nte = 1"}, UsageError, 'There is no column "?nte'),
        ({"where": "note ="}, DataError, "PostgreSQL says: syntax error"),
        ({"table": "SELECT id, id FROM orders"}, UsageError, "Several columns are called `id`"),
        ({"table": 'SELECT 1 AS "a", 2 AS "A"'}, UsageError, "Several columns are called"),
        ({"table": "SELECT nte FROM orders"}, UsageError, 'There is no column "?nte'),
        ({"table": "pg_authid"}, SetupError, "lets this user not read table pg_authid"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    spark: SparkSession, database: Database, asked: dict[str, Any], family: type[ToolkitError], said: str
) -> None:
    with pytest.raises(family, match=said) as refused:
        read_jdbc(spark, database, **{"table": "orders", **asked}).collect()
    assert refused.value.choices or refused.value.cure


def test_a_query_that_writes_is_refused(spark: SparkSession, database: Database) -> None:
    query = "WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone"
    with pytest.raises((DataError, UsageError), match=r"writes|WITH clause"):
        read_jdbc(spark, database, query)
    with pytest.raises(Exception, match=r".") as failed:
        read_jdbc(spark, database, "SELECT nextval('orders_id_seq') AS n").collect()
    told = session.explain(failed.value)
    assert told is not None
    assert "does not write, and this one does: nextval()" in told.what


def test_a_session_without_the_driver_says_how_to_have_it(
    spark: SparkSession, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jdbc, "DRIVER", "org.postgresql.DriverThatIsNot")
    with pytest.raises(SetupError, match="has no driver for PostgreSQL") as refused:
        read_jdbc(spark, database, "orders")
    assert 'with_jars("postgres")' in refused.value.cure


def test_times_are_refused_where_javas_zone_lacks_some(spark: SparkSession, database: Database) -> None:
    zones: Any = spark._jvm.java.util.TimeZone  # type: ignore[union-attr]
    before = zones.getDefault()
    zones.setDefault(zones.getTimeZone("America/New_York"))
    try:
        with pytest.raises(SetupError, match="the time zone America/New_York") as refused:
            read_jdbc(spark, database, "kinds")
        assert "-Duser.timezone=UTC" in refused.value.cure
        text = read_jdbc(spark, database, "kinds", columns=["at", "day"], where="yes", as_text=["at"])
        assert [tuple(row) for row in text.collect()] == [("2026-03-08 02:30:00.123456", date(2026, 3, 8))]
    finally:
        zones.setDefault(before)


# a server that ends


def test_a_server_that_is_killed_under_a_read_leaves_the_target_as_it_was(
    spark: SparkSession, database: Database, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    append(target, spark.createDataFrame([(0, "before")], "n INT, said STRING"))
    before = DeltaReader(target, "t")
    kept = (before.version, before.page().rows)
    found = service.running("postgres")
    assert found is not None
    slow = "SELECT n, 'row ' || n || pg_sleep(0.0005)::text AS said FROM generate_series(1, 30000) AS n"
    rows = read_jdbc(spark, replace(database, fetch_size=100), slow)

    def kill() -> None:
        until(lambda: sql(found, READING).splitlines(), seconds=60)
        time.sleep(1)  # some hundred rows have been read by then
        os.kill(found.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(DataError, match="ended the connection while it was being read"):
        append(target, rows)
    killer.join()
    gone(found.pid)
    after = DeltaReader(target, "t")
    assert (after.version, after.page().rows) == kept
    service.start(POSTGRES)
    few = read_jdbc(spark, postgres.database(), "SELECT 1 AS n, 'after' AS said")
    assert append(target, few).version == kept[0] + 1


# what is left to the database


def test_filters_and_columns_are_left_to_the_database_and_aggregates_are_not(
    spark: SparkSession, database: Database
) -> None:
    df = read_jdbc(spark, database, "orders")
    told = pushed_down(df.where("id > 5 AND note LIKE 'note%' AND placed >= '2026-02-01'").select("amount"))
    assert told.columns == ("amount",)
    assert told.filters is not None
    assert {"GreaterThan(id,5)", "StringStartsWith(note,note)"} <= set(told.filters)
    assert any(one.startswith("GreaterThanOrEqual(placed") for one in told.filters)
    assert told.sql is not None
    assert '("id" > 5)' in told.sql
    assert (told.partitions, told.aggregates, told.limit, told.why) == (1, (), "", "")
    assert pushed_down(df.groupBy().count()).aggregates == ()
    with contextlib.redirect_stdout(io.StringIO()) as plans:
        df.explain(extended=True)
    assert "orders" in plans.getvalue()
    assert database.password not in plans.getvalue()
    own = pushed_down(df.where(F.sha1("note") == "x"))
    assert own.filters == ("IsNotNull(note)",), "what Spark does itself is not said to be the database's"
    assert pushed_down(df.select("note").where("id = 1")).filters == ("IsNotNull(id)", "EqualTo(id,1)")


def test_what_the_plan_does_not_tell_is_unknown(spark: SparkSession, database: Database) -> None:
    one = read_jdbc(spark, database, "empty")
    nothing = pushed_down(spark.range(3))
    both = pushed_down(one.join(read_jdbc(spark, database, "orders"), "id"))
    for told, reads in ((nothing, 0), (both, 2)):
        assert told == Pushed(why=f"The plan has {reads} reads of a database; it tells of exactly one.")
    fields = spark.conf.get("spark.sql.debug.maxToStringFields")
    wide = read_jdbc(spark, database, "SELECT " + ", ".join(f"{n} AS c{n}" for n in range(60)))
    assert pushed_down(wide).columns == tuple(f"c{n}" for n in range(60))
    assert spark.conf.get("spark.sql.debug.maxToStringFields") == fields
    cut = parsed("(1) Scan JDBCRelation(t) [numPartitions=1]\nOutput [3]: [a#1, ... 2 more fields]\n")
    assert (cut.columns, cut.why) == (None, "The plan does not name all columns.")
