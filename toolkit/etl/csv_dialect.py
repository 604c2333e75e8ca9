"""How the values of a CSV file are set apart: which character separates them, which encloses them, whether names come first.

Owns the forms that a value can have, as regular expressions of Java. Must not look at a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from toolkit.errors import UsageError
from toolkit.etl.encodings import Encoding

_NO_QUOTE = "\uffff"
"""Stands for a quote where there is none. Unicode has no such character; `csv_layout` refuses files that have it."""


@dataclass(frozen=True)
class Dialect:
    """How values are set apart.

    Attributes:
        separator: one character.
        quote: one character that encloses a value which has separators, line breaks or quotes; empty where there is none.
        header: whether the first line has the names of the columns.
    """

    separator: str = ","
    quote: str = '"'
    header: bool = True

    def for_spark(self, encoding: Encoding) -> dict[str, str]:
        """Options of Spark's reader; the characters are those that it sees, which are Latin-1 for most encodings."""
        separator, quote = (_as_spark_sees(c, encoding) for c in (self.separator, self.quote or _NO_QUOTE))
        # Two quotes inside quotes are one quote, as every other program writes CSV; Spark's default is a backslash.
        return {"sep": separator, "quote": quote, "escape": quote, "header": str(self.header).lower()}

    @property
    def value(self) -> str:
        """The form of a value."""
        end = re.escape(self.separator) + r"\r\n"
        if not self.quote:
            return f"[^{end}]*+"
        q = re.escape(self.quote)
        quoted = f"{q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}"
        blank = "".join(c for c in " \t" if c not in (self.separator, self.quote))
        # Without quotes a value may have them inside (5" pipe), but not after blanks at its beginning, unless in pairs:
        # there they were meant to enclose it, and what they enclose may be cut.
        blanks = rf"[{blank}]++(?:(?!{q})[^{end}]*+|(?:{q}[^{q}{end}]*+{q}[^{q}{end}]*+)++)"
        return f"(?:{quoted}|(?:[^{q}{blank}{end}][^{end}]*+|{blanks}|))"

    @property
    def record(self) -> str:
        """The form of a record of any number of values."""
        return rf"\A{self.value}(?:{re.escape(self.separator)}{self.value})*+\z"

    def record_of(self, many: int) -> str:
        """The form of a record of so many values."""
        return rf"\A{self.value}(?:{re.escape(self.separator)}{self.value}){{{many - 1}}}\z"


def dialect_of(separator: str, quote: str, *, header: bool, encoding: Encoding) -> Dialect:
    """What the caller said.

    Raises:
        UsageError: a character is none, or none that can do its work.
    """
    _refuse("separator", separator, encoding, "',', ';', '|' or '\\t'")
    if quote:
        _refuse("quote", quote, encoding, "'\"', \"'\", or '' for none")
        if quote.isspace():
            raise UsageError(f"{quote!r} cannot be the quote: it is a blank.", cure="Give '\"', or '' for none.")
    if separator in (quote, '"'):
        raise UsageError(f"{separator!r} cannot be the separator: it is a quote.", cure="Give ',', ';', '|' or '\\t'.")
    return Dialect(separator, quote, header)


def _refuse(what: str, said: str, encoding: Encoding, such_as: str) -> None:
    cure = f"Give one character, such as {such_as}."
    if len(said) != 1:
        raise UsageError(f"{said!r} cannot be the {what}: it is not one character.", cure=cure)
    if said.isalnum() or said in "\r\n\0\\\ufeff\uffff":
        kind = "a letter or a digit" if said.isalnum() else "a character with a meaning of its own"
        raise UsageError(f"{said!r} cannot be the {what}: it is {kind}.", cure=cure)
    try:
        said.encode(encoding.name)
    except UnicodeEncodeError:
        raise UsageError(f"{said!r} cannot be the {what}: {encoding.said} does not have it.", cure=cure) from None
    if ord(said) > 0xFFFF:  # noqa: PLR2004
        raise UsageError(f"{said!r} cannot be the {what}: it has two halves in Java.", cure=cure)


def _as_spark_sees(character: str, encoding: Encoding) -> str:
    if encoding.for_spark != "ISO-8859-1" or character == _NO_QUOTE:
        return character
    return character.encode(encoding.name).decode("iso-8859-1")
