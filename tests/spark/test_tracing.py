"""Lineage of what a run writes, kept where the lakehouse is governed: by frames, merges, the quality gate and streams."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.governed_world import CUSTOMERS, World
from toolkit.etl.load import upsert
from toolkit.governance.policies import rows_of
from toolkit.governance.records import LINEAGE, ColumnOrigin
from toolkit.governance.tracing import graph, lineages, table
from toolkit.quality.quarantine import quarantine_of
from toolkit.quality.rules import NotNull
from toolkit.scenario import Table
from toolkit.store.delta_log import DeltaLog
from toolkit.streaming.sinks import append_once
from toolkit.streaming.streams import Stream

VALUES = Table("gold.values", "A value.", {"id": "Its number.", "named": "Its name.", "doubled": "Twice its salary."})
KEPT = Table("gold.kept", "A row that was kept.", {"id": "Its number.", "email": "An address."})
CHECKED = Table(
    "silver.checked", "A row that was checked.", {"id": "Its number.", "email": "An address.", "_warnings": "Mild."}
)

ASIDE = quarantine_of(CHECKED)
ASIDE = Table(ASIDE.name, ASIDE.description, {k: v for k, v in ASIDE.columns.items() if k != "_corrupt_record"})


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> World:
    monkeypatch.setenv("TOOLKIT_HOME", str(tmp_path))
    world = World(tmp_path, lambda: spark)
    for one in (VALUES, KEPT, CHECKED, ASIDE):
        world.platform.declare(one)
    world.platform.begin("build")
    return world


def edges(world: World, name: str) -> set[str]:
    """`column <- source.column how`, of what is kept of a table."""
    return {
        f"{one.column or '*'} <- {one.source}.{one.source_column} {one.how}"
        for one in rows_of(world.lakehouse, ColumnOrigin, "at")
        if one.table == name and one.state in ("direct", "indirect")
    }


def test_a_lakehouse_that_is_not_governed_keeps_none(world: World) -> None:
    frame = world.platform.read(CUSTOMERS).select("id", F.col("email").alias("named"), F.lit(1.0).alias("doubled"))
    world.platform.write(VALUES.name, frame)
    assert not world.lakehouse.has_version(LINEAGE)


def test_a_frame_that_is_written_leaves_where_its_columns_come_from(world: World) -> None:
    world.govern()
    frame = world.platform.read(CUSTOMERS).where("country = 'DE'")
    frame = frame.select("id", F.upper("email").alias("named"), (F.col("salary") * 2).alias("doubled"))
    world.platform.write(VALUES.name, frame)
    assert edges(world, VALUES.name) == {
        f"id <- {CUSTOMERS}.id identity",
        f"named <- {CUSTOMERS}.email transformation",
        f"doubled <- {CUSTOMERS}.salary transformation",
        f"* <- {CUSTOMERS}.country filter",
    }
    known = graph(world.lakehouse)
    assert [(one.source.name, one.column) for one in known.impact(table(CUSTOMERS), "salary") if one.direct] == [
        (VALUES.name, "doubled")
    ]


def test_a_merge_leaves_it_too_and_only_the_last_run_of_a_step_counts(world: World) -> None:
    world.govern()
    rows = world.platform.read(CUSTOMERS).select("id", "email")
    for _ in range(2):
        world.platform.etl.into(KEPT.name, upsert, rows, ["id"])
    assert f"email <- {CUSTOMERS}.email identity" in edges(world, KEPT.name)
    world.platform.run_id = "20260301-111500-governance-0b2c"
    world.platform.__dict__.pop("governance")
    world.platform.write(KEPT.name, rows.withColumn("email", F.lit("x")))
    (last,) = [
        lineage for lineage, run in lineages(world.lakehouse) if lineage.target and lineage.target.name == KEPT.name
    ]
    assert {edge.column for edge in last.edges} == {"id"}
    assert not last.unknown


def test_rows_that_went_through_the_gate_come_from_where_they_came_and_not_from_staging(world: World) -> None:
    world.govern()
    rows = world.platform.read(CUSTOMERS).select("id", "email")
    world.platform.quality.check(CHECKED.name, rows, [NotNull(name="id_is_known", column="id")])
    found = edges(world, CHECKED.name)
    assert f"email <- {CUSTOMERS}.email identity" in found
    assert not any("staging" in one for one in found)


def test_what_a_stream_writes_comes_from_the_table_that_it_reads(world: World, spark: SparkSession) -> None:
    world.govern()
    source = spark.readStream.format("delta").load(str(world.lakehouse.path(CUSTOMERS)))
    rows = source.where("salary > 0").select("id", F.lower("email").alias("email"))
    path = world.lakehouse.path(KEPT.name)
    way = world.platform.way(KEPT.name)
    stream = Stream("kept", rows, lambda batch: append_once(batch, path, way))
    world.platform.streaming.take(stream)
    assert DeltaLog(path).newest is not None
    assert edges(world, KEPT.name) == {
        f"id <- {CUSTOMERS}.id identity",
        f"email <- {CUSTOMERS}.email transformation",
        f"* <- {CUSTOMERS}.salary filter",
    }


def test_what_python_made_is_unknown_and_stays_so(world: World) -> None:
    world.govern()
    made = (
        world.platform.read(CUSTOMERS)
        .select("id", "email")
        .mapInPandas(lambda batches: batches, "id LONG, email STRING")
    )
    world.platform.write(KEPT.name, made)
    (lineage,) = [one for one, _ in lineages(world.lakehouse) if one.target and one.target.name == KEPT.name]
    assert {one.column for one in lineage.unknown} >= {"id", "email"}
    assert graph(world.lakehouse).provenance(table(KEPT.name), "email").unknown
