"""Which files a path or a pattern means, and how Spark is told so.

What was checked is what is read: Spark is handed this list, file by file, and expands nothing itself. Owns the refusal of
names that Spark would leave out without a word, or fail at.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path

from toolkit.errors import DataError
from toolkit.etl.words import LONGEST_PATH, shown
from toolkit.store.location import Location, ObjectPath

_PATTERN = re.compile(r"[*?\[]")
_SPARKS_PATTERN = re.compile(r"([\\*?\[\]{}])")
_BEING_COPIED = "._COPYING_"


Files = Location | Sequence[Location]
"""A file, a pattern, or several files by name."""


def files_meant(files: Files) -> list[Location]:
    """The files that a path, a pattern or several paths name, those of a pattern sorted; each is a file that Spark reads.

    A name that is there is meant as it stands, whatever characters it has. Otherwise `*`, `?`, `[ab]` and `**` are a pattern,
    as in Python's `pathlib`: `{a,b}` and backslashes mean nothing in it. A folder is no file, neither by its name nor where a
    pattern finds it: `folder/*.csv` names what is in it. Links are followed. In an object store only the last part can be a
    pattern, and `**` means no more than `*`.

    Raises:
        DataError: nothing has that name, or one of the names is a folder, a broken link, something that is no file, or a
            file that Spark would leave out or cannot open.
    """
    if not isinstance(files, str | Path | ObjectPath):
        return [file for one in files for file in files_meant(one)]
    found = matching(files)
    if not found:
        cure = "Run the step that lands it first."
        if re.search(r"[{}\\]", str(files)):
            cure += " A pattern is made of *, ?, [ab] and **; braces and backslashes stand for themselves."
        raise DataError(f"There is no file {shown(files, LONGEST_PATH)}.", cure=cure)
    for file in found:
        if problem := refusal(file):
            raise problem
    return found


def matching(files: Location) -> list[Location]:
    """What a path or a pattern names, sorted; nothing where nothing has that name."""
    if isinstance(files, ObjectPath):
        return found_in(files.parent, files.name)
    path = Path(files).absolute()
    return found_in(Path(path.anchor), path.relative_to(path.anchor).as_posix())


def found_in(folder: Location, pattern: str) -> list[Location]:
    """What a name or a pattern names below a folder, whatever characters the folder's own name has; sorted."""
    exact = folder.joinpath(*pattern.split("/"))
    if exact.exists() or (isinstance(exact, Path) and exact.is_symlink()):
        return [exact]
    if not _PATTERN.search(pattern):
        return []
    if isinstance(folder, ObjectPath):
        below = sorted(folder.joinpath(*pattern.split("/")).parent.iterdir(), key=str)
        return [file for file in below if fnmatch.fnmatchcase(file.name, pattern.rpartition("/")[2])]
    return [*sorted(folder.glob(pattern))]


def spark_paths(files: list[Location]) -> list[str]:
    """The files as Spark's readers take them: no character of a name is part of a pattern."""
    return [_SPARKS_PATTERN.sub(r"\\\1", str(file)) for file in files]


def refusal(file: Location) -> DataError | None:
    """Why Spark would leave a file out, or fail at it; None where it reads it."""
    name, place = shown(file.name), shown(file, LONGEST_PATH)
    if file.is_dir():
        return DataError(f"{place} is a folder.", cure=f"Name the files in it, such as {place}/*.csv.")
    if not file.exists():
        return DataError(
            f"{place} is a link to a file that is not there.", cure="Restore the file, or delete the link."
        )
    if not file.is_file():
        return DataError(f"{place} is neither a file nor a folder.", cure="Save what it gives as a file first.")
    rename = "Rename it, or choose a pattern that does not name it."
    if file.name.startswith(".") or (file.name.startswith("_") and "=" not in file.name):
        return DataError(f"Spark leaves out files whose names begin with _ or a dot, such as {place}.", cure=rename)
    if file.name.endswith(_BEING_COPIED):
        return DataError(f"{name} is still being copied: its name ends with {_BEING_COPIED}.", cure=rename)
    if any("\ud800" <= c <= "\udfff" for c in str(file)):
        return DataError(f"The name of {place} is not UTF-8, and Java cannot open it.", cure=rename)
    if ":" in file.name:
        return DataError(f"Spark cannot read a file with a colon in its name: {place}.", cure=rename)
    return None
