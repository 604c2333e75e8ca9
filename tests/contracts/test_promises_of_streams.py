"""Each promise of the page on streams names tests that are there."""

from __future__ import annotations

import ast
import re

import pytest

from toolkit import paths

PAGE = paths.REPOSITORY / "docs" / "streaming.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))


def promises() -> list[str]:
    """The rows of the table of promises."""
    table = PAGE.read_text(encoding="utf-8").partition("| what is promised |")[2].partition("\n\n")[0]
    return [line for line in table.splitlines()[2:] if line.startswith("|")]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_it_is_there(file: str, name: str) -> None:
    tree = ast.parse((paths.REPOSITORY / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_names_one() -> None:
    assert len(promises()) >= 10
    assert [line for line in promises() if "::test_" not in line] == []
