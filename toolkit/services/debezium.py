"""Debezium on Kafka Connect, one worker of its own: the changes of a PostgreSQL database as events of Kafka topics.

Owns the worker and what it captures, which it goes on with when it is started again. The worker itself reads the password of
the database from its file: it is in no setting, log or answer. How far it has come in the database's log lies in
`data/offsets`, written every second: after a kill, changes come again, with the places in the log that they had.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from toolkit import jars, paths, service
from toolkit.errors import DataError, SetupError, UsageError
from toolkit.service import ANSWER_SECONDS, HOST, POLL_SECONDS, Place, Running, Service, http_answers
from toolkit.services import kafka, postgres

WORKER_JARS = "connect"
MEMORY = "384m"
MAIN = "org.apache.kafka.connect.cli.ConnectStandalone"
CONNECTOR = "io.debezium.connector.postgresql.PostgresConnector"
ASK_SECONDS = 60.0
"""A connector asks its database when it is registered."""
READ_SECONDS = 600.0
"""Large tables take their time."""
SETTINGS = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter.schemas.enable": "false",
    "offset.flush.interval.ms": "1000",
    "config.providers": "directory",
    "config.providers.directory.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
    "plugin.discovery": "service_load",
    "topic.creation.enable": "true",
}
CAPTURE_SETTINGS = {
    "connector.class": CONNECTOR,
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "filtered",
    "provide.transaction.metadata": "true",
    "decimal.handling.mode": "string",
    "time.precision.mode": "isostring",
    "skipped.operations": "none",
    # Else it would note how far it has come with the next change only, and the database keep its log until then.
    "heartbeat.interval.ms": "1000",
    "retriable.restart.connector.wait.ms": "1000",
    "topic.creation.default.replication.factor": "1",
    "topic.creation.default.partitions": "1",
    # The times of changes are their own; a topic that deletes by them would lose a snapshot of old rows.
    "topic.creation.default.retention.ms": "-1",
}
"""One partition: only so do all changes of a table stay in the order of its commits."""
FAILED = "FAILED"
RESTART_SECONDS = 2.0
"""A task that was started again takes a moment until it is at work."""
_DONE = (http.client.OK, http.client.ACCEPTED, http.client.NO_CONTENT)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_"


@dataclass(frozen=True)
class Capture:
    """What is captured, under one name.

    Attributes:
        name: of the connector, its slot and its publication in the database; lower-case letters, digits and `_`.
        tables: with their schema, such as `public.orders`. Their changes go to the topics `<name>.<schema>.<table>`, the
            transactions to `<name>.transaction`.
        settings: further ones of Debezium's connector for PostgreSQL.
    """

    name: str
    tables: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or self.name[0].isdigit() or set(self.name) - set(_NAME):
            raise UsageError(
                f"{self.name!r} cannot name a slot of PostgreSQL.", cure="Use lower-case letters, digits and _."
            )

    def topic(self, table: str) -> str:
        """Where the changes of a table go."""
        return f"{self.name}.{table}"

    @property
    def transactions(self) -> str:
        """The topic that tells where transactions begin and end."""
        return f"{self.name}.transaction"


def _properties(place: Place) -> Path:
    return place.folder / "worker.properties"


def _captures(place: Place) -> Path:
    return place.data / "captures"


def command(place: Place) -> Sequence[str]:
    """How it is started."""
    return [*kafka.java_command(WORKER_JARS, MEMORY), MAIN, str(_properties(place))]


def install() -> None:
    """Bring Kafka Connect and Debezium."""
    jars.fetch(WORKER_JARS)


def prepare(place: Place) -> None:
    """Say where the broker is now.

    Raises:
        SetupError: Kafka is not at work.
    """
    broker = kafka.broker()
    settings = {
        **SETTINGS,
        "bootstrap.servers": broker.address,
        "listeners": f"http://{HOST}:{place.ports['http']}",
        "rest.advertised.host.name": HOST,
        "offset.storage.file.filename": str(place.data / "offsets"),
        # It would read any file of this user's for whoever asks it.
        "config.providers.directory.param.allowed.paths": str(service.folder(postgres.POSTGRES.name)),
    }
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    _properties(place).write_text(text, encoding="utf-8")


def furnish(place: Place) -> None:
    """Go on with what was captured before; what is refused now holds up nothing else, and is REFUSED when asked for.

    Raises:
        SetupError: there is something, and PostgreSQL is not at work.
    """
    kept = sorted(_captures(place).glob("*.json"))
    if kept:
        service.needed(postgres.POSTGRES)
    for file in kept:
        with contextlib.suppress(DataError):
            _register(place, _kept(file))


def _kept(file: Path) -> Capture:
    """What is captured.

    Raises:
        DataError: the file is damaged.
    """
    try:
        return Capture(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as problem:
        raise DataError(
            f"{file} cannot be read: {problem}.", cure="Release the capture and begin it anew."
        ) from problem


DEBEZIUM = Service(
    "debezium",
    "Debezium",
    "The changes of a PostgreSQL database on this computer, as events of Kafka topics.",
    command,
    # It answers 404 while it is being set up.
    lambda place: http_answers(place.ports["http"], "/connectors", http.client.OK),
    install,
    furnish,
    prepare=prepare,
    hint="Start Kafka and PostgreSQL before it; docs/services.md says how tables are captured.",
    patience=90.0,
)


def capture(wanted: Capture, patience: float = READ_SECONDS) -> None:
    """Have the rows of tables of the local database, and then all their changes, sent to topics, until it is released.

    Args:
        wanted: what is captured.
        patience: seconds until the first reading of the tables is given up.

    Raises:
        UsageError: other tables are captured under that name: those that were added would not be read.
        SetupError: Debezium or PostgreSQL is not at work, or does not come to follow the changes.
        DataError: a table is not there or has no primary key, or it was refused. Nothing is captured.
    """
    place, database = service.needed(DEBEZIUM).place, service.needed(postgres.POSTGRES)
    kept = _captures(place) / f"{wanted.name}.json"
    if kept.exists():
        if sorted(_kept(kept).tables) != sorted(wanted.tables):
            raise UsageError(
                f"{wanted.name} captures other tables: {', '.join(_kept(kept).tables)}.",
                cure="Release it first, or choose another name.",
            )
    else:
        _refuse_without_key(wanted, database)
    try:
        _register(place, wanted)
        _await_following(place, wanted, database, patience)
    except BaseException:
        if not kept.exists():
            with contextlib.suppress(SetupError):
                _remove(place, wanted.name)
                forget(wanted.name)
        raise
    kept.parent.mkdir(exist_ok=True)
    paths.write_atomically(kept, json.dumps(asdict(wanted)))


def _refuse_without_key(wanted: Capture, database: Running) -> None:
    """Messages of a table without a primary key have none, and nobody could tell its rows apart."""
    asked = "SELECT to_regclass(%s), EXISTS (SELECT 1 FROM pg_index WHERE indrelid = to_regclass(%s) AND indisprimary)"
    with postgres.connected(database) as connection:
        for table in wanted.tables:
            is_there, has_key = connection.execute(asked, [table, table]).fetchone() or (None, False)
            if is_there is None or not has_key:
                what = "has no primary key" if is_there else "is not in the database"
                raise DataError(f"{table} {what}.", cure="Give it one, or capture other tables. Nothing is captured.")


def _register(place: Place, wanted: Capture) -> None:
    database = service.needed(postgres.POSTGRES)
    secret = postgres.password_file(database.place)
    asked = {
        **CAPTURE_SETTINGS,
        "database.hostname": HOST,
        "database.port": str(database.ports["sql"]),
        "database.user": postgres.NAME,
        "database.password": f"${{directory:{secret.parent}:{secret.name}}}",
        "database.dbname": postgres.NAME,
        "topic.prefix": wanted.name,
        "slot.name": wanted.name,
        "publication.name": wanted.name,
        "table.include.list": ",".join(wanted.tables),
        **wanted.settings,
    }
    code, answer = _asked(place, "PUT", f"/connectors/{wanted.name}/config", asked)
    if code not in (http.client.OK, http.client.CREATED):
        said = answer.get("message", "") if isinstance(answer, dict) else ""
        raise DataError(
            f"Debezium refuses to capture {', '.join(wanted.tables)}: {str(said).splitlines()[0] if said else code}",
            cure="Mend what it says; its log: toolkit services log debezium",
        )


def _await_following(place: Place, wanted: Capture, database: Running, patience: float) -> None:
    """Wait until what is in the tables was read, their changes are followed, and that is noted.

    A table that is emptied while it is read is read as empty: TRUNCATE does not wait for readers. And a worker that is killed
    before its first note reads all anew, and passes over what was changed since it had read it.
    """
    until = time.monotonic() + patience
    while True:
        found = _state(place, wanted.name)
        if found.startswith(FAILED) or time.monotonic() > until:
            raise SetupError(
                f"Debezium does not capture {', '.join(wanted.tables)}: it is {found}.",
                cure="Its log: toolkit services log debezium",
            )
        with postgres.connected(database) as connection:
            asked = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active"
            follows = connection.execute(asked, [wanted.name]).fetchone() is not None
        if follows and _is_noted(place, wanted.name):
            return
        time.sleep(POLL_SECONDS)


def _is_noted(place: Place, name: str) -> bool:
    """Whether it has noted a place in the database's log that follows the first reading of the tables."""
    _, answer = _asked(place, "GET", f"/connectors/{name}/offsets")
    offsets = [one["offset"] for one in answer.get("offsets", ())]
    return any("snapshot" not in offset or offset.get("snapshot_completed") for offset in offsets)


