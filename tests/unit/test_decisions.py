"""The decision records: numbered, half a page each, and the table of dependencies is complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from toolkit import paths

RECORDS = sorted((paths.REPOSITORY / "docs" / "decisions").glob("*.md"))


def test_they_are_numbered_without_a_gap() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_each_has_context_decision_and_consequences(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.findall(r"^#+ .*", text, re.MULTILINE)[1:] == ["## Context", "## Decision", "## Consequences"]


def test_every_dependency_is_justified_and_nothing_else() -> None:
    declared = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*declared["project"]["dependencies"], *declared["dependency-groups"]["dev"]]
    rows = re.findall(r"^\| (`.*?) \|", RECORDS[0].read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(re.findall(r"`([\w.-]+)`", " ".join(rows))) == sorted(
        re.split(r"[\[=<>]", name)[0] for name in wanted
    )
