"""Debezium on Kafka Connect, one worker of its own: the changes of a PostgreSQL database as events of a Kafka topic.

Owns the worker and its connectors. The password of the database is read from its file by the worker itself: it is in no
setting, log or answer of it. How far it has come in the database's log lies in `data/offsets`, written every second: after a
kill the changes since then come again, with the same places in the log.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit import jars, service
from toolkit.errors import DataError, SetupError
from toolkit.service import HOST, Place, Running, Service, http_answers
from toolkit.services import kafka, postgres
from toolkit.services.kafka import KAFKA

WORKER_JARS = "connect"
MEMORY = "384m"
MAIN = "org.apache.kafka.connect.cli.ConnectStandalone"
CONNECTOR = "io.debezium.connector.postgresql.PostgresConnector"
REGISTER_SECONDS = 60.0
"""A connector asks its database when it is registered."""
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


def _properties(place: Place) -> Path:
    return place.folder / "worker.properties"


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
    broker = kafka.broker(service.needed(KAFKA))
    settings = {
        **SETTINGS,
        "bootstrap.servers": broker.address,
        "listeners": f"http://{HOST}:{place.ports['http']}",
        "rest.advertised.host.name": HOST,
        "offset.storage.file.filename": str(place.data / "offsets"),
    }
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    _properties(place).write_text(text, encoding="utf-8")


DEBEZIUM = Service(
    "debezium",
    "Debezium",
    "The changes of a PostgreSQL database on this computer, as events of a Kafka topic.",
    command,
    lambda place: http_answers(place.ports["http"], "/connectors"),
    install,
    prepare=prepare,
    hint="Start Kafka before it; docs/services.md says how tables are captured.",
    patience=90.0,
)


def capture(name: str, tables: Sequence[str], settings: Mapping[str, str] | None = None) -> None:
    """Have the changes of tables of the local database sent to topics `<name>.<schema>.<table>`, from what is there now on.

    Args:
        name: of the connector; its slot and its publication in the database are called after it.
        tables: with their schema, such as `public.orders`.
        settings: further ones of Debezium's connector for PostgreSQL.

    Raises:
        SetupError: Debezium or PostgreSQL is not at work.
        DataError: it was refused.
    """
    database = service.needed(postgres.POSTGRES)
    secret = postgres.password_file(database.place)
    asked = {
        "connector.class": CONNECTOR,
        "database.hostname": HOST,
        "database.port": str(database.ports["sql"]),
        "database.user": postgres.NAME,
        "database.password": f"${{directory:{secret.parent}:{secret.name}}}",
        "database.dbname": postgres.NAME,
        "topic.prefix": name,
        "slot.name": name,
        "publication.name": name,
        "publication.autocreate.mode": "filtered",
        "plugin.name": "pgoutput",
        "table.include.list": ",".join(tables),
        "topic.creation.default.replication.factor": "1",
        "topic.creation.default.partitions": "1",
        "provide.transaction.metadata": "true",
        "decimal.handling.mode": "string",
        "time.precision.mode": "isostring",
        **(settings or {}),
    }
    code, answer = _asked("PUT", f"/connectors/{name}/config", asked)
    if code not in (200, 201):
        said = answer.get("message", "") if isinstance(answer, dict) else ""
        raise DataError(
            f"Debezium refuses to capture {', '.join(tables)}: {str(said).splitlines()[0] if said else f'HTTP {code}'}",
            cure="Mend what it says; its log: toolkit services log debezium",
        )


def state(name: str) -> str:
    """How a connector and its task are: RUNNING, or what Connect says otherwise; FAILED with the reason.

    Raises:
        SetupError: Debezium is not at work.
    """
    code, answer = _asked("GET", f"/connectors/{name}/status")
    if code == http.client.NOT_FOUND:
        return "ABSENT"
    states = [answer["connector"], *answer["tasks"]]
    for one in states:
        if one["state"] != "RUNNING":
            return f"{one['state']} {one.get('trace', '').splitlines()[0] if one.get('trace') else ''}".strip()
    return "RUNNING" if answer["tasks"] else "UNASSIGNED"


def release(name: str) -> None:
    """Capture no more. Its slot stays in the database, which keeps its log for it: drop it there."""
    _asked("DELETE", f"/connectors/{name}")


def _asked(method: str, path: str, content: Any = None) -> tuple[int, Any]:
    running: Running = service.needed(DEBEZIUM)
    connection = http.client.HTTPConnection(HOST, running.ports["http"], timeout=REGISTER_SECONDS)
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
