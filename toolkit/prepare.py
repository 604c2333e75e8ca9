"""What the set-up asks of the installed toolkit: `python -m toolkit.prepare jars|archive`.

Owns the words between `./run` and us: a list of files as JSON on stdout, or one JSON line on stderr that says what stands
in the way and how to cure it. Must not be needed by anything else.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from toolkit import jars, session
from toolkit.errors import ExitCode, ToolkitError


def the_jars() -> list[Path]:
    """Spark's jars, fetched and checked."""
    jars.fetch()
    jars.verify()
    return jars.class_path()


def the_archive() -> list[Path]:
    """The class-data archives for the Java that is found."""
    return list(session.build_archive())


PARTS: dict[str, Callable[[], list[Path]]] = {"jars": the_jars, "archive": the_archive}


def main(part: str) -> int:
    """Prepare one part, and tell its files or what stands in the way."""
    try:
        files = PARTS[part]()
    except ToolkitError as problem:
        if os.environ.get("TOOLKIT_DEBUG"):
            raise
        sys.stderr.write(json.dumps({"what": problem.what, "cure": problem.cure}) + "\n")
        return int(problem.exit_code)
    sys.stdout.write(json.dumps([str(file) for file in files]) + "\n")
    return int(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
