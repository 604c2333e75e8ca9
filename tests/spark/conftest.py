"""Marks every test here, and helps to build and read frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests in this folder share the session."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("spark")


def rows(df: Any) -> list[dict[str, Any]]:
    """The rows of a frame as dicts, in no promised order."""
    return [row.asDict(recursive=True) for row in df.collect()]
