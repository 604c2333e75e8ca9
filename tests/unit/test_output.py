"""Rows as a person and as a program read them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from toolkit.cli import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "yes"),
        (False, "no"),
        (1234567, "1,234,567"),
        (-0.5, "-0.50"),
        (Decimal("1.10"), "1.10"),
        ("", ""),
        ("[bold]x[/bold]", "[bold]x[/bold]"),
        ("two\nlines\ttab", "two�lines�tab"),
        ("\x1b[31mred", "�[31mred"),
        ([1, None, "ä"], '[1, null, "ä"]'),
        ({"at": date(2026, 3, 1)}, '{"at": "2026-03-01"}'),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-03-01 10:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31 23:59"),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 120, "x" * 120),
        (b"\x00\xff", "b'\\x00\\xff'"),
    ],
)
def test_a_cell_is_one_line_of_what_is_there(value: Any, text: str) -> None:
    assert output.cell(value) == text


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


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (2 * 10**12, "2000.0 GB")]
)
def test_sizes_are_in_the_unit_that_fits(count: int, text: str) -> None:
    assert output.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (4.24, "4.2 s"), (60, "1 min 00 s"), (3725, "62 min 05 s")]
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert output.duration(seconds) == text
