"""What the operators of the standard say of a number: which bounds are allowed themselves, and how volumes are written."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.quality.contracts import Contract, ContractTable, Volume, dump, load, rules_of, unread
from toolkit.quality.contracts.bounds import Interval, interval
from toolkit.quality.contracts.odcs_writer import as_data
from toolkit.quality.contracts.quality_entries import rule_of
from toolkit.quality.rules import NotNull, RowCount

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\nstatus: draft\n"


def table_with(*entries: str) -> ContractTable:
    """A table with quality entries, as a file has them."""
    listed = "".join(f"      - {entry}\n" for entry in entries)
    return load(HEAD + f"schema:\n  - name: t\n    quality:\n{listed}").tables[0]


def test_neither_bound_of_must_be_between_is_allowed() -> None:
    (rule,) = rules_of(table_with("{metric: rowCount, mustBeBetween: [3, 10]}"))
    assert rule == RowCount(min=4, max=9)


def test_must_be_between_is_must_be_greater_than_with_must_be_less_than() -> None:
    pair = table_with("{metric: rowCount, mustBeGreaterThan: 3, mustBeLessThan: 10}")
    assert rules_of(pair) == rules_of(table_with("{metric: rowCount, mustBeBetween: [3, 10]}"))


@pytest.mark.parametrize(
    ("entry", "bounds"),
    [
        ({"mustBeGreaterOrEqualTo": 3, "mustBeLessOrEqualTo": 10}, (3, 10)),
        ({"mustBeGreaterThan": 3, "mustBeLessOrEqualTo": 10}, (4, 10)),
        ({"mustBeGreaterOrEqualTo": 3, "mustBeLessThan": 10}, (3, 9)),
        ({"mustBeBetween": [3, 10], "mustBeLessThan": 6}, (4, 5)),
        ({"mustBeBetween": [-1, 4]}, (0, 3)),
        ({"mustBeBetween": [3, 5]}, (4, 4)),
        ({"mustNotBe": 0}, (1, None)),
        ({"mustNotBeBetween": [-1, 5]}, (5, None)),
        ({"mustBeBetween": [3, 4]}, None),
        ({"mustBeBetween": [10, 3]}, None),
        ({"mustBeBetween": [3, 3]}, None),
        ({"mustBeBetween": [0.5, 3]}, None),
        ({"mustBeBetween": [0, True]}, None),
        ({"mustBeBetween": "0, 3"}, None),
        ({"mustBe": [3]}, None),
        ({"mustBeGreaterThan": 5, "mustBeLessThan": 3}, None),
        ({"mustBe": 4, "mustNotBe": 4}, None),
        ({"mustNotBeBetween": [2, 5]}, None),
        ({"mustNotBe": 7}, None),
        ({"mustBeGreaterThan": 10**400}, None),
        ({"mustBeLessThan": float("nan")}, None),
        ({"mustBeLessThan": float("inf")}, None),
        ({}, None),
    ],
)
def test_a_count_has_whole_bounds_that_are_allowed_or_is_no_rule(
    entry: dict[str, Any], bounds: tuple[int | None, int | None] | None
) -> None:
    found = rule_of({"metric": "rowCount", **entry}, "")
    assert found == (RowCount(min=bounds[0], max=bounds[1]) if bounds else None)


@pytest.mark.parametrize(
    ("entry", "tolerance"),
    [
        ({"mustBeBetween": [-1, 1], "unit": "rows"}, 0.0),
        ({"mustBeGreaterOrEqualTo": 0, "mustBeLessOrEqualTo": 5, "unit": "percent"}, 0.05),
        ({"mustBeBetween": [0, 5], "unit": "percent"}, None),
        ({"mustBeGreaterThan": 0, "mustBeLessThan": 5, "unit": "percent"}, None),
        ({"mustBeLessOrEqualTo": 101, "unit": "percent"}, None),
    ],
)
def test_a_share_has_the_bound_that_is_meant_or_is_no_rule(entry: dict[str, Any], tolerance: float | None) -> None:
    found = rule_of({"metric": "nullValues", **entry}, "c")
    assert found == (None if tolerance is None else NotNull(column="c", tolerance=tolerance))


def test_a_bound_of_a_share_that_is_not_allowed_itself_breaks_the_rule() -> None:
    rule = rule_of({"metric": "nullValues", "mustBeBetween": [-1, 5], "unit": "percent"}, "c")
    assert rule is not None
    # 5 of 100 rows are 5%: one more than is allowed.
    assert not rule.tolerance >= 5 / 100
    assert rule.tolerance >= 49_999 / 1_000_000


def test_of_two_bounds_at_one_place_the_one_that_is_not_allowed_is_the_narrower() -> None:
    assert Interval(low=3) & Interval(low=3, low_open=True) == Interval(low=3, low_open=True)
    assert Interval(high=3) & Interval(high=3, high_open=True) == Interval(high=3, high_open=True)
    assert interval({"mustBeGreaterOrEqualTo": 3, "mustBeGreaterThan": 3}) == Interval(3, True)


def test_a_volume_is_written_with_bounds_that_are_allowed_one_to_an_entry() -> None:
    table = ContractTable(name="t", volume=Volume(min_rows=3, max_rows=10))
    contract = Contract(id="c", version="1.0.0", tables=(table,))
    assert as_data(contract)["schema"][0]["quality"] == [
        {"type": "library", "metric": "rowCount", "mustBeGreaterOrEqualTo": 3},
        {"type": "library", "metric": "rowCount", "mustBeLessOrEqualTo": 10},
    ]
    assert load(dump(contract)) == contract


@pytest.mark.parametrize(
    ("entries", "volume"),
    [
        (("{metric: rowCount, mustBeGreaterOrEqualTo: 3}", "{metric: rowCount, mustBeLessOrEqualTo: 10}"), (3, 10)),
        (("{metric: rowCount, mustBeGreaterOrEqualTo: 3, unit: rows}",), (3, None)),
        (("{metric: rowCount, mustBe: 3}",), (3, 3)),
        (("{metric: rowCount, mustBeLessOrEqualTo: 10}", "{metric: rowCount, mustBeGreaterOrEqualTo: 3}"), (None, 10)),
        (("{metric: rowCount, mustBeGreaterOrEqualTo: 30}", "{metric: rowCount, mustBeLessOrEqualTo: 10}"), (30, None)),
        (("{metric: rowCount, mustBeGreaterOrEqualTo: 3, mustBeLessOrEqualTo: 10}",), None),
        (("{metric: rowCount, mustBeBetween: [3, 10]}",), None),
        (("{metric: rowCount, mustBeGreaterOrEqualTo: 3, severity: warning}",), None),
    ],
)
def test_a_volume_is_read_where_it_would_be_written_so(
    entries: tuple[str, ...], volume: tuple[int | None, int | None] | None
) -> None:
    table = table_with(*entries)
    assert table.volume == (Volume(min_rows=volume[0], max_rows=volume[1]) if volume else None)
    again = Contract(id="c", version="1.0.0", tables=(table,))
    assert load(dump(again)) == again
    # Nothing that was said of rows is lost, whichever way it was said.
    assert len(rules_of(table)) == (1 if len(entries) == 1 or volume == (3, 10) else 2)


def test_what_no_count_of_rows_can_be_is_told() -> None:
    text = HEAD + "schema: [{name: t, quality: [{metric: rowCount, mustBeBetween: [3, 4]}]}]"
    assert unread(load(text)) == ("t: rowCount is kept, but not checked: no rule says exactly what it asks for.",)
