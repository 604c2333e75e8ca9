"""How names and bytes from outside are written in a message."""

from __future__ import annotations

LONGEST = 120
"""Characters of a text that a message shows."""
LONGEST_PATH = 1000
"""Characters of a path that a message shows: a cut path helps nobody to find a file."""


def shown(value: object, longest: int = LONGEST) -> str:
    """A text of printable characters on one line: all others are escaped, as Python writes them, and the end is cut."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in str(value))
    return text if len(text) <= longest else f"{text[:longest]}…"
