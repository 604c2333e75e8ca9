"""The four classes of a column's content, in order.

Owns their names, their order and what each asks of whoever handles the column. Must not know how a class is found.
"""

from __future__ import annotations

from enum import StrEnum
from functools import total_ordering


@total_ordering
class Sensitivity(StrEnum):
    """How much harm it does if the content of a column is read by the wrong people; compares by that, not by spelling."""

    PUBLIC = "public"
    """May stand on a web site."""
    INTERNAL = "internal"
    """For everybody who works here; what nothing is known of is at least this."""
    CONFIDENTIAL = "confidential"
    """Tells something of a person, or of business secrets: for those whose work needs it."""
    RESTRICTED = "restricted"
    """Does lasting harm when it gets out: secrets, numbers that open accounts, health, belief."""

    @property
    def rank(self) -> int:
        """0 for public up to 3 for restricted."""
        return list(type(self)).index(self)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Sensitivity):
            # Left to itself Python would go on to compare the spellings.
            raise TypeError(f"A class is not compared with {type(other).__name__}.")
        return self.rank < other.rank

    def __le__(self, other: object) -> bool:
        return self == other or self < other

    def __gt__(self, other: object) -> bool:
        return not self <= other

    def __ge__(self, other: object) -> bool:
        return not self < other
