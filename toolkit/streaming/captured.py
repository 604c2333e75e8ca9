"""Changes of a database, captured by Debezium: its messages as rows, which of them may be applied, and what a row was then.

Each change has a place in the database's log (`lsn`), which a message keeps that comes again. A transaction is applied when all
its changes have come, and after all that was committed before it, so that a reader never sees the half of one. `DataFrame` in,
`DataFrame` out; nothing is read or written here. Source: Debezium's connector for PostgreSQL.
"""

from __future__ import annotations

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
_ENVELOPE = (
    "before STRING, after STRING, source STRUCT<schema: STRING, table: STRING, lsn: LONG, ts_us: LONG>, "
    "transaction STRUCT<id: STRING>, op STRING, status STRING, id STRING, event_count LONG, ts_ms LONG"
)
_TEXTS = "map<string,string>"
_READY, _KNOWN, _WHOLE = "_ready", "_known", "_whole"


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
        """The columns."""
        return cast(T.StructType, T.StructType.fromDDL(self.columns))


def captured(messages: DataFrame) -> DataFrame:
    """Messages of Debezium, in JSON without schemas, as changes.

    Args:
        messages: of `read_topic`: the topics of tables and that of the transactions.

    Returns:
        `op` (r, c, u, d, t as Debezium has them, `tombstone`, `BEGIN`, `END`), `source_table`, `tx`, `lsn`, `changed_at`,
        `events` (of a transaction that ended), `key`, `before` and `after` in JSON; `_problem`, `_key`, `_value` and where each
        message lies.
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
        F.col("source.lsn").alias("lsn"),
        F.coalesce(F.timestamp_micros("source.ts_us"), F.timestamp_millis("ts_ms")).alias("changed_at"),
        F.col("event_count").alias("events"),
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

    Args:
        changes: all that came, as `captured` has them.
        since: of each table the greatest offset that was applied; -1 where none was.

    Returns:
        Those of them that came later; what was in the tables when the capture began is among them.
    """
    is_new = F.lit(False)
    for table, offset in since.items():
        is_new |= (F.col("source_table") == table) & (F.col(OFFSET) > offset)
    of_change = changes.where(F.col("op").isin(*CHANGES)).where(is_new)
    # A message that comes again has the place and the key of the first one.
    came = (
        changes.where(F.col("op").isin(*CHANGES))
        .groupBy("tx")
        .agg(F.countDistinct(F.struct("source_table", "lsn", "key", "op")).alias("came"))
    )
    ended = (
        changes.where(F.col("op") == END)
        .groupBy("tx")
        .agg(F.max("events").alias("events"), F.min(OFFSET).alias("place"))
    )
    transactions = ended.join(came, "tx", "left").withColumn(
        _WHOLE, F.coalesce(F.col("came") >= F.col("events"), F.col("events") == 0)
    )
    first_open = F.min(F.when(~F.col(_WHOLE), F.col("place"))).over(Window.partitionBy(F.lit(0)))
    whole = transactions.withColumn("first_open", first_open)
    whole = whole.where(F.col("first_open").isNull() | (F.col("place") < F.col("first_open")))
    known = of_change.join(whole.select("tx", F.lit(True).alias(_KNOWN)), "tx", "left")
    # What was there when the capture began belongs to no transaction.
    ready = known.withColumn(_READY, F.col("tx").isNull() | F.coalesce(F.col(_KNOWN), F.lit(False)))
    first_waiting = F.min(F.when(~F.col(_READY), F.col(OFFSET))).over(Window.partitionBy(TOPIC, PARTITION))
    up_to = ready.withColumn("_first_waiting", first_waiting)
    return up_to.where(F.col("_first_waiting").isNull() | (F.col(OFFSET) < F.col("_first_waiting"))).select(
        *cols(changes.columns)
    )


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
        The columns of the table, `rescued`, `op`, `lsn` and `changed_at`.

    Raises:
        UsageError: a key is no column of the table.
        DataError: an untouched value is not known from any earlier change.
    """
    schema = table.schema
    if lacking := [name for name in table.keys if name not in schema.names]:
        raise UsageError.unknown("column", lacking[0], schema.names)
    mine = ready.where(F.col("source_table") == table.name)
    cuts = mine.where(F.col("op").isin(TRUNCATE, READ))
    rows = mine.where(F.col("op") != TRUNCATE)
    all_of_table = changes.where((F.col("source_table") == table.name) & F.col("op").isin(*CHANGES))
    if not cuts.isEmpty():
        rows = rows.unionByName(_ended(all_of_table, cuts).select(*cols(rows.columns)))
    texts = [
        name for name in schema.names if isinstance(schema[name].dataType, T.StringType) and name not in table.keys
    ]
    is_untouched = [F.bool_or(F.get_json_object("after", f"$.{name}") == UNCHANGED).alias(name) for name in texts]
    (found,) = rows.agg(F.lit(1), *is_untouched).collect()
    untouched = [name for name in texts if found[name]]
    typed = _typed(rows, schema, table.keys)
    return _filled(typed, all_of_table, untouched, table) if untouched else typed.drop(*_PLACE)


_PLACE = ("key", "tx")


def _ended(changes: DataFrame, cuts: DataFrame) -> DataFrame:
    """Deletions, at each cut in a table's rows, of those that were in it before and are not after it.

    Args:
        changes: all of the table.
        cuts: changes at which the table was emptied, or read anew as a whole.
    """
    place = Window.orderBy("lsn")
    every = changes.where(F.col("op").isin(TRUNCATE, READ)).select("lsn").distinct()
    # Whatever lived at a cut has come since the one before.
    spans = every.withColumn("_since", F.lag("lsn").over(place))
    at = cuts.select(*[F.col(name).alias(f"_{name}") for name in ("tx", "lsn", "changed_at")]).dropDuplicates(["_lsn"])
    at = at.join(spans, F.col("_lsn") == F.col("lsn")).drop("lsn")
    within = (F.col("lsn") < F.col("_lsn")) & (F.col("_since").isNull() | (F.col("lsn") >= F.col("_since")))
    before = changes.where("key IS NOT NULL").join(F.broadcast(at), within)
    newest = before.groupBy("_tx", "_lsn", "_changed_at", "key").agg(
        F.max_by("op", F.struct("lsn", OFFSET)).alias("op")
    )
    read_again = changes.where(F.col("op") == READ).select("key", F.col("lsn").alias("_lsn"))
    gone = newest.where(F.col("op") != DELETE).join(read_again, ["key", "_lsn"], "left_anti")
    found = {"op": F.lit(DELETE), "tx": F.col("_tx"), "lsn": F.col("_lsn"), "changed_at": F.col("_changed_at")}
    none = {name: F.lit(None) for name in changes.columns if name not in (*found, "key")}
    return gone.withColumns({**found, **none})


def _typed(rows: DataFrame, schema: T.StructType, keys: Sequence[str]) -> DataFrame:
    """The columns with their types, beside the place of each change."""
    as_read = T.StructType([T.StructField(field.name, _as_read(field.dataType)) for field in schema])
    read = F.from_json("after", as_read)
    key = F.from_json("key", as_read)
    raw = F.from_json("after", _TEXTS)
    cast_of = {field.name: _cast(read[field.name], field.dataType) for field in schema}
    of_key = {name: _cast(key[name], schema[name].dataType) for name in keys}
    fits = {name: value.isNotNull() | raw[name].isNull() for name, value in cast_of.items()}
    unfit = F.array_compact(F.array(*[F.when(~fit, F.lit(name)) for name, fit in fits.items()]))
    beyond = F.map_filter(
        raw,
        lambda name, value: F.when(name.isin(schema.names), F.array_contains(unfit, name)).otherwise(value.isNotNull()),
    )
    return rows.select(
        *[(of_key.get(name, value)).alias(name) for name, value in cast_of.items()],
        F.when(F.size(beyond) > 0, F.to_json(beyond)).alias(RESCUED),
        "op",
        "lsn",
        "changed_at",
        *_PLACE,
    )


def _as_read(kind: T.DataType) -> T.DataType:
    """Dates come with a zone, which Spark's reader of JSON does not take."""
    return T.StringType() if isinstance(kind, T.DateType) else kind


