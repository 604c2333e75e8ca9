"""Changes of a database, captured by Debezium: its messages as rows, which of them may be applied, and what a row was then.

Each change has a place in the database's log (`lsn`), and so has the commit of its transaction (`committed`); a message keeps
both when it comes again. Changes are ordered by the commit first: a transaction that began early may be committed late. It is
applied when all its changes have come, and after all that was committed before it, so that a reader never sees the half of one.
`DataFrame` in, `DataFrame` out; nothing is read or written here. Source: Debezium's connector for PostgreSQL.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F
from pyspark.sql import types as T

from toolkit.columns import cols, quoted
from toolkit.errors import DataError, UsageError
from toolkit.streaming.sources import KEY, OFFSET, PARTITION, PROBLEM, SENT_AT, TOPIC, VALUE, parsed
from toolkit.words import plural

READ, INSERT, UPDATE, DELETE, TRUNCATE = "r", "c", "u", "d", "t"
TOMBSTONE, BEGIN, END = "tombstone", "BEGIN", "END"
CHANGES = (READ, INSERT, UPDATE, DELETE, TRUNCATE)
OPERATIONS = (*CHANGES, TOMBSTONE, BEGIN, END)
UNCHANGED = "__debezium_unavailable_value"
"""Stands for a large value that an update has not touched, and that the database's log does not repeat."""
RESCUED = "rescued"
"""A column with what the declared columns have no room for, in JSON."""
ADDED = ("op", "committed", "lsn", "changed_at", RESCUED)
"""Columns that are added to those of a table."""
LAST = "last"
"""Marks the last message of a first reading of the tables."""
_ENVELOPE = (
    "before STRING, after STRING, "
    "source STRUCT<schema: STRING, table: STRING, lsn: LONG, ts_us: LONG, snapshot: STRING>, "
    "transaction STRUCT<id: STRING>, op STRING, status STRING, id STRING, event_count LONG, ts_ms LONG"
)
_TEXTS = "map<string,string>"
_KEY, _TX, _AT = "_row_key", "_row_tx", "_row_at"
"""Of a row, the key of the message, the transaction, and the place: of the commit, then of the change."""
_UNTOUCHED_ELSEWHERE = (
    base64.b64encode(UNCHANGED.encode()).decode(),
    json.dumps([UNCHANGED], separators=(",", ":")),
    json.dumps(list(UNCHANGED.encode()), separators=(",", ":")),
)
"""How it is written in columns of bytes and of arrays."""


@dataclass(frozen=True)
class CapturedTable:
    """A table of the database, as its rows are read.

    Attributes:
        name: with its schema, such as `shop.orders`.
        columns: their names and Spark's types, as DDL. What a message has beside them, or what does not fit its type, is kept
            in `rescued`.
        keys: the columns of its primary key.
    """

    name: str
    columns: str
    keys: Sequence[str]

    @property
    def schema(self) -> T.StructType:
        """The columns.

        Raises:
            UsageError: a key is no column, or a column is called as one that is added.
        """
        schema = cast(T.StructType, T.StructType.fromDDL(self.columns))
        if lacking := [name for name in self.keys if name not in schema.names]:
            raise UsageError.unknown("column", lacking[0], schema.names)
        if taken := [name for name in schema.names if name.lower() in ADDED or name.startswith("_row_")]:
            raise UsageError(
                f"The column {taken[0]} of {self.name} is called as one that is added to it.",
                cure="Leave it out of the columns: its values are in rescued.",
            )
        return schema


