"""Spark kept ready by another process, for small work: taking it, and giving it back.

Whoever has `user.lock` has the session; the system takes that back if its holder dies. Owns the card that the keeper of the
session leaves, and the rules of who may use it. Must not start or end the keeper: that is the service `spark`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from toolkit import paths, service, service_processes, session
from toolkit.driver import Driver
from toolkit.processes import alive
from toolkit.repeating import repeatedly
from toolkit.settings import Settings, current

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NAME = "spark"
"""Of the service that keeps it."""
REFUSED = "The Spark session that is kept ready is not used"
ANSWER_SECONDS = 3.0
RELAY_SECONDS = 0.5
KEEPERS_SECONDS = 5.0
"""What its keeper may need to look after it."""
FULL = 0.8
"""Of its memory; a session that has more in use, after Java has cleared up, is not taken."""


class Unusable(Exception):
    """There is a session that is kept ready, and it cannot be used; the text ends a sentence that begins with "it"."""


@dataclass(frozen=True)
class Card:
    """What its keeper says of a session that is ready; in a file that only its owner can read.

    Attributes:
        port: of the gateway, on loopback.
        secret: that the gateway asks for.
        made_of: what the session was started with, each thing by name as a digest.
    """

    port: int
    secret: str
    made_of: dict[str, str]


def folder() -> Path:
    """What the service keeps."""
    return service.folder(NAME) / "data"


def card_file() -> Path:
    """Where the card lies."""
    return folder() / "session.json"


def user_lock() -> FileLock:
    """Held by whoever uses the session, and by the keeper while it clears up or ends."""
    return FileLock(folder() / "user.lock")


def user_note() -> Path:
    """There while a session is in use; left behind by a user that was killed."""
    return folder() / "in-use"


def write_card(card: Card) -> None:
    """Leave it for those who want to use the session."""
    paths.write_atomically(card_file(), json.dumps(asdict(card)))


def made_of(settings: Settings, driver: Driver) -> dict[str, str]:
    """What a session is started with, by what is said where it differs, as digests: some of it is secret."""
    properties = session.properties(settings, driver)
    # The keeper finds our own code by a path of its own.
    path = [
        entry
        for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if entry not in ("", str(paths.REPOSITORY))
    ]
    code = [*path, *(os.environ.get(name, "") for name in ("TOOLKIT_SCENARIOS", "TOOLKIT_AREAS"))]
    parts: dict[str, Any] = {
        "another memory": settings.memory,
        "another quick_start": settings.quick_start,
        "another store's driver": [sorted(driver.properties.items()), driver.jars],
        "other databases' drivers": sorted(driver.more),
        **{f"another {name}": value for name, value in properties.items() if name not in driver.properties},
        "another Spark or other jars": list(map(str, session.spark_class_path())),
        "another Python or its path": [sys.executable, *code],
        "another current folder": str(Path.cwd()),
    }
    return {name: hashlib.sha256(json.dumps(part).encode()).hexdigest() for name, part in parts.items()}


@contextlib.contextmanager
def session_for(name: str, log: Path, driver: Driver, say: Callable[[str], None]) -> Iterator[SparkSession]:
    """A session: the one that is kept ready, where there is one that can be used, else one of its own.

    Args:
        name: shown by Spark, where it is started.
        log: receives what Java says meanwhile.
        driver: for a lakehouse in an object store, and for databases.
        say: told why one that is kept ready is not used.

    Raises:
        SetupError: as `session.start`.
    """
    settings = current()
    try:
        taken = _taken(settings, driver)
    except Unusable as problem:
        say(f"{REFUSED}: it {problem}.")
        taken = None
    if taken is None:
        spark = session.start(settings, name=name, log=log, driver=driver)
        try:
            yield spark
        finally:
            session.stop(spark)
        return
    with contextlib.ExitStack() as given_back:
        given_back.callback(taken.lock.release)
        given_back.enter_context(_relayed(log))
        given_back.callback(user_note().unlink, missing_ok=True)
        given_back.callback(session.detach, taken.spark)
        threading.Thread(target=_load_ahead, daemon=True).start()
        yield taken.spark


def _load_ahead() -> None:
    """Load what a run needs at its end while it waits for Java; pyarrow looks for pandas whenever it makes a table."""
    for name in ("pyarrow", "pandas", "deltalake"):
        importlib.import_module(name)


@dataclass
class _Taken:
    spark: SparkSession
    lock: FileLock


def _taken(settings: Settings, driver: Driver) -> _Taken | None:
    """The session that is kept ready, for this process alone; None where there is none, or none is wanted.

    Raises:
        Unusable: there is one, or was.
    """
    if not settings.warm_minutes or settings.remote or not service.folder(NAME).is_dir():
        return None
    if not _is_kept():
        return None
    card = _card()
    differing = [name for name, digest in made_of(settings, driver).items() if card.made_of.get(name) != digest]
    if differing:
        cure = f"to have one as this run needs it: toolkit services stop {NAME}, then start {NAME}"
        raise Unusable(f"was started with {' and '.join(differing)}; {cure}")
    lock = user_lock()
    try:
        # Its keeper has the lock for a moment each second, and longer while Java clears up.
        lock.acquire(timeout=0 if user_note().exists() else KEEPERS_SECONDS)
    except Timeout:
        raise Unusable("is in use by another run") from None
    except OSError as problem:
        raise Unusable(f"cannot be locked: {problem.strerror or problem}") from problem
    try:
        _refuse_silent(card)
        user_note().touch()
        spark = session.attach(card.port, card.secret)
        try:
            session.clear(spark)
            _refuse_full(spark)
        except BaseException:
            session.detach(spark)
            raise
    except BaseException as problem:
        user_note().unlink(missing_ok=True)
        lock.release()
        if isinstance(problem, Unusable) or not isinstance(problem, Exception):
            raise
        raise Unusable(f"cannot be reached ({type(problem).__name__})") from problem
    return _Taken(spark, lock)


def _is_kept() -> bool:
    """Whether a keeper is at work that has said it is ready.

    Raises:
        Unusable: there was one, and it did not end as it should.
    """
    cure = f"start it anew with: toolkit services start {NAME}"
    try:
        note = service_processes.read(service.folder(NAME))
    except service_processes.Damaged as problem:
        raise Unusable(f"is in a state that cannot be read; {cure}") from problem
    if note is None or note.phase != "running":
        return False
    if not alive(note.pid, note.created):
        raise Unusable(f"has died; {cure}")
    return True


def _card() -> Card:
    """What the keeper says.

    Raises:
        Unusable: it is not ours to read, or says nothing that can be understood.
    """
    try:
        if hasattr(os, "getuid") and card_file().stat().st_uid != os.getuid():
            raise Unusable("belongs to another user")
        return Card(**json.loads(card_file().read_text(encoding="utf-8")))
    except PermissionError as problem:
        raise Unusable("belongs to another user") from problem
    except (OSError, ValueError, TypeError) as problem:
        raise Unusable("does not say how it is reached") from problem


def _refuse_silent(card: Card) -> None:
    """Ask the gateway for an answer, as py4j does, but not for ever.

    Raises:
        Unusable: there is none in time.
    """
    try:
        with socket.create_connection((service.HOST, card.port), timeout=ANSWER_SECONDS) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(f"A\n{card.secret}\ne\n".encode())
            if not connection.recv(16).startswith(b"!yv"):
                raise Unusable("does not let this process in")
    except OSError as problem:
        raise Unusable("does not answer") from problem


def _refuse_full(spark: SparkSession) -> None:
    """Refuse a session without memory for more work.

    Raises:
        Unusable: so it is, after Java has cleared up.
    """
    if session.is_full(spark, FULL):
        raise Unusable("has no memory left")


@contextlib.contextmanager
def _relayed(log: Path) -> Iterator[None]:
    """Copy to `log` what the session's Java says meanwhile."""
    said = service.Place(service.folder(NAME), {}).log
    position = said.stat().st_size if said.exists() else 0

    def copy() -> None:
        nonlocal position
        with contextlib.suppress(OSError), said.open("rb") as stream:
            if said.stat().st_size < position:  # it was put away meanwhile
                position = 0
            stream.seek(position)
            if new := stream.read():
                with log.open("ab") as own:
                    own.write(new)
            position += len(new)

    with repeatedly(copy, RELAY_SECONDS):
        yield
