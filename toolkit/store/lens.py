"""What somebody may see of tables, as far as a reader has to know it: which there are, which rows, and what of each column.

Owns the shape of the answer, not the answer: the area of governance gives that, and hands it to a lakehouse. Without a lens
everything is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Seen:
    """What is seen of one table.

    Attributes:
        columns: what stands in place of each column that is not shown as it is, as SQL of the engine without a JVM.
        where: which rows, as SQL of that engine; all when empty.
    """

    columns: Mapping[str, str]
    where: str = ""

    @property
    def is_all(self) -> bool:
        """Whether the table is seen as it is."""
        return not self.columns and not self.where


class Lens(Protocol):
    """Who is looking."""

    def visible(self, tables: Sequence[str]) -> list[str]:
        """Those of the tables of which it may be seen that they are there."""
        ...

    def manages(self) -> bool:
        """Whether who is looking manages the whole lakehouse."""
        ...

    def seen(self, table: str, columns: Mapping[str, str], version: int | None) -> Seen:
        """What is seen of a table.

        Args:
            table: which.
            columns: the Delta type of each.
            version: of the table; None for as it is.

        Raises:
            AccessDenied: nothing.
        """
        ...
