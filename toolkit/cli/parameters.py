"""`-p NAME VALUE`, as papermill writes it, and `-p NAME=VALUE`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from toolkit.errors import UsageError

Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameter", metavar="NAME VALUE", help="A parameter; repeat for more."),
]
_FLAGS = ("-p", "--parameter")


def joined(arguments: Sequence[str]) -> list[str]:
    """The command line with each `-p NAME VALUE` written as `-p NAME=VALUE`, since an option takes one value here."""
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        found.append(argument)
        if argument in _FLAGS:
            name = next(rest, "")
            found.append(name if "=" in name else f"{name}={next(rest, '')}")
    return found


def parsed(given: Sequence[str] | None) -> dict[str, str]:
    """Names and values of the given parameters.

    Raises:
        UsageError: a name without a value, or the same name twice.
    """
    values: dict[str, str] = {}
    for one in given or ():
        name, _, value = one.partition("=")
        if not name or not value:
            raise UsageError(f"Parameter {name!r} has no value.", cure="Write -p NAME VALUE, as in -p orders 20000.")
        if name in values:
            raise UsageError(f"Parameter {name!r} is given twice.", cure="Give it once.")
        values[name] = value
    return values
