"""Numbers, times and foreign text as a reader wants to see them.

Owns wording and layout of short texts. Must not know any widget.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime

KIB = 1024
MINUTE, HOUR, DAY = 60, 3600, 86_400
FIRST_PRINTABLE, DELETE, PICTURES = 0x20, 0x7F, 0x2400
"""The first character that is no control character, the one above ASCII's letters, and where pictures of them begin."""
UNKNOWN = "unknown"
"""A moment that nothing tells."""
FRESH = 10
"""Seconds within which something counts as having happened just now."""


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


def count(number: int | None) -> str:
    """`1234567` as `1,234,567`; a dash for what is not known."""
    return "–" if number is None else f"{number:,}"


def plural(number: int, noun: str) -> str:
    """`1 run`, `2 runs`, `1,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(octets: int) -> str:
    """Bytes in the largest unit that leaves a whole part: `1.5 MB`, in steps of 1,024."""
    amount = float(octets)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < KIB:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= KIB
    return f"{amount:.1f} TB"


def duration(seconds: float | None) -> str:
    """`0.4 s`, `42 s`, `3:07`, `1:02:03`; a dash for what is not known."""
    if seconds is None:
        return "–"
    if seconds < FRESH:
        return f"{max(seconds, 0):.1f} s"
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    minutes, rest = divmod(whole, MINUTE)
    if minutes < MINUTE:
        return f"{minutes}:{rest:02}"
    return f"{minutes // MINUTE}:{minutes % MINUTE:02}:{rest:02}"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long `moment` is past: `just now`, `40 s ago`, `3 min ago`, `2 h ago`, `5 days ago`, else the day."""
    if moment is None:
        return UNKNOWN
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
    return UNKNOWN if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def percent(share: float | None) -> str:
    """`0.987` as `98.7%`; never `100%` while something failed, never `0%` while something passed; `–` when not known."""
    if share is None or math.isnan(share):
        return "–"
    shown = f"{share * 100:.1f}"
    if shown == "100.0" and share < 1:
        return "> 99.9%"
    if shown == "0.0" and share > 0:
        return "< 0.1%"
    return f"{shown.removesuffix('.0')}%"


def bar(share: float | None, width: int) -> str:
    """A bar of `width` cells, `share` of it filled, to half a cell; full only when all is, no bar when not known."""
    if share is None:
        return " " * width
    full, half = divmod(int(min(max(share, 0.0), 1.0) * width * 2), 2)
    return ("━" * full + "╸" * half).ljust(width, "╌")
