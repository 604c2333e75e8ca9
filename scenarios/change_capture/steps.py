"""The steps of change capture. What the shop does is in `workload.py`, where it does it in `database.py`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psutil
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from scenarios.change_capture import database, workload
from scenarios.change_capture.scenario import (
    BRONZE,
    BUSINESS,
    CHECKS,
    CUSTOMER_VERSIONS,
    CUSTOMERS,
    ORDER_VERSIONS,
    ORDERS,
    REBUILT,
    SILVER,
)
from scenarios.change_capture.workload import Transaction
from toolkit import service, service_leases
from toolkit.columns import cols
from toolkit.etl.change_flow import ChangeFlow
from toolkit.etl.changes import Applied, apply_changes
from toolkit.etl.incremental import FEED_ORDER, Followed
from toolkit.etl.jdbc import read_jdbc
from toolkit.platform import DataPlatform
from toolkit.services import debezium, kafka, postgres
from toolkit.services.debezium import Capture
from toolkit.store.commits import Once
from toolkit.store.reader import done
from toolkit.store.reuse import persisted
from toolkit.streaming.aside import dead_letters, put_aside, readable
from toolkit.streaming.captured import RESCUED, CapturedTable, applicable, captured, rows_of
from toolkit.streaming.records import DeadLetter
from toolkit.streaming.sinks import MicroBatch, append_once
from toolkit.streaming.sources import OFFSET, read_topic
from toolkit.streaming.streams import Stream
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics

STREAM = "changes"
KILLED = (debezium.DEBEZIUM, postgres.POSTGRES, kafka.KAFKA)
"""In this order."""
PORTIONS = 2
FOLLOWED = {"delta.enableChangeDataFeed": "true"}
FEED = ("_change_type", "_commit_version", "_commit_timestamp")
IS_BUSINESS = "segment = 'business'"
BUSINESS_FLOW = ChangeFlow(
    keys=["customer_id"],
    sequence_by=FEED_ORDER,
    # Who is a business no longer goes as one who is deleted.
    apply_as_deletes=f"_change_type = 'delete' OR NOT coalesce({IS_BUSINESS}, false)",
    except_column_list=FEED[:2],
)
CAPTURE = Capture("change_capture", [f"{database.SCHEMA}.{table}" for table in database.TABLES])


@dataclass(frozen=True)
class Target:
    """A table of the database, and what is made of it."""

    source: CapturedTable
    present: str
    history: str

    def flows(self) -> Iterator[tuple[str, ChangeFlow]]:
        """Each table of silver, and how it is made."""
        for table, scd_type in ((self.present, 1), (self.history, 2)):
            yield (
                table,
                ChangeFlow(
                    keys=list(self.source.keys),
                    sequence_by=["committed", "lsn", "changed_at"],
                    apply_as_deletes="op = 'd'",
                    except_column_list=["op", "committed", "lsn", "changed_at"],
                    stored_as_scd_type=1 if scd_type == 1 else 2,
                ),
            )


TARGETS = (
    Target(
        CapturedTable(
            "change_capture.customers",
            "customer_id STRING, first_name STRING, last_name STRING, city STRING, country STRING, segment STRING, orders INT",
            ["customer_id"],
        ),
        CUSTOMERS,
        CUSTOMER_VERSIONS,
    ),
    Target(
        CapturedTable(
            "change_capture.orders",
            "order_id STRING, customer_id STRING, ordered_at TIMESTAMP, status STRING, amount DECIMAL(12,2), ordered_on DATE, "
            "note STRING",
            ["order_id"],
        ),
        ORDERS,
        ORDER_VERSIONS,
    ),
)


def land(platform: DataPlatform) -> None:
    """Land the shop."""
    orders = max(5_000, platform.parameters.changes // 4)
    platform.landing.land("shop", orders=orders, seed=platform.parameters.seed)


def capture(platform: DataPlatform) -> None:
    """Make changes in two portions; after each, what has come of them is applied."""
    for table in (BRONZE, *SILVER, *(f"{table}_kept" for table in SILVER)):
        platform.etl.empty(table)
    platform.streaming.begin_anew(STREAM)
    work = Work(platform)
    with contextlib.ExitStack() as servers:
        for needed in (postgres.POSTGRES, kafka.KAFKA, debezium.DEBEZIUM):
            servers.enter_context(service_leases.leased(needed))
        _begin(platform)
        servers.callback(debezium.release, CAPTURE.name)
        for portion in range(1, PORTIONS + 1):
            made = database.commit(work.until(portion / PORTIONS), work.kill_when_due)
            platform.metric("transactions", made, "transactions")
            if portion == PORTIONS:
                for why in debezium.await_sent(CAPTURE.name, database.place()):
                    platform.alert(f"Debezium had failed, and was started again: {why}", "info")
            else:
                database.add_column()
            platform.streaming.take(changes(platform))
            apply(platform)
            serve(platform)
    kills = "kill LONG, server STRING, during LONG, seconds DOUBLE"
    platform.write("ops.capture_kills", platform.spark.createDataFrame(work.kills, kills).coalesce(1))


class Work:
    """The transactions of a run, in portions, and the kills that are due during them.

    Args:
        platform: of the run.
    """

    def __init__(self, platform: DataPlatform) -> None:
        self.platform, self.changes = platform, platform.parameters.changes
        self.kills: list[tuple[int, str, int, float]] = []
        self._made = 0
        self._left = enumerate(workload.transactions(platform.landing.folder("shop"), self.changes))

    def until(self, share: float) -> Iterator[tuple[int, Transaction]]:
        """Transactions with their numbers, up to that share of the changes."""
        while self._made < share * self.changes and (one := next(self._left, None)) is not None:
            self._made += one[1].changes
            yield one

    def kill_when_due(self, number: int) -> None:
        """Kill the next server, and start it again, when the changes have come to its part."""
        place = len(self.kills)
        if place >= self.platform.parameters.kills or self._made < self.changes * (place + 1) / (len(KILLED) + 1):
            return
        killed = KILLED[place]
        running = service.needed(killed)
        self.platform.alert(f"Kill {place + 1}: {killed.title}, during transaction {number:,}.", "info")
        began = time.monotonic()
        psutil.Process(running.pid).kill()
        service.start(killed)
        self.kills.append((place + 1, killed.name, number, time.monotonic() - began))


def _begin(platform: DataPlatform) -> None:
    """The tables of the shop, empty topics, and a capture that has sent what was in the tables."""
    debezium.release(CAPTURE.name)
    database.make_anew(platform.landing.folder("shop"))
    topics = Topics(kafka.broker())
    for topic in _topics():
        topics.make_anew(topic, 1, KEPT_FOR_EVER)
    debezium.capture(CAPTURE)


def _topics() -> list[str]:
    return [*map(CAPTURE.topic, CAPTURE.tables), CAPTURE.transactions]


def changes(platform: DataPlatform) -> Stream:
    """From the topics to bronze, each message once, as it came."""

    def body(batch: MicroBatch) -> None:
        with persisted(batch.rows) as rows:
            batch = replace(batch, rows=rows)
            append_once(replace(batch, rows=readable(batch)), platform.path(BRONZE), platform.way(BRONZE))
            put_aside(platform, batch, dead_letters(batch), DeadLetter)

    return Stream(STREAM, captured(read_topic(platform.spark, kafka.broker(), ",".join(_topics()))), body)


def apply(platform: DataPlatform) -> None:
    """Whole transactions from bronze to silver: of each table the present, and the history."""
    # A capture that begins anew counts its offsets from 0 again: the checkpoint says which one it is.
    name = f"capture {platform.streaming.checkpoint(STREAM).identity}"
    bronze = platform.read(BRONZE)
    since = {
        target.source.name: min(_until(platform, table, name) for table, _ in target.flows()) for target in TARGETS
    }
    with persisted(applicable(bronze, since)) as ready:
        last = ready.groupBy("source_table").agg(F.max(OFFSET).alias("offset")).collect()
        until = {row.source_table: row.offset for row in last}
        for target in TARGETS:
            if target.source.name not in until:
                continue
            with persisted(rows_of(bronze, ready, target.source)) as rows:
                for table, flow in target.flows():
                    way = platform.way(table, Once(name, until[target.source.name]))
                    platform.etl.into(table, apply_changes, rows, flow, way=replace(way, properties=FOLLOWED))


def _until(platform: DataPlatform, table: str, name: str) -> int:
    """The offset up to which a table has the changes; -1 where it has none."""
    newest = done(platform.path(table), name)
    return -1 if newest is None else newest


def serve(platform: DataPlatform) -> None:
    """The business customers of the moment, by what has changed in silver."""

    def load(new: Followed) -> Applied:
        # Whoever was none before, and is none now, is of no concern.
        changed = new.changes if new.since is not None else new.changes.where(IS_BUSINESS)
        rows = changed.drop("_sequence", FEED[2])
        return platform.etl.into(BUSINESS, apply_changes, rows, BUSINESS_FLOW, way=new.way)

    platform.etl.follow(CUSTOMERS, BUSINESS, "business customers", load)


def compare(platform: DataPlatform) -> None:
    """Silver beside the database, its witness, and itself made anew from bronze; gold beside silver."""
    checks = []
    with service_leases.leased(postgres.POSTGRES):
        for target in TARGETS:
            table = target.source.name
            rows = read_jdbc(platform.spark, postgres.database(), table)
            checks.append(
                _differences(
                    f"{table}, the present", _of_database(rows, target), _rows(platform, target.present, target)
                )
            )
            witness = read_jdbc(platform.spark, postgres.database(), database.WITNESS)
            told = _versions(witness.where(F.col("source") == table.split(".")[1]), target)
            checks.append(_differences(f"{table}, the history", told, _numbered(platform.read(target.history), target)))
        checks = [check.localCheckpoint() for check in checks]
    orders = TARGETS[1]
    platform.etl.empty(REBUILT)
    bronze = platform.read(BRONZE)
    whole = applicable(bronze, {orders.source.name: -1})
    (_, flow) = list(orders.flows())[1]
    platform.etl.into(REBUILT, apply_changes, rows_of(bronze, whole, orders.source), flow)
    history = platform.read(ORDER_VERSIONS)
    rebuilt = platform.read(REBUILT).select(*history.columns)
    checks.append(_differences("the history of orders, made anew from bronze", history, rebuilt))
    business = platform.read(CUSTOMERS).where(IS_BUSINESS).drop("_sequence")
    checks.append(
        _differences("business customers in gold", business, platform.read(BUSINESS).select(*business.columns))
    )
    found = checks[0]
    for check in checks[1:]:
        found = found.unionByName(check)
    platform.write(CHECKS, found.coalesce(1))


def _differences(what: str, expected: DataFrame, rows: DataFrame) -> DataFrame:
    """One row: how many rows there are to be, how many lack and how many are too many."""
    counted = expected.withColumn("_here", F.lit(1)).unionByName(rows.withColumn("_here", F.lit(-1)))
    each = counted.groupBy(*cols(rows.columns)).agg(
        F.sum("_here").alias("here"), F.count_if(F.col("_here") == 1).alias("expected")
    )
    return each.agg(
        F.lit(what).alias("what"),
        F.coalesce(F.sum("expected"), F.lit(0)).alias("expected"),
        F.coalesce(F.sum(F.greatest("here", F.lit(0))), F.lit(0)).alias("missing"),
        F.coalesce(F.sum(F.greatest(-F.col("here"), F.lit(0))), F.lit(0)).alias("extra"),
    )


def _rows(platform: DataPlatform, table: str, target: Target) -> DataFrame:
    return platform.read(table).select(*target.source.schema.names, RESCUED)


def _rescued(newsletter: Column) -> Column:
    """What silver has of a column that it was not told of."""
    return F.when(newsletter.isNotNull(), F.to_json(F.create_map(F.lit("newsletter"), newsletter.cast("string"))))


def _of_database(rows: DataFrame, target: Target) -> DataFrame:
    added = F.col("newsletter") if "newsletter" in rows.columns else F.lit(None)
    typed = [F.col(field.name).cast(field.dataType) for field in target.source.schema]
    return rows.select(*typed, _rescued(added).alias(RESCUED))


def _versions(witness: DataFrame, target: Target) -> DataFrame:
    """What the witness saw of each row, in order: a version for each change of its values, and whether a deletion ended it."""
    names = target.source.schema.names
    values = F.from_json("content", target.source.schema)
    seen = witness.select(
        "place",
        "key",
        "op",
        *[values[name].alias(name) for name in names],
        _rescued(F.get_json_object("content", "$.newsletter")).alias(RESCUED),
    )
    order = Window.partitionBy("key").orderBy("place")
    state = F.struct("op", *names, RESCUED)
    changed = seen.withColumn("is_new", ~state.eqNullSafe(F.lag(state).over(order))).where("is_new")
    ended = changed.withColumn("is_deleted", F.coalesce(F.lead("op").over(order) == "D", F.lit(False)))
    return _ordered(ended.where("op = 'U'"), "place", target)


def _numbered(history: DataFrame, target: Target) -> DataFrame:
    """The versions that silver has; a deletion ended those after which the next one begins later, or none."""
    order = Window.partitionBy(*target.source.keys).orderBy("_start_at")
    follows = F.lead("_start_at").over(order).eqNullSafe(F.col("_end_at"))
    return _ordered(history.withColumn("is_deleted", F.col("_end_at").isNotNull() & ~follows), "_start_at", target)


def _ordered(rows: DataFrame, by: str, target: Target) -> DataFrame:
    number = F.row_number().over(Window.partitionBy(*target.source.keys).orderBy(by))
    columns = ("version", "is_deleted", *target.source.schema.names, RESCUED)
    return rows.withColumn("version", number).select(*columns)


def answer(platform: DataPlatform) -> str:
    """The question, answered from gold."""
    expected, wrong = platform.sql(CHECKS, "SELECT sum(expected), sum(missing + extra) FROM t")
    kills, changes = (
        platform.sql("ops.capture_kills", "SELECT count(*) FROM t")[0],
        platform.sql(BRONZE, "SELECT count(*) FROM t WHERE op IN ('c', 'u', 'd', 't')")[0],
    )
    if wrong:
        return f"No: of {expected:,} rows, {wrong:,} are missing in silver or gold, or too many."
    return (
        f"Yes: through {kills} kills and {changes:,} changes that came, all {expected:,} rows are what the database and its "
        "witness say: the present, the history, what is made anew from bronze, and gold."
    )
