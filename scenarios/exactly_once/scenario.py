"""Five kills, declared."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from toolkit.scenario import Parameters, Scenario, Step, load_tables


class KillParameters(Parameters):
    """What can be chosen."""

    events: int = Field(24_000, ge=1_000, le=300_000, description="Departures that are sent to the topic")
    kills: int = Field(5, ge=1, le=5, description="How often the process that writes the tables is killed")
    broker_kills: int = Field(
        0, ge=0, le=2, description="How often the broker is: while events are sent, and while they are taken"
    )


STREAMED = (
    "bronze.naive_events",
    "bronze.once_events",
    "bronze.sink_events",
    "bronze.merged_events",
    "silver.naive_departures",
    "silver.naive_delays",
    "silver.once_departures",
    "silver.once_delays",
)
SCENARIO = Scenario(
    id="exactly_once",
    title="Five kills, counted",
    question="Does each event count once, however often the process is killed?",
    story=(
        "Flights report their departure to Kafka, and a process of six streams writes what they say to eight Delta tables. The "
        "process is killed with kill -9, five times: while a batch is worked on, after its rows "
        "were committed and before that was noted, between two tables that belong together, in a MERGE, and while the streams "
        "are being stopped. Then each table is held against what was sent. Two of the streams are written as one would write "
        "them first; four as one has to."
    ),
    parameters=KillParameters,
    steps=(
        Step("land", "Land the flights", "The flights of a year; their departures are the events."),
        Step(
            "stream",
            "Send, write, kill",
            "Send the events to a real Kafka, and have six streams write them to eight tables by a process that is killed.",
            reads=("flights",),
            writes=(*STREAMED, "ops.kills"),
            parameters=("events", "kills", "broker_kills"),
        ),
        Step(
            "count",
            "Count each event",
            "Of each table, how many events it lacks, and how many rows it has too many.",
            reads=STREAMED,
            writes=("gold.sink_counts",),
        ),
    ),
    tables=load_tables(Path(__file__).with_name("tables.toml")),
    topics=("Kafka", "exactly once", "checkpoints", "foreachBatch", "idempotent writes", "kill -9"),
    minutes=3,
    services=("kafka",),
    order=30,
)
