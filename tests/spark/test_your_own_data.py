"""`docs/your-own-data.md`, followed: its files are written, its commands are run, and what they print is what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

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
    assert reasons["D1"] == reasons["D5"] == ["readable"]


def test_json_becomes_a_table_and_a_replaced_file_is_told_then_reloaded(own: WarmHome) -> None:
    file = own.path / "in" / "a.json"
    file.parent.mkdir()
    file.write_text('{"id": 1, "item": {"name": "cup", "tags": ["a", "b"]}}\n{"id": 2, "item": {"name": "jug"}}\n')
    assert own.toolkit("etl", "ingest", "in/*.json", "things").returncode == 0
    (first, _) = own.rows("bronze.things")
    assert (first["id"], first["item"]) == (1, {"name": "cup", "tags": ["a", "b"]})
    file.write_text('{"id": 3, "item": {"name": "pan"}}\n')
    told = own.toolkit("etl", "ingest", "in/*.json", "things")
    assert "was replaced since it was loaded" in told.stderr
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
    ],
)
def test_what_cannot_be_loaded_is_refused_and_leaves_nothing(own: WarmHome, arguments: list[str], said: str) -> None:
    (own.path / "a.csv").write_text("id\n1\n")
    (own.path / "a.txt").write_text("id\n1\n")
    (own.path / "b.json").write_text('{"id": 1}\n')
    (own.path / "empty.csv").write_text("")
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
