"""The harness of the benchmarks: arithmetic, what is kept, and the refusal to compare unequal things. No Spark."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from benchmarks import __main__ as command
from benchmarks import first_paint, open_table, processes, results, scale, where
from benchmarks.equality import refuse_unequal
from benchmarks.ratios import Choices, NotComparable, Ratio, alternated
from toolkit.events import Event
from toolkit.store.lakehouse import Lakehouse


def ratio(ours: float = 3.0, floor: float | None = 2.0, limit: float | None = 1.5, name: str = "one") -> Ratio:
    return Ratio(name, ours, floor, limit, "s", "what was measured")


# --- arithmetic


@pytest.mark.parametrize(
    ("measured", "value", "held"),
    [
        (ratio(3, 2, 1.5), 1.5, True),
        (ratio(3.1, 2, 1.5), 1.55, False),
        (ratio(3, 2, None), 1.5, None),
        (ratio(3, None, 3), None, True),
        (ratio(3.1, None, 3), None, False),
        (ratio(3, None, None), None, None),
    ],
)
def test_a_limit_is_on_the_ratio_or_without_a_floor_on_the_number(measured, value, held):
    assert measured.ratio == (value if value is None else pytest.approx(value))
    assert measured.held is held


def test_a_floor_of_zero_is_refused():
    with pytest.raises(NotComparable, match="the floor measured 0"):
        _ = ratio(floor=0).ratio


def test_sides_take_turns_and_the_first_changes():
    order: list[str] = []
    sides = {name: (lambda name=name: order.append(name) or float(len(order))) for name in ("ours", "floor")}
    assert alternated(sides, 2) == {"ours": [1.0, 4.0], "floor": [2.0, 3.0]}
    assert order == ["ours", "floor", "floor", "ours"]


def test_growth_is_held_against_as_many_times_the_smaller_size():
    points = [scale.Point(100, 10.0, 0), scale.Point(1_000, 80.0, 0), scale.Point(4_000, 400.0, 0)]
    first, second = scale.growth(points)
    assert (first.floor, first.held) == (100.0, True)
    assert (second.floor, second.held) == (320.0, False)


def test_memory_is_held_against_the_heap_and_what_lies_beside_it():
    assert scale.memory(scale.Point(1, 1, 7_000), scale.heap_mib("6144m")).held
    assert not scale.memory(scale.Point(1, 1, 7_200), scale.heap_mib("6g")).held


# --- what is kept


@pytest.fixture
def files(tmp_path):
    return {"file": tmp_path / "results.json", "page": tmp_path / "docs" / "page.md"}


def test_a_benchmark_that_is_not_run_keeps_what_it_measured(files):
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    results.keep(
        {"land": results.result("Landing.", [ratio(1)], at), "scale": results.result("Scale.", [ratio()])}, **files
    )
    results.keep({"scale": results.result("Scale.", [ratio(9)])}, order=["scale", "land"], **files)
    kept = results.load(files["file"])
    assert list(kept) == ["scale", "land"]
    assert (kept["scale"].ratios, kept["land"].ratios) == ((ratio(9),), (ratio(1),))
    assert kept["land"].measured_at == "2026-01-02 03:04 UTC"


def test_the_page_says_what_was_measured_where_and_by_which_command(files):
    results.keep({"land": results.result("Landing.", [ratio(3.2)])}, **files)
    page = files["page"].read_text(encoding="utf-8")
    assert "`./run bench`" in page
    assert "| one | 3.20 s | 2.00 s | 1.60 × | 1.50 × | **missed** |" in page
    assert "- *one*: what was measured" in page
    assert all(word in page for word in ("cores", "GiB", "Java", "pyspark"))


def test_nothing_is_kept_yet_where_there_is_no_file(tmp_path):
    assert results.load(tmp_path / "none.json") == {}


# --- the command line


def measuring(monkeypatch, files, *ratios):
    module = SimpleNamespace(__doc__="A stand-in.\n", measure=lambda _: iter(ratios))
    monkeypatch.setitem(sys.modules, "benchmarks.land", module)
    monkeypatch.setattr(results, "keep", lambda new, order: files.setdefault("kept", []).extend(new))
    return command.main


def test_a_missed_limit_is_exit_code_1(monkeypatch, capsys):
    kept: dict = {}
    assert measuring(monkeypatch, kept, ratio(1))(["land"]) == 0
    assert measuring(monkeypatch, kept, ratio(9))(["land"]) == 1
    assert "missed" in capsys.readouterr().out
    assert kept["kept"] == ["land", "land"]


def test_other_sizes_are_not_kept_unless_asked(monkeypatch, capsys):
    kept: dict = {}
    main = measuring(monkeypatch, kept, ratio(1))
    main(["land", "--orders", "1_000"])
    assert kept == {}
    assert "not kept" in capsys.readouterr().err
    main(["land", "--orders", "1_000", "--keep"])
    assert kept["kept"] == ["land"]


def test_an_unknown_benchmark_is_told_with_those_there_are(capsys):
    with pytest.raises(SystemExit):
        command.parse(["lamd"])
    assert "lamd; there are first_paint, open_table" in capsys.readouterr().err


def test_no_comparison_is_an_exit_code_and_a_sentence(monkeypatch, capsys):
    def unequal(_: Choices):
        raise NotComparable("The tables are not equal")

    monkeypatch.setitem(sys.modules, "benchmarks.land", SimpleNamespace(measure=unequal))
    assert command.main(["land"]) == 1
    assert "The tables are not equal" in capsys.readouterr().err


# --- equal tables


def table(root: Path, rows: list[dict], name: str = "gold.things") -> Path:
    write_deltalake(root.joinpath(*name.split(".")), pa.Table.from_pylist(rows))
    return root


ROWS = [
    {"id": 1, "price": Decimal("1.50"), "items": [{"n": 1}] * 20, "_run_id": "a"},
    {"id": 2, "price": None, "items": [], "_run_id": "a"},
]


def test_order_of_rows_and_technical_columns_do_not_matter(tmp_path):
    other = [{**row, "_run_id": "b"} for row in reversed(ROWS)]
    refuse_unequal(table(tmp_path / "a", ROWS), table(tmp_path / "b", other), ["gold.things"])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([ROWS[0]], "2 rows against 1"),
        ([ROWS[0], ROWS[0]], "values differ in id, items, price"),
        ([ROWS[0], {**ROWS[1], "price": Decimal("2.50")}], "values differ in price"),
        ([{**ROWS[0], "items": [{"n": 1}] * 19 + [{"n": 2}]}, ROWS[1]], "values differ in items"),
        ([{**ROWS[0], "id": 2}, {**ROWS[1], "id": 1}], "values differ in how columns are paired"),
        ([{**row, "id": float(row["id"])} for row in ROWS], "columns or types differ: id"),
        ([{**row, "new": 1} for row in ROWS], "columns or types differ: new"),
    ],
)
def test_unequal_tables_are_refused_with_the_difference(tmp_path, rows, told):
    ours, theirs = table(tmp_path / "a", ROWS), table(tmp_path / "b", rows)
    with pytest.raises(NotComparable, match=f"gold.things: {told}"):
        refuse_unequal(ours, theirs, ["gold.things"])


# --- where the time goes


def test_every_second_of_a_run_belongs_to_one_part():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    told = [
        (0, "run_started", None, {}),
        (0, "step_started", "check", {}),
        (1, "step_progressed", "check", {}),
        (3, "rows", "check", {"table": "silver.orders", "rows": 10}),
        (4, "record", "check", {"table": "silver.orders"}),
        (5, "record", "check", {"table": "silver.orders"}),
        (7, "step_finished", "check", {}),
    ]
    events = [Event(kind=k, run_id="r", step=s, at=start + timedelta(seconds=t), data=d) for t, k, s, d in told]
    parts = where.spent(events)
    assert [(p.what, p.seconds) for p in parts[1:]] == [
        ("silver.orders", 3.0),
        ("examples of silver.orders", 2.0),
        ("the rest", 2.0),
    ]
    assert sum(p.seconds for p in parts) == 7.0


# --- processes and the opened table


def test_a_process_is_timed_with_its_children(tmp_path):
    inner = "x = bytearray(60_000_000); import time; time.sleep(0.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}]); print('done')"
    found = processes.run([sys.executable, "-c", code], home=tmp_path)
    assert found.output == "done\n"
    assert found.seconds >= 0.5
    assert found.peak_mib > 60


def test_a_process_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(processes.ChildFailed, match="no such luck"):
        processes.run([sys.executable, "-c", "raise SystemExit('no such luck')"], home=tmp_path)


def test_only_what_a_terminal_shows_counts_as_painted():
    assert first_paint.characters("\x1b[?1049h\x1b[1;31mäb\x1b[0m\r\n\x1b]0;title\x07c".encode()) == 3


def test_both_sides_open_the_same_table(tmp_path):
    lakehouse = Lakehouse(tmp_path)
    open_table.write_orders(lakehouse.path(open_table.TABLE), 1_000)
    open_table.ours(lakehouse)
    open_table.floor(lakehouse.path(open_table.TABLE))
