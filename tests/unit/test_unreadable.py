"""States of a table that cannot be read as asked: each has its own sentence, and a sound table is never called damaged."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.unit.delta_tables import (
    Action,
    appended,
    commit,
    edited,
    rows_of,
    with_commit_info,
    with_protocol,
    with_statistics,
    with_type,
)
from toolkit.errors import DataError, UsageError
from toolkit.store import reader
from toolkit.store.lakehouse import Lakehouse
from toolkit.store.reader import DeltaReader, TableSummary
from toolkit.store.unreadable import Damaged, FilesGone, NeedsSpark, NotAllowed, VersionGone, cause, explained

NAME = "silver.parcels"
UDT = {"type": "udt", "class": "org.example.V", "pyClass": "example.V", "sqlType": "string"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A table of three versions."""
    appended(tmp_path / "lakehouse" / "silver" / "parcels", 3)
    return tmp_path / "lakehouse" / "silver" / "parcels"


@pytest.fixture
def lakehouse(path: Path) -> Lakehouse:
    return Lakehouse(path.parents[1])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (with_protocol(3, ["typeWidening"]), "it uses the table feature typeWidening"),
        (with_protocol(3, ["typeWidening", "somethingNew"]), "it uses the table feature somethingNew"),
        (with_protocol(3, ["variantShredding-preview"]), "it uses the table feature variantShreddingPreview"),
        (with_protocol(3, ["catalogManaged"]), "a catalog keeps its versions (the feature catalogManaged)"),
        (with_protocol(99), "its protocol asks for reader version 99"),
        (with_protocol(4, []), "its protocol is not one that is known"),
        (with_type(3, UDT), "its column place is of a user-defined type (udt)"),
        (
            with_type(3, {"type": "array", "elementType": UDT, "containsNull": True}),
            "its column place is of a user-def",
        ),
        (with_type(3, "geometry"), "its column place is of type geometry"),
        (with_type(3, "char(3)"), "its column place is of type char(3)"),
        (with_type(3, "variant"), "its protocol does not name the feature variantType"),
    ],
)
def test_what_only_spark_knows_is_named_and_not_called_damaged(
    lakehouse: Lakehouse, path: Path, change: Callable[[Action], Action], reason: str
) -> None:
    edited(path, 0, change)
    with pytest.raises(NeedsSpark) as refused:
        lakehouse.open(NAME).page()
    assert refused.value.what.startswith(f"{NAME} cannot be read without Spark: {reason}")
    assert f'session.start().read.format("delta").load("{path}").show()' in refused.value.cure
    assert "damaged; " not in refused.value.cure
    assert "delete" not in refused.value.cure
    assert len(refused.value.what.splitlines()) == 1


def test_an_earlier_version_is_read_with_spark_at_that_version(lakehouse: Lakehouse, path: Path) -> None:
    edited(path, 0, with_protocol(3, ["typeWidening"]))
    with pytest.raises(NeedsSpark, match=f"{NAME} at version 1 cannot be read without Spark") as refused:
        lakehouse.open(NAME, 1).count("id > 0")
    assert '.option("versionAsOf", 1)' in refused.value.cure


def test_a_table_whose_rows_need_spark_is_listed_with_what_its_log_says(lakehouse: Lakehouse, path: Path) -> None:
    edited(path, 0, with_protocol(3, ["typeWidening"]))
    (found,) = [lakehouse.summary(name) for name in lakehouse.tables()]
    assert isinstance(found, TableSummary)
    assert (found.rows, found.version, found.files) == (6, 2, 3)


def test_rows_that_only_spark_can_count_are_unknown(lakehouse: Lakehouse, path: Path) -> None:
    edited(path, 0, with_protocol(3, ["typeWidening"]))
    edited(path, 1, with_statistics(lambda _: None))
    (found,) = [lakehouse.summary(name) for name in lakehouse.tables()]
    assert isinstance(found, TableSummary)
    assert (found.rows, found.files) == (None, 3)


