"""Delays as they come, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.scenario import Parameters, Scenario, ScenarioStream, Step, load_tables


class LiveParameters(Parameters):
    """What can be chosen."""

    events: int = Field(6_000, ge=1_000, le=100_000, description="Departures that are sent to the topic")
    lateness: int = Field(60, ge=0, le=1_440, description="Minutes of event time that an event may come late")
    seed: int = Field(7, ge=0, le=2_147_483_647, description="Of the order in which neighbours come")


SILVER, WINDOWS, ALERTS = "silver.live_departures", "gold.delay_windows", "gold.delay_alerts"
SCENARIO = Scenario(
    id="flight_delays_live",
    title="Delays as they come",
    question="Is the live answer that of a batch afterwards, and is each flight accounted for that it lacks?",
    story=(
        "Every flight that leaves New York is reported to Kafka at that moment, and counts for the hour for which it was "
        "scheduled: so each delayed flight is an event that comes late. Streams keep the delays by airport and airline in "
        "sliding windows, a list of the worst, and alerts where delays last. A window cannot wait for ever: a watermark says "
        "how long, and what comes after it is left out of the windows. Here it is kept, in a table of its own, beside the "
        "messages that could not be read. In the end the windows are held against a batch over all flights."
    ),
    parameters=LiveParameters,
    steps=(
        Step("land", "Land the flights", "The flights of a year; their departures are the events."),
        Step(
            "stream",
            "Send and watch",
            "Send the departures in two portions; after each, three streams go on where they stopped.",
            reads=("flights",),
            writes=(SILVER, WINDOWS, "gold.worst_airlines", ALERTS),
            parameters=("events", "lateness", "seed"),
        ),
        Step(
            "compare",
            "Hold it against a batch",
            "Count the same windows by a batch over all flights, and account for each that the live windows lack.",
            reads=("flights", SILVER, WINDOWS),
            writes=("gold.window_checks",),
            parameters=("events",),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=("Kafka", "event time", "watermark", "sliding windows", "late data", "dead letters", "transformWithState"),
    minutes=3,
    services=("kafka",),
    streams=(
        ScenarioStream("departures", "From the topic to silver, each flight once.", writes=(SILVER,), from_topics=True),
        ScenarioStream(
            "delays",
            "Delays by airport and airline in sliding windows, and the worst airlines.",
            writes=(WINDOWS, "gold.worst_airlines"),
        ),
        ScenarioStream("alerts", "Airports whose delays last.", writes=(ALERTS,), repeats=True),
    ),
    order=31,
)
