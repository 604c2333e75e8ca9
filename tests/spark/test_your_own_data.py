"""`docs/your-own-data.md`, followed: its files are written, its commands are run, and what they print is what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.homes import WarmHome
from toolkit import paths
from toolkit.errors import ExitCode
from toolkit.store.reader import DeltaReader

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = paths.REPOSITORY / "docs" / "your-own-data.md"
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def own(shared_spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WarmHome:
    """An empty home, which is the current folder as well."""
    monkeypatch.chdir(tmp_path)
    return WarmHome(tmp_path, shared_spark)


@pytest.mark.slow
def test_the_page_does_what_it_says(own: WarmHome) -> None:
    said: list[str] = []
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        match block["file"], block["kind"]:
            case None, "sh":
                for line in block["text"].splitlines():
                    assert line.startswith("./run toolkit "), line
                    done = own.toolkit(*shlex.split(line)[2:])
                    assert done.returncode == 0, f"{line}\n{done.stderr}"
                    said = done.stdout.replace(f"{own.path}/", "").splitlines()
            case None, "text":
                expected = block["text"].splitlines()
                assert said[: len(expected)] == expected
            case str(name), _:
                file = own.path / name
                file.parent.mkdir(exist_ok=True)
                file.write_text(block["text"], encoding="utf-8")
            case _:
                pytest.fail(f"The page has a block that is neither file, command nor output: {block['text']}")
    rescued = own.rows("bronze.deliveries", "_rescued_data IS NOT NULL")
    assert [(row["delivery_id"], row["_rescued_data"]) for row in rescued] == [("D6", '{"driver":"Ana"}')]
    assert {row["delivery_id"] for row in own.rows("silver.deliveries")} == {"D2", "D6"}
    reasons = {row["delivery_id"]: row["_rules"] for row in own.rows("quarantine.deliveries")}
    assert reasons["D1"] == reasons["D5"] == ["line_is_readable"]


def test_json_becomes_a_table_and_a_replaced_file_is_told_then_reloaded(own: WarmHome) -> None:
    file = own.path / "in" / "a.json"
    file.parent.mkdir()
    file.write_text('{"id": 1, "item": {"name": "cup", "tags": ["a", "b"]}}\n{"id": 2, "item": {"name": "jug"}}\n')
    assert own.toolkit("etl", "ingest", "in/*.json", "things").returncode == 0
    (first, _) = own.rows("bronze.things")
    assert (first["id"], first["item"]) == (1, {"name": "cup", "tags": ["a", "b"]})
    file.write_text('{"id": 3, "item": {"name": "pan"}}\n')
    told = own.toolkit("etl", "ingest", "in/*.json", "things")
    assert told.stderr.count("the rows are those of the earlier file") == 1
    assert "1 file replaced since, whose rows --reload takes" in told.stdout
    assert [row["id"] for row in own.rows("bronze.things")] == [1, 2]
    assert own.toolkit("etl", "ingest", "in/*.json", "things", "--reload").returncode == 0
    assert [row["id"] for row in own.rows("bronze.things")] == [3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "things"], "There is no file"),
        (["a.csv", "silver.things"], "Rows as they came go to bronze"),
        (["a.csv", "orders"], "bronze.orders belongs to the scenario retail_lakehouse"),
        (["a.csv", "My Things"], "is not a table name"),
        (["s3a://bucket/a.csv", "things"], "name files of this computer"),
        (["a.txt", "things", "--kind", "xlsx"], "xlsx"),
        (["a.csv", "b.json", "things"], "are not of one format"),
        (["empty.csv", "things"], "has no line"),
        (["a.csv", "things", "--rules", "rules.yaml"], "holds the rules of silver.others"),
        (["a.csv", "things", "--rules", "rules.yaml", "--contract", "c"], "Rules and a contract are given"),
        (["cut.parquet", "things"], "cut.parquet"),
        (["odd.csv", "things"], "'Price (EUR)' has ' ' in its name"),
        (["ours.csv", "things"], "A column is called _source"),
    ],
)
def test_what_cannot_be_loaded_is_refused_and_leaves_nothing(own: WarmHome, arguments: list[str], said: str) -> None:
    (own.path / "a.csv").write_text("id\n1\n")
    (own.path / "a.txt").write_text("id\n1\n")
    (own.path / "b.json").write_text('{"id": 1}\n')
    (own.path / "empty.csv").write_text("")
    (own.path / "odd.csv").write_text("id,Price (EUR)\n1,2\n")
    (own.path / "ours.csv").write_text("id,_source\n1,2\n")
    (own.path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    (own.path / "rules.yaml").write_text("table: silver.others\nrules:\n  - kind: not_null\n    column: id\n")
    done = own.toolkit("etl", "ingest", *arguments)
    assert done.returncode in (ExitCode.USAGE, ExitCode.DATA), done.stderr
    assert said in done.stderr
    assert not own.lakehouse.tables()
    assert not (own.path / "sources").exists()


def test_a_description_that_was_spoilt_is_named_and_the_table_stays(own: WarmHome) -> None:
    (own.path / "a.csv").write_text("id\n1\n")
    assert own.toolkit("etl", "ingest", "a.csv", "things").returncode == 0
    description = own.path / "sources" / "bronze.things.yaml"
    good = description.read_text(encoding="utf-8")
    for wrong, said in (
        (good + "colour: red\n", "colour"),
        (good.replace("BIGINT", "NUMBER"), "NUMBER"),
        ("- a\n", "not a mapping"),
    ):
        description.write_text(wrong, encoding="utf-8")
        done = own.toolkit("etl", "ingest", "a.csv", "things", "--fresh")
        assert (done.returncode, said in done.stderr) == (ExitCode.USAGE, True), done.stderr
        assert [row["id"] for row in own.rows("bronze.things")] == [1]
        assert DeltaReader(own.lakehouse.path("bronze.things"), "t").version == 0


def test_the_same_file_is_one_however_it_is_named_and_a_folder_may_have_brackets(own: WarmHome) -> None:
    folder = own.path / "in [old]"
    folder.mkdir()
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "._a.csv").write_text("what a Mac leaves")
    (folder / "b.csv").write_text("id,name\n2,jug\n")
    for named in ("in [old]/a.csv", "in [old]/../in [old]/a.csv", str(folder / "*.csv"), "in [old]/*.csv"):
        done = own.toolkit("etl", "ingest", named, "things")
        assert done.returncode == 0, done.stderr
    assert "._a.csv was not loaded" in done.stderr
    rescued = {row["id"]: row["_rescued_data"] for row in own.rows("bronze.things")}
    assert (rescued, own.versions()["bronze.things"]) == ({1: None, 2: '{"name":"jug"}'}, 1)


def test_columns_come_and_go_from_file_to_file(own: WarmHome) -> None:
    for name, text in {"a": "id,name\n1,cup\n", "b": "id,colour\n2,red\n", "c": "id\n3\n"}.items():
        (own.path / f"{name}.csv").write_text(text)
    assert own.toolkit("etl", "ingest", "a.csv", "things").returncode == 0
    refused = own.toolkit("etl", "ingest", "b.csv", "things", "--new-columns", "fail")
    assert (refused.returncode, "colour" in refused.stderr) == (ExitCode.DATA, True)
    assert own.toolkit("etl", "ingest", "b.csv", "things", "--new-columns", "add").returncode == 0
    assert "colour: STRING" in (own.path / "sources" / "bronze.things.yaml").read_text(encoding="utf-8")
    done = own.toolkit("etl", "ingest", "c.csv", "things", "--new-columns", "fail")
    assert done.returncode == 0, done.stderr
    rows = sorted((row["id"], row["name"], row["colour"]) for row in own.rows("bronze.things"))
    assert rows == [(1, "cup", None), (2, None, "red"), (3, None, None)]


def test_files_without_a_header_are_loaded_and_judged(own: WarmHome) -> None:
    (own.path / "a.csv").write_text("1,2026-05-01\n2,2026-05-02\n3,2026-05-03,more\n")
    (own.path / "rules.yaml").write_text(
        "table: silver.things\nrules:\n  - kind: between\n    column: column_1\n    min: 2\n    where: true -- all of them\n"
    )
    done = own.toolkit("etl", "ingest", "a.csv", "things", "--rules", "rules.yaml")
    assert done.returncode == 0, done.stderr
    assert [row["column_1"] for row in own.rows("silver.things")] == [2]
    reasons = {row["column_1"]: row["_rules"] for row in own.rows("quarantine.things")}
    assert sorted(reasons.values()) == [["column_1_between"], ["line_is_readable"]]


def test_parquet_is_judged_though_all_of_it_can_be_read(own: WarmHome) -> None:
    pq.write_table(pa.table({"id": [1, None, 3], "name": ["cup", "jug", "pan"]}), own.path / "a.parquet")
    (own.path / "rules.yaml").write_text("table: silver.things\nrules:\n  - kind: not_null\n    column: id\n")
    done = own.toolkit("etl", "ingest", "a.parquet", "things", "--rules", "rules.yaml")
    assert done.returncode == 0, done.stderr
    assert [row["name"] for row in own.rows("silver.things")] == ["cup", "pan"]
    assert [row["name"] for row in own.rows("quarantine.things")] == ["jug"]


def test_a_contract_judges_the_rows_on_their_way_to_silver(own: WarmHome) -> None:
    (own.path / "a.csv").write_text("id,name\n1,cup\n,jug\n3,pan\n")
    (own.path / "things.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: things\nversion: 1.0.0\nstatus: active\nschema:\n"
        "  - name: silver.things\n    properties:\n"
        "      - {name: id, logicalType: integer, physicalType: bigint, required: true}\n"
        "      - {name: name, logicalType: string, physicalType: string}\n"
    )
    done = own.toolkit("etl", "ingest", "a.csv", "things", "--contract", "things.yaml")
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in own.rows("silver.things")] == [1, 3]
    assert [row["name"] for row in own.rows("quarantine.things")] == ["jug"]


def test_a_file_that_cannot_be_read_holds_up_no_other(own: WarmHome) -> None:
    Path("a.csv").write_text("id,n\n1,x\n")
    Path("bad.csv").write_bytes("id,n\n2,Jos\xe9\n".encode("latin-1"))
    Path("b.csv").write_text("id,n\n3,z\n")
    assert own.toolkit("etl", "ingest", "a.csv", "things").returncode == 0
    assert "is not utf-8" in own.toolkit("etl", "ingest", "bad.csv", "things").stderr
    assert own.toolkit("etl", "ingest", "b.csv", "things").returncode == 0
    assert sorted(row["id"] for row in own.rows("bronze.things")) == [1, 3]


def test_numbers_of_later_files_have_room(own: WarmHome) -> None:
    Path("a.csv").write_text("id,amount\n1,1.5\n2,2.5\n")
    Path("b.csv").write_text("id,amount\n3,1234.125\n")
    for file in ("a.csv", "b.csv"):
        assert own.toolkit("etl", "ingest", file, "things").returncode == 0
    found = {row["id"]: str(row["amount"]) for row in own.rows("bronze.things")}
    assert found == {1: "1.5000", 2: "2.5000", 3: "1234.1250"}
    assert [row["_corrupt_record"] for row in own.rows("bronze.things")] == [None] * 3


def test_json_over_several_lines_is_refused_with_the_cure(own: WarmHome) -> None:
    for name, text in {"a.json": '[\n {"id": 1},\n {"id": 2}\n]\n', "b.json": '{\n "id": 1\n}\n'}.items():
        Path(name).write_text(text)
        done = own.toolkit("etl", "ingest", name, "things")
        assert done.returncode == 5
        assert f"{name} is one JSON value over several lines" in done.stderr
    assert "jq -c '.' b.json" in done.stderr
    Path("c.json").write_text('[{"id": 1}, {"id": 2}]\n')
    assert own.toolkit("etl", "ingest", "c.json", "things").returncode == 0
    assert len(own.rows("bronze.things")) == 2
