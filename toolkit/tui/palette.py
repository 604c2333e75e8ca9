"""The two themes, and what each state looks like in them.

A state is told by its glyph first and by its colour second, so that it reads without colour, too.
"""

from __future__ import annotations

from textual.theme import Theme

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

STATES: dict[str, tuple[str, str]] = {
    "waiting": ("○", "secondary"),
    "starting": ("○", "primary"),
    "running": ("●", "primary"),
    "finished": ("✔", "success"),
    "succeeded": ("✔", "success"),
    "passed": ("✔", "success"),
    "skipped": ("↷", "secondary"),
    "tolerated": ("▲", "warning"),
    "not measured": ("?", "warning"),
    "failed": ("✖", "error"),
    "cancelled": ("■", "warning"),
    "interrupted": ("✖", "error"),
}
"""The glyph and the theme colour of each state of a run, a step or a rule."""

SEVERITIES: dict[str, str] = {"critical": "error", "error": "error", "warn": "warning", "info": "secondary"}
"""The theme colour of each severity of a rule."""


def glyph(state: str) -> str:
    """The sign of `state`."""
    return STATES.get(state, ("?", ""))[0]


def colour(state: str) -> str:
    """The theme variable that colours `state`, such as `$success`."""
    return "$" + STATES.get(state, ("", "secondary"))[1]
