"""The values of a column that are looked at.

Owns how many, how long, and which: the same ones whenever the same are there, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from toolkit.words import as_text

MOST_VALUES, MOST_CHARACTERS = 500, 2000


@dataclass(frozen=True)
class Sample:
    """Distinct values of a column, as texts."""

    values: tuple[str, ...]
    rows: int
    """Rows that were looked at."""
    nulls: int
    """Those of them without a value, or with nothing but white space."""

    def __repr__(self) -> str:
        """Without a value, as it may end up in a log."""
        return f"Sample({len(self.values)} values, rows={self.rows}, nulls={self.nulls})"


def sample_of(values: Iterable[Any], most: int = MOST_VALUES) -> Sample:
    """The sample of what a column holds: at most so many distinct values, none that is blank, long ones cut.

    Which are kept follows from the values alone (those with the lowest digests), so that it is the same in any order.
    """
    rows = nulls = 0
    distinct: set[str] = set()
    for value in values:
        rows += 1
        text = "" if value is None else _text(value)
        if text.strip():
            distinct.add(text)
        else:
            nulls += 1
    return Sample(tuple(sorted(distinct, key=_digest)[:most]), rows, nulls)


def _text(value: Any) -> str:
    """A value as text; a number that is whole without a point, as it may be one of persons."""
    if isinstance(value, str):
        return value[:MOST_CHARACTERS]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return as_text(value)[:MOST_CHARACTERS]


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
