"""Departures that were not sent yet, in the order in which the flights left: what comes in while the streams are at work."""

from __future__ import annotations

import itertools

from datasets.flights.departures import DEPARTED, departures
from datasets.flights.replay import replay
from scenarios.flight_delays_live.steps import PARTITIONS, faults, messages
from scenarios.flight_delays_live.streams import TOPIC
from toolkit.errors import UsageError
from toolkit.platform import DataPlatform
from toolkit.services import kafka
from toolkit.streaming.producers import Feed
from toolkit.streaming.topics import KEPT_FOR_EVER, Topics


def incoming(platform: DataPlatform) -> Feed:
    """The departures after those that the topic has, with the faults of the scenario."""
    broker = kafka.broker()
    topics = Topics(broker)
    topics.make(TOPIC, PARTITIONS, KEPT_FOR_EVER)
    # Some events were sent twice, and some were cut: so a few departures are left out, and none is sent again.
    sent = sum(one.latest for one in topics.partitions(TOPIC))
    if sent >= DEPARTED:
        raise UsageError("All departures of the year have been sent.", cure="Run the scenario anew.")
    left = itertools.islice(departures(platform.landing.land("flights"), DEPARTED), sent, None)
    return Feed(broker, TOPIC, messages(replay(left, faults(platform))))
