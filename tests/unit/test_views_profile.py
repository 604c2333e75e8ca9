"""What quality's views say of kept profiles: each column's facts, which version they are of, and what drifted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from toolkit import areas
from toolkit.errors import DataError, UsageError
from toolkit.quality.kept import keep_profile, profile_file, profiled_versions
from toolkit.quality.profiling import (
    ColumnProfile,
    ForeignKey,
    Form,
    Histogram,
    Profile,
    Sizes,
    Spread,
    Texts,
    Top,
)
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Result

TABLE = "silver.orders"
AT = datetime(2026, 1, 5, 6, tzinfo=UTC)


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    """A table of two versions."""
    found = Lakehouse.default()
    for number in range(2):
        write_deltalake(found.path(TABLE), pa.table({"id": [number]}), mode="append")
    return found


def column(name: str = "x", **more: Any) -> ColumnProfile:
    given = {"name": name, "type": "double", "kind": "number", "rows": 900, "nulls": 0, "distinct": 80}
    return ColumnProfile.model_validate({**given, **more})


def profile(*columns: ColumnProfile, **more: Any) -> Profile:
    return Profile(table=TABLE, measured_at=AT, columns=columns, **{"rows": 900, **more})


def shown(lakehouse: Lakehouse, name: str, **values: Any) -> Result:
    question = areas.question(f"quality.{name}", {"table": TABLE, **values})
    return areas.view(f"quality.{name}").read(lakehouse, question.parameters)


def sentence(lakehouse: Lakehouse, one: ColumnProfile, **more: Any) -> str:
    keep_profile(profile(one, **more), 1)
    return areas.view("quality.columns").sentence(shown(lakehouse, "columns").rows[0])


def test_the_newest_version_is_shown_unless_another_is_asked_for(lakehouse: Lakehouse) -> None:
    keep_profile(profile(column("old")), 0)
    result = shown(lakehouse, "columns")
    assert [row["column"] for row in result.rows] == ["old"]
    assert "of version 0, measured on 2026-01-05 06:00. The table is at version 1 now." in result.notes[0]
    keep_profile(profile(column("new")), 1)
    assert profiled_versions(TABLE) == [1, 0]
    result = shown(lakehouse, "columns")
    assert [row["column"] for row in result.rows] == ["new"]
    assert "now" not in result.notes[0]
    assert [row["column"] for row in shown(lakehouse, "columns", version=0).rows] == ["old"]


def test_where_none_is_kept_it_says_how_to_make_one(lakehouse: Lakehouse) -> None:
    result = shown(lakehouse, "columns")
    assert (result.rows, result.notes) == (
        (),
        ("No profile of silver.orders is kept. Measure one: toolkit quality profile silver.orders",),
    )
    assert shown(lakehouse, "columns", version=0).notes[0].endswith("toolkit quality profile silver.orders --version 0")
    with pytest.raises(UsageError, match=r"There is no table 'silver\.nothing'"):
        shown(lakehouse, "columns", table="silver.nothing")


def test_a_file_that_is_no_profile_is_told(lakehouse: Lakehouse) -> None:
    keep_profile(profile(column()), 1)
    profile_file(TABLE, 1).write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        shown(lakehouse, "columns")


def test_what_a_column_has_to_do_with_others_stands_beside_it(lakehouse: Lakehouse) -> None:
    key = ForeignKey(column="x", to="customers", key="id", rows=900, found=860, named_alike=True)
    told = "x looks like a reference to customers.id (860 of 900 rows found)"
    assert told in sentence(lakehouse, column(), foreign_keys=(key,)).splitlines()
    assert told in shown(lakehouse, "columns").notes


def test_numbers_have_their_facts(lakehouse: Lakehouse) -> None:
    spread = Spread(mean=25.0, stddev=14.4, percentiles=tuple(float(i) for i in range(101)), nan=3, infinite=1)
    bins = Histogram(edges=(0.5, 25.0, 49.5), counts=(700, 200))
    told = sentence(lakehouse, column(nulls=600, min=0.5, max=49.5, spread=spread, histogram=bins))
    assert told.splitlines() == [
        "x (double): 600 of 900 rows are null, about 80 different values, from 0.5 to 49.5, mean 25, standard deviation "
        "14.4, median 50, 3 NaN, 1 infinite.",
        "Histogram: 0.5 – 25: 700, 25 – 49.5: 200",
    ]


def test_moments_have_their_days_and_those_to_come(lakehouse: Lakehouse) -> None:
    bins = Histogram(edges=(1767225600.0, 1767657600.0, 1768089600.0), counts=(7, 3))
    told = sentence(lakehouse, column(kind="time", type="timestamp", spread=Spread(future=2), histogram=bins))
    assert "2 in the future" in told
    assert "2026-01-01 00:00 – 2026-01-06 00:00: 7" in told


def test_texts_have_their_sizes_shapes_and_values(lakehouse: Lakehouse) -> None:
    texts = Texts(blank=4, non_ascii=0, shapes=(Top(value="Aa9", count=5),), forms=(Form(kind="email", count=9),))
    told = sentence(
        lakehouse,
        column(
            kind="text", type="string", distinct=2, distinct_exact=True, likely_key=True, texts=texts,
            sizes=Sizes(min=1, max=9, mean=4.5, empty=2), top=(Top(value="", count=890), Top(value="b", count=10)),
            top_exact=True,
        ),
    )  # fmt: skip
    assert "2 different values, likely a key, size 1 to 9, mean 4.5, 2 empty, 4 blank, shapes Aa9, 9 email." in told
    assert 'All values: "": 890, b: 10' in told


def test_drift_is_shown_between_two_versions_that_are_kept(lakehouse: Lakehouse) -> None:
    told = shown(lakehouse, "drift", before=0, after=1).notes
    assert told == ("Not both versions are profiled yet: toolkit quality compare silver.orders 0 --after 1",)
    keep_profile(profile(column(nulls=20), column("gone")), 0)
    keep_profile(profile(column(nulls=600)), 1)
    result = shown(lakehouse, "drift", before=0)
    assert [(row["column"], row["what"]) for row in result.rows] == [("x", "nulls"), ("gone", "removed")]
    assert (result.rows[0]["before"], result.rows[0]["after"]) == ("2.2%", "66.7%")
    assert result.notes == ("Version 0 of silver.orders beside version 1.",)
    assert len(shown(lakehouse, "drift", before=0, steady=True).rows) > 2
    assert shown(lakehouse, "drift", before=1).notes[-1] == "Nothing has drifted."
