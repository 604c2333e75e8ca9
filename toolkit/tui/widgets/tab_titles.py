"""The title of a tab, with the key that shows it."""

from __future__ import annotations

from textual.content import Content


def tab_title(text: str, key: str) -> Content:
    """`Rows d`, the key in the colour of keys."""
    return Content.assemble((text, ""), " ", (key, "$primary"))