def state(name: str) -> str:
    """How a capture is: RUNNING; FAILED with the reason, or what else Connect says.

    ABSENT where there is none; REFUSED where there was one that could not go on when the worker was started.

    Raises:
        SetupError: Debezium is not at work.
    """
    return _state(service.needed(DEBEZIUM).place, name)


def _state(place: Place, name: str) -> str:
    code, answer = _asked(place, "GET", f"/connectors/{name}/status")
    if code == http.client.NOT_FOUND:
        return "REFUSED" if (_captures(place) / f"{name}.json").exists() else "ABSENT"
    for one in (answer["connector"], *answer["tasks"]):
        if one["state"] != "RUNNING":
            trace = one.get("trace", "")
            # Connect wraps it in words of its own; what it was stands last.
            *_, cause = trace.rpartition("Caused by: ")
            return " ".join([one["state"], *cause.split("\tat ")[0].split()])
    return "RUNNING" if answer["tasks"] else "UNASSIGNED"


def release(name: str) -> None:
    """Capture no more, and forget how far that had come; nothing where there is no such capture.

    Raises:
        SetupError: Debezium or PostgreSQL is not at work, or does not do it.
    """
    place = service.needed(DEBEZIUM).place
    _remove(place, name)
    (_captures(place) / f"{name}.json").unlink(missing_ok=True)
    forget(name)


