"""Names of columns as Spark takes them, whatever is in them. Must not import Spark at import time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column


def quoted(name: str) -> str:
    """A name in backticks."""
    return f"`{name.replace('`', '``')}`"


def cols(names: Iterable[str]) -> list[Column]:
    """The columns of those names."""
    from pyspark.sql import functions as F

    return [F.col(quoted(name)) for name in names]
