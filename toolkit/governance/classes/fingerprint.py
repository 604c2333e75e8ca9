"""A short description of what a column holds, by which to tell later that it no longer does.

Owns what is compared and how much may change by chance. Holds shares of shapes and kinds from fixed lists; must never hold a
value, a part of one, or a digest of one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Literal

from toolkit import words
from toolkit.errors import UsageError
from toolkit.governance.classes.recognisers import tail
from toolkit.governance.classes.shapes import Shape

VERSION = 1
FEWEST = 20
"""Distinct values below which nothing is said about a change."""
DEVIATIONS = 4.5
"""How many standard deviations apart two shares have to lie."""
STEP, STEP_OF_NULLS = 0.15, 0.25
"""By how much a share has to differ to matter."""
RECOGNISED = 0.3
"""The share from which on a kind describes a column rather than happens in it."""
RARE = 1e-4
"""How unlikely it must be that personal content is new only because the sample missed it before."""
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Fingerprint:
    """Shares of a column's content."""

    sampled: int
    """Distinct values that were looked at."""
    rows: int
    """Rows they were taken from."""
    nulls: float
    """The share of those rows without a value."""
    shapes: Shares = field(default_factory=dict)
    """By shape."""
    kinds: Shares = field(default_factory=dict)
    """By kind: values that are of it as a whole."""
    holds: Shares = field(default_factory=dict)
    """By kind: values that hold it somewhere."""

    def to_text(self) -> str:
        """As compact JSON, always the same for the same content."""
        told = {
            "version": VERSION, "sampled": self.sampled, "rows": self.rows, "nulls": round(self.nulls, 4),
            "shapes": _rounded(self.shapes), "kinds": _rounded(self.kinds), "holds": _rounded(self.holds),
        }  # fmt: skip
        return json.dumps(told, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Read what `to_text` wrote.

        Raises:
            UsageError: it is not a fingerprint.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            if told["version"] != VERSION:
                raise ValueError
            shapes, kinds, holds = (_shares(told[name]) for name in ("shapes", "kinds", "holds"))
            read = cls(_whole(told["sampled"]), _whole(told["rows"]), _share(told["nulls"]), shapes, kinds, holds)
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise UsageError("That is no fingerprint of a column.", cure="Classify the column anew.") from problem
        return read


def _rounded(shares: Shares) -> dict[str, float]:
    return {name: round(share, 4) for name, share in shares.items() if share}


def _shares(told: Any) -> Shares:
    if not isinstance(told, dict):
        raise TypeError
    return {str(name): _share(part) for name, part in told.items()}


def _share(told: Any) -> float:
    if isinstance(told, bool) or not 0 <= (part := float(told)) <= 1:
        raise ValueError
    return part


def _whole(told: Any) -> int:
    if type(told) is not int or told < 0:
        raise ValueError
    return told


@dataclass(frozen=True)
class Drift:
    """Whether a column's content is still what was classified."""

    state: Literal["same", "drifted", "unknown"]
    reason: str

    def __bool__(self) -> bool:
        return self.state == "drifted"


def has_drifted(before: Fingerprint, now: Fingerprint) -> Drift:
    """Whether a column no longer holds what it held, beyond what two samples of one content differ by.

    Personal content that is new in a column counts from the least that chance does not explain; everything else has to change
    by a share that matters, too. With few values, before or now, the state is unknown.
    """
    if min(before.sampled, now.sampled) < FEWEST:
        few = "before" if before.sampled < FEWEST else "now"
        many = words.plural(before.sampled if few == "before" else now.sampled, "distinct value")
        return Drift("unknown", f"{many} {few}: too few to tell")
    reasons = [
        *_new_content(before, now),
        *_other_kinds(before, now),
        *_other_shapes(before, now),
        *_other_nulls(before, now),
    ]
    return (
        Drift("drifted", "; ".join(reasons)) if reasons else Drift("same", "no share differs by more than samples do")
    )


def _new_content(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Kinds that values hold more often than the earlier sample allows for."""
    found = []
    for kind, share in sorted(now.holds.items()):
        had, hits = before.holds.get(kind, 0.0), round(share * now.sampled)
        # As if one more value had held it: a sample that saw none does not prove that there was none.
        expected = min(1.0, (had * before.sampled + 1) / (before.sampled + 1))
        if tail(hits, now.sampled, expected) < RARE:
            found.append(f"{words.share(share)} of the values hold {_named(kind)}, before {words.share(had)}")
    return found


def _other_kinds(before: Fingerprint, now: Fingerprint) -> list[str]:
    """Kinds that described the column and no longer do, or do now."""
    found = []
    for kind in sorted({*before.kinds, *now.kinds}):
        had, has = before.kinds.get(kind, 0.0), now.kinds.get(kind, 0.0)
        if max(had, has) >= RECOGNISED and _differ(had, before.sampled, has, now.sampled, STEP):
            found.append(f"{words.share(has)} of the values are {_named(kind)}, before {words.share(had)}")
    return found


def _other_shapes(before: Fingerprint, now: Fingerprint) -> list[str]:
    found = []
    for shape in Shape:
        had, has = before.shapes.get(shape, 0.0), now.shapes.get(shape, 0.0)
        if _differ(had, before.sampled, has, now.sampled, STEP):
            found.append(f"{words.share(has)} of the values look like {shape}, before {words.share(had)}")
    return found


def _other_nulls(before: Fingerprint, now: Fingerprint) -> list[str]:
    if not before.rows or not now.rows or not _differ(before.nulls, before.rows, now.nulls, now.rows, STEP_OF_NULLS):
        return []
    return [f"{words.share(now.nulls)} of the rows have no value, before {words.share(before.nulls)}"]


def _differ(one: float, of_one: int, other: float, of_other: int, step: float) -> bool:
    """Whether two shares differ by a step that matters, and by more than two samples of one content do."""
    both = (one * of_one + other * of_other) / (of_one + of_other)
    deviation = sqrt(both * (1 - both) * (1 / of_one + 1 / of_other))
    return abs(one - other) >= step and abs(one - other) > DEVIATIONS * deviation


def _named(kind: str) -> str:
    from toolkit.governance.classes.kinds import BY_NAME

    return BY_NAME[kind].title if kind in BY_NAME else "another kind"
