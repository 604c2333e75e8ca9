"""Records are appended by Spark and read without it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from toolkit.errors import DataError
from toolkit.events import EventLog
from toolkit.quality.history import measurements
from toolkit.quality.records import RESULTS, Measurement
from toolkit.scenario import Parameters, Scenario
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.records import arrow_schema, table_of
from toolkit.store.tables import Tables

SCENARIO = Scenario("parcels", "Parcels", "?", "", Parameters, (), ())
AT = datetime(2026, 3, 1, 10, 15, 0, 123456, tzinfo=UTC)
FOUND = [
    Measurement("r1", AT, "silver.parcels", "a", 3, "between", ("kg", "id"), rows=5, failed=2, passed=False),
    Measurement("r1", AT, "silver.parcels", "b", measured=0.1, passed=None, population="stored"),
]


@pytest.fixture
def tables(spark: SparkSession, tmp_path: Path) -> Tables:
    log = EventLog(tmp_path / "events.jsonl", "20260301-101500-parcels-0a1b")
    return Tables(SCENARIO, Parameters(), log.run_id, log, lambda: spark, Lakehouse(tmp_path / "lakehouse"))


def test_records_that_are_appended_come_back_as_they_were(tables: Tables) -> None:
    tables.append(FOUND)
    tables.append(FOUND[:1], once="twice")
    tables.append(FOUND[:1], once="twice")
    tables.append([])
    reader = tables.reader(RESULTS)
    assert measurements(reader) == [FOUND[0], FOUND[0], FOUND[1]]
    assert {column.name: column.comment for column in reader.columns()} == table_of(Measurement).columns
    assert len(reader.files()) == 2, "one file for each append"


def test_a_table_of_an_older_shape_is_not_added_to(tables: Tables) -> None:
    path = tables.lakehouse.path(RESULTS)
    write_deltalake(path, pa.Table.from_pylist([], schema=arrow_schema(Measurement)).drop_columns(["population"]))
    with pytest.raises(DataError, match="missing population"):
        tables.append(FOUND)
    assert tables.reader(RESULTS).version == 0
