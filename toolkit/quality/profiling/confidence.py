"""How far what was seen can be trusted to go on: confidence, severity and tolerance of a suggested rule.

Owns the arithmetic. Confidence is the lower end of Wilson's 95% interval for the share of rows that keep the rule
(E. B. Wilson, 1927): ten rows without a fault give 0.72, a hundred 0.96, ten thousand 0.9996.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt
from typing import Any

_Z = 1.96
_ERROR, _WARN = 0.99, 0.9
LEAST_SHARE = 0.99
"""A rule is suggested when at least so many of the rows seen keep it."""


def wilson(kept: float, rows: int) -> float:
    """Lower end of the 95% interval for a share of which `kept` of `rows` were seen; 0 without rows."""
    if not rows:
        return 0.0
    share, z2 = min(kept / rows, 1.0), _Z * _Z
    middle = share + z2 / (2 * rows)
    reach = _Z * sqrt(share * (1 - share) / rows + z2 / (4 * rows * rows))
    return max(0.0, (middle - reach) / (1 + z2 / rows))


@dataclass(frozen=True)
class Evidence:
    """`kept` of `rows` keep a rule; `sure` of them count towards confidence, where what was seen is not all there is."""

    kept: int
    rows: int
    sure: float | None = None

    @property
    def share(self) -> float:
        """The share of rows that keep the rule."""
        return self.kept / self.rows if self.rows else 0.0

    @property
    def enough(self) -> bool:
        """Whether the rule is worth suggesting."""
        return bool(self.rows) and self.share >= LEAST_SHARE

    @property
    def confidence(self) -> float:
        """From 0 to 1."""
        return round(wilson(self.kept if self.sure is None else max(0.0, self.sure), self.rows), 4)

    def as_data(self) -> dict[str, Any]:
        """Severity by confidence, and the tolerance that the rows seen need; a rule that rows already break only warns."""
        if self.kept < self.rows:
            severity = "warn" if self.confidence >= _WARN else "info"
            return {"severity": severity, "tolerance": f"{floor(self.share * 1000) / 10}% of rows"}
        severity = "error" if self.confidence >= _ERROR else "warn" if self.confidence >= _WARN else "info"
        return {"severity": severity}
