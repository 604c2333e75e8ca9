"""Apache Kafka, one server that is broker and controller (KRaft), in the clear and as Azure Event Hubs is entered."""

from __future__ import annotations

import os
import secrets
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from toolkit import jars, java, service
from toolkit.broker import CONNECTION_STRING_USER, Broker
from toolkit.service import ANSWER_SECONDS, HOST, Place, Running, Service
from toolkit.services import certificates, installing, secret_files

SERVER_JARS = "broker"
"""The group of jars that it is made of."""
MEMORY = "512m"
MAIN, FORMAT = "kafka.Kafka", "kafka.tools.StorageTool"
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
_LOGGING = Path(__file__).with_name("kafka_log4j2.properties")
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A broker that was killed may come back when the one that it was has been given up: Kafka's own choice is 9 seconds.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "1000",
    # A group of one does not wait for others.
    "group.initial.rebalance.delay.ms": "0",
    "sasl.enabled.mechanisms": "PLAIN",
    "ssl.keystore.type": "PEM",
}
"""One server keeps everything once."""


def java_command(group: str, memory: str, logging: Path = _LOGGING) -> list[str]:
    """A Java with a group of jars, up to the class that is to be run."""
    chosen = java.find()
    # Spark's resolver leaves the library of Scala out, as Spark has it.
    (scala,) = (java.spark_home() / "jars").glob("scala-library-*.jar")
    paths = os.pathsep.join(map(str, [*jars.class_path(group), scala]))
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Xmx{memory}"]
    return [str(chosen.executable), *quick, f"-Dlog4j2.configurationFile={logging}", "-cp", paths]


def _properties(place: Place) -> Path:
    return place.folder / "server.properties"


def connection_file(place: Place) -> Path:
    """The connection string of the local broker, which only its owner can read."""
    return place.data / "secrets" / "connection"


def authority_file(place: Place) -> Path:
    """The certificate that its clients trust."""
    return place.data / "secrets" / "certificate.pem"


def command(place: Place) -> Sequence[str]:
    """How it is started."""
    return [*java_command(SERVER_JARS, MEMORY), MAIN, str(_properties(place))]


def install() -> None:
    """Bring Kafka."""
    jars.fetch(SERVER_JARS)


def prepare(place: Place) -> None:
    """Make what it keeps, unless that is there, and say which ports it has now.

    Raises:
        SetupError: it cannot be made.
    """
    installing.made(place.data / "secrets", _make_secrets)
    listeners = {"PLAINTEXT": place.ports["plain"], "SASL_SSL": place.ports["sasl"]}
    inside = {**listeners, "CONTROLLER": place.ports["controller"]}
    secret = connection_file(place).read_text(encoding="utf-8")
    settings = {
        **SETTINGS,
        "listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in inside.items()),
        "advertised.listeners": ",".join(f"{name}://{HOST}:{port}" for name, port in listeners.items()),
        "controller.quorum.voters": f"1@{HOST}:{place.ports['controller']}",
        "log.dirs": str(place.data / "log"),
        "ssl.keystore.location": str(place.data / "secrets" / "server.pem"),
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{_LOGIN} user_{CONNECTION_STRING_USER}="{secret}";',
    }
    file = _properties(place)
    file.unlink(missing_ok=True)
    secret_files.keep(file, "".join(f"{name}={value}\n" for name, value in settings.items()))
    if not (place.data / "log" / "meta.properties").is_file():
        _format(place)


def _make_secrets(scratch: Path) -> None:
    key = secrets.token_urlsafe(32)
    secret_files.keep(
        scratch / "connection", f"Endpoint=sb://{HOST}/;SharedAccessKeyName=toolkit;SharedAccessKey={key}"
    )
    made = certificates.for_host(HOST)
    secret_files.keep(scratch / "server.pem", made.key + made.certificate)
    (scratch / "certificate.pem").write_text(made.certificate, encoding="utf-8")


def _format(place: Place) -> None:
    """Make the log of a new cluster; Kafka does it by a program of its own."""
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # As one word: an id may begin with a dash.
    words = ["format", f"--cluster-id={cluster}", "--config", str(_properties(place)), "--ignore-formatted"]
    cure = "See whether the disk is full, and start it again."
    installing.run(
        [*java_command(SERVER_JARS, MEMORY), FORMAT, *words], place.folder, "Kafka could not make its log", cure
    )


def healthy(place: Place) -> bool:
    """Whether it tells a client which servers there are."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    asking = AdminClient({"bootstrap.servers": f"{HOST}:{place.ports['plain']}", "log_level": 0})
    try:
        return bool(asking.list_topics(timeout=ANSWER_SECONDS).brokers)
    except KafkaException:
        return False


KAFKA = Service(
    "kafka",
    "Kafka",
    "A broker of event streams on this computer, in the clear and as Azure Event Hubs is entered.",
    command,
    healthy,
    install,
    prepare=prepare,
    ports=("plain", "sasl", "controller"),
    hint="docs/services.md says how clients enter it.",
    jars="kafka",
)


def broker(running: Running | None = None, *, as_event_hubs: bool = False) -> Broker:
    """The broker at work, for producers and streams.

    Args:
        running: the server; the one that is at work here when None.
        as_event_hubs: over SASL_SSL, as a client enters Azure Event Hubs.

    Raises:
        SetupError: none is at work, or its connection string cannot be read.
    """
    found = running or service.needed(KAFKA)
    if not as_event_hubs:
        return Broker(f"{HOST}:{found.ports['plain']}")
    secret = secret_files.read(connection_file(found.place), "connection string of Kafka")
    return Broker(f"{HOST}:{found.ports['sasl']}", secret, str(authority_file(found.place)))