def _cast(value: Column, kind: T.DataType) -> Column:
    return F.rtrim(value, F.lit("Z")).try_cast("date") if isinstance(kind, T.DateType) else value


def _filled(typed: DataFrame, changes: DataFrame, untouched: Sequence[str], table: CapturedTable) -> DataFrame:
    """Large values that updates did not touch, out of what came earlier.

    A row that is given another key is deleted under the old one and inserted under the new one at the same place in the log;
    its large values are those of the old one. So each such step is one more look.
    """
    raw = F.from_json("after", _TEXTS)
    # A null is a value, too: so values are put into structs, and what is not known yet is none.
    known = {
        name: F.when(raw[name].isNull() | (raw[name] != UNCHANGED), F.struct(raw[name].alias("value")))
        for name in untouched
    }
    related = _with_renamed(typed.where(_any(untouched)).select("key"), changes)
    wanted = changes.join(F.broadcast(related), "key", "left_semi").select(
        "key", "tx", "lsn", "op", *[F.when(F.col("op") != DELETE, value).alias(name) for name, value in known.items()]
    )
    begins = F.col("op").isin(READ, INSERT).cast("int")
    # What comes again is the same. A key that comes back after its row was deleted has another life, of other values.
    events = wanted.dropDuplicates(["key", "lsn", "op"]).withColumn("_life", F.sum(begins).over(_so_far("key")))
    carry = {name: F.last(name, True).over(_so_far("key", "_life")) for name in untouched}
    left = -1
    while True:
        now = events.withColumns(carry).localCheckpoint()
        lacking = now.where((F.col("op") != DELETE) & _lacking(untouched))
        left, before = lacking.count(), left
        if not left:
            return _with_values(typed, now, untouched)
        if left == before:
            rows = lacking.select("key", "lsn").orderBy("lsn").limit(3).collect()
            raise DataError(
                f"{table.name}: {plural(left, 'change')} without a large value that no earlier change tells of, such as "
                f"{', '.join(f'{row.key} at {row.lsn}' for row in rows)}. Nothing was applied.",
                cure="Capture the table anew, from what is in it; or give it REPLICA IDENTITY FULL before that.",
            )
        former = now.where(F.col("op") == DELETE).select(
            "tx", "lsn", *[F.col(name).alias(f"_{name}") for name in untouched]
        )
        moved = {
            name: F.when(F.col("op") == DELETE, F.col(name)).otherwise(F.coalesce(name, f"_{name}"))
            for name in untouched
        }
        events = now.join(former, ["tx", "lsn"], "left").withColumns(moved).select(*now.columns)


