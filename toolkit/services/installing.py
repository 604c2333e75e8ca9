"""What servers need, brought into the cache: whole or not at all, by one process at a time, against a lock with checksums.

All is made in a scratch folder and moved last, so that what is interrupted leaves nothing that looks done.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from toolkit import paths
from toolkit.errors import SetupError

INSTALL_SECONDS = 1200
DIGEST_LENGTH = 16


def folder(name: str, lock: Path) -> Path:
    """Where what a lock says lies in the cache, whether or not it has been brought."""
    return paths.cache() / name / hashlib.sha256(lock.read_bytes()).hexdigest()[:DIGEST_LENGTH]


def wheels(lock: Path, scratch: Path, what: str, cure: str) -> None:
    """Unpack the wheels of a lock in a folder, by whichever of pip and uv is here.

    Args:
        lock: requirements with hashes.
        scratch: the folder.
        what: is brought, for messages.
        cure: what to do where it cannot be.

    Raises:
        SetupError: it cannot be done.
    """
    wanted = ["--target", str(scratch), "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", *wanted]
    elif uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, *wanted]
    else:
        raise SetupError(f"There is no {what} here, and neither pip nor uv to bring it.", cure=cure)
    run(command, scratch, f"{what} could not be brought", f"{cure} Or check the network connection, and try again.")


def made(done: Path, fill: Callable[[Path], None]) -> None:
    """A folder of the cache, whole or not at all; by one process at a time."""
    paths.ensure_folder(done.parent)
    with FileLock(done.with_name("lock")):  # one for all locks of the name: what was left half done is cleared away
        if done.is_dir():
            return
        with _scratch(done.parent) as scratch:
            fill(scratch)
            scratch.rename(done)


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


def run(command: list[str], scratch: Path, what: str, cure: str, given: bytes = b"") -> None:
    """Let a program work in a folder; its words are kept beside it, in `install.log`.

    Args:
        command: the program.
        scratch: the folder.
        what: to say where it fails.
        cure: what to do then.
        given: what it reads; it is not kept.

    Raises:
        SetupError: it failed.
    """
    kept = scratch.with_name("install.log")
    try:
        with kept.open("wb") as log:
            done = subprocess.run(  # noqa: S603 - pip, uv, npm, or what makes a server's data
                command,
                cwd=scratch,
                input=given,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_SECONDS,
                check=False,
            )
    except (OSError, subprocess.SubprocessError) as problem:
        raise SetupError(f"{what}: {problem}.", cure=cure) from problem
    if done.returncode:
        raise SetupError(f"{what}: the installer ended with code {done.returncode}.", cure=f"{cure} Its words: {kept}")
