"""Changes that Debezium sent: which may be applied, and what a row was when it was changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from toolkit.errors import DataError, UsageError
from toolkit.streaming.captured import RESCUED, UNCHANGED, CapturedTable, applicable, captured, rows_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ORDERS = CapturedTable("s.orders", "id INT, price DECIMAL(9,2), day DATE, note STRING", ["id"])
Event = tuple[bytes | None, bytes | None]


def change(op: str, key: int | None, lsn: int, tx: int | None = None, table: str = "orders", **after: Any) -> Event:
    """A message of a table's topic, as Debezium sends it."""
    row = None if op in "dt" else {"id": key, "price": "1.00", "day": "2026-01-01Z", "note": None, **after}
    source = {"schema": "s", "table": table, "lsn": lsn, "ts_us": 1_700_000_000_000_000 + lsn}
    transaction = None if tx is None else {"id": f"{tx}:{lsn}", "total_order": 1}
    value = {"before": None, "after": row, "source": source, "transaction": transaction, "op": op}
    return None if key is None else json.dumps({"id": key}).encode(), json.dumps(value).encode()


def end(tx: int, events: int) -> Event:
    """That a transaction ended."""
    value = {"status": "END", "id": f"{tx}:9", "event_count": events, "ts_ms": 1_700_000_000_000}
    return json.dumps({"id": f"{tx}:9"}).encode(), json.dumps(value).encode()


def sent(spark: SparkSession, *events: Event, transactions: tuple[Event, ...] = ()) -> DataFrame:
    """What comes of them when each topic has one partition."""
    topics = {"t.s.orders": events, "t.transaction": transactions}
    rows = [(topic, 0, n, key, value) for topic, some in topics.items() for n, (key, value) in enumerate(some)]
    schema = "_topic STRING, _partition INT, _offset LONG, _key BINARY, _value BINARY"
    messages = spark.createDataFrame(rows, schema).withColumn("_sent_at", F.lit(None).cast("timestamp"))
    return captured(messages)


def rows(changes: DataFrame, table: CapturedTable = ORDERS) -> list[tuple[Any, ...]]:
    """All changes of the table, by their places."""
    found = rows_of(changes, changes, table).select("lsn", "op", "id", "note", RESCUED).collect()
    return sorted((tuple(row) for row in found), key=str)


def test_messages_become_changes_and_what_is_none_says_why(spark: SparkSession) -> None:
    tombstone, none, placeless = (b'{"id": 1}', None), (b"{}", b'{"op": "x"}'), (b"{}", b'{"op": "c", "after": {}}')
    changes = sent(
        spark,
        change("c", 1, 5, 7),
        tombstone,
        none,
        placeless,
        (b"{}", b"[1"),
        (None, change("u", 1, 6)[1]),
        transactions=(end(7, 1),),
    )
    found = changes.select("op", "source_table", "tx", "lsn", "events", "key", "_problem").orderBy("_topic", "_offset")
    assert [tuple(row) for row in found.collect()] == [
        ("c", "s.orders", 7, 5, None, '{"id": 1}', None),
        ("tombstone", None, None, None, None, '{"id": 1}', None),
        ("x", None, None, None, None, "{}", "It is no change: its op is none of Debezium's."),
        ("c", None, None, None, None, "{}", "It has no place in the database's log."),
        (None, None, None, None, None, "{}", "It is not JSON of the expected form."),
        ("u", "s.orders", None, 6, None, None, "It has no key."),
        ("END", None, 7, None, 1, '{"id": "7:9"}', None),
    ]


