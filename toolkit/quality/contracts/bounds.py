"""What the operators of the Open Data Contract Standard say of a number: from where to where it may lie.

Owns which bounds are allowed themselves. `mustBeBetween` is `mustBeGreaterThan` together with `mustBeLessThan`, so neither
of its bounds is; of two operators in one entry both hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from toolkit.quality.contracts.odcs_keys import OPERATORS

_LARGEST = 1e300


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`; a bound that is open is not allowed itself."""

    low: float = -math.inf
    low_open: bool = False
    high: float = math.inf
    high_open: bool = False

    def __and__(self, other: Interval) -> Interval:
        """What lies in both."""
        # Of two equal bounds the open one is the narrower.
        low = max((self.low, self.low_open), (other.low, other.low_open))
        high = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low[0], low[1], high[0], not high[1])

    @property
    def whole(self) -> tuple[int | None, int | None] | None:
        """The smallest and the greatest whole number in it, None where there is no bound; None when a bound is a fraction."""
        if any(math.isfinite(bound) and bound != int(bound) for bound in (self.low, self.high)):
            return None
        low = None if math.isinf(self.low) else int(self.low) + self.low_open
        high = None if math.isinf(self.high) else int(self.high) - self.high_open
        return low, high


def interval(entry: Mapping[str, Any], least: float = -math.inf) -> Interval | None:
    """Where the number of an entry may lie; None when it has no operator, one that cannot be read, or says two intervals.

    Args:
        entry: the quality entry.
        least: the smallest that the number can be at all: 0 for a count.
    """
    given = [(name, entry[name]) for name in OPERATORS if entry.get(name) is not None]
    said = [_said(name, value, least) for name, value in given]
    if not said or None in said:
        return None
    return reduce(lambda one, other: one & other, [one for one in said if one is not None])


def without_operators(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry measures, whatever it has to be."""
    return {name: value for name, value in entry.items() if name not in OPERATORS}


def _said(operator: str, value: Any, least: float) -> Interval | None:
    numbers = _numbers(value) if isinstance(value, list) is operator.endswith("Between") else []
    match operator, numbers:
        # Of what lies outside only the upper part is left where the number cannot be smaller.
        case "mustNotBeBetween", [low, high] if low < high and low < least:
            return Interval(low=high)
        case "mustNotBe", [n] if n <= least:
            return Interval(low=n, low_open=True)
        case "mustBe", [n]:
            return Interval(n, False, n, False)
        case "mustBeGreaterThan" | "mustBeGreaterOrEqualTo", [n]:
            return Interval(low=n, low_open=operator == "mustBeGreaterThan")
        case "mustBeLessThan" | "mustBeLessOrEqualTo", [n]:
            return Interval(high=n, high_open=operator == "mustBeLessThan")
        case "mustBeBetween", [low, high] if low < high:
            return Interval(low, True, high, True)
    return None


def _numbers(value: Any) -> list[float]:
    """The number, or the two, that an operator compares with; none when one of them is none, or too large to reckon with."""
    given = value if isinstance(value, list) else [value]
    fit = all(isinstance(n, (int, float)) and not isinstance(n, bool) and abs(n) < _LARGEST for n in given)
    return given if fit else []
