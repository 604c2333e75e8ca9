"""What quality's views say of contracts: where they lie, what differs, what they promise, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from tests.records import append
from toolkit import areas
from toolkit.errors import UsageError
from toolkit.quality.contracts import Column, Contract, ContractTable, Freshness, Volume, dump
from toolkit.quality.contracts.places import described, file_of, name_of
from toolkit.quality.records import Measurement
from toolkit.store.lakehouse import Lakehouse
from toolkit.views import Result

Cli = Callable[..., Any]
TABLE = "silver.parcels"
CONTRACT = """
kind: DataContract
apiVersion: v3.1.0
id: parcels
version: 1.2.0
status: active
team: {name: parcel desk}
schema:
  - name: parcels
    physicalName: silver.parcels
    logicalType: object
    properties:
      - name: id
        logicalType: integer
        physicalType: bigint
        required: true
        quality:
          - type: custom
            engine: lakehouse-toolkit
            implementation:
              {kind: not_null, column: id, name: id_is_given, description: Each parcel has a number., owner: depot}
      - {name: country, logicalType: string, physicalType: string, required: true}
"""
SCENARIO = '''
"""Parcels."""

from toolkit.parameters import Parameters
from toolkit.scenario import Scenario, Step, Table

SCENARIO = Scenario(
    id="parcels",
    title="Parcels",
    question="Where?",
    story="Of parcels.",
    parameters=Parameters,
    steps=(Step("land", "Land", "Land them.", writes=("silver.parcels",)),),
    tables=(Table("silver.parcels", "A parcel.", {"id": "Its number."}),),
)
'''
RULES = """
table: silver.parcels
rules:
  - {kind: not_null, column: note, name: note_is_given, description: Each has a note., owner: post}