def captured(messages: DataFrame) -> DataFrame:
    """Messages of Debezium, in JSON without schemas, as changes.

    Args:
        messages: of `read_topic`: the topics of tables and that of the transactions.

    Returns:
        `op` (r, c, u, d, t as Debezium has them, `tombstone`, `BEGIN`, `END`), `source_table`, `tx`, `lsn` (of an `END`, that
        of the commit), `changed_at`, `events` (of a transaction that ended), `snapshot` (of `r`: its place in the reading),
        `key`, `before` and `after` in JSON; `_problem`, `_key`, `_value` and where each message lies.
    """
    rows = parsed(messages, _ENVELOPE)
    operation = (
        F.when(F.col(VALUE).isNull(), TOMBSTONE)
        .when(F.col("status").isNotNull(), F.col("status"))
        .otherwise(F.col("op"))
    )
    tells = F.col("op").isin(READ, INSERT, UPDATE)
    lacks = (
        F.when(F.col("op") == TOMBSTONE, None)
        .when(F.col(PROBLEM).isNotNull(), F.col(PROBLEM))
        .when(
            ~F.coalesce(F.col("op").isin(*OPERATIONS), F.lit(False)), "It is no change: its op is none of Debezium's."
        )
        .when(F.col("op").isin(*CHANGES) & F.col("source.lsn").isNull(), "It has no place in the database's log.")
        .when(tells & F.col("after").isNull(), "It has no row.")
        .when(F.col("op").isin(READ, INSERT, UPDATE, DELETE) & F.col(KEY).isNull(), "It has no key.")
    )
    whole = rows.withColumn("op", operation).withColumn(PROBLEM, lacks)
    transaction = F.coalesce("transaction.id", "id")
    table = F.concat_ws(".", "source.schema", "source.table")
    return whole.select(
        "op",
        F.when(F.col("source.table").isNotNull(), table).alias("source_table"),
        F.split_part(transaction, F.lit(":"), F.lit(1)).cast("long").alias("tx"),
        F.coalesce("source.lsn", F.split_part("id", F.lit(":"), F.lit(2)).try_cast("long")).alias("lsn"),
        F.coalesce(F.timestamp_micros("source.ts_us"), F.timestamp_millis("ts_ms")).alias("changed_at"),
        F.col("event_count").alias("events"),
        F.when(F.col("op") == READ, F.col("source.snapshot")).alias("snapshot"),
        F.col(KEY).cast("string").alias("key"),
        "before",
        "after",
        PROBLEM,
        KEY,
        VALUE,
        *(TOPIC, PARTITION, OFFSET, SENT_AT),
    )


def applicable(changes: DataFrame, since: Mapping[str, int]) -> DataFrame:
    """The changes that may be applied now: of whole transactions, in the order of their commits, up to the first that is not.

    A reading of the tables is applied when its last message has come; one that was broken off is left out once a later one is
    there.

    Args:
        changes: all that came, as `captured` has them.
        since: of each table the greatest offset that was applied; -1 where none was.

    Returns:
        Those of them that came later, with `committed`.
    """
    is_new = F.lit(False)
    for table, offset in since.items():
        is_new |= (F.col("source_table") == table) & (F.col(OFFSET) > offset)
    of_change = changes.where(F.col("op").isin(*CHANGES))
    # A message that comes again has the place and the key of the first one.
    came = of_change.groupBy("tx").agg(
        F.countDistinct(F.struct("source_table", "lsn", F.coalesce("key", F.lit("")), "op")).alias("came")
    )
    ended = (
        changes.where(F.col("op") == END)
        .groupBy("tx")
        .agg(F.max("events").alias("events"), F.min(OFFSET).alias("place"))
    )
    is_whole = F.coalesce(F.col("came") >= F.col("events"), F.col("events") == 0)
    first_open = F.min(F.when(~is_whole, F.col("place"))).over(Window.partitionBy(F.lit(0)))
    transactions = ended.join(came, "tx", "left").withColumn("_first_open", first_open)
    whole = transactions.where(F.col("_first_open").isNull() | (F.col("place") < F.col("_first_open")))
    readings = _readings(changes)
    known = _placed(changes, of_change.where(is_new)).join(
        whole.select("tx", F.lit(True).alias("_whole")), "tx", "left"
    )
    known = known.join(F.broadcast(readings), "lsn", "left")
    is_reading = F.col("op") == READ
    broken_off = is_reading & ~F.col("_is_complete") & (F.col("lsn") < F.col("_newest_complete"))
    is_ready = F.when(is_reading, F.col("_is_complete")).otherwise(F.coalesce(F.col("_whole"), F.lit(False)))
    judged = known.withColumn("_ready", is_ready).where(~F.coalesce(broken_off, F.lit(False)))
    first_waiting = F.min(F.when(~F.col("_ready"), F.col(OFFSET))).over(Window.partitionBy(TOPIC, PARTITION))
    up_to = judged.withColumn("_first_waiting", first_waiting)
    return up_to.where(F.col("_first_waiting").isNull() | (F.col(OFFSET) < F.col("_first_waiting"))).select(
        *cols(changes.columns), "committed"
    )


