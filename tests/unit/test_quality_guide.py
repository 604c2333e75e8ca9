"""The pages on rules and contracts say what the code says."""

from __future__ import annotations

import pytest

from toolkit import paths
from toolkit.errors import UsageError
from toolkit.quality.contracts import load
from toolkit.quality.guide import PAGES, PARTS, refreshed
from toolkit.quality.rules import KINDS


def _page(name: str) -> str:
    return (paths.REPOSITORY / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert refreshed(_page(name)) == _page(name), "run: python -m toolkit.quality.guide"


def test_every_part_stands_on_some_page() -> None:
    text = "".join(map(_page, PAGES))
    assert all(f"<!-- from the code: {part} -->" in text for part in PARTS)


def test_every_kind_has_its_line() -> None:
    lines = [line for line in _page("rules.md").splitlines() if line.startswith("| `")]
    kinds = {line.split("`")[1] for line in lines}
    assert set(KINDS) <= kinds
    assert len(KINDS) >= 40


def test_the_contract_there_and_back_is_the_same() -> None:
    told, written = (load(text.partition("```")[0]) for text in _page("contracts.md").split("```yaml\n")[1:3])
    assert told == written


def test_a_stale_page_is_noticed_and_an_unknown_part_refused() -> None:
    stale = "<!-- from the code: types -->\n| old |\n<!-- end -->"
    assert "| `integer` |" in refreshed(stale)
    with pytest.raises(UsageError, match="Did you mean 'types'"):
        refreshed(stale.replace("types", "typs"))


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("between", "`column`, `min`?, `max`?"),
        ("psi", "`to`?, `bins`=20, `max`=0.25"),
        ("same_total", "`to_where`?, `within`=0.000001"),
        ("has_schema", "`schema`, `more`=false"),
        ("no_gaps", "`step`=1, `per`?"),
    ],
)
def test_a_field_that_may_be_left_out_shows_what_it_is_then(kind: str, shown: str) -> None:
    (line,) = [line for line in PARTS["kinds"]().splitlines() if line.startswith(f"| `{kind}` ")]
    assert shown in line
