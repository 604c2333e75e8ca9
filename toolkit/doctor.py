"""Is this computer ready? One finding per thing that a run needs, each with its cure.

Looks only: nothing is made, started for good, or left behind, so it can be asked while runs are under way. Must not print;
`toolkit doctor` and the app do that.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from toolkit import jars, java, paths, session, settings, words
from toolkit.errors import ToolkitError

OLDEST_PYTHON = (3, 11)
LEAST_TERMINAL = (80, 24)
PORTS = {8888: "JupyterLab", 4040: "Spark's web page"}
MIB = 1024**2
_GO_BACK = "Run `./run setup`, and use the toolkit through ./run."


@dataclass(frozen=True)
class Finding:
    """What was found out about one thing."""

    name: str
    ok: bool | None
    """None is a warning: everything works, but not everything well."""
    found: str
    cure: str = ""


def examine() -> list[Finding]:
    """Every check, in the order in which a run would stumble over them."""
    return [finding for check in CHECKS for finding in _safely(check)]


def _safely(check: Callable[[], list[Finding]]) -> list[Finding]:
    """A check that cannot be made is a finding too: the others still count."""
    name = check.__name__.removeprefix("the_").replace("_", " ").capitalize()
    try:
        return check()
    except ToolkitError as problem:
        return [Finding(name, False, problem.what, problem.cure)]
    except OSError as problem:
        return [Finding(name, False, str(problem), "Make that readable.")]


def python(version: tuple[int, ...] = sys.version_info[:3], prefix: Path = Path(sys.prefix)) -> list[Finding]:
    """Python's version, and whether it is the environment that `./run` made."""
    found = f"{'.'.join(map(str, version))} in {prefix}"
    if version[:2] < OLDEST_PYTHON:
        return [Finding("Python", False, found, "Install Python 3.11 or newer, then type ./run with it.")]
    if prefix.resolve() != (paths.REPOSITORY / ".venv").resolve():
        return [Finding("Python", None, f"{found}, not this repository's environment", _GO_BACK)]
    return [Finding("Python", True, found)]


