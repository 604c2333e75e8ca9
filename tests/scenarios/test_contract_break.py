"""A broken contract, by the command line: what is refused, what it means, and what each reader gets."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenarios.contract_break import feed
from scenarios.contract_break.scenario import NEW, OLD, SCENARIO
from scenarios.contract_break.steps import CALLED, DETECTED_BY, FEED, FEED_2, SILVER
from tests.homes import Home
from tests.scenarios.every import EveryScenario
from toolkit import datasets
from toolkit.errors import UsageError
from toolkit.quality import contracts

TONIGHT = feed.file_of(feed.BROKEN)


class TestContractBreak(EveryScenario):
    declared = SCENARIO


def folder(home: Home) -> Path:
    (found,) = home.path.glob("landing/contract_break-*/answer_key.json")
    return found.parent


def lines(home: Home, file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder(home) / file).read_text(encoding="utf-8").splitlines()]


def version(file: str) -> contracts.Contract:
    return contracts.load(SCENARIO.folder / file)


def test_the_days_before_come_in_and_nothing_of_tonight_does(delivered: Home) -> None:
    wanted = {f"feed/{file.name}" for file in (folder(delivered) / "feed").iterdir()} - {TONIGHT}
    came = delivered.rows(FEED)
    assert {row["_source"] for row in came} == wanted
    assert len(came) == sum(len(lines(delivered, file)) for file in wanted)
    assert len(wanted) == feed.DAYS - 1


def test_the_refusal_names_every_difference_of_the_schema(delivered: Home) -> None:
    found = {(row["kind"], row["column"], row["promised"]) for row in delivered.rows("ops.contract_differences")}
    assert found == {("missing", "customer_id", "string"), ("type", "amount", "double"), ("extra", "client_id", "")}


def test_the_change_is_breaking_four_times_and_asks_for_a_major_version(delivered: Home) -> None:
    changes = delivered.rows("ops.contract_changes")
    breaking = {(row["kind"], row["place"].removeprefix(f"{FEED}.")) for row in changes if row["level"] == "breaking"}
    assert breaking == {
        ("column_renamed", "customer_id"),
        ("type_changed", "amount"),
        ("made_nullable", "channel"),
        ("rule_loosened", FEED),
    }
    assert {row["next_version"] for row in changes} == {"2.0.0"}
    assert all(row["why"] for row in changes)


def test_the_version_that_the_producer_gave_it_is_refused() -> None:
    with pytest.raises(UsageError, match="too small") as refused:
        contracts.check_version(version(OLD), version(NEW).model_copy(update={"version": CALLED}))
    assert "2.0.0" in refused.value.cure


@pytest.mark.parametrize("file", [OLD, NEW])
def test_the_contracts_are_read_and_written_without_loss(file: str) -> None:
    declared = version(file)
    assert contracts.load(contracts.dump(declared)) == declared
    assert contracts.unread(declared) == ()
    assert version(file).table(FEED).name in {table.name for table in SCENARIO.tables}


@pytest.mark.parametrize("defect", sorted(DETECTED_BY))
def test_quarantine_holds_exactly_the_rows_that_the_view_cannot_give(delivered: Home, defect: str) -> None:
    rule = DETECTED_BY[defect][1]
    found = delivered.rows("quarantine.contract_orders", f"array_has(_rules, '{rule}')")
    planted = [row.key for row in datasets.answer_key(folder(delivered)).rows() if row.defect == defect]
    assert sorted(row["order_id"] for row in found) == sorted(planted)
    assert planted


def test_nothing_else_is_quarantined_and_nothing_is_lost(delivered: Home) -> None:
    planted = sum(datasets.answer_key(folder(delivered)).counts.values())
    bad = len(delivered.rows("quarantine.contract_orders"))
    assert bad == planted
    assert len(delivered.rows(SILVER)) + bad == len(delivered.rows(FEED)) + len(lines(delivered, TONIGHT))


def test_old_readers_see_tonights_orders_under_the_old_names_and_units(delivered: Home) -> None:
    sent = {order["order_id"]: order for order in lines(delivered, TONIGHT)}
    seen = delivered.rows(SILVER, f"_source = '{TONIGHT}'")
    assert seen
    for row in seen:
        order = sent[row["order_id"]]
        assert row["customer_id"] == order["client_id"]
        assert round(row["amount"] * 100) == order["amount"]


def test_new_readers_see_all_days_in_the_new_form(delivered: Home) -> None:
    stored = {row["order_id"]: row for row in delivered.rows(FEED_2)}
    for file in (folder(delivered) / "feed").iterdir():
        for order in lines(delivered, f"feed/{file.name}"):
            row = stored.pop(order["order_id"])
            if "client_id" in order:
                assert (row["client_id"], row["amount"]) == (order["client_id"], order["amount"])
            else:
                assert (row["client_id"], row["amount"]) == (order["customer_id"], round(order["amount"] * 100))
    assert not stored


def test_each_stored_table_keeps_one_version_and_not_the_other(delivered: Home) -> None:
    kept = {(row["table_name"], row["version"]): row["differences"] for row in delivered.rows("ops.contract_drifts")}
    for table in (FEED, SILVER):
        assert (kept[table, "1.0.0"], kept[table, "2.0.0"]) == (0, 3)
    assert (kept[FEED_2, "1.0.0"], kept[FEED_2, "2.0.0"]) == (3, 0)


def test_the_silent_reading_is_wrong_on_the_last_day_and_on_no_other(delivered: Home) -> None:
    orders = {str(row["order_date"]): row for row in delivered.rows("gold.contract_silences")}
    truth: dict[str, Decimal] = defaultdict(Decimal)
    for file in (folder(delivered) / "feed").iterdir():
        for order in lines(delivered, f"feed/{file.name}"):
            if order["status"] not in {"cancelled", "returned"}:
                euros = Decimal(str(order["amount"])) / (100 if "client_id" in order else 1)
                truth[file.stem] += euros
    assert {day: row["true_revenue_eur"] for day, row in orders.items()} == dict(truth)
    last = orders.pop(feed.BROKEN.isoformat())
    assert all(row["told_revenue_eur"] == row["true_revenue_eur"] for row in orders.values())
    assert all(row["told_customers"] == row["true_customers"] > 0 for row in orders.values())
    assert last["told_customers"] == 0 < last["true_customers"]
    assert last["told_revenue_eur"] >= 100 * last["true_revenue_eur"]
    assert last["told_channels"] < last["orders"]
