"""What the tasks of streams are asked with, and for whom they are done."""

from __future__ import annotations

from pydantic import Field

from toolkit.streaming.declared import declared
from toolkit.streaming.views.naming import OfStream
from toolkit.views import Link

TO_STREAMS = Link("enter", "Streams", "streaming.streams", "Show how the streams are.")


class Named(OfStream):
    """One stream, or all those of a scenario."""

    stream: str = Field(
        description="As scenario.stream; a scenario alone means all its streams.",
        examples=["flight_delays_live.departures", "flight_delays_live"],
    )


def scenario_of(asked: OfStream) -> str:
    """The id of the scenario whose stream it is."""
    return declared(asked.stream)[0].scenario.id


def services_of(asked: OfStream) -> tuple[str, ...]:
    """The services that it reads."""
    return declared(asked.stream)[0].scenario.services
