"""Lineage as an event of OpenLineage: there and back, valid by the client's own classes, and events that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset as column_lineage
from openlineage.client.serde import Serde

from toolkit.errors import DataError
from toolkit.governance.lineage import openlineage_reader
from toolkit.governance.lineage.model import Edge, Field, Lineage, Origin, Source, Unknown
from toolkit.governance.lineage.openlineage import RunOf, event_of
from toolkit.governance.lineage.openlineage_reader import read_event

RAW, EARLIER = Source("table", "/lake/raw", version=3), Source("table", "/lake/raw", version=2)
FEED = Source("table", "/lake/raw", feed=True)
CLOUD = Source("table", "abfss://lake@shop.dfs.core.windows.net/silver/orders", called="silver.orders")
TOPIC = Source("topic", "clicks", namespace="broker:9092,other:9092")
BASE = Source("jdbc", "public.orders", namespace="jdbc:postgresql://host:5432/shop")
ROWS = Source("memory", "1", schema=(Field("x", "integer"), Field("y", "array<string>")))
TARGET = Source("table", "/lake/orders")
SOURCES = (RAW, EARLIER, FEED, CLOUD, TOPIC, BASE, ROWS)
WHOLE = Lineage(
    TARGET,
    (
        Field("id", "integer"),
        Field("who", "string"),
        Field("seven", "integer"),
        Field("odd", "double"),
        Field("part", "string"),
    ),
    (
        *(Edge("id", Origin(source, "x"), "direct", "identity") for source in SOURCES),
        Edge("who", Origin(RAW, "email"), "direct", "transformation", "sha2(email, ?)", masks=True),
        Edge("who", Origin(RAW, "email"), "indirect", "conditional", "email IS NULL"),
        Edge("part", Origin(RAW, "a.`b.c`"), "direct", "aggregation", "max(a)"),
        Edge(None, Origin(FEED, "status"), "indirect", "filter", "(status = ?)"),
        Edge(None, Origin(RAW, "status"), "indirect", "sort", "status"),
    ),
    (
        Unknown("odd", "MapInPandas is a function over whole rows", (RAW, ROWS)),
        Unknown("part", "one side is not understood"),
        Unknown(None, "a new operator", (TOPIC,)),
    ),
    SOURCES,
)
RUN = RunOf("2026-11-30-retail", "retail.silver", datetime(2026, 11, 30, 12, tzinfo=UTC))


def test_there_and_back_nothing_is_lost() -> None:
    merged = Lineage(
        TARGET, (Field("id"),), (Edge("id", Origin(TARGET, "id"), "direct", "transformation"),), (), (TARGET,)
    )
    event = read_event(event_of([WHOLE, merged], RUN))
    assert event.lineages[0] == WHOLE
    assert event.lineages[1] == merged
    assert (event.run, event.job) == (RUN.id, RUN.job)


def test_names_in_a_catalogue_and_uuids_are_kept() -> None:
    run = RunOf("0b5d2dd2-04c4-4bf0-9a36-1a4b2c3d4e5f", "j", RUN.at)
    text = event_of([WHOLE], run)
    assert json.loads(text)["run"]["runId"] == run.id
    assert next(one for one in read_event(text).lineages[0].sources if one == CLOUD).called == "silver.orders"


def test_an_unknown_column_has_no_entry_and_one_without_source_an_empty_one() -> None:
    facets = json.loads(event_of([WHOLE], RUN))["outputs"][0]["facets"]
    fields = facets["columnLineage"]["fields"]
    assert "odd" not in fields
    assert fields["seven"]["inputFields"] == []
    assert [one["column"] for one in facets["toolkit_unknown"]["columns"] if "column" in one] == ["odd", "part"]


def test_the_words_are_those_of_the_specification() -> None:
    event = json.loads(event_of([WHOLE], RUN))
    [who] = event["outputs"][0]["facets"]["columnLineage"]["fields"]["who"]["inputFields"]
    assert (who["namespace"], who["name"], who["field"]) == ("file", "/lake/raw", "email")
    assert who["transformations"] == [
        {"type": "DIRECT", "subtype": "TRANSFORMATION", "description": "sha2(email, ?)", "masking": True},
        {"type": "INDIRECT", "subtype": "CONDITIONAL", "description": "email IS NULL", "masking": False},
    ]
    names = {(one["namespace"], one["name"]) for one in event["inputs"]}
    assert {("kafka://broker:9092", "clicks"), ("abfss://lake@shop.dfs.core.windows.net", "silver/orders")} <= names
    assert len(names) == len(SOURCES)


def test_the_event_is_valid_by_the_classes_of_the_client() -> None:
    event = json.loads(event_of([WHOLE], RUN))
    [output] = event["outputs"]
    told = output["facets"]["columnLineage"]
    facet = column_lineage.ColumnLineageDatasetFacet(
        fields={
            name: column_lineage.Fields([_input_field(one) for one in given["inputFields"]])
            for name, given in told["fields"].items()
        },
        dataset=[_input_field(one) for one in told["dataset"]],
        producer=told["_producer"],
    )
    assert json.loads(Serde.to_json(facet)) == told
    again = RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=RunState(event["eventType"]),
        run=Run(**event["run"]),
        job=Job(**event["job"]),
        inputs=[InputDataset(**one) for one in event["inputs"]],
        outputs=[OutputDataset(**one) for one in event["outputs"]],
    )
    assert json.loads(Serde.to_json(again)) == event


def _input_field(given: dict[str, Any]) -> column_lineage.InputField:
    changes = [column_lineage.Transformation(**one) for one in given["transformations"]]
    return column_lineage.InputField(given["namespace"], given["name"], given["field"], changes)


def foreign(**facets: Any) -> dict[str, Any]:
    """An event as other producers write them."""
    return {
        "eventType": "COMPLETE",
        "run": {"runId": "0b5d2dd2-04c4-4bf0-9a36-1a4b2c3d4e5f"},
        "job": {"namespace": "spark", "name": "job"},
        "inputs": [{"namespace": "s3://bucket", "name": "raw/orders"}],
        "outputs": [{"namespace": "file", "name": "/lake/t", "facets": facets}],
    }


def test_an_event_of_somebody_else_is_read_and_its_silence_is_unknown() -> None:
    origin = {"namespace": "s3://bucket", "name": "raw/orders", "field": "id"}
    event = foreign(
        schema={"fields": [{"name": "id", "type": "int"}, {"name": "mystery"}, {"name": "old"}]},
        columnLineage={
            "fields": {
                "id": {"inputFields": [{**origin, "transformations": [{"type": "DIRECT"}]}]},
                "old": {"inputFields": [origin], "transformationType": "MASKED"},
            },
            "dataset": [{**origin, "transformations": [{"type": "INDIRECT", "subtype": "JOIN"}]}],
        },
    )
    [lineage] = read_event(json.dumps(event)).lineages
    bucket = Source("table", "s3://bucket/raw/orders")
    assert lineage.edges == (
        Edge("id", Origin(bucket, "id"), "direct", "transformation"),
        Edge("old", Origin(bucket, "id"), "direct", "transformation", masks=True),
        Edge(None, Origin(bucket, "id"), "indirect", "join"),
    )
    assert lineage.unknown == (Unknown("mystery", "the event does not say where it comes from", (bucket,)),)
    assert lineage.target == Source("table", "/lake/t")


def test_an_event_without_columns_is_unknown_as_a_whole() -> None:
    [lineage] = read_event(json.dumps(foreign())).lineages
    assert [one.column for one in lineage.unknown] == [None]


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    event = json.loads(event_of([WHOLE], RUN))
    change(event)
    return json.dumps(event)


def _facets(event: dict[str, Any]) -> dict[str, Any]:
    facets: dict[str, Any] = event["outputs"][0]["facets"]
    return facets


def _first(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _facets(event)["columnLineage"]["fields"]["who"]["inputFields"][0]
    return found


REFUSED: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "no JSON"),
    "no object": ("[1]", "it is no object"),
    "too deep": ("[" * 200_000, "no JSON"),
    "no number": ('{"run": NaN}', "NaN is no value of JSON"),
    "no run": (changed(lambda event: event.pop("run")), "at run: it is no object"),
    "a job without name": (changed(lambda event: event["job"].pop("name")), "at job.name"),
    "outputs of another kind": (changed(lambda event: event.update(outputs={"a": 1})), "at outputs: it is no list"),
    "a facet of another kind": (
        changed(lambda event: _facets(event).update(columnLineage=[1])),
        "columnLineage: it is no object",
    ),
    "a name of another kind": (changed(lambda event: _first(event).update(field=7)), "it is no text"),
    "a name too long": (changed(lambda event: _first(event).update(field="x" * 5_000)), "it is no text"),
    "another word for kind": (
        changed(lambda event: _first(event)["transformations"][0].update(type="SIDEWAYS")),
        "neither DIRECT nor INDIRECT",
    ),
    "another word for subtype": (
        changed(lambda event: _first(event)["transformations"][0].update(subtype="JOIN")),
        "none of IDENTITY",
    ),
    "a mask of another kind": (
        changed(lambda event: _first(event)["transformations"][0].update(masking="yes")),
        "neither true nor false",
    ),
    "a version of another kind": (
        changed(lambda event: event["inputs"][0]["facets"]["toolkit_source"].update(version=True)),
        "no whole number",
    ),
    "a feed of another kind": (
        changed(lambda event: event["inputs"][0]["facets"]["toolkit_source"].update(feed=1)),
        "neither true nor false",
    ),
    "a source of another kind": (
        changed(lambda event: event["inputs"][0]["facets"]["toolkit_source"].update(kind="moon")),
        "it is none of table",
    ),
    "unknown without reason": (
        changed(lambda event: _facets(event)["toolkit_unknown"]["columns"][0].pop("reason")),
        "reason",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_event_that_is_wrong_is_refused_with_the_place(name: str) -> None:
    text, said = REFUSED[name]
    with pytest.raises(DataError, match=said) as refused:
        read_event(text)
    assert refused.value.cure


def test_an_event_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = event_of([WHOLE], RUN)
    monkeypatch.setattr(openlineage_reader, "MOST_EDGES", 3)
    with pytest.raises(DataError, match="more than 3 edges"):
        read_event(text)
    monkeypatch.setattr(openlineage_reader, "MOST_CHARACTERS", 10)
    with pytest.raises(DataError, match="10 are allowed"):
        read_event(text)
