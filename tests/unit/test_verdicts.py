"""What quality events say, and which rows they mean."""

from __future__ import annotations

import pytest

from tests.records import rule_found
from toolkit.errors import DataError, UsageError
from toolkit.quality.verdicts import by_table, failing_rows, verdict

EVENT = rule_found("silver.orders", "amount_is_positive", columns=["amount"], rows=100, failed=4, passed=True)


def test_a_rule_that_failed_within_its_tolerance_is_tolerated() -> None:
    assert verdict(EVENT).state == "tolerated"
    assert verdict({**EVENT, "failed": 0}).state == "passed"
    assert verdict({**EVENT, "passed": False}).state == "failed"


@pytest.mark.parametrize("name", ["population", "action", "passed"])
def test_an_event_of_an_older_shape_is_refused(name: str) -> None:
    older = {key: value for key, value in EVENT.items() if key != name}
    with pytest.raises(DataError, match=f"does not say {name}"):
        verdict(older)


def test_a_verdict_has_what_the_event_says() -> None:
    one = verdict(EVENT)
    assert (one.pass_rate, one.passed, one.columns, one.population) == (0.96, True, ("amount",), "incoming")


def test_tables_take_the_worst_of_their_rules() -> None:
    other = {**EVENT, "rule": "b", "passed": False, "pass_rate": 0.5}
    (table,) = by_table([EVENT, other])
    assert (table.state, table.rules_passed, table.lowest, table.rows) == ("failed", 1, 0.5, 100)


def test_a_rule_checked_again_counts_once_with_its_last_result() -> None:
    (table,) = by_table([EVENT, {**EVENT, "failed": 0}])
    assert [v.failed for v in table.verdicts] == [0]


@pytest.mark.parametrize("severity", ["error", "critical"])
def test_rows_that_broke_a_rule_are_in_quarantine(severity: str) -> None:
    found = failing_rows(verdict(rule_found("silver.orders", "amount_is_positive", severity=severity)))
    assert (found.table, found.where) == ("quarantine.orders", "array_has(_rules, 'amount_is_positive')")


def test_rows_with_a_warning_stay_in_their_table() -> None:
    found = failing_rows(verdict(rule_found("silver.orders", "amount_is_positive", severity="warn")))
    assert (found.table, found.where) == ("silver.orders", "array_has(_warnings, 'amount_is_positive')")


@pytest.mark.parametrize("rule", ["x') OR (1=1", "a b", "", "x'", "é"])
def test_a_rule_that_could_change_the_condition_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="not the name of a rule"):
        failing_rows(verdict({**EVENT, "rule": rule}))


def test_where_failing_rows_are_is_the_action_that_was_taken() -> None:
    assert failing_rows(verdict({**EVENT, "action": "warn"})).table == "silver.orders"
    assert failing_rows(verdict({**EVENT, "severity": "info", "action": "stop"})).table == "quarantine.orders"


@pytest.mark.parametrize("table", ["silver.orders; DROP", "../x", "silver"])
def test_a_table_that_is_none_is_refused(table: str) -> None:
    with pytest.raises(UsageError, match="not a table name"):
        failing_rows(verdict({**EVENT, "table": table}))


def test_what_was_not_measured_is_no_pass_and_no_failure() -> None:
    unknown = {**EVENT, "failed": 0, "passed": None, "pass_rate": None}
    one = verdict(unknown)
    assert (one.state, one.passed, one.pass_rate) == ("not measured", None, None)
    (table,) = by_table([{**EVENT, "failed": 0}, {**unknown, "rule": "b"}])
    assert (table.state, table.rules_passed, table.lowest) == ("not measured", 1, 0.96)
    (alone,) = by_table([unknown])
    assert alone.lowest is None
