"""How texts look: their shape, and the well-known forms that a shape lets one suspect.

Owns the translation of a text into a shape and of shapes into a pattern, and the list of forms that are looked for. A form
is told by the very rule that would be suggested, and only for texts that a cheap look lets through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase, digits
from typing import TYPE_CHECKING

from toolkit.quality import rules
from toolkit.quality.rules.lazily import F

if TYPE_CHECKING:
    from pyspark.sql import Column

SHAPE_LENGTH = 40
"""Characters that a shape tells; longer texts are prose."""
_CHARACTERS = ascii_uppercase + ascii_lowercase + digits
_CLASSES = "A" * 26 + "a" * 26 + "9" * 10
_ASCII = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
_UNICODE = {"A": r"[\p{Lu}\p{Lt}]", "a": r"[\p{L}&&[^\p{Lu}\p{Lt}]]", "9": r"\p{Nd}"}


def shape(text: Column) -> Column:
    """`Ab-12` → `Aa-99`, of the first 40 characters; letters and digits of every script count."""
    start = F.substring(text, 1, SHAPE_LENGTH)
    plain = F.translate(start, _CHARACTERS, _CLASSES)
    letters = F.regexp_replace(F.regexp_replace(start, r"[\p{Lu}\p{Lt}]", "A"), r"[\p{L}&&[^A]]", "a")
    return F.when(is_ascii(text), plain).otherwise(F.regexp_replace(letters, r"\p{Nd}", "9"))


def is_ascii(text: Column) -> Column:
    """Whether each character takes one byte; regular expressions are for the others."""
    return F.octet_length(text) == F.length(text)


def is_blank(text: Column) -> Column:
    """Whether nothing is left without white space, as `not_blank` sees it; most texts are told by their first character."""
    code = F.ascii(text)
    return F.when((code > ord(" ")) & (code <= ord("~")), F.lit(False)).otherwise(~text.rlike(r"(?U)\S"))


@dataclass(frozen=True)
class Sought:
    """A form that is looked for."""

    kind: str
    shape: str = ""
    """What the whole shape has to be, as a regular expression; nothing is asked of it when empty."""
    letters: str = ""
    """Of a date format."""

    def has(self, text: Column, shaped: Column, name: str) -> Column:
        """Whether a text, in the column called `name`, has the form."""
        given = {"kind": self.kind, "column": name, **({"format": self.letters} if self.letters else {})}
        rule = rules.parse(given)
        assert isinstance(rule, rules.RowRule)  # noqa: S101 - each of SOUGHT is one
        return self._first_look(text, shaped) & ~F.coalesce(rule.broken(), F.lit(True))

    def _first_look(self, text: Column, shaped: Column) -> Column:
        match self.kind:
            case "email":
                return F.contains(text, F.lit("@"))
            case "uuid":
                return F.length(text) == 36  # noqa: PLR2004 - 32 digits and 4 dashes
            case "url":
                return F.startswith(text, F.lit("http"))
            case "phone":
                return F.startswith(text, F.lit("+"))
            case "iban":
                return F.startswith(shaped, F.lit("AA99"))
            case _:
                return shaped == self.shape


SOUGHT = (
    Sought("email"),
    Sought("uuid"),
    Sought("url"),
    Sought("phone"),
    Sought("iban"),
    Sought("date_format", shape="9999-99-99", letters="yyyy-MM-dd"),
    Sought("date_format", shape="99.99.9999", letters="dd.MM.yyyy"),
    Sought("date_format", shape="99/99/9999", letters="dd/MM/yyyy"),
    Sought("date_format", shape="99/99/9999", letters="MM/dd/yyyy"),
    Sought("date_format", shape="9999-99-99 99:99:99", letters="yyyy-MM-dd HH:mm:ss"),
    Sought("date_format", shape="9999-99-99A99:99:99", letters="yyyy-MM-dd'T'HH:mm:ss"),
)


def pattern(shapes: Sequence[str], *, unicode: bool = False) -> str:
    """One regular expression for shapes that differ only in how long their runs are; empty when they differ in more.

    `A-9` and `A-99` → `[A-Z]-[0-9]{1,2}`.
    """
    runs = [[(character, len(list(run))) for character, run in groupby(one)] for one in shapes]
    if len({tuple(character for character, _ in one) for one in runs}) != 1:
        return ""
    classes = _UNICODE if unicode else _ASCII
    found = []
    for same in zip(*runs, strict=True):
        lengths = [length for _, length in same]
        low, high = min(lengths), max(lengths)
        times = "" if high == 1 else f"{{{low}}}" if low == high else f"{{{low},{high}}}"
        found.append(classes.get(same[0][0], re.escape(same[0][0])) + times)
    return "".join(found)
