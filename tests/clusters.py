"""A standalone cluster of Spark on loopback, as its own scripts start it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from toolkit import java

SECONDS_TO_START = 60


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """A master and its workers, of one core and 1.5 GB each; gives the master's URL.

    Args:
        folder: of their logs and work.
        workers: how many.
    """
    port = free_port()
    url = f"spark://127.0.0.1:{port}"
    processes = [_started("master.Master", ["--port", str(port)], folder / "master.txt")]
    try:
        _wait_for("I have been elected leader", folder / "master.txt")
        for number in range(workers):
            work = ["--cores", "1", "--memory", "1536m", "--work-dir", str(folder / f"work-{number}"), url]
            processes.append(_started("worker.Worker", work, folder / f"worker-{number}.txt"))
        for number in range(workers):
            _wait_for("Successfully registered with master", folder / f"worker-{number}.txt")
        yield url
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(30)


def workers_used(folder: Path) -> int:
    """How many of the workers have run executors."""
    logs = [log.read_text(encoding="utf-8") for log in folder.glob("worker-*.txt")]
    return sum("Asked to launch executor" in log for log in logs)


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _started(name: str, words: list[str], log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    program = java.find().home / "bin" / "java"
    command = [str(program), "-cp", f"{java.spark_home()}/jars/*", "-Xmx512m", f"org.apache.spark.deploy.{name}"]
    environment = {**os.environ, "SPARK_HOME": str(java.spark_home()), "SPARK_LOCAL_IP": "127.0.0.1"}
    environment["SPARK_SCALA_VERSION"] = "2.13"  # its scripts find that out
    with log.open("wb") as out:
        return subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--webui-port", "0", *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
        )


def _wait_for(words: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while words not in log.read_text(encoding="utf-8", errors="replace"):
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")[-3000:]
        time.sleep(0.2)
