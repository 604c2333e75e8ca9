"""What can go wrong, in the user's words.

    ToolkitError                  an exit code each (see `ExitCode`)
    ├── UsageError          2     the request names something that is not there, or is not allowed
    │   └── AccessDenied    2     the principal may not do that, or see that there is such a thing
    ├── SetupError          3     this computer lacks something: Java, jars, disk, write rights
    ├── QualityGateFailed   4     the data is worse than the run allows; nothing was published
    ├── DataError           5     a file or a table is missing, unreadable or damaged
    ├── BusyError           6     another run is writing the same table
    └── StepFailed          1     a step of a scenario raised something nobody foresaw

Every error says what happened, lists the valid choices where there are any, and names a cure. Text that comes from
Java is read in `toolkit.session` only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

_OF_PYDANTIC = re.compile(r"^(?:Input|Tuple|List|Dictionary|String) should")


class ExitCode(IntEnum):
    """What the command line returns to its caller."""

    OK = 0
    """The command did what was asked."""
    FAILED = 1
    """Something unforeseen; `--debug` shows the whole story."""
    USAGE = 2
    """Unknown scenario, table, run, parameter, type or range."""
    SETUP = 3
    """Java, jars, disk space, memory, a port or write rights are missing."""
    QUALITY = 4
    """The quality gate stopped the run before anything was published."""
    DATA = 5
    """A file or table is missing, unreadable or damaged."""
    BUSY = 6
    """Another run is writing the same tables."""
    INTERRUPTED = 130
    """Ctrl-C, or a cancel from the app."""


class ToolkitError(Exception):
    """Base of all errors shown without a stack.

    Args:
        what: one sentence, in the user's words.
        choices: the valid choices, if the user made an invalid one.
        cure: what to do next, as an imperative sentence.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, what: str, *, choices: Iterable[str] = (), cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.choices = tuple(choices)
        self.cure = cure

    def __str__(self) -> str:
        lines = [self.what]
        if self.choices:
            lines.append(f"Valid choices: {', '.join(self.choices)}.")
        if self.cure:
            lines.append(self.cure)
        return " ".join(lines)


class UsageError(ToolkitError):
    """The request names something that is not there, or a value that is not allowed."""

    exit_code = ExitCode.USAGE

    @classmethod
    def unknown(cls, kind: str, name: str, choices: Iterable[str], cure: str = "") -> UsageError:
        """There is no `kind` called `name`; the nearest spelling among `choices` is offered."""
        known = sorted(choices)
        return cls(f"There is no {kind} {name!r}.{nearest(name, known)}", choices=known, cure=cure)


class AccessDenied(UsageError):
    """The principal may not do that. It reads the same whether there is such a thing or not."""


class SetupError(ToolkitError):
    """This computer lacks something that a run needs."""

    exit_code = ExitCode.SETUP


class QualityGateFailed(ToolkitError):
    """The data is worse than the run allows; nothing was published."""

    exit_code = ExitCode.QUALITY


class DataError(ToolkitError):
    """A file or a table is missing, unreadable or damaged."""

    exit_code = ExitCode.DATA


class BusyError(ToolkitError):
    """Another run is writing the same table."""

    exit_code = ExitCode.BUSY


class StepFailed(ToolkitError):
    """A step of a scenario raised something nobody foresaw; `__cause__` holds it."""

    exit_code = ExitCode.FAILED


def nearest(name: str, choices: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the closest of `choices`, or an empty text when none is close."""
    close = closest(name, choices)
    return f" Did you mean {close!r}?" if close else ""


def closest(name: str, choices: Iterable[str]) -> str | None:
    """The one of `choices` that `name` probably meant; None when none is close."""
    return next(iter(difflib.get_close_matches(name, list(choices), n=1)), None)


def reason_of(error: Any) -> str:
    """What pydantic has against a value, in the user's words: `it should be a valid integer`."""
    told = _OF_PYDANTIC.sub("it should", str(error["msg"]).removeprefix("Value error, "))
    return told.replace(" after validation", "").replace("a valid tuple", "a list")


def wrong_value(error: Any) -> str:
    """One pydantic error with its place and value: `hours = 0: it should be greater than 0`; the reason alone without one."""
    where = ".".join(map(str, error["loc"]))
    return f"{where} = {error.get('input')!r}: {reason_of(error)}" if where else reason_of(error)
