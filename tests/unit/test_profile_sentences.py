"""What a profile found is told in sentences: how sure it is, of how many rows, and nothing that chance explains."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from toolkit.quality.profiling import (
    ColumnProfile,
    Correlation,
    ForeignKey,
    Ordering,
    Profile,
    findings,
    is_estimated,
    refuted,
)
from toolkit.quality.views.profile import sentences
from toolkit.words import literal

ROWS = 20_000


def column(name: str, kind: Any = "number", **more: Any) -> ColumnProfile:
    return ColumnProfile(**{"name": name, "type": "x", "kind": kind, "rows": ROWS, "nulls": 0, "distinct": 5, **more})


def told(*columns: ColumnProfile, **more: Any) -> Profile:
    return Profile(
        table="silver.orders", measured_at=datetime(2026, 1, 1, tzinfo=UTC), rows=ROWS, columns=columns, **more
    )


def reference(**more: Any) -> ForeignKey:
    given = {"column": "customer_id", "to": "customers", "key": "customer_id", "named_alike": True}
    return ForeignKey(**{**given, "rows": ROWS, "found": ROWS, **more})


def test_a_counted_key_is_sure_and_an_estimated_one_says_so() -> None:
    guessed = told(column("order_id", distinct=19_950, likely_key=True))
    counted = told(column("order_id", distinct=ROWS, distinct_exact=True, likely_key=True))
    sampled = told(column("order_id", distinct=19_950, likely_key=True), sample=0.5)
    assert list(sentences(guessed)) == ["Likely key: order_id (about as many values as the 20,000 rows, estimated)"]
    assert list(sentences(counted)) == ["Likely key: order_id (each of 20,000 rows has its own)"]
    assert "the 20,000 rows of the sample, estimated" in next(sentences(sampled))
    assert [is_estimated(one) for one in (guessed, counted, sampled)] == [True, False, False]


def test_a_key_that_was_counted_and_is_none_is_told() -> None:
    found = told(column("order_id", distinct=19_999, distinct_exact=True), refuted_keys=("order_id",))
    assert list(sentences(found)) == ["No key: order_id (19,999 different values in 20,000 rows, counted)"]
    assert list(refuted(found)) == list(sentences(found))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (reference(), "customer_id looks like a reference to customers.customer_id (all 20,000 rows found)"),
        (
            reference(found=19_960),
            "customer_id looks like a reference to customers.customer_id (19,960 of 20,000 rows found)",
        ),
        (
            reference(column="buyer", named_alike=False),
            "buyer looks like a reference to customers.customer_id (all 20,000 rows found, though the names differ)",
        ),
    ],
)
def test_a_reference_says_how_many_rows_were_found(key: ForeignKey, said: str) -> None:
    columns = (column("customer_id"), column("buyer", "text"))
    assert list(sentences(told(*columns, foreign_keys=(key,)))) == [said]


@pytest.mark.parametrize(
    "key",
    [
        reference(found=9_999),
        reference(column="quantity", named_alike=False),
        reference(column="buyer", named_alike=False, found=19_000),
    ],
)
def test_what_chance_explains_is_no_reference(key: ForeignKey) -> None:
    columns = (column("customer_id"), column("quantity"), column("buyer", "text"))
    assert findings(told(*columns, foreign_keys=(key,))) == ()


def test_numbers_that_go_together_and_times_in_order_are_told() -> None:
    pairs = (Correlation(one="amount", other="tax", r=0.978), Correlation(one="age", other="price", r=-0.9))
    orders = (
        Ordering(first="ordered", second="sent", rows=ROWS, kept=ROWS),
        Ordering(first="sent", second="paid", rows=ROWS, kept=19_800),
        Ordering(first="paid", second="ordered", rows=ROWS, kept=11_000),
    )
    found = findings(told(correlations=pairs, orderings=orders))
    assert [one.sentence for one in found] == [
        "amount and tax go together (r = 0.98)",
        "age and price go against each other (r = -0.90)",
        "ordered is never after sent (20,000 rows)",
        "sent is seldom after paid (200 of 20,000 rows)",
    ]
    assert found[0].columns == ("amount", "tax")


def test_many_pairs_are_cut_and_names_do_not_steer_the_terminal() -> None:
    pairs = tuple(Correlation(one="a\x1b[31m", other=f"b{i}", r=0.9) for i in range(8))
    found = list(sentences(told(correlations=pairs)))
    assert literal(found[0]) == "a␛[31m and b0 go together (r = 0.90)"
    assert found[5:] == ["… and 3 more like that: --json has them beside their columns"]
