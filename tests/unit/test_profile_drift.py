"""Two profiles differ: what moved, by how much, and whether chance explains it."""

from __future__ import annotations

from datetime import UTC, datetime
from math import log
from typing import Any

import pytest

from toolkit.errors import UsageError
from toolkit.quality.profiling import (
    LIMITS,
    ColumnProfile,
    Drift,
    Histogram,
    Profile,
    Spread,
    Texts,
    Top,
    drift,
)
from toolkit.quality.profiling.drifting import distance, psi

ROWS = 10_000


def told(*columns: ColumnProfile, rows: int = ROWS) -> Profile:
    return Profile(measured_at=datetime(2026, 1, 1, tzinfo=UTC), rows=rows, columns=columns)


def spread(low: float, high: float, **more: Any) -> Spread:
    """Evenly from `low` to `high`."""
    steps = tuple(low + (high - low) * i / 100 for i in range(101))
    return Spread(**{"mean": (low + high) / 2, "stddev": (high - low) / 12**0.5, "percentiles": steps, **more})


def number(low: float = 0.0, high: float = 100.0, rows: int = ROWS, **more: Any) -> ColumnProfile:
    given = {"nulls": 0, "distinct": 5000, "min": low, "max": high, "spread": spread(low, high)}
    return ColumnProfile(**{"name": "grams", "type": "double", "kind": "number", "rows": rows, **given, **more})


def categories(**counts: int) -> ColumnProfile:
    top = tuple(Top(value=value, count=count) for value, count in counts.items())
    return ColumnProfile(
        name="state", type="string", kind="text", rows=sum(counts.values()), nulls=0, distinct=len(counts), top=top,
        top_exact=True, distinct_exact=True,
    )  # fmt: skip


def only(before: ColumnProfile, after: ColumnProfile, what: str) -> Drift:
    (one,) = [one for one in drift(told(before), told(after)) if one.what == what]
    return one


def test_a_profile_does_not_differ_from_itself() -> None:
    same = told(number(), categories(a=6000, b=4000))
    assert {one.verdict for one in drift(same, same)} == {"steady"}


def test_columns_that_came_went_or_changed_type_come_first() -> None:
    before = told(number(), number(name="old"))
    after = told(number(type="float"), number(name="new"))
    found = {(one.column, one.what, one.before, one.after) for one in drift(before, after)[:3]}
    assert found == {
        ("old", "removed", "double", None),
        ("new", "added", None, "double"),
        ("grams", "retyped", "double", "float"),
    }


def test_the_population_stability_index_is_the_textbook_sum() -> None:
    # (0.4 - 0.5) * ln(0.4 / 0.5) + (0.6 - 0.5) * ln(0.6 / 0.5)
    assert psi([0.5, 0.5], [0.4, 0.6]) == pytest.approx(-0.1 * log(0.8) + 0.1 * log(1.2))
    assert psi([1.0, 0.0], [1.0, 0.0]) == 0


@pytest.mark.parametrize(
    ("after", "verdict"),
    [((5000, 5000), "steady"), ((5900, 4100), "steady"), ((6900, 3100), "moved"), ((8000, 2000), "drifted")],
)
def test_shares_are_judged_by_the_rule_of_thumb(after: tuple[int, int], verdict: str) -> None:
    found = only(categories(a=5000, b=5000), categories(a=after[0], b=after[1]), "shares")
    assert found.verdict == verdict
    assert found.size == pytest.approx(found.measured / LIMITS["shares"].drifted) or found.verdict == "steady"


def test_new_categories_are_named() -> None:
    found = only(categories(a=5000, b=5000), categories(a=5000, b=4000, c=1000), "new values")
    assert (found.after, found.measured, found.verdict) == ("c", pytest.approx(0.1), "drifted")


def test_what_chance_explains_is_steady() -> None:
    few = only(categories(a=5, b=5), categories(a=8, b=2), "shares")
    many = only(categories(a=5000, b=5000), categories(a=8000, b=2000), "shares")
    assert (few.verdict, many.verdict) == ("steady", "drifted")


