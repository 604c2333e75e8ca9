"""Names and values as Spark SQL text."""

from __future__ import annotations

import pytest

from toolkit import columns
from toolkit.quality import sql_text


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a", "`a`"),
        ("a.b", "`a`.`b`"),
        ("`a.b`", "`a.b`"),
        ("`a.b`.c d", "`a.b`.`c d`"),
        ("`a``b`", "`a``b`"),
        ("1) OR (1=1", "`1) OR (1=1`"),
    ],
)
def test_a_column_is_quoted_part_by_part(name: str, written: str) -> None:
    assert sql_text.column(name) == written


def test_a_name_may_hold_backquotes() -> None:
    assert columns.quoted("a`b.c") == "`a``b.c`"


@pytest.mark.parametrize(
    ("value", "written"),
    [("", "''"), ("it's", "'it\\'s'"), ("\\d", "'\\\\d'"), ("\\'", "'\\\\\\''"), ("${a}", "'\\u0024{a}'")],
)
def test_a_text_ends_where_it_should(value: str, written: str) -> None:
    assert sql_text.text(value) == written


def test_an_array_of_nothing_has_its_type() -> None:
    assert sql_text.array([]) == "CAST(array() AS array<string>)"
    assert sql_text.array(["'a'", "NULL"], "int") == "CAST(array_compact(array('a', NULL)) AS array<int>)"
