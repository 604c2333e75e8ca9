"""Changes that Debezium sent: which may be applied, and what a row was when it was changed."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F

from toolkit.columns import cols
from toolkit.errors import DataError, UsageError
from toolkit.streaming.captured import RESCUED, UNCHANGED, CapturedTable, applicable, captured, rows_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

ORDERS = CapturedTable("s.orders", "id INT, price DECIMAL(9,2), day DATE, note STRING", ["id"])
Event = tuple[bytes | None, bytes | None]


def change(
    op: str, key: Any, lsn: int, tx: int | None = None, *, table: str = "orders", snapshot: str = "", **after: Any
) -> Event:
    """A message of a table's topic, as Debezium sends it; what is no reading is a transaction of its own unless it has one."""
    named = key if isinstance(key, dict) else {"id": key}
    row = None if op in "dt" else {**named, "price": "1.00", "day": "2026-01-01Z", "note": None, **after}
    source = {"schema": "s", "table": table, "lsn": lsn, "ts_us": 1_700_000_000_000_000 + lsn, "snapshot": snapshot}
    transaction = None if op == "r" else {"id": f"{lsn if tx is None else tx}:{lsn}", "total_order": 1}
    value = {"before": None, "after": row, "source": source, "transaction": transaction, "op": op}
    return None if key is None else json.dumps(named).encode(), json.dumps(value).encode()


def read(*keys: int, lsn: int, whole: bool = True) -> list[Event]:
    """A reading of the table; the last message says that it is."""
    last = len(keys) - 1 if whole else -1
    return [change("r", key, lsn, snapshot="last" if n == last else "true") for n, key in enumerate(keys)]


def end(tx: int, events: int, committed: int | None = None) -> Event:
    """That a transaction was committed; in the order of their numbers unless the place is given."""
    at = f"{tx}:{1000 * tx if committed is None else committed}"
    value = {"status": "END", "id": at, "event_count": events, "ts_ms": 1_700_000_000_000}
    return json.dumps({"id": at}).encode(), json.dumps(value).encode()


def ends(events: Iterable[Event]) -> tuple[Event, ...]:
    """That all of their transactions were committed."""
    counted: Counter[int] = Counter()
    for _, value in dict.fromkeys(events):
        transaction = (json.loads(value or b"{}") or {}).get("transaction")
        if transaction:
            counted[int(transaction["id"].split(":")[0])] += 1
    return tuple(end(tx, count) for tx, count in sorted(counted.items()))


def sent(spark: SparkSession, *events: Event, transactions: tuple[Event, ...] | None = None) -> DataFrame:
    """What comes of them when each topic has one partition; all transactions are committed unless it is said which are."""
    topics: dict[str, list[Event]] = {"t.transaction": list(ends(events) if transactions is None else transactions)}
    for event in events:
        content = json.loads(event[1] or b"null") if event[1] and event[1].endswith(b"}") else None
        table = ((content or {}).get("source") or {}).get("table", "orders")
        topics.setdefault(f"t.s.{table}", []).append(event)
    rows = [(topic, 0, n, key, value) for topic, some in topics.items() for n, (key, value) in enumerate(some)]
    schema = "_topic STRING, _partition INT, _offset LONG, _key BINARY, _value BINARY"
    messages = spark.createDataFrame(rows, schema).withColumn("_sent_at", F.lit(None).cast("timestamp"))
    return captured(messages)


def rows(changes: DataFrame, table: CapturedTable = ORDERS, since: int = -1) -> list[Row]:
    """The changes of the table that may be applied, in order."""
    ready = applicable(changes, {table.name: since})
    return rows_of(changes, ready, table).orderBy("committed", "lsn", *cols(table.keys)).collect()


