"""Numbers, shares, sizes, durations, moments, plurals, commands and foreign text, as a reader wants to see them.

The only place that writes them, so that the command line, the app, reports and messages say the same thing in the same way.
Imports the standard library alone, and must not know what is being told.
"""

from __future__ import annotations

import json
import math
import shlex
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

THOUSAND = 1000
MINUTE, HOUR, DAY = 60, 3600, 86_400
FRESH = 10
"""Seconds within which something counts as having happened just now, and below which a duration has a decimal."""
DIGITS = 4
"""Significant digits of a measured number, at least."""
MOST_DIGITS = 15
"""Digits that a float holds for certain."""
LARGE = 100_000
"""From here on a measured number's decimals say nothing."""
UNKNOWN = "–"
NOT_TOLD = "unknown"
"""Of a moment, or a name, that nothing tells; a number that is not known is a dash."""
FIRST_PRINTABLE, DELETE, PICTURES = 0x20, 0x7F, 0x2400
"""The first character that is no control character, the one above ASCII's letters, and where pictures of them begin."""


def writable(text: str) -> str:
    """A text as a file takes it: half of a character of two halves, which can stand in a text, becomes its code."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def literal(text: str, *, lines: bool = False) -> str:
    """`text` with every character that could steer a terminal replaced by a visible one.

    Data is foreign: an escape sequence, a null byte or a direction override in a cell must neither act nor vanish.

    Args:
        text: anything.
        lines: keep line breaks and tabs, for a place that has room for several lines.
    """
    if text.isprintable():
        return text
    return "".join(_visible(character, lines) for character in text)


def _visible(character: str, lines: bool) -> str:
    if lines and character in "\n\t":
        return character
    code = ord(character)
    if code < FIRST_PRINTABLE:
        return {"\n": "⏎", "\t": "⇥"}.get(character, chr(PICTURES + code))
    if code == DELETE:
        return "␡"
    # Joiners (Cf) hold emoji together; the other invisible ones can reorder or hide what stands around them.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character != "\u200d":
        return f"\\u{code:04x}"
    return character


def cut(text: str, width: int) -> str:
    """`text` in at most `width` characters, with an ellipsis where something is missing."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def as_text(stored: Any) -> str:
    """A value of a table as it is, neither rounded nor grouped; nested values as compact JSON; not yet `literal`."""
    match stored:
        case None:
            return "NULL"
        case str():
            return stored
        case bool():
            return "true" if stored else "false"
        case datetime():
            return stored.isoformat(sep=" ")
        case date():
            return stored.isoformat()
        case bytes():
            return stored.hex(" ")
        case dict() | list() | tuple():
            return json.dumps(stored, default=as_text, ensure_ascii=False)
        case _:
            return str(stored)


def number(measured: float | Decimal) -> str:
    """A measured number: `1,234`, `12.35`, `0.0061`, `1e-8`; below 100,000 only what is whole is written as if it were."""
    if isinstance(measured, int):
        return f"{measured:,}"
    as_float = float(measured)
    if not math.isfinite(as_float):
        return str(as_float)
    size_of = abs(as_float)
    if (as_float == int(as_float) or size_of >= LARGE) and size_of < 10**MOST_DIGITS:
        return f"{as_float:,.0f}"
    # Two digits more than stand before the point, so that one decimal is seen of a large number.
    before_point = math.floor(math.log10(size_of)) + 1
    for digits in range(max(DIGITS, min(before_point + 1, MOST_DIGITS)), MOST_DIGITS + 3):
        text = f"{as_float:,.{digits}g}"
        if not float(text.replace(",", "")).is_integer() or "e" in text:
            break
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def count(many: int | None) -> str:
    """`1234567` as `1,234,567`; a dash for what is not known."""
    return UNKNOWN if many is None else f"{many:,}"


def plural(many: int, noun: str) -> str:
    """`1 run`, `2 runs`, `1,000 rows`."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def share(part: float | None) -> str:
    """A part of 1 as `97.8%`; small ones with the digits they need, and neither all nor nothing unless it is so."""
    if part is None or not math.isfinite(part):
        return UNKNOWN
    percent = part * 100
    if 0 < abs(percent) < 0.1:  # noqa: PLR2004 - what one decimal would round away
        return f"{number(float(f'{percent:.1g}'))}%"
    shown = f"{percent:,.1f}".removesuffix(".0")
    return f"{'> 99.9' if shown == '100' and part < 1 else shown}%"


def size(octets: int) -> str:
    """Bytes in the largest unit that leaves a whole part, in steps of 1,000 as disks are sold: `1.5 MB` are 1,500,000."""
    amount = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        # What would be rounded to a thousand is one of the next unit.
        if amount < THOUSAND - (0.05 if unit != "B" else 0):
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= THOUSAND
    return f"{amount:,.1f} TB"


def duration(seconds: float | None) -> str:
    """`0.4 s`, `42 s`, `3 min 07 s`, `1 h 02 min`; a dash for what is not known."""
    if seconds is None:
        return UNKNOWN
    if seconds < FRESH:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    return f"{whole // HOUR:,} h {whole % HOUR // MINUTE:02} min"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long `moment` is past: `just now`, `40 s ago`, `3 min ago`, `2 h ago`, `5 days ago`, else the day."""
    if moment is None:
        return NOT_TOLD
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < FRESH:
        return "just now"
    if seconds < MINUTE:
        return f"{seconds:.0f} s ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR:.0f} h ago"
    if seconds < 30 * DAY:
        return f"{plural(int(seconds // DAY), 'day')} ago"
    return f"{moment.astimezone():%Y-%m-%d}"


def when(moment: datetime | None) -> str:
    """A moment to the second, in the reader's own time zone."""
    if moment is None:
        return NOT_TOLD
    try:
        local = moment.astimezone()
    except (
        OverflowError,
        ValueError,
    ):  # the first and the last day that Python knows have no neighbour in another zone
        local = moment
    # Not strftime, which writes the year 1 as one digit.
    return local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def command_line(*words: str) -> str:
    """`toolkit` and `words`, quoted where a shell needs it."""
    return " ".join(["toolkit", *(_quoted(word) for word in words)])


def _quoted(word: str) -> str:
    """Double quotes around a word with single ones, where that is as safe: it reads better."""
    if "'" in word and not set(word) & set('"$`\\!'):
        return f'"{word}"'
    return shlex.quote(word)
