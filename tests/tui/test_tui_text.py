"""Numbers, times and foreign text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from toolkit.errors import UsageError
from toolkit.tui import command_lines, text
from toolkit.tui.cells import cell, csv_text, plain, reasons, whole
from toolkit.tui.problems import told


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain ünïcode 👩‍🔬", "plain ünïcode 👩‍🔬"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\x00b\x7f", "a␀b␡"),
        ("two\nlines\tand tab", "two⏎lines⇥and tab"),
        ("\u202eevil", "\\u202eevil"),
        ("\x9b31m", "\\u009b31m"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_foreign_text_is_shown_and_never_acts(given: str, shown: str) -> None:
    assert text.literal(given) == shown


def test_line_breaks_stay_where_there_is_room_for_lines() -> None:
    assert text.literal("a\n\tb\x07", lines=True) == "a\n\tb␇"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "just now"),
        (40, "40 s ago"),
        (185, "3 min ago"),
        (7300, "2 h ago"),
        (90_000, "1 day ago"),
        (3e6, "2026-01-25"),
    ],
)
def test_ago(seconds: float, shown: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert text.ago(now - timedelta(seconds=seconds), now) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0.44, "0.4 s"), (42.9, "42 s"), (187, "3:07"), (3723, "1:02:03"), (-1, "0.0 s")],
)
def test_duration(seconds: float | None, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(1, "100%"), (0.9999, "> 99.9%"), (0.978, "97.8%"), (0.0001, "< 0.1%"), (0, "0%")]
)
def test_a_percentage_is_whole_only_when_everything_is(share: float, shown: str) -> None:
    assert text.percent(share) == shown


@pytest.mark.parametrize(("share", "shown"), [(0, "╌╌╌╌"), (0.5, "━━╌╌"), (0.999, "━━━╸"), (1, "━━━━"), (7, "━━━━")])
def test_a_bar_is_full_only_when_everything_is(share: float, shown: str) -> None:
    assert text.bar(share, 4) == shown


@pytest.mark.parametrize(("octets", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"), (5 * 1024**4, "5.0 TB")])
def test_size(octets: int, shown: str) -> None:
    assert text.size(octets) == shown


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
    assert plain(nested) == '[{"on": "2026-03-01", "n": "1.50"}]'
    assert whole(nested).splitlines()[2] == '    "on": "2026-03-01",'
    assert whole('{"a":1}') == '{\n  "a": 1\n}'
    assert whole("{not json") == "{not json"
    assert plain(b"\x00\xff") == "00 ff"


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


def test_a_moment_that_nothing_tells_is_unknown() -> None:
    assert (text.ago(None), text.when(None)) == ("unknown", "unknown")
