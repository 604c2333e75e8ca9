"""Delta tables that lie elsewhere, by the names under which they are known here: `linked.<name>`.

Owns the file that keeps them. A link is to read by: nothing here writes to a table of somebody else.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from filelock import FileLock

from toolkit import paths
from toolkit.errors import DataError, UsageError
from toolkit.store.location import Location, located

LAYER = "linked"
_LONGEST_NAME = 60


class NotLinked(UsageError):
    """No table is linked by that name."""


def file() -> Path:
    """Where they are kept."""
    return paths.home() / "linked.json"


def is_linked(table: str) -> bool:
    """Whether it is the name of a table that lies elsewhere."""
    return table.startswith(f"{LAYER}.")


def known() -> dict[str, str]:
    """Place by name.

    Raises:
        DataError: the file is damaged.
    """
    if not file().exists():
        return {}
    try:
        found = json.loads(file().read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not all(isinstance(place, str) for place in found.values()):
            raise ValueError("it holds something else")
    except ValueError as problem:
        raise DataError(
            f"{file()} is damaged: {problem}.", cure="Remove it; tables are linked again by their paths."
        ) from None
    return found


def place_of(table: str) -> Location:
    """Where a linked table lies.

    Raises:
        NotLinked: none is called so.
        DataError: the file is damaged.
    """
    found = known()
    if table not in found:
        raise NotLinked.unknown(
            "linked table", table, found, cure="Name it by its path once: toolkit quality run PATH …"
        )
    return located(found[table])


def linked(place: str) -> str:
    """The name of the Delta table at a place; it gets one, which is kept, if it has none.

    Args:
        place: a folder or a URI.

    Raises:
        ValueError: there is no Delta table.
        UsageError: it is a URI of another kind.
        DataError: the file of links is damaged.
    """
    location = located(place)
    if isinstance(location, Path):
        location = Path(os.path.normpath(location))
    if not (location / "_delta_log").is_dir():
        raise ValueError(f"there is no Delta table at {place}")
    paths.ensure_folder(file().parent)
    with FileLock(file().with_suffix(".lock")):
        found = known()
        for name, lies in found.items():
            if lies == str(location):
                return name
        name = _free(f"{LAYER}.{_slug(location.name)}", set(found))
        paths.write_atomically(file(), json.dumps({**found, name: str(location)}, indent=2) + "\n")
    return name


def _slug(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_LONGEST_NAME]
    return plain if plain[:1].isalpha() else f"table_{plain}".rstrip("_")


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def named(text: str) -> str:
    """The name of a table: the text itself, or of a place the name that its table has here.

    Raises:
        ValueError: it is a place without a Delta table.
    """
    is_place = "/" in text or "\\" in text or (Path(text) / "_delta_log").is_dir()
    return linked(text) if is_place else text
