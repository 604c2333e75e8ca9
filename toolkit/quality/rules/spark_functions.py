"""Spark's functions, imported when the first of them is used.

A rule is read, listed and compared by programs that must answer at once, and must not wait for Spark until one is applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import functions as F
else:

    class _Functions:
        """`pyspark.sql.functions`, late."""

        def __getattr__(self, name: str) -> Any:
            from pyspark.sql import functions

            return getattr(functions, name)

    F = _Functions()

__all__ = ["F"]
