"""The two themes, and how the styles and states of `toolkit.kinds` are coloured in them."""

from __future__ import annotations

from textual.theme import Theme

from toolkit.kinds import STATES

DARK = Theme(
    name="lakehouse-dark",
    primary="#5fb3d9",
    secondary="#8fa7c4",
    accent="#e0b15e",
    success="#77c48a",
    warning="#e0b15e",
    error="#e5707e",
    foreground="#d6dde6",
    background="#10151c",
    surface="#161d26",
    panel="#202a36",
    variables={"footer-key-foreground": "#5fb3d9", "border-blurred": "#2c3947", "text-muted": "#8996a6"},
)
LIGHT = Theme(
    name="lakehouse-light",
    primary="#0b6a94",
    secondary="#4d647d",
    accent="#8a5a00",
    success="#1e7a3c",
    warning="#8a5a00",
    error="#b3243a",
    foreground="#1b2733",
    background="#f6f8fa",
    surface="#ffffff",
    panel="#e6ebf0",
    dark=False,
    variables={"footer-key-foreground": "#0b6a94", "border-blurred": "#c4ced8", "text-muted": "#5b6b7b"},
)

STYLES = {"accent": "primary", "muted": "text-muted"}
"""The theme's variable for a style of `toolkit.kinds`, where it is called otherwise."""


def named(style: str) -> str:
    """The theme's variable for a style of `toolkit.kinds`."""
    return STYLES.get(style, style)


def variable(style: str) -> str:
    """The same as Textual's content takes it: `$success`; empty for none."""
    return f"${named(style)}" if style else ""


def glyph(state: str) -> str:
    """The sign of `state`."""
    return STATES.get(state, ("?", ""))[0]


def colour(state: str) -> str:
    """The theme variable that colours `state`, such as `$success`."""
    return variable(STATES.get(state, ("", "secondary"))[1])