def test_more_nulls_are_told_with_both_shares() -> None:
    found = only(number(nulls=0), number(nulls=2000), "nulls")
    assert (found.before, found.after, found.verdict) == (0.0, 0.2, "drifted")


def test_a_shifted_mean_is_told_in_standard_deviations() -> None:
    deviation = 100 / 12**0.5
    found = only(number(), number(0 + deviation, 100 + deviation), "mean")
    assert found.measured == pytest.approx(1.0)
    assert found.verdict == "drifted"


def test_a_distribution_that_spread_with_its_mean_in_place_is_found_by_its_quantiles() -> None:
    mean = only(number(), number(-100, 200), "mean")
    quantiles = only(number(), number(-100, 200), "quantiles")
    assert (mean.verdict, quantiles.verdict) == ("steady", "drifted")
    assert quantiles.measured == pytest.approx(1 / 3, abs=0.01)


def test_the_distance_of_two_distributions_is_that_of_kolmogorov_and_smirnov() -> None:
    assert distance(spread(0, 100), spread(0, 100)) == 0
    assert distance(spread(0, 100), spread(50, 150)) == pytest.approx(0.5, abs=0.01)
    assert distance(spread(0, 1), spread(2, 3)) == 1


def test_values_outside_the_old_range_are_measured_in_units_of_it() -> None:
    found = only(number(0, 100), number(0, 160), "range")
    assert found.measured == pytest.approx(0.6)
    assert only(number(0, 100), number(20, 80), "range").measured == 0


def test_a_key_grows_with_its_table_without_drifting() -> None:
    before = number(distinct=10_000, likely_key=True)
    grown = number(rows=100_000, distinct=100_000, likely_key=True)
    (found,) = [one for one in drift(told(before), told(grown, rows=100_000)) if one.what == "distinct"]
    assert found.verdict == "steady"


def test_changed_shapes_are_seen_in_texts_with_many_values() -> None:
    def shaped(**counts: int) -> ColumnProfile:
        shapes = tuple(Top(value=value, count=count) for value, count in counts.items())
        return ColumnProfile(
            name="code", type="string", kind="text", rows=ROWS, nulls=0, distinct=9000,
            texts=Texts(blank=0, non_ascii=0, shapes=shapes),
        )  # fmt: skip

    assert only(shaped(A99=ROWS), shaped(A99=6000, a99=4000), "shapes").verdict == "drifted"


def test_empty_and_all_null_columns_have_no_distribution_to_compare() -> None:
    empty = number(rows=0, spread=Spread(), distinct=0, min=None, max=None)
    nothing = number(nulls=ROWS, spread=Spread(), distinct=0, min=None, max=None)
    assert [one.what for one in drift(told(empty, rows=0), told(number()))] == ["rows"]
    assert {one.what for one in drift(told(number()), told(nothing))} == {"rows", "nulls"}


def test_the_greatest_difference_comes_first() -> None:
    found = drift(told(number(), categories(a=5000, b=5000)), told(number(300, 400), categories(a=6900, b=3100)))
    sizes = [one.size for one in found]
    assert sizes == sorted(sizes, reverse=True)
    assert found[0].column == "grams"


def test_every_limit_names_its_source() -> None:
    assert all(limit.source and limit.moved < limit.drifted for limit in LIMITS.values())


def test_a_profile_goes_to_json_and_back() -> None:
    column = number().model_copy(
        update={"histogram": Histogram(edges=(0.0, 1.0), counts=(3,)), "top": (Top(value="1.50", count=2),), "min": 7}
    )
    profile = told(column, categories(a=1))
    back = Profile.model_validate_json(profile.model_dump_json())
    assert back == profile
    assert type(back.columns[0].min) is int
    assert back.columns[0].top[0].value == "1.50"


def test_a_column_that_is_not_there_is_offered_its_nearest_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'grams'"):
        told(number()).column("gram")


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(UsageError, match="no 50th percentile"):
        Spread().quantile(50)
    assert spread(0, 100).quantile(25) == 25
    assert spread(0, 100).share_up_to(-1) == 0
    assert spread(0, 100).share_up_to(100) == 1