@pytest.mark.parametrize(
    "statistics",
    [
        "",
        "{bad",
        "[]",
        '"x"',
        "7",
        None,
        '{"numRecords":1e30}',
        '{"numRecords":NaN}',
        '{"numRecords":-2}',
        '{"numRecords":2,"minValues":{"place":"\\ud800"}}',
        '{"numRecords":2,"minValues":[]}',
        '{"numRecords":2,"maxValues":{"day":"+20224-02-06","at":"yesterday","id":"many"}}',
        '{"numRecords":2,"maxValues":{"day":"20224-02-06"}}',
    ],
)
def test_one_odd_line_of_statistics_hides_no_row(lakehouse: Lakehouse, path: Path, statistics: str | None) -> None:
    edited(path, 1, with_statistics(lambda _: statistics))
    found = lakehouse.open(NAME)
    assert len(found.page().rows) == found.count() == found.summary().rows == 6
    assert (found.count("id = 1"), found.count("length(place) = 4"), found.count("id = 1 OR place = ''")) == (3, 6, 3)
    assert [row[0] for row in found.page(order_by="id", descending=True, limit=4).rows] == [1, 1, 1, 0]
    assert found.sql("SELECT count(*) FROM t WHERE id * 1.5 > 1").rows == [(3,)]
    with pytest.raises(UsageError, match="nope"):
        found.page(where="nope = 1")


def test_a_version_whose_log_was_cleaned_up_says_which_can_be_read(lakehouse: Lakehouse, path: Path) -> None:
    appended(path, 2)
    DeltaTable(path).create_checkpoint()
    appended(path, 2)
    for version in range(5):
        commit(path, version).unlink()
    with pytest.raises(VersionGone, match="can no longer be read at version 0: the log of that version") as refused:
        lakehouse.open(NAME, 0)
    assert refused.value.cure == "Versions 4 to 6 can be read (--version)."
    with pytest.raises(VersionGone):
        DeltaReader(path, NAME, 3)
    with pytest.raises(UsageError, match=f"{NAME} has no version 7") as unknown:
        lakehouse.open(NAME, 7)
    assert unknown.value.choices == ("4 to 6",)
    assert [lakehouse.open(NAME, version).count() for version in (4, 5, 6)] == [10, 12, 14]


def test_a_version_whose_files_were_vacuumed_says_which_can_be_read(lakehouse: Lakehouse, path: Path) -> None:
    for _ in range(2):
        write_deltalake(path, rows_of(), mode="overwrite")
    DeltaTable(path).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    with pytest.raises(FilesGone, match=r"at version 1: 2 of its 2 data files were removed") as refused:
        lakehouse.open(NAME, 1).page()
    assert refused.value.cure == "Versions 4 to 6 can be read (--version)."
    assert [lakehouse.open(NAME, version).count("id >= 0") for version in (4, 5, 6)] == [2, 2, 2]


def test_a_missing_file_of_the_newest_version_is_damage_and_names_it(lakehouse: Lakehouse, path: Path) -> None:
    newest = path / DeltaReader(path, NAME).files()[0].path
    before = {file.path for file in DeltaReader(path, NAME, 1).files()}
    newest = next(path / f.path for f in DeltaReader(path, NAME).files() if f.path not in before)
    newest.unlink()
    with pytest.raises(Damaged, match=f"its data file {newest.name} is missing") as refused:
        lakehouse.open(NAME).page()
    assert refused.value.cure.startswith("Versions 0 to 1 can be read (--version). ")
    assert lakehouse.open(NAME, 1).page().rows


def test_an_earlier_version_can_be_read_when_the_newest_commit_is_cut(lakehouse: Lakehouse, path: Path) -> None:
    commit(path, 2).write_bytes(commit(path, 2).read_bytes()[:-30])
    with pytest.raises(Damaged, match="commit 2 of its log is cut or overwritten") as refused:
        lakehouse.open(NAME)
    assert refused.value.cure.startswith("Versions 0 to 1 can be read (--version). ")
    assert lakehouse.open(NAME, 1).count() == 4


def test_files_that_may_not_be_read_are_no_damage(path: Path) -> None:
    for problem in (PermissionError(13, "no"), OSError("Generic error: Permission denied (os error 13)")):
        found = explained(NAME, path, None, problem)
        assert isinstance(found, NotAllowed)
        assert "damaged" not in str(found)


def test_what_the_engine_never_said_before_is_not_taken_for_damage(path: Path) -> None:
    found = explained(NAME, path, None, RuntimeError("a message\nof several lines"))
    assert isinstance(found, NeedsSpark)
    assert found.what == f"{NAME} cannot be read without Spark: a message."


@pytest.mark.parametrize("name", ["a%20b", "50%25", "%41"])
def test_a_folder_with_a_percent_code_is_never_taken_for_another(tmp_path: Path, name: str) -> None:
    appended(tmp_path / "x", 1)
    other = tmp_path / {"a%20b": "a b", "50%25": "50%", "%41": "A"}[name]
    appended(other, 3)
    (tmp_path / "x").rename(tmp_path / name)
    with pytest.raises(NeedsSpark, match="percent code"):
        DeltaReader(tmp_path / name, NAME)
    assert DeltaReader(other, NAME).count() == 6


