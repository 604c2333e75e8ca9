"""Which columns a condition names, read from its SQL alone."""

from __future__ import annotations

import pytest

from toolkit.quality.reasons import columns_in

COLUMNS = ["id", "Status", "amount", "items", "date", "a.b", "back`tick", "name", "year", "größe", "x"]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("amount > 0", ["amount"]),
        ("STATUS = 'amount' AND amount > 0 OR status IS NULL", ["Status", "amount"]),
        ('status != "id"', ["Status"]),
        (r"status = 'it\'s id' AND x", ["Status", "x"]),
        ("`a.b` = `back``tick`", ["a.b", "back`tick"]),
        ("größe > 1e3 AND x < 5L", ["größe", "x"]),
        ("items.name = 'a' AND items . amount > 1", ["items"]),
        ("year(date) > 2020", ["date"]),
        ("x <= DATE '2026-01-01' AND x >= date'2020-01-01'", ["x"]),
        ("status LIKE 'a%' AND name RLIKE 'id'", ["Status", "name"]),
        ("forall(items, x -> x.amount > 0)", ["items"]),
        ("amount > 0 -- and id\nAND x /* name\n status */ > 1", ["amount", "x"]),
        ("amount IN (id, x) AND (status) IS NULL", ["amount", "id", "x", "Status"]),
        ("1 = 1", []),
        ("other > 0", []),
        ("", []),
        ("'never closed id", ["id"]),
    ],
)
def test_a_condition_tells_its_columns(sql: str, named: list[str]) -> None:
    assert list(columns_in(sql, COLUMNS)) == named
