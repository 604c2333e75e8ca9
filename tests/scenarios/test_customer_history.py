"""A customer's history, by the command line: intervals, late customers, and what a report of today's customers gets wrong."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from scenarios.customer_history.scenario import SCENARIO
from scenarios.customer_history.steps import DIM_CUSTOMERS, FACT_ORDERS, HISTORY, KEPT
from tests.homes import Home, WarmHome
from tests.scenarios.every import RESULTS, EveryScenario


class TestCustomerHistory(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({RESULTS, KEPT})


@pytest.fixture
def kept(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("customer_history")


def read(home: Home, name: str) -> list[dict[str, str]]:
    (file,) = home.path.glob(f"landing/shop-*/{name}")
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def segments(home: Home) -> dict[str, list[tuple[datetime, str]]]:
    """Since when each customer was in which segment, in plain Python; an empty segment after a delete."""
    found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in read(home, "customers.csv"):
        if not found[row["customer_id"]]:
            found[row["customer_id"]].append((moment(row["registered_at"]), row["segment"]))
    for row in read(home, "customer_changes.csv"):
        found[row["customer_id"]].append((moment(row["changed_at"]), row["segment"]))
    return {customer: sorted(changes) for customer, changes in found.items()}


def at(changes: list[tuple[datetime, str]], when: datetime) -> str:
    """The segment at a time; before the first, the first."""
    return next((segment for since, segment in reversed(changes) if since <= when), changes[0][1])


def test_intervals_neither_overlap_nor_lack_a_segment(kept: WarmHome) -> None:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in kept.rows(HISTORY):
        rows[row["customer_id"]].append(row)
    told = segments(kept)
    assert rows.keys() == told.keys()
    for customer, intervals in rows.items():
        intervals.sort(key=lambda row: row["_start_at"])
        assert intervals[0]["_start_at"] == told[customer][0][0]
        for before, after in pairwise(intervals):
            assert before["_end_at"] == after["_start_at"]
        assert all(row["segment"] == at(told[customer], row["_start_at"]) for row in intervals)
        was_deleted = told[customer][-1][1] == ""
        assert (intervals[-1]["_end_at"] is not None) == was_deleted


def test_what_comes_again_is_repeated_and_changes_nothing(kept: WarmHome) -> None:
    first, second, again = kept.rows("ops.history_deliveries")
    assert second["late"] > 0
    assert (again["repeated"], again["inserted"], again["updated"], again["deleted"]) == (again["received"], 0, 0, 0)
    assert first["version"] < second["version"] == again["version"]


def test_each_order_points_to_its_customer_as_they_were(kept: WarmHome) -> None:
    versions = {row["customer_key"]: row for row in kept.rows(DIM_CUSTOMERS)}
    told, facts = segments(kept), kept.rows(FACT_ORDERS)
    assert len(facts) == len({row["order_id"] for row in facts})
    for row in facts:
        version = versions[row["customer_key"]]
        if row["customer_id"] is None or row["ordered_at"] is None:
            assert row["customer_key"] == -1
            continue
        assert version["customer_id"] == row["customer_id"]
        assert version["segment"] == (at(told[row["customer_id"]], row["ordered_at"]) or version["segment"])


def test_late_customers_were_inferred_and_are_so_no_more(kept: WarmHome) -> None:
    inferred = kept.rows("ops.inferred_customers")
    assert inferred
    assert all(row["orders"] > 0 for row in inferred)
    assert not [row for row in kept.rows(DIM_CUSTOMERS) if row["is_inferred"]]


def test_integrity_is_measured_after_each_load(kept: WarmHome) -> None:
    found = [row for row in kept.rows(RESULTS) if row["table_name"] == FACT_ORDERS]
    customers = [row["failed_count"] for row in found if "customer_key" in row["columns"]]
    days = [row["failed_count"] for row in found if "date_key" in row["columns"]]
    assert customers == [0, 0]
    future = sum(row["ordered_at"] is not None and row["ordered_at"].year > 2026 for row in kept.rows(FACT_ORDERS))
    assert days == [future, future]
    assert future > 0


def test_the_answer_counts_orders_of_another_segment(kept: WarmHome) -> None:
    told = segments(kept)
    wanted = 0
    for row in kept.rows(FACT_ORDERS):
        if row["currency"] == "EUR" and row["status"] != "cancelled" and row["customer_id"] and row["ordered_at"]:
            changes = told[row["customer_id"]]
            wanted += changes[-1][1] != "" and changes[-1][1] != at(changes, row["ordered_at"])
    moved = sum(
        row["orders"]
        for row in kept.rows("gold.segment_answers")
        if row["segment_now"] is not None and row["segment_then"] != row["segment_now"] and row["segment_then"]
    )
    assert moved == wanted > 0