def _readings(changes: DataFrame) -> DataFrame:
    """Each reading of the tables by its place in the log: whether its last message has come; and the newest complete one."""
    each = (
        changes.where(F.col("op") == READ)
        .groupBy("lsn")
        .agg(F.bool_or(F.coalesce(F.col("snapshot") == LAST, F.lit(False))).alias("_is_complete"))
    )
    newest = F.max(F.when(F.col("_is_complete"), F.col("lsn"))).over(Window.partitionBy(F.lit(0)))
    return each.withColumn("_newest_complete", newest)


def _placed(changes: DataFrame, rows: DataFrame) -> DataFrame:
    """Rows with the place of their commit: of what was read, that of the reading, before which all commits are in it."""
    commits = changes.where(F.col("op") == END).groupBy("tx").agg(F.max("lsn").alias("committed"))
    placed = rows.join(commits, "tx", "left")
    return placed.withColumn("committed", F.when(F.col("op") == READ, F.col("lsn")).otherwise(F.col("committed")))


def rows_of(changes: DataFrame, ready: DataFrame, table: CapturedTable) -> DataFrame:
    """The changes of one table as rows, each whole.

    A large value that an update did not touch is what the row had before, also where the row was given another key. That a
    table was emptied becomes the deletion of each of its rows. So does, for rows that are gone, that it was read anew: Debezium
    does so where its own notes are lost, and knows nothing of what was done meanwhile.

    Args:
        changes: all that came; is looked at for what rows were before, where that is needed.
        ready: those to be applied, of `applicable`; is read several times.
        table: the table; changes of others are left out.

    Returns:
        The columns of the table, `rescued`, `op`, `committed`, `lsn` and `changed_at`; ordered by `committed`, then `lsn`.

    Raises:
        UsageError: a key is no column, or a column is called as one that is added.
        DataError: an untouched value is not known from any earlier change, or lies in a column that holds no text.
    """
    schema = table.schema
    mine = ready.where(F.col("source_table") == table.name)
    cuts = mine.where(F.col("op").isin(TRUNCATE, READ))
    rows = mine.where(F.col("op") != TRUNCATE)
    of_table = changes.where((F.col("source_table") == table.name) & F.col("op").isin(*CHANGES))
    if not cuts.isEmpty():
        rows = rows.unionByName(_ended(changes, of_table, cuts).select(*cols(rows.columns)))
    untouched = _untouched(rows, table)
    typed = _typed(rows, schema, table.keys)
    return _filled(typed, changes, of_table, untouched, table) if untouched else typed.drop(_KEY, _TX, _AT)


def _untouched(rows: DataFrame, table: CapturedTable) -> list[str]:
    """Columns of which a message has a placeholder."""
    raw, names = F.from_json("after", _TEXTS), [name for name in table.schema.names if name not in table.keys]
    there = [F.bool_or(raw[name] == UNCHANGED) for name in names]
    elsewhere = [F.bool_or(raw[name].isin(*_UNTOUCHED_ELSEWHERE)) for name in names]
    (found,) = rows.agg(
        F.array(F.lit(None).cast("boolean"), *there), F.array(F.lit(None).cast("boolean"), *elsewhere)
    ).collect()
    texts = [name for name, is_there in zip(names, found[0][1:], strict=True) if is_there]
    others = [name for name, is_there in zip(names, found[1][1:], strict=True) if is_there]
    others += [name for name in texts if not isinstance(table.schema[name].dataType, T.StringType)]
    if others:
        raise DataError(
            f"Updates of {table.name} do not repeat large values of {others[0]}, which are looked up for texts only. Nothing "
            "was applied.",
            cure=f"Have the database write them: ALTER TABLE {table.name} REPLICA IDENTITY FULL. Then capture it anew.",
        )
    return texts


