"""Whether files of JSON lines are plain: then Spark reads them with half the work.

Every byte is looked at once, by this process. Must not parse a line: what is plain here may still be no JSON.
"""

from __future__ import annotations

import re

from pyspark.sql.types import DataType, DecimalType, DoubleType, FloatType, VariantType

from toolkit.etl.encodings import LongLine, chunks, in_lines
from toolkit.store.location import Location

_BEGUN_OTHERWISE = re.compile(rb"\n(?:[ \[]|\{ *\}|\xef\xbb\xbf)")
"""A line that blanks, an array, an object without a field, or a byte order mark begins."""


def is_plain(file: Location, kinds: list[DataType]) -> bool:
    """Whether no line of a UTF-8 file has what needs a closer look.

    Which is: an array, an empty object, blanks, tabs or a byte order mark around its value; a line that a carriage return alone
    ends; bytes that are no text; a number that may become another one in one of the types.

    Args:
        file: what to look at; its lines are at most 64 MiB long, else the answer is no.
        kinds: all types of the fields, and all that those are made of.

    Raises:
        DataError: it cannot be opened or read to its end, or its gzip is damaged.
    """
    changed = _changed(kinds)
    try:
        # With a line end before them, as each later line has one.
        return all(_are_plain(b"\n" + lines, changed) for lines in in_lines(chunks(file)))
    except LongLine:
        return False


def _are_plain(lines: bytes, changed: list[tuple[bytes, re.Pattern[bytes]]]) -> bool:
    # One character is looked for ten times as quickly as two.
    if b"\t" in lines or b" \n" in lines or _BEGUN_OTHERWISE.search(lines):
        return False
    if b"\r" in lines and (b" \r" in lines or lines.count(b"\r") != lines.count(b"\r\n")):
        return False
    if any(sign in lines and pattern.search(lines) for sign, pattern in changed):
        return False
    try:
        return lines.isascii() or bool(lines.decode())
    except UnicodeDecodeError:
        return False


def _changed(kinds: list[DataType]) -> list[tuple[bytes, re.Pattern[bytes]]]:
    """Signs, which are found quickly, and patterns of numbers that Spark changes to bring them into one of the types."""
    signs: list[tuple[str, str]] = []
    if any(isinstance(kind, DecimalType | FloatType | DoubleType) for kind in kinds):
        # Spark takes a number out of text, too, where digits can be escaped.
        signs += [("\\", r"\\u")]
    if scales := [kind.scale for kind in kinds if isinstance(kind, DecimalType)]:
        # In text there may be commas in a decimal.
        signs += [(".", rf"\.(?:[0-9]{{{min(scales) + 1}}}|[0-9]*,[0-9])")]
        signs += [("e-", "[0-9.]e-[0-9]"), ("E-", "[0-9.]E-[0-9]")]
    if any(isinstance(kind, FloatType | DoubleType | VariantType) for kind in kinds):
        signs += [("", "[0-9.][eE][+-]?[0-9]{2}")]
    if any(isinstance(kind, FloatType) for kind in kinds):
        signs += [("", "[0-9]{38}")]
    if any(isinstance(kind, DoubleType) for kind in kinds):
        signs += [("", "[0-9]{308}")]
    if any(isinstance(kind, VariantType) for kind in kinds):
        signs += [("", "[0-9.]{39}")]
    return [(sign.encode(), re.compile(pattern.encode())) for sign, pattern in signs]
