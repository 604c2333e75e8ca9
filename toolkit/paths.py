"""Where things are: the repository, the user's state and the caches.

Owns every folder name. Must not read or write what lies in them, except `ensure_folder` and `write_atomically`.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path

import platformdirs

from toolkit.errors import SetupError

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = REPOSITORY / "environments"
NOTEBOOKS = REPOSITORY / "notebooks"


def home() -> Path:
    """`TOOLKIT_HOME`: runs, lakehouse and landed files; `var/` in the repository unless set.

    Installed as a package, outside of its repository, the system's folder for a user's data.
    """
    in_repository = (REPOSITORY / "pyproject.toml").is_file()
    usual = REPOSITORY / "var" if in_repository else platformdirs.user_data_path("lakehouse-toolkit", appauthor=False)
    return Path(os.environ.get("TOOLKIT_HOME") or usual).expanduser().absolute()


def lakehouse() -> str:
    """`TOOLKIT_LAKEHOUSE`: where the lakehouse lies, a folder or a URI; empty for the one under `home()`.

    Where the variable is not set, the environment's own file may name it.
    """
    named = os.environ.get("TOOLKIT_LAKEHOUSE")
    return named if named is not None else str(environment().get("lakehouse", ""))


def environment() -> dict[str, object]:
    """What the file of the environment says that `TOOLKIT_ENV` names; nothing where there is none, or it is no TOML."""
    file = ENVIRONMENTS / f"{os.environ.get('TOOLKIT_ENV', 'dev')}.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):  # `settings` says so
        return {}


def python_path() -> str:
    """A `PYTHONPATH` for processes of ours, on which the toolkit is found even where it is not installed."""
    return os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))


def cache() -> Path:
    """`TOOLKIT_CACHE`: jars, shared by every clone of this user; the system's cache folder unless set."""
    chosen = os.environ.get("TOOLKIT_CACHE")
    return Path(chosen or platformdirs.user_cache_path("lakehouse-toolkit", appauthor=False)).expanduser().absolute()


def ensure_folder(folder: Path) -> Path:
    """Make `folder` if it is not there.

    Raises:
        SetupError: it cannot be made or written, with the variable that moves it elsewhere.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as problem:
        variable = "TOOLKIT_CACHE" if folder.is_relative_to(cache()) else "TOOLKIT_HOME"
        raise SetupError(
            f"Cannot write in {folder}: {problem.strerror or problem}.",
            cure=f"Make that folder writable, or set {variable} to one that is.",
        ) from problem
    return folder


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` with `text` in one move, so that a reader sees the old file or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
