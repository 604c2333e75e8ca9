"""How a value looks, in one word of a short fixed list.

Owns that list. A shape says which recognisers are worth asking, and a fingerprint is made of shares of shapes: as the list is
fixed, neither can give away what a value says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Shape(StrEnum):
    """What a value looks like; each value has exactly one."""

    BLANK = "blank"
    DIGITS = "digits"
    NUMBER = "number"
    """With a sign, a point or an exponent."""
    DATE = "date"
    MOMENT = "moment"
    """A date with a time, or a time."""
    DIALLED = "dialled"
    """Digits with the signs that stand in telephone numbers, dates and numbers cut in groups."""
    WORD = "word"
    """Letters only, of any script."""
    WORDS = "words"
    """A few words without digits: names, titles."""
    UUID = "uuid"
    HEX = "hex"
    """Sixteen or more hexadecimal digits: digests, keys."""
    AT = "at"
    """No space and an @."""
    URL = "url"
    CODE = "code"
    """No space; letters, digits and other signs mixed."""
    LINE = "line"
    """Several words, digits among them: addresses, codes in groups."""
    TEXT = "text"
    """Sentences."""


LINE_LENGTH = 60
"""Characters up to which several words are a line; above it they are a text."""
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]{16,128}")
_FORMS = (
    (Shape.DIGITS, re.compile(r"\d+")),
    (Shape.DATE, re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}")),
    (Shape.NUMBER, re.compile(r"-?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?")),
    (
        Shape.MOMENT,
        re.compile(r"(?:\d{4}-\d{2}-\d{2}[T ])?\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z| ?[+-]\d{2}:?\d{2})?"),
    ),
    (Shape.DIALLED, re.compile(r"[+(\d][\d ()./-]*")),
    (Shape.UUID, re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")),
    (Shape.HEX, _HEX),
    (Shape.URL, re.compile(r"[a-z][a-z0-9+]{1,20}://\S+", re.IGNORECASE)),
)
"""Tried in this order. None of them can match one text in two ways of cutting it up, so that none backtracks far."""
_NAME_SIGNS = str.maketrans("", "", " .,'’-")
_DIGIT = re.compile(r"\d")


def shape_of(value: str) -> Shape:
    """The shape of a value; white space around it is not looked at."""
    text = value.strip()
    if not text:
        return Shape.BLANK
    if text.isalpha():
        return Shape.HEX if _HEX.fullmatch(text) else Shape.WORD
    for shape, form in _FORMS:
        if form.fullmatch(text):
            return shape
    return _shape_of_words(text)


def _shape_of_words(text: str) -> Shape:
    if not any(sign.isspace() for sign in text):
        return Shape.AT if "@" in text else Shape.WORD if text.translate(_NAME_SIGNS).isalpha() else Shape.CODE
    if len(text) > LINE_LENGTH:
        return Shape.TEXT
    return Shape.LINE if _DIGIT.search(text) or not text.translate(_NAME_SIGNS).isalpha() else Shape.WORDS


def by_shape(values: Iterable[str]) -> dict[Shape, list[str]]:
    """The values, without white space around them, under their shapes."""
    found: dict[Shape, list[str]] = {}
    for value in values:
        found.setdefault(shape_of(value), []).append(value.strip())
    return found