def _so_far(*by: str) -> WindowSpec:
    return Window.partitionBy(*by).orderBy("lsn").rowsBetween(Window.unboundedPreceding, Window.currentRow)


def _with_renamed(keys: DataFrame, changes: DataFrame) -> DataFrame:
    """Those keys, and all that rows were given in place of others: there are few, and whose they were may go back far."""
    gone = changes.where(F.col("op") == DELETE).select("tx", "lsn", F.col("key").alias("former"))
    moves = changes.where(F.col("op") == INSERT).select("tx", "lsn", "key").join(gone, ["tx", "lsn"])
    both = moves.select(F.explode(F.array("key", "former")).alias("key"))
    return keys.union(both).distinct()


def _with_values(typed: DataFrame, known: DataFrame, untouched: Sequence[str]) -> DataFrame:
    values = known.where(F.col("op") != DELETE).select(
        "key", "lsn", *[F.col(name)["value"].alias(f"_{name}") for name in untouched]
    )
    filled = {
        name: F.when(F.col(quoted(name)) == UNCHANGED, F.col(f"_{name}")).otherwise(F.col(quoted(name)))
        for name in untouched
    }
    joined = typed.join(values, ["key", "lsn"], "left").withColumns(filled)
    return joined.select(*[column for column in typed.columns if column not in _PLACE])


def _any(names: Sequence[str]) -> Column:
    found = F.lit(False)
    for name in names:
        found |= F.coalesce(F.col(quoted(name)) == UNCHANGED, F.lit(False))
    return found


def _lacking(names: Sequence[str]) -> Column:
    found = F.lit(False)
    for name in names:
        found |= F.col(quoted(name)).isNull()
    return found
