"""What a CSV file looks like before Spark reads it: its header, its line ends, and whether it can be read in parts.

Every byte is looked at once, by this process. Owns the question whether each line is a row of its own; what its
header has to be says `shapes`. Must not read rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from toolkit.errors import DataError
from toolkit.etl.csv_dialect import Dialect
from toolkit.etl.encodings import Encoding, LongLine, check_form, decoded, in_lines, text_of
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_NO_CHARACTER = "\uffff"


@dataclass(frozen=True)
class Layout:
    """What is known of a file.

    Attributes:
        header: the names in its first line that is not empty; none where it has no such line, or is to have no header.
        line_end: a line feed, or a carriage return in a file of an old Macintosh.
        lines_are_rows: no quoted value has a line break, and each quote begins, ends or escapes: it can be read in parts.
    """

    header: tuple[str, ...]
    line_end: str
    lines_are_rows: bool


def layout_of(file: Location, encoding: Encoding, dialect: Dialect, *, look_for_parts: bool) -> Layout:
    """Look at a file, and refuse it where it cannot be read as it should be.

    Args:
        file: what to look at.
        encoding: what its bytes have to be.
        dialect: what sets its values apart.
        look_for_parts: whether to find out if each line is a row; without, the answer is no.

    Raises:
        DataError: it is packed or encoded otherwise, or its first line is none.
    """
    check_form(file, encoding)
    pieces = _readable(file, encoding, dialect)
    lines_are_rows = look_for_parts and not encoding.of_two_bytes and _lines_are_rows(pieces, encoding, dialect)
    # What has not been looked at yet may still be no text.
    for _ in pieces:
        pass
    header, line_end = _first_record(file, encoding, dialect)
    return Layout(tuple(header) if dialect.header else (), line_end, lines_are_rows)


def _readable(file: Location, encoding: Encoding, dialect: Dialect) -> Iterator[bytes]:
    """The bytes of a file in pieces, once each is known to be text that Spark takes as it is."""
    pieces = decoded(file, encoding)
    if dialect.quote or encoding.for_spark == "ISO-8859-1":
        return pieces
    # Both orders of its two bytes: they are no character in either.
    return _without(pieces, file, [_NO_CHARACTER.encode("utf-8")] if encoding.name == "utf-8" else [b"\xff\xff"])


def _without(pieces: Iterator[bytes], file: Location, bad: list[bytes]) -> Iterator[bytes]:
    """The same; a file in which the character occurs that stands for no quote is refused."""
    last = b""
    for piece in pieces:
        if any(sign in last + piece for sign in bad):
            raise DataError(
                f"{shown(file, LONGEST_PATH)} has U+FFFF, which is no character: it cannot be read without a quote.",
                cure="Mend the file, or say which character encloses its values.",
            )
        last = piece[-2:]
        yield piece


def _first_record(file: Location, encoding: Encoding, dialect: Dialect) -> tuple[list[str], str]:
    """The values in the first line that is not empty, and how it ends."""
    lines: list[str] = []
    with text_of(file, encoding) as text:
        records = csv.reader(
            _kept(text, lines),
            delimiter=dialect.separator,
            quotechar=dialect.quote or None,
            quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        )
        try:
            first = next((values for values in records if values), [])
        except csv.Error as problem:
            what = "no header" if dialect.header else "no row"
            raise DataError(
                f"The first line of {shown(file, LONGEST_PATH)} is {what}: {problem}.", cure="Mend the file."
            ) from problem
    last = lines[-1] if lines else ""
    return first, "\r" if last.endswith("\r") else "\n"


def _kept(text: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in text:
        lines[:] = [line]
        yield line


def _lines_are_rows(pieces: Iterator[bytes], encoding: Encoding, dialect: Dialect) -> bool:
    quote, separator = (c.encode(encoding.name) for c in (dialect.quote, dialect.separator))
    try:
        return all(_is_regular(lines, quote, separator) for lines in in_lines(pieces))
    except LongLine:
        return False


def _is_regular(lines: bytes, quote: bytes, separator: bytes) -> bool:
    """Whether quotes stand only around a value or doubled within one, and line breaks only at the ends of rows."""
    if lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    parts = lines.split(quote) if quote else [lines]
    if len(parts) == 1:
        return True
    if len(parts) % 2 == 0 or any(b"\n" in inside for inside in parts[1::2]):
        return False
    outside = parts[0::2]
    before, between, after = outside[0], set(outside[1:-1]), outside[-1]
    begins, ends = (separator, b"\n"), (separator, b"\n", b"\r\n")
    return (
        (not before or before.endswith(begins))
        and after.startswith(ends)
        # Two quotes side by side within quotes are one quote.
        and all(not part or (part.startswith(ends) and part.endswith(begins)) for part in between)
    )


def common_line_end(files: Sequence[Location], layouts: Sequence[Layout]) -> str:
    """How the lines of all files end.

    Raises:
        DataError: some end as on an old Macintosh, and others do not.
    """
    ends = {layout.line_end: file for file, layout in zip(files, layouts, strict=True)}
    if len(ends) > 1:
        old, new = shown(ends["\r"], LONGEST_PATH), shown(ends["\n"], LONGEST_PATH)
        raise DataError(
            f"The lines of {old} end with a carriage return alone, those of {new} with a line feed.",
            cure="Read the files apart, or write their lines with the same ends.",
        )
    return next(iter(ends), "\n")
