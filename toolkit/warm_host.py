"""The keeper of a Spark session for small work: `python -m toolkit.warm_host PORT FOLDER`.

It starts Spark, warms it, leaves a card that says how it is reached, and ends when nobody has used it for a while, or when it
has not enough memory left for more work. Must not do any work of a user.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from toolkit import service_processes, session, warm, warmup
from toolkit.service import HOST
from toolkit.settings import current
from toolkit.store.lakehouse import Lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOOK_SECONDS = 1.0
FULL = 0.6
"""Of its memory; an idle session that has more in use, after Java has cleared up, ends."""


def main(port: int, folder: Path) -> None:
    """Keep a session, started in `folder`, until it has been idle for the minutes that the settings say."""
    signal.signal(signal.SIGTERM, _asked_to_end)
    # What a run reads by a relative path, Java looks for here.
    os.chdir(folder)
    settings, driver = current(), Lakehouse.default().driver
    warm.card_file().unlink(missing_ok=True)
    # A worker that has another user's code in memory would run it instead of what that user has written since.
    spark = session.start(settings, name="kept ready", driver=driver, extra={"spark.python.worker.reuse": "false"})
    try:
        with tempfile.TemporaryDirectory(prefix="toolkit-warm-") as scratch:
            warmup.work(spark, Path(scratch))
        gateway = session.gateway()
        warm.write_card(warm.Card(gateway.port, gateway.secret, warm.made_of(settings, driver)))
        with _answering(port):
            _keep(spark, settings.warm_minutes * 60)
    finally:
        warm.card_file().unlink(missing_ok=True)
        session.stop(spark)


def _asked_to_end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


@contextlib.contextmanager
def _answering(port: int) -> Any:
    """Say on `port` that the session is ready."""

    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the log is Java's."""

    server = HTTPServer((HOST, port), Ready)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _keep(spark: SparkSession, idle_seconds: float) -> None:
    """Wait; clear up after users that were killed; return when it has been idle for long, or is full, or Java has ended."""
    last_used = time.monotonic()
    cleared = True
    lock = warm.user_lock()
    while session.gateway().process.poll() is None:
        time.sleep(LOOK_SECONDS)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            last_used, cleared = time.monotonic(), False
            continue
        # Held until this process has ended, where it ends: nobody can take a session that is going away.
        if warm.user_note().exists():
            session.clear(spark)
            warm.user_note().unlink(missing_ok=True)
            last_used, cleared = time.monotonic(), False
        if not cleared:
            cleared = True
            if session.is_full(spark, FULL):
                _say("It ends: its memory is full.")
                return _put_down()
        if time.monotonic() - last_used > idle_seconds:
            _say("It ends: nobody has used it for a while.")
            return _put_down()
        lock.release()
    _say("It ends: its Java has ended.")
    return None


def _put_down() -> None:
    """Note that it was stopped; what was not stopped has died."""
    folder = warm.folder().parent
    # Whoever is just starting it waits for this lock, or has it and will find out.
    with contextlib.suppress(Timeout), FileLock(folder / "lock").acquire(timeout=5):
        note = service_processes.read(folder)
        service_processes.write(folder, service_processes.Note("stopped", note.ports if note else {}))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the service's log


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
