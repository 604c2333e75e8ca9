"""A tiny real server, and what starts it in a process of its own, for the tests of services."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from toolkit.service import Place, Service, http_answers

SERVER = """
import http.server, os, pathlib, sys
port, data = int(sys.argv[1]), pathlib.Path(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b",".join(sorted(file.name.encode() for file in data.iterdir()))
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
SILENT = "import time; print('I am busy', flush=True); time.sleep(600)"
CAREFUL = (
    """
import pathlib, signal, sys, threading, time
asked = []
def put_away():
    time.sleep(0.5)
    (pathlib.Path(sys.argv[2]) / f"asked {len(asked)}").touch()
    import os; os._exit(0)
def ask(*_):
    asked.append(1)
    if len(asked) == 1:
        threading.Thread(target=put_away).start()
signal.signal(signal.SIGTERM, ask)
"""
    + SERVER
)
"""Takes its time to put its data away, and notes how often it was asked to."""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER


def tiny(code: str = SERVER, patience: float = 20.0, **more: object) -> Service:
    """A service of one Python program, which is given its port and its folder of data."""

    def command(place: Place) -> list[str]:
        return [sys.executable, "-c", code, str(place.ports["http"]), str(place.data)]

    given: dict[str, object] = {
        "name": "tiny",
        "title": "Tiny",
        "does": "Lists what it keeps.",
        "command": command,
        "healthy": lambda place: http_answers(place.ports["http"]),
        "patience": patience,
    }
    return Service(**{**given, **more})  # type: ignore[arg-type]


def in_a_process(code: str) -> subprocess.Popen[str]:
    """A Python of its own in this home, with the tiny service and the module of services at hand."""
    head = "from tests.services.tiny import *\nfrom toolkit import service, service_processes\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
