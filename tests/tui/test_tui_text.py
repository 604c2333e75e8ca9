"""Bars, cells, commands and problems as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from toolkit.errors import UsageError
from toolkit.exports import csv_text
from toolkit.tui import command_lines
from toolkit.tui.bars import bar
from toolkit.tui.cells import cell, reasons, whole
from toolkit.tui.problems import told
from toolkit.words import as_text


@pytest.mark.parametrize(("share", "shown"), [(0, "╌╌╌╌"), (0.5, "━━╌╌"), (0.999, "━━━╸"), (1, "━━━━"), (7, "━━━━")])
def test_a_bar_is_full_only_when_everything_is(share: float, shown: str) -> None:
    assert bar(share, 4) == shown


def test_null_and_empty_text_do_not_look_alike() -> None:
    assert cell(None).plain == "NULL"
    assert cell("").plain == '""'
    assert cell("NULL").style != cell(None).style


def test_a_cell_keeps_markup_and_escapes_as_text() -> None:
    shown = cell("[red]x[/red]\x1b[31m")
    assert shown.plain == "[red]x[/red]␛[31m"
    assert not shown.spans


def test_a_long_cell_is_cut_and_numbers_stand_right() -> None:
    assert cell("x" * 1_000_000).plain == "x" * 35 + "…"
    assert cell(5).justify == cell(Decimal("1.50")).justify == "right"
    assert cell(True).justify == "left"


def test_nested_values_are_json() -> None:
    nested = [{"on": date(2026, 3, 1), "n": Decimal("1.50")}]
    assert as_text(nested) == '[{"on": "2026-03-01", "n": "1.50"}]'
    assert whole(nested).splitlines()[2] == '    "on": "2026-03-01",'
    assert whole('{"a":1}') == '{\n  "a": 1\n}'
    assert whole("{not json") == "{not json"
    assert as_text(b"\x00\xff") == "00 ff"


def test_reasons_name_rule_and_message() -> None:
    assert reasons([{"rule": "a", "message": "m"}, {"rule": "b", "message": None}]) == "a: m; b"
    assert reasons(None) == "NULL"


def test_csv_tells_null_from_empty_text_and_quotes() -> None:
    assert csv_text(["a", "b,c"], [(None, ""), ('say "hi"', "x\ny"), (1, True)]) == (
        'a,"b,c"\n,""\n"say ""hi""","x\ny"\n1,true\n'
    )


def test_commands_can_be_pasted() -> None:
    assert (
        command_lines.run("shop", {"orders": "200000"}, ["notebook"]) == "toolkit run shop -p orders 200000 --notebook"
    )
    assert command_lines.run("shop", {"note": "a b; rm"}) == "toolkit run shop -p note 'a b; rm'"
    assert command_lines.table("silver.orders", 3) == "toolkit tables show silver.orders --version 3"
    assert command_lines.table("silver.orders", tab="history") == "toolkit tables show silver.orders --history"
    where = command_lines.table("silver.orders", where="a = 'x'\nAND b")
    assert where == "toolkit tables show silver.orders --where \"a = 'x'\nAND b\"", "not a blank of it is lost"
    assert command_lines.table("silver.orders", where="a = '$(x)'").endswith("""'a = '"'"'$(x)'"'"''""")


def test_every_problem_says_what_and_what_to_do() -> None:
    usage = told(UsageError.unknown("table", "silver.order", ["silver.orders"], cure="Run one."))
    assert usage.text().splitlines() == [
        "There is no table 'silver.order'. Did you mean 'silver.orders'?",
        "Valid choices: silver.orders",
        "Run one.",
    ]
    assert "ZeroDivisionError" in told(ZeroDivisionError("x")).what
    assert told(PermissionError(13, "Permission denied", "/x")).what == "Permission denied: /x"
