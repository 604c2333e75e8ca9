"""How a broker is entered, without one."""

from __future__ import annotations

import pytest

from toolkit.broker import Broker
from toolkit.errors import UsageError

CONNECTION = "Endpoint=sb://my-space.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=s3cr3t="


def test_a_namespace_of_event_hubs_is_entered_by_its_connection_string_which_is_not_shown() -> None:
    broker = Broker.of_event_hubs(CONNECTION)
    assert broker.address == "my-space.servicebus.windows.net:9093"
    assert "s3cr3t" not in repr(broker)
    assert broker.of_client()["sasl.username"] == "$ConnectionString"
    assert broker.of_client()["sasl.password"] == CONNECTION
    assert 'username="$ConnectionString"' in broker.of_spark()["kafka.sasl.jaas.config"]
    assert "ssl.ca.location" not in broker.of_client()
    plain = Broker("127.0.0.1:9092")
    assert plain.of_client() == {"bootstrap.servers": "127.0.0.1:9092"}
    assert plain.of_spark() == {"kafka.bootstrap.servers": "127.0.0.1:9092"}
    with pytest.raises(UsageError, match="not one of Azure Event Hubs") as refused:
        Broker.of_event_hubs("SharedAccessKey=s3cr3t")
    assert "s3cr3t" not in str(refused.value)