def _ended(changes: DataFrame, of_table: DataFrame, cuts: DataFrame) -> DataFrame:
    """Deletions, at each cut in a table's rows, of those that were in it before and are not after it.

    Args:
        changes: all that came.
        of_table: those of the table.
        cuts: changes at which the table was emptied, or read anew as a whole.
    """
    complete = _readings(changes).where("_is_complete").select(F.col("lsn").alias("_complete"))
    placed = _placed(changes, of_table).withColumn(_AT, F.struct("committed", "lsn")).where("committed IS NOT NULL")
    is_reading = F.col("op") == READ
    placed = placed.join(F.broadcast(complete), is_reading & (F.col("lsn") == F.col("_complete")), "left")
    placed = placed.where(~is_reading | F.col("_complete").isNotNull())
    every = placed.where(F.col("op").isin(TRUNCATE, READ)).select(_AT).distinct()
    # Whatever lived at a cut has come since the one before.
    spans = every.withColumn("_since", F.lag(_AT).over(Window.orderBy(_AT)))
    named = {name: F.col(name).alias(f"_{name}") for name in ("tx", "changed_at")}
    at = cuts.select(*named.values(), F.struct("committed", "lsn").alias("_cut")).dropDuplicates(["_cut"])
    at = at.join(spans, F.col("_cut") == F.col(_AT)).drop(_AT)
    within = (F.col(_AT) < F.col("_cut")) & (F.col("_since").isNull() | (F.col(_AT) >= F.col("_since")))
    before = placed.where("key IS NOT NULL").join(F.broadcast(at), within)
    newest = before.groupBy("_tx", "_cut", "_changed_at", "key").agg(F.max_by("op", F.struct(_AT, OFFSET)).alias("op"))
    read_again = placed.where(F.col("op") == READ).select("key", F.col(_AT).alias("_cut"))
    gone = newest.where(F.col("op") != DELETE).join(read_again, ["key", "_cut"], "left_anti")
    found = {
        "op": F.lit(DELETE),
        "tx": F.col("_tx"),
        "committed": F.col("_cut.committed"),
        "lsn": F.col("_cut.lsn"),
        "changed_at": F.col("_changed_at"),
    }
    none = {name: F.lit(None) for name in changes.columns if name not in (*found, "key")}
    return gone.withColumns({**found, **none})


def _typed(rows: DataFrame, schema: T.StructType, keys: Sequence[str]) -> DataFrame:
    """The columns with their types, beside the place of each change."""
    as_read = T.StructType([T.StructField(field.name, _as_read(field.dataType)) for field in schema])
    read, key = F.from_json("after", as_read), F.from_json("key", as_read)
    raw = F.from_json("after", _TEXTS)
    values = {field.name: _exactly(read[field.name], field.dataType) for field in schema}
    of_key = {name: _exactly(key[name], schema[name].dataType) for name in keys}
    fits = {name: value.isNotNull() | raw[name].isNull() for name, value in values.items()}
    unfit = F.array_compact(F.array(*[F.when(~fit, F.lit(name)) for name, fit in fits.items()]))
    beyond = F.map_filter(
        raw,
        lambda name, value: F.when(name.isin(schema.names), F.array_contains(unfit, name)).otherwise(value.isNotNull()),
    )
    return rows.select(
        *[(of_key.get(name, value)).alias(name) for name, value in values.items()],
        F.when(F.size(beyond) > 0, F.to_json(beyond)).alias(RESCUED),
        *("op", "committed", "lsn", "changed_at"),
        F.col("key").alias(_KEY),
        F.col("tx").alias(_TX),
        F.struct("committed", "lsn").alias(_AT),
    )


def _as_read(kind: T.DataType) -> T.DataType:
    """Days and decimals are read as texts: Spark would take more than a day for one, and round."""
    return T.StringType() if isinstance(kind, (T.DateType, T.DecimalType)) else kind


def _exactly(value: Column, kind: T.DataType) -> Column:
    """A value that is of its type without a change; null else."""
    if isinstance(kind, T.DateType):
        return F.when(value.rlike(r"^\d+-\d\d-\d\dZ?$"), F.rtrim(value, F.lit("Z")).try_cast("date"))
    if isinstance(kind, T.DecimalType):
        finer = T.DecimalType(38, min(38, kind.scale + 10))
        return F.when(value.try_cast(finer) == value.try_cast(kind).cast(finer), value.try_cast(kind))
    return value