def _remove(place: Place, name: str) -> None:
    """Take a connector and its notes away; they can be when its task has stopped, which takes a moment."""
    if _asked(place, "GET", f"/connectors/{name}/status")[0] == http.client.NOT_FOUND:
        return
    until = time.monotonic() + ASK_SECONDS
    for method, path in (("PUT", "/stop"), ("DELETE", "/offsets"), ("DELETE", "")):
        while True:
            code, answer = _asked(place, method, f"/connectors/{name}{path}")
            if code in _DONE:
                break
            if time.monotonic() > until:
                raise SetupError(
                    f"Debezium does not release {name}: {answer.get('message', code)}.",
                    cure="Its log: toolkit services log debezium",
                )
            time.sleep(POLL_SECONDS)


def forget(name: str) -> None:
    """Drop what the database keeps for a capture: its log since the last change that was sent, and the publication.

    Raises:
        SetupError: PostgreSQL is not at work, or the changes are still followed.
    """
    import psycopg
    from psycopg import sql

    with postgres.connected() as connection:
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                # A slot is in use until its user's connection is closed.
                connection.execute(
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [name]
                )
                break
            except psycopg.errors.ObjectInUse as problem:
                if time.monotonic() > until:
                    raise SetupError(
                        f"The changes of {name} are still followed.", cure="Release it first."
                    ) from problem
                time.sleep(POLL_SECONDS)
        connection.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(name)))


def await_sent(name: str, lsn: str, patience: float = ASK_SECONDS) -> tuple[str, ...]:
    """Wait until all changes up to a place in the database's log have been acknowledged by Kafka.

    A connector that asks its database while that is down may fail, and Connect leaves it so: it is started again.

    Args:
        name: of the capture.
        lsn: the place, as `pg_current_wal_insert_lsn()` gives it.
        patience: seconds until it is given up.

    Returns:
        For each time that it was started again, why it had failed.

    Raises:
        SetupError: they have not; why is said as far as Debezium tells.
    """
    until, failures = time.monotonic() + patience, list[str]()
    looked = 0.0
    while True:
        with postgres.connected() as connection:
            asked = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
            row = connection.execute(asked, [lsn, name]).fetchone()
        if row and row[0]:
            return tuple(failures)
        if time.monotonic() - looked > RESTART_SECONDS:
            looked, found = time.monotonic(), state(name)
            if looked > until:
                before = f", after it had failed: {failures[-1]}" if failures else ""
                raise SetupError(
                    f"Debezium has not sent the changes up to {lsn}: it is {found}{before}.",
                    cure="Its log: toolkit services log debezium",
                )
            if found.startswith(FAILED):
                failures.append(found.removeprefix(FAILED).strip())
                restart(name)
        time.sleep(POLL_SECONDS)


def restart(name: str) -> None:
    """Start again what has failed of a capture; it goes on where it was.

    Raises:
        SetupError: Debezium is not at work, or there is no such capture.
    """
    path = f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true"
    code, answer = _asked(service.needed(DEBEZIUM).place, "POST", path)
    if code not in _DONE:
        raise SetupError(
            f"Debezium does not start {name} again: {answer.get('message', code)}.",
            cure="Its log: toolkit services log debezium",
        )


def _asked(place: Place, method: str, path: str, content: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(HOST, place.ports["http"], timeout=ASK_SECONDS)
    try:
        body = None if content is None else json.dumps(content)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if text else {}
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise SetupError(f"Debezium does not answer: {problem}.", cure="See how it is: toolkit services") from problem
    finally:
        connection.close()
