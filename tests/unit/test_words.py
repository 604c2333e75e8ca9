"""Numbers, shares, sizes, times and foreign text, as every face of the toolkit writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from toolkit import words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (3.0, "3"),
        (0.0061, "0.0061"),
        (1e-8, "1e-8"),
        (-2.5e-300, "-2.5e-300"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.3333"),
        (12.3456, "12.35"),
        (4.99996, "4.99996"),
        (999.96, "999.96"),
        (1000.04, "1,000.04"),
        (12345.678, "12,345.7"),
        (1_234_567.8, "1,234,568"),
        (2**53 + 1, "9,007,199,254,740,993"),
        (1e20, "1e20"),
        (-0.5, "-0.5"),
        (Decimal("8.89"), "8.89"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
    ],
)
def test_a_number_is_short_and_neither_nothing_nor_whole_unless_it_is(given: Any, shown: str) -> None:
    assert words.number(given) == shown


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.026, "2.6%"),
        (0.9999, "> 99.9%"),
        (0.978, "97.8%"),
        (0.0001, "0.01%"),
        (0.00006, "0.006%"),
        (1e-8, "1e-6%"),
        (12.5, "1,250%"),
        (float("nan"), "–"),
    ],
)
def test_a_share_is_all_or_nothing_only_when_it_is(part: float, shown: str) -> None:
    assert words.share(part) == shown


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_960, "1.0 MB"),
        (1_500_000, "1.5 MB"),
        (24_000_000_000, "24.0 GB"),
        (2 * 10**12, "2.0 TB"),
        (3 * 10**15, "3,000.0 TB"),
    ],
)
def test_a_size_has_one_unit_system(octets: int, shown: str) -> None:
    assert words.size(octets) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0.44, "0.4 s"), (42.9, "42 s"), (187, "3 min 07 s"), (3725, "1 h 02 min"), (-1, "0.0 s")],
)
def test_a_duration_names_its_units(seconds: float | None, shown: str) -> None:
    assert words.duration(seconds) == shown


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
def test_what_is_past_is_told_in_the_largest_unit(seconds: float, shown: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert words.ago(now - timedelta(seconds=seconds), now) == shown


def test_one_is_singular_and_what_is_not_known_is_a_dash() -> None:
    assert [words.plural(n, "row") for n in (0, 1, 1000)] == ["0 rows", "1 row", "1,000 rows"]
    assert [words.count(n) for n in (None, 0, 1000)] == ["–", "0", "1,000"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "NULL"),
        ("", ""),
        (True, "true"),
        (1234567, "1234567"),
        (0.0061, "0.0061"),
        (1e-8, "1e-08"),
        (0.1 + 0.2, "0.30000000000000004"),
        (Decimal("1.10"), "1.10"),
        (date(9999, 12, 31), "9999-12-31"),
        (datetime(2026, 3, 1, 10, 0, 7, tzinfo=UTC), "2026-03-01 10:00:07+00:00"),
        ([1, None, {"at": date(2026, 3, 1)}], '[1, null, {"at": "2026-03-01"}]'),
        (b"\x00\xff", "00 ff"),
    ],
)
def test_a_stored_value_is_shown_as_it_is(given: Any, shown: str) -> None:
    assert words.as_text(given) == shown


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
    assert words.literal(given) == shown


def test_line_breaks_stay_where_there_is_room_for_lines() -> None:
    assert words.literal("a\n\tb\x07", lines=True) == "a\n\tb␇"


def test_a_moment_that_nothing_tells_is_unknown_and_the_first_and_last_are_written_in_full() -> None:
    assert (words.ago(None), words.when(None)) == ("unknown", "unknown")
    assert words.when(datetime(1, 1, 1, tzinfo=UTC)).startswith("0001-01-01 ")
    assert words.when(datetime.max.replace(tzinfo=UTC)).startswith("9999-12-31 ")
