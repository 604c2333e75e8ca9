"""How well columns are classified: precision and recall on columns that are labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from tests.unit.labelled_columns import Labelled
from toolkit.governance.classes import Finding, Sensitivity, judge


@dataclass(frozen=True)
class Scores:
    """Of what was said, how much was right; of what there is, how much was said."""

    precision: float
    recall: float
    wrong: tuple[str, ...]
    """Names of columns, with what was said of them."""


def judged(columns: Sequence[Labelled]) -> list[Finding]:
    return [_judged(one) for one in columns]


@cache
def _judged(one: Labelled) -> Finding:
    """Several measurements look at the same columns."""
    return judge(one.name, one.type, one.comment, one.values)


def is_sensitive(class_: str | None) -> bool:
    """An unknown column counts as one that must not be shown."""
    return class_ is None or Sensitivity(class_) >= Sensitivity.CONFIDENTIAL


def by_class(columns: Sequence[Labelled], findings: Sequence[Finding]) -> Scores:
    """Confidential and restricted against the rest."""
    return _scores(
        [(c.name, is_sensitive(c.class_), is_sensitive(f.class_), f) for c, f in zip(columns, findings, strict=True)]
    )


def by_exact_class(columns: Sequence[Labelled], findings: Sequence[Finding], class_: str) -> Scores:
    """One class against all others."""
    return _scores(
        [(c.name, c.class_ == class_, f.class_ == class_, f) for c, f in zip(columns, findings, strict=True)]
    )


def by_kind(columns: Sequence[Labelled], findings: Sequence[Finding]) -> Scores:
    """Over all kinds together: a kind that is said where another one is counts against both."""
    pairs = list(zip(columns, findings, strict=True))
    right = sum(c.kind is not None and c.kind == f.kind for c, f in pairs)
    said, there = sum(f.kind is not None for _, f in pairs), sum(c.kind is not None for c, _ in pairs)
    wrong = tuple(f"{c.name}: {f.kind} is {c.kind}" for c, f in pairs if c.kind != f.kind)
    return Scores(right / max(said, 1), right / max(there, 1), wrong)


def _scores(told: Sequence[tuple[str, bool, bool, Finding]]) -> Scores:
    right = sum(is_so and said for _, is_so, said, _ in told)
    wrong = tuple(
        f"{name}: {f.class_} {f.kind} {f.confidence} {f.reason}" for name, is_so, said, f in told if is_so != said
    )
    return Scores(
        right / max(sum(said for *_, said, _ in told), 1), right / max(sum(is_so for _, is_so, *_ in told), 1), wrong
    )
