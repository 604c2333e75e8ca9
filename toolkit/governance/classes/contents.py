"""Personal content that stands inside of longer values: an address in a note, a card number in a chat.

Owns what is looked for inside of values. Each expression finds candidates in one pass; what they are is told by the same tests
as for whole values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from toolkit.governance.classes import forms
from toolkit.governance.classes import numbers_of_persons as numbers
from toolkit.governance.classes.recognisers import Hits, Test, anything

_AROUND = " .,;:!?)-"
"""Signs at the ends of a candidate that belong to the sentence around it."""
MOST_CANDIDATES = 20
"""Candidates of one sort that are looked at in one value."""


@dataclass(frozen=True)
class Content:
    """One thing that is looked for inside of values."""

    kind: str
    """The kind of that name."""
    title: str
    candidate: re.Pattern[str]
    test: Test
    chance: float
    """The share of those that might hold it by chance that seem to, at most."""

    form: Test = anything
    """What a candidate has to pass to be right by chance."""
    counts_all: bool = True
    """Whether any value might hold it by chance, not only those with a candidate of the form."""

    def count(self, values: Sequence[str]) -> Hits:
        """How many values hold it, and how many might by chance."""
        formed = right = 0
        for value in values:
            candidates = [one for one in self._candidates(value) if self.form(one)]
            formed += bool(candidates)
            right += any(map(self.test, candidates))
        return Hits(right, len(values) if self.counts_all else formed)

    def _candidates(self, value: str) -> Iterator[str]:
        found = islice(self.candidate.finditer(value), MOST_CANDIDATES)
        return (one[0].strip(_AROUND) for one in found)


def _is_long_phone(value: str) -> bool:
    return forms.is_international_phone(value) and value.startswith("+")


_SECRET = re.compile(
    r"(?<![A-Za-z0-9_])(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|[sr]k_(?:live|test)_|AIza|-----BEGIN|eyJ|AccountKey="
    r"|SharedAccessSignature=|\$2[abxy]\$)[^\s\"'<>]{0,1500}(?: (?:[A-Z]{2,10} )?PRIVATE KEY-----)?",
    re.ASCII,
)
CONTENTS = (
    Content("email", "an e-mail address", re.compile(r"[\w.+%'-]{1,64}@[\w.-]{3,250}"), forms.is_email, 0.00002),
    Content("phone", "a telephone number", re.compile(r"\+[1-9][\d ()./-]{6,22}", re.ASCII), _is_long_phone, 0.002),
    Content(
        "iban", "an IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b", re.ASCII), numbers.is_iban, 0.00005
    ),
    Content(
        "payment_card",
        "a payment card number",
        re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d.,])", re.ASCII),
        numbers.is_card,
        0.11,
        form=numbers.may_be_card,
        counts_all=False,
    ),
    Content(
        "national_number",
        "a social security number",
        re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", re.ASCII),
        numbers.NATIONAL_NUMBERS[0].test,
        0.005,
    ),
    Content(
        "secret",
        "a key or a token",
        _SECRET,
        forms.is_secret,
        0.00002,
    ),
    Content(
        "person_name",
        "somebody's name",
        re.compile(r"\b(?:Mr|Mrs|Ms|Herr|Herrn|Frau|Mme|Monsieur|Señora?|Dr)\.? [^\W\d_]{2,30}"),
        lambda v: v.split(" ", 1)[-1][:1].isupper(),
        0.001,
    ),
)
