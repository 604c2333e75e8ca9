"""A share of a line as a bar of characters. Must not know any widget."""

from __future__ import annotations


def bar(share: float | None, width: int) -> str:
    """A bar of `width` cells, `share` of it filled, to half a cell; full only when all is, empty when not known."""
    if share is None:
        return " " * width
    full, half = divmod(int(min(max(share, 0.0), 1.0) * width * 2), 2)
    return ("━" * full + "╸" * half).ljust(width, "╌")
