"""Measurements as signs, bars, sentences and plots; and which lines of a board are shown."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from toolkit.errors import UsageError
from toolkit.quality.anomalies import expectation, point
from toolkit.quality.history import RuleHistory, RunColumn, by_rule
from toolkit.quality.records import Measurement
from toolkit.tui import quality_board, quality_rule
from toolkit.tui.bars import row_of_bars
from toolkit.tui.quality_board import chosen, table_board
from toolkit.tui.quality_rule import RuleStory, plot
from toolkit.tui.quality_words import cell_words, finding, pointed, points, sign, tall, trend, value_text
from toolkit.words import number, share

START = datetime(2026, 1, 1, 6, tzinfo=UTC)


def one(failed: int = 0, *, run: int = 0, rows: int = 1_000, **changed: object) -> Measurement:
    values = {"rows": rows, "failed": failed, "passed": not failed, **changed}
    return Measurement(f"r{run:03}", START + run * timedelta(days=1), "silver.orders", "rule", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        (None, " "),
        (one(), "·"),
        (one(4, passed=True, tolerance=0.01), "▵"),
        (one(6, passed=True, tolerance=0.01), "▴"),
        (one(9), "░"),
        (one(10), "▒"),
        (one(100), "▓"),
        (one(500), "█"),
        (one(1_000), "█"),
        (one(measured=5.0, passed=False), "█"),
        (one(passed=False), "█"),
        (one(3, rows=0), "█"),
    ],
)
def test_every_state_and_shade_has_a_sign_of_its_own(measurement: Measurement | None, expected: str) -> None:
    assert sign(measurement) == expected


def test_a_finding_is_told_in_numbers() -> None:
    assert finding(one(12, rows=460)) == "12 of 460 rows break it (2.6%)"
    assert finding(one(3, passed=True, tolerance=0.01)) == "3 of 1,000 rows break it (0.3%, 1% allowed)"
    assert finding(one()) == "none of 1,000 rows breaks it"
    assert finding(one(measured=600.0, passed=False)) == "measured 600"
    assert finding(one(passed=False)) == "broken by the table as a whole"


def test_a_run_that_did_not_measure_a_rule_says_so() -> None:
    told = cell_words("rule", RunColumn("r007", START), None).plain
    assert "not measured in this run" in told
    assert "run r007" in told


def test_shares_never_tell_some_as_none_or_all() -> None:
    assert [share(v) for v in (0.0, 0.00001, 0.004, 0.5, 0.9999, 1.0)] == [
        "0%",
        "0.001%",
        "0.4%",
        "50%",
        "> 99.9%",
        "100%",
    ]
    assert points(99.99) == "99.9"
    assert points(100.0) == "100"


def test_numbers_fit_a_table() -> None:
    assert [number(v) for v in (600.0, 0.123456, 47_432.6, 1_234_567.8, -2.5, math.inf, math.nan)] == [
        "600",
        "0.1235",
        "47,432.6",
        "1,234,568",
        "-2.5",
        "inf",
        "nan",
    ]
    assert value_text(one(measured=0.25)) == "0.25"
    assert value_text(one(25)) == "2.5%"


def test_scores_are_bars_and_trends_are_arrows() -> None:
    assert [tall(v) for v in (None, 0.0, 50.0, 99.9, 100.0)] == ["·", "▁", "▅", "█", "█"]
    assert [trend(v) for v in (None, 0.01, 2.14, -0.4)] == ["", "=", "▲ 2.1", "▼ 0.4"]


def test_bars_are_as_long_as_their_part_and_what_is_not_nothing_shows() -> None:
    assert row_of_bars([100, 50, 1, 0], 8) == ["████████", "████", "▏", ""]
    assert row_of_bars([0, 0], 8) == ["", ""]
    assert row_of_bars([], 8) == []


def test_a_date_that_is_covered_in_part_goes() -> None:
    before, after = pointed("01-05   01-13   01-21", "▾01-07 06:00", 2)
    assert (before, after) == ("  ", "  01-21"), "what is left of the first two would be half dates"
    assert len(before) + len(after) + 12 == 21


def test_rules_that_are_broken_now_come_first_by_severity() -> None:
    found = [
        replace(one(5, run=1), rule="b_failed"),
        replace(one(5, run=1, severity="critical"), rule="z_critical"),
        replace(one(5, run=1, passed=True, tolerance=0.5), rule="a_tolerated"),
        replace(one(run=1), rule="a_passed"),
        replace(one(5, run=0), rule="a_passed"),
    ]
    board = table_board(sorted(found, key=lambda m: m.at))
    assert [line.rule for line in board.lines] == ["z_critical", "b_failed", "a_tolerated", "a_passed"]
    assert board.state == "failed"
    assert [board.broken(s) for s in ("failed", "tolerated", "passed")] == [2, 1, 1]
    assert [line.rule for line in chosen(board.lines, only_broken=True)] == ["z_critical", "b_failed", "a_tolerated"]
    assert [line.rule for line in chosen(board.lines, "FAILED critical")] == ["z_critical"]
    assert chosen(board.lines, "no such thing") == []


def test_a_rule_that_a_run_left_out_has_a_gap() -> None:
    found = [one(run=0), replace(one(run=1), rule="other"), one(run=2)]
    lines = {line.rule: line for line in table_board(found).lines}
    assert [cell is not None for cell in lines["rule"].cells] == [True, False, True]
    assert lines["other"].newest.run_id == "r001"


def test_a_great_many_results_are_read_table_by_table_to_the_same_board(
    checked_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del checked_home
    at_once = quality_board.read()
    monkeypatch.setattr(quality_board, "AT_ONCE", 0)
    assert quality_board.read() == at_once


def test_a_rule_that_was_never_measured_has_no_history(checked_home: Path) -> None:
    del checked_home
    with pytest.raises(UsageError, match="never measured"):
        quality_rule.read("silver.orders", "no_such_rule")


@pytest.mark.parametrize(("failed", "unusual"), [(1, False), (5, False), (8, True)])
def test_as_many_failing_rows_as_chance_brings_are_not_unusual(
    checked_home: Path, monkeypatch: pytest.MonkeyPatch, failed: int, unusual: bool
) -> None:
    del checked_home
    found = [*(one(run=run) for run in range(20)), one(failed, run=20)]
    monkeypatch.setattr(quality_rule, "measurements", lambda *_, **__: found)
    assert quality_rule.read("silver.orders", "rule").unusual(20) is unusual


def story(values: list[float | None], **changed: object) -> RuleStory:
    """A rule that measured these values, one a day."""
    found = [one(run=i, measured=value, **changed) for i, value in enumerate(values)]
    history: RuleHistory = by_rule(found)[0]
    points = [point(one) for one in history.measurements]
    return RuleStory(history, tuple(expectation(points, one.at, one.rows) for one in points), "", "", None)


def test_a_plot_shows_values_band_and_the_run_pointed_at() -> None:
    values: list[float | None] = [100.0 + i % 3 for i in range(12)]
    text = plot(story([*values, 150.0]), 60, 7, 12).plain
    lines = text.splitlines()
    assert len(lines) == 8
    assert lines[0].rstrip().endswith("●"), "the newest value stands at the top"
    assert "░" in text
    assert lines[-1].rstrip().endswith("01-13 06:00 ▲")
    assert "▲ 01-01 06:00" in plot(story([*values, 150.0]), 60, 7, 0).plain.splitlines()[-1]


@pytest.mark.parametrize(("runs", "at"), [(1, 0), (2, 0), (2, 1), (40, 0), (40, 20), (40, 39)])
def test_the_arrow_stands_under_the_run_pointed_at(runs: int, at: int) -> None:
    *lines, axis = plot(story([0.0] * at + [9.0] + [0.0] * (runs - at - 1)), 70, 5, at).plain.splitlines()
    highest = next(line for line in lines if "●" in line)
    assert highest.index("●") == axis.index("▲")
    assert f"{START + timedelta(days=at):%m-%d %H:%M}" in axis


@pytest.mark.parametrize(
    "values",
    [[5.0], [5.0, 5.0], [math.nan, 1.0], [math.inf, 1.0], [0.0], [-3.0, -3.0], [None, None]],
    ids=["one", "equal", "nan", "infinite", "zero", "below zero", "rates"],
)
def test_a_plot_of_few_or_odd_values_stays_whole(values: list[float | None]) -> None:
    lines = plot(story(values), 40, 5, 0).plain.splitlines()
    assert len(lines) == 6
    assert sum(line.count("●") for line in lines[:5]) == len(values)


def test_a_long_history_shows_the_runs_around_the_one_pointed_at() -> None:
    long = story([float(i) for i in range(300)])
    newest = plot(long, 50, 5, 299).plain.splitlines()
    assert max(len(line) for line in newest) <= 50
    assert newest[-1].rstrip().endswith(f"{START + timedelta(days=299):%m-%d %H:%M} ▲")
    oldest = plot(long, 50, 5, 0).plain.splitlines()
    assert "▲ 01-01 06:00" in oldest[-1]
    assert max(len(line) for line in oldest) <= 50
