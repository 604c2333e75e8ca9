"""Values out of Arrow: what Python cannot hold is text, and stands where it stood."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit.store.reader import DeltaReader
from toolkit.values import day_text

EARLY, ZERO = -735_525, -719_528
"""Days from 1970 to the 15th of March of the year -44, and to the first day of the year 0."""
DAY_MICROS = 86_400 * 10**6


def days(*numbers: int | None) -> pa.Array:
    return pa.array(numbers, pa.int32()).cast(pa.date32())


def times(*numbers: int | None, tz: str | None = "UTC") -> pa.Array:
    return pa.array(numbers, pa.int64()).cast(pa.timestamp("us", tz))


def first_column(tmp_path: Path, column: pa.Array) -> list[Any]:
    """The values as the reader gives them, in the order of the rows."""
    write_deltalake(tmp_path / "t", pa.table({"n": range(len(column)), "value": column}))
    return [row[1] for row in DeltaReader(tmp_path / "t", "silver.t").page(order_by="n").rows]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (6_666_666, "20222-09-18"),
        (EARLY, "-0044-03-15"),
        (ZERO, "0000-01-01"),
        (ZERO - 1, "-0001-12-31"),
        (2_932_897, "10000-01-01"),
        (2**31 - 1, "5881580-07-11"),
        (-(2**31), "-5877641-06-23"),
        (0, "1970-01-01"),
        (-719_162, "0001-01-01"),
    ],
)
def test_a_day_of_any_year_has_a_text(number: int, text: str) -> None:
    assert day_text(number) == text


def test_a_date_past_the_year_9999_is_text_among_dates(tmp_path: Path) -> None:
    found = first_column(tmp_path, days(19_800, 6_666_666, None, ZERO))
    assert found == [date(2024, 3, 18), "20222-09-18", None, "0000-01-01"]


@pytest.mark.parametrize(("zone", "tail"), [("UTC", "+00:00"), (None, "")])
def test_a_time_that_python_cannot_hold_is_text(tmp_path: Path, zone: str | None, tail: str) -> None:
    micros = 6_666_666 * DAY_MICROS + 3_600 * 10**6 + 5
    found = first_column(tmp_path, times(micros, EARLY * DAY_MICROS, 0, -1, tz=zone))
    tz = UTC if zone else None
    assert found == [
        f"20222-09-18 01:00:00.000005{tail}",
        f"-0044-03-15 00:00:00{tail}",
        datetime(1970, 1, 1, tzinfo=tz),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=tz),
    ]


def test_the_first_and_the_last_moment_of_python_are_no_text(tmp_path: Path) -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
    assert first_column(tmp_path, pa.array(ends, pa.timestamp("us", "UTC"))) == ends


def test_nested_values_keep_their_form_around_one_that_is_text(tmp_path: Path) -> None:
    inner = pa.StructArray.from_arrays([days(6_666_666, 0), pa.array(["x", "y"])], ["day", "name"])
    listed = pa.ListArray.from_arrays([0, 1, 2], inner)
    assert first_column(tmp_path, listed) == [
        [{"day": "20222-09-18", "name": "x"}],
        [{"day": date(1970, 1, 1), "name": "y"}],
    ]


def test_a_map_stays_pairs_around_one_that_is_text(tmp_path: Path) -> None:
    mapped = pa.MapArray.from_arrays([0, 2, 2], pa.array(["a", "b"]), days(6_666_666, None))
    assert first_column(tmp_path, mapped) == [[("a", "20222-09-18"), ("b", None)], []]
