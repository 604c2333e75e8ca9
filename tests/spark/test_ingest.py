"""Files that keep coming: each is loaded once, whatever happens between two commits."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from toolkit.errors import BusyError, DataError
from toolkit.etl.discovery import Place
from toolkit.etl.extract import read_json
from toolkit.etl.ingest import FileFlow, ingest
from toolkit.etl.ledger import Ledger
from toolkit.store.reader import DeltaReader

SCHEMA = "id STRING, price STRING"


class Killed(Exception):
    """What ends a load where a kill would."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "orders"


def put(folder: Path, name: str, *rows: tuple[str, str], at: int | None = None, **more: str) -> None:
    lines = [json.dumps({"id": one, "price": price, **more}) for one, price in rows]
    (folder / name).write_text("\n".join(lines) + "\n")
    if at is not None:
        os.utime(folder / name, (at, at))


def flow_of(folder: Path, **options: Any) -> FileFlow:
    return FileFlow(Place(folder, "*.json"), SCHEMA, read_json, **options)


def ledger_of(spark: SparkSession, table: Path) -> Ledger:
    return Ledger(table.with_name("files"), lambda: spark)


def content(table: Path) -> list[tuple[Any, ...]]:
    return sorted(DeltaReader(table, "t").sql("SELECT id, price, _source FROM t").rows)


