"""The client that PostgreSQL brings, for tests of the server and of what reads it."""

from __future__ import annotations

import os
import subprocess

from toolkit.service import HOST, Running
from toolkit.services import postgres


def start_psql(running: Running, *words: str, password: str | None = None) -> subprocess.Popen[str]:
    """A client as the role of the service; the password is in its environment."""
    given = postgres.database(running).password if password is None else password
    where = ["-h", HOST, "-p", str(running.ports["sql"]), "-U", postgres.NAME, "-d", postgres.NAME]
    return subprocess.Popen(
        [*postgres.program("psql"), *where, "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", *words],
        env={**os.environ, "PGPASSWORD": given},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sql(running: Running, statements: str) -> str:
    """What it answers."""
    out, err = start_psql(running, "-f", "-").communicate(statements, timeout=60)
    assert not err, err
    return out.strip()
