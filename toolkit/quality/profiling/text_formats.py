"""How texts look: their shape, and the well-known forms that a shape lets one suspect.

Owns the translation of a text into a shape and of shapes into a pattern, and the list of forms that are looked for. A form
is told by the very rule that would be suggested, and only for texts that a cheap look lets through. What is asked of a text
is SQL, on the name of the column that holds it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from string import ascii_lowercase, ascii_uppercase, digits

from toolkit.quality import rules, sql_text
from toolkit.quality.rules.formats import FormRule

SHAPE_LENGTH = 40
"""Characters that a shape tells; longer texts are prose."""
_CHARACTERS = ascii_uppercase + ascii_lowercase + digits
_CLASSES = "A" * 26 + "a" * 26 + "9" * 10
_ASCII = {"A": "[A-Z]", "a": "[a-z]", "9": "[0-9]"}
_UNICODE = {"A": r"[\p{Lu}\p{Lt}]", "a": r"[\p{L}&&[^\p{Lu}\p{Lt}]]", "9": r"\p{Nd}"}


def shape(text: str) -> str:
    """`Ab-12` → `Aa-99`, of the first 40 characters; letters and digits of every script count."""
    start = f"substring({text}, 1, {SHAPE_LENGTH})"
    plain = f"translate({start}, '{_CHARACTERS}', '{_CLASSES}')"
    other = start
    for characters, class_ in ((r"[\p{Lu}\p{Lt}]", "A"), (r"[\p{L}&&[^A]]", "a"), (r"\p{Nd}", "9")):
        other = f"regexp_replace({other}, {sql_text.text(characters)}, '{class_}')"
    return f"if({is_ascii(text)}, {plain}, {other})"


def is_ascii(text: str) -> str:
    """Whether each character takes one byte; regular expressions are for the others."""
    return f"(octet_length({text}) = length({text}))"


def is_blank(text: str) -> str:
    """Whether nothing is left without white space, as `not_blank` sees it; most texts are told by their first character."""
    printed = f"ascii({text}) > {ord(' ')} AND ascii({text}) <= {ord('~')}"
    visible = sql_text.text(f"[^{sql_text.SPACE}]")
    return f"if({printed}, false, NOT {text} RLIKE {visible})"


@dataclass(frozen=True)
class Sought:
    """A form that is looked for."""

    kind: str
    shape: str = ""
    """What the whole shape has to be, as a regular expression; nothing is asked of it when empty."""
    letters: str = ""
    """Of a date format."""

    def has(self, text: str, shaped: str) -> str:
        """Whether a text has the form.

        Args:
            text: the column that holds it.
            shaped: the one that holds its shape.
        """
        rule = rules.parse({"kind": self.kind, "column": text, **({"format": self.letters} if self.letters else {})})
        assert isinstance(rule, FormRule)  # noqa: S101 - each of SOUGHT is one
        return f"({self._first_look(text, shaped)} AND NOT coalesce({rule.wrong}, true))"

    def _first_look(self, text: str, shaped: str) -> str:
        match self.kind:
            case "email":
                return f"contains({text}, '@')"
            case "uuid":
                return f"length({text}) = 36"
            case "url":
                return f"startswith({text}, 'http')"
            case "phone":
                return f"startswith({text}, '+')"
            case "iban":
                return f"startswith({shaped}, 'AA99')"
            case _:
                return f"{shaped} = '{self.shape}'"


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