def the_java() -> list[Finding]:
    """A Java that Spark supports, started once to see that it does."""
    chosen = java.find()
    found = f"{chosen.version} from {chosen.source} ({chosen.home})"
    try:
        subprocess.run([chosen.executable, "-version"], check=True, capture_output=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as problem:
        return [Finding("Java", False, f"{found} does not start: {problem}", "Set JAVA_HOME to a Java 17 or 21.")]
    return [Finding("Java", True, found)]


def windows_files() -> list[Finding]:
    """On Windows, Hadoop's two native files, without which Spark cannot write."""
    if sys.platform != "win32":
        return []
    home = os.environ.get("HADOOP_HOME")
    if home and (Path(home) / "bin" / "winutils.exe").is_file():
        return [Finding("Hadoop for Windows", True, home)]
    cure = "Use WSL, or set HADOOP_HOME to a folder whose bin has winutils.exe and hadoop.dll."
    return [Finding("Hadoop for Windows", False, "Spark on Windows cannot write without winutils.exe", cure)]


def spark_jars() -> list[Finding]:
    """Spark's jars: all there, and the very ones that the lock names."""
    lacking = jars.missing()
    if lacking:
        found = f"{len(lacking)} of {len(jars.lock().jars)} are missing in {jars.folder()}"
        return [Finding("Jars", False, found, "Run `./run setup` with a network connection: it fetches them.")]
    try:
        jars.verify()
    except ToolkitError as problem:
        return [Finding("Jars", False, problem.what, f"Delete {jars.folder()}, then run `./run setup`.")]
    size = sum(file.stat().st_size for file in jars.class_path())
    return [Finding("Jars", True, f"{len(jars.class_path())} files, {words.size(size)}, checksums as locked")]


def memory() -> list[Finding]:
    """Spark's heap against what this computer has, and has free now."""
    wanted = heap_bytes(settings.load().memory)
    total, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    found = f"Spark may take {words.size(wanted)} of {words.size(total)}; {words.size(free)} are free now"
    if wanted > total:
        cure = f"Lower TOOLKIT_MEMORY: {settings.default_memory()} would do, and is what it is when unset."
        return [Finding("Memory", False, found, cure)]
    if wanted > free:
        return [Finding("Memory", None, found, "Close something large, or lower TOOLKIT_MEMORY, before a large run.")]
    return [Finding("Memory", True, found)]


def heap_bytes(text: str) -> int:
    """`6144m` or `6g` in bytes."""
    return int(text[:-1]) * {"m": MIB, "g": 1024 * MIB}[text[-1]]


def disk() -> list[Finding]:
    """Free space where runs and tables go."""
    least = settings.load().min_free_disk_gb
    free = shutil.disk_usage(nearest_folder(paths.home())).free
    found = f"{words.size(free)} free under {paths.home()}; a run needs {least:g} GB"
    if free < least * 1e9:
        cure = "Free some space, move TOOLKIT_HOME to a larger disk, or lower TOOLKIT_MIN_FREE_DISK_GB."
        return [Finding("Disk", False, found, cure)]
    return [Finding("Disk", True, found)]


def write_rights() -> list[Finding]:
    """Whether the state and the caches can be written."""
    places = {"TOOLKIT_HOME": paths.home(), "TOOLKIT_CACHE": paths.cache()}
    return [_writable(variable, folder) for variable, folder in places.items()]


def _writable(variable: str, folder: Path) -> Finding:
    name = f"Write rights, {variable}"
    try:
        with tempfile.TemporaryFile(dir=nearest_folder(folder)):
            return Finding(name, True, str(folder))
    except OSError as problem:
        # The jars may lie in a folder that an administrator filled for everyone.
        ok = None if variable == "TOOLKIT_CACHE" and not jars.missing() else False
        cure = f"Make it writable, or set {variable} to a folder that is."
        return Finding(name, ok, f"{folder} cannot be written: {problem.strerror}", cure)


def nearest_folder(folder: Path) -> Path:
    """`folder`, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def ports() -> list[Finding]:
    """Loopback, on which Python and Java talk, and the ports that people will look at."""
    try:
        _bind(0)
    except OSError as problem:
        cure = "Allow local connections to 127.0.0.1: Python and Java talk over them."
        return [Finding("Loopback", False, f"127.0.0.1 cannot be used: {problem.strerror}", cure)]
    return [Finding("Loopback", True, "127.0.0.1 can be used"), *(_port(port, user) for port, user in PORTS.items())]


def _port(port: int, user: str) -> Finding:
    name = f"Port {port}"
    try:
        _bind(port)
    except OSError as problem:
        taken = "taken" if problem.errno == errno.EADDRINUSE else str(problem.strerror)
        return Finding(name, None, f"{taken}; {user} will take the next one", "Its address is shown when it starts.")
    return Finding(name, True, f"free for {user}")


def _bind(port: int) -> None:
    with socket.socket() as taken:
        if sys.platform != "win32":
            # As servers do, so that a port which somebody has just left counts as free.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))


def class_data_archive() -> list[Finding]:
    """The archive with which Spark starts sooner."""
    archives = session.archive_files(java.find())
    if all(archive.is_file() for archive in archives):
        size = sum(archive.stat().st_size for archive in archives)
        return [Finding("Class-data archive", True, words.size(size))]
    return [Finding("Class-data archive", None, "none for this Java; Spark starts slower", "Run `./run setup`.")]


def terminal() -> list[Finding]:
    """What the app needs of the terminal; none is fine for everything else."""
    if not sys.stdout.isatty():
        return [Finding("Terminal", True, "none: the output goes to a file or a pipe")]
    encoding = (sys.stdout.encoding or "").lower()
    return [judge_terminal(encoding, shutil.get_terminal_size(), dict(os.environ))]


def judge_terminal(encoding: str, size: tuple[int, int], variables: dict[str, str]) -> Finding:
    """Encoding, size and colours of a terminal."""
    term = variables.get("TERM", "" if sys.platform != "win32" else "windows")
    colours = "true colours" if variables.get("COLORTERM") in ("truecolor", "24bit") else term or "no TERM"
    found = f"{encoding}, {size[0]}x{size[1]}, {colours}"
    if encoding.replace("-", "") != "utf8":
        return Finding("Terminal", None, found, "Choose a UTF-8 locale, such as LANG=C.UTF-8, or frames look broken.")
    if term in ("", "dumb"):
        return Finding("Terminal", None, found, "Set TERM, for example to xterm-256color, to use the app.")
    if size[0] < LEAST_TERMINAL[0] or size[1] < LEAST_TERMINAL[1]:
        return Finding("Terminal", None, found, "Make the window at least 80 columns by 24 lines to use the app.")
    return Finding("Terminal", True, found)


CHECKS = (
    python,
    the_java,
    windows_files,
    spark_jars,
    memory,
    disk,
    write_rights,
    ports,
    class_data_archive,
    terminal,
)
