"""Errors say what happened, what is valid and what to do, and each family has its exit code."""

from __future__ import annotations

import re

import pytest

from toolkit import errors
from toolkit.errors import (
    AccessDenied,
    BusyError,
    DataError,
    ExitCode,
    QualityGateFailed,
    SetupError,
    StepFailed,
    ToolkitError,
    UsageError,
    nearest,
)

FAMILIES = {
    UsageError: 2,
    AccessDenied: 2,
    SetupError: 3,
    QualityGateFailed: 4,
    DataError: 5,
    BusyError: 6,
    StepFailed: 1,
    ToolkitError: 1,
}


@pytest.mark.parametrize(("family", "code"), FAMILIES.items())
def test_each_family_has_its_exit_code(family: type[ToolkitError], code: int) -> None:
    assert family("x").exit_code == code


def test_every_family_is_drawn_in_the_module_docstring_with_its_code() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\d)", str(errors.__doc__)))
    assert drawn == {family.__name__: str(code) for family, code in FAMILIES.items() if family is not ToolkitError}


def test_an_interrupted_process_returns_what_a_shell_expects() -> None:
    assert ExitCode.INTERRUPTED == 128 + 2


def test_the_text_has_choices_and_cure_when_there_are_any() -> None:
    assert str(UsageError("No.", choices=["a", "b"], cure="Try a.")) == "No. Valid choices: a, b. Try a."
    assert str(UsageError("No.")) == "No."


def test_choices_may_be_a_generator_and_are_kept() -> None:
    problem = UsageError("No.", choices=(c for c in "ab"))
    assert (str(problem), str(problem), problem.choices) == ("No. Valid choices: a, b.",) * 2 + (("a", "b"),)


def test_unknown_offers_the_nearest_spelling_and_sorted_choices() -> None:
    problem = UsageError.unknown("table", "silver.order", ["silver.orders", "gold.sales"])
    assert problem.what == "There is no table 'silver.order'. Did you mean 'silver.orders'?"
    assert problem.choices == ("gold.sales", "silver.orders")


@pytest.mark.parametrize("name", ["", "zzzzzz", "'; DROP", "\x00", "é" * 1000])
def test_nothing_is_offered_when_nothing_is_close(name: str) -> None:
    assert nearest(name, ["orders", "seed"]) == ""
    assert nearest(name, []) == ""
