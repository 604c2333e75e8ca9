"""What tells by its values what a column holds, and how often chance alone would say so.

Owns the type of a recogniser and how one counts its hits. Which there are is declared beside (`forms`, `numbers_of_persons`);
must not know of names or classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import comb, exp, lgamma, log, log1p
from typing import NamedTuple

from toolkit.governance.classes.shapes import Shape

Test = Callable[[str], bool]
PROBE, PROBED_SHARE = 60, 0.1
"""So many values are asked first; where fewer than this share of them is recognised, the rest is not asked."""
TRIED = 40
"""About so many recognisers look at each column, so that what is one in forty by chance would be found in every column."""
EXACT = 200
"""Up to so many values the tail is summed term by term without logarithms."""


def anything(_: str) -> bool:
    """Any value will do."""
    return True


class Hits(NamedTuple):
    """What a recogniser found among values."""

    right: int
    """Those that it recognises."""
    formed: int
    """Those that have the form, so that they might have been right by chance."""


@dataclass(frozen=True)
class Recogniser:
    """One way to tell what a value is."""

    title: str
    """What it recognises, in the plural: `valid IBANs`."""
    test: Test
    shapes: frozenset[Shape]
    """What a value has to look like to be asked; no other can be recognised."""
    chance: float
    """The share of values of that form, but of another kind, that it takes for its own at most."""
    weight: float = 0.95
    """The confidence when all values are recognised and chance is ruled out."""
    full: float = 0.6
    """The share that is as good as all: lists of words know some of what is out there only."""
    fewest: int = 1
    """Values below which it says nothing."""
    form: Test = anything
    """What is asked first: digits as many as the number has. Only what passes can be right by chance."""

    def count(self, shaped: Mapping[Shape, Sequence[str]]) -> Hits:
        """How many of the values are recognised; where the first ones hardly ever are, how many of those."""
        asked = [value for shape in sorted(self.shapes & shaped.keys()) for value in shaped[shape] if self.form(value)]
        first = sum(map(self.test, asked[:PROBE]))
        if first < PROBED_SHARE * min(len(asked), PROBE):
            return Hits(first, min(len(asked), PROBE))
        return Hits(first + sum(map(self.test, asked[PROBE:])), len(asked))

    def confidence(self, hits: Hits, asked: int) -> float:
        """How sure the hits among `asked` values make it that the column is of this kind.

        weight x (share beyond chance / full, at most 1) x (1 - how likely so many hits are by chance x recognisers tried)
        """
        if asked < self.fewest or not hits.right:
            return 0.0
        beyond = max(0.0, hits.right - self.chance * hits.formed) / (1 - self.chance) / asked
        by_chance = min(1.0, TRIED * tail(hits.right, hits.formed, self.chance))
        return self.weight * min(1.0, beyond / self.full) * (1 - by_chance)


@cache
def tail(hits: int, asked: int, chance: float) -> float:
    """The probability of `hits` or more among `asked` when each is one with probability `chance`."""
    if hits <= 0 or chance >= 1:
        return 1.0
    if chance <= 0:
        return 0.0
    if asked <= EXACT:
        return min(1.0, sum(comb(asked, k) * chance**k * (1 - chance) ** (asked - k) for k in range(hits, asked + 1)))
    terms = (_log_choose(asked, k) + k * log(chance) + (asked - k) * log1p(-chance) for k in range(hits, asked + 1))
    return min(1.0, sum(map(exp, terms)))


def _log_choose(many: int, few: int) -> float:
    return lgamma(many + 1) - lgamma(few + 1) - lgamma(many - few + 1)


def of_stdnum(module: str) -> Test:
    """The test of a number by the module of python-stdnum of that name, loaded when first asked."""
    found: list[Test] = []

    def is_valid(value: str) -> bool:
        if not value.isascii():
            return False
        if not found:
            found.append(import_module(f"stdnum.{module}").is_valid)
        try:
            return found[0](value)
        except (KeyError, ValueError, IndexError):  # some modules stumble over numbers that nobody was ever given
            return False

    return is_valid
