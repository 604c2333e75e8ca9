"""Sessions of customers: what the streams say as clicks come is what plain Python says of all of them."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta

import pytest

from datasets.shop.clicks import STAGES, Click, Payment, sent, visits
from scenarios.customer_sessions.scenario import CARTS, CHECKOUTS, CHECKS, CLICKS, FUNNEL, SCENARIO, SESSIONS
from scenarios.customer_sessions.steps import PORTIONS, SENT_AGAIN
from tests.homes import WarmHome, notebook_values
from tests.scenarios.every import EveryScenario
from tests.services.conftest import marked
from toolkit.errors import DataError
from toolkit.streaming.checkpoints import checkpoint_of
from toolkit.streaming.records import BATCHES
from toolkit.streaming.state import operators, state_of

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="signals of POSIX"), pytest.mark.slow]
GAP = timedelta(minutes=30)


class TestCustomerSessions(EveryScenario):
    declared = SCENARIO
    also_written = frozenset({BATCHES})
    # Where an event lies in its topic, and which of two comes first, is Kafka's to say.
    told_apart = frozenset({CLICKS})


@pytest.fixture
def clicked(home_of: Callable[[str], WarmHome]) -> WarmHome:
    return home_of("customer_sessions")


def made(home: WarmHome) -> tuple[list[Click], list[Payment]]:
    (landed,) = (folder for folder in (home.path / "landing").iterdir() if (folder / "orders").is_dir())
    values = notebook_values(SCENARIO)
    return visits(landed, values["orders"], values["seed"])


def sessions(clicks: list[Click]) -> list[list[Click]]:
    """The clicks of each session, in order."""
    found: list[list[Click]] = []
    for one in sorted(clicks, key=lambda click: (click.customer_id, click.at)):
        last = found[-1][-1] if found else None
        if last is None or last.customer_id != one.customer_id or one.at >= last.at + GAP:
            found.append([])
        found[-1].append(one)
    return found


def test_each_click_is_in_silver_once_though_some_were_sent_twice(clicked: WarmHome) -> None:
    clicks, _ = made(clicked)
    counted = Counter(row["click_id"] for row in clicked.rows(CLICKS))
    assert counted == Counter(one.click_id for one in clicks)
    assert len(list(sent(clicks, 7))) > len(clicks), "some were sent twice, one right after the other"
    until = clicks[len(clicks) // PORTIONS].at
    again = [one for one in clicks if until - SENT_AGAIN <= one.at < until]
    assert again, "and some in a later batch, which has to remember them"
    batches = clicked.rows(BATCHES, "stream = 'customer_sessions.clicks'")
    assert sum(row["rows"] for row in batches) >= len(clicks) + len(again)


def test_sessions_carts_and_the_funnel_are_those_of_plain_python(clicked: WarmHome) -> None:
    expected = {(some[0].customer_id, some[0].at): some for some in sessions(made(clicked)[0])}
    live = {(row["customer_id"], row["session_start"]): row for row in clicked.rows(SESSIONS)}
    assert 0 < len(expected) - len(live) < 20, "the newest are not over"
    assert set(live) < set(expected)
    for key, row in live.items():
        some = expected[key]
        assert (row["session_end"], row["clicks"]) == (some[-1].at, len(some))
        assert row["stage"] == max(STAGES.index(one.stage) for one in some) + 1
        assert row["products"] == len({one.product_id for one in some if one.product_id})
    over = max(row["session_end"] for row in live.values())
    left = {
        key
        for key, some in expected.items()
        if {"cart"} <= {one.stage for one in some} and "purchase" not in {one.stage for one in some}
    }
    carts = {(row["customer_id"], row["session_start"]) for row in clicked.rows(CARTS)}
    assert carts <= left
    assert all(expected[key][-1].at >= over for key in left - carts), "all that are over are told"
    funnel = {row["name"]: row["sessions"] for row in clicked.rows(FUNNEL)}
    assert funnel == {
        name: sum(row["stage"] >= number for row in live.values()) for number, name in enumerate(STAGES, start=1)
    }


def test_what_a_stream_remembers_are_the_sessions_that_are_not_over(clicked: WarmHome) -> None:
    place = checkpoint_of(clicked.lakehouse.root, SCENARIO.id, "carts")
    told = {(row["customer_id"], row["session_start"]) for row in clicked.rows(SESSIONS)}
    still_open = [some for some in sessions(made(clicked)[0]) if (some[0].customer_id, some[0].at) not in told]
    kept = {row.key.customer_id: row.list_value for row in state_of(clicked.spark, place, variable="clicks").collect()}
    assert {name: len(clicks) for name, clicks in kept.items()} == {
        some[0].customer_id: len(some) for some in still_open
    }
    assert operators(clicked.spark, place).first().operatorName == "transformWithStateInPySparkExec"  # type: ignore[union-attr]
    with pytest.raises(DataError, match=r"customer_sessions\.carts cannot be read so: .*stateVarName"):
        state_of(clicked.spark, place)
    with pytest.raises(DataError, match="There is no checkpoint"):
        state_of(clicked.spark, checkpoint_of(clicked.lakehouse.root, SCENARIO.id, "none"))


def test_each_purchase_is_beside_its_payment_or_none(clicked: WarmHome) -> None:
    clicks, payments = made(clicked)
    paid = {one.order_id: one for one in payments}
    rows = defaultdict(list)
    for row in clicked.rows(CHECKOUTS):
        rows[row["order_id"]].append(row)
    bought = {one.order_id for one in clicks if one.stage == "purchase"}
    assert all(len(some) == 1 for some in rows.values())
    assert {order for order in bought if order in paid} <= set(rows) <= bought
    for order, (row,) in rows.items():
        assert (row["paid_at"], row["amount"]) == (
            (paid[order].at, paid[order].amount) if order in paid else (None, None)
        )
    assert any(row[0]["paid_at"] is None for row in rows.values())


def test_the_checks_found_nothing_and_nothing_was_dropped_as_late(clicked: WarmHome) -> None:
    checks = clicked.rows(CHECKS)
    assert {row["table"] for row in checks} == {CLICKS, SESSIONS, CARTS, CHECKOUTS}
    assert all((row["missing"], row["extra"]) == (0, 0) and row["expected"] > 0 for row in checks), checks
    assert sum(row["late_rows"] for row in clicked.rows(BATCHES)) == 0
    assert marked(clicked.path) == []
