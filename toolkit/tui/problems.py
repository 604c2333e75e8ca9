"""Any exception as something a user can act on: what happened, the valid choices, the cure."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.errors import ToolkitError
from toolkit.words import literal

MOST_CHOICES = 12


@dataclass(frozen=True)
class Problem:
    """What an error panel and a toast say."""

    what: str
    choices: tuple[str, ...] = ()
    cure: str = ""

    def text(self) -> str:
        """All of it, one part a line, safe to print."""
        lines = [self.what]
        if self.choices:
            more = "" if len(self.choices) <= MOST_CHOICES else ", …"
            lines.append(f"Valid choices: {', '.join(self.choices[:MOST_CHOICES])}{more}")
        if self.cure:
            lines.append(self.cure)
        return literal("\n".join(lines), lines=True)


def told(problem: BaseException) -> Problem:
    """The problem behind `problem`; one that nobody foresaw is named by its type, for a report."""
    if isinstance(problem, ToolkitError):
        return Problem(problem.what, problem.choices, problem.cure)
    if isinstance(problem, OSError):
        return Problem(f"{problem.strerror or problem}: {problem.filename or ''}".rstrip(": "))
    return Problem(
        f"An unexpected error: {type(problem).__name__}: {problem}",
        cure="Nothing is lost: runs and tables lie on disk. The command line below does the same.",
    )
