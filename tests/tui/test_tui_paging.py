"""Pages of a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from toolkit.errors import UsageError
from toolkit.tui import paging
from toolkit.tui.paging import RowsQuery, TableSource


def test_sorting_goes_up_then_down_then_as_rows_come() -> None:
    query = RowsQuery("silver.orders", offset=200)
    up = query.sorted_by("amount")
    down = up.sorted_by("amount")
    assert (up.order_by, up.descending, up.offset) == ("amount", False, 0)
    assert (down.order_by, down.descending) == ("amount", True)
    assert down.sorted_by("amount").order_by is None
    assert down.sorted_by("note").order_by == "note"


def test_a_page_comes_in_order(home: Path) -> None:
    del home
    source = TableSource("silver.orders")
    query = RowsQuery("silver.orders").sorted_by("order_id").sorted_by("order_id")
    page = source.page(query)
    assert page.rows[0][0] == "O00450"
    assert len(page.rows) == 200
    assert source.page(query.next_page().next_page()).rows[-1][0] == "O00001"


def test_a_comment_in_one_condition_does_not_swallow_the_other(home: Path) -> None:
    del home
    source = TableSource("silver.orders")
    query = RowsQuery("silver.orders", base="order_id < 'O00011' -- base", typed="amount > 5 -- typed")
    assert source.count(query) == 6


def test_a_condition_that_does_not_work_is_the_users_business(home: Path) -> None:
    del home
    with pytest.raises(UsageError, match=r"does not work on silver\.orders"):
        TableSource("silver.orders").page(RowsQuery("silver.orders", typed="nope = 1"))


def test_an_earlier_version_has_its_own_rows(home: Path) -> None:
    del home
    query = RowsQuery("silver.orders")
    assert [TableSource("silver.orders", v).count(query) for v in (0, 1, None)] == [300, 450, 449]


@pytest.mark.parametrize(
    ("offset", "shown", "total", "text"),
    [
        (0, 200, 450, "rows 1–200 of 450"),
        (400, 50, None, "rows 401–450"),
        (0, 0, 0, "no row"),
        (200, 0, 200, "no row on this page"),
    ],
)
def test_position(offset: int, shown: int, total: int | None, text: str) -> None:
    assert paging.position(RowsQuery("t", offset=offset), shown, total) == text


def test_an_export_says_which_rows_it_holds(home: Path) -> None:
    source = TableSource("quarantine.orders")
    page = source.page(RowsQuery("quarantine.orders"))
    file = paging.export(page, RowsQuery("quarantine.orders"), 0)
    assert file == home / "exports" / "quarantine.orders-v0-rows-1-10.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("order_id,customer_id,ordered_on")


def test_a_filter_that_fits_none_is_told_beside_all_rows() -> None:
    assert paging.position(RowsQuery("t", typed="a > 1"), 0, 0, 198_300) == "0 of 198,300 rows"


def test_an_export_names_its_filter_and_its_order(home: Path) -> None:
    query = RowsQuery(
        "silver.orders", base="amount >= 10", typed="note <> 'a/../b'", order_by="amount", descending=True
    )
    page = TableSource("silver.orders").page(query)
    file = paging.export(page, query, 2)
    assert file.parent == home / "exports"
    assert file.name.startswith("silver.orders-v2-where-amount-ge-10-AND-note-ne-a-..-b-by-amount-down-rows-1-")
    long = [replace(query, typed=f"{'note IS NULL AND ' * 9}amount > {n}") for n in (1, 2)]
    names = {paging.export(page, one, 2).name for one in long}
    assert len(names) == 2
    assert max(map(len, names)) < 150


def test_an_export_never_overwrites_another(home: Path) -> None:
    query = RowsQuery("quarantine.orders")
    page = TableSource("quarantine.orders").page(query)
    first, second = paging.export(page, query, 9), paging.export(replace(page, rows=page.rows[::-1]), query, 9)
    assert second.name == "quarantine.orders-v9-rows-1-10-2.csv"
    assert first.read_text(encoding="utf-8") != second.read_text(encoding="utf-8")


def test_leading_columns_come_first(home: Path) -> None:
    del home
    page = TableSource("quarantine.orders").page(RowsQuery("quarantine.orders"))
    order = paging.leading(page, ("_violations", "not_there"))
    assert page.columns[order[0]] == "_violations"
    assert sorted(order) == list(range(len(page.columns)))
