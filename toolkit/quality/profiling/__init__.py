"""What a table holds: profiles, the rules they suggest, and how two of them differ.

`profile` and `confirmed` measure with Spark, and importing them imports it; everything else reads profiles without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.quality.profiling.drifting import LIMITS, Drift, drift
from toolkit.quality.profiling.model import (
    ColumnProfile,
    Correlation,
    ForeignKey,
    Form,
    Histogram,
    Ordering,
    Profile,
    Sizes,
    Spread,
    Texts,
    Top,
)
from toolkit.quality.profiling.sentences import Finding, findings, is_estimated, refuted
from toolkit.quality.profiling.suggestions import Suggestion, as_yaml, suggest

if TYPE_CHECKING:
    from toolkit.quality.profiling.measure import confirmed, profile

__all__ = [
    "LIMITS",
    "ColumnProfile",
    "Correlation",
    "Drift",
    "Finding",
    "ForeignKey",
    "Form",
    "Histogram",
    "Ordering",
    "Profile",
    "Sizes",
    "Spread",
    "Suggestion",
    "Texts",
    "Top",
    "as_yaml",
    "confirmed",
    "drift",
    "findings",
    "is_estimated",
    "profile",
    "refuted",
    "suggest",
]


def __getattr__(name: str) -> Any:
    """Import what needs Spark when it is asked for."""
    if name in {"confirmed", "profile"}:
        from toolkit.quality.profiling import measure

        return getattr(measure, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
