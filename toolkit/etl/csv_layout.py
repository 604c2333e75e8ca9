"""What a CSV file looks like before Spark reads it: its header, its line ends, and whether it can be read in parts.

Every byte is looked at once, by this process. Owns the header's check and the question whether each line is a row of its own;
must not read rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolkit.errors import DataError
from toolkit.etl.encodings import Encoding, LongLine, check_form, decoded, in_lines, text_of
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location

_BEFORE_A_QUOTE, _AFTER_A_QUOTE = (b",", b"\n"), (b",", b"\n", b"\r\n")


@dataclass(frozen=True)
class Layout:
    """What is known of a file.

    Attributes:
        line_end: a line feed, or a carriage return in a file of an old Macintosh.
        lines_are_rows: no quoted value has a line break, and each quote begins, ends or escapes: it can be read in parts.
    """

    line_end: str
    lines_are_rows: bool


def layout_of(file: Location, columns: list[str], encoding: Encoding, *, look_for_parts: bool) -> Layout:
    """Look at a file, and refuse it where it cannot be read as it should be.

    Args:
        file: what to look at.
        columns: what its header has to be.
        encoding: what its bytes have to be.
        look_for_parts: whether to find out if each line is a row; without, the answer is no.

    Raises:
        DataError: it is packed, encoded or headed otherwise.
    """
    check_form(file, encoding)
    pieces = decoded(file, encoding)
    lines_are_rows = look_for_parts and not encoding.of_two_bytes and _lines_are_rows(pieces)
    # What has not been looked at yet may still be no text.
    for _ in pieces:
        pass
    header, line_end = _header(file, encoding)
    if header and header != columns:
        raise DataError(
            f"{shown(file, LONGEST_PATH)} has the columns {_listed(header)}; expected are {_listed(columns)}.",
            cure=f"Mend {shown(file.name)}, or declare its columns as they are.",
        )
    return Layout(line_end, lines_are_rows)


def _header(file: Location, encoding: Encoding) -> tuple[list[str], str]:
    """The names in the first line that is not empty, and how it ends."""
    lines: list[str] = []
    with text_of(file, encoding) as text:
        try:
            header = next((names for names in csv.reader(_kept(text, lines)) if names), [])
        except csv.Error as problem:
            raise DataError(
                f"The first line of {shown(file, LONGEST_PATH)} is no header: {problem}.", cure="Mend the file."
            ) from problem
    last = lines[-1] if lines else ""
    return header, "\r" if last.endswith("\r") else "\n"


def _kept(text: Iterable[str], lines: list[str]) -> Iterator[str]:
    for line in text:
        lines[:] = [line]
        yield line


def _listed(names: list[str]) -> str:
    some = ", ".join(shown(name, 40) for name in names[:20])
    return f"{some} and {len(names) - 20} more" if len(names) > 20 else some  # noqa: PLR2004


def _lines_are_rows(pieces: Iterator[bytes]) -> bool:
    try:
        return all(map(_is_regular, in_lines(pieces)))
    except LongLine:
        return False


def _is_regular(lines: bytes) -> bool:
    """Whether quotes stand only around a value or doubled within one, and line breaks only at the ends of rows."""
    if lines.count(b"\r") != lines.count(b"\r\n"):
        return False
    parts = lines.split(b'"')
    if len(parts) == 1:
        return True
    if len(parts) % 2 == 0 or any(b"\n" in inside for inside in parts[1::2]):
        return False
    outside = parts[0::2]
    before, between, after = outside[0], set(outside[1:-1]), outside[-1]
    return (
        (not before or before.endswith(_BEFORE_A_QUOTE))
        and after.startswith(_AFTER_A_QUOTE)
        # Two quotes side by side within quotes are one quote.
        and all(not part or (part.startswith(_AFTER_A_QUOTE) and part.endswith(_BEFORE_A_QUOTE)) for part in between)
    )


def common_line_end(files: list[Location], layouts: list[Layout]) -> str:
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