"""


@pytest.fixture
def lakehouse(toolkit_home: Path) -> Lakehouse:
    """A table as its contract in the home promises."""
    (toolkit_home / "contracts").mkdir(parents=True)
    (toolkit_home / "contracts" / "parcels.yaml").write_text(CONTRACT, encoding="utf-8")
    found = Lakehouse.default()
    write_deltalake(found.path(TABLE), pa.table({"id": [1, 5], "country": ["DE", "IT"]}))
    return found


def shown(lakehouse: Lakehouse, name: str, **values: Any) -> Result:
    question = areas.question(f"quality.{name}", values)
    return areas.view(f"quality.{name}").read(lakehouse, question.parameters)


def test_a_contract_that_was_never_measured_is_not_kept(lakehouse: Lakehouse) -> None:
    (row,) = shown(lakehouse, "contracts", table=TABLE).rows
    assert (row["state"], row["differences"], row["not_measured"]) == ("not measured", 0, row["promises"])
    told = areas.view("quality.contracts").sentence(row)
    assert "silver.parcels against contract parcels 1.2.0, active, owner: parcel desk: parcels" in told
    assert "Its columns are as in the contract." in told


def test_the_newest_result_of_each_rule_tells_what_became_of_it(lakehouse: Lakehouse) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    append(
        lakehouse.path("ops.quality_results"),
        [
            Measurement("r0", at, TABLE, "id_is_given", rows=5, failed=0),
            Measurement("r1", at + timedelta(days=1), TABLE, "id_is_given", rows=5, failed=2, passed=False),
            Measurement("r1", at + timedelta(days=1), TABLE, "country_required", rows=5, failed=1, passed=True),
        ],
    )
    result = shown(lakehouse, "promises", contract="parcels")
    states = {row["rule"]: (row["state"], row["finding"]) for row in result.rows}
    assert states["id_is_given"] == ("broken", "2 of 5 rows break it (40%)")
    assert states["country_required"][0] == "kept"
    assert states["contract_schema"] == ("not measured", None)
    assert f"Not all are measured: toolkit quality run {TABLE} --contract parcels" in result.notes
    (row,) = shown(lakehouse, "contracts", table=TABLE).rows
    assert (row["state"], row["broken"]) == ("broken", 1)


def test_what_differs_is_named_and_breaks_the_contract(lakehouse: Lakehouse) -> None:
    write_deltalake(lakehouse.path("silver.boxes"), pa.table({"id": ["x"]}))
    file = file_of("parcels")
    file.write_text(CONTRACT.replace("silver.parcels", "silver.boxes"), encoding="utf-8")
    rows = shown(lakehouse, "differences", contract="parcels").rows
    assert [(row["column"], row["kind"]) for row in rows] == [("id", "type"), ("country", "missing")]
    (row,) = shown(lakehouse, "contracts", table="silver.boxes").rows
    assert (row["state"], row["differences"]) == ("broken", 2)
    assert "id is string, not bigint." in areas.view("quality.contracts").sentence(row)


def test_a_file_that_is_no_contract_does_not_hide_the_others(lakehouse: Lakehouse, cli: Cli) -> None:
    (file_of("parcels").parent / "odd.yaml").write_text("kind: [", encoding="utf-8")
    result = shown(lakehouse, "contracts", table=TABLE)
    assert len(result.rows) == 1
    assert "odd.yaml cannot be used" in result.problems[0]
    printed = cli("quality", "contracts", "--table", TABLE, "--json")
    assert (printed.exit_code, len(json.loads(printed.stdout))) == (5, 1)
    assert "odd.yaml cannot be used" in printed.stderr


def test_a_table_that_is_not_there_is_unknown_and_one_without_contract_says_how_to_get_one(
    lakehouse: Lakehouse, cli: Cli
) -> None:
    file_of("parcels").write_text(CONTRACT.replace("silver.parcels", "silver.gone"), encoding="utf-8")
    (row,) = shown(lakehouse, "contracts", table="silver.gone").rows
    assert (row["state"], row["differences"]) == ("unknown", None)
    assert "silver.gone is not there yet." in shown(lakehouse, "contracts", table="silver.gone").notes
    told = cli("quality", "contracts", "--table", TABLE)
    assert (told.exit_code, told.stdout) == (0, "")
    assert "Draft one: toolkit quality contract draft silver.parcels >" in told.stderr


def test_promises_of_freshness_and_volume_are_held_against_the_table(lakehouse: Lakehouse) -> None:
    def written(hours: float) -> None:
        column = Column(name="id", type="timestamp")
        table = ContractTable(
            name=TABLE, columns=(column,), freshness=Freshness(column="id", within=hours), volume=Volume(min_rows=1_000)
        )
        file_of("parcels").write_text(dump(Contract(id="p", version="1.0.0", tables=(table,))), encoding="utf-8")

    written(24)
    rows = {row["rule"]: row for row in shown(lakehouse, "promises", contract="parcels").rows}
    assert rows["freshness"]["state"] == "kept"
    assert rows["freshness"]["what"] == "a load at least every 24 hours"
    assert rows["freshness"]["finding"].startswith("kept on 100% of 1 day of the last 30 days")
    assert (rows["volume"]["state"], rows["volume"]["finding"]) == ("broken", "it has 2")
    assert rows["volume"]["what"] == "at least 1,000 rows"
    commit = lakehouse.path(TABLE) / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        if "commitInfo" in action:
            action["commitInfo"]["timestamp"] -= 3 * 86_400_000
    commit.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")
    rows = {row["rule"]: row for row in shown(lakehouse, "promises", contract="parcels").rows}
    assert rows["freshness"]["state"] == "broken"
    assert "more than promised and counting" in rows["freshness"]["finding"]


def test_a_contract_is_named_by_its_file_or_where_no_other_is_called_so_by_its_name(
    lakehouse: Lakehouse, scenario_root: Path
) -> None:
    del lakehouse
    file = file_of("parcels")
    assert (name_of(file), file_of(str(file))) == ("parcels", file)
    folder = scenario_root / "parcels"
    (folder / "contracts").mkdir(parents=True)
    (folder / "scenario.py").write_text(SCENARIO, encoding="utf-8")
    (folder / "contracts" / "parcels.yaml").write_text(CONTRACT, encoding="utf-8")
    assert name_of(file) == str(file)
    with pytest.raises(UsageError, match="There is no contract 'parcels'"):
        file_of("parcels")


def test_a_description_is_looked_for_where_rules_are_declared(lakehouse: Lakehouse, scenario_root: Path) -> None:
    del lakehouse
    assert described(TABLE, "id_is_given") == ("Each parcel has a number.", "depot")
    assert described(TABLE, "country_required")[1] == "parcel desk", "who owns the contract answers for its rules"
    assert described(TABLE, "no_such_rule") == ("", "")
    folder = scenario_root / "parcels"
    (folder / "rules").mkdir(parents=True)
    (folder / "scenario.py").write_text(SCENARIO, encoding="utf-8")
    (folder / "rules" / "broken.yaml").write_text("rules: [", encoding="utf-8")
    (folder / "rules" / "parcels.yaml").write_text(RULES, encoding="utf-8")
    assert described(TABLE, "note_is_given") == ("Each has a note.", "post")
    assert described("silver.boxes", "note_is_given") == ("", "")
