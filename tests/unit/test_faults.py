"""What is told of a broken rule is what is wrong, not what should be true."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rule_samples import IN_FILES, ON_THE_WHOLE, sample
from toolkit.quality.records import as_data
from toolkit.quality.reports import found
from toolkit.quality.results import RuleResult
from toolkit.quality.rules import parse


@pytest.mark.parametrize("kind", sorted(set(IN_FILES) - ON_THE_WHOLE))
def test_every_kind_on_rows_says_its_fault(kind: str) -> None:
    rule = sample(kind)
    fault = rule.fault()
    assert fault
    assert not fault.startswith("Not so")
    assert not fault.endswith(".")
    assert fault != rule.sentence().rstrip(".")
    assert all(column in fault for column in rule.columns[:1])


@pytest.mark.parametrize("kind", sorted(ON_THE_WHOLE))
def test_no_row_breaks_a_rule_on_the_whole(kind: str) -> None:
    rule = sample(kind)
    assert (rule.fault(), rule.message) == ("", rule.description)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"kind": "not_null", "column": "country"}, "country is missing"),
        ({"kind": "between", "column": "kg", "min": 0, "max": 30}, "kg is not between 0 and 30"),
        ({"kind": "length", "column": "code", "max": 3}, "The length of code is not at most 3"),
        ({"kind": "size", "column": "items", "min": 1}, "The number of elements in items is not at least 1"),
        ({"kind": "one_of", "column": "c", "values": ["a", "b"]}, "c is none of a, b"),
        ({"kind": "unique", "columns": ["id", "day"]}, "Several rows have the same id, day"),
        ({"kind": "email", "column": "mail"}, "mail does not have the form of an e-mail address"),
        ({"kind": "references", "column": "who", "to": "customers", "key": "id"}, "who is no id of customers"),
        ({"kind": "holds", "condition": "net <= gross"}, "net <= gross is not true"),
        (
            {"kind": "sums", "column": "all", "parts": ["a", "b"], "within": 0.5},
            "all is not the sum of a, b, give or take 0.5",
        ),
    ],
)
def test_a_fault_is_what_is(given: dict[str, Any], fault: str) -> None:
    assert parse(given).fault() == fault


def test_what_a_rule_found_begins_with_what_is_wrong() -> None:
    rule = parse({"kind": "not_null", "column": "country"})
    assert found(RuleResult(rule, 1000, 625)) == "country is missing: 625 of 1,000 rows"
    assert found(RuleResult(rule, 1000, 0)) == "1,000 rows"
    assert as_data(RuleResult(rule, 1000, 625), "quarantine")["fault"] == "country is missing"


def test_a_message_says_what_is_wrong_and_what_its_author_expects() -> None:
    rule = parse({"kind": "not_null", "column": "country"})
    assert rule.message == "country is missing."
    own = parse({"kind": "not_null", "column": "country", "description": "Every parcel has a country."})
    assert own.message == "country is missing. Expected: Every parcel has a country."


def test_rows_that_cannot_be_evaluated_are_told_apart_from_those_that_are_so() -> None:
    rule = parse({"kind": "not_null", "column": "country", "where": "CAST(weight AS INT) > 0"})
    some, all_of_them = RuleResult(rule, 10, 3, unevaluated=1), RuleResult(rule, 10, 2, unevaluated=2)
    unclear = "CAST(weight AS INT) > 0 cannot be evaluated"
    assert found(some) == f"country is missing: 2 of 10 rows; {unclear}: 1 of 10 rows"
    assert found(all_of_them) == f"{unclear}: 2 of 10 rows"
    assert [as_data(one, "quarantine")["fault"] for one in (some, all_of_them)] == ["country is missing", unclear]
