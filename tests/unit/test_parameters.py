"""`-p NAME VALUE` and `-p NAME=VALUE` mean the same."""

from __future__ import annotations

import pytest

from toolkit.cli.parameters import joined, parsed
from toolkit.errors import UsageError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["run", "x"], ["run", "x"]),
        (["-p", "a", "1"], ["-p", "a=1"]),
        (["-p", "a=1"], ["-p", "a=1"]),
        (["-p", "a=1", "b"], ["-p", "a=1", "b"]),
        (["--parameter", "a", "1", "-p", "b", "2"], ["--parameter", "a=1", "-p", "b=2"]),
        (["-p", "note", "x=y"], ["-p", "note=x=y"]),
        (["-p", "n", "-1"], ["-p", "n=-1"]),
        (["-p", "note", "two words"], ["-p", "note=two words"]),
        (["-p", "a"], ["-p", "a="]),
        (["-p"], ["-p", "="]),
        (["-pa=1"], ["-pa=1"]),
        (["--parameter=a=1"], ["--parameter=a=1"]),
    ],
)
def test_the_command_line_is_written_as_typer_reads_it(given: list[str], expected: list[str]) -> None:
    assert joined(given) == expected


def test_names_and_values_are_parted_at_the_first_equals_sign() -> None:
    assert parsed(["a=1", "note=x=y", "n=-1"]) == {"a": "1", "note": "x=y", "n": "-1"}
    assert parsed(None) == parsed([]) == {}


@pytest.mark.parametrize("given", ["a=", "=1", "=", "a", ""])
def test_a_name_without_a_value_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="has no value") as refused:
        parsed([given])
    assert "-p NAME VALUE" in refused.value.cure


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="'a' is given twice"):
        parsed(["a=1", "a=2"])
