"""Bars made of characters: a share of a line, and values beside each other. Must not know any widget."""

from __future__ import annotations

from collections.abc import Sequence


def bar(share: float | None, width: int) -> str:
    """A bar of `width` cells, `share` of it filled, to half a cell; full only when all is, empty when not known."""
    if share is None:
        return " " * width
    full, half = divmod(int(min(max(share, 0.0), 1.0) * width * 2), 2)
    return ("━" * full + "╸" * half).ljust(width, "╌")


def row_of_bars(values: Sequence[int], width: int) -> list[str]:
    """Each value as a bar as long as its part of the largest, to an eighth of a cell; what is not 0 shows."""
    most = max(values, default=0)
    return [_blocks(value / most if most else 0.0, width) for value in values]


def _blocks(part: float, width: int) -> str:
    eighths = round(part * width * 8)
    if part and not eighths:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
