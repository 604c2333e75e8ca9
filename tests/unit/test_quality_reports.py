"""A result in each of its forms says the same, and nothing in the data can break a form."""

from __future__ import annotations

import json
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from toolkit.quality.actions import Actions
from toolkit.quality.reports import FORMS, lines, title
from toolkit.quality.results import QualityResult, RuleResult
from toolkit.quality.rules import Holds, Mean, NotNull, OneOf, RowCount

NASTY = "<b>|`[red]\x1b[31m\x00\u202e"


@pytest.fixture
def result() -> QualityResult:
    """One rule of each sort: kept, tolerated, failed, failed with a warning, on the whole table."""
    given = NotNull(column="id")
    some = OneOf(column="country", values=("DE", "FR"), tolerance=0.02)
    bad = Holds(name="paid", condition="paid > 0", column="paid", description="It is paid | in <full>.")
    mild = NotNull(name="note_given", column="note", severity="warn")
    return QualityResult(
        "silver.orders",
        200,
        7,
        (
            RuleResult(given, 200, 0),
            RuleResult(some, 200, 3),
            RuleResult(bad, 150, 6, examples=({"key": "1", "value": NASTY, "message": "m"},)),
            RuleResult(mild, 200, 90),
            RuleResult(Mean(column="paid", max=5), 200, 0, float("nan"), "The mean of paid is nan.", False),
            RuleResult(RowCount(min=1), 200, 0, 200.0, "The number of rows is 200.", True),
        ),
    )


def test_the_result_knows_what_failed_and_what_follows(result: QualityResult) -> None:
    assert (result.valid, round(result.pass_rate, 3), result.passed) == (193, 0.965, False)
    assert [one.rule.name for one in result.failed] == ["paid", "note_given", "paid_mean"]
    assert [one.rule.name for one in result.blocking] == ["paid", "paid_mean"]
    assert result.stops == ()
    assert [one.pass_rate for one in result.rules] == [1.0, 0.985, 0.96, 0.55, 0.0, 1.0]


def test_actions_decide_what_a_failure_means(result: QualityResult) -> None:
    mild = QualityResult(result.table, 200, 0, result.rules, Actions(error="warn"))
    assert mild.passed
    strict = QualityResult(result.table, 200, 0, result.rules, Actions(warn="stop"))
    assert [one.rule.name for one in strict.stops] == ["note_given"]


def test_an_empty_table_keeps_every_rule_on_rows() -> None:
    one = RuleResult(NotNull(column="id"), 0, 0)
    assert (one.passed, one.pass_rate) == (True, 1.0)
    assert QualityResult("silver.orders", 0, 0, (one,)).pass_rate == 1.0


@pytest.mark.parametrize(
    ("failed", "rows", "tolerance", "passed"),
    [
        (0, 0, 0.0, True),
        (0, 10, 0.0, True),
        (1, 10, 0.0, False),
        (1, 100, 0.01, True),
        (2, 100, 0.01, False),
        (29, 100, 0.29, True),
        (7, 100, 0.07, True),
        (10, 10, 1.0, True),
    ],
)
def test_a_rule_passes_up_to_its_tolerance(failed: int, rows: int, tolerance: float, passed: bool) -> None:
    assert RuleResult(NotNull(column="c", tolerance=tolerance), rows, failed).passed is passed


def test_mild_rules_do_not_fail_a_table() -> None:
    mild = RuleResult(NotNull(column="c", severity="warn"), 10, 10)
    assert not mild.passed
    assert QualityResult("silver.orders", 10, 0, (mild,)).passed


def test_the_lines_say_state_and_finding(result: QualityResult) -> None:
    assert [(line.state, line.rule) for line in lines(result)] == [
        ("passed", "id_not_null"),
        ("tolerated", "country_one_of"),
        ("failed", "paid"),
        ("failed", "note_given"),
        ("failed", "paid_mean"),
        ("passed", "row_count"),
    ]
    assert lines(result)[2].found.startswith("paid > 0 is not true: 6 of 150 rows, such as ")
    assert title(result) == "silver.orders: 3 of 6 rules failed; 7 of 200 rows are not good enough."


def test_json_is_json_even_with_what_is_no_number(result: QualityResult) -> None:
    found = json.loads(FORMS["json"](result), parse_constant=pytest.fail)
    assert (found["rows"], found["quarantined"], found["passed"]) == (200, 7, False)
    assert [rule["measured"] for rule in found["rules"]] == [None, None, None, None, None, 200.0]


def test_junit_fails_for_what_is_more_than_a_warning(result: QualityResult) -> None:
    suite = ET.fromstring(FORMS["junit"](result))
    assert (suite.get("tests"), suite.get("failures")) == ("6", "2")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == ["paid", "paid_mean"]


def test_markdown_and_html_are_not_broken_by_the_data(result: QualityResult) -> None:
    rows = [line for line in FORMS["markdown"](result).splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {6}
    html = FORMS["html"](result)
    assert "<b>|" not in html
    assert "&lt;full&gt;" in html
    assert result._repr_html_() == html


def test_a_terminal_is_sent_no_commands(result: QualityResult) -> None:
    console = Console(file=StringIO(), width=120, force_terminal=False)
    console.print(result)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in shown
    assert "[red]" in shown
    assert "3 of 6 rules failed" in shown
