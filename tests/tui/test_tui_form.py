"""A form made from a parameter model."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.parameters import Parameters
from toolkit.scenario import get
from toolkit.tui import form


@pytest.fixture
def shop(home: Path) -> type[Parameters]:
    """The parameters of the corner shop."""
    del home
    return get("corner_shop").parameters


def test_each_parameter_has_a_field_of_its_kind(shop: type[Parameters]) -> None:
    fields = form.fields_of(shop)
    assert [(f.name, f.kind, f.default) for f in fields] == [
        ("orders", "integer", "1000"),
        ("tax_rate", "number", "0.2"),
        ("currency", "text", "EUR"),
        ("strict", "switch", "false"),
        ("as_of", "date", "2026-03-01"),
        ("mode", "choice", "full"),
        ("note", "text", ""),
    ]
    assert [f.title for f in fields][:2] == ["Orders", "Tax rate"]


def test_the_hint_tells_meaning_limits_and_default(shop: type[Parameters]) -> None:
    orders, tax, *_ = form.fields_of(shop)
    assert form.hint(orders) == "How many orders to make · at least 10, at most 1,000,000 · default 1000"
    assert tax.range == "at least 0, less than 1"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("orders", "5", "orders = '5': it should be greater than or equal to 10"),
        ("orders", "", "orders = '': it should be a valid integer"),
        ("tax_rate", "1", "tax_rate = '1': it should be less than 1"),
        ("currency", "EURO", "currency = 'EURO': it should have at most 3 characters"),
        ("currency", "", "currency = '': it should have at least 3 characters"),
        ("as_of", "yesterday", "as_of = 'yesterday': it should be a valid date"),
    ],
)
def test_the_model_judges(shop: type[Parameters], name: str, text: str, problem: str) -> None:
    found = form.problems(shop, form.fields_of(shop), {name: text})
    assert list(found) == [name]
    assert found[name].startswith(problem)


def test_a_rule_over_several_fields_is_told_of_no_field(shop: type[Parameters]) -> None:
    found = form.problems(shop, form.fields_of(shop), {"mode": "incremental", "orders": "50"})
    assert list(found) == [""]
    assert found[""].endswith("incremental needs at least 100 orders")


def test_defaults_are_valid_and_need_no_word_on_the_command_line(shop: type[Parameters]) -> None:
    fields = form.fields_of(shop)
    assert form.problems(shop, fields, {}) == {}
    assert form.changed(fields, {f.name: f.default for f in fields}) == {}


def test_only_what_changed_is_named(shop: type[Parameters]) -> None:
    texts = {"orders": "500", "strict": "true", "note": "first try", "currency": "EUR"}
    fields = form.fields_of(shop)
    assert form.changed(fields, texts) == {"orders": "500", "strict": "true", "note": "first try"}
    assert form.problems(shop, fields, texts) == {}
