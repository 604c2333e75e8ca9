"""Schemas of events in a folder: versions, what a new one has to keep, and events that say which one they were written with."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import fastavro
import pytest

from toolkit.errors import DataError, UsageError
from toolkit.streaming.schemas import HEADER_BYTES, SchemaFolder


def record(*fields: tuple[str, Any] | tuple[str, Any, Any]) -> dict[str, Any]:
    described = [{"name": one[0], "type": one[1], **({"default": one[2]} if len(one) > 2 else {})} for one in fields]
    return {"type": "record", "name": "Click", "fields": described}


FIRST = record(("id", "long"), ("page", "string"))
WITH_DEFAULT = record(("id", "long"), ("page", "string"), ("device", ["null", "string"], None))
WITHOUT_DEFAULT = record(("id", "long"), ("page", "string"), ("device", "string"))
FEWER = record(("id", "long"))
OTHER_TYPE = record(("id", "string"), ("page", "string"))
WIDER = record(("id", "double"), ("page", "string"))


@pytest.mark.parametrize(
    ("compatibility", "allowed", "refused"),
    [
        ("backward", [WITH_DEFAULT, FEWER, WIDER], [WITHOUT_DEFAULT, OTHER_TYPE]),
        ("forward", [WITH_DEFAULT, WITHOUT_DEFAULT], [FEWER, OTHER_TYPE, WIDER]),
        ("full", [WITH_DEFAULT], [WITHOUT_DEFAULT, FEWER, OTHER_TYPE, WIDER]),
        ("none", [WITH_DEFAULT, WITHOUT_DEFAULT, FEWER, OTHER_TYPE, WIDER], []),
    ],
)
def test_a_new_version_keeps_what_it_has_to(
    tmp_path: Path, compatibility: Any, allowed: list[dict[str, Any]], refused: list[dict[str, Any]]
) -> None:
    for number, schema in enumerate(allowed):
        schemas = SchemaFolder(tmp_path / f"allowed{number}", compatibility)
        assert [schemas.add("clicks", FIRST), schemas.add("clicks", schema)] == [1, 2]
    for number, schema in enumerate(refused):
        schemas = SchemaFolder(tmp_path / f"refused{number}", compatibility)
        schemas.add("clicks", FIRST)
        with pytest.raises(DataError, match=f"not {compatibility}-compatible with version 1: .* at /"):
            schemas.add("clicks", schema)
        assert schemas.versions("clicks") == [1]


def test_it_is_held_against_all_versions_and_not_the_newest_alone(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    schemas.add("clicks", FIRST)
    schemas.add("clicks", FEWER)
    # Of another type than the field had, which the newest version does not have any more.
    with pytest.raises(DataError, match="with version 1"):
        schemas.add("clicks", record(("id", "long"), ("page", "long", 0)))
    assert schemas.add("clicks", FEWER) == 2, "the same is no new version"
    assert (schemas.subjects(), schemas.schema("clicks", 1)) == (["clicks"], FIRST)


def test_an_event_says_which_version_it_was_written_with(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path)
    schemas.add("clicks", FIRST)
    old = schemas.encode("clicks", {"id": 1, "page": "/"})
    schemas.add("clicks", WITH_DEFAULT)
    new = schemas.encode("clicks", {"id": 2, "page": "/", "device": "phone"})
    assert (old[:HEADER_BYTES], new[:HEADER_BYTES]) == (b"\0\0\0\0\1", b"\0\0\0\0\2")
    assert schemas.encode("clicks", {"id": 1, "page": "/"}, version=1) == old
    body = io.BytesIO(old[HEADER_BYTES:])
    assert fastavro.schemaless_reader(body, FIRST, WITH_DEFAULT) == {"id": 1, "page": "/", "device": None}


@pytest.mark.parametrize(
    "event",
    [{"id": 1}, {"id": "one", "page": "/"}, {"id": 1, "page": "/", "more": 1}, {"id": 2**63, "page": "/"}],
    ids=["lacks a field", "another type", "one more field", "too large"],
)
def test_an_event_that_does_not_fit_is_refused(tmp_path: Path, event: dict[str, Any]) -> None:
    schemas = SchemaFolder(tmp_path)
    schemas.add("clicks", FIRST)
    with pytest.raises(DataError, match="An event does not fit version 1 of clicks"):
        schemas.encode("clicks", event)


def test_what_is_not_there_or_no_schema_is_said(tmp_path: Path) -> None:
    schemas = SchemaFolder(tmp_path / "schemas")
    assert (schemas.subjects(), schemas.versions("clicks")) == ([], [])
    with pytest.raises(UsageError, match="clicks"):
        schemas.encode("clicks", {})
    with pytest.raises(DataError, match="is none of Avro"):
        schemas.add("clicks", {"type": "record", "name": "Click"})
    with pytest.raises(UsageError, match="is no name of a subject"):
        schemas.add("../clicks", FIRST)
    with pytest.raises(UsageError, match="sideways"):
        SchemaFolder(tmp_path, "sideways")  # type: ignore[arg-type]
    assert not (tmp_path / "schemas").exists(), "nothing was written"
    schemas.add("clicks", FIRST)
    with pytest.raises(UsageError, match="2"):
        schemas.schema("clicks", 2)
    (tmp_path / "schemas" / "clicks" / "1.avsc").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"1\.avsc cannot be read"):
        schemas.schema("clicks")
