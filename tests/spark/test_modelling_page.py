"""`docs/modelling.md`, followed: its code runs in its order, and what it asserts is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit import paths

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = paths.REPOSITORY / "docs" / "modelling.md"


def test_the_page_does_what_it_says(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text(encoding="utf-8")
    # Each line stands where it stands on the page, so that a failure names it.
    lines = [""] * page.count("\n")
    for block in re.finditer(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        text, first = block[1].splitlines(), page.count("\n", 0, block.start(1))
        lines[first : first + len(text)] = text
    assert sum(line.startswith("assert ") for line in lines) > 7
    exec(compile("\n".join(lines), str(PAGE), "exec"), {"spark": spark})