def _filled(
    typed: DataFrame, changes: DataFrame, of_table: DataFrame, untouched: Sequence[str], table: CapturedTable
) -> DataFrame:
    """Large values that updates did not touch, out of what came earlier.

    A row that is given another key is deleted under the old one and inserted under the new one at the same place in the log;
    its large values are those of the old one. So each such step is one more look.
    """
    raw = F.from_json("after", _TEXTS)
    # A null is a value, too: so values are put into structs, and what is not known yet is none.
    known = {
        f"_value{n}": F.when(raw[name].isNull() | (raw[name] != UNCHANGED), F.struct(raw[name].alias("value")))
        for n, name in enumerate(untouched)
    }
    asked = F.lit(False)
    for name in untouched:
        asked |= F.coalesce(F.col(quoted(name)) == UNCHANGED, F.lit(False))
    related = _with_renamed(typed.where(asked).select(F.col(_KEY).alias("key")), of_table)
    of_keys = _placed(changes, of_table.join(F.broadcast(related), "key", "left_semi")).where("committed IS NOT NULL")
    wanted = of_keys.select(
        *("key", "tx", "op"),
        F.struct("committed", "lsn").alias(_AT),
        *[F.when(F.col("op") != DELETE, value).alias(name) for name, value in known.items()],
    )
    begins = F.col("op").isin(READ, INSERT).cast("int")
    # What comes again is the same. A key that comes back after its row was deleted has another life, of other values.
    events = wanted.dropDuplicates(["key", _AT, "op"]).withColumn("_life", F.sum(begins).over(_so_far("key")))
    carry = {name: F.last(name, True).over(_so_far("key", "_life")) for name in known}
    is_lacking = F.lit(False)
    for name in known:
        is_lacking |= F.col(name).isNull()
    left = -1
    while True:
        now = events.withColumns(carry).localCheckpoint()
        lacking = now.where((F.col("op") != DELETE) & is_lacking)
        left, before = lacking.count(), left
        if not left:
            return _with_values(typed, now, untouched)
        if left == before:
            rows = lacking.select("key", _AT).orderBy(_AT).limit(3).collect()
            raise DataError(
                f"{table.name}: {plural(left, 'change')} without a large value that no earlier change tells of, such as "
                f"{', '.join(f'{row.key} at {row[_AT].lsn}' for row in rows)}. Nothing was applied.",
                cure="Capture the table anew, from what is in it; or give it REPLICA IDENTITY FULL before that.",
            )
        former = now.where(F.col("op") == DELETE).select("tx", _AT, *[F.col(name).alias(f"_{name}") for name in known])
        moved = {
            name: F.when(F.col("op") == DELETE, F.col(name)).otherwise(F.coalesce(name, f"_{name}")) for name in known
        }
        events = now.join(former, ["tx", _AT], "left").withColumns(moved).select(*now.columns)


def _so_far(*by: str) -> WindowSpec:
    return Window.partitionBy(*by).orderBy(_AT).rowsBetween(Window.unboundedPreceding, Window.currentRow)


def _with_renamed(keys: DataFrame, of_table: DataFrame) -> DataFrame:
    """Those keys, and all that rows were given in place of others: there are few, and whose they were may go back far."""
    gone = of_table.where(F.col("op") == DELETE).select("tx", "lsn", F.col("key").alias("former"))
    moves = of_table.where(F.col("op") == INSERT).select("tx", "lsn", "key").join(gone, ["tx", "lsn"])
    both = moves.select(F.explode(F.array("key", "former")).alias("key"))
    return keys.union(both).distinct()


def _with_values(typed: DataFrame, known: DataFrame, untouched: Sequence[str]) -> DataFrame:
    values = known.where(F.col("op") != DELETE).select(
        F.col("key").alias(_KEY),
        _AT,
        *[F.col(f"_value{n}")["value"].alias(f"_known{n}") for n in range(len(untouched))],
    )
    filled = {
        name: F.when(F.col(quoted(name)) == UNCHANGED, F.col(f"_known{n}")).otherwise(F.col(quoted(name)))
        for n, name in enumerate(untouched)
    }
    joined = typed.join(values, [_KEY, _AT], "left").withColumns(filled)
    return joined.select(*cols(name for name in typed.columns if name not in (_KEY, _TX, _AT)))