def test_messages_become_changes_and_what_is_none_says_why(spark: SparkSession) -> None:
    tombstone, none, placeless = (b'{"id": 1}', None), (b"{}", b'{"op": "x"}'), (b"{}", b'{"op": "c", "after": {}}')
    unreadable, keyless = (b"{}", b"[1"), (None, change("u", 1, 6)[1])
    events = (change("c", 1, 5, 7), tombstone, none, placeless, unreadable, keyless)
    changes = sent(spark, *events, transactions=(end(7, 1, 8),))
    found = changes.select("op", "source_table", "tx", "lsn", "events", "key", "_problem").orderBy("_topic", "_offset")
    assert [tuple(row) for row in found.collect()] == [
        ("c", "s.orders", 7, 5, None, '{"id": 1}', None),
        ("tombstone", None, None, None, None, '{"id": 1}', None),
        ("x", None, None, None, None, "{}", "It is no change: its op is none of Debezium's."),
        ("c", None, None, None, None, "{}", "It has no place in the database's log."),
        (None, None, None, None, None, "{}", "It is not JSON of the expected form."),
        ("u", "s.orders", 6, 6, None, None, "It has no key."),
        ("END", None, 7, 8, 1, '{"id": "7:8"}', None),
    ]


def test_only_whole_transactions_are_applied_and_none_before_those_that_were_committed_first(
    spark: SparkSession,
) -> None:
    first = (*read(1, lsn=1), change("c", 2, 5, 10), change("c", 3, 6, 10), change("c", 4, 9, 11))
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


def test_all_tables_stop_at_the_same_transaction(spark: SparkSession) -> None:
    both = (change("c", 1, 5, 10), change("c", 1, 6, 10, table="items"))
    later = (change("c", 2, 7, 11), change("c", 3, 8, 12, table="items"))
    since = {"s.orders": -1, "s.items": -1}
    for events, wanted in (
        ((*both, *later), [("s.items", 6), ("s.items", 8), ("s.orders", 5), ("s.orders", 7)]),
        # The change of the other table has not come: neither table goes on.
        ((both[0], *later), []),
    ):
        changes = sent(spark, *events, transactions=(end(10, 2), end(11, 1), end(12, 1)))
        found = applicable(changes, since).select("source_table", "lsn").collect()
        assert sorted((row.source_table, row.lsn) for row in found) == wanted


def test_what_was_committed_after_a_reading_counts_after_it_though_it_began_before(spark: SparkSession) -> None:
    changes = sent(
        spark,
        *read(1, 2, lsn=200),
        change("u", 1, 100, 7, note="newer"),
        change("d", 2, 101, 7),
        transactions=(end(7, 2, 250),),
    )
    assert [(row.lsn, row.op) for row in rows(changes)] == [(200, "r"), (200, "r"), (100, "u"), (101, "d")]


def test_a_large_value_stays_where_it_was_not_touched_also_under_another_key(spark: SparkSession) -> None:
    moved = (change("d", 1, 3), change("c", 2, 3, note=UNCHANGED))
    changes = sent(
        spark,
        change("c", 1, 1, note="long"),
        change("u", 1, 2, note=UNCHANGED),
        # The row is given another key, twice, and its old one comes back for another row; some of it comes again.
        *moved,
        change("u", 1, 2, note=UNCHANGED),
        *moved,
        *(change("d", 2, 4), change("c", 3, 4, note=UNCHANGED)),
        change("u", 3, 5, note=UNCHANGED),
        change("c", 1, 6, note="other"),
        change("u", 1, 7, note=UNCHANGED),
        change("c", 9, 8, note=None),
        change("u", 9, 9, note=UNCHANGED),
    )
    notes = {(row.lsn, row.id): row.note for row in rows(changes) if row.op != "d"}
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


def test_keys_of_several_columns_and_odd_names(spark: SparkSession) -> None:
    table = CapturedTable("s.orders", "id INT, `nr.` STRING, price DECIMAL(9,2), `note [1].x` STRING", ["id", "nr."])
    one, other = {"id": 1, "nr.": "a"}, {"id": 1, "nr.": "b"}
    long = {"note [1].x": "long"}
    changes = sent(
        spark,
        change("c", one, 1, **long),
        change("c", other, 2, **{"note [1].x": "short"}),
        change("u", one, 3, **{"note [1].x": UNCHANGED}),
        change("d", other, 4),
    )
    found = [(row.lsn, row.op, row.id, row["nr."], row["note [1].x"]) for row in rows(changes, table)]
    assert found == [
        (1, "c", 1, "a", "long"),
        (2, "c", 1, "b", "short"),
        (3, "u", 1, "a", "long"),
        (4, "d", 1, "b", None),
    ]


