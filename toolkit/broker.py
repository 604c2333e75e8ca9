"""Where a Kafka broker is and how it is entered, as a service says it and clients take it. Must not connect to anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.errors import UsageError

_ENDPOINT = re.compile(r"Endpoint=sb://([\w.\-]+)/?;")
CONNECTION_STRING_USER = "$ConnectionString"
"""The user that Azure Event Hubs knows a client by, whose password is the connection string of the namespace."""
EVENT_HUBS_PORT = 9093
_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule"


@dataclass(frozen=True)
class Broker:
    """A Kafka broker, and how a client enters it.

    Attributes:
        address: `host:port` of its first server.
        connection_string: of a namespace of Azure Event Hubs, or of a broker that is entered as one; never shown. Without one,
            the broker is entered in the clear, as anybody.
        authority: the file of the certificate that has signed the broker's, in PEM; empty for those that the system trusts.
    """

    address: str
    connection_string: str = field(default="", repr=False)
    authority: str = ""

    @classmethod
    def of_event_hubs(cls, connection_string: str) -> Broker:
        """A namespace of Azure Event Hubs, by its connection string.

        Raises:
            UsageError: it is not one.
        """
        found = _ENDPOINT.match(connection_string)
        if found is None:
            raise UsageError(
                "The connection string is not one of Azure Event Hubs.",
                cure="Copy it from the namespace's shared access policies; it begins with Endpoint=sb://.",
            )
        return cls(f"{found[1]}:{EVENT_HUBS_PORT}", connection_string)

    def of_client(self) -> dict[str, str]:
        """The settings of a client of librdkafka, such as confluent-kafka."""
        settings = {"bootstrap.servers": self.address}
        if not self.connection_string:
            return settings
        settings |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "PLAIN",
            "sasl.username": CONNECTION_STRING_USER,
            "sasl.password": self.connection_string,
        }
        return {**settings, "ssl.ca.location": self.authority} if self.authority else settings

    def of_spark(self) -> Mapping[str, str]:
        """The options of Spark's source and sink `kafka`."""
        options = {"kafka.bootstrap.servers": self.address}
        if not self.connection_string:
            return options
        login = f'{_MODULE} required username="{CONNECTION_STRING_USER}" password="{self.connection_string}";'
        options |= {
            "kafka.security.protocol": "SASL_SSL",
            "kafka.sasl.mechanism": "PLAIN",
            "kafka.sasl.jaas.config": login,
        }
        if self.authority:
            options |= {"kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": self.authority}
        return options