def test_only_whole_transactions_are_applied_and_none_before_those_that_were_committed_first(
    spark: SparkSession,
) -> None:
    first = (change("r", 1, 1), change("c", 2, 5, 10), change("c", 3, 6, 10), change("c", 4, 9, 11))
    for events, transactions, wanted in (
        (first, (end(10, 2), end(11, 2)), [1, 5, 6]),
        (first, (end(10, 2),), [1, 5, 6]),
        (first[:2], (end(10, 2), end(11, 1)), [1]),
        ((*first, change("u", 4, 12, 11)), (end(10, 2), end(11, 2)), [1, 5, 6, 9, 12]),
        # Of 10 the second change has not come; 12, which was committed later, waits for it, too.
        ((*first[:2], change("c", 5, 20, 12)), (end(10, 2), end(12, 1)), [1]),
        # The worker was killed: what came again does not hide what waits before it.
        ((*first, change("c", 2, 5, 10)), (end(10, 2), end(11, 2)), [1, 5, 6]),
        # One that changed nothing here.
        ((first[0],), (end(9, 0),), [1]),
    ):
        changes = sent(spark, *events, transactions=transactions)
        found = applicable(changes, {"s.orders": -1}).select("lsn").collect()
        assert sorted(row.lsn for row in found) == wanted
    later = applicable(sent(spark, *first, transactions=(end(10, 2), end(11, 1))), {"s.orders": 1})
    assert sorted(row.lsn for row in later.collect()) == [6, 9], "what was applied is not looked at again"


def test_a_large_value_stays_where_it_was_not_touched_also_under_another_key(spark: SparkSession) -> None:
    changes = sent(
        spark,
        change("c", 1, 1, 1, note="long"),
        change("u", 1, 2, 1, note=UNCHANGED),
        # The row is given another key, twice, and its old one comes back for another row.
        *(change("d", 1, 3, 2), change("c", 2, 3, 2, note=UNCHANGED)),
        *(change("d", 2, 4, 3), change("c", 3, 4, 3, note=UNCHANGED)),
        change("u", 3, 5, 4, note=UNCHANGED),
        change("c", 1, 6, 5, note="other"),
        change("u", 1, 7, 6, note=UNCHANGED),
        change("c", 9, 8, 7, note=None),
        change("u", 9, 9, 8, note=UNCHANGED),
    )
    notes = {(lsn, key): note for lsn, op, key, note, _ in rows(changes) if op != "d"}
    assert notes == {
        (1, 1): "long",
        (2, 1): "long",
        (3, 2): "long",
        (4, 3): "long",
        (5, 3): "long",
        (6, 1): "other",
        (7, 1): "other",
        (8, 9): None,
        (9, 9): None,
    }


def test_a_large_value_that_nothing_tells_of_is_an_error(spark: SparkSession) -> None:
    with pytest.raises(DataError, match=r's.orders: 1 change without a large value.*such as \{"id": 1\} at 2'):
        rows(sent(spark, change("u", 1, 2, note=UNCHANGED)))


def test_a_table_that_is_emptied_or_read_anew_loses_the_rows_that_are_gone(spark: SparkSession) -> None:
    changes = sent(
        spark,
        *(change("r", key, 1) for key in (1, 2, 3)),
        change("d", 3, 2),
        change("t", None, 4),
        change("c", 2, 5),
        # The worker's notes were lost: it reads all anew, and 2 was deleted meanwhile.
        *(change("r", key, 8) for key in (4, 5)),
    )
    deleted = [(lsn, key) for lsn, op, key, _, _ in rows(changes) if op == "d"]
    assert sorted(deleted) == [(2, 3), (4, 1), (4, 2), (8, 2)]
    later = rows_of(changes, changes.where("lsn >= 8"), ORDERS).where("op = 'd'").select("lsn", "id").collect()
    assert [tuple(row) for row in later] == [(8, 2)], "what was before is looked up in all that came"


def test_what_has_no_room_in_the_columns_is_rescued(spark: SparkSession) -> None:
    changes = sent(
        spark,
        change("c", 1, 1, price="dear", more={"a": 1}),
        change("c", 2, 2, more=None),
        change("c", 3, 3, day="2026-13-01Z"),
    )
    found = {row.lsn: row for row in rows_of(changes, changes, ORDERS).collect()}
    assert (found[1].price, json.loads(found[1][RESCUED])) == (None, {"price": "dear", "more": '{"a":1}'})
    assert (str(found[2].price), str(found[2].day), found[2][RESCUED]) == ("1.00", "2026-01-01", None)
    assert (found[3].day, json.loads(found[3][RESCUED])) == (None, {"day": "2026-13-01Z"})
    with pytest.raises(UsageError, match="nr"):
        rows_of(changes, changes, CapturedTable("s.orders", "id INT", ["nr"]))