def test_a_large_value_that_cannot_be_known_is_an_error(spark: SparkSession) -> None:
    with pytest.raises(DataError, match=r's.orders: 1 change without a large value.*such as \{"id": 1\} at 2'):
        rows(sent(spark, change("u", 1, 2, note=UNCHANGED)))
    of_bytes = CapturedTable("s.orders", "id INT, doc BINARY", ["id"])
    untouched = base64.b64encode(UNCHANGED.encode()).decode()
    with pytest.raises(DataError, match="do not repeat large values of doc, which are looked up for texts only"):
        rows(sent(spark, change("u", 1, 2, doc=untouched)), of_bytes)
    of_texts = CapturedTable("s.orders", "id INT, tags ARRAY<STRING>", ["id"])
    with pytest.raises(DataError, match="do not repeat large values of tags"):
        rows(sent(spark, change("u", 1, 2, tags=[UNCHANGED])), of_texts)


def test_a_table_that_is_emptied_or_read_anew_loses_the_rows_that_are_gone(spark: SparkSession) -> None:
    events = (
        *read(1, 2, 3, lsn=1),
        change("d", 3, 2),
        change("t", None, 4),
        change("c", 2, 5),
        # The worker's notes were lost: it reads all anew, and 2 was deleted meanwhile.
        *read(4, 5, lsn=8000),
    )
    changes = sent(spark, *events)
    assert [(row.lsn, row.id) for row in rows(changes) if row.op == "d"] == [(2, 3), (4, 1), (4, 2), (8000, 2)]
    later = [(row.lsn, row.op, row.id) for row in rows(changes, since=5)]
    assert later == [(8000, "d", 2), (8000, "r", 4), (8000, "r", 5)], "what was before is looked up in all that came"


def test_half_a_reading_waits_and_one_that_was_broken_off_counts_for_nothing(spark: SparkSession) -> None:
    before, half = read(1, 2, 3, lsn=1), read(1, lsn=8000, whole=False)
    half_read = rows(sent(spark, *before, *half))
    assert [(row.lsn, row.op, row.id) for row in half_read] == [(1, "r", 1), (1, "r", 2), (1, "r", 3)]
    again = rows(sent(spark, *before, *half, *read(1, 3, lsn=9000)), since=2)
    assert [(row.lsn, row.op, row.id) for row in again] == [(9000, "r", 1), (9000, "d", 2), (9000, "r", 3)]


def test_what_has_no_room_in_the_columns_is_rescued(spark: SparkSession) -> None:
    changes = sent(
        spark,
        change("c", 1, 1, price="dear", more={"a": 1}),
        change("c", 2, 2, more=None),
        change("c", 3, 3, day="2026-13-01Z"),
        change("c", 4, 4, price="1.005", day="2026-01-01T12:00:00Z"),
        change("c", 5, 5, price="1.5000"),
    )
    found = {row.id: row for row in rows(changes)}
    assert (found[1].price, json.loads(found[1][RESCUED])) == (None, {"price": "dear", "more": '{"a":1}'})
    assert (str(found[2].price), str(found[2].day), found[2][RESCUED]) == ("1.00", "2026-01-01", None)
    assert (found[3].day, json.loads(found[3][RESCUED])) == (None, {"day": "2026-13-01Z"})
    assert (found[4].price, found[4].day) == (None, None), "nothing is rounded, and a time is no day"
    assert json.loads(found[4][RESCUED]) == {"price": "1.005", "day": "2026-01-01T12:00:00Z"}
    assert (str(found[5].price), found[5][RESCUED]) == ("1.50", None)


@pytest.mark.usefixtures("spark")
def test_columns_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="nr"):
        _ = CapturedTable("s.orders", "id INT", ["nr"]).schema
    with pytest.raises(UsageError, match=r"The column LSN of s\.orders is called as one that is added"):
        _ = CapturedTable("s.orders", "id INT, LSN LONG", ["id"]).schema
    assert CapturedTable("s.orders", "id INT, key STRING, tx STRING", ["id"]).schema.names == ["id", "key", "tx"]
