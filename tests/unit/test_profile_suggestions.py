"""A profile speaks for rules: each with the confidence that its rows allow, as a file that the rules' own loader reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from toolkit.errors import UsageError
from toolkit.quality.profiling import (
    ColumnProfile,
    ForeignKey,
    Form,
    Ordering,
    Profile,
    Sizes,
    Spread,
    Suggestion,
    Texts,
    Top,
    as_yaml,
    suggest,
)
from toolkit.quality.profiling.confidence import wilson
from toolkit.quality.profiling.suggestions import with_margin
from toolkit.quality.profiling.text_formats import pattern
from toolkit.quality.rules import load


def told(*columns: ColumnProfile, rows: int = 1000, **more: Any) -> Profile:
    return Profile(
        table="silver.parcels", measured_at=datetime(2026, 1, 1, tzinfo=UTC), rows=rows, columns=columns, **more
    )


def number(rows: int = 1000, **more: Any) -> ColumnProfile:
    given = {"nulls": 0, "distinct": 500, "min": 1, "max": 100, "spread": Spread(mean=5.0, stddev=2.0)}
    return ColumnProfile(**{"name": "grams", "type": "int", "kind": "number", "rows": rows, **given, **more})


def text(shapes: dict[str, int], **more: Any) -> ColumnProfile:
    found = Texts(blank=0, non_ascii=0, shapes=tuple(Top(value=s, count=n) for s, n in shapes.items()))
    lengths = [len(shape) for shape in shapes]
    given = {
        "texts": found,
        "sizes": Sizes(min=min(lengths), max=max(lengths), mean=5.0, empty=0),
        "distinct": 900,
        "nulls": 0,
    }
    return ColumnProfile(**{"name": "code", "type": "string", "kind": "text", "rows": 1000, **given, **more})


def found(profile: Profile, kind: str) -> Suggestion | None:
    return next((one for one in suggest(profile) if one.rule.kind == kind), None)


def needed(profile: Profile, kind: str) -> Suggestion:
    one = found(profile, kind)
    assert one is not None, [s.rule.kind for s in suggest(profile)]
    return one


@pytest.mark.parametrize(("rows", "least"), [(10, 0.7225), (100, 0.963), (10_000, 0.9996)])
def test_confidence_grows_with_the_rows_that_were_seen(rows: int, least: float) -> None:
    assert wilson(rows, rows) == pytest.approx(least, abs=0.0001)


def test_wilsons_bound_is_the_published_one() -> None:
    # 81 of 263 is the example of NIST's handbook of statistical methods: 0.2553 for z = 1.96.
    assert wilson(81, 263) == pytest.approx(0.2553, abs=0.0002)
    assert wilson(0, 0) == 0


def test_an_empty_table_suggests_nothing() -> None:
    assert suggest(told(number(rows=0, min=None, max=None, distinct=0), rows=0)) == ()


def test_a_column_without_nulls_is_given_and_blocks_only_when_many_rows_were_seen() -> None:
    assert needed(told(number(rows=1000)), "not_null").rule.severity == "error"
    assert needed(told(number(rows=100)), "not_null").rule.severity == "warn"
    assert needed(told(number(rows=10)), "not_null").rule.severity == "info"


def test_a_rule_that_rows_break_already_warns_and_tolerates_them() -> None:
    one = needed(told(number(nulls=5)), "not_null")
    assert (one.rule.severity, one.rule.tolerance) == ("warn", pytest.approx(0.005))
    assert "5 of 1,000" in one.reason
    assert found(told(number(nulls=11)), "not_null") is None


def test_bounds_have_a_margin_that_does_not_cross_zero() -> None:
    rule = needed(told(number()), "between").rule.as_data()
    assert (rule["min"], rule["max"]) == (0, 110)
    bounds = needed(told(number(min=-7.5, max=2.5, type="double")), "between").rule.as_data()
    assert (bounds["min"], bounds["max"]) == (-9.0, 4.0)


@pytest.mark.parametrize("low, high", [("0.1", "0.3"), ("5", "5"), ("-1e300", "1e300"), ("-3", "-1"), ("0", "7")])  # noqa: PT006
def test_the_range_with_margin_always_holds_what_was_seen(low: str, high: str) -> None:
    from decimal import Decimal

    down, up = with_margin(Decimal(low), Decimal(high))
    assert down <= Decimal(low)
    assert up >= Decimal(high)


def test_a_key_is_unique_and_has_no_bounds() -> None:
    kinds = {one.rule.kind: one for one in suggest(told(number(distinct=1000, likely_key=True)))}
    assert kinds["unique"].rule.columns == ("grams",)
    assert "between" not in kinds


def test_an_estimated_key_does_not_block_rows_and_a_counted_one_does() -> None:
    guessed = needed(told(number(distinct=996, likely_key=True)), "unique")
    counted = needed(told(number(distinct=1000, likely_key=True, distinct_exact=True)), "unique")
    assert guessed.rule.severity == "warn"
    assert guessed.reason.endswith("confirm it (suggest --confirm) before it blocks rows")
    assert counted.rule.severity == "error"


def test_few_values_are_listed_and_values_seen_once_lower_the_confidence() -> None:
    def listed(*counts: int) -> ColumnProfile:
        top = tuple(Top(value=f"v{i}", count=n) for i, n in enumerate(counts))
        return text({"a9": 1000}, top=top, top_exact=True, distinct=len(counts), distinct_exact=True)

    sure = needed(told(listed(600, 400)), "one_of")
    unsure = needed(told(listed(600, 398, 1, 1)), "one_of")
    assert sure.rule.as_data()["values"] == ["v0", "v1"]
    assert sure.confidence > unsure.confidence
    assert found(told(listed(999)), "one_of") is None, "one row is not among those listed"
    assert found(told(listed(600, 400)), "matches") is None


def test_one_shape_becomes_a_pattern() -> None:
    rule = needed(told(text({"AA-9999": 1000})), "matches").rule
    assert rule.as_data()["pattern"] == "[A-Z]{2}\\-[0-9]{4}"


def test_shapes_that_differ_in_length_become_one_pattern_and_others_are_tolerated() -> None:
    one = needed(told(text({"AA9": 600, "AA99": 396, "aa-9": 4})), "matches")
    assert one.rule.as_data()["pattern"] == "[A-Z]{2}[0-9]{1,2}"
    assert one.rule.tolerance == pytest.approx(0.004)


def test_texts_of_many_shapes_have_a_length_only() -> None:
    profile = told(text({"aaa 9": 500, "a-aa": 500}))
    assert found(profile, "matches") is None
    assert needed(profile, "length").rule.as_data()["max"] >= 5


def test_letters_of_other_scripts_stay_letters_in_the_pattern() -> None:
    assert pattern(["Aa9"], unicode=True) == r"[\p{Lu}\p{Lt}][\p{L}&&[^\p{Lu}\p{Lt}]]\p{Nd}"
    assert pattern(["A9", "9A"]) == ""


def test_a_known_form_comes_before_a_pattern() -> None:
    column = text({"9999-99-99": 1000})
    assert column.texts is not None
    dates = column.texts.model_copy(
        update={"forms": (Form(kind="date_format", letters="yyyy-MM-dd", count=1000),)},
    )
    profile = told(column.model_copy(update={"texts": dates}))
    assert needed(profile, "date_format").rule.as_data()["format"] == "yyyy-MM-dd"
    assert found(profile, "matches") is None


def test_blank_texts_are_a_matter_of_not_blank() -> None:
    column = text({"a9": 1000})
    assert needed(told(column), "not_blank")
    assert column.texts is not None
    blank = column.model_copy(update={"texts": column.texts.model_copy(update={"blank": 500})})
    assert found(told(blank), "not_blank") is None
    assert needed(told(blank), "not_null")


def test_references_need_names_that_agree() -> None:
    key = ForeignKey(column="grams", to="silver.scales", key="grams", rows=1000, found=1000, named_alike=True)
    rule = needed(told(number(), foreign_keys=(key,)), "references").rule.as_data()
    assert (rule["to"], rule["key"]) == ("silver.scales", "grams")
    stranger = key.model_copy(update={"named_alike": False})
    assert found(told(number(), foreign_keys=(stranger,)), "references") is None


def test_times_in_order_become_a_comparison() -> None:
    order = Ordering(first="sent", second="arrived", rows=1000, kept=1000)
    rule = needed(told(number(), orderings=(order,)), "compare").rule.as_data()
    assert (rule["column"], rule["op"], rule["other"]) == ("sent", "<=", "arrived")
    assert found(told(number(), orderings=(order.model_copy(update={"kept": 900}),)), "compare") is None


def test_the_file_reads_back_to_the_same_rules_with_reasons_above_them() -> None:
    profile = told(number(), text({"AA-9999": 996, "aa: #'\"": 4}))
    suggested = suggest(profile)
    written = as_yaml(suggested, "silver.parcels", owner="parcels team")
    read = load(written)
    assert [rule.model_copy(update={"owner": ""}) for rule in read.rules] == [one.rule for one in suggested]
    assert read.owner == "parcels team"
    assert written.count("# confidence ") == len(suggested) > 3


def test_no_suggestions_make_a_file_without_rules() -> None:
    assert load(as_yaml((), "silver.parcels")).rules == ()


def test_a_file_needs_the_name_of_a_table() -> None:
    with pytest.raises(UsageError, match="not a table name"):
        as_yaml((), "")


def test_columns_whose_names_differ_in_case_only_get_rules_of_their_own() -> None:
    names = [one.rule.name for one in suggest(told(number(), number(name="GRAMS")))]
    assert len(names) == len(set(names))
    assert "grams_not_null_2" in names
