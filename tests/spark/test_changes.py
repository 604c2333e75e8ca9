"""Change events applied to a table: whatever order they come in, and however they are split, the table is the same.

Some fifty keys have a history of their own in one table, each in an order of its own: Spark's price is by the call, not by the
key.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from tests.models_of_history import Event, Model
from toolkit.errors import BusyError, DataError, UsageError
from toolkit.etl import changes
from toolkit.etl.changes import ChangeFlow, apply_changes
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

COLUMNS = "id INT, a STRING, b STRING, at INT, op STRING"


def frame(spark: SparkSession, events: Sequence[Event]) -> DataFrame:
    rows = [(e.key, *(e.values or (None, None)), e.at, "D" if e.values is None else "U") for e in events]
    return spark.createDataFrame(rows, COLUMNS)


def flow(**more: Any) -> ChangeFlow:
    return ChangeFlow(
        keys=["id"], sequence_by="at", apply_as_deletes="op = 'D'", except_column_list=["at", "op"], **more
    )


def expected(model: Model, scd_type: int, *, rows_of_deletes: bool) -> list[tuple[Any, ...]]:
    if scd_type in (2, 6):
        rows = model.intervals()
        newest = {row[0]: row[1] for row in rows}
        present = [tuple(newest[row[0]][n] for n in model.tracked) if scd_type == 6 else () for row in rows]
        ends = [row[2:] if rows_of_deletes else row[2:4] for row in rows]
        return [
            (row[0], *(row[1] or (None, None)), *now, *end) for row, now, end in zip(rows, present, ends, strict=True)
        ]
    if scd_type == 3:
        return [(key, *values, *before, at) for key, values, before, at in model.previous()]
    return [(key, *values, at) for key, values, at in (model.first() if scd_type == 0 else model.present())]


def content(table: Path) -> list[tuple[Any, ...]]:
    return sorted(DeltaReader(table, "t").page(limit=10_000).rows, key=str)


ROUNDS, KEYS = 3, 50


def histories(seed: int, *, ties: bool = False) -> list[list[Event]]:
    """Events of many keys, and when each comes: in one of some calls, at times in two; with ties, some at one place.

    Out of a seed that hypothesis draws: what it draws first is the least of all, and would be fifty keys with one event each.
    """
    dice, calls = random.Random(seed), [list[Event]() for _ in range(ROUNDS)]
    for key in range(KEYS):
        for at in dice.sample(range(13), dice.randint(1, 7)):
            firsts = dice.sample(["x", "y", "z", None], dice.randint(1, 3)) if ties else [dice.choice(["x", "y", None])]
            for first in firsts:
                deletes = first is None if ties else dice.random() < 0.25
                values = None if deletes else (first, dice.choice(["p", "q"]))
                for call in dice.sample(calls, dice.choice([1, 1, 2])):
                    call.append(Event(key, at, values))
    return calls


ALL_TYPES = [
    (0, {}),
    (1, {}),
    (1, {"ignore_null_updates": True}),
    (2, {"track_history_column_list": ["a"]}),
    (2, {"ignore_null_updates": True}),
    (2, {"hard_deletes": "row", "track_history_except_column_list": ["a"]}),
    (3, {}),
    (6, {"track_history_column_list": ["b"]}),
    (2, {}),
    (2, {"tie_break": ["a"]}),
    (1, {"tie_break": ["a"]}),
    (2, {"tie_break": ["a"], "track_history_column_list": ["b"]}),
]
IN_THE_SUITE = (1, 3, 4, 8, 9, 11)


def check_any_order(spark: SparkSession, table: Path, scd_type: Any, options: dict[str, Any], calls: Any) -> None:
    names = options.get("track_history_column_list") or [
        name for name in ("a", "b") if name not in options.get("track_history_except_column_list", ())
    ]
    deletes = options.get("hard_deletes") == "row"
    nulls, ties = options.get("ignore_null_updates", False), "tie_break" in options
    model = Model(["ab".index(name) for name in names], nulls, deletes, ties)
    declared = flow(stored_as_scd_type=scd_type, **options)
    for call in calls:
        apply_changes(table, frame(spark, call), declared)
        model.add(call)
    wanted, found = expected(model, scd_type, rows_of_deletes=deletes), content(table)
    for key in model.keys:
        mine = [sorted((row for row in rows if row[0] == key), key=str) for rows in (wanted, found)]
        assert mine[1] == mine[0], [sorted((e for e in call if e.key == key), key=lambda e: e.at) for call in calls]
    assert len(found) == len(wanted)


MANY = settings(max_examples=20, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=1, derandomize=True)


@pytest.mark.parametrize(("scd_type", "options"), [ALL_TYPES[n] for n in IN_THE_SUITE], ids=str)
@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_any_order_and_any_split_give_the_same_table(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, scd_type: Any, options: dict[str, Any], seed: int
) -> None:
    calls = histories(seed, ties="tie_break" in options)
    check_any_order(spark, tmp_path_factory.mktemp("changes") / "t", scd_type, options, calls)


@pytest.mark.soak
@pytest.mark.parametrize(("scd_type", "options"), ALL_TYPES, ids=str)
@MANY
@given(seed=st.integers(0, 2**32 - 1))
def test_any_order_and_any_split_of_a_thousand_histories(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, scd_type: Any, options: dict[str, Any], seed: int
) -> None:
    calls = histories(seed, ties="tie_break" in options)
    check_any_order(spark, tmp_path_factory.mktemp("changes") / "t", scd_type, options, calls)


# what is refused, and what else is told


def say(*events: tuple[int, int, str | None]) -> list[Event]:
    return [Event(key, at, None if a is None else (a, "p")) for key, at, a in events]


def test_equal_sequence_and_other_values_are_an_error_unless_a_tie_break_decides(
    spark: SparkSession, tmp_path: Path
) -> None:
    table, ties = tmp_path / "t", say((1, 5, "x"), (1, 5, "y"), (2, 1, "x"))
    for scd_type in (1, 2):
        with pytest.raises(DataError, match=r"say different things, 1 time: id=1, _sequence=5\. Nothing was written"):
            apply_changes(table, frame(spark, ties), flow(stored_as_scd_type=scd_type))
        assert not table.exists()
    apply_changes(table, frame(spark, ties[:1]), flow(stored_as_scd_type=2))
    with pytest.raises(DataError, match="say different things"):
        apply_changes(table, frame(spark, ties[1:]), flow(stored_as_scd_type=2))
    assert (content(table), DeltaReader(table, "t").version) == ([(1, "x", "p", 5, None)], 0)
    for name, parts in {"xy": (ties[:1], ties[1:]), "yx": (ties[1:], ties[:1]), "both": (ties,)}.items():
        for part in parts:
            apply_changes(tmp_path / name, frame(spark, part), flow(stored_as_scd_type=2, tie_break=["a"]))
        assert content(tmp_path / name) == [(1, "y", "p", 5, None), (2, "x", "p", 1, None)], name


def test_what_wins_over_a_kept_event_stays_whatever_comes_again(spark: SparkSession, tmp_path: Path) -> None:
    declared = flow(stored_as_scd_type=2, tie_break=["a"])
    began, deleted, again = say((1, 1, "x"), (1, 5, None), (1, 5, "y"))
    for events in ([began, deleted], [again], [began], [deleted], [again]):
        apply_changes(tmp_path / "t", frame(spark, events), declared)
        if again in events or DeltaReader(tmp_path / "t", "t").version:
            assert content(tmp_path / "t") == [(1, "x", "p", 1, 5), (1, "y", "p", 5, None)], events


def test_events_without_a_key_or_a_sequence_are_refused_or_put_aside(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(None, "x", "p", 1, "U"), (1, "y", "p", None, "U"), (1, "z", "p", 2, "U")]
    source = spark.createDataFrame(rows, COLUMNS)
    with pytest.raises(
        DataError, match=r"2 events of 3 have no key or no sequence, such as id=None, _sequence=1; id=1"
    ):
        apply_changes(tmp_path / "t", source, flow())
    assert not (tmp_path / "t").exists()
    done = apply_changes(tmp_path / "t", source, flow(), quarantine=tmp_path / "q")
    assert (done.received, done.refused, done.inserted) == (3, 2, 1)
    assert content(tmp_path / "t") == [(1, "z", "p", 2)]
    assert {row[:2] for row in content(tmp_path / "q")} == {(None, "x"), (1, "y")}


def test_it_says_what_it_did(spark: SparkSession, tmp_path: Path) -> None:
    table, declared = tmp_path / "t", flow(stored_as_scd_type=2)
    first = apply_changes(table, frame(spark, say((1, 1, "x"), (1, 3, "y"), (2, 1, "x"))), declared)
    assert (first.received, first.inserted, first.version, first.files > 0) == (3, 3, 0, True)
    events = say((1, 3, "y"), (1, 2, "z"), (2, 4, None), (2, 5, None), (3, 1, "x"))
    second = apply_changes(table, frame(spark, events), declared)
    assert (second.received, second.repeated, second.late) == (5, 1, 1)
    assert (second.inserted, second.updated, second.deleted, second.kept, second.version) == (2, 2, 0, 1, 1)
    again = apply_changes(table, frame(spark, events), declared)
    assert (again.repeated, again.inserted, again.updated, again.kept, again.version) == (5, 0, 0, 0, 1)
    assert content(table) == [
        (1, "x", "p", 1, 2),
        (1, "y", "p", 3, None),
        (1, "z", "p", 2, 3),
        (2, "x", "p", 1, 4),
        (3, "x", "p", 1, None),
    ]


def test_type_4_is_the_present_beside_its_history(spark: SparkSession, tmp_path: Path) -> None:
    present, past = tmp_path / "now", tmp_path / "past"
    with pytest.raises(UsageError, match="in a table of its own"):
        apply_changes(present, frame(spark, []), flow(stored_as_scd_type=4))
    for part in (say((1, 3, "y"), (2, 1, "x")), say((1, 1, "x"), (2, 2, None))):
        done = apply_changes(present, frame(spark, part), flow(stored_as_scd_type=4), history=past)
    assert content(present) == [(1, "y", "p", 3)]
    assert content(past) == [(1, "x", "p", 1, 3), (1, "y", "p", 3, None), (2, "x", "p", 1, 2)]
    assert done.history is not None
    assert (done.deleted, done.history.inserted, done.history.updated) == (1, 1, 1)


def test_several_columns_order_the_events(spark: SparkSession, tmp_path: Path) -> None:
    rows = [(1, "x", 1, 9), (1, "y", 2, 1), (1, "z", 2, 2)]
    source = spark.createDataFrame(rows, "id INT, a STRING, lsn INT, place INT")
    declared = ChangeFlow(["id"], ["lsn", "place"], except_column_list=["lsn", "place"], stored_as_scd_type=2)
    apply_changes(tmp_path / "t", source, declared)
    found = sorted((row[1], row[2]["_1"], row[2]["_2"], row[3] is None) for row in content(tmp_path / "t"))
    assert found == [("x", 1, 9, False), ("y", 2, 1, False), ("z", 2, 2, True)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"keys": ["idd"]}, "idd"),
        ({"keys": []}, "No key is named"),
        ({"sequence_by": "att"}, "cannot be ordered"),
        ({"apply_as_deletes": "op ="}, "cannot be ordered, or its deletes told"),
        ({"column_list": ["a"], "except_column_list": ["b"]}, "Both column_list"),
        ({"except_column_list": ["id"]}, "id is left out of the table"),
        ({"except_column_list": [], "column_list": ["id", "m"]}, "two values of that type cannot be compared"),
        ({"except_column_list": ["m"]}, "_x is called as those are"),
        ({"stored_as_scd_type": 0, "ignore_null_updates": True}, "Type 0 never updates"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_declaration_that_does_not_fit_is_refused(
    spark: SparkSession, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    source = spark.sql("SELECT 1 AS id, 'x' AS a, 'p' AS b, 1 AS at, 'U' AS op, map('k', 1) AS m, 1 AS _x")
    usual = {"keys": ["id"], "sequence_by": "at", "except_column_list": ["m", "_x"]}
    with pytest.raises(UsageError, match=said):
        apply_changes(tmp_path / "t", source, ChangeFlow(**{**usual, **options}))
    assert not (tmp_path / "t").exists()


def test_a_table_of_another_shape_is_left_alone(spark: SparkSession, tmp_path: Path) -> None:
    table = tmp_path / "t"
    apply_changes(table, frame(spark, say((1, 1, "x"))), flow())
    with pytest.raises(
        DataError, match=r"t has other columns than this flow makes: it lacks \['_start_at', '_end_at'\]"
    ):
        apply_changes(table, frame(spark, say((1, 2, "y"))), flow(stored_as_scd_type=2))
    wider = frame(spark, say((1, 2, "y"))).withColumn("at", F.col("at").cast("long"))
    with pytest.raises(DataError, match="_sequence of t is int, and the source has bigint"):
        apply_changes(table, wider, flow())
    assert (content(table), DeltaReader(table, "t").version) == ([(1, "x", "p", 1)], 0)


def test_a_commit_of_somebody_else_meanwhile_is_an_error(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "t"
    apply_changes(table, frame(spark, say((1, 1, "x"))), flow())
    outcomes = changes._outcomes

    def overtaken(*arguments: Any, **options: Any) -> DataFrame:
        spark.sql(f"DELETE FROM delta.`{table}`")
        return outcomes(*arguments, **options)

    monkeypatch.setattr(changes, "_outcomes", overtaken)
    with pytest.raises(BusyError, match="Somebody else wrote to t meanwhile"):
        apply_changes(table, frame(spark, say((1, 2, "y"))), flow())
    assert content(table) == [], "it is as they left it"
