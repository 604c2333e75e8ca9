"""What the list of tables says of each, and what a table says of its rows, columns, versions and files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake

from toolkit import areas
from toolkit.browse import tables
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Result

ROWS = pa.table({"id": [1, 2, 3], "note": ["a", None, ""]})
NOTE = {"userMetadata": json.dumps({"run_id": "20260301-101500-parcels-0a1b", "step": "check"})}


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    """A silver table in two versions, and a gold one."""
    del toolkit_home
    found = Lakehouse.default()
    write_deltalake(found.path("silver.parcels"), ROWS)
    properties = CommitProperties(custom_metadata=NOTE)
    write_deltalake(found.path("silver.parcels"), ROWS.slice(0, 1), mode="append", commit_properties=properties)
    write_deltalake(found.path("gold.sums"), pa.table({"n": [1]}))
    return found


def read(name: str, lakehouse: Lakehouse, **values: Any) -> Result:
    """A view of the area, whole."""
    view = areas.view(f"tables.{name}")
    return view.filled(lakehouse, view.read(lakehouse, view.parameters(**values)))


def damage(lakehouse: Lakehouse) -> None:
    """Cut the newest commit of the silver table."""
    (lakehouse.path("silver.parcels") / "_delta_log" / f"{1:020}.json").write_text("{", encoding="utf-8")


def test_names_come_without_opening_a_table(lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lakehouse, "summary", lambda *_: pytest.fail("opened"))
    view = areas.view("tables.list")
    rows = view.read(lakehouse, view.parameters()).rows
    assert [(row["table"], row["layer"]) for row in rows] == [("silver.parcels", "silver"), ("gold.sums", "gold")]
    assert view.sentence(rows[0]) == "silver.parcels: reading …"


def test_what_opening_tells_fills_the_row(lakehouse: Lakehouse) -> None:
    row = read("list", lakehouse).rows[0]
    assert (row["state"], row["rows"], row["version"], row["files"]) == ("ok", 4, 1, 2)
    assert row["size"] == sum(file.stat().st_size for file in lakehouse.path("silver.parcels").glob("*.parquet"))
    assert areas.view("tables.list").sentence(row).startswith("silver.parcels: 4 rows in 2 files, ")


def test_a_row_changes_with_each_commit_and_only_then(lakehouse: Lakehouse) -> None:
    view = areas.view("tables.list")
    before = view.read(lakehouse, view.parameters()).rows
    assert view.read(lakehouse, view.parameters()).rows == before
    write_deltalake(lakehouse.path("gold.sums"), pa.table({"n": [2]}), mode="append")
    after = view.read(lakehouse, view.parameters()).rows
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def test_a_damaged_table_is_a_row_and_a_problem_told_once(lakehouse: Lakehouse, cli: Callable[..., Any]) -> None:
    damage(lakehouse)
    result = read("list", lakehouse)
    damaged, sound = result.rows
    assert (damaged["state"], sound["state"], sound["rows"]) == ("damaged", "ok", 1)
    assert result.problems == (damaged["problem"],)
    assert areas.view("tables.list").sentence(damaged) == damaged["problem"]
    told = cli("tables")
    assert told.exit_code == 5
    assert ("✖ damaged" in told.stdout, "gold.sums" in told.stdout) == (True, True)
    assert (told.stdout + told.stderr).count("silver.parcels cannot be read") == 1
    rows = json.loads(cli("tables", "--json").stdout)
    assert [(row["table"], row["rows"]) for row in rows] == [("silver.parcels", None), ("gold.sums", 1)]


def test_a_table_with_an_odd_name_is_told_not_left_out(lakehouse: Lakehouse, cli: Callable[..., Any]) -> None:
    assert read("list", lakehouse).notes == ()
    for place in ("silver/Odd-Name", "raw/\x1b[31mparcels", "staging/silver.parcels"):
        shutil.copytree(lakehouse.path("silver.parcels"), lakehouse.root / place)
    (note,) = read("list", lakehouse).notes
    assert "silver/Odd-Name" in note
    assert "raw/␛[31mparcels" in note
    assert "staging" not in note
    told = cli("tables")
    assert told.exit_code == 0
    assert "silver/Odd-Name" in told.stderr


def test_rows_are_those_of_the_version_that_meet_the_condition(lakehouse: Lakehouse) -> None:
    result = read("show", lakehouse, table="silver.parcels", where="id = 1")
    assert [column.name for column in result.columns] == ["id", "note"]
    assert [(row["id"], row["note"]) for row in result.rows] == [(1, "a"), (1, "a")]
    assert result.notes == ("silver.parcels, version 1: the condition is met by 2 of 4 rows.",)
    assert len(read("show", lakehouse, table="silver.parcels", version=0).rows) == 3


def test_rows_that_were_not_read_are_told(lakehouse: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    result = read("show", lakehouse, table="silver.parcels")
    assert len(result.rows) == 3
    assert result.notes[0] == "silver.parcels, version 1: 4 rows."
    assert result.notes[1].startswith("Only the first 3 were read")


def test_null_and_empty_text_do_not_look_alike(lakehouse: Lakehouse, cli: Callable[..., Any]) -> None:
    del lakehouse
    told = cli("tables", "show", "silver.parcels", "--version", "0", "--sort", "id", "--descending")
    assert [line.split() for line in told.stdout.splitlines()] == [["id", "note"], ["3"], ["2", "NULL"], ["1", "a"]]


def test_the_order_knows_every_row_and_not_only_those_that_are_shown(
    lakehouse: Lakehouse, cli: Callable[..., Any]
) -> None:
    write_deltalake(lakehouse.path("gold.sums"), pa.table({"n": range(2, 500)}), mode="append")
    told = cli("tables", "show", "gold.sums", "--sort", "n", "--descending", "--limit", "2")
    assert told.stdout.split() == ["n", "499", "498"]
    assert told.stderr.splitlines() == ["gold.sums, version 1: 499 rows.", "Shown: 2."]
    refused = cli("tables", "show", "gold.sums", "--sort", "nope")
    assert (refused.exit_code, "There is no column 'nope'" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("flag", "name", "keys"),
    [
        ("--schema", "columns", ["name", "type", "nullable", "comment"]),
        ("--history", "versions", ["version", "at", "operation", "rows", "step", "run"]),
        ("--files", "files", ["path", "bytes", "rows", "modified"]),
    ],
)
def test_the_options_of_show_and_the_views_give_the_same(
    lakehouse: Lakehouse, cli: Callable[..., Any], flag: str, name: str, keys: list[str]
) -> None:
    del lakehouse
    by_option = cli("tables", "show", "silver.parcels", flag, "--version", "0", "--json")
    by_view = cli("tables", name, "silver.parcels", "--version", "0", "--json")
    assert by_option.stdout == by_view.stdout
    assert list(json.loads(by_view.stdout)[0]) == keys


def test_versions_name_their_run_and_lead_to_it_and_to_their_rows(lakehouse: Lakehouse) -> None:
    view = areas.view("tables.versions")
    signed, first = read("versions", lakehouse, table="silver.parcels").rows
    assert (signed["version"], signed["step"], signed["run"]) == (1, "check", "20260301-101500-parcels-0a1b")
    assert view.sentence(signed).endswith("by step check of run 20260301-101500-parcels-0a1b.")
    asked = view.parameters(table="silver.parcels")
    assert [link.values(signed, asked) for link in view.links] == [
        {"table": "silver.parcels", "version": 1},
        {"run": "20260301-101500-parcels-0a1b"},
    ]
    assert view.links[1].values(first, asked) is None


def test_an_empty_home_is_named(toolkit_home: Path, cli: Callable[..., Any]) -> None:
    told = cli("tables")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "There is no table yet." in told.stderr
    assert str(toolkit_home) in told.stderr
