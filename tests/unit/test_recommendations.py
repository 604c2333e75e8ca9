"""What to do about broken rules: the cause that the rows show, and none that they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.errors import UsageError
from toolkit.quality.recommendations import Recommendation, recommendations
from toolkit.quality.records import Measurement
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader

DAY = timedelta(days=1)
START = datetime(2026, 6, 1, 6, tzinfo=UTC)
TABLE, QUARANTINE = "silver.orders", "quarantine.orders"
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("status", pa.string()),
        ("country", pa.string()),
        ("_source", pa.string()),
        ("_run_id", pa.string()),
        ("_ingested_at", pa.timestamp("us", "UTC")),
        ("_warnings", pa.list_(pa.string())),
        ("_rules", pa.list_(pa.string())),
    ]
)
Rows = list[dict[str, Any]]


def rows(count: int, day: int, **changed: Any) -> Rows:
    """Rows that one file of that day brought; status and country go round."""
    return [
        {
            "id": day * 10_000 + i,
            "status": ("open", "paid", "sent")[i % 3],
            "country": ("AT", "CH", "DE", "FR")[i % 4],
            "_source": f"orders/2026-06-{day:02}.json",
            "_run_id": f"r{day}",
            "_ingested_at": START + (day - 1) * DAY,
            "_warnings": [],
            "_rules": [],
        }
        | changed
        for i in range(count)
    ]


def measured(run: int, failed: int, rule: str = "products_exist", **changed: Any) -> Measurement:
    made = Measurement(f"r{run}", START + (run - 1) * DAY, TABLE, rule, rows=9_800, failed=failed, passed=failed == 0)
    return replace(made, **changed)


@pytest.fixture
def lakehouse(tmp_path: Any) -> Lakehouse:
    return Lakehouse(tmp_path / "lakehouse")


Advise = Callable[..., list[Recommendation]]


@pytest.fixture
def advise(lakehouse: Lakehouse) -> Advise:
    """Writes the rows of the table and of its quarantine, and asks what to do."""

    def ask(found: list[Measurement], valid: Rows = [], bad: Rows = []) -> list[Recommendation]:  # noqa: B006
        for name, lines, left_out in ((TABLE, valid, "_rules"), (QUARANTINE, bad, "_warnings")):
            if lines:
                table = pa.Table.from_pylist(lines, schema=SCHEMA).drop_columns([left_out])
                write_deltalake(lakehouse.path(name), table)
        return recommendations(found, lambda name: opened(lakehouse, name))

    return ask


def opened(lakehouse: Lakehouse, name: str) -> DeltaReader | None:
    return DeltaReader(lakehouse.path(name), name) if lakehouse.exists(name) else None


BROKEN = {"_rules": ["products_exist"]}


def test_a_bad_file_is_named_with_its_share_and_the_run_it_began_with(advise: Advise) -> None:
    valid = [line for day in range(1, 31) for line in rows(313, day)]
    bad = rows(400, 11, _run_id="r12", **BROKEN) + rows(12, 3, **BROKEN)
    history = [measured(run, 0) for run in range(1, 12)] + [measured(12, 412)]
    (one,) = advise(history, valid, bad)
    assert one.text == (
        "412 of 9,800 rows of silver.orders break products_exist. "
        "97.1% of them come from orders/2026-06-11.json, which holds 7.3% of all rows. "
        "It began with run r12 on 2026-06-12: more failed than was usual before. "
        "Ask the producer of that file; until then release nothing."
    )
    assert one.cause is not None
    assert (one.cause.column, one.cause.value, one.cause.rows) == ("_source", "orders/2026-06-11.json", 400)
    assert one.cause.share == pytest.approx(400 / 412)
    assert one.cause.lift == pytest.approx((400 / 412) / (713 / 9_802))
    assert (one.table, one.rule, one.rows, one.since, one.severity) == (
        TABLE,
        "products_exist",
        412,
        START + 11 * DAY,
        "error",
    )


def test_a_rule_on_the_whole_table_is_told_by_what_it_measured_and_what_is_usual(advise: Advise) -> None:
    past = [measured(run, 0, rule="rows_as_usual", measured=1_000.0 + run % 5) for run in range(1, 20)]
    (one,) = advise([*past, measured(20, 0, rule="rows_as_usual", measured=600.0, passed=False)])
    assert "It began with run r20 on 2026-06-20: it measured 600, and 99" in one.text
    assert "was usual before." in one.text
    assert "more failed" not in one.text


# causes


def test_no_source_stands_out_where_all_fail_alike(advise: Advise) -> None:
    valid = [line for day in range(1, 11) for line in rows(100, day)]
    bad = [line for day in range(1, 11) for line in rows(10, day, **BROKEN)]
    (one,) = advise([measured(1, 100)], valid, bad)
    assert one.cause is None
    assert "No single source stands out." in one.text
    assert one.advice == "See the rows: toolkit quality rows silver.orders products_exist; until then release nothing."


def test_a_file_that_holds_most_rows_anyway_is_not_to_blame(advise: Advise) -> None:
    """95% of the failing rows come from it, and 95% of all rows."""
    (one,) = advise([measured(1, 100)], rows(1_900, 1) + rows(100, 2), rows(95, 1, **BROKEN) + rows(5, 2, **BROKEN))
    assert one.cause is None


def test_a_file_that_is_hardly_worse_than_the_others_is_not_to_blame(advise: Advise) -> None:
    """No chance: 65% of a thousand failing rows, and half of all. Yet the others fail as well."""
    bad = rows(650, 1, **BROKEN) + rows(350, 2, **BROKEN)
    (one,) = advise([measured(1, 1_000)], rows(2_000, 1) + rows(2_300, 2), bad)
    assert one.cause is None


def test_a_few_rows_prove_nothing(advise: Advise) -> None:
    valid = [line for day in range(1, 11) for line in rows(100, day)]
    (one,) = advise([measured(1, 2)], valid, rows(2, 4, **BROKEN))
    assert one.cause is None


def test_two_rows_of_one_file_among_three_hundred_may_be_chance(advise: Advise) -> None:
    """Two rows meet in one of 300 files as often as once in 300 times: some file will be it."""
    valid = [line for file in range(300) for line in rows(2, 1, _source=f"orders/{file}.json")]
    (one,) = advise([measured(1, 2)], valid, rows(2, 1, _source="orders/7.json", **BROKEN))
    assert one.cause is None


def test_a_single_file_is_no_cause(advise: Advise) -> None:
    (one,) = advise([measured(1, 50)], rows(500, 1), rows(50, 1, **BROKEN))
    assert one.cause is None


def test_a_value_of_a_column_may_be_the_cause(advise: Advise) -> None:
    valid = [line for day in range(1, 11) for line in rows(100, day)]
    bad = [line for day in range(1, 11) for line in rows(10, day, country="FR", **BROKEN)]
    (one,) = advise([measured(1, 100)], valid, bad)
    assert one.cause is not None
    assert (one.cause.column, one.cause.value, one.cause.share) == ("country", "FR", 1)
    assert "All of them have country = FR, which holds 31.8% of all rows." in one.text
    assert one.advice == "Ask who knows the rows with country = FR; until then release nothing."


def test_missing_values_may_be_the_cause(advise: Advise) -> None:
    (one,) = advise([measured(1, 50)], rows(500, 1), rows(50, 1, country=None, **BROKEN))
    assert one.cause is not None
    assert (one.cause.column, one.cause.value) == ("country", "null")


def test_the_rules_own_column_is_the_symptom_not_the_cause(advise: Advise) -> None:
    bad = rows(50, 1, status="lost", **BROKEN)
    (one,) = advise([measured(1, 50, columns=("status",))], rows(500, 1), bad)
    assert one.cause is None


def test_a_column_of_many_values_is_not_looked_at(advise: Advise) -> None:
    """Every failing row has the id 7, but ids are no partition."""
    (one,) = advise([measured(1, 50)], rows(500, 1), rows(50, 1, id=7, **BROKEN))
    assert one.cause is None


def test_a_run_that_brought_the_rows_is_named(advise: Advise) -> None:
    """Many files, one run."""
    valid = [line for day in range(1, 21) for line in rows(50, day)]
    bad = [line for day in range(21, 41) for line in rows(5, day, _run_id="r40", **BROKEN)]
    (one,) = advise([measured(1, 100)], valid, bad)
    assert one.cause is not None
    assert (one.cause.column, one.cause.value) == ("_run_id", "r40")
    assert "All of them were brought in by run r40, which brought 9.1% of all rows." in one.text
    assert one.advice == "Look at that run's log, and at what it read; until then release nothing."


def test_a_warning_is_looked_for_in_the_table_itself(advise: Advise) -> None:
    warned = rows(60, 4, _warnings=["products_exist"])
    valid = [line for day in range(1, 11) for line in rows(100, day)] + warned
    (one,) = advise([measured(1, 60, severity="warn", action="warn")], valid)
    assert one.cause is not None
    assert one.cause.value == "orders/2026-06-04.json"
    assert one.advice == "Ask the producer of that file; the rows stay in the table, marked."


@pytest.mark.parametrize("column", ["two words", 'say "hi"', "it's", "select"])
def test_a_column_may_have_any_name(lakehouse: Lakehouse, column: str) -> None:
    for name, count, value, extra in (
        (TABLE, 500, "x", {}),
        (QUARANTINE, 50, "y", {"_rules": [["products_exist"]] * 50}),
    ):
        write_deltalake(lakehouse.path(name), pa.table({column: [value] * count, **extra}))
    (one,) = recommendations([measured(1, 50)], lambda name: opened(lakehouse, name))
    assert one.cause is not None
    assert (one.cause.column, one.cause.value) == (column, "y")


def test_each_rule_has_its_own_rows(advise: Advise) -> None:
    valid = [line for day in range(1, 11) for line in rows(100, day)]
    bad = rows(50, 3, _rules=["a", "b"]) + [line for day in range(1, 11) for line in rows(20, day, _rules=["b"])]
    a, b = sorted(advise([measured(1, 50, "a"), measured(1, 250, "b")], valid, bad), key=lambda one: one.rule)
    assert a.cause is not None
    assert a.cause.value == "orders/2026-06-03.json"
    assert b.cause is None


# what is known of the rows


def test_a_quarantine_that_holds_more_than_the_newest_run_found_says_so(advise: Advise) -> None:
    (one,) = advise([measured(1, 20)], rows(500, 1), rows(50, 1, **BROKEN))
    assert one.evidence[1] == "quarantine.orders holds 50 such rows now."


@pytest.mark.parametrize("bad", [[], rows(5, 1, _rules=["another"])])
def test_rows_that_are_gone_cannot_tell_where_they_came_from(advise: Advise, bad: Rows) -> None:
    (one,) = advise([measured(1, 20)], rows(50, 1), bad)
    assert one.cause is None
    assert one.evidence[1] == "None of them is in quarantine.orders now, so where they come from is not known."
    assert one.advice == ""


def test_rows_of_a_table_that_was_judged_as_it_lay_are_not_looked_for(advise: Advise) -> None:
    (one,) = advise([measured(1, 20, population="stored")], rows(50, 1))
    assert one.evidence[1] == "They are in silver.orders, without a mark, so where they come from is not known."
    assert one.advice == "See the rows: toolkit quality rows silver.orders products_exist."


def test_tables_that_are_not_there_leave_the_counts(advise: Advise) -> None:
    (one,) = advise([measured(1, 20)])
    assert (one.rows, one.cause, one.since) == (20, None, None)


def test_what_its_tolerance_allows_is_told_so(advise: Advise) -> None:
    (one,) = advise([measured(1, 20, passed=True, tolerance=0.1)])
    assert one.evidence[0] == "20 of 9,800 rows of silver.orders break products_exist, which its tolerance allows."


def test_a_rule_that_most_rows_break_is_doubted_first(advise: Advise) -> None:
    (one,) = advise([measured(1, 9_000)], rows(80, 1), rows(900, 1, **BROKEN))
    assert one.advice == "Check the rule itself first, since most rows break it; until then release nothing."


@pytest.mark.parametrize(
    ("dimension", "advice"),
    [
        (
            "timeliness",
            "Ask whether the source is late or its load failed: toolkit tables show silver.orders --history.",
        ),
        (
            "volume",
            "Compare the newest load with the one before it, for rows are missing or came twice: "
            "toolkit quality history silver.orders.",
        ),
        ("accuracy", ""),
    ],
)
def test_a_rule_about_the_whole_table_has_no_rows_but_a_number(advise: Advise, dimension: str, advice: str) -> None:
    found = [measured(1, 0), measured(2, 0, passed=False, measured=1234.5, dimension=dimension)]
    (one,) = advise(found, rows(10, 1))
    assert one.text == (
        "silver.orders as a whole breaks products_exist: it measured 1,234.5. "
        f"It began with run r2 on 2026-06-02: the run before kept the rule. {advice}".rstrip()
    )
    assert (one.rows, one.cause) == (0, None)


# since when


def since(advise: Advise, *failed: int) -> datetime | None:
    (one,) = advise([measured(run, count) for run, count in enumerate(failed, 1)])
    return one.since


def test_it_began_when_failures_became_unusual(advise: Advise) -> None:
    usual = [10, 12, 9, 11, 10, 12, 9, 11, 10, 11]
    assert since(advise, *usual, 300, 310, 290) == START + 10 * DAY


def test_it_did_not_begin_with_a_few_rows_more_than_usual(advise: Advise) -> None:
    """One row of 9,800 fails in each run; then four, which chance may bring, and then many."""
    assert since(advise, *[1] * 20, 4, 300, 310) == START + 21 * DAY


def test_an_episode_that_ended_is_not_when_it_began(advise: Advise) -> None:
    usual = [10, 12, 9, 11, 10, 12, 9, 11, 10, 11]
    assert since(advise, *usual, 300, *usual, 300) == START + 21 * DAY


def test_with_few_runs_it_began_after_the_last_clean_one(advise: Advise) -> None:
    assert since(advise, 5, 0, 7, 8) == START + 2 * DAY


def test_without_a_clean_run_it_began_when_the_first_of_its_rows_came_in(advise: Advise) -> None:
    (one,) = advise([measured(20, 5)], rows(50, 1), rows(3, 7, **BROKEN) + rows(2, 9, **BROKEN) + rows(1, 2))
    assert one.since == START + 6 * DAY
    assert "The earliest of these rows came in on 2026-06-07." in one.text


def test_when_it_began_may_not_be_known(advise: Advise) -> None:
    (one,) = advise([measured(1, 5), measured(2, 5)])
    assert one.since is None
    assert one.evidence[-1] == "When it began is not known: it failed in every run that was recorded."


# the list


def test_the_worst_severity_comes_first_and_then_the_most_rows(advise: Advise) -> None:
    found = [
        measured(1, 900, "mild", severity="warn"),
        measured(1, 5, "few"),
        measured(1, 50, "many"),
        measured(1, 1, "worst", severity="critical"),
        measured(1, 2, "least", severity="info"),
    ]
    assert [one.rule for one in advise(found)] == ["worst", "many", "few", "mild", "least"]


def test_a_rule_that_holds_again_needs_no_advice(advise: Advise) -> None:
    assert advise([measured(1, 500), measured(2, 0)]) == []
    assert advise([]) == []


@pytest.mark.parametrize("changed", [{"table": "silver.orders; DROP"}, {"rule": "x') OR (1=1"}])
def test_names_that_cannot_be_are_refused(advise: Advise, changed: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="is not"):
        advise([measured(1, 5, **changed)])
