"""Lineage as it is kept, drawn, and exchanged with other programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.governed_world import CUSTOMERS, World
from toolkit.errors import AccessDenied, DataError, UsageError
from toolkit.governance.governance import Governance
from toolkit.governance.lineage.model import Edge, Field, Lineage, Origin, Source, Unknown
from toolkit.governance.tasks.exchanging import EXPORT_LINEAGE, IMPORT_LINEAGE, ExportLineage, ImportLineage
from toolkit.governance.tracing import Tracer, graph, lineages, table
from toolkit.governance.views.lineage import IMPACT, LINEAGE, Traced

GOLD = "gold.values"


@pytest.fixture
def world(governed_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    monkeypatch.setattr("toolkit.governance.stewardship.acting", lambda: "root")
    world = World(tmp_path, like=governed_template)
    world.write(GOLD, {"named": ["a"], "score": [1.0], "one": [1]})
    source, target = (Source("table", str(world.lakehouse.path(name))) for name in (CUSTOMERS, GOLD))
    made = Lineage(
        target,
        (Field("named"), Field("score"), Field("one")),
        (
            Edge("named", Origin(source, "email"), "direct", "transformation", "upper(email)"),
            Edge(None, Origin(source, "country"), "indirect", "filter"),
        ),
        (Unknown("score", "Python made it", (source,)),),
        (source,),
    )
    world.platform.begin("build")
    world.platform.append(Tracer(world.platform).rows(made))
    return world


def test_what_is_kept_is_what_was_read_and_unknown_stays_unknown(world: World) -> None:
    ((kept, run),) = lineages(world.lakehouse)
    assert run == world.platform.run_id
    assert {(one.column, one.origin.source.name, one.origin.column, one.subtype) for one in kept.edges} == {
        ("named", CUSTOMERS, "email", "transformation"),
        (None, CUSTOMERS, "country", "filter"),
    }
    assert [(one.column, one.reason) for one in kept.unknown] == [("score", "Python made it")]
    assert {one.name for one in kept.columns} == {"named", "score", "one"}


def test_the_views_draw_it_and_hide_tables_that_may_not_be_seen(world: World) -> None:
    whole = LINEAGE.read(world.as_seen_by("root"), Traced(column=f"{GOLD}.named"))
    assert [row["source"] for row in whole.rows if row["how"] == "its value"] == [CUSTOMERS]
    unknown = LINEAGE.read(world.as_seen_by("root"), Traced(column=f"{GOLD}.score"))
    assert any("Python made it" in note for note in unknown.notes)
    mine = IMPACT.read(world.as_seen_by("anna"), Traced(column=f"{CUSTOMERS}.email"))
    assert "gold" not in str(mine.rows)
    assert {row["source"] for row in mine.rows} == {"a table that you may not see"}
    with pytest.raises(UsageError):
        LINEAGE.read(world.as_seen_by("anna"), Traced(column=f"{GOLD}.named"))
    with pytest.raises(UsageError, match="is no column"):
        LINEAGE.read(world.as_seen_by("root"), Traced(column=GOLD))


def test_it_goes_out_as_openlineage_and_comes_back(world: World, tmp_path: Path) -> None:
    file = tmp_path / "lineage.jsonl"
    assert EXPORT_LINEAGE.body(world.platform, ExportLineage(file=file)) == 1
    (event,) = [json.loads(line) for line in file.read_text().splitlines()]
    assert event["eventType"] == "COMPLETE"
    assert "columnLineage" in event["outputs"][0]["facets"]
    before = graph(world.lakehouse).provenance(table(GOLD), "named")
    assert IMPORT_LINEAGE.body(world.platform, ImportLineage(file=file))[0] == 1
    after = graph(world.lakehouse).provenance(table(GOLD), "named")
    assert {(one.source.name, one.column) for one in after.columns} == {
        (one.source.name, one.column) for one in before.columns
    }
    assert graph(world.lakehouse).provenance(table(GOLD), "score").unknown


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b'{"run": {}}', b"null\nnull"])
def test_a_file_that_is_none_of_events_changes_nothing(world: World, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "lineage.jsonl"
    file.write_bytes(content)
    before = len(lineages(world.lakehouse))
    with pytest.raises(DataError):
        IMPORT_LINEAGE.body(world.platform, ImportLineage(file=file))
    assert len(lineages(world.lakehouse)) == before
    with pytest.raises(DataError, match="no file"):
        IMPORT_LINEAGE.prepare(ImportLineage(file=tmp_path / "none"))


def test_lineage_is_exchanged_by_who_manages_the_catalog(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.governance.stewardship.acting", lambda: "anna")
    with pytest.raises(AccessDenied):
        EXPORT_LINEAGE.body(world.platform, ExportLineage(file=tmp_path / "lineage.jsonl"))
    assert not (tmp_path / "lineage.jsonl").exists()


def test_classes_travel_along_it_and_stop_where_that_is_declared(world: World) -> None:
    governance = Governance(world.platform)
    governance.take_in()
    done = governance.propagate()
    assert [(one.securable, one.column, one.sensitivity) for one in done.suggested] == [
        ("main.gold.values", "named", "confidential")
    ]
    assert done.unknown == (f"{GOLD}.score",)
    assert not governance.propagate().suggested
    governance.alter(f"{GOLD}.named", tags=["anonymised=yes"])
    governance.confirm(GOLD, ["named"], "public")
    again = governance.propagate()
    assert again.stopped == (f"{GOLD}.named",)
    assert not again.suggested
