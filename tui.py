"""Start the terminal app: `python tui.py`.

Any Python will do: the app moves itself into the environment that `./run` made. Before that, it says which command to type.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent
NEEDED = ("textual", "pydantic")


def environment_python(repository: Path = REPOSITORY) -> Path:
    """The Python of the environment that `./run` makes."""
    inside = Path("Scripts", "python.exe") if sys.platform == "win32" else Path("bin", "python")
    return repository / ".venv" / inside


def is_running(python: Path) -> bool:
    """Whether `python` is the environment that runs this; its file is a link to a Python that others share."""
    return Path(sys.prefix).resolve() == python.parent.parent.resolve()


def main() -> int:
    """Move into the environment, or start the app, or say what is missing."""
    python = environment_python()
    if python.exists() and not is_running(python):
        words = [str(python), str(Path(__file__).resolve()), *sys.argv[1:]]
        if sys.platform == "win32":
            return subprocess.call(words)  # noqa: S603
        os.execv(python, words)  # noqa: S606
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        command = "python run" if sys.platform == "win32" else "./run"
        sys.stderr.write(f"The toolkit is not set up yet. Type this first:\n\n    {command}\n\n")
        return 3
    gc.disable()  # until the first frame is painted: what is made before it stays
    from toolkit.tui.app import main as start

    try:
        start()
    except Exception as problem:
        code = getattr(problem, "exit_code", None)  # as the toolkit's own errors have, which are told without a stack
        if code is None:
            raise
        sys.stderr.write(f"Error: {problem}\n")
        return int(code)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