def test_new_files_are_loaded_in_bounded_batches_and_old_ones_are_not(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    for day in range(3):
        put(folder, f"{day}.json", (f"o{day}", "1"), at=1_000_000 + day)
    done = ingest(table, flow=flow_of(folder, most_files=2), ledger=ledger_of(spark, table), spark=spark)
    assert (done.batches, done.files, done.inserted, done.corrupt) == (2, 3, 3, 0)
    assert content(table) == [(f"o{day}", "1", f"{day}.json") for day in range(3)]
    again = ingest(table, flow=flow_of(folder), ledger=ledger_of(spark, table), spark=spark)
    assert (again.batches, again.discovery.seen) == (0, 3)
    put(folder, "3.json", ("o3", "1"))
    assert ingest(table, flow=flow_of(folder), ledger=ledger_of(spark, table), spark=spark).inserted == 1


@pytest.mark.parametrize("step", ["before the plan", "after the plan", "after the commit"])
def test_a_load_that_is_killed_and_made_again_loads_each_file_once(
    spark: SparkSession, folder: Path, table: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    put(folder, "1.json", ("a", "1"))
    put(folder, "2.json", ("b", "2"))
    ledger = ledger_of(spark, table)

    class Dying(Ledger):
        def plan(self, files: Sequence[Any], once: str) -> bool:
            if step == "before the plan":
                raise Killed
            written = super().plan(files, once)
            if step == "after the plan":
                raise Killed
            return written

    if step == "after the commit":
        from toolkit.etl import ingest as module

        real = module.load.append

        def dying(*given: Any, **more: Any) -> Any:
            real(*given, **more)
            raise Killed

        monkeypatch.setattr(module.load, "append", dying)
    with pytest.raises(Killed):
        ingest(table, flow=flow_of(folder), ledger=Dying(ledger.path, ledger.session), spark=spark)
    monkeypatch.undo()
    put(folder, "3.json", ("c", "3"))
    done = ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert content(table) == [("a", "1", "1.json"), ("b", "2", "2.json"), ("c", "3", "3.json")]
    assert done.resumed == (1 if step == "after the plan" else 0)


def test_a_replaced_file_is_told_or_its_rows_take_the_place_of_the_earlier_ones(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"), ("b", "1"))
    put(folder, "2.json", ("c", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    (folder / "2.json").touch()
    put(folder, "1.json", ("a", "9"))
    told = ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert [one.name for one in told.discovery.replaced] == ["1.json"]
    assert (told.files, told.discovery.seen) == (0, 1), "the same content at another time is the same file"
    put(folder, "3.json", ("d", "1"))
    done = ingest(table, flow=flow_of(folder, replaced="reload"), ledger=ledger, spark=spark)
    assert (done.batches, done.deleted) == (1, 2)
    assert content(table) == [("a", "9", "1.json"), ("c", "1", "2.json"), ("d", "1", "3.json")]
    assert ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark).discovery.replaced == ()


def test_a_full_refresh_empties_the_table_and_loads_what_is_there(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"))
    put(folder, "2.json", ("b", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    (folder / "1.json").unlink()
    kept = ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert (kept.discovery.gone, len(content(table))) == (("1.json",), 2)
    done = ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark, full_refresh=True)
    assert (done.deleted, done.inserted, done.resumed) == (2, 1, 0)
    assert content(table) == [("b", "1", "2.json")]
    shutil.rmtree(table)
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert content(table) == [("b", "1", "2.json")], "a table that was deleted is loaded anew"


def test_a_ledger_that_was_lost_is_an_error_and_a_planned_file_that_is_gone_is_one(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    shutil.move(ledger.path, ledger.path.with_name("lost"))
    with pytest.raises(DataError, match="the ledger does not know"):
        ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    shutil.move(ledger.path.with_name("lost"), ledger.path)
    put(folder, "2.json", ("b", "1"))

    class Last(Ledger):
        def plan(self, files: Sequence[Any], once: str) -> bool:
            super().plan(files, once)
            raise Killed

    with pytest.raises(Killed):
        ingest(table, flow=flow_of(folder), ledger=Last(ledger.path, lambda: spark), spark=spark)
    before = DeltaReader(table, "t").version
    (folder / "2.json").unlink()
    with pytest.raises(
        DataError, match=r"An earlier load of orders has planned batch 2.*2\.json is not there any more"
    ):
        ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert DeltaReader(table, "t").version == before
    put(folder, "2.json", ("c", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert content(table) == [("a", "1", "1.json"), ("c", "1", "2.json")], "it is loaded as it is now"


def test_a_file_that_cannot_be_read_is_not_planned_and_holds_up_no_other(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    (folder / "2.json.gz").write_bytes(gzip.compress(b'{"id": "b"}' * 100)[:-9])
    planned = len(ledger.files())
    with pytest.raises(DataError, match=r"2\.json\.gz is cut off"):
        ingest(
            table,
            flow=replace(flow_of(folder), place=Place(folder, "*.json*"), name="*.json"),
            ledger=ledger,
            spark=spark,
        )
    assert len(ledger.files()) == planned
    (folder / "2.json.gz").unlink()
    put(folder, "3.json", ("c", "1"))
    ingest(
        table, flow=replace(flow_of(folder), place=Place(folder, "*.json*"), name="*.json"), ledger=ledger, spark=spark
    )
    assert [row[0] for row in content(table)] == ["a", "c"]


def test_two_programs_cannot_plan_one_batch(spark: SparkSession, folder: Path, table: Path) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"))

    class Overtaken(Ledger):
        def plan(self, files: Sequence[Any], once: str) -> bool:
            ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
            put(folder, "2.json", ("b", "1"))
            return super().plan(files, once)

    with pytest.raises(BusyError, match="Another program is loading"):
        ingest(table, flow=flow_of(folder), ledger=Overtaken(ledger.path, ledger.session), spark=spark)
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    assert content(table) == [("a", "1", "1.json"), ("b", "1", "2.json")]


def test_columns_that_the_schema_lacks_are_rescued_or_added_or_refused(
    spark: SparkSession, folder: Path, table: Path
) -> None:
    ledger = ledger_of(spark, table)
    put(folder, "1.json", ("a", "1"))
    ingest(table, flow=flow_of(folder), ledger=ledger, spark=spark)
    put(folder, "2.json", ("b", "1"), colour="red", Price="9")
    with pytest.raises(DataError, match="colour"):
        ingest(table, flow=flow_of(folder, new_columns="fail"), ledger=ledger, spark=spark)
    assert len(content(table)) == 1
    done = ingest(table, flow=flow_of(folder, new_columns="add"), ledger=ledger, spark=spark)
    assert done.added == ("colour",), "Price and price are one name to a table"
    put(folder, "3.json", ("c", "1"), colour="blue", size="XL")
    ingest(table, flow=flow_of(folder, new_columns="add", most_files=1), ledger=ledger, spark=spark)
    rows = DeltaReader(table, "t").sql("SELECT id, colour, size, _rescued_data FROM t ORDER BY id").rows
    assert [row[:3] for row in rows] == [("a", None, None), ("b", "red", None), ("c", "blue", "XL")]
    assert json.loads(rows[1][3])["Price"] == "9"
