"""A stylesheet that reads each source once.

Textual's own reads everything anew whenever a screen brings its file, and again when it sets the theme that is already set:
five times before the first frame.
"""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class ParsedOnce(Stylesheet):
    """Keeps what it parsed until the colours change."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the theme's variables; those it has already change nothing."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is new: the sources it knows are parsed with the variables it has."""
        self.parse()