@pytest.mark.parametrize(
    "value", ["50%", "a#b", "a?b", "a b", "R&D", "Köln=x", "%20", "a%2Fb", "a/b", "..", "a:b", "'"]
)
def test_a_partition_of_any_name_is_read_and_its_file_is_where_it_is_said_to_be(tmp_path: Path, value: str) -> None:
    home = tmp_path / "50% #x"
    write_deltalake(home, pa.table({"n": [1, 2], "part": [value, None]}), partition_by=["part"])
    found = DeltaReader(home, NAME)
    assert sorted(found.page().rows) == [(1, value), (2, None)]
    quoted = value.replace("'", "''")
    assert (found.count(f"part = '{quoted}'"), found.count("part IS NULL")) == (1, 1)
    assert all((home / file.path).is_file() for file in found.files())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", "no reason was given"),
        (" \n\n ", "no reason was given"),
        ("Optimizer rule 'x' failed\ncaused by\nArrow error: Cast error: no number", "Cast error: no number"),
        ("a\ncaused by\nb\ncaused by\nExternal error: c.\n  0: <unknown>", "c"),
        ("Schema error: No field named n.\nValid fields are t.id.", "Schema error: No field named n"),
    ],
)
def test_the_line_with_the_cause_is_told(said: str, expected: str) -> None:
    assert cause(said) == expected


def test_a_condition_that_fails_at_a_row_is_not_called_damage(lakehouse: Lakehouse) -> None:
    with pytest.raises(UsageError, match="Cannot cast string 'Köln' to value of Int64 type"):
        lakehouse.open(NAME).page(where="place > 9")


@pytest.mark.parametrize("said", [None, {"timestamp": "soon"}, {"engineInfo": "other"}])
def test_a_commit_without_a_time_ends_no_list(lakehouse: Lakehouse, path: Path, said: Any) -> None:
    edited(path, 2, with_commit_info(said))
    appended(path.parent / "others", 1)
    found = [lakehouse.summary(name) for name in lakehouse.tables()]
    assert [one.name for one in found if isinstance(one, TableSummary)] == ["silver.others", NAME]


class Panic(BaseException):
    """As the engine's own panics, which are no `Exception`."""


@pytest.mark.parametrize("problem", [Panic("not implemented"), ValueError("year 20222 is out of range"), KeyError("x")])
def test_whatever_fails_at_one_table_the_others_are_listed(
    lakehouse: Lakehouse, path: Path, problem: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    appended(path.parent / "others", 1)
    whole = DeltaReader.summary

    def failing(self: DeltaReader) -> TableSummary:
        if self.name == NAME:
            raise problem
        return whole(self)

    monkeypatch.setattr(reader.DeltaReader, "summary", failing)
    sound, broken = (lakehouse.summary(name) for name in lakehouse.tables())
    assert isinstance(sound, TableSummary)
    assert isinstance(broken, DataError)
    assert NAME in broken.what


def test_the_command_lists_what_can_be_listed_and_says_what_is_unknown(
    cli: Callable[..., Any], toolkit_home: Path
) -> None:
    silver = toolkit_home / "lakehouse" / "silver"
    for name in ("goods", "odds", "quiets"):
        appended(silver / name, 2)
    edited(silver / "odds", 0, with_type(3, UDT))
    edited(silver / "quiets", 1, with_commit_info(None))
    edited(silver / "quiets", 0, with_commit_info({"operation": "WRITE"}))
    told = cli("tables")
    assert told.exit_code == 5
    lines = {row["table"]: row for row in csv.DictReader(cli("tables", "--csv").stdout.splitlines())}
    assert (lines["silver.goods"]["state"], lines["silver.odds"]["state"]) == ("ok", "needs Spark")
    assert (lines["silver.goods"]["rows"], lines["silver.odds"]["rows"]) == ("4", "")
    assert (lines["silver.goods"]["written"] != "", lines["silver.quiets"]["written"]) == (True, "")
    assert told.stderr.count("silver.odds cannot be read without Spark") == 1
    history = cli("tables", "show", "silver.quiets", "--history").stdout.splitlines()
    assert [line.split() for line in history[1:]] == [
        ["1", "–", "–", "–", "–", "–"],
        ["0", "–", "WRITE", "–", "–", "–"],
    ]
    as_json = json.loads(cli("tables", "show", "silver.quiets", "--history", "--json").stdout)
    assert [(one["version"], one["at"], one["operation"]) for one in as_json] == [(1, None, None), (0, None, "WRITE")]
