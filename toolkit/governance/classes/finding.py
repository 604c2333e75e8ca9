"""What was found out about one column.

Owns the result of judging, which never holds a value: reasons give counts, fingerprints shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from toolkit.governance.classes.fingerprint import Fingerprint
from toolkit.governance.classes.levels import Sensitivity

State = Literal["suggested", "unknown"]
Source = Literal["name", "comment", "values", "contents"]


@dataclass(frozen=True)
class Evidence:
    """One thing that speaks for a kind."""

    kind: str
    source: Source
    weight: float
    """The confidence that it alone would give."""
    text: str
    """In plain words, with counts and without values."""


@dataclass(frozen=True)
class Finding:
    """The class that is suggested for a column, and why; or that nothing can be said."""

    column: str
    class_: Sensitivity | None
    """None when nobody can say: that is no pass."""
    kind: str | None
    """The kind of content; None when none was recognised."""
    confidence: float
    """From 0 to 1."""
    reason: str
    evidence: tuple[Evidence, ...] = ()
    """All that spoke for any kind, strongest first."""
    sampled: int = 0
    """Distinct values that were looked at."""
    fingerprint: Fingerprint | None = None
    state: State = "suggested"

    @classmethod
    def unknown(cls, column: str, reason: str) -> Finding:
        """Nothing can be said of the column."""
        return cls(column, None, None, 0.0, reason, state="unknown")
