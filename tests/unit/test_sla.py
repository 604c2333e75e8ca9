"""What was promised and what was kept: days of freshness, runs and loads, budgets, burn rates and breaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from math import inf
from typing import Any

import pytest
from pydantic import ValidationError

from toolkit.errors import UsageError
from toolkit.quality.history import Load
from toolkit.quality.records import Measurement
from toolkit.quality.sla import FreshnessSla, PassRateSla, VolumeSla

TABLE = "silver.orders"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
START = datetime(2026, 6, 1, tzinfo=UTC)
"""Where a window of 30 days that is looked at on June 30 begins."""


def load(at: datetime, rows: int | None = 100) -> Load:
    return Load(0, at, "r1", rows, None)


def loaded(*days: float, rows: int | None = 100) -> list[Load]:
    """Loads at 6 in the morning, so many days before June 30."""
    return [load(NOW - 6 * HOUR - day * DAY, rows) for day in days]


def measured(day: float, failed: int = 0, rule: str = "a", **changed: Any) -> Measurement:
    """A rule over 100 rows, so many days ago, in a run of that day."""
    made = Measurement(f"r{day}", NOW - day * DAY, TABLE, rule, rows=100, failed=failed, passed=failed == 0)
    return replace(made, **changed)


# freshness


def test_a_table_loaded_every_day_keeps_a_promise_of_a_day() -> None:
    report = FreshnessSla(table=TABLE, hours=24).report(loaded(*range(40)), NOW)
    assert (report.unit, report.counted, report.kept, report.attained) == ("days", 30, 30, 1.0)
    assert (report.budget, report.used, report.left, report.burn_rate) == (0.3, 0, 0.3, 0.0)
    assert (report.state, report.full, report.breaches) == ("ok", True, ())


def test_a_missing_load_breaks_the_days_that_were_stale() -> None:
    sla = FreshnessSla(table=TABLE, hours=24, objective=0.9)
    report = sla.report(loaded(*[day for day in range(40) if day not in {10, 11}]), NOW)
    (breach,) = report.breaches
    # Due on the 19th at 6 in the morning; it came on the 21st.
    assert (breach.began, breach.ended) == (START + 18 * DAY + 6 * HOUR, START + 20 * DAY + 6 * HOUR)
    assert breach.worst == 72
    assert breach.text == "silver.orders was 72.0 hours old, 48.0 more than promised"
    # The days 19, 20 and 21 are touched by it.
    assert (report.used, report.budget, report.state) == (3, 3.0, "at risk")


def test_a_table_that_is_stale_now_has_an_open_breach() -> None:
    report = FreshnessSla(table=TABLE, hours=24).report(loaded(*range(2, 40)), NOW)
    (breach,) = report.breaches
    assert (breach.began, breach.ended, breach.worst) == (NOW - DAY - 6 * HOUR, None, 54)
    assert (report.used, report.state) == (2, "breached")
    assert report.left == pytest.approx(0.3 - 2)


def test_a_table_as_old_as_promised_is_fresh() -> None:
    sla = FreshnessSla(table=TABLE, hours=24)
    assert sla.report([load(NOW - DAY)], NOW).state == "ok"
    assert sla.report([load(NOW - DAY - HOUR)], NOW).state == "breached"


def test_a_table_that_nothing_came_to_keeps_no_promise() -> None:
    report = FreshnessSla(table=TABLE, hours=24).report([], NOW)
    assert (report.counted, report.attained, report.burn_rate, report.state) == (0, None, None, "unknown")
    assert (report.budget, report.used_share, report.full, report.breaches) == (0, 0, False, ())


def test_a_table_that_was_loaded_once_long_ago_broke_every_day() -> None:
    report = FreshnessSla(table=TABLE, hours=24).report(loaded(90), NOW)
    assert (report.counted, report.kept, report.full, len(report.breaches)) == (30, 0, True, 1)


def test_days_before_the_first_load_do_not_count() -> None:
    report = FreshnessSla(table=TABLE, hours=24).report(loaded(0, 1, 2), NOW)
    assert (report.counted, report.kept, report.full) == (3, 3, False)


def test_a_breach_that_ended_before_the_window_is_forgotten() -> None:
    loads = loaded(*range(30), 35)
    sla = FreshnessSla(table=TABLE, hours=24)
    assert len(sla.report(loads, NOW).breaches) == 1  # it ended on June 1, which is in the window
    a_day_later = sla.report([*loads, load(NOW)], NOW + DAY)
    assert (a_day_later.used, a_day_later.breaches) == (0, ())


def test_what_lies_after_the_moment_of_the_report_is_not_known_yet() -> None:
    sla, stale = FreshnessSla(table=TABLE, hours=24), loaded(*range(3, 40))
    assert sla.report([*stale, load(NOW + HOUR)], NOW) == sla.report(stale, NOW)
    promised = VolumeSla(table=TABLE, min_rows=1)
    assert promised.report([load(NOW + HOUR, 0)], NOW).state == "unknown"


def test_days_are_days_of_utc_wherever_the_clock_is() -> None:
    abroad = NOW.astimezone(timezone(timedelta(hours=14)))
    sla, loads = FreshnessSla(table=TABLE, hours=24), loaded(0, 1, 5)
    assert sla.report(loads, abroad).kept == sla.report(loads, NOW).kept


@pytest.mark.parametrize("sla", [FreshnessSla(table=TABLE, hours=1), VolumeSla(table=TABLE, min_rows=1)])
def test_a_clock_without_a_zone_is_refused(sla: FreshnessSla | VolumeSla) -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        sla.report([], datetime(2026, 6, 30))  # noqa: DTZ001


# pass rate


def test_the_pass_rate_of_a_run_is_the_mean_over_its_rules() -> None:
    found = [measured(1, 0, "a"), measured(1, 10, "b"), measured(2, 0, "a"), measured(2, 12, "b")]
    report = PassRateSla(table=TABLE, share=0.95).report(found, NOW)
    assert (report.unit, report.counted, report.kept) == ("runs", 2, 1)
    (breach,) = report.breaches
    assert (breach.began, breach.ended, breach.worst) == (NOW - 2 * DAY, NOW - DAY, pytest.approx(0.94))
    assert breach.text == "all rules of silver.orders had a pass rate of 94.00%, 95.00% was promised"


def test_a_promise_may_be_about_one_dimension_or_one_rule() -> None:
    found = [measured(1, 50, "a", dimension="validity"), measured(1, 0, "b", dimension="uniqueness")]
    assert PassRateSla(table=TABLE, share=0.9, dimension="uniqueness").report(found, NOW).state == "ok"
    assert PassRateSla(table=TABLE, share=0.9, rule="b").report(found, NOW).state == "ok"
    assert PassRateSla(table=TABLE, share=0.9, rule="a").report(found, NOW).state == "breached"
    assert PassRateSla(table=TABLE, share=0.9, rule="a", dimension="uniqueness").report(found, NOW).state == "unknown"


def test_other_tables_do_not_count() -> None:
    assert PassRateSla(table=TABLE, share=1).report([measured(1, 9, table="silver.parcels")], NOW).state == "unknown"


def test_a_rule_about_the_whole_table_counts_one_or_nothing() -> None:
    found = [measured(1, 0, "a"), measured(1, 0, "b", measured=7.0, passed=False)]
    assert PassRateSla(table=TABLE, share=0.6).report(found, NOW).breaches[0].worst == 0.5


def test_a_rule_measured_twice_in_a_run_counts_with_its_last_result() -> None:
    found = [measured(1, 50, at=NOW - DAY), measured(1, 0, at=NOW - DAY + HOUR)]
    assert PassRateSla(table=TABLE, share=1).report(found, NOW).state == "ok"


def test_broken_runs_in_a_row_are_one_breach_told_by_its_worst() -> None:
    found = [measured(day, {3: 20, 4: 60, 5: 40}.get(day, 0)) for day in range(8)]
    (breach,) = PassRateSla(table=TABLE, share=0.9).report(found, NOW).breaches
    assert (breach.began, breach.ended, breach.worst) == (NOW - 5 * DAY, NOW - 2 * DAY, 0.4)


@pytest.mark.parametrize(("failed", "state", "burn"), [(0, "ok", 0), (9, "breached", 100)])
def test_one_run_decides_alone(failed: int, state: str, burn: float) -> None:
    report = PassRateSla(table=TABLE, share=0.95).report([measured(0, failed)], NOW)
    assert (report.counted, report.state, report.full) == (1, state, False)
    assert report.burn_rate == pytest.approx(burn)


# budgets


@pytest.mark.parametrize(
    ("broken", "state", "used_share"),
    [
        ((), "ok", 0),
        ((9,), "ok", 1 / 3),
        ((9, 19), "ok", 2 / 3),
        ((9, 19, 29), "at risk", 1),
        ((5, 9, 19, 29), "breached", 4 / 3),
    ],
)
def test_a_budget_is_used_up_before_it_is_breached(broken: tuple[int, ...], state: str, used_share: float) -> None:
    found = [measured(day, 50 if day in broken else 0) for day in range(30)]
    report = PassRateSla(table=TABLE, share=0.9, objective=0.9).report(found, NOW)
    assert (report.counted, report.budget, report.used, report.left) == (30, 3, len(broken), 3 - len(broken))
    assert (report.state, report.used_share) == (state, pytest.approx(used_share))


def test_a_budget_that_burns_too_fast_is_at_risk_while_it_lasts() -> None:
    found = [measured(day, 50 if day == 1 else 0) for day in range(30)]
    report = PassRateSla(table=TABLE, share=0.9, objective=0.9).report(found, NOW)
    # One of the last three days, where one of ten may go wrong.
    assert (report.recent, report.recent_broken, report.burn_rate) == (3, 1, pytest.approx(10 / 3))
    assert (report.used, report.state) == (1, "at risk")


def test_nothing_may_go_wrong_where_all_was_promised() -> None:
    sla = PassRateSla(table=TABLE, share=0.9, objective=1)
    assert (sla.report([measured(0)], NOW).state, sla.report([measured(0)], NOW).burn_rate) == ("ok", 0)
    report = sla.report([measured(0, 50), measured(1)], NOW)
    assert (report.budget, report.used_share, report.burn_rate, report.state) == (0, inf, inf, "breached")


def test_no_recent_run_leaves_the_burn_rate_unknown() -> None:
    report = PassRateSla(table=TABLE, share=0.9).report([measured(10)], NOW)
    assert (report.burn_rate, report.state) == (None, "ok")


def test_runs_before_the_window_do_not_count_but_fill_it() -> None:
    report = PassRateSla(table=TABLE, share=0.9).report([measured(40, 50), measured(0)], NOW)
    assert (report.counted, report.state, report.full) == (1, "ok", True)


def test_a_window_of_one_day_is_today() -> None:
    sla = PassRateSla(table=TABLE, share=0.9, window_days=1)
    assert sla.report([measured(1, 50), measured(0)], NOW).counted == 1


# volume


@pytest.mark.parametrize(
    ("rows", "kept"), [(0, False), (99, False), (100, True), (150, True), (200, True), (201, False)]
)
def test_a_load_brings_neither_too_little_nor_too_much(rows: int, kept: bool) -> None:
    report = VolumeSla(table=TABLE, min_rows=100, max_rows=200).report(loaded(0, rows=rows), NOW)
    assert (report.unit, report.counted, report.kept) == ("loads", 1, kept)


def test_the_load_furthest_from_the_promise_is_told() -> None:
    loads = [load(NOW - 3 * HOUR, 50), load(NOW - 2 * HOUR, 1_900), load(NOW - HOUR, None)]
    (breach,) = VolumeSla(table=TABLE, min_rows=100, max_rows=200).report(loads, NOW).breaches
    assert (breach.ended, breach.worst) == (None, 1_900)
    assert breach.text == "a load of silver.orders brought 1,900 rows, at least 100 and at most 200 were promised"


def test_one_bound_is_enough() -> None:
    assert VolumeSla(table=TABLE, min_rows=100).report(loaded(0, rows=10**9), NOW).state == "ok"
    assert VolumeSla(table=TABLE, max_rows=100).report(loaded(0, rows=0), NOW).state == "ok"


def test_a_load_that_does_not_say_how_many_rows_does_not_count() -> None:
    assert VolumeSla(table=TABLE, min_rows=1).report(loaded(0, rows=None), NOW).state == "unknown"


# declarations


@pytest.mark.parametrize(
    ("kind", "declared", "reason"),
    [
        (FreshnessSla, {"hours": 0}, "greater than 0"),
        (FreshnessSla, {"hours": inf}, "finite"),
        (FreshnessSla, {}, "Field required"),
        (FreshnessSla, {"hours": 1, "table": "orders"}, "not of the form"),
        (FreshnessSla, {"hours": 1, "objective": 0}, "greater than 0"),
        (FreshnessSla, {"hours": 1, "objective": 99}, "less than or equal to 1"),
        (FreshnessSla, {"hours": 1, "window_days": 0}, "greater than or equal to 1"),
        (FreshnessSla, {"hours": 1, "days": 1}, "Extra inputs"),
        (PassRateSla, {"share": 1.1}, "less than or equal to 1"),
        (PassRateSla, {"share": 0.9, "dimension": "beauty"}, "'completeness', 'validity'"),
        (VolumeSla, {}, "min_rows, max_rows or both"),
        (VolumeSla, {"min_rows": 2, "max_rows": 1}, "is above max_rows"),
        (VolumeSla, {"min_rows": -1}, "greater than or equal to 0"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused(kind: type, declared: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        kind(**{"table": TABLE, **declared})


def test_a_promise_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        FreshnessSla(table=TABLE, hours=1).hours = 2
