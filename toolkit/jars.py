"""The jars that Spark needs beyond its own, fetched once and checked against `jars.lock`.

Owns the private folder of jars. Spark's own resolver (Ivy) fetches them, with a settings file that names no address: its
built-in default is the public one, and `TOOLKIT_MAVEN` names a mirror. `python -m toolkit.jars` resolves the roots anew
and rewrites the lock.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from filelock import FileLock

from toolkit import java, paths
from toolkit.errors import SetupError

LOCK = Path(__file__).with_name("jars.lock")
_SYSTEM_TRUST_STORE = Path("/etc/ssl/certs/java/cacerts")


@dataclass(frozen=True)
class Jar:
    """One locked file."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Lock:
    """What `jars.lock` says."""

    roots: tuple[str, ...]
    excludes: tuple[str, ...]
    jars: tuple[Jar, ...]


def lock() -> Lock:
    """The content of `jars.lock`."""
    content = tomllib.loads(LOCK.read_text(encoding="utf-8"))
    jars = tuple(Jar(file, digest) for file, digest in content["sha256"].items())
    return Lock(tuple(content["roots"]), tuple(content["excludes"]), jars)


def folder() -> Path:
    """Where the jars of this very lock lie, whether or not they have been fetched."""
    return paths.cache() / "jars" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def missing() -> list[str]:
    """Locked files that are not in `folder()`; quick, reads no content."""
    return [jar.file for jar in lock().jars if not (folder() / jar.file).is_file()]


def class_path() -> list[Path]:
    """The locked jars, in order.

    Raises:
        SetupError: some have not been fetched.
    """
    lacking = missing()
    if lacking:
        raise SetupError(
            f"{len(lacking)} of Spark's jars are missing, {lacking[0]} among them.",
            cure="Run ./run once with a network connection: it fetches them.",
        )
    return [folder() / jar.file for jar in lock().jars]


def fetch() -> Path:
    """Fetch what is missing, check every file, and put all in place in one move.

    Returns:
        The folder that holds them.

    Raises:
        SetupError: they cannot be fetched, or a file differs from the lock.
    """
    paths.ensure_folder(paths.cache())
    with FileLock(paths.cache() / "jars.lock"):
        if missing():
            locked = lock()
            with tempfile.TemporaryDirectory(dir=paths.cache(), prefix="fetching-") as scratch:
                fetched = _resolve(locked.roots, locked.excludes, Path(scratch))
                _check(locked, fetched)
                folder().parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(folder(), ignore_errors=True)
                fetched.rename(folder())
    return folder()


def verify() -> None:
    """Check every fetched file against the lock.

    Raises:
        SetupError: a file is missing or differs.
    """
    class_path()
    _check(lock(), folder())


def _check(locked: Lock, fetched: Path) -> None:
    for jar in locked.jars:
        file = fetched / jar.file
        if not file.is_file():
            raise SetupError(f"{jar.file} could not be fetched.", cure="Check the network connection and try again.")
        if hashlib.sha256(file.read_bytes()).hexdigest() != jar.sha256:
            raise SetupError(
                f"{jar.file} is not the file that jars.lock names: its checksum differs.",
                cure=f"Delete {fetched} and try again; if it stays so, do not trust the repository it comes from.",
            )


def _resolve(roots: tuple[str, ...], excludes: tuple[str, ...], scratch: Path) -> Path:
    """Let Spark's resolver fetch `roots` and what they need; returns the folder of files."""
    settings = scratch / "ivysettings.xml"
    mirror = os.environ.get("TOOLKIT_MAVEN")
    root = f" root={quoteattr(mirror)}" if mirror else ""
    settings.write_text(
        '<ivysettings><settings defaultResolver="maven"/><resolvers>'
        f'<ibiblio name="maven" m2compatible="true"{root}/></resolvers></ivysettings>\n',
        encoding="utf-8",
    )
    conf = {
        "spark.jars.packages": ",".join(roots),
        "spark.jars.excludes": ",".join(excludes),
        "spark.jars.ivySettings": str(settings),
        "spark.jars.ivy": str(scratch / "ivy"),
    }
    # A private home: a half-filled ~/.m2 makes the resolver report jars as not found.
    flags = [f"-Duser.home={scratch}"]
    if _SYSTEM_TRUST_STORE.exists():
        flags.append(f"-Djavax.net.ssl.trustStore={_SYSTEM_TRUST_STORE}")
    log = scratch / "resolve.log"
    try:
        gateway = java.start_gateway(
            java.find(), [java.spark_home() / "jars" / "*"], memory="512m", flags=flags, conf=conf, log=log
        )
    except SetupError as problem:
        kept = paths.cache() / "resolve.log"
        if log.exists():
            shutil.copy(log, kept)
        raise SetupError(
            "Spark's jars could not be fetched.",
            cure=f"Check the network connection, or set TOOLKIT_MAVEN to a mirror. The resolver's words are in {kept}.",
        ) from problem
    gateway.process.stdin.close()  # type: ignore[union-attr]
    gateway.process.wait(30)
    return scratch / "ivy" / "jars"


def relock(roots: tuple[str, ...], excludes: tuple[str, ...]) -> None:
    """Resolve `roots` and write their files and checksums to `jars.lock`."""
    paths.ensure_folder(paths.cache())
    with tempfile.TemporaryDirectory(dir=paths.cache(), prefix="locking-") as scratch:
        fetched = _resolve(roots, excludes, Path(scratch))
        digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(fetched.glob("*.jar"))}
    lines = ["# Written by `python -m toolkit.jars`; roots and excludes are edited by hand.", "roots = ["]
    lines += [f'    "{root}",' for root in roots] + ["]", "excludes = ["]
    lines += [f'    "{exclude}",' for exclude in excludes] + ["]", "", "[sha256]"]
    lines += [f'"{name}" = "{digest}"' for name, digest in digests.items()]
    paths.write_atomically(LOCK, "\n".join(lines) + "\n")


if __name__ == "__main__":
    relock(lock().roots, lock().excludes)
    sys.stdout.write(f"{len(lock().jars)} jars locked\n")
