"""The state of carts: decided when a session is over, whatever order its clicks come in, and from batch to batch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import Row
from pyspark.sql.streaming.tws_tester import TwsTester

from scenarios.customer_sessions.carts import AbandonedCarts

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
ANNA = "C1"


@pytest.fixture
def carts() -> TwsTester:
    return TwsTester(
        AbandonedCarts(30 * 60), timeMode="eventTime", eventTimeExtractor=lambda row: int(row.at.timestamp() * 1000)
    )


def clicks(*some: tuple[int, str]) -> list[Row]:
    """Clicks so many minutes after noon; each cart has a product of its own."""
    return [Row(at=NOON + timedelta(minutes=n), stage=stage, product_id=f"P{n}") for n, stage in some]


def passed(carts: TwsTester, minutes: float) -> list[Row]:
    """What is told when the watermark has come so far."""
    return list(carts.setWatermark(int((NOON + timedelta(minutes=minutes)).timestamp() * 1000)))


def test_a_cart_is_told_when_the_session_is_over_and_not_before(carts: TwsTester) -> None:
    assert carts.test(ANNA, clicks((0, "visit"), (5, "cart"), (7, "cart"))) == []
    assert passed(carts, 36.9) == []
    (cart,) = passed(carts, 37.1)
    assert (cart.customer_id, cart.session_start, cart.left_at) == (ANNA, NOON, NOON + timedelta(minutes=7))
    assert cart.products == 2
    assert passed(carts, 500) == [], "once"


def test_who_buys_left_no_cart_though_the_click_came_before_the_others(carts: TwsTester) -> None:
    carts.test(ANNA, clicks((9, "purchase")))
    carts.test(ANNA, clicks((5, "cart"), (0, "visit")))
    assert passed(carts, 500) == []


def test_a_click_in_time_prolongs_the_session(carts: TwsTester) -> None:
    carts.test(ANNA, clicks((0, "cart")))
    carts.test(ANNA, clicks((29, "visit")))
    assert passed(carts, 45) == []
    (cart,) = passed(carts, 60)
    assert cart.left_at == NOON + timedelta(minutes=29)


def test_two_sessions_of_one_batch_are_told_each_in_its_time(carts: TwsTester) -> None:
    carts.test(ANNA, clicks((100, "cart"), (0, "cart"), (101, "purchase"), (300, "cart")))
    (first,) = passed(carts, 50)
    assert first.session_start == NOON
    assert passed(carts, 200) == []
    (last,) = passed(carts, 400)
    assert last.session_start == NOON + timedelta(minutes=300)


def test_customers_have_sessions_of_their_own(carts: TwsTester) -> None:
    carts.test(ANNA, clicks((0, "cart")))
    carts.test("C2", clicks((1, "cart"), (2, "purchase")))
    assert [cart.customer_id for cart in passed(carts, 500)] == [ANNA]
