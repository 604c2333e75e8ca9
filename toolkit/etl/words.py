"""How names and bytes from outside are written in a message."""

from __future__ import annotations

from toolkit.words import cut, literal

LONGEST = 120
"""Characters of a text that a message shows."""
LONGEST_PATH = 1000
"""Characters of a path that a message shows: a cut path helps nobody to find a file."""


def shown(value: object, longest: int = LONGEST) -> str:
    """A text on one line, in which no character acts on a terminal; its end is cut."""
    return cut(literal(str(value)), longest)
