"""Rows as a person and as a program read them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from toolkit.cli import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (-0.5, "-0.5"),
        (0.0061, "0.0061"),
        (1e-8, "1e-8"),
        (Decimal("1.10"), "1.10"),
        ("", ""),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ([1, None, "ä"], '[1, null, "ä"]'),
        ({"at": date(2026, 3, 1)}, '{"at": "2026-03-01"}'),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31 23:59"),
        (datetime(2026, 3, 1, 12, 7, 5).astimezone(), "2026-03-01 12:07"),
    ],
)
def test_what_we_know_is_written_for_people(value: Any, text: str) -> None:
    assert output.cell(value) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines\ttab", "two⏎lines⇥tab"),
        ("\x1b[31mred", "␛[31mred"),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 120, "x" * 120),
        ("x" * 10_000_000, "x" * 119 + "…"),
    ],
)
def test_a_cell_is_one_line_and_nothing_in_it_acts(text: str, line: str) -> None:
    assert output.one_line(text) == line


def test_names_and_titles_are_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["id", "weight [kg]", "Q1[other]", "home[/]", "\x1b[31mred"]
    output.show([dict.fromkeys(names, 1)], as_json=False, title="[bold]rows[/bold]")
    title, header, _ = capsys.readouterr().out.splitlines()
    assert title.strip() == "[bold]rows[/bold]"
    assert header.split("  ") == ["id", "weight [kg]", "Q1[other]", "home[/]", "␛[31mred"]
    output.show([], as_json=False, empty="No [/] here.")
    assert capsys.readouterr().err == "No [/] here.\n"


def test_stored_values_are_neither_rounded_nor_grouped(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": 1234567, "tiny": 1e-08, "exact": 0.30000000000000004, "none": None}
    output.show([row], as_json=False, stored=True)
    assert capsys.readouterr().out.splitlines()[1].split() == ["1234567", "1e-08", "0.30000000000000004", "NULL"]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime(2026, 3, 1, 10, tzinfo=UTC), "2026-03-01T10:00:00+00:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (Decimal("1.10"), "1.10"),
        (b"\x00\xff", "00ff"),
        (("a", 1), ["a", 1]),
        (float("nan"), None),
        ([1.5, float("inf"), {"x": float("-inf")}], [1.5, None, {"x": None}]),
        ("größe\u2028😀\x00", "größe\u2028😀\x00"),
        (timedelta(seconds=1), "0:00:01"),
        (2**63 - 1, 2**63 - 1),
        (
            {
                "b",
            },
            ["b"],
        ),
    ],
)
def test_json_is_strict_and_keeps_everything(value: Any, plain: Any, capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json(value)
    printed = capsys.readouterr().out
    assert printed.endswith("\n")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(printed, parse_constant=refuse) == plain


def test_rows_are_data_and_their_absence_is_narration(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([{"name": "[red]x", "rows": 1000}], as_json=False, title="T")
    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines()] == [["T"], ["name", "rows"], ["[red]x", "1,000"]]
    assert printed.err == ""
    output.show([], as_json=False, empty="Nothing yet.")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "Nothing yet.\n")
    output.show([], as_json=True)
    assert capsys.readouterr().out == "[]\n"


def test_no_number_loses_its_last_digits_and_no_column_is_left_out_where_there_is_little_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.out, "_width", 80)
    output.show([{f"amount_{i}": 12345.5 + i for i in range(24)}], as_json=False, stored=True)
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == [f"amount_{i}" for i in range(24)]
    assert line.split() == [str(12345.5 + i) for i in range(24)]
