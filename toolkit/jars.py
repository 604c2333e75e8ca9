"""The jars that Spark needs beyond its own, fetched once and checked against their lock.

`jars.lock` has those that every session needs; `jars.<group>.lock` those of a driver that is fetched when it is first used.
Owns the private folders of jars. Spark's own resolver (Ivy) fetches them, with a settings file that names no address: its
built-in default is the public one, and `TOOLKIT_MAVEN` names a mirror. `python -m toolkit.jars [GROUP]` resolves the roots
anew and rewrites the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

from filelock import FileLock

from toolkit import java, network, paths
from toolkit.errors import SetupError

LOCK = Path(__file__).with_name("jars.lock")
FETCH_TIMEOUT = timedelta(minutes=30)
"""A slow connection may take that long; one that does not answer is given up much sooner."""
ANSWER_TIMEOUT_MILLISECONDS = 20_000
_SCRATCH = "fetching-"


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


def lock_file(group: str = "") -> Path:
    """The lock of a group; of what every session needs when empty."""
    return LOCK.with_suffix(f".{group}.lock") if group else LOCK


def lock(group: str = "") -> Lock:
    """What a group's lock says."""
    content = tomllib.loads(lock_file(group).read_text(encoding="utf-8"))
    jars = tuple(Jar(file, digest) for file, digest in content["sha256"].items())
    return Lock(tuple(content["roots"]), tuple(content["excludes"]), jars)


def folder(group: str = "") -> Path:
    """Where the jars of this very lock lie, whether or not they have been fetched."""
    return paths.cache() / "jars" / hashlib.sha256(lock_file(group).read_bytes()).hexdigest()[:16]


def missing(group: str = "") -> list[str]:
    """Locked files that are not in `folder(group)`; quick, reads no content."""
    return [jar.file for jar in lock(group).jars if not (folder(group) / jar.file).is_file()]


def class_path(group: str = "") -> list[Path]:
    """The locked jars, in order.

    Raises:
        SetupError: some have not been fetched.
    """
    lacking = missing(group)
    if lacking:
        raise SetupError(
            f"{len(lacking)} of Spark's jars are missing, {lacking[0]} among them.",
            cure="Run ./run once with a network connection: it fetches them.",
        )
    return [folder(group) / jar.file for jar in lock(group).jars]


def fetch(group: str = "") -> Path:
    """Fetch what is missing, check every file, and put all in place in one move.

    Returns:
        The folder that holds them.

    Raises:
        SetupError: they cannot be fetched, or a file differs from the lock.
    """
    if not missing(group):
        return folder(group)
    paths.ensure_folder(paths.cache())
    with FileLock(paths.cache() / "jars.lock"):
        if missing(group):
            locked = lock(group)
            _forget_interrupted()
            with tempfile.TemporaryDirectory(dir=paths.cache(), prefix=_SCRATCH) as scratch:
                fetched = _resolve(locked.roots, locked.excludes, Path(scratch))
                _check(locked, fetched)
                folder(group).parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(folder(group), ignore_errors=True)
                fetched.rename(folder(group))
    return folder(group)


def _forget_interrupted() -> None:
    """Delete what a fetch left that was killed; the lock is ours, so none is under way."""
    for left in paths.cache().glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)


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
        if _digest(file) != jar.sha256:
            raise SetupError(
                f"{jar.file} is not the file that jars.lock names: its checksum differs.",
                cure=f"Delete {fetched} and try again; if it stays so, do not trust the repository it comes from.",
            )


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
    chosen = java.find()
    log = scratch / "resolve.log"
    try:
        gateway = java.start_gateway(
            chosen,
            [java.spark_home() / "jars" / "*"],
            memory="512m",
            flags=[f"-D{name}={value}" for name, value in _jvm_properties(chosen, scratch).items()],
            conf=conf,
            log=log,
            timeout=FETCH_TIMEOUT,
        )
    except SetupError as problem:
        raise _not_fetched(log) from problem
    java.end(gateway.process, patience=30)
    return scratch / "ivy" / "jars"


def _jvm_properties(chosen: java.Java, scratch: Path) -> dict[str, str]:
    return {
        # A private home: a half-filled ~/.m2 makes the resolver report jars as not found.
        "user.home": str(scratch),
        "sun.net.client.defaultConnectTimeout": str(ANSWER_TIMEOUT_MILLISECONDS),
        "sun.net.client.defaultReadTimeout": str(ANSWER_TIMEOUT_MILLISECONDS),
        **network.trusted(chosen, scratch),
        **network.proxies(),
    }


_MEANINGS = (
    (r"No space left on device", "the disk is full", "Free some space, or move TOOLKIT_CACHE to a larger disk."),
    (
        r"PKIX path|unable to find valid certification|SSLHandshake",
        "this Java does not trust the certificate that was shown",
        "Behind a company's proxy, set SSL_CERT_FILE to the company's certificates.",
    ),
    (
        r"proxy requires authentication|\b407\b",
        "the proxy wants credentials",
        "Set TOOLKIT_MAVEN to a mirror that does not.",
    ),
    (r"\b40[13]\b", "the repository refused the request", "Check TOOLKIT_MAVEN."),
)


def _not_fetched(log: Path) -> SetupError:
    """Why the resolver failed, by its own words, which are kept."""
    said, kept = "", paths.cache() / "resolve.log"
    with contextlib.suppress(OSError):
        said = log.read_text(encoding="utf-8", errors="replace")
        shutil.copy(log, kept)
    for pattern, what, cure in _MEANINGS:
        if re.search(pattern, said):
            return SetupError(
                f"Spark's jars could not be fetched: {what}.", cure=f"{cure} The resolver's words: {kept}."
            )
    return SetupError(
        "Spark's jars could not be fetched.",
        cure=f"Check the network connection, or set TOOLKIT_MAVEN to a mirror. The resolver's words: {kept}.",
    )


def relock(group: str = "") -> None:
    """Resolve a group's roots, and write their files and checksums to its lock."""
    roots, excludes = lock(group).roots, lock(group).excludes
    paths.ensure_folder(paths.cache())
    with tempfile.TemporaryDirectory(dir=paths.cache(), prefix="locking-") as scratch:
        fetched = _resolve(roots, excludes, Path(scratch))
        digests = {file.name: _digest(file) for file in sorted(fetched.glob("*.jar"))}
    lines = ["# Written by `python -m toolkit.jars`; roots and excludes are edited by hand.", "roots = ["]
    lines += [f'    "{root}",' for root in roots] + ["]", "excludes = ["]
    lines += [f'    "{exclude}",' for exclude in excludes] + ["]", "", "[sha256]"]
    lines += [f'"{name}" = "{digest}"' for name, digest in digests.items()]
    paths.write_atomically(lock_file(group), "\n".join(lines) + "\n")


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    relock(chosen)
    sys.stdout.write(f"{len(lock(chosen).jars)} jars locked\n")
